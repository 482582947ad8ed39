// SPDX-License-Identifier: GPL-2.0-only
/*
 * How the rule for a packet is found among many: the first one as written that
 * matches. Pure: it builds in user space as well.
 *
 * Tuple space search (Srinivasan, Suri and Varghese, "Packet Classification
 * using Tuple Space Search", SIGCOMM 1999). Rules whose masks have the same
 * shape - how many bits of each address and port, and whether the protocol -
 * are one tuple: a hash table of the masked fields. A packet is looked for once
 * in each tuple, beginning with those whose first rule comes first, until no
 * tuple can have an earlier one than was found. What a shape cannot say (not,
 * groups, u32, long lists) is asked of the rules found.
 */
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "classify.h"

/* A rule has at most so many places; else a field of it is left to be asked. */
#define PLACES		64
/* The same for the ranges of one field. */
#define PREFIXES	16
/* With more tuples than that, masks are made coarser. */
#define TUPLES		48

/**
 * struct grain - which lengths of prefixes are told apart, as a step and a least one
 *
 * A range is looked for by the prefix that holds all of it, cut down to the next
 * length of the grain. Coarse grains make few tuples with long chains.
 */
struct grain {
	u8 ipv4_step, ipv4_least;
	u8 ipv6_step, ipv6_least;
	u8 port_step, port_least;
};

static const struct grain grains[] = {
	{ 4, 8, 16, 32, 4, 8 },
	{ 8, 16, 32, 32, 16, 16 },
	{ 32, 32, 64, 64, 16, 16 },
};

/**
 * struct shape - which bits of a packet a rule has a say about
 * @families: FWL_IPV4 or FWL_IPV6, or both if no address matters
 * @proto: the protocol matters
 * @src: significant bits of the address
 * @dst: the same
 * @sport: significant bits of the port
 * @dport: the same
 */
struct shape {
	u8 families;
	bool proto;
	u8 src;
	u8 dst;
	u8 sport;
	u8 dport;
};

/**
 * struct entry - a place of a rule in a tuple
 * @rank: the rule's
 * @rule: the rule
 * @hash: of the fields, masked
 * @next: index of the next entry of the chain, plus one
 */
struct entry {
	u64 rank;
	struct fwl_rule *rule;
	u32 hash;
	u32 next;
};

/**
 * struct fwl_tuple - rules of one shape
 * @refs: classifiers that have it
 * @first: rank of its first rule
 * @shape: of all its rules
 * @n: number of @entries
 * @mask: number of @heads, less one
 * @heads: hash table: index of an entry, plus one; chains are in order
 * @entries: in order
 */
struct fwl_tuple {
	refcount_t refs;
	struct shape shape;
	u64 first;
	u32 n;
	u32 mask;
	u32 *heads;
	struct entry *entries;
};

/* --- hash ------------------------------------------------------------------ */

/**
 * struct fields - what shapes are about, of a packet or of a place of a rule
 */
struct fields {
	u8 proto;
	u16 sport;	/* host byte order */
	u16 dport;
	__be32 src[4];
	__be32 dst[4];
};

/* Packets cannot make a chain longer, only rules can: the hash needs no secret. */
static u32 mix(u32 hash, u32 value)
{
	hash = (hash ^ value) * 0x9e3779b1;
	return hash ^ hash >> 15;
}

static u32 mix_address(u32 hash, const __be32 *addr, u8 bits)
{
	for (; bits >= 32; bits -= 32)
		hash = mix(hash, ntohl(*addr++));
	return bits ? mix(hash, ntohl(*addr) >> (32 - bits)) : hash;
}

static u32 hash_fields(const struct shape *shape, const struct fields *f)
{
	u32 ports = (u32)(f->sport >> (16 - shape->sport)) << 16 | f->dport >> (16 - shape->dport);
	u32 hash = shape->proto ? f->proto : 0;

	hash = mix(hash, ports);
	hash = mix_address(hash, f->src, shape->src);
	hash = mix_address(hash, f->dst, shape->dst);
	return hash ^ hash >> 16;
}

