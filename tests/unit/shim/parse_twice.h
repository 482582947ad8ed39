/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The dissector's promises that hold for any bytes; for unit tests and fuzzing. */
#ifndef SHIM_PARSE_TWICE_H
#define SHIM_PARSE_TWICE_H

#include <linux/flowwall.h>
#include <linux/skbuff.h>

#include "parse.h"

static inline const char *shim_broken_promise(const struct fwl_packet *pkt, unsigned int len)
{
	int order = memcmp(pkt->ends.addr[0], pkt->ends.addr[1], sizeof(pkt->ends.addr[0]));

	if (pkt->len != len)
		return "len is not that of the IP packet";
	if (pkt->l4 > pkt->len)
		return "the transport header begins behind the packet";
	if (pkt->l4 < (fwl_kind_ipv6(pkt->kind) ? 40 : 20))
		return "the transport header begins within the IP header";
	if (pkt->swapped > 1)
		return "swapped is neither 0 nor 1";
	if (order > 0)
		return "the higher address comes first";
	if (!order && fwl_proto_has_ports(fwl_kind_proto(pkt->kind)) &&
	    ntohs(pkt->ends.port[0]) > ntohs(pkt->ends.port[1]))
		return "the higher port comes first";
	if (pkt->tcp.flags && fwl_kind_proto(pkt->kind) != IPPROTO_TCP)
		return "TCP flags without TCP";
	if (pkt->tcp.len > pkt->len - pkt->l4)
		return "a segment is longer than its packet";
	return NULL;
}

/* Byte by byte but for the padding, which nobody reads. */
static inline bool shim_same_packet(const struct fwl_packet *a, const struct fwl_packet *b)
{
	return !memcmp(&a->ends, &b->ends, sizeof(a->ends)) && a->kind == b->kind &&
	       a->swapped == b->swapped && a->icmp == b->icmp &&
	       a->icmp_type == b->icmp_type && a->fragment == b->fragment &&
	       a->hop_limit == b->hop_limit && a->l4 == b->l4 && a->len == b->len &&
	       !memcmp(&a->tcp, &b->tcp, sizeof(a->tcp));
}

/**
 * shim_parse_twice() - dissect a packet both linear and paged
 * @bytes: the packet
 * @len: of @bytes
 * @offset: of the network header
 * @quoted: see fwl_parse()
 * @cut: where the paged form is cut, at most @len
 * @cut2: the second cut, from @cut to @len
 * @pkt: what was found
 * @err: what fwl_parse() returned
 *
 * Return: NULL, or which promise of the dissector is broken.
 */
static inline const char *shim_parse_twice(const u8 *bytes, unsigned int len,
					   unsigned int offset, bool quoted, unsigned int cut,
					   unsigned int cut2, struct fwl_packet *pkt, int *err)
{
	struct fwl_packet paged;
	struct sk_buff skb;
	int paged_err;

	/* What the dissector does not write shows as a difference. */
	memset(pkt, 0xa5, sizeof(*pkt));
	memset(&paged, 0x5a, sizeof(paged));
	shim_skb_fill(&skb, bytes, len, len, len);
	*err = fwl_parse(&skb, offset, quoted, pkt);
	shim_skb_free(&skb);

	shim_skb_fill(&skb, bytes, len, cut, cut2);
	paged_err = fwl_parse(&skb, offset, quoted, &paged);
	shim_skb_free(&skb);

	if (*err != paged_err)
		return "a linear and a paged packet give different results";
	switch (*err) {
	case 0:
		break;
	case -FLOWWALL_DROP_FRAGMENT:
	case -FLOWWALL_DROP_TRUNCATED:
	case -FLOWWALL_DROP_MALFORMED:
	case -FLOWWALL_DROP_EXTENSIONS:
		return NULL;
	default:
		return "the error is none of a dissector's";
	}
	if (!shim_same_packet(pkt, &paged))
		return "a linear and a paged packet give different findings";
	return shim_broken_promise(pkt, len - offset);
}

#endif
