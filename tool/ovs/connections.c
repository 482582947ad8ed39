// SPDX-License-Identifier: GPL-2.0-or-later
/* The connections that the datapath knows: ending those that are not allowed any more. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "vswitch.h"

#define LEFT_MAX	10	/* if so many cannot be ended, none can */

/*
 * The kernel tells without ovs-vswitchd, user space's datapath is in it. Neither is named:
 * OVS 3.1 does not understand flush-conntrack if it is, and there is one of a kind.
 */
static bool conntrack(const struct vs_bridge *at, const char *verb, const char *zone,
		      const char *what, char **output)
{
	char *command = text_of(at->kernel ? "%s-conntrack" : "dpctl/%s-conntrack", verb);
	const char *const argv[] = { at->kernel ? "ovs-dpctl" : "ovs-appctl", "--timeout=20", command,
				     zone, what, NULL };
	bool good = vs_run(argv, NULL, output);

	free(command);
	return good;
}

/* "src=10.0.0.1,dst=...": the value of a key, up to a comma or a bracket. */
static bool value(const char *text, const char *key, char *to, size_t size)
{
	const char *at = strstr(text, key);
	size_t length;

	if (!at)
		return false;
	at += strlen(key);
	length = strcspn(at, ",)");
	if (length >= size)
		return false;
	memcpy(to, at, length);
	to[length] = '\0';
	return true;
}

static unsigned int number(const char *text, const char *key)
{
	char digits[16];

	return value(text, key, digits, sizeof(digits)) ? strtoul(digits, NULL, 10) : 0;
}

/* "tcp,orig=(src=A,dst=A,sport=N,dport=N),reply=(...),zone=N" */
static bool read_connection(const char *line, struct tuple *tuple)
{
	const char *original = strstr(line, "orig=(");
	char proto[16], src[64], dst[64];
	unsigned int known;
	size_t length = strcspn(line, ",");

	if (!original || length >= sizeof(proto) || !value(original, "src=", src, sizeof(src)) ||
	    !value(original, "dst=", dst, sizeof(dst)))
		return false;
	memcpy(proto, line, length);
	proto[length] = '\0';
	memset(tuple, 0, sizeof(*tuple));
	tuple->family = strchr(src, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(tuple->family, src, tuple->src) != 1 ||
	    inet_pton(tuple->family, dst, tuple->dst) != 1)
		return false;
	if (value_of(proto_names, proto, &known))
		tuple->proto = known;
	else
		tuple->proto = strtoul(proto, NULL, 10);
	tuple->sport = number(original, "sport=");
	tuple->dport = number(original, "dport=");
	tuple->icmp_id = number(original, "id=");
	tuple->icmp_type = number(original, "type=");
	tuple->icmp_code = number(original, "code=");
	return tuple->proto;
}

static bool end_connection(const struct vs_bridge *at, const char *zone, const struct tuple *tuple)
{
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN], *what;
	const char *family = tuple->family == AF_INET6 ? "ct_ipv6" : "ct_nw";
	bool good;

	inet_ntop(tuple->family, tuple->src, src, sizeof(src));
	inet_ntop(tuple->family, tuple->dst, dst, sizeof(dst));
	if (tuple->proto == IPPROTO_ICMP || tuple->proto == IPPROTO_ICMPV6)
		what = text_of("%s_src=%s,%s_dst=%s,ct_nw_proto=%u,icmp_id=%u,icmp_type=%u,icmp_code=%u",
			       family, src, family, dst, tuple->proto, tuple->icmp_id,
			       tuple->icmp_type, tuple->icmp_code);
	else if (tuple->sport || tuple->dport)
		what = text_of("%s_src=%s,%s_dst=%s,ct_nw_proto=%u,ct_tp_src=%u,ct_tp_dst=%u",
			       family, src, family, dst, tuple->proto, tuple->sport, tuple->dport);
	else
		what = text_of("%s_src=%s,%s_dst=%s,ct_nw_proto=%u", family, src, family, dst,
			       tuple->proto);
	good = conntrack(at, "flush", zone, what, NULL);
	free(what);
	return good || strstr(vs_error(), "No such file");	/* it ended by itself */
}

