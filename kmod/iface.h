/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_IFACE_H
#define FWL_IFACE_H

#include <linux/bitmap.h>
#include <linux/rcupdate.h>

#include <linux/flowwall.h>

struct fwl_net;
struct fwl_ruleset;
struct net;
struct net_device;

/**
 * struct fwl_role - one role statement
 * @iface: a name, or its beginning; empty for "role default"
 * @prefix: @iface is a beginning
 * @role: enum flowwall_role
 */
struct fwl_role {
	char iface[FLOWWALL_IFACE_SIZE];
	bool prefix;
	u8 role;
};

/**
 * struct fwl_own_net - a network that an interface is part of
 * @addr: network byte order; IPv4 uses the first word
 * @vrf: index of the interface's VRF, or zero
 * @prefix_len: significant bits
 * @ipv6: family
 * @role: the interface's
 */
struct fwl_own_net {
	__be32 addr[4];
	int vrf;
	u8 prefix_len;
	bool ipv6;
	u8 role;
};

/* Of a hash of addresses. */
#define FWL_HERE_BITS	13

/**
 * struct fwl_ifaces - the roles of the interfaces that are there
 * @rcu: to free it
 * @epoch: changes with the ruleset and with any interface's role; a flow of
 *	another epoch is judged again
 * @mask: number of slots, less one; always more slots than interfaces
 * @n_nets: number of @nets
 * @nets: own networks of the interfaces
 * @here: an address whose bit is not set is none of an interface that is up, nor a
 *	broadcast one there
 * @slot: hash by interface index, open addressing, index 0 is empty
 */
struct fwl_ifaces {
	struct rcu_head rcu;
	u32 epoch;
	u32 mask;
	u32 n_nets;
	struct fwl_own_net *nets;
	DECLARE_BITMAP(here, 1 << FWL_HERE_BITS);
	struct {
		int ifindex;
		u8 role;
	} slot[];
};

/**
 * fwl_iface_role() - the role of an interface
 * @ifaces: table of the ruleset
 * @ifindex: interface index
 *
 * Context: RCU.
 */
static inline u8 fwl_iface_role(const struct fwl_ifaces *ifaces, int ifindex)
{
	u32 at = ifindex & ifaces->mask;

	while (ifaces->slot[at].ifindex) {
		if (ifaces->slot[at].ifindex == ifindex)
			return ifaces->slot[at].role;
		at = (at + 1) & ifaces->mask;
	}
	return FLOWWALL_ROLE_NONE;
}

const struct fwl_role *fwl_role_of(const struct fwl_ruleset *rs,
				   const struct net_device *dev);
bool fwl_iface_owns(const struct fwl_ifaces *ifaces, const struct net_device *in,
		    const struct net_device *out, bool ipv6, const __be32 *addr);
bool fwl_iface_is_here(const struct fwl_ifaces *ifaces, const struct net_device *in,
		       const struct net_device *out, bool ipv6, const __be32 *addr);
struct fwl_ifaces *fwl_ifaces_build(struct net *net, const struct fwl_ruleset *rs);
void fwl_ifaces_free(struct fwl_ifaces *ifaces);
bool fwl_ifaces_tell(struct fwl_net *fn, const struct fwl_ruleset *rs,
		     const struct fwl_ifaces *old, const struct fwl_ifaces *new);
void fwl_ifaces_nets_work(struct work_struct *work);
int fwl_iface_init(void);
void fwl_iface_uninit(void);

#endif
