// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interface roles: from role statements to a table by interface index, made
 * anew when an interface comes, goes or is renamed, or when an address changes.
 *
 * The table belongs to a ruleset, so that a packet sees roles and rules of the
 * same generation. It is replaced under struct fwl_net.lock and the RTNL.
 */
#include <linux/hash.h>
#include <linux/inetdevice.h>
#include <linux/netdevice.h>
#include <linux/slab.h>
#include <net/addrconf.h>
#include <net/if_inet6.h>
#include <net/l3mdev.h>
#include <net/route.h>

#include "event.h"
#include "fastpath.h"
#include "iface.h"
#include "net.h"
#include "path.h"
#include "ruleset.h"

/**
 * fwl_role_of() - the role statement that decides for an interface
 * @rs: the ruleset
 * @dev: the interface
 *
 * An exact name goes before a pattern, a longer pattern before a shorter one,
 * and "role default" is last. The loopback interface never has a role.
 *
 * Return: the statement, or NULL.
 */
const struct fwl_role *fwl_role_of(const struct fwl_ruleset *rs,
				   const struct net_device *dev)
{
	const struct fwl_role *best = NULL;
	size_t best_len = 0;
	u32 i;

	if (dev->flags & IFF_LOOPBACK)
		return NULL;
	for (i = 0; i < rs->n_roles; i++) {
		const struct fwl_role *role = &rs->roles[i];
		size_t len = strlen(role->iface);

		if (role->prefix || !len) {
			if (strncmp(dev->name, role->iface, len))
				continue;
		} else {
			if (!strcmp(dev->name, role->iface))
				return role;
			continue;
		}
		/* A pattern "+" has no letter either; it is said, default is not. */
		if (!best || len > best_len || (len == best_len && role->prefix)) {
			best = role;
			best_len = len;
		}
	}
	return best;
}

static bool same_prefix(const __be32 *a, const __be32 *b, u8 len)
{
	int i;

	for (i = 0; len >= 32; i++, len -= 32)
		if (a[i] != b[i])
			return false;
	return !len || !((a[i] ^ b[i]) & htonl(~0U << (32 - len)));
}

/**
 * fwl_iface_owns() - is an address in the own network of an interface inside?
 * @ifaces: table of the ruleset
 * @in: where its packet comes by
 * @out: where that leaves, or NULL if it is for this router
 * @ipv6: family
 * @addr: the address, network byte order
 *
 * An external interface whose own network is as long or longer has it first. Networks of
 * other VRFs than those of @in and @out may well be the same, and mean others.
 *
 * Context: RCU.
 */
bool fwl_iface_owns(const struct fwl_ifaces *ifaces, const struct net_device *in,
		    const struct net_device *out, bool ipv6, const __be32 *addr)
{
	int from = l3mdev_master_ifindex_rcu(in);
	int to = out ? l3mdev_master_ifindex_rcu(out) : from;
	int longest = -1;
	bool internal = false;
	u32 i;

	for (i = 0; i < ifaces->n_nets; i++) {
		const struct fwl_own_net *own = &ifaces->nets[i];
		bool is_internal = own->role != FLOWWALL_ROLE_EXTERNAL;

		if (own->ipv6 != ipv6 || own->prefix_len < longest ||
		    (own->prefix_len == longest && is_internal) ||
		    !same_prefix(own->addr, addr, own->prefix_len) ||
		    (own->vrf != from && own->vrf != to))
			continue;
		longest = own->prefix_len;
		internal = is_internal;
	}
	return internal;
}

static u32 here_bit(bool ipv6, const __be32 *addr)
{
	u32 words = (__force u32)addr[0];

	if (ipv6)
		words ^= (__force u32)(addr[1] ^ addr[2] ^ addr[3]);
	return hash_32(words, FWL_HERE_BITS);
}

/* Does IP take an address for one of this router's, or a broadcast one, in @dev's VRF? */
static bool is_here(const struct net_device *dev, bool ipv6, const __be32 *addr)
{
	unsigned int type;

	/* Not while it may be another host's: tentative, or found to be a duplicate. */
	if (ipv6)
		return ipv6_chk_addr(dev_net(dev), (const struct in6_addr *)addr, dev, 0);
	type = inet_addr_type_dev_table(dev_net(dev), dev, addr[0]);
	return type == RTN_LOCAL || type == RTN_BROADCAST;
}

