// SPDX-License-Identifier: GPL-2.0-or-later
/* Generic netlink, through libnl; see nl.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netlink/attr.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

#include "nl.h"

/* A batch of statements is sent when it is this long; the module's are shorter. */
#define BATCH		16384
#define MESSAGE		65536
#define EVENT_BUFFER	(8 << 20)
#define DUMP_TRIES	10

/**
 * struct module - a connection to the module, in one network namespace
 * @sock: libnl's
 * @family: number of the family
 * @error: what went wrong last, for a person
 * @refused: the module said no, as opposed to not being there
 * @offset: of the attribute that it said no to, from the beginning of the
 *	message, or 0
 */
struct module {
	struct nl_sock *sock;
	int family;
	char error[512];
	bool refused;
	uint32_t offset;
};

static int complain(struct module *module, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int complain(struct module *module, int err, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(module->error, sizeof(module->error), format, list);
	va_end(list);
	return err;
}

/**
 * module_error() - a sentence about what went wrong last
 */
const char *module_error(const struct module *module)
{
	return module->error;
}

/**
 * module_refused() - was it a refusal of the module?
 */
bool module_refused(const struct module *module)
{
	return module->refused;
}

/* --- connection ------------------------------------------------------------ */

static int enter_namespace(struct module *module, const char *name)
{
	char path[4096];
	int fd, err = 0;

	if (strchr(name, '/') || snprintf(path, sizeof(path), "/run/netns/%s", name) >=
				 (int)sizeof(path))
		return complain(module, -EINVAL, "`%s` is not the name of a network namespace", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return complain(module, -errno, errno == ENOENT ?
				"there is no network namespace `%s` (see: ip netns)" :
				"the network namespace `%s` cannot be opened: root can", name);
	if (setns(fd, CLONE_NEWNET))
		err = complain(module, -errno, "the network namespace `%s` cannot be entered: %s",
			       name, strerror(errno));
	close(fd);
	return err;
}

/**
 * module_open() - connect to the module
 * @out: set to the connection, also after an error, for module_error()
 * @netns: name of a network namespace, or NULL for the own one
 */
int module_open(struct module **out, const char *netns)
{
	struct module *module = calloc(1, sizeof(*module));
	int one = 1, err;

	*out = module;
	if (!module)
		abort();
	if (netns) {
		err = enter_namespace(module, netns);
		if (err)
			return err;
	}
	module->sock = nl_socket_alloc();
	if (!module->sock)
		return complain(module, -ENOMEM, "out of memory");
	err = genl_connect(module->sock);
	if (err)
		return complain(module, -EIO, "no netlink socket: %s", nl_geterror(err));
	setsockopt(nl_socket_get_fd(module->sock), SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(nl_socket_get_fd(module->sock), SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	setsockopt(nl_socket_get_fd(module->sock), SOL_NETLINK, NETLINK_GET_STRICT_CHK,
		   &one, sizeof(one));
	nl_socket_set_msg_buf_size(module->sock, MESSAGE);

	module->family = genl_ctrl_resolve(module->sock, FLOWWALL_GENL_NAME);
	if (module->family < 0)
		return complain(module, -ENOENT,
				"the module flowwall is not loaded: modprobe flowwall");
	return 0;
}

/**
 * module_close() - end the connection, and a transaction with it
 */
void module_close(struct module *module)
{
	if (module->sock)
		nl_socket_free(module->sock);
	free(module);
}

/* --- one request and its answers ------------------------------------------- */

typedef int (*answer_fn)(struct module *module, struct nlattr **tb, void *arg);

struct exchange {
	struct module *module;
	answer_fn answer;
	void *arg;
	bool done;
	int err;
};

/* An error number of the module, where it gave no sentence. */
static const char *meaning(int err)
{
	switch (err) {
	case EPERM:
		return "not permitted: this needs root (CAP_NET_ADMIN)";
	case ENOMEM:
		return "the kernel has no memory for this";
	case EOPNOTSUPP:
		return "the module does not know this request: is it older than fwctl?";
	default:
		return strerror(err);
	}
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *e, void *arg)
{
	struct exchange *x = arg;
	const struct nlmsghdr *header = (void *)((char *)e - NLMSG_HDRLEN);
	size_t at = sizeof(*e), length = header->nlmsg_len - NLMSG_HDRLEN;
	const char *message = NULL;

	(void)from;
	if (!(header->nlmsg_flags & NLM_F_CAPPED))
		at += e->msg.nlmsg_len - NLMSG_HDRLEN;
	at = NLMSG_ALIGN(at);
	x->module->offset = 0;
	if (header->nlmsg_flags & NLM_F_ACK_TLVS && at < length) {
		struct nlattr *nla;
		int rem;

		nla_for_each_attr(nla, (struct nlattr *)((char *)e + at), (int)(length - at), rem) {
			if (nla_type(nla) == NLMSGERR_ATTR_MSG && nla_len(nla) > 0 &&
			    !((char *)nla_data(nla))[nla_len(nla) - 1])
				message = nla_data(nla);
			else if (nla_type(nla) == NLMSGERR_ATTR_OFFS && nla_len(nla) >= 4)
				x->module->offset = nla_get_u32(nla);
		}
	}
	x->done = true;
	x->err = e->error;
	x->module->refused = e->error && e->error != -ENOMEM;
	if (e->error)
		complain(x->module, e->error, "%s", message ? message : meaning(-e->error));
	return NL_STOP;
}

static int on_ack(struct nl_msg *msg, void *arg)
{
	struct exchange *x = arg;

	(void)msg;
	x->done = true;
	return NL_STOP;
}

/* The end of a dump holds its error, if there was one. */
static int on_finish(struct nl_msg *msg, void *arg)
{
	const struct nlmsghdr *header = nlmsg_hdr(msg);
	struct exchange *x = arg;
	int err = 0;

	if (nlmsg_datalen(header) >= (int)sizeof(err))
		memcpy(&err, nlmsg_data(header), sizeof(err));
	x->done = true;
	if (err) {
		x->module->refused = true;
		x->err = complain(x->module, err, "%s", meaning(-err));
	}
	return NL_STOP;
}

static struct nla_policy top_policy[FLOWWALL_A_MAX + 1] = {
	[FLOWWALL_A_GENERATION]	= { .type = NLA_U32 },
	[FLOWWALL_A_STATUS]	= { .type = NLA_NESTED },
	[FLOWWALL_A_STATEMENT]	= { .type = NLA_NESTED },
	[FLOWWALL_A_IFACE]	= { .type = NLA_NESTED },
	[FLOWWALL_A_FLOW]	= { .type = NLA_NESTED },
	[FLOWWALL_A_END_REASON]	= { .type = NLA_U8 },
	[FLOWWALL_A_MAX_FLOWS]	= { .type = NLA_U32 },
	[FLOWWALL_A_REFUSED]	= { .type = NLA_U32 },
};

static int on_message(struct nl_msg *msg, void *arg)
{
	struct nlattr *tb[FLOWWALL_A_MAX + 1];
	struct exchange *x = arg;

	if (genlmsg_parse(nlmsg_hdr(msg), 0, tb, FLOWWALL_A_MAX, top_policy) < 0) {
		x->err = complain(x->module, -EPROTO, "the module's answer makes no sense");
		return NL_SKIP;
	}
	if (x->answer) {
		int err = x->answer(x->module, tb, x->arg);

		if (err && !x->err)
			x->err = err;
	}
	return NL_OK;
}

/* Sends @msg and reads until it is answered; frees @msg. -EAGAIN: dump again. */
static int exchange(struct module *module, struct nl_msg *msg, answer_fn answer, void *arg)
{
	struct exchange x = { .module = module, .answer = answer, .arg = arg };
	struct nl_cb *cb = nl_cb_alloc(NL_CB_CUSTOM);
	bool interrupted = false;
	int err;

	if (!cb)
		abort();
	module->refused = false;
	module->error[0] = '\0';
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_message, &x);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, &x);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, &x);
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, &x);

	err = nl_send_auto(module->sock, msg);
	if (err < 0)
		x.err = complain(module, -EIO, "cannot send to the module: %s", nl_geterror(err));
	while (err >= 0 && !x.done) {
		err = nl_recvmsgs(module->sock, cb);
		if (err == -NLE_DUMP_INTR) {
			interrupted = true;
			err = 0;
		} else if (err == -NLE_INTR || err == -NLE_AGAIN) {
			err = 0;
		} else if (err < 0 && !x.done) {
			x.err = complain(module, -EIO, "cannot hear the module: %s", nl_geterror(err));
		}
	}
	nl_cb_put(cb);
	nlmsg_free(msg);
	if (!x.err && interrupted)
		return complain(module, -EAGAIN, "it changed while it was being read");
	return x.err;
}

