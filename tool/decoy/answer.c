// SPDX-License-Identifier: GPL-2.0-or-later
/* Which frames are answered, and how, but for TCP: tcp.c. */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "decoy.h"
#include "openflow.h"
#include "wire.h"

#define HOPS		64

#define ARP_BYTES	28
#define ND_BYTES	24	/* of a solicitation or advertisement, without options */
#define ND_SOLICIT	135
#define ND_ADVERTISE	136
#define ND_TARGET_LINK	2	/* the option with a link address */

/* Of what is quoted in an error: the header and what tells flows apart (RFC 792, 4443). */
#define QUOTED		8

/* For how long the later fragments of an echo request may follow the first one, in ms. */
#define FRAGMENT_MS	5000

/**
 * net_has() - is an address in a network?
 */
bool net_has(const struct net *net, uint8_t family, const uint8_t *address)
{
	unsigned int whole = net->bits / 8, rest = net->bits % 8;

	return net->family == family && !memcmp(net->addr, address, whole) &&
	       (!rest || !((net->addr[whole] ^ address[whole]) >> (8 - rest)));
}

static bool is_decoy(const struct decoy *decoy, uint8_t family, const uint8_t *address)
{
	size_t i;

	for (i = 0; i < decoy->setup->n_nets; i++)
		if (net_has(&decoy->setup->nets[i], family, address))
			return true;
	return false;
}

static bool is_zero(const uint8_t *bytes, size_t n)
{
	while (n && !bytes[n - 1])
		n--;
	return !n;
}

/* A source to whom nothing can be sent, or to whom nothing may be (RFC 1122, 3.2.1.3). */
static bool is_nobody(uint8_t family, const uint8_t *address)
{
	if (family == AF_INET6)
		return address[0] == 0xff || is_zero(address, 15);
	return !address[0] || address[0] == 127 || address[0] >= 224;
}

/**
 * decoy_init() - begin, with nobody known and no connections
 * @key: secret, and random
 */
void decoy_init(struct decoy *decoy, const struct setup *setup, const uint8_t key[SIPHASH_KEY])
{
	memset(decoy, 0, sizeof(*decoy));
	decoy->setup = setup;
	memcpy(decoy->key, key, SIPHASH_KEY);
	decoy->hosts = hosts_new();
	decoy->limits = limits_new();
	decoy->tcp = tcp_new();
	decoy->visitors = visitors_new();
}

/**
 * decoy_free() - free what decoy_init() took
 */
void decoy_free(struct decoy *decoy)
{
	free(decoy->hosts);
	free(decoy->limits);
	free(decoy->tcp);
	free(decoy->visitors);
}

/**
 * setup_free() - free what a set-up holds
 */
void setup_free(struct setup *setup)
{
	while (setup->n_services)
		free(setup->services[--setup->n_services].text);
	free(setup->services);
	free(setup->nets);
	free(setup->ignored);
}

/**
 * decoy_send() - send the reply that has been made
 */
void decoy_send(struct decoy *decoy, const struct origin *to)
{
	decoy->tally.answers++;
	decoy->send(decoy->arg, to, &decoy->reply);
}

/* --- who has an address ---------------------------------------------------- */

/* ARP of Ethernet and IPv4, up to the lower byte of what it is. */
static const uint8_t arp_kind[] = { 0, 1, 8, 0, 6, 4, 0 };

static void answer_arp(struct decoy *decoy, const struct origin *to, const struct frame *frame)
{
	const uint8_t *asked = frame->bytes + frame->network;
	uint8_t mac[MAC_BYTES], *arp;

	decoy_mac(AF_INET, asked + 24, mac);
	reply_link(&decoy->reply, frame->bytes, frame->link, mac, TYPE_ARP);
	arp = reply_room(&decoy->reply, ARP_BYTES);
	memcpy(arp, arp_kind, sizeof(arp_kind));
	arp[7] = 2;
	memcpy(arp + 8, mac, MAC_BYTES);
	memcpy(arp + 14, asked + 24, 4);
	memcpy(arp + 18, asked + 8, 10);
	decoy_send(decoy, to);
}

