// SPDX-License-Identifier: GPL-2.0-or-later
/* fwctl explain: what would become of a packet, and why. */
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../fwctl.h"
#include "../out.h"
#include "../packet.h"
#include "../rule_names.h"

/* What the command line says. */
struct question {
	struct packet_words words;
	int direction;	/* enum flowwall_direction, or -1 */
	const char *type;
	const char *iif;
};

static const struct name flag_names[] = {
	{ "fin", 1 }, { "syn", 2 }, { "rst", 4 }, { "psh", 8 }, { "ack", 16 }, { "urg", 32 },
	{ NULL, 0 }
};

static const char usage_line[] =
	"fwctl explain tcp from 198.51.100.7 port 40000 to 192.0.2.10 port 80";

static bool read_number(const char *text, unsigned long max, unsigned long *value)
{
	char *end;

	if (!text || text[0] < '0' || text[0] > '9')
		return false;
	*value = strtoul(text, &end, strncmp(text, "0x", 2) ? 10 : 16);
	return !*end && *value <= max;
}

static bool read_port(const char *text, uint16_t *port)
{
	unsigned long number;
	unsigned int known;

	if (read_number(text, 65535, &number))
		*port = number;
	else if (text && value_of(service_names, text, &known))
		*port = known;
	else
		return false;
	return true;
}

/* "syn,ack" */
static bool read_flags(const char *text, uint8_t *flags)
{
	char *list = text ? strdup(text) : NULL, *rest = list, *word;
	unsigned int flag;
	bool good = text;

	*flags = 0;
	while (good && (word = strsep(&rest, ",")) != NULL) {
		good = value_of(flag_names, word, &flag);
		if (good)
			*flags |= flag;
	}
	free(list);
	return good;
}

/* "from A [port N]": returns how many words, or 0 after a mistake. */
static int read_end(struct question *q, const char *keyword, int argc, char **argv)
{
	bool from = !strcmp(keyword, "from");
	uint8_t *address = from ? q->words.src : q->words.dst, family = 0;

	if (argc && inet_pton(AF_INET, argv[0], address) == 1)
		family = AF_INET;
	else if (argc && inet_pton(AF_INET6, argv[0], address) == 1)
		family = AF_INET6;
	if (!family) {
		wrong(usage_line, "an address goes behind `%s`", keyword);
		return 0;
	}
	if (q->words.family && q->words.family != family) {
		wrong(NULL, "source and destination are of different families: there is no such packet");
		return 0;
	}
	q->words.family = family;
	if (argc < 2 || strcmp(argv[1], "port"))
		return 1;
	if (argc < 3 || !read_port(argv[2], from ? &q->words.sport : &q->words.dport)) {
		wrong(usage_line, "a number or a name goes behind `port`");
		return 0;
	}
	if (!has_ports(q->words.proto)) {
		wrong("ports are of tcp, udp, udplite, sctp and dccp", "this protocol has no ports");
		return 0;
	}
	return 3;
}

/* "type NAME|N", once the family is known, which is what a name depends on. */
static bool read_type(struct question *q)
{
	unsigned long number;
	unsigned int types;
	int type;

	if (!q->type) {
		q->words.type = q->words.family == AF_INET6 ? 128 : 8;
		return true;
	}
	if (read_number(q->type, 255, &number)) {
		q->words.type = number;
		return true;
	}
	if (!value_of(icmp_type_names, q->type, &types))
		return false;
	type = q->words.family == AF_INET6 ? ICMPV6_TYPE_OF(types) : ICMP_TYPE_OF(types);
	q->words.type = type;
	return type >= 0;
}

/* One option and its value; returns how many words, or 0 after a mistake. */
static int read_option(struct question *q, int argc, char **argv)
{
	const char *value = argc > 1 ? argv[1] : NULL;
	unsigned long number = 0;
	bool good;

	if (!strcmp(argv[0], "from") || !strcmp(argv[0], "to")) {
		int words = read_end(q, argv[0], argc - 1, argv + 1);

		return words ? words + 1 : 0;
	}
	if (!strcmp(argv[0], "type")) {
		q->type = value;
		good = value;
	} else if (!strcmp(argv[0], "flags")) {
		good = read_flags(value, &q->words.flags);
	} else if (!strcmp(argv[0], "id")) {
		good = read_number(value, 65535, &number);
		q->words.id = number;
	} else if (!strcmp(argv[0], "key")) {
		good = read_number(value, UINT32_MAX, &number);
		q->words.keyed = true;
		q->words.key = number;
	} else if (!strcmp(argv[0], "mac")) {
		good = value && read_mac(value, q->words.mac);
		q->words.has_mac = true;
	} else if (!strcmp(argv[0], "iif")) {
		q->iif = value;
		good = value;
	} else {
		wrong(usage_line, "`%s` is not known here", argv[0]);
		return 0;
	}
	if (!good)
		wrong("fwctl explain --help", "`%s` is no value of `%s`", value ? value : "", argv[0]);
	return good ? 2 : 0;
}

