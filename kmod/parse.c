// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bytes -> tuple, or the reason why not.
 *
 * Pure: it reads the packet through skb_header_pointer() alone, keeps nothing
 * and touches nothing, so that it is built and fuzzed in user space as well.
 * Each part of a header is fetched before a field of it is used, and every offset
 * stays below 64 KiB, the most that an IP packet can need.
 */
#include <linux/compiler.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/kernel.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include <linux/flowwall.h>

#include "parse.h"

/* RFC 8200, section 4.1, knows seven places for an extension header. */
#define MAX_EXTENSIONS		8
#define MAX_EXTENSION_BYTES	2048

#define IPV4_PLAIN		0x45	/* version, and length of a header without options */
#define IPV4_MORE_FRAGMENTS	0x2000
#define IPV4_OFFSET		0x1fff
#define IPV6_OFFSET		0xfff8

/* SCTP's common header (RFC 9260) and DCCP's shortest (RFC 4340). */
#define SCTP_HEADER		12
#define DCCP_HEADER		12

/* RFC 792: an error quotes the IP header and at least 8 bytes more. */
#define QUOTED_BYTES		8

/* RFC 791, section 3.1: the options of IPv4. */
#define IPV4_OPTION_BYTES	40

/* RFC 9293, section 3.2, and RFC 7323, section 2.2. */
#define OPTION_END		0
#define OPTION_NOP		1
#define OPTION_SCALE		3
#define OPTION_SCALE_LEN	3
#define OPTION_BYTES		40

#define GRE_CHECKSUM		0x8000
#define GRE_ROUTING		0x4000
#define GRE_KEY			0x2000
#define GRE_VERSION		0x0007

struct gre_base {
	__be16 flags;
	__be16 protocol;
};

struct fragment_header {
	u8 nexthdr;
	u8 reserved;
	__be16 offset;
	__be32 id;
};

/**
 * fwl_proto_has_ports() - does the protocol begin with two 16-bit ports?
 * @proto: IP protocol
 */