static struct nl_msg *request(const struct module *module, uint8_t cmd, int flags)
{
	struct nl_msg *msg = nlmsg_alloc_size(MESSAGE);

	if (!msg || !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, module->family, 0, flags, cmd,
				 FLOWWALL_GENL_VERSION))
		abort();
	return msg;
}

/* Dumps until one was not overtaken by a change. */
static int dump(struct module *module, uint8_t cmd, uint32_t kinds, answer_fn answer, void *arg)
{
	struct nl_msg *msg = request(module, cmd, NLM_F_DUMP);

	if (kinds)
		nla_put_u32(msg, FLOWWALL_A_KINDS, kinds);
	return exchange(module, msg, answer, arg);
}

/* --- reading --------------------------------------------------------------- */

static uint8_t u8(struct nlattr *nla)
{
	return nla ? nla_get_u8(nla) : 0;
}

static uint16_t port(struct nlattr *nla)
{
	return nla ? ntohs(nla_get_u16(nla)) : 0;
}

static uint32_t u32(struct nlattr *nla)
{
	return nla ? nla_get_u32(nla) : 0;
}

static uint64_t u64(struct nlattr *nla)
{
	return nla ? nla_get_u64(nla) : 0;
}

static void text(struct nlattr *nla, char *out, size_t size)
{
	out[0] = '\0';
	if (nla)
		nla_strlcpy(out, nla, size);
}

#define PARSE(tb, max, nest, policy) \
	(nest && nla_parse_nested(tb, max, nest, policy) >= 0)

static struct nla_policy status_policy[FLOWWALL_STATUS_A_MAX + 1] = {
	[FLOWWALL_STATUS_A_VERSION]	= { .type = NLA_STRING },
	[FLOWWALL_STATUS_A_FLOWS]	= { .type = NLA_U32 },
	[FLOWWALL_STATUS_A_MAX_FLOWS]	= { .type = NLA_U32 },
	[FLOWWALL_STATUS_A_BUCKETS]	= { .type = NLA_U32 },
	[FLOWWALL_STATUS_A_FLOW_BYTES]	= { .type = NLA_U32 },
	[FLOWWALL_STATUS_A_MEMORY]	= { .type = NLA_U64 },
	[FLOWWALL_STATUS_A_RULES]	= { .type = NLA_U32 },
	[FLOWWALL_STATUS_A_PACKETS]	= { .type = NLA_U64 },
	[FLOWWALL_STATUS_A_NEW_FLOWS]	= { .type = NLA_U64 },
	[FLOWWALL_STATUS_A_NEIGHBOUR]	= { .type = NLA_U64 },
	[FLOWWALL_STATUS_A_DHCP]	= { .type = NLA_U64 },
	[FLOWWALL_STATUS_A_DROP]	= { .type = NLA_NESTED },
};

