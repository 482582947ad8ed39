// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The bytes of a packet -> what it is. Nothing is believed: a length that says more than
 * there is ends the reading, and what was found so far stays.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "frame.h"

/* Numbers of link types, as captures have them (www.tcpdump.org/linktypes.html). */
enum {
	LINK_NULL = 0, LINK_ETHERNET = 1, LINK_DLT_RAW = 12, LINK_RAW = 101, LINK_LOOP = 108,
	LINK_SLL = 113, LINK_IPV4 = 228, LINK_IPV6 = 229, LINK_SLL2 = 276,
};

/* EtherTypes; less than TYPE_LEAST is a length, and LLC follows. */
enum {
	TYPE_LEAST = 0x600, TYPE_IP = 0x800, TYPE_ARP = 0x806, TYPE_VLAN = 0x8100,
	TYPE_IPV6 = 0x86dd, TYPE_QINQ = 0x88a8, TYPE_QINQ_OLD = 0x9100, TYPE_MPLS = 0x8847,
	TYPE_LLDP = 0x88cc,
};

#define TAGS_MAX	3	/* VLAN tags that are taken off */
#define EXTENSIONS_MAX	8	/* headers of IPv6 that are walked */

static const char *const names[LAYER_MAX] = {
	[LAYER_ETH] = "eth", [LAYER_SLL] = "sll", [LAYER_NULL] = "null", [LAYER_RAW] = "raw",
	[LAYER_VLAN] = "vlan", [LAYER_LLC] = "llc", [LAYER_ARP] = "arp", [LAYER_IP] = "ip",
	[LAYER_IPV6] = "ipv6", [LAYER_LLDP] = "lldp", [LAYER_MPLS] = "mpls",
	[LAYER_OTHER] = "other", [LAYER_TCP] = "tcp", [LAYER_UDP] = "udp",
	[LAYER_UDPLITE] = "udplite", [LAYER_ICMP] = "icmp", [LAYER_ICMPV6] = "icmpv6",
	[LAYER_SCTP] = "sctp", [LAYER_DCCP] = "dccp", [LAYER_GRE] = "gre", [LAYER_ESP] = "esp",
	[LAYER_AH] = "ah", [LAYER_IGMP] = "igmp", [LAYER_OSPF] = "ospf", [LAYER_DNS] = "dns",
	[LAYER_HTTP] = "http", [LAYER_TLS] = "tls",
};

/* The bytes, and how far they have been read. */
struct cursor {
	const uint8_t *bytes;
	uint32_t len;
	uint32_t at;
};

/* The next @n bytes, or NULL if there are not so many. */
static const uint8_t *take(struct cursor *c, uint32_t n)
{
	const uint8_t *here = c->bytes + c->at;

	if (n > c->len - c->at)
		return NULL;
	c->at += n;
	return here;
}

static void add_layer(struct frame *frame, enum layer layer)
{
	int i;

	for (i = 0; i < FRAME_LAYERS; i++)
		if (!frame->layers[i]) {
			frame->layers[i] = layer;
			return;
		}
}

/**
 * frame_link_known() - whether packets of a link type can be read
 */
bool frame_link_known(int link)
{
	switch (link) {
	case LINK_NULL: case LINK_ETHERNET: case LINK_DLT_RAW: case LINK_RAW: case LINK_LOOP:
	case LINK_SLL: case LINK_IPV4: case LINK_IPV6: case LINK_SLL2:
		return true;
	default:
		return false;
	}
}

/* The EtherType behind the link layer, 0 if it is cut short. */
static uint16_t read_link(int link, struct cursor *c, struct frame *frame)
{
	const uint8_t *at;

	switch (link) {
	case LINK_ETHERNET:
		at = take(c, 14);
		add_layer(frame, LAYER_ETH);
		if (!at)
			return 0;
		memcpy(frame->dst, at, 6);
		memcpy(frame->src, at + 6, 6);
		return be16(at + 12);
	case LINK_SLL:
		at = take(c, 16);
		add_layer(frame, LAYER_SLL);
		if (at)
			memcpy(frame->src, at + 6, 6);
		return at ? be16(at + 14) : 0;
	case LINK_SLL2:
		at = take(c, 20);
		add_layer(frame, LAYER_SLL);
		if (at)
			memcpy(frame->src, at + 12, 6);
		return at ? be16(at) : 0;
	case LINK_NULL:
	case LINK_LOOP:		/* a number of the family, in whichever order of bytes */
		add_layer(frame, LAYER_NULL);
		if (!take(c, 4))
			return 0;
		break;
	default:
		add_layer(frame, LAYER_RAW);
		break;
	}
	if (c->at == c->len)
		return 0;
	return c->bytes[c->at] >> 4 == 4 ? TYPE_IP : c->bytes[c->at] >> 4 == 6 ? TYPE_IPV6 : 0;
}

