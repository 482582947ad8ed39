// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Words -> what an Open vSwitch bridge is to do.
 *
 *	ovs     = "bridge" BR ["secure"] ["zone" N]
 *	        | "tap" BR between ["before" | "after"] ["match" [proto] [end]]
 *	        | "mirror" BR between
 *	        | "coprocessor" BR "port" P "for" P {"and" P} {service}
 *	        | "host" NAME "port" P "addr" ADDRESSES ["mac" M]
 *	        | "segment" BR ("allow" | "deny") [proto] ["from"] end ["to" end] [proto]
 *	          ["port" LIST]
 *	        | "segment" BR "default" ("allow" | "deny")
 *	        | "decoy" BR "net" ADDRESSES ["controller" "tcp:"ADDRESS":"PORT]
 *	between = "between" P "and" P {"and" P} "to" P
 *	service = proto | "port" LIST | "host" A | "vlan" N ["base" N]
 *	proto   = PROTO | "proto" N
 *	end     = ("any" | ADDRESSES | "group" NAME) ["port" LIST] | "port" LIST
 *
 * check_ovs() looks at what the statements of a file have to do with each other.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parser.h"

/* VLANs, and connection tracking has as many zones. */
#define VLAN_LIMIT	4094
#define ZONE_LIMIT	65535

static const struct name secure_word[] = { { "secure", 0 }, { NULL, 0 } };
static const struct name zone_word[] = { { "zone", 0 }, { NULL, 0 } };
static const struct name and_word[] = { { "and", 0 }, { NULL, 0 } };
static const struct name match_word[] = { { "match", 0 }, { NULL, 0 } };
static const struct name proto_word[] = { { "proto", 0 }, { NULL, 0 } };
static const struct name port_word[] = { { "port", 0 }, { NULL, 0 } };
static const struct name controller_word[] = { { "controller", 0 }, { NULL, 0 } };
static const struct name mac_word[] = { { "mac", 0 }, { NULL, 0 } };
static const struct name end_words[] = {
	{ "any", 0 }, { "group", 0 }, { "port", 0 }, { NULL, 0 }
};

static const struct name stage_names[] = {
	{ "before", false }, { "after", true }, { NULL, 0 }
};

enum service_part { PART_PORT, PART_HOST, PART_VLAN, PART_BASE };

static const struct name service_names_of_bridge[] = {
	{ "port", PART_PORT }, { "host", PART_HOST }, { "vlan", PART_VLAN }, { "base", PART_BASE },
	{ NULL, 0 }
};

enum segment_word { SEGMENT_ALLOW, SEGMENT_DENY, SEGMENT_DEFAULT };

static const struct name segment_words[] = {
	{ "allow", SEGMENT_ALLOW }, { "deny", SEGMENT_DENY }, { "default", SEGMENT_DEFAULT },
	{ NULL, 0 }
};

static const struct name policy_names[] = {
	{ "allow", FLOWWALL_ACTION_ALLOW }, { "deny", FLOWWALL_ACTION_DENY }, { NULL, 0 }
};

/* --- pieces ---------------------------------------------------------------- */

static bool take_keyword(struct parser *p, const char *keyword)
{
	const struct name names[] = { { keyword, 0 }, { NULL, 0 } };
	const struct name *const tables[] = { names, NULL };
	char what[32];

	snprintf(what, sizeof(what), "`%s`", keyword);
	return take(p, keyword) || expected(p, what, NULL, tables);
}

static bool parse_iface(struct parser *p, const char *what, char name[FLOWWALL_IFACE_SIZE],
			struct place *place)
{
	const struct word *word = peek(p);
	const char *c;

	if (!word || pattern_fault(word->text))
		return expected(p, what, NULL, NULL);
	/* OVS takes anything; what begins with a minus, its tools take for an option. */
	for (c = word->text; *c && !strchr("+*,\"'()=\\", *c); c++)
		;
	if (*c || *word->text == '-')
		return word_mistake(p, word, "by name, each of its own", "not the name of one interface");
	strcpy(name, word->text);
	*place = word->place;
	p->at++;
	return true;
}