static struct nla_policy drop_policy[FLOWWALL_DROP_A_MAX + 1] = {
	[FLOWWALL_DROP_A_REASON]	= { .type = NLA_U8 },
	[FLOWWALL_DROP_A_PACKETS]	= { .type = NLA_U64 },
};

static int read_status(struct module *module, struct nlattr **top, void *arg)
{
	struct nlattr *tb[FLOWWALL_STATUS_A_MAX + 1], *drop[FLOWWALL_DROP_A_MAX + 1], *nla;
	struct module_status *status = arg;
	int rem;

	if (!PARSE(tb, FLOWWALL_STATUS_A_MAX, top[FLOWWALL_A_STATUS], status_policy))
		return complain(module, -EPROTO, "the module's status makes no sense");
	status->generation = u32(top[FLOWWALL_A_GENERATION]);
	text(tb[FLOWWALL_STATUS_A_VERSION], status->version, sizeof(status->version));
	status->flows = u32(tb[FLOWWALL_STATUS_A_FLOWS]);
	status->max_flows = u32(tb[FLOWWALL_STATUS_A_MAX_FLOWS]);
	status->buckets = u32(tb[FLOWWALL_STATUS_A_BUCKETS]);
	status->flow_bytes = u32(tb[FLOWWALL_STATUS_A_FLOW_BYTES]);
	status->rules = u32(tb[FLOWWALL_STATUS_A_RULES]);
	status->memory = u64(tb[FLOWWALL_STATUS_A_MEMORY]);
	status->packets = u64(tb[FLOWWALL_STATUS_A_PACKETS]);
	status->new_flows = u64(tb[FLOWWALL_STATUS_A_NEW_FLOWS]);
	status->neighbour = u64(tb[FLOWWALL_STATUS_A_NEIGHBOUR]);
	status->dhcp = u64(tb[FLOWWALL_STATUS_A_DHCP]);
	nla_for_each_nested(nla, top[FLOWWALL_A_STATUS], rem) {
		if (nla_type(nla) != FLOWWALL_STATUS_A_DROP ||
		    !PARSE(drop, FLOWWALL_DROP_A_MAX, nla, drop_policy) ||
		    u8(drop[FLOWWALL_DROP_A_REASON]) >= __FLOWWALL_DROP_MAX)
			continue;
		status->drop[u8(drop[FLOWWALL_DROP_A_REASON])] = u64(drop[FLOWWALL_DROP_A_PACKETS]);
	}
	return 0;
}

/**
 * module_status() - counters and sizes
 */
int module_status(struct module *module, struct module_status *status)
{
	memset(status, 0, sizeof(*status));
	return exchange(module, request(module, FLOWWALL_CMD_STATUS_GET, 0), read_status, status);
}

static struct nla_policy statement_policy[FLOWWALL_STATEMENT_A_MAX + 1] = {
	[FLOWWALL_STATEMENT_A_ROLE]	= { .type = NLA_NESTED },
	[FLOWWALL_STATEMENT_A_SETTING]	= { .type = NLA_NESTED },
	[FLOWWALL_STATEMENT_A_TTL]	= { .type = NLA_NESTED },
	[FLOWWALL_STATEMENT_A_RULE]	= { .type = NLA_NESTED },
};

static struct nla_policy role_policy[FLOWWALL_ROLE_A_MAX + 1] = {
	[FLOWWALL_ROLE_A_IFACE]		= { .type = NLA_STRING },
	[FLOWWALL_ROLE_A_DEFAULT]	= { .type = NLA_FLAG },
	[FLOWWALL_ROLE_A_ROLE]		= { .type = NLA_U8 },
};

static struct nla_policy setting_policy[FLOWWALL_SETTING_A_MAX + 1] = {
	[FLOWWALL_SETTING_A_MAX_FLOWS]	= { .type = NLA_U32 },
	[FLOWWALL_SETTING_A_NEIGHBOUR]	= { .type = NLA_U8 },
	[FLOWWALL_SETTING_A_DHCP]	= { .type = NLA_U8 },
	[FLOWWALL_SETTING_A_ON_CHANGE]	= { .type = NLA_U8 },
};

static struct nla_policy ttl_policy[FLOWWALL_TTL_A_LAST + 1] = {
	[FLOWWALL_TTL_A_CLASS]	= { .type = NLA_U8 },
	[FLOWWALL_TTL_A_STEP]	= { .type = NLA_U32 },
	[FLOWWALL_TTL_A_MAX]	= { .type = NLA_U32 },
};

static struct nla_policy rule_policy[FLOWWALL_RULE_A_MAX + 1] = {
	[FLOWWALL_RULE_A_HANDLE]	= { .type = NLA_U32 },
	[FLOWWALL_RULE_A_NAME]		= { .type = NLA_STRING },
	[FLOWWALL_RULE_A_DIRECTION]	= { .type = NLA_U8 },
	[FLOWWALL_RULE_A_ACTION]	= { .type = NLA_U8 },
	[FLOWWALL_RULE_A_PROTO]		= { .type = NLA_U8 },
	[FLOWWALL_RULE_A_SRC]		= { .type = NLA_NESTED },
	[FLOWWALL_RULE_A_DST]		= { .type = NLA_NESTED },
	[FLOWWALL_RULE_A_COMMENT]	= { .type = NLA_STRING },
	[FLOWWALL_RULE_A_PACKETS]	= { .type = NLA_U64 },
	[FLOWWALL_RULE_A_BYTES]		= { .type = NLA_U64 },
	[FLOWWALL_RULE_A_LAST_HIT]	= { .type = NLA_U64 },
};