/* ICMP stands for ICMPv6 as well: here they are one. */
static u8 plain_proto(u8 proto)
{
	return proto == IPPROTO_ICMPV6 ? IPPROTO_ICMP : proto;
}

/* --- search ---------------------------------------------------------------- */

/*
 * @maybe: the ranks of the first refusal and of the first allowance that would match at some
 * interface, while nobody knows which one it is.
 */
static const struct entry *search(const struct fwl_tuple *tuple, const struct fields *fields,
				  const struct fwl_query *query, u64 before, u64 maybe[2])
{
	u32 hash = hash_fields(&tuple->shape, fields);
	u32 at = tuple->heads[hash & tuple->mask];

	while (at) {
		const struct entry *entry = &tuple->entries[at - 1];

		if (entry->rank >= before)
			return NULL;
		if (entry->hash == hash) {
			if (fwl_match(&entry->rule->match, entry->rule->handle, query))
				return entry;
			if (query->unsure && *query->unsure) {
				u64 *first = &maybe[fwl_rule_allows(entry->rule)];

				if (entry->rank < *first)
					*first = entry->rank;
				*query->unsure = false;
			}
		}
		at = entry->next;
	}
	return NULL;
}

/**
 * fwl_classify() - find the rule that decides about a packet without a flow
 * @classifier: of the packet's direction
 * @query: the packet
 *
 * Context: RCU.
 * Return: the rule, or NULL.
 */
struct fwl_rule *fwl_classify(const struct fwl_classifier *classifier,
			      const struct fwl_query *query)
{
	const struct fwl_packet *pkt = query->pkt;
	u8 family = fwl_kind_ipv6(pkt->kind) ? FWL_IPV6 : FWL_IPV4;
	u8 proto = fwl_kind_proto(pkt->kind);
	struct fwl_rule *found = NULL;
	struct fields fields;
	u64 before = U64_MAX, maybe[2] = { U64_MAX, U64_MAX };
	u32 i;

	if (!classifier->n)
		return NULL;
	fields.proto = plain_proto(proto);
	fields.sport = 0;
	fields.dport = 0;
	if (fwl_proto_has_ports(proto)) {
		fields.sport = ntohs(pkt->ends.port[pkt->swapped]);
		fields.dport = ntohs(pkt->ends.port[!pkt->swapped]);
	}
	memcpy(fields.src, pkt->ends.addr[pkt->swapped], sizeof(fields.src));
	memcpy(fields.dst, pkt->ends.addr[!pkt->swapped], sizeof(fields.dst));

	for (i = 0; i < classifier->n && classifier->tuples[i]->first < before; i++) {
		const struct fwl_tuple *tuple = classifier->tuples[i];
		const struct entry *entry;

		if (!(tuple->shape.families & family))
			continue;
		entry = search(tuple, &fields, query, before, maybe);
		if (entry) {
			found = entry->rule;
			before = entry->rank;
		}
	}
	if (query->unsure)
		*query->unsure = maybe[found ? !fwl_rule_allows(found) : !query->policy] < before;
	return found;
}

/* --- places of a rule ------------------------------------------------------ */

struct prefix {
	__be32 addr[4];
	u8 len;
	bool ipv6;
};

/* The field of a rule as prefixes; @n zero if it is left to be asked. */
struct prefixes {
	u32 n;
	struct prefix prefix[PREFIXES];
};

struct port_prefix {
	u16 port;
	u8 len;
};

struct port_prefixes {
	u32 n;
	struct port_prefix prefix[PREFIXES];
};

static u8 cut_down(u8 len, u8 step, u8 least)
{
	len -= len % step;
	return len < least ? 0 : len;
}

/* How many bits two addresses have in common. */
static u32 common_bits(const __be32 *a, const __be32 *b, u32 bits)
{
	u32 i;

	for (i = 0; i < bits / 32; i++)
		if (a[i] != b[i])
			return 32 * i + 31 - ilog2(ntohl(a[i] ^ b[i]));
	return bits;
}

static void addresses_of(const struct fwl_endpoint *point, const struct grain *grain,
			 struct prefixes *out)
{
	int i;