/**
 * fwl_iface_is_here() - is it an address of this router, or a broadcast one?
 * @ifaces: table of the ruleset
 * @in: where its packet comes by
 * @out: where that leaves, or NULL if it is for this router
 * @ipv6: family
 * @addr: the address, network byte order; neither of 0.0.0.0/8 nor of fe80::/10
 *
 * Of any interface in the VRFs of @in and @out that is up, the loopback interface
 * included. IP is to say; @ifaces knows of nearly all others that it need not be asked.
 *
 * Context: RCU.
 */
bool fwl_iface_is_here(const struct fwl_ifaces *ifaces, const struct net_device *in,
		       const struct net_device *out, bool ipv6, const __be32 *addr)
{
	if (likely(!test_bit(here_bit(ipv6, addr), ifaces->here)))
		return false;
	return is_here(in, ipv6, addr) || (out && is_here(out, ipv6, addr));
}

/* Where own_nets() writes to: @room networks at most, @n or more are there. */
struct own_nets {
	struct fwl_ifaces *ifaces;
	u32 room;
	u32 n;
};

static void add_net(struct own_nets *own, struct fwl_own_net net)
{
	if (own->n++ < own->room)
		own->ifaces->nets[own->n - 1] = net;
}

static void add_here(struct own_nets *own, const struct net_device *dev, bool ipv6,
		     const __be32 *addr)
{
	/* One that is down may wait to take over from another router, which has it. */
	if (dev->flags & IFF_UP)
		__set_bit(here_bit(ipv6, addr), own->ifaces->here);
}

/*
 * Writes @dev's own networks and addresses to @own. The loopback interface is part of no
 * network. The RTNL keeps the IPv4 ones still, IPv6 may change meanwhile.
 */
static void own_nets(struct net_device *dev, u8 role, struct own_nets *own)
{
	struct fwl_own_net net = { .vrf = l3mdev_master_ifindex(dev), .role = role };
	bool loopback = dev->flags & IFF_LOOPBACK;
	struct inet6_dev *in6 = __in6_dev_get(dev);
	struct in_device *in4 = __in_dev_get_rtnl(dev);
	const struct in_ifaddr *addr4;
	const struct inet6_ifaddr *addr6;

	if (in4) {
		in_dev_for_each_ifa_rtnl(addr4, in4) {
			__be32 broadcast = addr4->ifa_address | ~addr4->ifa_mask;

			net.addr[0] = addr4->ifa_address & addr4->ifa_mask;
			net.prefix_len = addr4->ifa_prefixlen;
			if (!loopback)
				add_net(own, net);
			add_here(own, dev, false, &addr4->ifa_local);
			add_here(own, dev, false, &addr4->ifa_broadcast);
			add_here(own, dev, false, &broadcast);
		}
	}
	if (!in6)
		return;

	net.ipv6 = true;
	read_lock_bh(&in6->lock);
	list_for_each_entry(addr6, &in6->addr_list, if_list) {
		/* Every link has fe80::/64. */
		if (ipv6_addr_type(&addr6->addr) & IPV6_ADDR_LINKLOCAL)
			continue;
		memcpy(net.addr, &addr6->addr, sizeof(net.addr));
		net.prefix_len = addr6->prefix_len;
		if (!loopback)
			add_net(own, net);
		add_here(own, dev, true, net.addr);
	}
	read_unlock_bh(&in6->lock);
}

/* Fills @ifaces->nets; false if there are more than @room, @ifaces->n_nets. */
static bool fill_nets(struct net *net, const struct fwl_ruleset *rs,
		      struct fwl_ifaces *ifaces, u32 room)
{
	struct own_nets own = { .ifaces = ifaces, .room = room };
	struct net_device *dev;

