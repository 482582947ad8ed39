/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_FLOW_INTERNAL_H
#define FWL_FLOW_INTERNAL_H

/* What flow.c and table.c share; all others see flow.h and hit.h alone. */
#include <linux/spinlock.h>

#include "flow.h"

static inline spinlock_t *fwl_bucket_lock(struct fwl_buckets *buckets, u32 hash)
{
	return &buckets->lock[hash & buckets->mask & (FWL_BUCKET_LOCKS - 1)];
}

/* Locks the chain of a hash, also where it is moved to: that is returned, or NULL. */
static inline struct fwl_buckets *fwl_chain_lock(struct fwl_buckets *buckets, u32 hash)
{
	struct fwl_buckets *future;

	spin_lock_bh(fwl_bucket_lock(buckets, hash));
	future = rcu_dereference(buckets->future);
	if (future)
		spin_lock_nested(fwl_bucket_lock(future, hash), SINGLE_DEPTH_NESTING);
	else
		__acquire(future);	/* sparse counts, and knows no conditions */
	return future;
}

static inline void fwl_chain_unlock(struct fwl_buckets *buckets, struct fwl_buckets *future,
				    u32 hash)
{
	if (future)
		spin_unlock(fwl_bucket_lock(future, hash));
	else
		__release(future);
	spin_unlock_bh(fwl_bucket_lock(buckets, hash));
}

/* flow.c */
void fwl_flow_free(struct fwl_flow *flow);

/* table.c */
void fwl_table_sweep_soon(struct fwl_table *table);
void fwl_table_grow_soon(struct fwl_table *table, const struct fwl_buckets *buckets);

#endif