static uint16_t read_tags(uint16_t type, struct cursor *c, struct frame *frame)
{
	int i;

	for (i = 0; i < TAGS_MAX; i++) {
		const uint8_t *at;

		if (type != TYPE_VLAN && type != TYPE_QINQ && type != TYPE_QINQ_OLD)
			break;
		at = take(c, 4);
		add_layer(frame, LAYER_VLAN);
		if (!at)
			return 0;
		if (frame->vlan == NO_VLAN)
			frame->vlan = be16(at) & 0xfff;
		type = be16(at + 2);
	}
	return type;
}

/* What a payload begins with tells: ports are only a habit. */
static enum layer payload_layer(const struct frame *frame)
{
	static const char *const http[] = {
		"GET ", "POST ", "HEAD ", "PUT ", "DELETE ", "OPTIONS ", "CONNECT ", "PATCH ",
		"HTTP/1.",
	};
	const uint8_t *p = frame->payload;
	size_t i;

	if (frame->sport == 53 || frame->dport == 53)
		return frame->payload_len >= 12 ? LAYER_DNS : LAYER_NONE;
	if (frame->proto != IPPROTO_TCP)
		return LAYER_NONE;
	if (frame->payload_len >= 5 && p[0] >= 20 && p[0] <= 23 && p[1] == 3 && p[2] <= 4)
		return LAYER_TLS;
	for (i = 0; i < sizeof(http) / sizeof(*http); i++)
		if (frame->payload_len >= strlen(http[i]) &&
		    !memcmp(p, http[i], strlen(http[i])))
			return LAYER_HTTP;
	return LAYER_NONE;
}

static void read_payload(struct cursor *c, struct frame *frame)
{
	frame->whole = true;
	frame->payload = c->bytes + c->at;
	frame->payload_len = c->len - c->at;
	if (frame->payload_len)
		add_layer(frame, payload_layer(frame));
}

/* @wire: how long the segment was, by what IP says. */
static void read_tcp(struct cursor *c, uint32_t wire, struct frame *frame)
{
	const uint8_t *at = take(c, 20);
	uint32_t header;

	if (!at)
		return;
	frame->sport = be16(at);
	frame->dport = be16(at + 2);
	header = (at[12] >> 4) * 4;
	if (header < 20 || header > wire)
		return;
	frame->seq = be32(at + 4);
	frame->ack = be32(at + 8);
	frame->flags = at[13];
	frame->segment_len = wire - header;
	frame->whole = true;
	if (take(c, header - 20))
		read_payload(c, frame);
}

static enum layer transport_layer(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP: return LAYER_TCP;
	case IPPROTO_UDP: return LAYER_UDP;
	case IPPROTO_UDPLITE: return LAYER_UDPLITE;
	case IPPROTO_ICMP: return LAYER_ICMP;
	case IPPROTO_ICMPV6: return LAYER_ICMPV6;
	case IPPROTO_SCTP: return LAYER_SCTP;
	case IPPROTO_DCCP: return LAYER_DCCP;
	case IPPROTO_GRE: return LAYER_GRE;
	case IPPROTO_ESP: return LAYER_ESP;
	case IPPROTO_AH: return LAYER_AH;
	case IPPROTO_IGMP: return LAYER_IGMP;
	case 89: return LAYER_OSPF;
	default: return LAYER_OTHER;
	}
}

static void read_transport(struct cursor *c, uint32_t wire, struct frame *frame)
{
	const uint8_t *at;

	add_layer(frame, transport_layer(frame->proto));
	switch (frame->proto) {
	case IPPROTO_TCP:
		read_tcp(c, wire, frame);
		break;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		at = take(c, 8);
		if (!at)
			break;
		frame->sport = be16(at);
		frame->dport = be16(at + 2);
		read_payload(c, frame);
		break;
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		at = take(c, 12);
		if (!at)
			break;
		frame->sport = be16(at);
		frame->dport = be16(at + 2);
		frame->whole = true;
		break;
	default:
		frame->whole = true;
		break;
	}
}

/* Cuts off what pads the frame; @total is the length of the packet by its header. */
static void cut_padding(struct cursor *c, uint32_t total, struct frame *frame)
{
	if (total < c->len - frame->net_at)
		c->len = frame->net_at + total;
	frame->net_len = c->len - frame->net_at;
}

