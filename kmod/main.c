// SPDX-License-Identifier: GPL-2.0-only
/* The module's beginning and end, and each network namespace's. */
#include <linux/module.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>

#include "fastpath.h"
#include "flow.h"
#include "group.h"
#include "hook.h"
#include "host.h"
#include "net.h"
#include "netlink.h"
#include "path.h"
#include "profile.h"
#include "record.h"
#include "refuse.h"
#include "ruleset.h"
#include "version.h"

unsigned int fwl_net_id __read_mostly;

static int __net_init net_init(struct net *net)
{
	struct fwl_net *fn = fwl_net(net);
	struct fwl_ruleset *rs;
	int cpu, err;

	fn->net = net;
	mutex_init(&fn->lock);
	INIT_LIST_HEAD(&fn->transactions);
	INIT_LIST_HEAD(&fn->gates);
	INIT_WORK(&fn->nets_work, fwl_ifaces_nets_work);
	fn->full_at = jiffies - HZ;
	fwl_table_init(fn);
	fwl_profiles_init(fn);
	fwl_confirm_init(fn);
	fwl_refuse_init(fn);

	fn->stats = alloc_percpu(struct fwl_stats);
	if (!fn->stats)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		u64_stats_init(&per_cpu_ptr(fn->stats, cpu)->sync);
	err = fwl_hosts_init(fn);
	if (err)
		goto err_stats;
	err = fwl_groups_init(fn);
	if (err)
		goto err_hosts;
	err = -ENOMEM;
	rs = fwl_ruleset_alloc();
	if (!rs)
		goto err_groups;
	rcu_assign_pointer(fn->ruleset, rs);
	return 0;

err_groups:
	fwl_groups_free(fn);
err_hosts:
	fwl_hosts_free(fn);
err_stats:
	free_percpu(fn->stats);
	return err;
}

/* A grace period follows before net_exit(). */
static void __net_exit net_pre_exit(struct net *net)
{
	struct fwl_net *fn = fwl_net(net);

	/* They would have hooks again. */
	fwl_confirm_stop(fn);
	cancel_work_sync(&fn->nets_work);
	rtnl_lock();
	fwl_fastpath_stop(fn);
	rtnl_unlock();
	if (fn->queue_hooked)
		fwl_queue_hooks_unregister(net);
	if (fn->defrag)
		fwl_defrag_disable(net);
	if (fn->hooked)
		fwl_hooks_unregister(net);
}

static void __net_exit net_exit(struct net *net)
{
	struct fwl_net *fn = fwl_net(net);
	struct fwl_transaction *tx, *next;

	cancel_work_sync(&fn->nets_work);
	list_for_each_entry_safe(tx, next, &fn->transactions, list)
		fwl_transaction_abort(tx);
	/* It looks at the ruleset. */
	fwl_groups_stop(fn);
	fwl_table_uninit(fn);
	fwl_paths_free(fn);
	fwl_hosts_free(fn);
	fwl_ruleset_free(fn->fallback);
	fwl_ruleset_free(rcu_dereference_protected(fn->ruleset, 1));
	fwl_groups_free(fn);
	fwl_counter_block_put(fn->counters);
	fwl_profiles_free(fn);
	fwl_records_free(fn);
	free_percpu(fn->stats);
}

static struct pernet_operations net_ops = {
	.init = net_init,
	.pre_exit = net_pre_exit,
	.exit = net_exit,
	.id = &fwl_net_id,
	.size = sizeof(struct fwl_net),
};

static int __init flowwall_init(void)
{
	int err;

	err = fwl_flow_cache_init();
	if (err)
		return err;
	err = fwl_group_cache_init();
	if (err)
		goto err_flow_cache;
	err = fwl_ruleset_init();
	if (err)
		goto err_group_cache;
	err = register_pernet_subsys(&net_ops);
	if (err)
		goto err_ruleset;
	err = fwl_iface_init();
	if (err)
		goto err_net;
	err = fwl_netlink_init();
	if (err)
		goto err_iface;
	return 0;

err_iface:
	fwl_iface_uninit();
err_net:
	unregister_pernet_subsys(&net_ops);
err_ruleset:
	fwl_ruleset_uninit();
err_group_cache:
	fwl_group_cache_uninit();
err_flow_cache:
	fwl_flow_cache_uninit();
	return err;
}

static void __exit flowwall_exit(void)
{
	fwl_netlink_uninit();
	/* Before the last look at all interfaces, which would make them once more. */
	fwl_fastpath_end();
	fwl_iface_uninit();
	unregister_pernet_subsys(&net_ops);
	fwl_ruleset_uninit();
	fwl_group_cache_uninit();
	fwl_flow_cache_uninit();
}

module_init(flowwall_init);
module_exit(flowwall_exit);

MODULE_DESCRIPTION("FlowWall: a stateful perimeter firewall");
MODULE_LICENSE("GPL v2");
MODULE_VERSION(FLOWWALL_VERSION);
MODULE_ALIAS_GENL_FAMILY(FLOWWALL_GENL_NAME);