static void answer_solicitation(struct decoy *decoy, const struct origin *to,
				const struct frame *frame)
{
	const uint8_t *target = frame->bytes + frame->transport + 8;
	uint8_t mac[MAC_BYTES], *icmp;

	decoy_mac(AF_INET6, target, mac);
	reply_link(&decoy->reply, frame->bytes, frame->link, mac, TYPE_IPV6);
	reply_ip(&decoy->reply, AF_INET6, target, frame->src, IPPROTO_ICMPV6, 255, ND_BYTES + 8);
	icmp = reply_room(&decoy->reply, ND_BYTES + 8);
	icmp[0] = ND_ADVERTISE;
	icmp[4] = 0x60;			/* asked for, and takes the place of what was known */
	memcpy(icmp + 8, target, 16);
	icmp[24] = ND_TARGET_LINK;
	icmp[25] = 1;
	memcpy(icmp + 26, mac, MAC_BYTES);
	put16(icmp + 2, sum_transport(AF_INET6, target, frame->src, IPPROTO_ICMPV6, icmp, ND_BYTES + 8));
	decoy_send(decoy, to);
}

static void answer_question(struct decoy *decoy, const struct origin *to, const uint8_t *bytes,
			    size_t n)
{
	struct frame frame;

	if (!frame_read(bytes, n, &frame))
		return;
	if (frame.type == TYPE_ARP)
		answer_arp(decoy, to, &frame);
	else
		answer_solicitation(decoy, to, &frame);
}

static void put_probe(struct reply *reply, const struct frame *frame, const uint8_t *address,
		      const uint8_t *mac)
{
	uint8_t *arp;

	reply_link(reply, frame->bytes, frame->link, mac, TYPE_ARP);
	memset(reply->bytes, 0xff, MAC_BYTES);
	arp = reply_room(reply, ARP_BYTES);
	memcpy(arp, arp_kind, sizeof(arp_kind));
	arp[7] = 1;
	memcpy(arp + 8, mac, MAC_BYTES);
	memcpy(arp + 24, address, 4);
}

static void put_solicitation(struct reply *reply, const struct frame *frame,
			     const uint8_t *address, const uint8_t *mac)
{
	static const uint8_t nobody[16], group[] = { 0x33, 0x33, 0xff };
	/* Of all whose addresses end alike (RFC 4291, 2.7.1). */
	uint8_t asked[16] = { 0xff, 2, [11] = 1, 0xff }, *icmp;

	memcpy(asked + 13, address + 13, 3);
	reply_link(reply, frame->bytes, frame->link, mac, TYPE_IPV6);
	memcpy(reply->bytes, group, sizeof(group));
	memcpy(reply->bytes + sizeof(group), address + 13, 3);
	reply_ip(reply, AF_INET6, nobody, asked, IPPROTO_ICMPV6, 255, ND_BYTES);
	icmp = reply_room(reply, ND_BYTES);
	icmp[0] = ND_SOLICIT;
	memcpy(icmp + 8, address, 16);
	put16(icmp + 2, sum_transport(AF_INET6, nobody, asked, IPPROTO_ICMPV6, icmp, ND_BYTES));
}

/*
 * Asks for an address at all ports of the switch, also that of the asker, as who looks whether
 * it is free (RFC 5227, 2.1.1; RFC 4862, 5.4.2). A real host that is behind the same port tells
 * the asker without the bridge; but it tells this link address, or all nodes, by the bridge.
 */
static void ask_for(struct decoy *decoy, const struct origin *from, const struct frame *frame,
		    uint8_t family, const uint8_t *address)
{
	struct origin all = *from;
	uint8_t mac[MAC_BYTES];

	all.port = OF_FLOOD;
	decoy_mac(family, address, mac);
	if (family == AF_INET)
		put_probe(&decoy->reply, frame, address, mac);
	else
		put_solicitation(&decoy->reply, frame, address, mac);
	decoy->send(decoy->arg, &all, &decoy->reply);
}

/*
 * Somebody asks for an address. Who asks the decoy itself has been answered before: it is
 * told again without a wait, for nobody else hears the question.
 */
