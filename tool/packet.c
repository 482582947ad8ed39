// SPDX-License-Identifier: GPL-2.0-or-later
/* A packet in words -> its bytes, and the interfaces that it would take. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

#include "out.h"
#include "packet.h"

/* --- bytes ----------------------------------------------------------------- */

static void put16(uint8_t *at, uint16_t value)
{
	at[0] = value >> 8;
	at[1] = value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value);
}

/* The Internet checksum (RFC 1071), on top of @sum. */
static uint16_t checksum(const uint8_t *bytes, size_t length, uint32_t sum)
{
	size_t i;

	for (i = 0; i < length; i++)
		sum += i % 2 ? bytes[i] : bytes[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* What the checksums of transports are over as well: addresses, protocol, length. */
static uint32_t pseudo_sum(const struct packet_words *words, size_t length)
{
	size_t size = words->family == AF_INET ? 4 : 16, i;
	uint32_t sum = words->proto + length;

	for (i = 0; i < size; i++)
		sum += i % 2 ? words->src[i] + words->dst[i]
			     : (words->src[i] + words->dst[i]) << 8;
	return sum;
}

/* The transport header; returns its length. */
static size_t build_transport(const struct packet_words *words, uint8_t *l4)
{
	switch (words->proto) {
	case IPPROTO_TCP:
		put16(l4, words->sport);
		put16(l4 + 2, words->dport);
		put32(l4 + 4, 1);
		put32(l4 + 8, words->flags & 0x10 ? 1 : 0);
		l4[12] = 5 << 4;
		l4[13] = words->flags;
		put16(l4 + 14, 65535);
		put16(l4 + 16, checksum(l4, 20, pseudo_sum(words, 20)));
		return 20;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		put16(l4, words->sport);
		put16(l4 + 2, words->dport);
		put16(l4 + 4, 8);
		put16(l4 + 6, checksum(l4, 8, pseudo_sum(words, 8)));
		return 8;
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		put16(l4, words->sport);
		put16(l4 + 2, words->dport);
		return 16;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		l4[0] = words->type;
		put16(l4 + 4, words->id);
		put16(l4 + 2, checksum(l4, 8, words->proto == IPPROTO_ICMP ? 0 :
				       pseudo_sum(words, 8)));
		return 8;
	case IPPROTO_GRE:
		put16(l4, words->keyed ? 0x2000 : 0);
		put16(l4 + 2, 0x0800);
		if (words->keyed)
			put32(l4 + 4, words->key);
		return words->keyed ? 8 : 4;
	default:
		return 8;
	}
}

/**
 * packet_build() - make the bytes of a packet, with right checksums
 * @packet: set to them; its interfaces stay as they are
 */
void packet_build(const struct packet_words *words, struct raw_packet *packet)
{
	uint8_t *ip = packet->bytes;
	size_t head = words->family == AF_INET ? 20 : 40, length;

	memset(packet->bytes, 0, sizeof(packet->bytes));
	length = build_transport(words, ip + head);
	packet->length = head + length;
	packet->has_mac = words->has_mac;
	memcpy(packet->mac, words->mac, sizeof(packet->mac));
	if (words->family == AF_INET) {
		ip[0] = 0x45;
		put16(ip + 2, head + length);
		ip[8] = 64;
		ip[9] = words->proto;
		memcpy(ip + 12, words->src, 4);
		memcpy(ip + 16, words->dst, 4);
		put16(ip + 10, checksum(ip, head, 0));
	} else {
		ip[0] = 0x60;
		put16(ip + 4, length);
		ip[6] = words->proto;
		ip[7] = 64;
		memcpy(ip + 8, words->src, 16);
		memcpy(ip + 24, words->dst, 16);
	}
}

/* --- routes ---------------------------------------------------------------- */

struct route {
	bool answered;
	int err;
	uint8_t type;
	uint32_t oif;
};

static int on_route(struct nl_msg *msg, void *arg)
{
	static struct nla_policy policy[RTA_MAX + 1] = { [RTA_OIF] = { .type = NLA_U32 } };
	struct nlattr *tb[RTA_MAX + 1];
	struct route *route = arg;

	if (nlmsg_hdr(msg)->nlmsg_type != RTM_NEWROUTE ||
	    nlmsg_parse(nlmsg_hdr(msg), sizeof(struct rtmsg), tb, RTA_MAX, policy) < 0)
		return NL_OK;
	route->answered = true;
	route->type = ((struct rtmsg *)nlmsg_data(nlmsg_hdr(msg)))->rtm_type;
	if (tb[RTA_OIF])
		route->oif = nla_get_u32(tb[RTA_OIF]);
	return NL_OK;
}

static int on_route_error(struct sockaddr_nl *from, struct nlmsgerr *e, void *arg)
{
	struct route *route = arg;

	(void)from;
	route->answered = true;
	route->err = e->error;
	return NL_STOP;
}

/* Asks the kernel for the route of a packet from @src, if not NULL, by @iif, if not 0. */
static struct route ask_route(uint8_t family, const uint8_t *dst, const uint8_t *src, uint32_t iif)
{
	struct rtmsg head = { .rtm_family = family, .rtm_dst_len = family == AF_INET ? 32 : 128 };
	struct route route = { .err = 0 };
	struct nl_sock *sock = nl_socket_alloc();
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETROUTE, 0);
	struct nl_cb *cb = nl_cb_alloc(NL_CB_CUSTOM);
	int size = family == AF_INET ? 4 : 16;

	if (!sock || !msg || !cb)
		fail_out_of_memory();
	if (src)
		head.rtm_src_len = head.rtm_dst_len;
	nlmsg_append(msg, &head, sizeof(head), NLMSG_ALIGNTO);
	nla_put(msg, RTA_DST, size, dst);
	if (src)
		nla_put(msg, RTA_SRC, size, src);
	if (iif)
		nla_put_u32(msg, RTA_IIF, iif);
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_route, &route);
	nl_cb_err(cb, NL_CB_CUSTOM, on_route_error, &route);
	nl_socket_disable_auto_ack(sock);
	if (nl_connect(sock, NETLINK_ROUTE) || nl_send_auto(sock, msg) < 0)
		route.err = -EIO;
	while (!route.err && !route.answered)
		if (nl_recvmsgs(sock, cb) < 0 && !route.answered)
			route.err = -EIO;
	nl_cb_put(cb);
	nlmsg_free(msg);
	nl_socket_free(sock);
	return route;
}