	out->n = 0;
	if (point->group || point->addr_not || point->n_addrs > PREFIXES)
		return;
	for (i = 0; i < point->n_addrs; i++) {
		const struct fwl_addrs *range = &point->addrs[i];
		struct prefix *prefix = &out->prefix[out->n++];
		u32 len = common_bits(range->min, range->max, range->ipv6 ? 128 : 32);

		prefix->ipv6 = range->ipv6;
		prefix->len = range->ipv6 ? cut_down(len, grain->ipv6_step, grain->ipv6_least)
					  : cut_down(len, grain->ipv4_step, grain->ipv4_least);
		memcpy(prefix->addr, range->min, sizeof(prefix->addr));
	}
}

static void ports_of(const struct fwl_endpoint *point, const struct grain *grain,
		     struct port_prefixes *out)
{
	int i;

	out->n = 0;
	if (point->port_not || point->n_ports > PREFIXES)
		return;
	for (i = 0; i < point->n_ports; i++) {
		u16 differ = point->ports[i].min ^ point->ports[i].max;
		u8 len = differ ? 15 - ilog2(differ) : 16;

		out->prefix[out->n++] = (struct port_prefix){
			.port = point->ports[i].min,
			.len = cut_down(len, grain->port_step, grain->port_least),
		};
	}
}

/**
 * struct places - all places of one rule
 */
struct places {
	u32 n;
	struct {
		struct shape shape;
		u32 hash;
	} place[PLACES];
};

/**
 * struct expansion - the fields of one rule
 */
struct expansion {
	struct prefixes src;
	struct prefixes dst;
	struct port_prefixes sport;
	struct port_prefixes dport;
	struct places places;
};

static void add_place(struct expansion *x, const struct fwl_match *match,
		      const struct prefix *src, const struct prefix *dst,
		      const struct port_prefix *sport, const struct port_prefix *dport)
{
	struct shape shape = { .families = FWL_IPV4 | FWL_IPV6, .proto = match->proto >= 0 };
	struct fields fields = {};
	u32 hash, i;

	if (shape.proto)
		fields.proto = plain_proto(match->proto);
	if (src) {
		shape.families = src->ipv6 ? FWL_IPV6 : FWL_IPV4;
		shape.src = src->len;
		memcpy(fields.src, src->addr, sizeof(fields.src));
	}
	if (dst) {
		shape.families = dst->ipv6 ? FWL_IPV6 : FWL_IPV4;
		shape.dst = dst->len;
		memcpy(fields.dst, dst->addr, sizeof(fields.dst));
	}
	if (sport) {
		shape.sport = sport->len;
		fields.sport = sport->port;
	}
	if (dport) {
		shape.dport = dport->len;
		fields.dport = dport->port;
	}
	/* Two ranges of a list may be in the same place. */
	hash = hash_fields(&shape, &fields);
	for (i = 0; i < x->places.n; i++)
		if (x->places.place[i].hash == hash &&
		    !memcmp(&x->places.place[i].shape, &shape, sizeof(shape)))
			return;
	x->places.place[i].shape = shape;
	x->places.place[i].hash = hash;
	x->places.n++;
}

static u32 at_least_one(u32 n)
{
	return n ?: 1;
}

/* Leaves the field with the most prefixes to be asked, until there is room for all. */
static void bound(struct expansion *x)
{
	for (;;) {
		u32 *most = &x->src.n;

		if ((u64)at_least_one(x->src.n) * at_least_one(x->dst.n) *
		    at_least_one(x->sport.n) * at_least_one(x->dport.n) <= PLACES)
			return;
		if (x->dst.n > *most)
			most = &x->dst.n;
		if (x->sport.n > *most)
			most = &x->sport.n;
		if (x->dport.n > *most)
			most = &x->dport.n;
		*most = 0;
	}
}