static void asked_for(struct decoy *decoy, const struct origin *from, const struct frame *frame,
		      uint8_t family, const uint8_t *address)
{
	struct located where = locate(from, frame, family, address);
	enum host_state state = hosts_look(decoy, &where);

	if (state == HOST_REAL) {
		decoy->tally.real++;
		return;
	}
	if (state == HOST_NONE || is_decoy_mac(frame->bytes))
		answer_question(decoy, from, frame->bytes, frame->end);
	else if (hosts_wait(decoy, from, frame, &where))
		ask_for(decoy, from, frame, family, address);
}

/*
 * A real host has an address, or says so: who wants a decoy to be silent says that as well.
 * If one has answered there, that is told.
 */
static void claimed(struct decoy *decoy, const struct origin *from, const struct frame *frame,
		    uint8_t family, const uint8_t *address, const uint8_t *mac)
{
	struct located where = locate(from, frame, family, address);

	if (hosts_was_none(decoy, &where))
		visitor_came(decoy, &(struct visit){ family, VISIT_CLAIM, where.address, where.address,
						     mac, 0, 0 });
	hosts_claim(decoy, &where);
}

/*
 * ARP (RFC 826). Who says that an address is its own, or looks whether it is free (RFC 5227),
 * is a real host; but not another decoy, or this one as another bridge hears it.
 */
static void read_arp(struct decoy *decoy, const struct origin *from, const struct frame *frame)
{
	const uint8_t *arp = frame->bytes + frame->network, *sender = arp + 14, *target = arp + 24;

	if (frame->end - frame->network < ARP_BYTES || memcmp(arp, arp_kind, sizeof(arp_kind)) ||
	    is_decoy_mac(frame->bytes + MAC_BYTES) || is_decoy_mac(arp + 8))
		return;
	if (is_zero(sender, 4)) {
		if (is_decoy(decoy, AF_INET, target))
			claimed(decoy, from, frame, AF_INET, target, arp + 8);
		return;
	}
	if (!limit_take(decoy, AF_INET, sender)) {
		decoy->tally.limited++;
		return;
	}
	if (is_decoy(decoy, AF_INET, sender))
		claimed(decoy, from, frame, AF_INET, sender, arp + 8);
	if (arp[7] == 1 && memcmp(sender, target, 4) && !is_nobody(AF_INET, sender) &&
	    is_decoy(decoy, AF_INET, target))
		asked_for(decoy, from, frame, AF_INET, target);
}

/*
 * Neighbour discovery (RFC 4861, 7.1.1, 7.1.2), and who looks for an address (RFC 4862); of
 * decoys as with ARP.
 */
static void read_discovery(struct decoy *decoy, const struct origin *from,
			   const struct frame *frame)
{
	const uint8_t *icmp = frame->bytes + frame->transport, *target = icmp + 8;
	size_t n = frame->end - frame->transport;

	if (is_decoy_mac(frame->bytes + MAC_BYTES) || frame->hops != 255 || frame->fragment ||
	    n < ND_BYTES || icmp[1] || sum_transport(AF_INET6, frame->src, frame->dst,
						     IPPROTO_ICMPV6, icmp, n))
		return;
	if (icmp[0] == ND_ADVERTISE || is_zero(frame->src, 16)) {
		if (is_decoy(decoy, AF_INET6, target))
			claimed(decoy, from, frame, AF_INET6, target, frame->bytes + MAC_BYTES);
		return;
	}
	if (!limit_take(decoy, AF_INET6, frame->src)) {
		decoy->tally.limited++;
		return;
	}
	if (is_decoy(decoy, AF_INET6, frame->src))
		claimed(decoy, from, frame, AF_INET6, frame->src, frame->bytes + MAC_BYTES);
	if (!is_nobody(AF_INET6, frame->src) && memcmp(frame->src, target, 16) &&
	    is_decoy(decoy, AF_INET6, target))
		asked_for(decoy, from, frame, AF_INET6, target);
}

static struct visit visit_of(const struct frame *frame, uint16_t from_port, uint16_t port)
{
	return (struct visit){ frame->family, frame->proto, frame->src, frame->dst,
			       frame->bytes + MAC_BYTES, from_port, port };
}

/* --- echo ------------------------------------------------------------------ */

