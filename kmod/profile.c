// SPDX-License-Identifier: GPL-2.0-only
/*
 * What rules give to their flows. A flow has a number of 16 bits in place of
 * it, and outlives its rule: a profile stays as long as its namespace, and rules
 * that say the same share one.
 */
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/xarray.h>

#include "net.h"
#include "profile.h"

/**
 * fwl_profiles_init() - begin with none
 * @fn: the namespace
 */
void fwl_profiles_init(struct fwl_net *fn)
{
	xa_init_flags(&fn->profiles, XA_FLAGS_ALLOC1 | XA_FLAGS_LOCK_BH);
}

/**
 * fwl_profiles_free() - free all of a namespace that has no flows any more
 * @fn: the namespace
 */
void fwl_profiles_free(struct fwl_net *fn)
{
	struct fwl_profile *profile;
	unsigned long id;

	xa_for_each(&fn->profiles, id, profile)
		kfree(profile);
	xa_destroy(&fn->profiles);
}

/**
 * fwl_profile_get() - the number of a profile, made if there is none
 * @fn: the namespace
 * @profile: what it says
 * @gfp: how to get memory for it
 *
 * Two at the same time may make the same one twice.
 *
 * Context: any in which @gfp is good.
 * Return: 0 if it says nothing, its number, -ENOMEM, or -EBUSY if there are 65,535
 * different ones.
 */
int fwl_profile_get(struct fwl_net *fn, const struct fwl_profile *profile, gfp_t gfp)
{
	struct fwl_profile *found;
	unsigned long at;
	u32 id;
	int err;

	if (!memchr_inv(profile, 0, sizeof(*profile)))
		return 0;
	xa_for_each(&fn->profiles, at, found)
		if (!memcmp(found, profile, sizeof(*profile)))
			return at;
	found = kmemdup(profile, sizeof(*profile), gfp);
	if (!found)
		return -ENOMEM;
	err = xa_alloc_bh(&fn->profiles, &id, found, XA_LIMIT(1, U16_MAX), gfp);
	if (err) {
		kfree(found);
		return err;
	}
	return id;
}

/**
 * fwl_profile() - a profile by its number
 * @fn: the namespace
 * @id: of a flow or a rule, not zero
 *
 * Context: RCU.
 */
const struct fwl_profile *fwl_profile(const struct fwl_net *fn, u16 id)
{
	return xa_load((struct xarray *)&fn->profiles, id);
}