bool fwl_proto_has_ports(u8 proto)
{
	switch (proto) {
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

/*
 * The flags that a segment can have together (RFC 9293, section 3.10); PSH may
 * join any of them. All others come from scanners and broken middleboxes.
 */
static bool tcp_flags_valid(u8 flags)
{
	switch (flags & ~FWL_TCP_PSH) {
	case FWL_TCP_SYN:
	case FWL_TCP_SYN | FWL_TCP_URG:
	case FWL_TCP_SYN | FWL_TCP_ACK:
	case FWL_TCP_RST:
	case FWL_TCP_RST | FWL_TCP_ACK:
	case FWL_TCP_ACK:
	case FWL_TCP_ACK | FWL_TCP_URG:
	case FWL_TCP_FIN | FWL_TCP_ACK:
	case FWL_TCP_FIN | FWL_TCP_ACK | FWL_TCP_URG:
		return true;
	default:
		return false;
	}
}

/*
 * Everything below fills @pkt with the ends as the packet has them, source
 * first; this puts them in the flow's order.
 */
static __always_inline void order_words(struct fwl_packet *pkt, unsigned int words, bool ports)
{
	struct fwl_ends *ends = &pkt->ends;
	unsigned int i;

	for (i = 0; i < words && ends->addr[0][i] == ends->addr[1][i]; i++)
		;
	if (i < words)
		pkt->swapped = ntohl(ends->addr[0][i]) > ntohl(ends->addr[1][i]);
	else
		pkt->swapped = ports && ntohs(ends->port[0]) > ntohs(ends->port[1]);
	if (!pkt->swapped)
		return;

	for (i = 0; i < words; i++)
		swap(ends->addr[0][i], ends->addr[1][i]);
	if (ports) /* both at once, as they will be read */
		ends->id = (__force __be32)rol32((__force u32)ends->id, 16);
}

static __always_inline void order_ends(struct fwl_packet *pkt, bool ports)
{
	if (fwl_kind_ipv6(pkt->kind))
		order_words(pkt, 4, ports);
	else
		order_words(pkt, 1, ports);
}

/*
 * The window scale that a SYN offers. Options that contradict themselves are none
 * of a firewall's business: what stands before them counts.
 */
static u8 window_scale(const struct sk_buff *skb, unsigned int at, unsigned int len)
{
	u8 buffer[OPTION_BYTES] SCRATCH;
	const u8 *option = skb_header_pointer(skb, at, len, buffer);
	unsigned int i = 0;

	while (option && i < len && option[i] != OPTION_END) {
		if (option[i] == OPTION_NOP) {
			i++;
			continue;
		}
		if (i + 1 >= len || option[i + 1] < 2 || i + option[i + 1] > len)
			break;
		if (option[i] == OPTION_SCALE && option[i + 1] == OPTION_SCALE_LEN)
			/* RFC 7323, section 2.3: more than 14 means 14. */
			return option[i + 2] < 14 ? option[i + 2] : 14;
		i += option[i + 1];
	}
	return FWL_TCP_UNSCALED;
}

HOT
static int parse_tcp(const struct sk_buff *skb, unsigned int l4, const struct tcphdr *tcp,
		     struct fwl_packet *pkt)
{
	unsigned int header = tcp->doff * 4;
	struct fwl_segment *segment = &pkt->tcp;

	segment->flags = ((const u8 *)tcp)[13] & 0x3f;
	if (header < sizeof(*tcp) || !tcp_flags_valid(segment->flags))
		return -FLOWWALL_DROP_MALFORMED;
	if (header > pkt->len - pkt->l4)
		return -FLOWWALL_DROP_TRUNCATED;
	segment->seq = ntohl(tcp->seq);
	segment->ack = ntohl(tcp->ack_seq);
	segment->len = pkt->len - pkt->l4 - header;
	segment->window = ntohs(tcp->window);
	if (segment->flags & FWL_TCP_SYN)
		segment->scale = window_scale(skb, l4 + sizeof(*tcp), header - sizeof(*tcp));
	return 0;
}

/* A first fragment says the length of the whole; RFC 2675's jumbogram says zero. */
static bool udp_length_valid(u16 length, const struct fwl_packet *pkt)
{
	if (!length)
		return fwl_kind_ipv6(pkt->kind);
	return length >= sizeof(struct udphdr) &&
	       (pkt->fragment || length <= pkt->len - pkt->l4);
}

static int parse_ports(const struct sk_buff *skb, unsigned int offset,
		       bool quoted, struct fwl_packet *pkt)
{
	unsigned int l4 = offset + pkt->l4;
	union {
		struct tcphdr tcp;
		struct udphdr udp;
		__be16 ports[2];
		u8 bytes[20];
	} buffer SCRATCH;
	const __be16 *ports;

	switch (quoted ? IPPROTO_MAX : fwl_kind_proto(pkt->kind)) {
	case IPPROTO_TCP: {
		const struct tcphdr *tcp;
		int err;

		tcp = skb_header_pointer(skb, l4, sizeof(*tcp), &buffer);
		if (!tcp)
			return -FLOWWALL_DROP_TRUNCATED;
		err = parse_tcp(skb, l4, tcp, pkt);
		if (err)
			return err;
		ports = (const __be16 *)tcp;
		break;
	}
	case IPPROTO_UDP: {
		const struct udphdr *udp;

		udp = skb_header_pointer(skb, l4, sizeof(*udp), &buffer);
		if (!udp)
			return -FLOWWALL_DROP_TRUNCATED;
		if (!udp_length_valid(ntohs(udp->len), pkt))
			return -FLOWWALL_DROP_MALFORMED;
		ports = (const __be16 *)udp;
		break;
	}
	case IPPROTO_SCTP:
		ports = skb_header_pointer(skb, l4, SCTP_HEADER, &buffer);
		break;
	case IPPROTO_DCCP:
		ports = skb_header_pointer(skb, l4, DCCP_HEADER, &buffer);
		break;
	default: /* UDP-Lite's header is 8 bytes, too */
		ports = skb_header_pointer(skb, l4, QUOTED_BYTES, &buffer);
		break;
	}
	if (!ports)
		return -FLOWWALL_DROP_TRUNCATED;

	memcpy(pkt->ends.port, ports, sizeof(pkt->ends.port));
	order_ends(pkt, true);
	return 0;
}

/*
 * The id of an ICMP query and of its reply. It holds the query's type and which
 * end asked, so that two hosts that ping each other with the same identifier
 * have two flows, and a query never passes as a reply.
 */
static __be32 fwl_icmp_id(__be16 id, u8 query_type, u8 asking_end)
{
	return htonl(asking_end << 24 | query_type << 16 | ntohs(id));
}

/**
 * fwl_packet_set_icmp() - say of which type the query was that made a flow
 * @pkt: with the ends and the kind of the flow, of whatever protocol; the rest set
 */
void fwl_packet_set_icmp(struct fwl_packet *pkt)
{
	if (fwl_kind_proto(pkt->kind) != (fwl_kind_ipv6(pkt->kind) ? IPPROTO_ICMPV6 : IPPROTO_ICMP))
		return;
	pkt->icmp = FWL_ICMP_QUERY;
	pkt->icmp_type = ntohl(pkt->ends.id) >> 16;
}

static enum fwl_icmp icmp4_class(u8 type, u8 *query_type)
{
	switch (type) {
	case ICMP_ECHO:
	case ICMP_TIMESTAMP:
	case ICMP_INFO_REQUEST:
	case ICMP_ADDRESS:
		*query_type = type;
		return FWL_ICMP_QUERY;
	case ICMP_ECHOREPLY:
		*query_type = ICMP_ECHO;
		return FWL_ICMP_REPLY;
	case ICMP_TIMESTAMPREPLY:
	case ICMP_INFO_REPLY:
	case ICMP_ADDRESSREPLY:
		*query_type = type - 1;
		return FWL_ICMP_REPLY;
	case ICMP_DEST_UNREACH:
	case ICMP_TIME_EXCEEDED:
	case ICMP_PARAMETERPROB:
		return FWL_ICMP_ERROR;
	case ICMP_REDIRECT:
		return FWL_ICMP_REDIRECT;
	default:
		return FWL_ICMP_OTHER;
	}
}

static enum fwl_icmp icmp6_class(u8 type, u8 *query_type)
{
	switch (type) {
	case ICMPV6_ECHO_REQUEST:
	case ICMPV6_ECHO_REPLY:
		*query_type = ICMPV6_ECHO_REQUEST;
		return type == ICMPV6_ECHO_REQUEST ? FWL_ICMP_QUERY : FWL_ICMP_REPLY;
	case ICMPV6_DEST_UNREACH:
	case ICMPV6_PKT_TOOBIG:
	case ICMPV6_TIME_EXCEED:
	case ICMPV6_PARAMPROB:
		return FWL_ICMP_ERROR;
	case 137:
		return FWL_ICMP_REDIRECT;
	case 133: /* router solicitation to neighbour advertisement, RFC 4861 */
	case 134:
	case 135:
	case 136:
		return FWL_ICMP_NEIGHBOUR;
	default:
		return FWL_ICMP_OTHER;
	}
}

static int parse_icmp(const struct sk_buff *skb, unsigned int offset,
		      struct fwl_packet *pkt)
{
	const struct icmphdr *icmp;
	struct icmphdr buffer SCRATCH;
	u8 query_type = 0;

	/* ICMPv6 has type, code, checksum and identifier at the same places. */
	icmp = skb_header_pointer(skb, offset + pkt->l4, sizeof(buffer), &buffer);
	if (!icmp)
		return -FLOWWALL_DROP_TRUNCATED;

	pkt->icmp_type = icmp->type;
	if (fwl_kind_ipv6(pkt->kind))
		pkt->icmp = icmp6_class(icmp->type, &query_type);
	else
		pkt->icmp = icmp4_class(icmp->type, &query_type);

	order_ends(pkt, false);
	if (pkt->icmp == FWL_ICMP_QUERY)
		pkt->ends.id = fwl_icmp_id(icmp->un.echo.id, query_type, pkt->swapped);
	else if (pkt->icmp == FWL_ICMP_REPLY)
		pkt->ends.id = fwl_icmp_id(icmp->un.echo.id, query_type, !pkt->swapped);
	return 0;
}

/*
 * RFC 2890: the key follows the checksum, if there is one. Version 1 (PPTP, RFC
 * 2637) has a call number for each direction and a length there: no key.
 */
static int parse_gre(const struct sk_buff *skb, unsigned int offset,
		     struct fwl_packet *pkt)
{
	unsigned int l4 = offset + pkt->l4;
	const struct gre_base *gre;
	struct gre_base buffer;
	const __be32 *key;
	__be32 key_buffer;
	u16 flags;

	order_ends(pkt, false);
	gre = skb_header_pointer(skb, l4, sizeof(buffer), &buffer);
	if (!gre)
		return -FLOWWALL_DROP_TRUNCATED;
	flags = ntohs(gre->flags);
	if (!(flags & GRE_KEY) || (flags & GRE_VERSION))
		return 0;

	l4 += sizeof(buffer);
	if (flags & (GRE_CHECKSUM | GRE_ROUTING))
		l4 += 4;
	key = skb_header_pointer(skb, l4, sizeof(key_buffer), &key_buffer);
	if (!key)
		return -FLOWWALL_DROP_TRUNCATED;
	pkt->ends.id = *key;
	pkt->kind |= FWL_KIND_GRE_KEYED;
	return 0;
}

static int parse_transport(const struct sk_buff *skb, unsigned int offset,
			   bool quoted, struct fwl_packet *pkt)
{
	u8 proto = fwl_kind_proto(pkt->kind);

	if (fwl_proto_has_ports(proto))
		return parse_ports(skb, offset, quoted, pkt);
	if (proto == (fwl_kind_ipv6(pkt->kind) ? IPPROTO_ICMPV6 : IPPROTO_ICMP))
		return parse_icmp(skb, offset, pkt);
	if (proto == IPPROTO_GRE)
		return parse_gre(skb, offset, pkt);

	/*
	 * ESP as well: its two directions have SPIs that do not know of each
	 * other, so only the addresses tell that a packet is the reply.
	 */
	order_ends(pkt, false);
	return 0;
}

/*
 * A source route sends the packet elsewhere than its destination says, or its answer
 * elsewhere than the source: neither tells the flow. Routers of today drop it
 * (RFC 7126, section 4.3).
 */
static int check_options(const struct sk_buff *skb, unsigned int at, unsigned int len)
{
	u8 buffer[IPV4_OPTION_BYTES] SCRATCH;
	const u8 *option = skb_header_pointer(skb, at, len, buffer);
	unsigned int i = 0;

	if (!option)
		return -FLOWWALL_DROP_TRUNCATED;
	while (i < len && option[i] != IPOPT_END) {
		if (option[i] == IPOPT_NOOP) {
			i++;
			continue;
		}
		if (option[i] == IPOPT_LSRR || option[i] == IPOPT_SSRR ||
		    i + 1 >= len || option[i + 1] < 2 || i + option[i + 1] > len)
			return -FLOWWALL_DROP_MALFORMED;
		i += option[i + 1];
	}
	return 0;
}

static int parse_ipv4(const struct sk_buff *skb, unsigned int offset,
		      struct fwl_packet *pkt)
{
	const struct iphdr *ip;
	struct iphdr buffer SCRATCH;
	u16 fragment;

	ip = skb_header_pointer(skb, offset, sizeof(buffer), &buffer);
	if (!ip)
		return -FLOWWALL_DROP_TRUNCATED;
	if (ip->ihl < 5)
		return -FLOWWALL_DROP_MALFORMED;
	if (ip->ihl * 4 > pkt->len)
		return -FLOWWALL_DROP_TRUNCATED;

	pkt->kind = ip->protocol;
	pkt->hop_limit = ip->ttl;
	pkt->l4 = ip->ihl * 4;
	pkt->ends.addr[0][0] = ip->saddr;
	pkt->ends.addr[1][0] = ip->daddr;
	if (ip->ihl > 5) {
		int err = check_options(skb, offset + sizeof(*ip), ip->ihl * 4 - sizeof(*ip));

		if (err)
			return err;
	}

	fragment = ntohs(ip->frag_off);
	if (fragment & IPV4_OFFSET)
		return -FLOWWALL_DROP_FRAGMENT;
	pkt->fragment = fragment & IPV4_MORE_FRAGMENTS;
	return 0;
}

/*
 * Walks the extension headers. A second fragment header is never right
 * (RFC 8200, section 4.5), and a way around firewalls that look at one only. A routing
 * header that is not done is a source route, but for type 2: there it is the same
 * host that goes by two addresses, always one segment (RFC 6275, section 6.4).
 */
static int parse_ipv6(const struct sk_buff *skb, unsigned int offset,
		      struct fwl_packet *pkt)
{
	unsigned int at = sizeof(struct ipv6hdr), count;
	bool fragment_seen = false;
	const struct ipv6hdr *ip;
	struct ipv6hdr buffer SCRATCH;
	u8 next;

	ip = skb_header_pointer(skb, offset, sizeof(buffer), &buffer);
	if (!ip)
		return -FLOWWALL_DROP_TRUNCATED;
	next = ip->nexthdr;
	/* For those who are told of a packet that is wrong further on. */
	pkt->kind = FWL_KIND_IPV6 | next;
	pkt->hop_limit = ip->hop_limit;
	memcpy(pkt->ends.addr[0], &ip->saddr, sizeof(ip->saddr));
	memcpy(pkt->ends.addr[1], &ip->daddr, sizeof(ip->daddr));

	for (count = 0; ; count++) {
		struct fragment_header fragment_buffer SCRATCH;
		const struct fragment_header *fragment;
		/* The others have two bytes more as well. */
		const struct ipv6_rt_hdr *ext;
		struct ipv6_rt_hdr ext_buffer SCRATCH;

		switch (next) {
		case IPPROTO_HOPOPTS:
		case IPPROTO_ROUTING:
		case IPPROTO_DSTOPTS:
			ext = skb_header_pointer(skb, offset + at, sizeof(*ext), &ext_buffer);
			if (!ext)
				return -FLOWWALL_DROP_TRUNCATED;
			if (next == IPPROTO_ROUTING && ext->segments_left &&
			    (ext->type != IPV6_SRCRT_TYPE_2 || ext->segments_left != 1))
				return -FLOWWALL_DROP_MALFORMED;
			next = ext->nexthdr;
			at += (ext->hdrlen + 1) * 8;
			break;
		case IPPROTO_FRAGMENT:
			if (fragment_seen)
				return -FLOWWALL_DROP_MALFORMED;
			fragment_seen = true;
			fragment = skb_header_pointer(skb, offset + at, sizeof(*fragment),
						      &fragment_buffer);
			if (!fragment)
				return -FLOWWALL_DROP_TRUNCATED;
			if (ntohs(fragment->offset) & IPV6_OFFSET)
				return -FLOWWALL_DROP_FRAGMENT;
			pkt->fragment = fragment->offset & htons(1);
			next = fragment->nexthdr;
			at += sizeof(*fragment);
			break;
		default:
			pkt->kind = FWL_KIND_IPV6 | next;
			pkt->l4 = at;
			return 0;
		}
		if (count == MAX_EXTENSIONS || at > MAX_EXTENSION_BYTES)
			return -FLOWWALL_DROP_EXTENSIONS;
		if (at > pkt->len)
			return -FLOWWALL_DROP_TRUNCATED;
	}
}

static noinline int parse_any(const struct sk_buff *skb, unsigned int offset, bool quoted,
			      struct fwl_packet *pkt)
{
	const u8 *version;
	u8 buffer;
	int err;

	memset(pkt, 0, sizeof(*pkt));
	version = skb_header_pointer(skb, offset, sizeof(buffer), &buffer);
	if (!version)
		return -FLOWWALL_DROP_TRUNCATED;
	pkt->len = skb->len - offset;

	switch (*version >> 4) {
	case 4:
		err = parse_ipv4(skb, offset, pkt);
		break;
	case 6:
		err = parse_ipv6(skb, offset, pkt);
		break;
	default:
		return -FLOWWALL_DROP_MALFORMED;
	}
	if (!err)
		err = parse_transport(skb, offset, quoted, pkt);
	/* RFC 1858: what does not fit a first fragment hides in the second. */
	if (err == -FLOWWALL_DROP_TRUNCATED && pkt->fragment)
		return -FLOWWALL_DROP_FRAGMENT;
	return err;
}

/* A header of IPv4 without options, of a packet that is no fragment? */
static __always_inline bool read_plain_ipv4(const struct iphdr *ip, int room,
					    struct fwl_packet *pkt)
{
	if (room < (int)(sizeof(*ip) + sizeof(struct udphdr)) ||
	    *(const u8 *)ip != IPV4_PLAIN ||
	    ip->frag_off & htons(IPV4_MORE_FRAGMENTS | IPV4_OFFSET))
		return false;
	pkt->kind = ip->protocol;
	pkt->hop_limit = ip->ttl;
	pkt->l4 = sizeof(*ip);
	memset(pkt->ends.addr, 0, sizeof(pkt->ends.addr));
	pkt->ends.addr[0][0] = ip->saddr;
	pkt->ends.addr[1][0] = ip->daddr;
	return true;
}

static bool read_plain_ipv6(const struct ipv6hdr *ip, int room, struct fwl_packet *pkt)
{
	if (room < (int)(sizeof(*ip) + sizeof(struct udphdr)) || *(const u8 *)ip >> 4 != 6)
		return false;
	pkt->kind = FWL_KIND_IPV6 | ip->nexthdr;
	pkt->hop_limit = ip->hop_limit;
	pkt->l4 = sizeof(*ip);
	memcpy(pkt->ends.addr[0], &ip->saddr, sizeof(ip->saddr));
	memcpy(pkt->ends.addr[1], &ip->daddr, sizeof(ip->daddr));
	return true;
}

/*
 * What nearly all packets are, in few instructions: TCP or UDP right behind the IP
 * header, in one piece. False if this is another one, or anything is wrong with it; of
 * those that are left, parse_any() finds the same.
 */
static __always_inline bool parse_plain(const struct sk_buff *skb, unsigned int offset,
					struct fwl_packet *pkt)
{
	const u8 *header = skb->data + offset;
	int room = (int)(skb_headlen(skb) - offset);

	/* A network header in front of the data: nobody has been seen to do so. */
	if ((int)offset < 0)
		return false;
	if (!read_plain_ipv4((const struct iphdr *)header, room, pkt) &&
	    !read_plain_ipv6((const struct ipv6hdr *)header, room, pkt))
		return false;

	room -= pkt->l4;
	header += pkt->l4;
	pkt->icmp = FWL_ICMP_NONE;
	pkt->icmp_type = 0;
	pkt->fragment = false;
	pkt->len = skb->len - offset;
	memset(&pkt->tcp, 0, sizeof(pkt->tcp));
	switch (fwl_kind_proto(pkt->kind)) {
	case IPPROTO_UDP:
		if (!udp_length_valid(ntohs(((const struct udphdr *)header)->len), pkt))
			return false;
		break;
	case IPPROTO_TCP:
		if (room < (int)sizeof(struct tcphdr) ||
		    parse_tcp(skb, offset + pkt->l4, (const struct tcphdr *)header, pkt))
			return false;
		break;
	default:
		return false;
	}
	memcpy(pkt->ends.port, header, sizeof(pkt->ends.port));
	order_ends(pkt, true);
	return true;
}

/**
 * fwl_parse() - dissect an IPv4 or IPv6 packet
 * @skb: holds it; may be paged
 * @offset: of its network header in @skb
 * @quoted: it is the quotation in an ICMP error, cut short by right: of the
 *	transport header, only what tells the flow must be there
 * @pkt: what was found; undefined after an error
 *
 * Return: 0, or -FLOWWALL_DROP_* for a packet that cannot be told a flow.
 */
HOT
int fwl_parse(const struct sk_buff *skb, unsigned int offset, bool quoted,
	      struct fwl_packet *pkt)
{
	if (!quoted && parse_plain(skb, offset, pkt))
		return 0;
	return parse_any(skb, offset, quoted, pkt);
}