static bool read_question(struct question *q, int argc, char **argv)
{
	unsigned long number;
	unsigned int value;
	int taken;

	*q = (struct question){ .direction = -1, .words.flags = 2, .words.id = 1 };
	if (argc && value_of(direction_names, argv[0], &value)) {
		q->direction = value;
		argc--;
		argv++;
	}
	if (argc > 1 && !strcmp(argv[0], "proto") && read_number(argv[1], 255, &number)) {
		q->words.proto = number;
		argc--;
		argv++;
	} else if (argc && value_of(proto_names, argv[0], &value)) {
		q->words.proto = value;
	} else {
		return wrong(usage_line, "a packet has a protocol, as tcp, udp or icmp"), false;
	}
	for (argc--, argv++; argc; argc -= taken, argv += taken) {
		taken = read_option(q, argc, argv);
		if (!taken)
			return false;
	}
	if (!memcmp(q->words.src, (uint8_t[16]){ 0 }, 16) ||
	    !memcmp(q->words.dst, (uint8_t[16]){ 0 }, 16))
		return wrong(usage_line, "a packet is from an address and to an address"), false;
	if (q->words.proto == IPPROTO_ICMP && q->words.family == AF_INET6)
		q->words.proto = IPPROTO_ICMPV6;
	if (has_ports(q->words.proto)) {
		if (!q->words.sport)
			q->words.sport = 40000;
	} else if (!read_type(q)) {
		return wrong("fwctl explain --help", "`%s` is no value of `type`", q->type), false;
	}
	return true;
}

/* --- the answer ------------------------------------------------------------ */

/* Where it comes by or goes; without a name, this router. */
struct side {
	char name[IF_NAMESIZE];
	uint8_t role;
};

struct told {
	const struct explanation *answer;
	const char *rule;	/* id, or NULL */
	char text[STMT_TEXT];	/* of the rule, or empty */
	struct side iif;
	struct side oif;
};

static const char *const policy_sentences[] = {
	[FLOWWALL_DIRECTION_IN] = "no rule matches, and from outside nothing begins by itself",
	[FLOWWALL_DIRECTION_OUT] = "no rule matches, and the inside may go out",
	[FLOWWALL_DIRECTION_INSIDE] = "no rule matches, and the inside is open to itself",
	[FLOWWALL_DIRECTION_LOCAL] = "no rule matches, and this router may go anywhere",
};

static void print_basis(const struct told *told)
{
	const struct explanation *answer = told->answer;

	switch (answer->basis) {
	case FLOWWALL_BASIS_NOT_JUDGED:
		printf("its interfaces have no roles that make it FlowWall's: untouched");
		break;
	case FLOWWALL_BASIS_PACKET:
		printf("what the packet is like: %s", drop_sentence(answer->reason));
		break;
	case FLOWWALL_BASIS_FLOW:
		printf("it belongs to a flow%s", answer->verdict == FLOWWALL_VERDICT_DROP ?
		       " that is not allowed, or claims to" : "");
		break;
	case FLOWWALL_BASIS_RELATED:
		printf("an ICMP error %s", answer->verdict == FLOWWALL_VERDICT_DROP ?
		       "about no known flow" : "about a known flow");
		break;
	case FLOWWALL_BASIS_ALWAYS:
		printf("a router dies without such packets");
		break;
	case FLOWWALL_BASIS_RULE:
		printf("rule %s: %s", told->rule ? told->rule : "?", told->text);
		break;
	default:
		printf("%s", policy_sentences[answer->direction & 3]);
		break;
	}
	if (answer->reason >= 0 && answer->reason != FLOWWALL_DROP_RULE &&
	    answer->reason != FLOWWALL_DROP_POLICY && answer->basis != FLOWWALL_BASIS_PACKET)
		printf("; but %s", drop_sentence(answer->reason));
	putchar('\n');
}

static void print_side(const struct side *side)
{
	if (!*side->name)
		printf("this router");
	else if (side->role == FLOWWALL_ROLE_NONE)
		printf("%s", side->name);
	else
		printf("%s (%s)", side->name, name_of(role_names, side->role));
}

