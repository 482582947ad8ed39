// SPDX-License-Identifier: GPL-2.0-or-later
/* Generic netlink, through libnl; see nl.h. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

#include "nl_internal.h"

/* Room for one message, sent or read. */
#define MESSAGE		65536

/**
 * complain() - keep a sentence about what goes wrong, for module_error()
 *
 * Return: @err.
 */
int complain(struct module *module, int err, const char *format, ...)
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

static int open_namespace(const char *name)
{
	static const char *const folders[] = { "/run/netns", "/var/run/netns" };
	char path[4096];
	int fd = -1;
	size_t i;

	errno = ENOENT;
	for (i = 0; i < 2 && fd < 0 && errno == ENOENT; i++) {
		if (snprintf(path, sizeof(path), "%s/%s", folders[i], name) >= (int)sizeof(path))
			break;
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	return fd;
}

static int enter_namespace(struct module *module, const char *name)
{
	int fd = -1, err = 0;

	module->refused = true;
	if (!*name || strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, ".."))
		return complain(module, -EINVAL, "`%s` is not the name of a network namespace", name);
	fd = open_namespace(name);
	if (fd < 0)
		return errno == ENOENT ?
			complain(module, -ENOENT, "there is no network namespace `%s` (see: ip netns)",
				 name) :
			complain(module, -EACCES, "the network namespace `%s` cannot be opened: %s",
				 name, strerror(errno));
	if (setns(fd, CLONE_NEWNET))
		err = errno == EPERM ?
			complain(module, -EPERM, "not permitted: to enter the network namespace `%s` "
				 "needs root (CAP_SYS_ADMIN)", name) :
			complain(module, -EINVAL, "`%s` is not a network namespace", name);
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
	int one = 1, fd, err;

	*out = module;
	if (!module)
		fail_out_of_memory();
	if (netns) {
		err = enter_namespace(module, netns);
		if (err)
			return err;
	}
	module->refused = false;
	module->sock = nl_socket_alloc();
	if (!module->sock)
		fail_out_of_memory();
	err = genl_connect(module->sock);
	if (err)
		return complain(module, -EIO, "no netlink socket: %s", nl_geterror(err));
	fd = nl_socket_get_fd(module->sock);
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
	nl_socket_set_msg_buf_size(module->sock, MESSAGE);

	module->family = genl_ctrl_resolve(module->sock, FLOWWALL_GENL_NAME);
	/* That is what libnl says, too, when the kernel had no memory for the question. */
	if (module->family == -NLE_OBJ_NOTFOUND && !access("/sys/module/flowwall", F_OK))
		return complain(module, -EIO, "FlowWall's kernel module is loaded, but does not "
				"answer: perhaps there is no memory");
	if (module->family == -NLE_OBJ_NOTFOUND)
		return complain(module, -ENOENT, "FlowWall's kernel module is not loaded; "
				"load it with: modprobe flowwall");
	if (module->family < 0)
		return complain(module, -EIO, "cannot look for FlowWall's kernel module: %s",
				nl_geterror(module->family));
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

struct exchange {
	struct module *module;
	answer_fn answer;
	void *arg;
	bool done;
	int err;
};

/**
 * meaning() - a sentence for an error number of the module that came without one
 */
const char *meaning(int err)
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

/* What an extended ACK says: the sentence, or NULL; and where in the request. */
static const char *extended_ack(struct module *module, const void *attrs, size_t length)
{
	const char *message = NULL;
	struct nlattr *nla;
	int rem;

	nla_for_each_attr(nla, (struct nlattr *)attrs, (int)length, rem) {
		if (nla_type(nla) == NLMSGERR_ATTR_MSG && nla_len(nla) > 0 &&
		    !((char *)nla_data(nla))[nla_len(nla) - 1])
			message = nla_data(nla);
		else if (nla_type(nla) == NLMSGERR_ATTR_OFFS && nla_len(nla) >= 4)
			module->offset = nla_get_u32(nla);
	}
	return message;
}

/* The kernel has error numbers down to -4095; what else is said makes no sense. */
static int error_number(int err)
{
	return err > 0 || err < -4095 ? -EPROTO : err;
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
	if (header->nlmsg_flags & NLM_F_ACK_TLVS && at < length)
		message = extended_ack(x->module, (char *)e + at, length - at);
	x->done = true;
	x->err = error_number(e->error);
	x->module->refused = x->err && x->err != -ENOMEM;
	if (x->err)
		complain(x->module, x->err, "%s", message ? message : meaning(-x->err));
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
	int length = nlmsg_datalen(header), err = 0;
	struct exchange *x = arg;
	const char *message = NULL;

	if (length >= (int)sizeof(err))
		memcpy(&err, nlmsg_data(header), sizeof(err));
	err = error_number(err);
	x->module->offset = 0;
	if (header->nlmsg_flags & NLM_F_ACK_TLVS && length > (int)NLMSG_ALIGN(sizeof(err)))
		message = extended_ack(x->module, (char *)nlmsg_data(header) + NLMSG_ALIGN(sizeof(err)),
				       length - NLMSG_ALIGN(sizeof(err)));
	x->done = true;
	if (err) {
		x->module->refused = true;
		x->err = complain(x->module, err, "%s", message ? message : meaning(-err));
	}
	return NL_STOP;
}

struct nla_policy top_policy[FLOWWALL_A_MAX + 1] = {
	[FLOWWALL_A_GENERATION]	= { .type = NLA_U32 },
	[FLOWWALL_A_STATUS]	= { .type = NLA_NESTED },
	[FLOWWALL_A_STATEMENT]	= { .type = NLA_NESTED },
	[FLOWWALL_A_IFACE]	= { .type = NLA_NESTED },
	[FLOWWALL_A_FLOW]	= { .type = NLA_NESTED },
	[FLOWWALL_A_END_REASON]	= { .type = NLA_U8 },
	[FLOWWALL_A_MAX_FLOWS]	= { .type = NLA_U32 },
	[FLOWWALL_A_REFUSED]	= { .type = NLA_U32 },
	[FLOWWALL_A_GROUP]	= { .type = NLA_STRING },
	[FLOWWALL_A_ENDED]	= { .type = NLA_U32 },
	[FLOWWALL_A_RULE_HANDLE] = { .type = NLA_U32 },
	[FLOWWALL_A_VERDICT]	= { .type = NLA_U8 },
	[FLOWWALL_A_BASIS]	= { .type = NLA_U8 },
	[FLOWWALL_A_REASON]	= { .type = NLA_U8 },
	[FLOWWALL_A_DIRECTION]	= { .type = NLA_U8 },
	[FLOWWALL_A_DROP]	= { .type = NLA_NESTED },
	[FLOWWALL_A_LABEL]	= { .type = NLA_STRING },
	[FLOWWALL_A_NEEDS_MAC]	= { .type = NLA_FLAG },
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

/**
 * exchange() - send a request and read until it is answered
 * @msg: the request, which is freed
 * @answer: called with each message that comes back, or NULL; what it returns first
 *	that is not 0 is the error
 *
 * Return: 0 or a negative error number; -EAGAIN if a change overtook a dump.
 */
int exchange(struct module *module, struct nl_msg *msg, answer_fn answer, void *arg)
{
	struct exchange x = { .module = module, .answer = answer, .arg = arg };
	struct nl_cb *cb = nl_cb_alloc(NL_CB_CUSTOM);
	bool interrupted = false;
	int err;

	if (!cb)
		fail_out_of_memory();
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

/**
 * request() - begin a request
 * @flags: NLM_F_*, besides those of every request
 */
struct nl_msg *request(const struct module *module, uint8_t cmd, int flags)
{
	struct nl_msg *msg = nlmsg_alloc_size(MESSAGE);

	if (!msg || !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, module->family, 0, flags, cmd,
				 FLOWWALL_GENL_VERSION))
		fail_out_of_memory();
	return msg;
}
