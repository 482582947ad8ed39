/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_GROUP_H
#define FWL_GROUP_H

#include <linux/types.h>

#include <linux/flowwall.h>

struct fwl_counter;
struct fwl_group;
struct fwl_net;
struct fwl_query;
struct fwl_ruleset;
struct netlink_ext_ack;
struct rhashtable_iter;

/* Written for a member that has not left. */
#define FWL_NEVER	0xffffffff

/* What a member's key is of, beside AF_INET and AF_INET6. */
#define FWL_FAMILY_GROUP	0	/* the id of the group that it is */
#define FWL_FAMILY_MAC		0xf0	/* a link address, six bytes */
#define FWL_FAMILY_IFACE	0xf1	/* the name of an interface */
#define FWL_MAC_BITS		48

/* What a transaction does to a group. */
enum fwl_member_op {
	FWL_MEMBER_ADD,
	FWL_MEMBER_DEL,
	FWL_MEMBER_FLUSH,	/* all that are there */
	FWL_MEMBER_REPLACE,	/* all that are not added again by the transaction */
};

/**
 * struct fwl_member_key - what tells a member from others, within its group
 * @group: id of the group
 * @family: AF_INET, AF_INET6 or FWL_FAMILY_*
 * @len: significant bits
 * @unused: zero: the hash is over all bytes
 * @addr: network byte order, zero beyond @len
 */
struct fwl_member_key {
	u32 group;
	u8 family;
	u8 len;
	u16 unused;
	__be32 addr[4];
};

/**
 * struct fwl_changes - what a transaction does to groups, in order
 */
struct fwl_changes {
	struct fwl_member *first;
	struct fwl_member **end;
};

/**
 * struct fwl_member_info - a member as others see it
 * @key: see there
 * @group: it is a member of
 * @sub: the group that it is, or NULL
 * @timeout: seconds, zero for ever
 * @left: seconds
 */
struct fwl_member_info {
	const struct fwl_member_key *key;
	const struct fwl_group *group;
	const struct fwl_group *sub;
	u32 timeout;
	u32 left;
};

int fwl_group_cache_init(void);
void fwl_group_cache_uninit(void);
int fwl_groups_init(struct fwl_net *fn);
void fwl_groups_stop(struct fwl_net *fn);
void fwl_groups_free(struct fwl_net *fn);

struct fwl_group *fwl_group_alloc(struct fwl_net *fn, const char *name);
struct fwl_group *fwl_group_get(struct fwl_group *group);
void fwl_group_put(struct fwl_group *group);
const char *fwl_group_name(const struct fwl_group *group);
u32 fwl_group_id(const struct fwl_group *group);
u32 fwl_group_size(const struct fwl_group *group);
struct fwl_counter *fwl_group_counter(struct fwl_group *group);
void fwl_group_mark(struct fwl_group *group, bool marked);
bool fwl_group_is_marked(const struct fwl_group *group);
bool fwl_group_has_marked(const struct fwl_group *group);

void fwl_changes_init(struct fwl_changes *changes);
int fwl_changes_add(struct fwl_changes *changes, struct fwl_group *group,
		    enum fwl_member_op op, const struct fwl_member_key *key,
		    struct fwl_group *sub, u32 timeout);
void fwl_changes_free(struct fwl_changes *changes);
int fwl_changes_apply(struct fwl_net *fn, struct fwl_changes *changes,
		      const struct fwl_ruleset *new, struct netlink_ext_ack *extack);
void fwl_changes_undo(struct fwl_net *fn, u32 generation);
void fwl_changes_done(struct fwl_net *fn, u32 generation);
int fwl_members_restore(struct fwl_net *fn, u32 as_of, const struct fwl_ruleset *new);

extern const u8 fwl_any_mac[];

bool fwl_group_has(const struct fwl_group *group, const struct fwl_query *query, bool source);
bool fwl_group_sees_links(const struct fwl_group *group, u32 generation);

struct rhashtable_iter *fwl_members_walk_begin(struct fwl_net *fn);
int fwl_members_walk(struct fwl_net *fn, struct rhashtable_iter *iter,
		     int (*each)(const struct fwl_member_info *info, void *arg), void *arg);
void fwl_members_walk_end(struct rhashtable_iter *iter);

#endif