static struct nla_policy endpoint_policy[FLOWWALL_ENDPOINT_A_MAX + 1] = {
	[FLOWWALL_ENDPOINT_A_PORT]	= { .type = NLA_NESTED },
	[FLOWWALL_ENDPOINT_A_ADDR_NOT]	= { .type = NLA_FLAG },
	[FLOWWALL_ENDPOINT_A_PORT_NOT]	= { .type = NLA_FLAG },
};

static struct nla_policy port_policy[FLOWWALL_PORT_A_LAST + 1] = {
	[FLOWWALL_PORT_A_MIN]	= { .type = NLA_U16 },
	[FLOWWALL_PORT_A_MAX]	= { .type = NLA_U16 },
};

/* 4 or 16 bytes; anything else is no address. */
static uint8_t address(struct nlattr *nla, uint8_t out[16])
{
	if (!nla || (nla_len(nla) != 4 && nla_len(nla) != 16))
		return 0;
	memcpy(out, nla_data(nla), nla_len(nla));
	return nla_len(nla) == 4 ? AF_INET : AF_INET6;
}

static void read_endpoint(struct nlattr *nest, struct endpoint *point)
{
	struct nlattr *tb[FLOWWALL_ENDPOINT_A_MAX + 1], *range[FLOWWALL_PORT_A_LAST + 1], *nla;
	int rem;

	if (!PARSE(tb, FLOWWALL_ENDPOINT_A_MAX, nest, endpoint_policy))
		return;
	point->family = address(tb[FLOWWALL_ENDPOINT_A_ADDR_MIN], point->min);
	if (address(tb[FLOWWALL_ENDPOINT_A_ADDR_MAX], point->max) != point->family)
		point->family = 0;
	point->addr_not = tb[FLOWWALL_ENDPOINT_A_ADDR_NOT];
	point->port_not = tb[FLOWWALL_ENDPOINT_A_PORT_NOT];
	nla_for_each_nested(nla, nest, rem) {
		if (nla_type(nla) != FLOWWALL_ENDPOINT_A_PORT ||
		    !PARSE(range, FLOWWALL_PORT_A_LAST, nla, port_policy) ||
		    point->n_ports == FLOWWALL_PORTS_LIMIT)
			continue;
		point->ports = realloc(point->ports, (point->n_ports + 1) * sizeof(*point->ports));
		if (!point->ports)
			abort();
		point->ports[point->n_ports++] = (struct port_range){
			.min = port(range[FLOWWALL_PORT_A_MIN]),
			.max = port(range[FLOWWALL_PORT_A_MAX]),
		};
	}
}

static void read_rule(struct nlattr *nest, struct stmt *stmt)
{
	struct nlattr *tb[FLOWWALL_RULE_A_MAX + 1];
	struct rule *rule = &stmt->rule;

	if (!PARSE(tb, FLOWWALL_RULE_A_MAX, nest, rule_policy))
		return;
	stmt->kind = STMT_RULE;
	rule->handle = u32(tb[FLOWWALL_RULE_A_HANDLE]);
	text(tb[FLOWWALL_RULE_A_NAME], rule->name, sizeof(rule->name));
	rule->direction = u8(tb[FLOWWALL_RULE_A_DIRECTION]);
	rule->action = u8(tb[FLOWWALL_RULE_A_ACTION]);
	rule->proto = tb[FLOWWALL_RULE_A_PROTO] ? u8(tb[FLOWWALL_RULE_A_PROTO]) : -1;
	read_endpoint(tb[FLOWWALL_RULE_A_SRC], &rule->src);
	read_endpoint(tb[FLOWWALL_RULE_A_DST], &rule->dst);
	if (tb[FLOWWALL_RULE_A_COMMENT])
		rule->comment = nla_strdup(tb[FLOWWALL_RULE_A_COMMENT]);
	rule->packets = u64(tb[FLOWWALL_RULE_A_PACKETS]);
	rule->bytes = u64(tb[FLOWWALL_RULE_A_BYTES]);
	rule->last_hit = u64(tb[FLOWWALL_RULE_A_LAST_HIT]);
}

/* The next free statement of @script, empty. */
static struct stmt *next_stmt(struct script *script)
{
	if (script->n == script->room) {
		script->room = script->room ? 2 * script->room : 64;
		script->stmt = realloc(script->stmt, script->room * sizeof(*script->stmt));
		if (!script->stmt)
			abort();
	}
	return memset(&script->stmt[script->n++], 0, sizeof(*script->stmt));
}

static void read_settings(struct nlattr *nest, struct script *script)
{
	static const struct { enum setting_key key; int attr; bool wide; } settings[] = {
		{ SET_MAX_FLOWS, FLOWWALL_SETTING_A_MAX_FLOWS, true },
		{ SET_NEIGHBOUR, FLOWWALL_SETTING_A_NEIGHBOUR, false },
		{ SET_DHCP, FLOWWALL_SETTING_A_DHCP, false },
		{ SET_ON_CHANGE, FLOWWALL_SETTING_A_ON_CHANGE, false },
	};
	struct nlattr *tb[FLOWWALL_SETTING_A_MAX + 1];
	size_t i;

	if (!PARSE(tb, FLOWWALL_SETTING_A_MAX, nest, setting_policy))
		return;
	for (i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
		struct nlattr *nla = tb[settings[i].attr];
		struct stmt *stmt;

		if (!nla)
			continue;
		stmt = next_stmt(script);
		stmt->kind = STMT_SETTING;
		stmt->setting.key = settings[i].key;
		stmt->setting.value = settings[i].wide ? u32(nla) : u8(nla);
	}
}

