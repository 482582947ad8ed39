/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NL_INTERNAL_H
#define NL_INTERNAL_H

/* What the nl files share; all others see nl.h alone. */
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "nl.h"

struct nl_sock;

/**
 * struct module - a connection to the module, in one network namespace
 * @sock: libnl's
 * @family: number of the family
 * @error: what went wrong last, for a person
 * @refused: the module said no, as opposed to not being there
 * @offset: of the attribute that it said no to, from the beginning of the
 *	message, or 0
 * @losing: events were lost, and it was not said yet how many
 * @lost: how many events were said to be lost so far
 */
struct module {
	struct nl_sock *sock;
	int family;
	char error[512];
	bool refused;
	bool begun;	/* there may be a transaction that was not committed */
	uint32_t offset;
	bool losing;
	uint32_t lost;
};

/* @tb: the attributes of a message, by FLOWWALL_A_*. */
typedef int (*answer_fn)(struct module *module, struct nlattr **tb, void *arg);

extern struct nla_policy top_policy[];

int complain(struct module *module, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
const char *meaning(int err);
struct nl_msg *request(const struct module *module, uint8_t cmd, int flags);
int exchange(struct module *module, struct nl_msg *msg, answer_fn answer, void *arg);

bool nl_read_status(struct nlattr **top, struct module_status *status);
bool nl_read_statement(struct nlattr **top, struct script *script);
bool nl_read_iface(struct nlattr *nest, struct iface *iface);
bool nl_read_flow(struct nlattr *nest, struct flow *flow);
bool nl_read_explanation(struct nlattr **top, struct explanation *answer);
bool nl_read_drop(struct nlattr *nest, struct drop *drop);
bool nl_read_event(struct nlattr **top, struct event *event);

void nl_put_filter(struct nl_msg *msg, const struct flow_filter *filter);

#endif