static bool parse_bridge_name(struct parser *p, struct ovs *ovs)
{
	return parse_iface(p, "the name of a bridge", ovs->bridge, &ovs->bridge_place);
}

static bool parse_port(struct parser *p, struct ovs_port *port)
{
	return parse_iface(p, "the name of a port of the bridge", port->name, &port->place);
}

/* P {"and" P}, each once. */
static bool parse_some_ports(struct parser *p, struct ovs *ovs)
{
	do {
		struct ovs_port port;
		size_t i;

		if (!parse_port(p, &port))
			return false;
		for (i = 0; i < ovs->n_ports; i++)
			if (!strcmp(ovs->ports[i].name, port.name))
				return word_mistake(p, &p->words->word[p->at - 1], NULL,
						    "this port is said once");
		ovs->ports = realloc(ovs->ports, (ovs->n_ports + 1) * sizeof(*ovs->ports));
		if (!ovs->ports)
			fail_out_of_memory();
		ovs->ports[ovs->n_ports++] = port;
	} while (take(p, "and"));
	return true;
}

/* Is the next word one of a table? */
static bool next_is(const struct parser *p, const struct name *names, unsigned int *value)
{
	const struct word *word = peek(p);

	return word && value_of(names, word->text, value);
}

/* [PROTO | "proto" N]; false after a mistake, and none is a number too large. */
static bool parse_some_proto(struct parser *p, struct ovs *ovs)
{
	unsigned int value;
	uint32_t number;

	if (take(p, "proto")) {
		if (!next_is(p, proto_names, &value)) {
			if (!take_number(p, 1, 255, "a protocol", &number))
				return false;
			ovs->proto = number;
			return true;
		}
	} else if (!next_is(p, proto_names, &value)) {
		return true;
	}
	ovs->proto = value;
	p->at++;
	return true;
}

/* A bridge has no opposite of a set of addresses or ports. */
static bool parse_end(struct parser *p, struct endpoint *point)
{
	const struct word *word = peek(p);

	if (!parse_endpoint(p, point))
		return false;
	return !(point->addr_not || point->port_not) ||
	       word_mistake(p, word, "allow or deny the others before it", "bridges know no `not`");
}

static bool parse_ports_alone(struct parser *p, struct endpoint *point)
{
	const struct word *word = peek(p);

	if (!parse_ports(p, point))
		return false;
	return !point->port_not ||
	       word_mistake(p, word, "list those that are meant", "bridges know no `not`");
}

/* OVS sees the ports of three protocols only; without one, those of all three. */
static bool check_proto(const struct parser *p, const struct word *word, const struct ovs *ovs)
{
	bool ports = ovs->src.n_ports || ovs->dst.n_ports;

	if (!ports || ovs->proto < 0 || ovs->proto == IPPROTO_TCP || ovs->proto == IPPROTO_UDP ||
	    ovs->proto == IPPROTO_SCTP)
		return true;
	return word_mistake(p, word, NULL, "bridges know ports of tcp, udp and sctp");
}

/* --- the statements -------------------------------------------------------- */

static bool parse_bridge(struct parser *p, struct ovs *ovs)
{
	const struct name *const tables[] = { ovs->secure ? zone_word : secure_word, zone_word, NULL };
	uint32_t zone;

	ovs->secure = take(p, "secure");
	if (take(p, "zone")) {
		if (!take_number(p, 1, ZONE_LIMIT, "a zone of connection tracking", &zone))
			return false;
		ovs->zone = zone;
	}
	return !peek(p) || expected(p, "`secure` or `zone`, or the end of the line", NULL, tables);
}

/* "between" P "and" P {"and" P} "to" P */
static bool parse_between(struct parser *p, struct ovs *ovs)
{
	const struct name *const tables[] = { and_word, NULL };
	size_t i;

	if (!take_keyword(p, "between") || !parse_some_ports(p, ovs))
		return false;
	if (ovs->n_ports < 2)
		return expected(p, "`and`: a tap is between two ports, or more", NULL, tables);
	if (!take_keyword(p, "to") || !parse_port(p, &ovs->port))
		return false;
	for (i = 0; i < ovs->n_ports; i++)
		if (!strcmp(ovs->ports[i].name, ovs->port.name))
			return word_mistake(p, &p->words->word[p->at - 1],
					    "the copies need a port of their own",
					    "a port is not copied to itself");
	return true;
}