static int read_statement(struct module *module, struct nlattr **top, void *arg)
{
	struct nlattr *tb[FLOWWALL_STATEMENT_A_MAX + 1];
	struct nlattr *role[FLOWWALL_ROLE_A_MAX + 1], *ttl[FLOWWALL_TTL_A_LAST + 1];
	struct script *script = arg;
	struct stmt *stmt;

	if (!PARSE(tb, FLOWWALL_STATEMENT_A_MAX, top[FLOWWALL_A_STATEMENT], statement_policy))
		return complain(module, -EPROTO, "the module's ruleset makes no sense");
	if (PARSE(role, FLOWWALL_ROLE_A_MAX, tb[FLOWWALL_STATEMENT_A_ROLE], role_policy)) {
		stmt = next_stmt(script);
		stmt->kind = STMT_ROLE;
		text(role[FLOWWALL_ROLE_A_IFACE], stmt->role.iface, sizeof(stmt->role.iface));
		stmt->role.role = u8(role[FLOWWALL_ROLE_A_ROLE]);
	} else if (tb[FLOWWALL_STATEMENT_A_SETTING]) {
		read_settings(tb[FLOWWALL_STATEMENT_A_SETTING], script);
	} else if (PARSE(ttl, FLOWWALL_TTL_A_LAST, tb[FLOWWALL_STATEMENT_A_TTL], ttl_policy)) {
		stmt = next_stmt(script);
		stmt->kind = STMT_TTL;
		stmt->ttl.class = u8(ttl[FLOWWALL_TTL_A_CLASS]);
		stmt->ttl.step = u32(ttl[FLOWWALL_TTL_A_STEP]);
		stmt->ttl.max = u32(ttl[FLOWWALL_TTL_A_MAX]);
	} else if (tb[FLOWWALL_STATEMENT_A_RULE]) {
		read_rule(tb[FLOWWALL_STATEMENT_A_RULE], next_stmt(script));
	}
	return 0;
}

/**
 * module_ruleset() - the running ruleset, all of one generation
 * @kinds: FLOWWALL_KIND_*
 * @script: set to its statements
 */
int module_ruleset(struct module *module, uint32_t kinds, struct script *script)
{
	int tries, err;

	memset(script, 0, sizeof(*script));
	for (tries = 0; tries < DUMP_TRIES; tries++) {
		err = dump(module, FLOWWALL_CMD_RULESET_GET, kinds, read_statement, script);
		if (err != -EAGAIN)
			return err;
		script_free(script);
	}
	return err;
}

static struct nla_policy iface_policy[FLOWWALL_IFACE_A_MAX + 1] = {
	[FLOWWALL_IFACE_A_IFINDEX]	= { .type = NLA_U32 },
	[FLOWWALL_IFACE_A_NAME]		= { .type = NLA_STRING },
	[FLOWWALL_IFACE_A_ROLE]		= { .type = NLA_U8 },
	[FLOWWALL_IFACE_A_PATTERN]	= { .type = NLA_STRING },
};

static bool parse_iface(struct nlattr *nest, struct iface *iface)
{
	struct nlattr *tb[FLOWWALL_IFACE_A_MAX + 1];

	if (!PARSE(tb, FLOWWALL_IFACE_A_MAX, nest, iface_policy))
		return false;
	iface->ifindex = u32(tb[FLOWWALL_IFACE_A_IFINDEX]);
	text(tb[FLOWWALL_IFACE_A_NAME], iface->name, sizeof(iface->name));
	iface->role = u8(tb[FLOWWALL_IFACE_A_ROLE]);
	text(tb[FLOWWALL_IFACE_A_PATTERN], iface->pattern, sizeof(iface->pattern));
	return true;
}

struct iface_list {
	struct iface *iface;
	size_t n;
};

static int read_iface(struct module *module, struct nlattr **top, void *arg)
{
	struct iface_list *list = arg;

	list->iface = realloc(list->iface, (list->n + 1) * sizeof(*list->iface));
	if (!list->iface)
		abort();
	if (!parse_iface(top[FLOWWALL_A_IFACE], &list->iface[list->n]))
		return complain(module, -EPROTO, "the module's list of interfaces makes no sense");
	list->n++;
	return 0;
}

/**
 * module_ifaces() - the interfaces of the namespace and their roles
 * @ifaces: set to an array that the caller frees
 * @n: set to its length
 */
int module_ifaces(struct module *module, struct iface **ifaces, size_t *n)
{
	struct iface_list list = { NULL, 0 };
	int tries, err = 0;

	for (tries = 0; tries < DUMP_TRIES; tries++) {
		list.n = 0;
		err = dump(module, FLOWWALL_CMD_IFACE_GET, 0, read_iface, &list);
		if (err != -EAGAIN)
			break;
	}
	*ifaces = list.iface;
	*n = list.n;
	return err;
}

