/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_HOOK_H
#define FWL_HOOK_H

struct net;

int fwl_defrag_enable(struct net *net);
void fwl_defrag_disable(struct net *net);
int fwl_hooks_register(struct net *net);
void fwl_hooks_unregister(struct net *net);
int fwl_queue_hooks_register(struct net *net);
void fwl_queue_hooks_unregister(struct net *net);

#endif