static bool parse_tap(struct parser *p, struct ovs *ovs)
{
	const struct name *const after_port[] = { stage_names, match_word, NULL };
	const struct name *const in_match[] = { proto_names, proto_word, end_words, NULL };
	const struct word *word;
	unsigned int after;

	if (!parse_between(p, ovs))
		return false;
	if (next_is(p, stage_names, &after)) {
		ovs->after = after;
		p->at++;
	}
	if (!peek(p))
		return true;
	if (!take(p, "match"))
		return expected(p, "`before` or `after` policy, or `match`", NULL, after_port);
	word = peek(p);
	if (!parse_some_proto(p, ovs))
		return false;
	if (peek(p) && !parse_end(p, &ovs->src))
		return false;
	if (ovs->proto < 0 && !ovs->src.n_addrs && !*ovs->src.group && !ovs->src.n_ports)
		return expected(p, "what is copied, as in: udp, tcp port 80, group web", NULL,
				in_match);
	return check_proto(p, word, ovs);
}

static bool parse_host_address(struct parser *p, struct ovs *ovs)
{
	const struct word *word = peek(p);
	bool good = parse_addresses(p, "the address of the real host", NULL, &ovs->dst);

	return good && (ovs->dst.n_addrs == 1 ||
			word_mistake(p, word, "one statement for each", "a coprocessor stands for one host"));
}

static bool parse_service(struct parser *p, struct ovs *ovs, unsigned int part)
{
	uint32_t value;

	switch (part) {
	case PART_PORT:
		return parse_ports_alone(p, &ovs->dst);
	case PART_HOST:
		return parse_host_address(p, ovs);
	case PART_VLAN:
		if (!take_number(p, 1, VLAN_LIMIT, "a VLAN", &value))
			return false;
		ovs->vlan = value;
		return true;
	default:
		if (!take_number(p, 1, VLAN_LIMIT, "a VLAN", &value))
			return false;
		ovs->base = value;
		return true;
	}
}

static bool parse_coprocessor(struct parser *p, struct ovs *ovs)
{
	const struct name *const tables[] = { proto_names, proto_word, service_names_of_bridge, NULL };
	const struct word *said[PART_BASE + 1] = { NULL }, *proto = NULL, *first;
	unsigned int part, value;

	ovs->base = OVS_VLAN_BASE;
	if (!take_keyword(p, "port") || !parse_port(p, &ovs->port) || !take_keyword(p, "for") ||
	    !parse_some_ports(p, ovs))
		return false;
	first = peek(p);
	while (peek(p)) {
		const struct word *word = peek(p);

		if (next_is(p, service_names_of_bridge, &part)) {
			if (said[part])
				return word_mistake(p, word, NULL, "this is said once");
			said[part] = word;
			p->at++;
			if (!parse_service(p, ovs, part))
				return false;
		} else if (!proto && (next_is(p, proto_names, &value) || next_is(p, proto_word, &value))) {
			proto = word;
			if (!parse_some_proto(p, ovs))
				return false;
		} else {
			return expected(p, "a part of a service: a protocol, port, host, vlan or base",
					NULL, tables);
		}
	}
	if (ovs->proto != IPPROTO_TCP && ovs->proto != IPPROTO_UDP && ovs->proto != IPPROTO_SCTP) {
		if (!proto)
			return expected(p, "the service, as in: tcp port 22", NULL, tables);
		return word_mistake(p, proto, "as in: tcp port 22", "a service is of tcp, udp or sctp");
	}
	if (said[PART_BASE] && !ovs->vlan)
		return word_mistake(p, said[PART_BASE], "as in: vlan 2 base 1000",
				    "without a `vlan`, what comes back has no tag");
	return check_proto(p, first, ovs);
}

