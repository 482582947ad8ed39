// SPDX-License-Identifier: GPL-2.0-or-later
/* Hearing the module's events. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/nsfs.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

#include "nl_internal.h"

/* A burst must not be lost while this end is busy printing. */
#define EVENT_BUFFER	(8 << 20)

/*
 * Is the socket's network namespace another user namespace's, and the module loaded not to
 * show it to the root of that one? The kernel lets us listen, and nothing would come.
 */
static bool shows_nothing(const struct module *module)
{
	int net = ioctl(nl_socket_get_fd(module->sock), SIOCGSKNS);
	int owner = net < 0 ? -1 : ioctl(net, NS_GET_USERNS);
	int parameter = open("/sys/module/flowwall/parameters/userns", O_RDONLY | O_CLOEXEC);
	struct stat own, of_net;
	char value = 'Y';
	bool others;

	others = owner >= 0 && !fstat(owner, &of_net) && !stat("/proc/self/ns/user", &own) &&
		 (own.st_ino != of_net.st_ino || own.st_dev != of_net.st_dev);
	if (parameter >= 0 && read(parameter, &value, 1) != 1)
		value = 'Y';
	close(parameter);
	close(owner);
	close(net);
	return others && value == 'N';
}

/**
 * module_subscribe() - listen to events from now on
 */
int module_subscribe(struct module *module)
{
	int size = EVENT_BUFFER, group, err;

	if (shows_nothing(module)) {
		module->refused = true;
		return complain(module, -EPERM, "there are no events here: another user namespace "
				"owns this network namespace, and the module was loaded without "
				"userns=1");
	}
	setsockopt(nl_socket_get_fd(module->sock), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	group = genl_ctrl_resolve_grp(module->sock, FLOWWALL_GENL_NAME, FLOWWALL_GENL_GROUP);
	err = group < 0 ? group : nl_socket_add_membership(module->sock, group);
	if (err == -NLE_PERM || err == -NLE_NOACCESS) {
		module->refused = true;
		return complain(module, -EPERM, "%s", meaning(EPERM));
	}
	if (err < 0)
		return complain(module, -EIO, "cannot listen to events: %s", nl_geterror(err));
	nl_socket_set_nonblocking(module->sock);	/* module_events() waits by itself */
	return 0;
}

/**
 * module_socket() - the file that can be read when there are events
 */
int module_socket(const struct module *module)
{
	return nl_socket_get_fd(module->sock);
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
		{ FLOWWALL_CMD_LOG_NTF, EVENT_LOG },
		{ FLOWWALL_CMD_GROUP_NTF, EVENT_GROUP },
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
		if (nl_read_event(tb, &event))
			reader->each(&event, reader->arg);
	}
	return NL_OK;
}

/* How many messages the kernel had no room for in this socket so far; 0: unknown. */
static uint32_t socket_drops(const struct module *module)
{
	uint32_t info[SK_MEMINFO_VARS];
	socklen_t size = sizeof(info);

	if (getsockopt(nl_socket_get_fd(module->sock), SOL_SOCKET, SO_MEMINFO, info, &size) ||
	    size <= SK_MEMINFO_DROPS * sizeof(*info))
		return 0;
	return info[SK_MEMINFO_DROPS];
}

static void tell_lost(struct module *module, const struct event_reader *reader)
{
	uint32_t drops = socket_drops(module);
	struct event event = { .kind = EVENT_LOST, .lost = drops - module->lost };

	module->lost = drops;
	module->losing = false;
	reader->each(&event, reader->arg);
}

/*
 * Waits until there is something to read. After a loss the kernel queues nothing
 * more until all that was queued is read: so the loss is told there, where it was.
 */
static int wait_event(struct module *module, const sigset_t *signals,
		      const struct event_reader *reader)
{
	struct pollfd fd = { .fd = nl_socket_get_fd(module->sock), .events = POLLIN };
	int err;

	if (module->losing && poll(&fd, 1, 0) == 0)
		tell_lost(module, reader);
	err = ppoll(&fd, 1, NULL, signals) < 0 ? -errno : 0;
	if (err == -EINTR && module->losing)
		tell_lost(module, reader);
	return err == -EINTR ? err : 0;	/* anything else, the reading tells better */
}

/**
 * module_events() - wait for events and hand on those that came
 * @signals: the signals to be blocked while it waits, and only then
 *
 * Return: 0, -EINTR when a signal came, or another error. Events lost are
 * handed on as one of the kind EVENT_LOST.
 */
int module_events(struct module *module, const sigset_t *signals,
		  void (*each)(const struct event *event, void *arg), void *arg)
{
	struct event_reader reader = { each, arg };
	struct nl_cb *cb;
	int err;

	if (wait_event(module, signals, &reader))
		return -EINTR;
	cb = nl_cb_alloc(NL_CB_CUSTOM);
	if (!cb)
		fail_out_of_memory();
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_event, &reader);
	nl_cb_set(cb, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, any_sequence, NULL);
	err = nl_recvmsgs(module->sock, cb);
	nl_cb_put(cb);
	if (err == -NLE_NOMEM) {	/* ENOBUFS: the queue was full */
		if (module->losing)
			tell_lost(module, &reader);
		module->losing = true;
		return 0;
	}
	if (err < 0 && err != -NLE_INTR && err != -NLE_AGAIN)
		return complain(module, -EIO, "cannot hear events: %s", nl_geterror(err));
	return 0;
}