static void expand(const struct fwl_match *match, const struct grain *grain, struct expansion *x)
{
	u32 s, d, sp, dp;

	addresses_of(&match->src, grain, &x->src);
	addresses_of(&match->dst, grain, &x->dst);
	ports_of(&match->src, grain, &x->sport);
	ports_of(&match->dst, grain, &x->dport);
	bound(x);
	x->places.n = 0;
	for (s = 0; s < at_least_one(x->src.n); s++)
		for (d = 0; d < at_least_one(x->dst.n); d++) {
			if (x->src.n && x->dst.n && x->src.prefix[s].ipv6 != x->dst.prefix[d].ipv6)
				continue;
			for (sp = 0; sp < at_least_one(x->sport.n); sp++)
				for (dp = 0; dp < at_least_one(x->dport.n); dp++)
					add_place(x, match,
						  x->src.n ? &x->src.prefix[s] : NULL,
						  x->dst.n ? &x->dst.prefix[d] : NULL,
						  x->sport.n ? &x->sport.prefix[sp] : NULL,
						  x->dport.n ? &x->dport.prefix[dp] : NULL);
		}
}

/* --- building -------------------------------------------------------------- */

/**
 * struct draft - the new content of a tuple that is being built
 * @base: the tuple that it takes the place of, or NULL
 * @entries: of added rules, in order, then all
 * @changed: it is not the same as @base
 */
struct draft {
	struct shape shape;
	struct fwl_tuple *base;
	struct entry *entries;
	u32 n;
	u32 room;
	bool changed;
};

struct drafts {
	struct draft *draft;
	u32 n;
	u32 room;
	u32 last;	/* where the last shape was found: often the next one's, too */
};

/* The draft of a shape, made if there is none; NULL without memory. */
static struct draft *draft_of(struct drafts *drafts, const struct shape *shape)
{
	struct draft *more;
	u32 i;

	if (drafts->n && !memcmp(&drafts->draft[drafts->last].shape, shape, sizeof(*shape)))
		return &drafts->draft[drafts->last];
	for (i = 0; i < drafts->n; i++)
		if (!memcmp(&drafts->draft[i].shape, shape, sizeof(*shape))) {
			drafts->last = i;
			return &drafts->draft[i];
		}
	if (drafts->n == drafts->room) {
		u32 room = drafts->room ? 2 * drafts->room : 64;

		more = kvmalloc_array(room, sizeof(*more), GFP_KERNEL);
		if (!more)
			return NULL;
		if (drafts->n)
			memcpy(more, drafts->draft, drafts->n * sizeof(*more));
		kvfree(drafts->draft);
		drafts->draft = more;
		drafts->room = room;
	}
	more = &drafts->draft[drafts->n];
	memset(more, 0, sizeof(*more));
	more->shape = *shape;
	drafts->last = drafts->n++;
	return more;
}

static bool draft_add(struct draft *draft, const struct entry *entry)
{
	if (draft->n == draft->room) {
		u32 room = draft->room ? 2 * draft->room : 16;
		struct entry *more = kvmalloc_array(room, sizeof(*more), GFP_KERNEL_ACCOUNT);

		if (!more)
			return false;
		if (draft->n)
			memcpy(more, draft->entries, draft->n * sizeof(*more));
		kvfree(draft->entries);
		draft->entries = more;
		draft->room = room;
	}
	draft->entries[draft->n++] = *entry;
	return true;
}

/* Takes what @base has of these shapes, and the places of the added rules. */
static bool collect(struct drafts *drafts, const struct fwl_classifier *base,
		    const struct fwl_ranked *gone, u32 n_gone,
		    const struct fwl_ranked *added, u32 n_added,
		    const struct grain *grain, struct expansion *x)
{
	struct draft *draft;
	u32 i, k;

	for (i = 0; base && i < base->n; i++) {
		draft = draft_of(drafts, &base->tuples[i]->shape);
		if (!draft)
			return false;
		draft->base = base->tuples[i];
	}
	for (i = 0; i < n_gone; i++) {
		expand(&gone[i].rule->match, grain, x);
		for (k = 0; k < x->places.n; k++) {
			draft = draft_of(drafts, &x->places.place[k].shape);
			if (!draft)
				return false;
			draft->changed = true;
		}
	}
	for (i = 0; i < n_added; i++) {
		struct entry entry = { .rank = added[i].rank, .rule = added[i].rule };

		expand(&added[i].rule->match, grain, x);
		for (k = 0; k < x->places.n; k++) {
			draft = draft_of(drafts, &x->places.place[k].shape);
			entry.hash = x->places.place[k].hash;
			if (!draft || !draft_add(draft, &entry))
				return false;
			draft->changed = true;
		}
	}
	return true;
}