static bool parse_host(struct parser *p, struct ovs *ovs)
{
	const struct name *const tables[] = { mac_word, NULL };

	if (!parse_name(p, "the name of a host", ovs->name) || !take_keyword(p, "port") ||
	    !parse_port(p, &ovs->port) || !take_keyword(p, "addr") ||
	    !parse_addresses(p, "the addresses of the host, as in 192.0.2.1,2001:db8::1", NULL,
			     &ovs->dst))
		return false;
	if (!peek(p))
		return true;
	if (!take(p, "mac"))
		return expected(p, "`mac`, or the end of the line", NULL, tables);
	ovs->has_mac = true;
	return parse_mac(p, ovs->mac);
}

static bool parse_segment(struct parser *p, struct ovs *ovs)
{
	const struct name *const tables[] = { end_words, NULL };
	const struct name *const behind[] = { proto_names, proto_word,
					      port_word, NULL };
	const struct word *word;
	unsigned int what;

	if (!choose(p, segment_words, "", &what))
		return false;
	ovs->action = what == SEGMENT_ALLOW ? FLOWWALL_ACTION_ALLOW : FLOWWALL_ACTION_DENY;
	if (what == SEGMENT_DEFAULT) {
		ovs->policy = true;
		if (!choose(p, policy_names, "", &what))
			return false;
		ovs->action = what;
		return true;
	}
	word = peek(p);
	if (!parse_some_proto(p, ovs))
		return false;
	take(p, "from");
	if (!peek(p))
		return expected(p, "whose packets: `any`, an address or `group` NAME", NULL, tables);
	if (strcmp(peek(p)->text, "to") && !parse_end(p, &ovs->src))
		return false;
	if (take(p, "to") && !parse_end(p, &ovs->dst))
		return false;
	if (ovs->proto < 0 && !parse_some_proto(p, ovs))
		return false;
	if (!ovs->dst.n_ports && take(p, "port") && !parse_ports_alone(p, &ovs->dst))
		return false;
	if (peek(p))
		return expected(p, "a protocol, a port or the end of the line", NULL, behind);
	return check_proto(p, word, ovs);
}

static bool parse_decoy(struct parser *p, struct ovs *ovs)
{
	const struct name *const tables[] = { controller_word, NULL };
	const struct word *word;

	read_controller(CONTROLLER_DEFAULT, &ovs->controller);
	if (!take_keyword(p, "net") ||
	    !parse_addresses(p, "the networks of decoys, as in 192.0.2.0/24,2001:db8::/64", NULL,
			     &ovs->dst))
		return false;
	if (!peek(p))
		return true;
	if (!take(p, "controller"))
		return expected(p, "`controller`, or the end of the line", NULL, tables);
	word = peek(p);
	if (!word)
		return expected(p, "where `fwctl decoy` listens, as in " CONTROLLER_DEFAULT, NULL, NULL);
	if (!read_controller(word->text, &ovs->controller))
		return word_mistake(p, word, "as in: " CONTROLLER_DEFAULT ", tcp:[::1]:6653",
				    "not where a controller listens");
	p->at++;
	return true;
}

/**
 * parse_ovs() - read what follows "ovs", to the line's end
 * @ovs: set to it; to be freed, also after a mistake
 *
 * Return: false after a mistake, which has been reported.
 */
bool parse_ovs(struct parser *p, struct ovs *ovs)
{
	unsigned int kind;

	memset(ovs, 0, sizeof(*ovs));
	ovs->proto = -1;
	if (!choose(p, ovs_names, "", &kind))
		return false;
	ovs->kind = kind;
	if (kind != OVS_HOST && !parse_bridge_name(p, ovs))
		return false;
	switch (ovs->kind) {
	case OVS_BRIDGE:
		return parse_bridge(p, ovs);
	case OVS_TAP:
		return parse_tap(p, ovs);
	case OVS_MIRROR:
		return parse_between(p, ovs);
	case OVS_COPROCESSOR:
		return parse_coprocessor(p, ovs);
	case OVS_HOST:
		return parse_host(p, ovs);
	case OVS_DECOY:
		return parse_decoy(p, ovs);
	default:
		return parse_segment(p, ovs);
	}
}
