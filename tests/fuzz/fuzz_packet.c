// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any text as the packet of "fwctl explain": the bytes that are made of what is
 * accepted have right checksums, and the dissector finds in them what was said.
 */
#include <stdio.h>

/* For read_question(), which nobody else needs. */
#include "../../tool/cmd/explain.c"

#include <linux/skbuff.h>

#include "parse.h"

#define WORDS 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct options options;

static void complain(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

/* --- no module is asked ---------------------------------------------------- */

int module_open(struct module **module, const char *netns)
{
	(void)netns;
	*module = NULL;
	return -1;
}

void module_close(struct module *module)
{
	(void)module;
}

const char *module_error(const struct module *module)
{
	(void)module;
	return "";
}

bool module_refused(const struct module *module)
{
	return module;
}

int module_explain(struct module *module, const struct raw_packet *packet,
		   struct explanation *answer)
{
	(void)packet;
	(void)answer;
	return module ? 0 : -1;
}

int module_ruleset(struct module *module, uint32_t kinds, const char *group,
		   struct script *script)
{
	(void)kinds;
	(void)group;
	(void)script;
	return module ? 0 : -1;
}

int module_ifaces(struct module *module, struct iface **ifaces, size_t *n)
{
	*ifaces = NULL;
	*n = 0;
	return module ? 0 : -1;
}

/* --- checks ---------------------------------------------------------------- */

static void ignore(const struct place *place, const char *message, const char *hint)
{
	(void)place;
	(void)message;
	(void)hint;
}

/* RFC 1071: with the checksum among them, the sum of all words is all ones. */
static uint32_t sum(const uint8_t *bytes, size_t length)
{
	uint32_t total = 0;

	for (; length > 1; length -= 2, bytes += 2)
		total += bytes[0] << 8 | bytes[1];
	return length ? total + (bytes[0] << 8) : total;
}

static bool all_ones(uint32_t total)
{
	return total % 0xffff == 0 && total;
}

static void check_sums(const struct packet_words *words, const struct raw_packet *packet)
{
	bool ipv6 = words->family == AF_INET6;
	size_t head = ipv6 ? 40 : 20, length = packet->length - head;
	uint32_t pseudo = ipv6 ? sum(packet->bytes + 8, 32) : sum(packet->bytes + 12, 8);

	if (!ipv6 && !all_ones(sum(packet->bytes, head)))
		complain("the checksum of IPv4 is wrong");
	pseudo += length + words->proto;
	switch (words->proto) {
	case IPPROTO_ICMP:
		pseudo = 0;
		break;
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_ICMPV6:
		break;
	default:
		return;
	}
	if (!all_ones(pseudo + sum(packet->bytes + head, length)))
		complain("the checksum of the transport is wrong");
}

static void check_ends(const struct packet_words *words, const struct fwl_packet *found)
{
	size_t size = words->family == AF_INET6 ? 16 : 4;

	if (memcmp(found->ends.addr[found->swapped], words->src, size) ||
	    memcmp(found->ends.addr[!found->swapped], words->dst, size))
		complain("the addresses are others");
	if (fwl_proto_has_ports(words->proto) &&
	    (ntohs(found->ends.port[found->swapped]) != words->sport ||
	     ntohs(found->ends.port[!found->swapped]) != words->dport))
		complain("the ports are others");
	if (words->proto == IPPROTO_GRE && words->keyed &&
	    (!(found->kind & FWL_KIND_GRE_KEYED) || ntohl(found->ends.id) != words->key))
		complain("the key is another one");
	if (found->icmp != FWL_ICMP_NONE && found->icmp_type != words->type)
		complain("the type is another one");
	if (found->icmp == FWL_ICMP_QUERY && (ntohl(found->ends.id) & 0xffff) != words->id)
		complain("the id is another one");
}

/* What words can say, and the dissector must refuse. */
static bool is_refused(const struct packet_words *words)
{
	if (words->family == AF_INET6)
		switch (words->proto) {
		case IPPROTO_HOPOPTS:	/* extension headers, of which there are no words */
		case IPPROTO_ROUTING:
		case IPPROTO_FRAGMENT:
		case IPPROTO_DSTOPTS:
			return true;
		}
	return words->proto == IPPROTO_TCP;	/* the flags may make no sense */
}

static void try_packet(const struct packet_words *words)
{
	struct raw_packet packet;
	struct fwl_packet found;
	struct sk_buff skb;
	int err;

	packet_build(words, &packet);
	if (packet.length > sizeof(packet.bytes))
		complain("the packet is too long");
	shim_skb_fill(&skb, packet.bytes, packet.length, packet.length, packet.length);
	err = fwl_parse(&skb, 0, false, &found);
	shim_skb_free(&skb);
	if (err && !is_refused(words))
		complain("the dissector refuses it");
	check_sums(words, &packet);
	if (err)
		return;
	if (found.kind != (words->proto | (words->family == AF_INET6 ? FWL_KIND_IPV6 : 0) |
			   (words->proto == IPPROTO_GRE && words->keyed ? FWL_KIND_GRE_KEYED : 0)))
		complain("the protocol is another one");
	check_ends(words, &found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), *rest = text, *argv[WORDS], *word;
	struct question question;
	int argc = 0;

	if (!text)
		abort();
	report_mistake = ignore;
	while (argc < WORDS && (word = strsep(&rest, " \n")) != NULL)
		argv[argc++] = word;
	if (read_question(&question, argc, argv))
		try_packet(&question.words);
	free(text);
	return 0;
}