static bool is_gone(u64 rank, const struct fwl_ranked *gone, u32 n_gone)
{
	u32 low = 0, high = n_gone;

	while (low < high) {
		u32 middle = low + (high - low) / 2;

		if (gone[middle].rank < rank)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n_gone && gone[low].rank == rank;
}

/* Merges what stays of the base with what was added; both are in order. */
static bool merge(struct draft *draft, const struct fwl_ranked *gone, u32 n_gone)
{
	const struct fwl_tuple *base = draft->base;
	struct entry *all;
	u32 i, k = 0, n = 0;

	if (!base)
		return true;
	all = kvmalloc_array(base->n + draft->n + 1, sizeof(*all), GFP_KERNEL_ACCOUNT);
	if (!all)
		return false;
	for (i = 0; i < base->n; i++) {
		const struct entry *entry = &base->entries[i];

		while (k < draft->n && draft->entries[k].rank < entry->rank)
			all[n++] = draft->entries[k++];
		if (!is_gone(entry->rank, gone, n_gone))
			all[n++] = *entry;
	}
	while (k < draft->n)
		all[n++] = draft->entries[k++];
	kvfree(draft->entries);
	draft->entries = all;
	draft->n = n;
	return true;
}

static void tuple_put(struct fwl_tuple *tuple)
{
	if (!refcount_dec_and_test(&tuple->refs))
		return;
	kvfree(tuple->heads);
	kvfree(tuple->entries);
	kfree(tuple);
}

/* Makes the tuple of a draft, whose entries go over to it. */
static struct fwl_tuple *tuple_build(struct draft *draft)
{
	struct fwl_tuple *tuple = kzalloc(sizeof(*tuple), GFP_KERNEL_ACCOUNT);
	u32 size, i;

	if (!tuple)
		return NULL;
	refcount_set(&tuple->refs, 1);
	tuple->shape = draft->shape;
	tuple->n = draft->n;
	tuple->first = draft->entries[0].rank;
	size = roundup_pow_of_two(2 * (draft->n + 1));
	tuple->mask = size - 1;
	tuple->heads = kvcalloc(size, sizeof(*tuple->heads), GFP_KERNEL_ACCOUNT);
	if (!tuple->heads) {
		kfree(tuple);
		return NULL;
	}
	tuple->entries = draft->entries;
	draft->entries = NULL;
	for (i = tuple->n; i--; ) {
		u32 *head = &tuple->heads[tuple->entries[i].hash & tuple->mask];

		tuple->entries[i].next = *head;
		*head = i + 1;
	}
	return tuple;
}

static int compare_tuples(const void *a, const void *b)
{
	const struct fwl_tuple *x = *(const struct fwl_tuple *const *)a;
	const struct fwl_tuple *y = *(const struct fwl_tuple *const *)b;

	return x->first < y->first ? -1 : x->first > y->first;
}

static struct fwl_classifier *assemble(struct drafts *drafts, const struct fwl_ranked *gone,
				       u32 n_gone)
{
	struct fwl_classifier *classifier;
	u32 i;

	classifier = kvmalloc(struct_size(classifier, tuples, drafts->n), GFP_KERNEL_ACCOUNT);
	if (!classifier)
		return NULL;
	classifier->n = 0;
	for (i = 0; i < drafts->n; i++) {
		struct draft *draft = &drafts->draft[i];
		struct fwl_tuple *tuple;

		if (!draft->changed) {
			tuple = draft->base;
			refcount_inc(&tuple->refs);
		} else {
			if (!merge(draft, gone, n_gone))
				goto no_memory;
			if (!draft->n)
				continue;
			tuple = tuple_build(draft);
			if (!tuple)
				goto no_memory;
		}
		classifier->tuples[classifier->n++] = tuple;
	}
	sort(classifier->tuples, classifier->n, sizeof(*classifier->tuples), compare_tuples, NULL);
	return classifier;

no_memory:
	fwl_classifier_free(classifier);
	return NULL;
}

static struct fwl_classifier *build(const struct fwl_classifier *base, u32 grain,
				    const struct fwl_ranked *gone, u32 n_gone,
				    const struct fwl_ranked *added, u32 n_added)
{
	struct fwl_classifier *classifier = NULL;
	struct drafts drafts = {};
	struct expansion *x = kvmalloc(sizeof(*x), GFP_KERNEL);
	u32 i;

	if (x && collect(&drafts, base, gone, n_gone, added, n_added, &grains[grain], x))
		classifier = assemble(&drafts, gone, n_gone);
	if (classifier)
		classifier->grain = grain;
	for (i = 0; i < drafts.n; i++)
		kvfree(drafts.draft[i].entries);
	kvfree(drafts.draft);
	kvfree(x);
	return classifier;
}

static int compare_ranks(const void *a, const void *b)
{
	const struct fwl_ranked *x = a, *y = b;

	return x->rank < y->rank ? -1 : x->rank > y->rank;
}

/* The same rules with coarser masks; the finer classifier is freed. */
static struct fwl_classifier *coarsen(struct fwl_classifier *fine)
{
	struct fwl_classifier *coarse = NULL;
	struct fwl_ranked *rules;
	u32 i, k, n = 0, total = 0;

	for (i = 0; i < fine->n; i++)
		total += fine->tuples[i]->n;
	rules = kvmalloc_array(total, sizeof(*rules), GFP_KERNEL);
	if (rules) {
		for (total = 0, i = 0; i < fine->n; i++)
			for (k = 0; k < fine->tuples[i]->n; k++)
				rules[total++] = (struct fwl_ranked){
					fine->tuples[i]->entries[k].rank,
					fine->tuples[i]->entries[k].rule,
				};
		sort(rules, total, sizeof(*rules), compare_ranks, NULL);
		/* A rule in many places is there once. */
		for (i = 0; i < total; i++)
			if (!n || rules[n - 1].rank != rules[i].rank)
				rules[n++] = rules[i];
		coarse = build(NULL, fine->grain + 1, NULL, 0, rules, n);
	}
	kvfree(rules);
	fwl_classifier_free(fine);
	return coarse;
}

/**
 * fwl_classifier_build() - make a classifier
 * @base: one that it differs little from, or NULL
 * @gone: rules of @base that it does not have, by rank
 * @n_gone: number of @gone
 * @added: rules that @base does not have, by rank
 * @n_added: number of @added
 *
 * What is the same in both is shared. The rules are held by whoever holds the
 * list of them.
 *
 * Context: process.
 * Return: the classifier, or NULL without memory.
 */
struct fwl_classifier *fwl_classifier_build(const struct fwl_classifier *base,
					    const struct fwl_ranked *gone, u32 n_gone,
					    const struct fwl_ranked *added, u32 n_added)
{
	struct fwl_classifier *classifier;

	/* Nothing stays of it: then it need not be as coarse. */
	if (base && n_gone >= base->rules) {
		base = NULL;
		n_gone = 0;
	}
	classifier = build(base, base ? base->grain : 0, gone, n_gone, added, n_added);
	while (classifier && classifier->n > TUPLES && classifier->grain + 1 < ARRAY_SIZE(grains))
		classifier = coarsen(classifier);
	if (classifier)
		classifier->rules = (base ? base->rules : 0) + n_added - n_gone;
	return classifier;
}

/**
 * fwl_classifier_free() - give back a classifier and what it does not share
 * @classifier: the classifier, or NULL
 *
 * Context: process.
 */
void fwl_classifier_free(struct fwl_classifier *classifier)
{
	u32 i;

	if (!classifier)
		return;
	for (i = 0; i < classifier->n; i++)
		tuple_put(classifier->tuples[i]);
	kvfree(classifier);
}