/* Is a later fragment one of an echo request that has been answered? */
static bool known_fragment(struct decoy *decoy, const struct origin *from,
			   const struct frame *frame)
{
	struct {
		struct located to;
		uint8_t src[16], ident[4];
	} whose = { .to = locate(from, frame, frame->family, frame->dst) };
	struct echo *echo;
	uint64_t hash;

	memcpy(whose.src, frame->src, 16);
	put32(whose.ident, frame->ident);
	hash = siphash(decoy->key, &whose, sizeof(whose));
	echo = &decoy->echo[hash % DECOY_ECHOES];
	if (!frame->offset)
		*echo = (struct echo){ hash, decoy->now + FRAGMENT_MS };
	return echo->hash == hash && echo->until > decoy->now;
}

/* The IPv4 header with its options, or that of IPv6 with that of a fragment. */
static void reply_header(struct decoy *decoy, const struct frame *frame)
{
	const uint8_t *ip = frame->bytes + frame->network;
	size_t length = frame->end - frame->transport;
	uint8_t *to;

	if (frame->family == AF_INET) {
		size_t header = frame->transport - frame->network;

		to = reply_room(&decoy->reply, header);
		memcpy(to, ip, header);
		to[8] = HOPS;
		memcpy(to + 12, frame->dst, 4);
		memcpy(to + 16, frame->src, 4);
		put16(to + 10, 0);
		put16(to + 10, sum_fold(sum_add(0, to, header)));
		return;
	}
	reply_ip(&decoy->reply, AF_INET6, frame->dst, frame->src,
		 frame->fragment_header ? IPPROTO_FRAGMENT : IPPROTO_ICMPV6, HOPS,
		 length + (frame->fragment_header ? 8 : 0));
	if (frame->fragment_header) {
		to = reply_room(&decoy->reply, 8);
		memcpy(to, frame->bytes + frame->fragment_header, 8);
		to[0] = IPPROTO_ICMPV6;
	}
}

/*
 * An echo request, or a fragment of one: the same comes back, with another type. The
 * checksum needs no more than that, so that each fragment is answered by itself (RFC 1624).
 */
static void answer_echo(struct decoy *decoy, const struct origin *to, const struct frame *frame)
{
	size_t n = frame->end - frame->transport;
	uint8_t mac[MAC_BYTES], *icmp;

	if (frame->fragment && !known_fragment(decoy, to, frame))
		return;
	decoy_mac(frame->family, frame->dst, mac);
	reply_link(&decoy->reply, frame->bytes, frame->link, mac, frame->type);
	reply_header(decoy, frame);
	icmp = reply_room(&decoy->reply, n);
	if (!icmp)
		return;
	memcpy(icmp, frame->bytes + frame->transport, n);
	if (!frame->offset) {
		uint16_t old = get16(icmp), sum = ~get16(icmp + 2);

		icmp[0] = frame->family == AF_INET ? 0 : 129;
		sum = sum_fold((uint32_t)sum + (uint16_t)~old + get16(icmp));
		/* Of all zeros, this one alone is right; otherwise they are the same. */
		put16(icmp + 2, sum ? sum : 0xffff);
	}
	decoy_send(decoy, to);
}

static void read_icmp(struct decoy *decoy, const struct origin *from, const struct frame *frame)
{
	struct visit visit = visit_of(frame, 0, 0);
	const uint8_t *icmp = frame->bytes + frame->transport;
	size_t n = frame->end - frame->transport;

	if (!frame->offset) {
		if (n < 8 || icmp[0] != (frame->family == AF_INET ? 8 : 128) || icmp[1])
			return;
		if (!frame->fragment &&
		    sum_transport(frame->family, frame->src, frame->dst, frame->proto, icmp, n))
			return;
		visitor_came(decoy, &visit);
	}
	answer_echo(decoy, from, frame);
}

/* --- UDP ------------------------------------------------------------------- */

/*
 * Nobody listens (RFC 792; RFC 4443, 3.1). No more of the packet is quoted than has to be:
 * the answer stays below twice what was sent.
 */