	for_each_netdev(net, dev) {
		const struct fwl_role *role = fwl_role_of(rs, dev);

		/* Towards an external interface one without a role is internal. */
		own_nets(dev, role ? role->role : FLOWWALL_ROLE_NONE, &own);
	}
	ifaces->n_nets = own.n;
	return own.n <= room;
}

static void add_slot(struct fwl_ifaces *ifaces, int ifindex, u8 role)
{
	u32 at = ifindex & ifaces->mask;

	while (ifaces->slot[at].ifindex)
		at = (at + 1) & ifaces->mask;
	ifaces->slot[at].ifindex = ifindex;
	ifaces->slot[at].role = role;
}

/**
 * fwl_ifaces_build() - make the table of roles for the interfaces that are there
 * @net: the namespace
 * @rs: the ruleset whose roles to use
 *
 * Context: process, under the RTNL.
 * Return: the table, or NULL if there is no memory.
 */
struct fwl_ifaces *fwl_ifaces_build(struct net *net, const struct fwl_ruleset *rs)
{
	struct fwl_ifaces *ifaces;
	struct net_device *dev;
	u32 devices = 0, room;

	ASSERT_RTNL();
	for_each_netdev(net, dev)
		devices++;
	room = 4 * devices;
	devices = roundup_pow_of_two(2 * devices + 2);

	/* Not charged to whoever adds an interface: it must not fail for that. */
	ifaces = kvzalloc(struct_size(ifaces, slot, devices), GFP_KERNEL);
	if (!ifaces)
		return NULL;
	ifaces->mask = devices - 1;
	for_each_netdev(net, dev) {
		const struct fwl_role *role = fwl_role_of(rs, dev);

		if (role && role->role != FLOWWALL_ROLE_NONE)
			add_slot(ifaces, dev->ifindex, role->role);
	}

	/* Addresses may come while it is at it. */
	for (;; room = ifaces->n_nets + 16) {
		ifaces->nets = kvcalloc(room + 1, sizeof(*ifaces->nets), GFP_KERNEL);
		if (!ifaces->nets) {
			kvfree(ifaces);
			return NULL;
		}
		if (fill_nets(net, rs, ifaces, room))
			return ifaces;
		kvfree(ifaces->nets);
	}
}

/**
 * fwl_ifaces_free() - free a table that nobody reads any more
 * @ifaces: the table, or NULL
 */
void fwl_ifaces_free(struct fwl_ifaces *ifaces)
{
	if (!ifaces)
		return;
	kvfree(ifaces->nets);
	kvfree(ifaces);
}

static void free_ifaces_rcu(struct rcu_head *rcu)
{
	fwl_ifaces_free(container_of(rcu, struct fwl_ifaces, rcu));
}

/**
 * fwl_ifaces_tell() - send an event for each interface that has another role than before
 * @fn: the namespace, locked
 * @rs: the ruleset that is to run
 * @old: the table so far, NULL before the first ruleset
 * @new: the table of @rs
 *
 * Context: process, under the RTNL.
 * Return: false if there is no such interface.
 */
bool fwl_ifaces_tell(struct fwl_net *fn, const struct fwl_ruleset *rs,
		     const struct fwl_ifaces *old, const struct fwl_ifaces *new)
{
	struct net_device *dev;
	bool changed = false;

	ASSERT_RTNL();
	for_each_netdev(fn->net, dev) {
		u8 before = old ? fwl_iface_role(old, dev->ifindex) : FLOWWALL_ROLE_NONE;

		if (before != fwl_iface_role(new, dev->ifindex)) {
			changed = true;
			fwl_event_iface(fn, rs, dev);
		}
	}
	return changed;
}

/* Brings the running ruleset's table up to date. Under the RTNL. */
static int ifaces_refresh(struct fwl_net *fn)
{
	struct fwl_ifaces *ifaces, *old;
	struct fwl_ruleset *rs;

	mutex_lock(&fn->lock);
	rs = rcu_dereference_protected(fn->ruleset, lockdep_is_held(&fn->lock));
	if (!rs->n_roles) {
		mutex_unlock(&fn->lock);
		return 0;
	}
	ifaces = fwl_ifaces_build(fn->net, rs);
	if (!ifaces) {
		mutex_unlock(&fn->lock);
		return -ENOMEM;
	}
	old = rcu_dereference_protected(rs->ifaces, lockdep_is_held(&fn->lock));
	ifaces->epoch = fwl_ifaces_tell(fn, rs, old, ifaces) ? fn->epoch + 1 : old->epoch;
	fn->epoch = ifaces->epoch;
	rcu_assign_pointer(rs->ifaces, ifaces);
	fwl_fastpath_adjust(fn, rs, ifaces);
	mutex_unlock(&fn->lock);

	call_rcu(&old->rcu, free_ifaces_rcu);
	return 0;
}

