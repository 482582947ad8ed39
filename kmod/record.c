// SPDX-License-Identifier: GPL-2.0-only
/* The last drops: always noted, without a lock, for who asks why. */
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/percpu.h>
#include <linux/siphash.h>
#include <linux/string.h>

#include "net.h"
#include "record.h"

/**
 * fwl_records_init() - begin with none, before the first packet is judged
 * @fn: the namespace
 *
 * Context: process; more than once does no harm.
 * Return: 0 or -ENOMEM.
 */
int fwl_records_init(struct fwl_net *fn)
{
	if (!fn->records)
		fn->records = alloc_percpu(struct fwl_record_table);
	return fn->records ? 0 : -ENOMEM;
}

/**
 * fwl_records_free() - forget all
 * @fn: the namespace
 */
void fwl_records_free(struct fwl_net *fn)
{
	free_percpu(fn->records);
}

/**
 * fwl_record_fill() - describe a packet that was dropped, or logged
 * @record: set to all but its stamp
 * @pkt: what was found in it
 * @state: of the hook
 * @direction: enum flowwall_direction
 * @reason: enum flowwall_drop
 * @rule: handle, or zero
 */
void fwl_record_fill(struct fwl_record *record, const struct fwl_packet *pkt,
		     const struct nf_hook_state *state, u8 direction, u8 reason, u32 rule)
{
	record->ends = pkt->ends;
	record->kind = pkt->kind;
	record->swapped = pkt->swapped;
	record->reason = reason;
	record->direction = direction;
	record->ifindex = state->in ? state->in->ifindex : 0;
	record->rule = rule;
}

/* By a keyed hash, or a sender could choose whose records go for its own. */
static u32 bucket_of(const struct fwl_net *fn, const struct fwl_packet *pkt)
{
	return hsiphash(pkt->ends.addr[pkt->swapped], sizeof(pkt->ends.addr[0]),
			&fn->table.seed) % FWL_RECORD_BUCKETS;
}

/**
 * fwl_record_drop() - note a drop
 * @fn: the namespace
 * @pkt: what was found in the packet
 * @state: of the hook
 * @direction: enum flowwall_direction
 * @reason: enum flowwall_drop
 * @rule: handle, or zero
 *
 * Context: softirqs off.
 */
void fwl_record_drop(struct fwl_net *fn, const struct fwl_packet *pkt,
		     const struct nf_hook_state *state, u8 direction, u8 reason, u32 rule)
{
	struct fwl_record_table *table = this_cpu_ptr(fn->records);
	u32 bucket = bucket_of(fn, pkt);
	u32 slot = table->next[bucket]++ % FWL_RECORD_SLOTS;
	struct fwl_record *record = &table->record[bucket * FWL_RECORD_SLOTS + slot];

	raw_write_seqcount_begin(&record->seq);
	fwl_record_fill(record, pkt, state, direction, reason, rule);
	record->stamp = get_jiffies_64();
	raw_write_seqcount_end(&record->seq);
}

/**
 * fwl_record_read() - read a record, if there is one
 * @fn: the namespace
 * @cpu: whose
 * @at: below FWL_RECORDS
 * @record: set to a copy
 *
 * Return: false if there is none.
 */
bool fwl_record_read(const struct fwl_net *fn, int cpu, u32 at, struct fwl_record *record)
{
	const struct fwl_record *from;
	unsigned int seq;

	if (!fn->records)
		return false;
	from = &per_cpu_ptr(fn->records, cpu)->record[at];
	do {
		seq = raw_read_seqcount_begin(&from->seq);
		memcpy(record, from, sizeof(*record));
	} while (read_seqcount_retry(&from->seq, seq));
	return record->stamp;
}