static struct nla_policy flow_policy[FLOWWALL_FLOW_A_MAX + 1] = {
	[FLOWWALL_FLOW_A_ID]		= { .type = NLA_U64 },
	[FLOWWALL_FLOW_A_FAMILY]	= { .type = NLA_U8 },
	[FLOWWALL_FLOW_A_PROTO]		= { .type = NLA_U8 },
	[FLOWWALL_FLOW_A_DIRECTION]	= { .type = NLA_U8 },
	[FLOWWALL_FLOW_A_STATE]		= { .type = NLA_U8 },
	[FLOWWALL_FLOW_A_MARK]		= { .type = NLA_U32 },
	[FLOWWALL_FLOW_A_RULE]		= { .type = NLA_U32 },
	[FLOWWALL_FLOW_A_ORIGINAL]	= { .type = NLA_NESTED },
	[FLOWWALL_FLOW_A_REPLY]		= { .type = NLA_NESTED },
};

static struct nla_policy entry_policy[FLOWWALL_ENTRY_A_MAX + 1] = {
	[FLOWWALL_ENTRY_A_SPORT]	= { .type = NLA_U16 },
	[FLOWWALL_ENTRY_A_DPORT]	= { .type = NLA_U16 },
	[FLOWWALL_ENTRY_A_ICMP_ID]	= { .type = NLA_U16 },
	[FLOWWALL_ENTRY_A_GRE_KEY]	= { .type = NLA_U32 },
	[FLOWWALL_ENTRY_A_PACKETS]	= { .type = NLA_U64 },
	[FLOWWALL_ENTRY_A_BYTES]	= { .type = NLA_U64 },
	[FLOWWALL_ENTRY_A_TTL_MS]	= { .type = NLA_U32 },
};

static void parse_entry(struct nlattr *nest, struct entry *entry)
{
	struct nlattr *tb[FLOWWALL_ENTRY_A_MAX + 1];

	if (!PARSE(tb, FLOWWALL_ENTRY_A_MAX, nest, entry_policy))
		return;
	address(tb[FLOWWALL_ENTRY_A_SRC], entry->src);
	address(tb[FLOWWALL_ENTRY_A_DST], entry->dst);
	if (tb[FLOWWALL_ENTRY_A_SPORT]) {
		entry->id_kind = ID_PORTS;
		entry->sport = port(tb[FLOWWALL_ENTRY_A_SPORT]);
		entry->dport = port(tb[FLOWWALL_ENTRY_A_DPORT]);
	} else if (tb[FLOWWALL_ENTRY_A_ICMP_ID]) {
		entry->id_kind = ID_ICMP;
		entry->id = nla_get_u16(tb[FLOWWALL_ENTRY_A_ICMP_ID]);
	} else if (tb[FLOWWALL_ENTRY_A_GRE_KEY]) {
		entry->id_kind = ID_GRE;
		entry->id = u32(tb[FLOWWALL_ENTRY_A_GRE_KEY]);
	}
	entry->packets = u64(tb[FLOWWALL_ENTRY_A_PACKETS]);
	entry->bytes = u64(tb[FLOWWALL_ENTRY_A_BYTES]);
	entry->ttl_ms = u32(tb[FLOWWALL_ENTRY_A_TTL_MS]);
}

static bool parse_flow(struct nlattr *nest, struct flow *flow)
{
	struct nlattr *tb[FLOWWALL_FLOW_A_MAX + 1];

	memset(flow, 0, sizeof(*flow));
	if (!PARSE(tb, FLOWWALL_FLOW_A_MAX, nest, flow_policy))
		return false;
	flow->id = u64(tb[FLOWWALL_FLOW_A_ID]);
	flow->family = u8(tb[FLOWWALL_FLOW_A_FAMILY]);
	flow->proto = u8(tb[FLOWWALL_FLOW_A_PROTO]);
	flow->direction = u8(tb[FLOWWALL_FLOW_A_DIRECTION]);
	flow->state = u8(tb[FLOWWALL_FLOW_A_STATE]);
	flow->mark = u32(tb[FLOWWALL_FLOW_A_MARK]);
	flow->rule = u32(tb[FLOWWALL_FLOW_A_RULE]);
	parse_entry(tb[FLOWWALL_FLOW_A_ORIGINAL], &flow->original);
	parse_entry(tb[FLOWWALL_FLOW_A_REPLY], &flow->reply);
	return true;
}

struct flow_reader {
	void (*each)(const struct flow *flow, void *arg);
	void *arg;
};

static int read_flow(struct module *module, struct nlattr **top, void *arg)
{
	const struct flow_reader *reader = arg;
	struct flow flow;

	if (!parse_flow(top[FLOWWALL_A_FLOW], &flow))
		return complain(module, -EPROTO, "the module's list of flows makes no sense");
	reader->each(&flow, reader->arg);
	return 0;
}

/**
 * module_flows() - all flows, one after the other
 * @each: called with each flow as it comes
 *
 * Return: 0, or -EAGAIN if the table's size was changed meanwhile, so that flows
 * may be missing or be there twice; or another error.
 */
int module_flows(struct module *module, void (*each)(const struct flow *flow, void *arg), void *arg)
{
	struct flow_reader reader = { each, arg };

	return dump(module, FLOWWALL_CMD_FLOW_GET, 0, read_flow, &reader);
}

/* --- changing -------------------------------------------------------------- */