static int no_route(const struct packet_words *words, const uint8_t *address, const char *what)
{
	char text[INET6_ADDRSTRLEN];

	address_text(words->family, address, text, sizeof(text));
	wrong("see: ip route", "there is no route %s %s: such a packet goes nowhere", what, text);
	return -1;
}

/**
 * packet_route() - find the interfaces that a packet comes by and leaves by
 * @iif: the name of the first one, or NULL: the one towards the source
 * @packet: gets their indexes
 *
 * In the network namespace that this process is in. Return: 0, PACKET_HERE if it is from this
 * router to itself, or -1 with the error reported.
 */
int packet_route(const struct packet_words *words, const char *iif, struct raw_packet *packet)
{
	struct route route;

	packet->iif = 0;
	packet->oif = 0;
	if (iif) {
		packet->iif = if_nametoindex(iif);
		if (!packet->iif)
			return wrong("see: ip link", "there is no interface `%s`", iif), -1;
	} else {
		/* The answer has the source that asks, where rules of routing look at that. */
		route = ask_route(words->family, words->src, words->dst, 0);
		if (route.err)
			route = ask_route(words->family, words->src, NULL, 0);
		if (route.err || (route.type != RTN_LOCAL && route.type != RTN_UNICAST))
			return no_route(words, words->src, "back to");
		if (route.type == RTN_UNICAST)
			packet->iif = route.oif;
	}
	route = ask_route(words->family, words->dst, words->src, packet->iif);
	/* A source that nobody would believe: the way out is the same. */
	if (route.err && packet->iif)
		route = ask_route(words->family, words->dst, NULL, 0);
	if (route.err || (route.type != RTN_LOCAL && route.type != RTN_UNICAST))
		return no_route(words, words->dst, "to");
	if (route.type == RTN_UNICAST)
		packet->oif = route.oif;
	return packet->iif || packet->oif ? 0 : PACKET_HERE;
}
