/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_RECORD_H
#define FWL_RECORD_H

#include <linux/seqlock.h>
#include <linux/types.h>

#include <linux/flowwall.h>

#include "parse.h"

struct fwl_net;
struct nf_hook_state;

/**
 * struct fwl_record - a packet that was dropped
 * @stamp: jiffies, zero if there is none
 * @ends: of the packet; zero as far as it was not understood
 * @kind: FWL_KIND_*
 * @swapped: as in struct fwl_packet
 * @reason: enum flowwall_drop
 * @direction: enum flowwall_direction
 * @ifindex: where it came by, zero if it was made here
 * @rule: handle, or zero
 * @seq: odd while it is written
 */
struct fwl_record {
	u64 stamp;
	struct fwl_ends ends;
	u16 kind;
	u8 swapped;
	u8 reason;
	u8 direction;
	int ifindex;
	u32 rule;
	seqcount_t seq;
};

/* A host that sends much takes only the places of its bucket. */
#define FWL_RECORD_BUCKETS	64
#define FWL_RECORD_SLOTS	4
#define FWL_RECORDS		(FWL_RECORD_BUCKETS * FWL_RECORD_SLOTS)

/**
 * struct fwl_record_table - the last drops of one CPU
 * @next: where a bucket is written next
 * @record: by bucket of the source address
 */
struct fwl_record_table {
	u8 next[FWL_RECORD_BUCKETS];
	struct fwl_record record[FWL_RECORDS];
};

int fwl_records_init(struct fwl_net *fn);
void fwl_records_free(struct fwl_net *fn);
void fwl_record_fill(struct fwl_record *record, const struct fwl_packet *pkt,
		     const struct nf_hook_state *state, u8 direction, u8 reason, u32 rule);
void fwl_record_drop(struct fwl_net *fn, const struct fwl_packet *pkt,
		     const struct nf_hook_state *state, u8 direction, u8 reason, u32 rule);
bool fwl_record_read(const struct fwl_net *fn, int cpu, u32 at, struct fwl_record *record);

#endif