static void print_answer(const struct told *told, const struct question *q)
{
	const struct explanation *answer = told->answer;
	bool passes = answer->verdict == FLOWWALL_VERDICT_ACCEPT ||
		      answer->verdict == FLOWWALL_VERDICT_QUEUE;
	char ends[128];

	printf("%s%s%s: ", paint(passes ? GREEN : RED), name_of(verdict_names, answer->verdict),
	       paint(PLAIN));
	print_basis(told);
	printf("  way   ");
	print_side(&told->iif);
	printf(" > ");
	print_side(&told->oif);
	if (answer->basis != FLOWWALL_BASIS_NOT_JUDGED)
		printf(", %s", name_of(direction_names, answer->direction));
	putchar('\n');
	if (answer->has_flow) {
		entry_text(&answer->flow, &answer->flow.original, ends, sizeof(ends));
		printf("  flow  %s%s\n", ends,
		       answer->basis == FLOWWALL_BASIS_FLOW ? "" : ", which it would make");
	}
	if (answer->needs_mac)
		printf("  note  with its link address (mac MAC), another rule might decide\n");
	if (q->direction >= 0 && answer->basis != FLOWWALL_BASIS_NOT_JUDGED &&
	    q->direction != answer->direction)
		printf("  note  it goes `%s`, not `%s`\n", name_of(direction_names, answer->direction),
		       name_of(direction_names, q->direction));
}

static json_t *side_json(const struct side *side)
{
	return *side->name ? json_text(side->name) : json_null();
}

static json_t *role_json(const struct side *side)
{
	return *side->name ? json_string(name_of(role_names, side->role)) : json_null();
}

static void print_answer_json(const struct told *told)
{
	const struct explanation *answer = told->answer;
	bool judged = answer->basis != FLOWWALL_BASIS_NOT_JUDGED;

	out_json(json_pack("{s:i, s:s, s:s, s:o, s:s?, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b}",
		"schema", JSON_SCHEMA, "verdict", name_of(verdict_names, answer->verdict),
		"basis", name_of(basis_names, answer->basis),
		"reason", answer->reason < 0 ? json_null() :
			  json_string(name_of(drop_names, answer->reason)),
		"rule", told->rule,
		"group", *answer->group ? json_text(answer->group) : json_null(),
		"direction", judged ? json_string(name_of(direction_names, answer->direction)) :
			     json_null(),
		"flow", answer->has_flow ? flow_json(&answer->flow, told->rule) : json_null(),
		"iif", side_json(&told->iif), "iif_role", role_json(&told->iif),
		"oif", side_json(&told->oif), "oif_role", role_json(&told->oif),
		"needs_mac", answer->needs_mac));
}

/* What the rule that decides is called, and what it says. */
static void look_up(struct module *module, struct told *told, char id[16])
{
	struct script rules;
	size_t i;

	if (!told->answer->rule)
		return;
	if (!module_ruleset(module, FLOWWALL_KIND_RULE, NULL, &rules))
		for (i = 0; i < rules.n; i++)
			if (rules.stmt[i].rule.handle == told->answer->rule) {
				snprintf(id, FLOWWALL_NAME_SIZE, "%s",
					 rule_id(&rules.stmt[i].rule, told->text, sizeof(told->text)));
				told->rule = id;
				print_stmt(&rules.stmt[i], told->text, sizeof(told->text));
			}
	script_free(&rules);
}

/* What the interfaces are called, and what they are. */
static bool look_up_sides(struct module *module, const struct raw_packet *packet,
			  struct told *told)
{
	struct iface *ifaces;
	size_t i, n;

	if (module_ifaces(module, &ifaces, &n))
		return false;
	for (i = 0; i < n; i++) {
		if (ifaces[i].ifindex == packet->iif)
			told->iif.role = ifaces[i].role;
		if (ifaces[i].ifindex == packet->oif)
			told->oif.role = ifaces[i].role;
	}
	if (packet->iif)
		if_indextoname(packet->iif, told->iif.name);
	if (packet->oif)
		if_indextoname(packet->oif, told->oif.name);
	free(ifaces);
	return true;
}

/**
 * cmd_explain() - fwctl explain [DIRECTION] PROTO from A [port N] to A [port N] ...
 *
 * Return: DONE if it would pass, DROPPED if not.
 */
int cmd_explain(int argc, char **argv)
{
	char id[FLOWWALL_NAME_SIZE];
	struct explanation answer;
	struct told told = { .answer = &answer };
	struct raw_packet packet;
	struct module *module;
	struct question q;
	int status;

	if (!read_question(&q, argc, argv))
		return REFUSED;
	status = connect_module(&module);
	if (status)
		return status;
	packet_build(&q.words, &packet);
	status = packet_route(&q.words, q.iif, &packet);
	if (status) {
		if (status == PACKET_HERE)
			wrong(NULL, "from this router to itself: FlowWall has no say in that");
		status = REFUSED;
	} else if (module_explain(module, &packet, &answer) ||
		   !look_up_sides(module, &packet, &told)) {
		status = module_failed(module);
	} else {
		look_up(module, &told, id);
		if (options.json)
			print_answer_json(&told);
		else
			print_answer(&told, &q);
		status = answer.verdict == FLOWWALL_VERDICT_DROP ||
			 answer.verdict == FLOWWALL_VERDICT_REJECT ? DROPPED : DONE;
	}
	module_close(module);
	return status;
}
