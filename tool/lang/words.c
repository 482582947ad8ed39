// SPDX-License-Identifier: GPL-2.0-or-later
/* The names that the language and the outputs use, each in one place. */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lang.h"

const struct name role_names[] = {
	{ "internal", FLOWWALL_ROLE_INTERNAL },
	{ "external", FLOWWALL_ROLE_EXTERNAL },
	{ "none", FLOWWALL_ROLE_NONE },
	{ NULL, 0 }
};

const struct name direction_names[] = {
	{ "in", FLOWWALL_DIRECTION_IN },
	{ "out", FLOWWALL_DIRECTION_OUT },
	{ "inside", FLOWWALL_DIRECTION_INSIDE },
	{ "local", FLOWWALL_DIRECTION_LOCAL },
	{ NULL, 0 }
};

const struct name action_names[] = {
	{ "allow", FLOWWALL_ACTION_ALLOW },
	{ "deny", FLOWWALL_ACTION_DENY },
	{ "reject", FLOWWALL_ACTION_REJECT },
	{ NULL, 0 }
};

const struct name ttl_names[] = {
	{ "tcp-syn", FLOWWALL_TTL_TCP_SYN },
	{ "tcp-established", FLOWWALL_TTL_TCP_ESTABLISHED },
	{ "tcp-closing", FLOWWALL_TTL_TCP_CLOSING },
	{ "udp-new", FLOWWALL_TTL_UDP_NEW },
	{ "udp-stream", FLOWWALL_TTL_UDP_STREAM },
	{ "icmp", FLOWWALL_TTL_ICMP },
	{ "gre", FLOWWALL_TTL_GRE },
	{ "other", FLOWWALL_TTL_OTHER },
	{ NULL, 0 }
};

const struct name setting_names[] = {
	{ "max-flows", FLOWWALL_SETTING_A_MAX_FLOWS },
	{ "half-open", FLOWWALL_SETTING_A_HALF_OPEN },
	{ "max-flows-per-host", FLOWWALL_SETTING_A_MAX_FLOWS_PER_HOST },
	{ "when-full", FLOWWALL_SETTING_A_WHEN_FULL },
	{ "refuse", FLOWWALL_SETTING_A_REFUSE },
	{ "refresh", FLOWWALL_SETTING_A_REFRESH },
	{ "tcp-window", FLOWWALL_SETTING_A_TCP_WINDOW },
	{ "tcp-pickup", FLOWWALL_SETTING_A_TCP_PICKUP },
	{ "fragments", FLOWWALL_SETTING_A_FRAGMENTS },
	{ "fastpath", FLOWWALL_SETTING_A_FASTPATH },
	{ "on-change", FLOWWALL_SETTING_A_ON_CHANGE },
	{ "neighbour", FLOWWALL_SETTING_A_NEIGHBOUR },
	{ "dhcp", FLOWWALL_SETTING_A_DHCP },
	{ NULL, 0 }
};

static const struct name on_off_names[] = {
	{ "on", 1 }, { "off", 0 }, { NULL, 0 }
};

static const struct name on_change_names[] = {
	{ "revalidate", FLOWWALL_ON_CHANGE_REVALIDATE }, { "keep", FLOWWALL_ON_CHANGE_KEEP },
	{ NULL, 0 }
};

static const struct name refresh_names[] = {
	{ "both", FLOWWALL_REFRESH_BOTH }, { "same", FLOWWALL_REFRESH_SAME },
	{ "outbound", FLOWWALL_REFRESH_OUTBOUND }, { NULL, 0 }
};

static const struct name when_full_names[] = {
	{ "refuse", FLOWWALL_WHEN_FULL_REFUSE }, { "evict", FLOWWALL_WHEN_FULL_EVICT },
	{ NULL, 0 }
};

static const struct name refuse_names[] = {
	{ "icmp", FLOWWALL_REFUSE_ICMP }, { "tcp-rst", FLOWWALL_REFUSE_TCP_RST }, { NULL, 0 }
};

static const struct name fragments_names[] = {
	{ "drop", FLOWWALL_FRAGMENTS_DROP }, { "reassemble", FLOWWALL_FRAGMENTS_REASSEMBLE },
	{ NULL, 0 }
};

