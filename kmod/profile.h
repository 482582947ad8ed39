/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_PROFILE_H
#define FWL_PROFILE_H

#include <linux/types.h>

struct fwl_net;

/**
 * struct fwl_profile - what a rule gives to the flows that it lets in
 * @mark: set on each of their packets,
 * @mark_mask: these bits; zero for no mark
 * @ttl_step: seconds, zero for those of the class
 * @ttl_max: seconds
 * @queue_first: queues of user space that judge their first packets,
 * @queue_last: up to this one
 * @queued: they are judged so
 * @bypass: they pass, if nobody listens
 *
 * Without padding that matters: compared byte by byte.
 */
struct fwl_profile {
	u32 mark;
	u32 mark_mask;
	u32 ttl_step;
	u32 ttl_max;
	u16 queue_first;
	u16 queue_last;
	u8 queued;
	u8 bypass;
	u16 unused;
};

int fwl_profile_get(struct fwl_net *fn, const struct fwl_profile *profile, gfp_t gfp);
void fwl_profiles_init(struct fwl_net *fn);
void fwl_profiles_free(struct fwl_net *fn);
const struct fwl_profile *fwl_profile(const struct fwl_net *fn, u16 id);

#endif