static void refuse_udp(struct decoy *decoy, const struct origin *to, const struct frame *frame)
{
	bool ipv4 = frame->family == AF_INET;
	size_t header = ipv4 ? frame->transport - frame->network : 40, n = 8 + header + QUOTED;
	uint8_t mac[MAC_BYTES], *icmp;

	decoy_mac(frame->family, frame->dst, mac);
	reply_link(&decoy->reply, frame->bytes, frame->link, mac, frame->type);
	reply_ip(&decoy->reply, frame->family, frame->dst, frame->src,
		 ipv4 ? IPPROTO_ICMP : IPPROTO_ICMPV6, HOPS, n);
	icmp = reply_room(&decoy->reply, n);
	icmp[0] = ipv4 ? 3 : 1;
	icmp[1] = ipv4 ? 3 : 4;
	memcpy(icmp + 8, frame->bytes + frame->network, header);
	memcpy(icmp + 8 + header, frame->bytes + frame->transport, QUOTED);
	if (!ipv4)		/* the extension headers are left out */
		icmp[8 + 6] = IPPROTO_UDP;
	put16(icmp + 2, sum_transport(frame->family, frame->dst, frame->src,
				      ipv4 ? IPPROTO_ICMP : IPPROTO_ICMPV6, icmp, n));
	decoy_send(decoy, to);
}

static void read_udp(struct decoy *decoy, const struct origin *from, const struct frame *frame)
{
	const uint8_t *udp = frame->bytes + frame->transport;
	size_t n = frame->end - frame->transport;
	struct visit visit;

	if (frame->fragment || n < 8 || get16(udp + 4) < 8 || get16(udp + 4) > n)
		return;
	n = get16(udp + 4);
	if ((get16(udp + 6) || frame->family == AF_INET6) &&
	    sum_transport(frame->family, frame->src, frame->dst, IPPROTO_UDP, udp, n))
		return;
	visit = visit_of(frame, get16(udp), get16(udp + 2));
	visitor_came(decoy, &visit);
	visitor_said(decoy, &visit, udp + 8, n - 8);
	refuse_udp(decoy, from, frame);
}

/* --- all ------------------------------------------------------------------- */

static void read_ip(struct decoy *decoy, const struct origin *from, const struct frame *frame)
{
	struct located where;

	/* Decoys do not talk to each other: neither of them would ever stop. */
	if (!is_decoy(decoy, frame->family, frame->dst) || is_nobody(frame->family, frame->src) ||
	    frame->bytes[0] & 1 || is_decoy_mac(frame->bytes + MAC_BYTES) || frame->routed)
		return;
	where = locate(from, frame, frame->family, frame->dst);
	if (hosts_look(decoy, &where) == HOST_REAL) {
		decoy->tally.real++;
		return;
	}
	if (!limit_take(decoy, frame->family, frame->src)) {
		decoy->tally.limited++;
		return;
	}
	if (frame->proto == (frame->family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6))
		read_icmp(decoy, from, frame);
	else if (frame->proto == IPPROTO_UDP)
		read_udp(decoy, from, frame);
	else if (frame->proto == IPPROTO_TCP && !frame->fragment)
		tcp_segment(decoy, from, frame);
}

static bool is_discovery(const struct frame *frame)
{
	return frame->family == AF_INET6 && frame->proto == IPPROTO_ICMPV6 && !frame->offset &&
	       frame->end > frame->transport &&
	       (frame->bytes[frame->transport] == ND_SOLICIT ||
		frame->bytes[frame->transport] == ND_ADVERTISE);
}

/**
 * decoy_frame() - look at a frame, and answer it if it is for a decoy
 * @now: in ms, from the same beginning as always
 */
void decoy_frame(struct decoy *decoy, const struct origin *from, const uint8_t *bytes, size_t n,
		 uint64_t now)
{
	struct frame frame;

	decoy->now = now;
	decoy->tally.frames++;
	if (!frame_read(bytes, n, &frame))
		return;
	if (frame.type == TYPE_ARP)
		read_arp(decoy, from, &frame);
	else if (is_discovery(&frame))
		read_discovery(decoy, from, &frame);
	else if (frame.family)
		read_ip(decoy, from, &frame);
}

/**
 * decoy_tick() - do what is due
 *
 * Return: in how many ms this is to be called again.
 */
unsigned int decoy_tick(struct decoy *decoy, uint64_t now)
{
	unsigned int hosts, tcp;

	decoy->now = now;
	hosts = hosts_tick(decoy, answer_question);
	tcp = tcp_tick(decoy);
	return hosts < tcp ? hosts : tcp;
}