static const struct setting_kind kinds[] = {
	[FLOWWALL_SETTING_A_MAX_FLOWS] = {
		.what = "the limit of flows", .min = 1, .max = FLOWWALL_MAX_FLOWS_LIMIT,
	},
	[FLOWWALL_SETTING_A_HALF_OPEN] = {
		.what = "the percentage of max-flows that may be half open", .min = 1, .max = 100,
	},
	[FLOWWALL_SETTING_A_MAX_FLOWS_PER_HOST] = {
		.what = "how many flows an internal address may have, 0 for any number",
		.max = FLOWWALL_MAX_FLOWS_LIMIT,
	},
	[FLOWWALL_SETTING_A_WHEN_FULL] = { .values = when_full_names },
	[FLOWWALL_SETTING_A_REFUSE] = { .values = refuse_names },
	[FLOWWALL_SETTING_A_REFRESH] = { .values = refresh_names },
	[FLOWWALL_SETTING_A_TCP_WINDOW] = { .values = on_off_names },
	[FLOWWALL_SETTING_A_TCP_PICKUP] = { .values = on_off_names },
	[FLOWWALL_SETTING_A_FRAGMENTS] = { .values = fragments_names },
	[FLOWWALL_SETTING_A_FASTPATH] = { .values = on_off_names },
	[FLOWWALL_SETTING_A_ON_CHANGE] = { .values = on_change_names },
	[FLOWWALL_SETTING_A_NEIGHBOUR] = { .values = on_off_names },
	[FLOWWALL_SETTING_A_DHCP] = { .values = on_off_names },
};

const struct name ovs_names[] = {
	{ "bridge", OVS_BRIDGE },
	{ "tap", OVS_TAP },
	{ "mirror", OVS_MIRROR },
	{ "coprocessor", OVS_COPROCESSOR },
	{ "host", OVS_HOST },
	{ "segment", OVS_SEGMENT },
	{ "decoy", OVS_DECOY },
	{ NULL, 0 }
};

/**
 * setting_kind() - what a setting can be set to
 * @key: FLOWWALL_SETTING_A_*
 */
const struct setting_kind *setting_kind(unsigned int key)
{
	return &kinds[key];
}

/* The first name of a number is the one that is printed. */
const struct name proto_names[] = {
	{ "icmp", IPPROTO_ICMP },
	{ "igmp", IPPROTO_IGMP },
	{ "ipip", IPPROTO_IPIP },
	{ "tcp", IPPROTO_TCP },
	{ "udp", IPPROTO_UDP },
	{ "dccp", IPPROTO_DCCP },
	{ "ipv6", IPPROTO_IPV6 },
	{ "gre", IPPROTO_GRE },
	{ "esp", IPPROTO_ESP },
	{ "ah", IPPROTO_AH },
	{ "icmpv6", IPPROTO_ICMPV6 },
	{ "ospf", 89 },
	{ "pim", IPPROTO_PIM },
	{ "vrrp", 112 },
	{ "sctp", IPPROTO_SCTP },
	{ "udplite", IPPROTO_UDPLITE },
	{ NULL, 0 }
};

/* IANA's names of the services that rules are mostly about. */
const struct name service_names[] = {
	{ "ftp", 21 },		{ "ssh", 22 },		{ "telnet", 23 },
	{ "smtp", 25 },		{ "domain", 53 },	{ "dns", 53 },
	{ "bootps", 67 },	{ "bootpc", 68 },	{ "tftp", 69 },
	{ "http", 80 },		{ "kerberos", 88 },	{ "pop3", 110 },
	{ "ntp", 123 },		{ "imap", 143 },	{ "snmp", 161 },
	{ "bgp", 179 },		{ "ldap", 389 },	{ "https", 443 },
	{ "submissions", 465 },	{ "isakmp", 500 },	{ "syslog", 514 },
	{ "dhcpv6-client", 546 }, { "dhcpv6-server", 547 }, { "submission", 587 },
	{ "ldaps", 636 },	{ "domain-s", 853 },	{ "imaps", 993 },
	{ "pop3s", 995 },	{ "openvpn", 1194 },	{ "radius", 1812 },
	{ "mysql", 3306 },	{ "rdp", 3389 },	{ "ipsec-nat-t", 4500 },
	{ "sip", 5060 },	{ "sips", 5061 },	{ "mdns", 5353 },
	{ "postgresql", 5432 },	{ "vnc", 5900 },	{ "redis", 6379 },
	{ "http-alt", 8080 },	{ "wireguard", 51820 },
	{ NULL, 0 }
};