/**
 * fwl_ifaces_nets_work() - what follows when addresses, or what they mean, have changed
 * @work: struct fwl_net.nets_work
 */
void fwl_ifaces_nets_work(struct work_struct *work)
{
	rtnl_lock();
	/* Without memory the old networks stay known until the next change. */
	ifaces_refresh(container_of(work, struct fwl_net, nets_work));
	rtnl_unlock();
}

static int netdev_event(struct notifier_block *nb, unsigned long event, void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct fwl_net *fn = fwl_net(dev_net(dev));
	int err;

	switch (event) {
	case NETDEV_REGISTER:
	case NETDEV_CHANGENAME:
		/*
		 * An interface whose role cannot be noted would be open: refuse
		 * it. One that comes from another namespace cannot be refused:
		 * try again.
		 */
		err = ifaces_refresh(fn);
		if (err)
			schedule_work(&fn->nets_work);
		return notifier_from_errno(err);
	case NETDEV_UNREGISTER:
		mutex_lock(&fn->lock);
		fwl_fastpath_forget(fn, dev);
		mutex_unlock(&fn->lock);
		ifaces_refresh(fn);
		return NOTIFY_DONE;
	case NETDEV_UP:
		schedule_work(&fn->nets_work);
		return NOTIFY_DONE;
	case NETDEV_DOWN:
	case NETDEV_CHANGEUPPER:
		/* It may be of another VRF now. */
		schedule_work(&fn->nets_work);
		fallthrough;
	case NETDEV_CHANGEMTU:
	case NETDEV_CHANGEADDR:
		fwl_paths_forget(fn, dev);
		return NOTIFY_DONE;
	default:
		return NOTIFY_DONE;
	}
}

static int inetaddr_event(struct notifier_block *nb, unsigned long event, void *ptr)
{
	const struct in_ifaddr *ifa = ptr;

	schedule_work(&fwl_net(dev_net(ifa->ifa_dev->dev))->nets_work);
	return NOTIFY_DONE;
}

static int inet6addr_event(struct notifier_block *nb, unsigned long event, void *ptr)
{
	const struct inet6_ifaddr *ifa = ptr;

	schedule_work(&fwl_net(dev_net(ifa->idev->dev))->nets_work);
	return NOTIFY_DONE;
}

static struct notifier_block netdev_notifier = { .notifier_call = netdev_event };
static struct notifier_block inetaddr_notifier = { .notifier_call = inetaddr_event };
static struct notifier_block inet6addr_notifier = { .notifier_call = inet6addr_event };

/**
 * fwl_iface_init() - follow interfaces and addresses, of all namespaces
 *
 * Return: 0 or a negative error.
 */
int fwl_iface_init(void)
{
	int err;

	err = register_netdevice_notifier(&netdev_notifier);
	if (err)
		return err;
	err = register_inetaddr_notifier(&inetaddr_notifier);
	if (err)
		goto err_netdev;
	err = register_inet6addr_notifier(&inet6addr_notifier);
	if (err)
		goto err_inetaddr;
	return 0;

err_inetaddr:
	unregister_inetaddr_notifier(&inetaddr_notifier);
err_netdev:
	unregister_netdevice_notifier(&netdev_notifier);
	return err;
}

/**
 * fwl_iface_uninit() - undo fwl_iface_init()
 */
void fwl_iface_uninit(void)
{
	unregister_inet6addr_notifier(&inet6addr_notifier);
	unregister_inetaddr_notifier(&inetaddr_notifier);
	unregister_netdevice_notifier(&netdev_notifier);
}