static void read_ipv4(struct cursor *c, struct frame *frame)
{
	const uint8_t *at = take(c, 20);
	uint32_t header, total;

	add_layer(frame, LAYER_IP);
	if (!at || at[0] >> 4 != 4)
		return;
	header = (at[0] & 0xf) * 4;
	total = be16(at + 2);
	if (!total)		/* of a sender that lets its card cut segments */
		total = c->len - frame->net_at;
	if (header < 20 || total < header)
		return;
	frame->family = AF_INET;
	frame->proto = at[9];
	memset(frame->src, 0, sizeof(frame->src));
	memset(frame->dst, 0, sizeof(frame->dst));
	memcpy(frame->src, at + 12, 4);
	memcpy(frame->dst, at + 16, 4);
	cut_padding(c, total, frame);
	if (!take(c, header - 20))
		return;
	if (be16(at + 6) & 0x1fff)	/* a later fragment */
		add_layer(frame, transport_layer(frame->proto));
	else
		read_transport(c, total - header, frame);
}

static void read_ipv6(struct cursor *c, struct frame *frame)
{
	const uint8_t *at = take(c, 40);
	uint32_t total, begin = c->at;
	int i;

	add_layer(frame, LAYER_IPV6);
	if (!at || at[0] >> 4 != 6)
		return;
	total = be16(at + 4) ? 40u + be16(at + 4) : c->len - frame->net_at;
	frame->family = AF_INET6;
	frame->proto = at[6];
	memcpy(frame->src, at + 8, 16);
	memcpy(frame->dst, at + 24, 16);
	cut_padding(c, total, frame);
	for (i = 0; i < EXTENSIONS_MAX; i++) {
		uint32_t header;

		switch (frame->proto) {
		case IPPROTO_HOPOPTS:
		case IPPROTO_ROUTING:
		case IPPROTO_DSTOPTS:
			at = take(c, 8);
			header = at ? at[1] * 8 : 0;
			break;
		case IPPROTO_FRAGMENT:
			at = take(c, 8);
			header = 0;
			break;
		default:
			if (c->at - begin + 40 <= total)
				read_transport(c, total - 40 - (c->at - begin), frame);
			return;
		}
		if (!at)
			return;
		if (frame->proto == IPPROTO_FRAGMENT && be16(at + 2) & 0xfff8) {
			frame->proto = at[0];
			add_layer(frame, transport_layer(frame->proto));
			return;
		}
		frame->proto = at[0];
		if (!take(c, header))
			return;
	}
}

/**
 * frame_dissect() - read what a packet is
 * @link: its link type, one that frame_link_known() knows
 * @bytes: as captured
 * @caplen: how many
 * @frame: filled as far as the bytes go; it points into them
 */
void frame_dissect(int link, const uint8_t *bytes, uint32_t caplen, struct frame *frame)
{
	struct cursor c = { bytes, caplen, 0 };

	memset(frame, 0, sizeof(*frame));
	frame->vlan = NO_VLAN;
	frame->net = read_tags(read_link(link, &c, frame), &c, frame);
	frame->net_at = c.at;
	frame->net_len = c.len - c.at;
	switch (frame->net) {
	case 0:
		break;
	case TYPE_IP:
		read_ipv4(&c, frame);
		break;
	case TYPE_IPV6:
		read_ipv6(&c, frame);
		break;
	case TYPE_ARP:
		add_layer(frame, LAYER_ARP);
		break;
	case TYPE_LLDP:
		add_layer(frame, LAYER_LLDP);
		break;
	case TYPE_MPLS:
		add_layer(frame, LAYER_MPLS);
		break;
	default:
		add_layer(frame, frame->net < TYPE_LEAST ? LAYER_LLC : LAYER_OTHER);
		break;
	}
}

/**
 * layer_name() - "tcp"
 */
const char *layer_name(enum layer layer)
{
	return layer < LAYER_MAX && names[layer] ? names[layer] : "?";
}

/**
 * layer_find() - the protocol of a name, or LAYER_NONE
 * @length: of the name, which need not end there
 */
enum layer layer_find(const char *name, size_t length)
{
	int i;

	for (i = 1; i < LAYER_MAX; i++)
		if (strlen(names[i]) == length && !memcmp(names[i], name, length))
			return i;
	return LAYER_NONE;
}

/**
 * frame_path() - its protocols as one number: a byte each, the outermost is the highest
 */
uint64_t frame_path(const struct frame *frame)
{
	uint64_t path = 0;
	int i;

	for (i = 0; i < FRAME_LAYERS; i++)
		path = path << 8 | frame->layers[i];
	return path;
}

/**
 * path_text() - "eth:vlan:ip:tcp"
 */
char *path_text(uint64_t path, char *buffer, size_t size)
{
	size_t n = 0;
	int shift;

	*buffer = '\0';
	for (shift = 56; shift >= 0 && (path >> shift & 0xff) && n < size; shift -= 8)
		n += snprintf(buffer + n, size - n, "%s%s", n ? ":" : "",
			      layer_name(path >> shift & 0xff));
	return buffer;
}