const struct name state_names[] = {
	{ "new", FLOWWALL_STATE_NEW },
	{ "replied", FLOWWALL_STATE_REPLIED },
	{ "syn-sent", FLOWWALL_STATE_SYN_SENT },
	{ "syn-received", FLOWWALL_STATE_SYN_RECEIVED },
	{ "established", FLOWWALL_STATE_ESTABLISHED },
	{ "closing", FLOWWALL_STATE_CLOSING },
	{ "closed", FLOWWALL_STATE_CLOSED },
	{ NULL, 0 }
};

const struct name drop_names[] = {
	{ "policy", FLOWWALL_DROP_POLICY },
	{ "rule", FLOWWALL_DROP_RULE },
	{ "spoofed", FLOWWALL_DROP_SPOOFED },
	{ "fragment", FLOWWALL_DROP_FRAGMENT },
	{ "truncated", FLOWWALL_DROP_TRUNCATED },
	{ "malformed", FLOWWALL_DROP_MALFORMED },
	{ "extensions", FLOWWALL_DROP_EXTENSIONS },
	{ "state", FLOWWALL_DROP_STATE },
	{ "unrelated", FLOWWALL_DROP_UNRELATED },
	{ "table-full", FLOWWALL_DROP_TABLE_FULL },
	{ "no-memory", FLOWWALL_DROP_NO_MEMORY },
	{ "limit", FLOWWALL_DROP_LIMIT },
	{ "window", FLOWWALL_DROP_WINDOW },
	{ "host-full", FLOWWALL_DROP_HOST_FULL },
	{ NULL, 0 }
};

const struct name end_names[] = {
	{ "expired", FLOWWALL_END_EXPIRED },
	{ "revoked", FLOWWALL_END_REVOKED },
	{ "reopened", FLOWWALL_END_REOPENED },
	{ "evicted", FLOWWALL_END_EVICTED },
	{ "killed", FLOWWALL_END_KILLED },
	{ NULL, 0 }
};

const struct name verdict_names[] = {
	{ "accept", FLOWWALL_VERDICT_ACCEPT },
	{ "drop", FLOWWALL_VERDICT_DROP },
	{ "reject", FLOWWALL_VERDICT_REJECT },
	{ "queue", FLOWWALL_VERDICT_QUEUE },
	{ NULL, 0 }
};

const struct name basis_names[] = {
	{ "not-judged", FLOWWALL_BASIS_NOT_JUDGED },
	{ "packet", FLOWWALL_BASIS_PACKET },
	{ "flow", FLOWWALL_BASIS_FLOW },
	{ "related", FLOWWALL_BASIS_RELATED },
	{ "always", FLOWWALL_BASIS_ALWAYS },
	{ "rule", FLOWWALL_BASIS_RULE },
	{ "policy", FLOWWALL_BASIS_POLICY },
	{ NULL, 0 }
};

/* RFC 792, 950, 4443, 4861 */
const struct name icmp_type_names[] = {
	{ "echo-request", ICMP_TYPES(8, 128) },
	{ "echo-reply", ICMP_TYPES(0, 129) },
	{ "destination-unreachable", ICMP_TYPES(3, 1) },
	{ "packet-too-big", ICMP_TYPES(-1, 2) },
	{ "time-exceeded", ICMP_TYPES(11, 3) },
	{ "parameter-problem", ICMP_TYPES(12, 4) },
	{ "redirect", ICMP_TYPES(5, 137) },
	{ "router-solicitation", ICMP_TYPES(10, 133) },
	{ "router-advertisement", ICMP_TYPES(9, 134) },
	{ "neighbour-solicitation", ICMP_TYPES(-1, 135) },
	{ "neighbour-advertisement", ICMP_TYPES(-1, 136) },
	{ "timestamp-request", ICMP_TYPES(13, -1) },
	{ "timestamp-reply", ICMP_TYPES(14, -1) },
	{ "address-mask-request", ICMP_TYPES(17, -1) },
	{ "address-mask-reply", ICMP_TYPES(18, -1) },
	{ "source-quench", ICMP_TYPES(4, -1) },
	{ NULL, 0 }
};