/**
 * vs_end_connections() - end the connections that a bridge does not allow any more
 * @ended: so many are added to it
 *
 * One that cannot be ended does not save those behind it.
 *
 * Return: false if some are left, see vs_error().
 */
bool vs_end_connections(const struct vs_bridge *at, const struct bridge *bridge, long *ended)
{
	char *zone = text_of("zone=%u", ovs_zone(bridge->declared)), *text, *rest, *line;
	struct segments *segments;
	struct tuple tuple;
	unsigned int left = 0;

	if (!conntrack(at, "dump", zone, NULL, &text)) {
		free(zone);
		return false;
	}
	segments = segments_of(bridge);
	for (rest = text; left < LEFT_MAX && (line = strsep(&rest, "\n")) != NULL; ) {
		if (!read_connection(line, &tuple) || segments_allow(segments, &tuple))
			continue;
		if (end_connection(at, zone, &tuple))
			(*ended)++;
		else
			left++;
	}
	segments_free(segments);
	free(text);
	free(zone);
	return !left;
}

/**
 * vs_flush_zone() - forget all connections of a zone
 */
bool vs_flush_zone(const struct vs_bridge *at, unsigned int zone)
{
	char *text = text_of("zone=%u", zone);
	bool good = conntrack(at, "flush", text, NULL, NULL);

	free(text);
	return good;
}

/**
 * vs_wait_datapath() - wait until the datapath has forgotten what flows of before said
 */
void vs_wait_datapath(void)
{
	static const char *const argv[] = { "ovs-appctl", "--timeout=20", "revalidator/wait", NULL };

	vs_run(argv, NULL, NULL);
}

static bool named(const char *const *names, size_t n, const char *name)
{
	while (n--)
		if (!strcmp(names[n], name))
			return true;
	return false;
}

/* The flows of the datapath that begin at a port of these bridges, one by one. */
static void delete_some(const struct vswitch *vs, const char *const *names, size_t n)
{
	static const char *const dump[] = { "ovs-dpctl", "--names", "-m", "dump-flows",
					    "system@ovs-system", NULL };
	char *text, *rest, *line;

	if (!vs_run(dump, NULL, &text))
		return;
	for (rest = text; (line = strsep(&rest, "\n")) != NULL; ) {
		const struct vs_bridge *bridge;
		char port[32], ufid[64];

		/* "ufid:X, recirc_id(0),...,in_port(eth1),..." */
		if (!value(line, "in_port(", port, sizeof(port)) ||
		    !value(line, "ufid:", ufid, sizeof(ufid)))
			continue;
		bridge = vs_bridge_of(vs, port);
		if (bridge && named(names, n, bridge->name)) {
			char *what = text_of("ufid:%s", ufid);
			const char *const del[] = { "ovs-dpctl", "del-flow", "system@ovs-system", what,
						    NULL };

			vs_run(del, NULL, NULL);
			free(what);
		}
	}
	free(text);
}

/**
 * vs_empty_datapath() - take out of the kernel what it still forwards for some bridges
 * @vs: the bridges that there are
 * @names: those that are meant
 *
 * For when ovs-vswitchd is gone: nobody tells the kernel then what has changed.
 */
void vs_empty_datapath(const struct vswitch *vs, const char *const *names, size_t n)
{
	static const char *const all[] = { "ovs-dpctl", "del-flows", "system@ovs-system", NULL };
	size_t ours = 0, others = 0, i;

	for (i = 0; i < vs->n; i++) {
		ours += vs->bridge[i].kernel && named(names, n, vs->bridge[i].name);
		others += vs->bridge[i].kernel && !named(names, n, vs->bridge[i].name);
	}
	if (ours && others)
		delete_some(vs, names, n);
	else if (ours)
		vs_run(all, NULL, NULL);
}