static void put_endpoint(struct nl_msg *msg, int attr, const struct endpoint *point)
{
	int size = point->family == AF_INET ? 4 : 16, i;
	struct nlattr *nest, *range;

	if (!point->family && !point->n_ports)
		return;
	nest = nla_nest_start(msg, attr | NLA_F_NESTED);
	if (point->family) {
		nla_put(msg, FLOWWALL_ENDPOINT_A_ADDR_MIN, size, point->min);
		nla_put(msg, FLOWWALL_ENDPOINT_A_ADDR_MAX, size, point->max);
		if (point->addr_not)
			nla_put_flag(msg, FLOWWALL_ENDPOINT_A_ADDR_NOT);
	}
	for (i = 0; i < point->n_ports; i++) {
		range = nla_nest_start(msg, FLOWWALL_ENDPOINT_A_PORT | NLA_F_NESTED);
		nla_put_u16(msg, FLOWWALL_PORT_A_MIN, htons(point->ports[i].min));
		nla_put_u16(msg, FLOWWALL_PORT_A_MAX, htons(point->ports[i].max));
		nla_nest_end(msg, range);
	}
	if (point->n_ports && point->port_not)
		nla_put_flag(msg, FLOWWALL_ENDPOINT_A_PORT_NOT);
	nla_nest_end(msg, nest);
}

static void put_rule(struct nl_msg *msg, const struct rule *rule)
{
	nla_put_u8(msg, FLOWWALL_RULE_A_DIRECTION, rule->direction);
	nla_put_u8(msg, FLOWWALL_RULE_A_ACTION, rule->action);
	if (rule->proto >= 0)
		nla_put_u8(msg, FLOWWALL_RULE_A_PROTO, rule->proto);
	if (rule->name[0])
		nla_put_string(msg, FLOWWALL_RULE_A_NAME, rule->name);
	if (rule->comment)
		nla_put_string(msg, FLOWWALL_RULE_A_COMMENT, rule->comment);
	put_endpoint(msg, FLOWWALL_RULE_A_SRC, &rule->src);
	put_endpoint(msg, FLOWWALL_RULE_A_DST, &rule->dst);
}

static void put_setting(struct nl_msg *msg, const struct setting *setting)
{
	switch (setting->key) {
	case SET_MAX_FLOWS:
		nla_put_u32(msg, FLOWWALL_SETTING_A_MAX_FLOWS, setting->value);
		break;
	case SET_NEIGHBOUR:
		nla_put_u8(msg, FLOWWALL_SETTING_A_NEIGHBOUR, setting->value);
		break;
	case SET_DHCP:
		nla_put_u8(msg, FLOWWALL_SETTING_A_DHCP, setting->value);
		break;
	default:
		nla_put_u8(msg, FLOWWALL_SETTING_A_ON_CHANGE, setting->value);
		break;
	}
}

static void put_role_name(struct nl_msg *msg, const struct role *role)
{
	if (role->iface[0])
		nla_put_string(msg, FLOWWALL_ROLE_A_IFACE, role->iface);
	else
		nla_put_flag(msg, FLOWWALL_ROLE_A_DEFAULT);
}

/* One statement; a batch has room for the longest (64 ranges twice: 2.5 KiB). */
static void put_stmt(struct nl_msg *msg, const struct stmt *stmt)
{
	static const int attrs[] = {
		[STMT_ROLE] = FLOWWALL_STATEMENT_A_ROLE,
		[STMT_SETTING] = FLOWWALL_STATEMENT_A_SETTING,
		[STMT_TTL] = FLOWWALL_STATEMENT_A_TTL,
		[STMT_RULE] = FLOWWALL_STATEMENT_A_RULE,
	};
	struct nlattr *outer, *nest;

	outer = nla_nest_start(msg, FLOWWALL_A_STATEMENT | NLA_F_NESTED);
	nest = nla_nest_start(msg, attrs[stmt->kind] | NLA_F_NESTED);
	switch (stmt->kind) {
	case STMT_ROLE:
		put_role_name(msg, &stmt->role);
		nla_put_u8(msg, FLOWWALL_ROLE_A_ROLE, stmt->role.role);
		break;
	case STMT_SETTING:
		put_setting(msg, &stmt->setting);
		break;
	case STMT_TTL:
		nla_put_u8(msg, FLOWWALL_TTL_A_CLASS, stmt->ttl.class);
		nla_put_u32(msg, FLOWWALL_TTL_A_STEP, stmt->ttl.step);
		nla_put_u32(msg, FLOWWALL_TTL_A_MAX, stmt->ttl.max);
		break;
	default:
		put_rule(msg, &stmt->rule);
		break;
	}
	nla_nest_end(msg, nest);
	nla_nest_end(msg, outer);
}

/**
 * module_begin() - begin a transaction
 */
int module_begin(struct module *module, enum flowwall_mode mode)
{
	struct nl_msg *msg = request(module, FLOWWALL_CMD_BEGIN, 0);

	nla_put_u8(msg, FLOWWALL_A_MODE, mode);
	return exchange(module, msg, NULL, NULL);
}

/**
 * module_add() - add statements to the transaction
 * @stmt: the statements
 * @n: how many
 * @bad: after a refusal, set to the one that was refused, or NULL
 */
int module_add(struct module *module, const struct stmt *stmt, size_t n, const struct stmt **bad)
{
	uint32_t *begins = calloc(n + 1, sizeof(*begins));
	size_t i = 0, k;
	int err = 0;

	if (!begins)
		abort();
	*bad = NULL;
	while (i < n && !err) {
		struct nl_msg *msg = request(module, FLOWWALL_CMD_ADD, 0);
		size_t first = i;

		for (; i < n && nlmsg_hdr(msg)->nlmsg_len < BATCH; i++) {
			begins[i] = nlmsg_hdr(msg)->nlmsg_len;
			put_stmt(msg, &stmt[i]);
		}
		err = exchange(module, msg, NULL, NULL);
		if (err && module->offset)
			for (k = first; k < i && begins[k] <= module->offset; k++)
				*bad = &stmt[k];
	}
	free(begins);
	return err;
}

/**
 * module_del() - take a statement out, in the transaction
 * @stmt: a role, or a rule with a handle or an id
 */