/* The first name of each is the one that is printed. */
const struct name unit_names[] = {
	{ "second", 1 }, { "minute", 60 }, { "hour", 3600 }, { "day", 86400 },
	{ "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 },
	{ NULL, 0 }
};

/**
 * name_of() - the name of a value
 *
 * Return: the first name with @value, or "?" for one that is not in the table
 * (a newer kernel module's).
 */
const char *name_of(const struct name *names, unsigned int value)
{
	for (; names->name; names++)
		if (names->value == value)
			return names->name;
	return "?";
}

/**
 * value_of() - the value of a name
 *
 * Return: false if there is no such name.
 */
bool value_of(const struct name *names, const char *name, unsigned int *value)
{
	for (; names->name; names++)
		if (!strcmp(names->name, name)) {
			*value = names->value;
			return true;
		}
	return false;
}

/* Edits (insert, delete, change, swap neighbours) from @a to @b; capped words. */
static unsigned int distance(const char *a, const char *b)
{
	enum { MOST = 24 };
	unsigned int d[MOST + 1][MOST + 1];
	size_t la = strlen(a), lb = strlen(b), i, j;

	if (la > MOST || lb > MOST)
		return MOST;
	for (i = 0; i <= la; i++)
		d[i][0] = i;
	for (j = 0; j <= lb; j++)
		d[0][j] = j;
	for (i = 1; i <= la; i++)
		for (j = 1; j <= lb; j++) {
			unsigned int least = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

			if (d[i - 1][j] + 1 < least)
				least = d[i - 1][j] + 1;
			if (d[i][j - 1] + 1 < least)
				least = d[i][j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    d[i - 2][j - 2] + 1 < least)
				least = d[i - 2][j - 2] + 1;
			d[i][j] = least;
		}
	return d[la][lb];
}

/**
 * nearest_name() - what somebody may have meant
 * @word: what they wrote
 * @tables: of the names possible there, up to a NULL
 *
 * Return: a name at most two edits away (one for short words) that is not the
 * word itself, or NULL.
 */
const char *nearest_name(const char *word, const struct name *const *tables)
{
	unsigned int least = strlen(word) < 4 ? 2 : 3;
	const char *best = NULL;

	for (; *tables; tables++) {
		const struct name *name;

		for (name = *tables; name->name; name++) {
			unsigned int d = distance(word, name->name);

			if (d && d < least) {
				least = d;
				best = name->name;
			}
		}
	}
	return best;
}

/**
 * list_names() - the names of some tables in words: "in, out or local"
 * @tables: up to a NULL
 */
const char *list_names(const struct name *const *tables, char *buffer, size_t size)
{
	const char *before = NULL, *name;
	size_t length = 0;

	buffer[0] = '\0';
	for (; *tables; tables++) {
		const struct name *at;

		for (at = *tables; at->name && length < size; at++) {
			name = at->name;
			if (before)
				length += snprintf(buffer + length, size - length, "%s%s",
						   length ? ", " : "", before);
			before = name;
		}
	}
	if (before && length < size)
		snprintf(buffer + length, size - length, "%s%s", length ? " or " : "", before);
	return buffer;
}

/**
 * proto_text() - a protocol's name, or its number
 */
const char *proto_text(uint8_t proto, char *buffer, size_t size)
{
	const char *name = name_of(proto_names, proto);

	if (strcmp(name, "?"))
		return name;
	snprintf(buffer, size, "%u", proto);
	return buffer;
}

/**
 * has_ports() - does a protocol have ports? -1 (any) may have.
 */
bool has_ports(int proto)
{
	switch (proto) {
	case -1:
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		return true;
	default:
		return false;
	}
}