int module_del(struct module *module, const struct stmt *stmt)
{
	struct nl_msg *msg = request(module, FLOWWALL_CMD_DEL, 0);
	struct nlattr *outer, *nest;

	outer = nla_nest_start(msg, FLOWWALL_A_STATEMENT | NLA_F_NESTED);
	if (stmt->kind == STMT_ROLE) {
		nest = nla_nest_start(msg, FLOWWALL_STATEMENT_A_ROLE | NLA_F_NESTED);
		put_role_name(msg, &stmt->role);
	} else {
		nest = nla_nest_start(msg, FLOWWALL_STATEMENT_A_RULE | NLA_F_NESTED);
		if (stmt->rule.name[0])
			nla_put_string(msg, FLOWWALL_RULE_A_NAME, stmt->rule.name);
		else
			nla_put_u32(msg, FLOWWALL_RULE_A_HANDLE, stmt->rule.handle);
	}
	nla_nest_end(msg, nest);
	nla_nest_end(msg, outer);
	return exchange(module, msg, NULL, NULL);
}

/**
 * module_commit() - end the transaction: the new ruleset runs
 * @check: only say whether it would be accepted
 *
 * Return: 0, -EAGAIN if somebody else changed the ruleset since module_begin(), or
 * another error. The transaction is over in any case.
 */
int module_commit(struct module *module, bool check)
{
	struct nl_msg *msg = request(module, FLOWWALL_CMD_COMMIT, 0);

	if (check)
		nla_put_flag(msg, FLOWWALL_A_CHECK);
	return exchange(module, msg, NULL, NULL);
}

/* --- events ---------------------------------------------------------------- */

/**
 * module_socket() - what to poll for events
 */
int module_socket(const struct module *module)
{
	return nl_socket_get_fd(module->sock);
}

/**
 * module_subscribe() - listen to events from now on
 */
int module_subscribe(struct module *module)
{
	int size = EVENT_BUFFER, group, err;

	/* A burst must not be lost while this end is busy printing. */
	setsockopt(nl_socket_get_fd(module->sock), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	group = genl_ctrl_resolve_grp(module->sock, FLOWWALL_GENL_NAME, FLOWWALL_GENL_GROUP);
	err = group < 0 ? group : nl_socket_add_membership(module->sock, group);
	if (err == -NLE_PERM) {
		module->refused = true;
		return complain(module, -EPERM, "%s", meaning(EPERM));
	}
	if (err < 0)
		return complain(module, -EIO, "cannot listen to events: %s", nl_geterror(err));
	return 0;
}

struct event_reader {
	void (*each)(const struct event *event, void *arg);
	void *arg;
};

/* Events answer nothing: they have no number to compare. */
static int any_sequence(struct nl_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;
	return NL_OK;
}

static int on_event(struct nl_msg *msg, void *arg)
{
	static const struct { uint8_t cmd; enum event_kind kind; } kinds[] = {
		{ FLOWWALL_CMD_FLOW_NEW_NTF, EVENT_FLOW_NEW },
		{ FLOWWALL_CMD_FLOW_END_NTF, EVENT_FLOW_END },
		{ FLOWWALL_CMD_TABLE_FULL_NTF, EVENT_TABLE_FULL },
		{ FLOWWALL_CMD_RULESET_NTF, EVENT_RULESET },
		{ FLOWWALL_CMD_IFACE_NTF, EVENT_IFACE },
	};
	const struct event_reader *reader = arg;
	struct nlattr *tb[FLOWWALL_A_MAX + 1];
	struct event event;
	size_t i;

	memset(&event, 0, sizeof(event));
	if (genlmsg_parse(nlmsg_hdr(msg), 0, tb, FLOWWALL_A_MAX, top_policy) < 0)
		return NL_SKIP;
	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (kinds[i].cmd != genlmsg_hdr(nlmsg_hdr(msg))->cmd)
			continue;
		event.kind = kinds[i].kind;
		if (tb[FLOWWALL_A_FLOW])
			parse_flow(tb[FLOWWALL_A_FLOW], &event.flow);
		if (tb[FLOWWALL_A_IFACE])
			parse_iface(tb[FLOWWALL_A_IFACE], &event.iface);
		event.end_reason = u8(tb[FLOWWALL_A_END_REASON]);
		event.max_flows = u32(tb[FLOWWALL_A_MAX_FLOWS]);
		event.refused = u32(tb[FLOWWALL_A_REFUSED]);
		event.generation = u32(tb[FLOWWALL_A_GENERATION]);
		reader->each(&event, reader->arg);
	}
	return NL_OK;
}

/**
 * module_events() - hand on the events that came; waits if there are none
 *
 * Return: 0 or an error. Events lost are handed on as one of the kind EVENT_LOST.
 */
int module_events(struct module *module, void (*each)(const struct event *event, void *arg), void *arg)
{
	struct event_reader reader = { each, arg };
	struct nl_cb *cb = nl_cb_alloc(NL_CB_CUSTOM);
	int err;

	if (!cb)
		abort();
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_event, &reader);
	nl_cb_set(cb, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, any_sequence, NULL);
	errno = 0;
	err = nl_recvmsgs(module->sock, cb);
	nl_cb_put(cb);
	if (err >= 0)
		return 0;
	if (errno == ENOBUFS || err == -NLE_NOMEM) {
		struct event lost = { .kind = EVENT_LOST };

		each(&lost, arg);
		return 0;
	}
	if (err == -NLE_INTR || err == -NLE_AGAIN)
		return 0;
	return complain(module, -EIO, "cannot hear events: %s", nl_geterror(err));
}
