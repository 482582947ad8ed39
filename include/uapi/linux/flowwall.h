/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * FlowWall's generic netlink family, version 1: all that the module and its
 * users share. flowwall.yaml beside this folder is the same as a YNL
 * specification.
 *
 * Every command needs CAP_NET_ADMIN, reading included, and acts on the network
 * namespace of the socket that sends it. Unknown attributes are refused. A
 * refusal carries an extended ACK: a sentence and the offending attribute.
 *
 * Numbers are in host byte order, but for ports, which are in network byte
 * order. An address is 4 bytes (IPv4) or 16 bytes (IPv6), as on the wire.
 * Counters are of 64 bits and, as all attributes, aligned to 4 bytes only: copy
 * them. Durations are named with their unit.
 *
 * The tree of messages. "?" may be missing, "*" may be repeated, "..." stands
 * for a nest described once below.
 *
 *   STATUS_GET (do)       ->  GENERATION, STATUS { VERSION, FLOWS, MAX_FLOWS,
 *                             BUCKETS, FLOW_BYTES, MEMORY, RULES, GROUPS,
 *                             MEMBERS, PACKETS, NEW_FLOWS, FAST, NEIGHBOUR,
 *                             DHCP, CONFIRM?, DROP* { REASON, PACKETS } }
 *
 *   RULESET_GET (dump)    ->  one message for each statement, in the order of
 *     KINDS?                  roles, settings, TTLs, groups, rules:
 *     GROUP?                  GENERATION, STATEMENT { exactly one of
 *                               ROLE    { IFACE | DEFAULT, ROLE }
 *                               SETTING { MAX_FLOWS, NEIGHBOUR, DHCP,
 *                                         ON_CHANGE, TCP_WINDOW, TCP_PICKUP,
 *                                         REFRESH, WHEN_FULL, HALF_OPEN,
 *                                         MAX_FLOWS_PER_HOST, REFUSE,
 *                                         FRAGMENTS, FASTPATH }
 *                               TTL     { CLASS, STEP, MAX }
 *                               GROUP   { NAME, SIZE, PACKETS, BYTES }, then,
 *                                         if members are asked for, as often
 *                                         as it takes
 *                                       { NAME, MEMBER* { TIMEOUT?, LEFT?,
 *                                         one of: ADDR, PREFIX | GROUP | MAC |
 *                                         IFACE } }
 *                               RULE    { HANDLE, NAME?, DIRECTION, ACTION,
 *                                         PROTO?, IFACE?, SRC?, DST?,
 *                                         KEY_MIN?, KEY_MAX?, ICMP_TYPE?,
 *                                         ICMPV6_TYPE?, U32?, U32_NOT?, LOG?,
 *                                         LABEL?, LIMIT?, LIMIT_UNIT?,
 *                                         LIMIT_BURST?, QUEUE_FIRST?,
 *                                         QUEUE_LAST?, QUEUE_BYPASS?, MARK?,
 *                                         MARK_MASK?, TTL_STEP?, TTL_MAX?,
 *                                         UNTIL?, COMMENT?,
 *                                         PACKETS, BYTES, LAST_HIT? }
 *                             }
 *                             with SRC and DST each an ENDPOINT {
 *                               ADDR* { MIN, MAX }, GROUP?, ADDR_NOT?,
 *                               PORT* { MIN, MAX }, PORT_NOT? }
 *                             GROUP in the request: of this group alone.
 *                             A dump that a commit overtakes is marked with
 *                             NLM_F_DUMP_INTR: ask again.
 *
 *   IFACE_GET (dump)      ->  one message for each interface of the namespace:
 *                             IFACE { IFINDEX, NAME, ROLE, PATTERN? }
 *                             PATTERN is the role statement that decided; none
 *                             where "role default" or nothing did.
 *
 *   FLOW_GET (dump)       ->  one message for each flow that has not expired, and
 *     FILTER?                 that FILTER is about: FLOW { ID, FAMILY, PROTO, DIRECTION, STATE, MARK,
 *                               RULE?, ORIGINAL { ENTRY }, REPLY { ENTRY } }
 *                             ENTRY: SRC, DST, (SPORT, DPORT | ICMP_ID |
 *                               GRE_KEY)?, PACKETS, BYTES, TTL_MS
 *                             RULE is the handle of the rule that let it in.
 *                             FILTER { DIRECTION?, STATE?, RULE_HANDLE?, HOST?,
 *                               MATCH { PROTO?, SRC?, DST?, KEY_MIN?, KEY_MAX? } }
 *                             HOST is either end; MATCH is as of a RULE, and about
 *                             the flow's first packet.
 *
 *   FLOW_KILL (do)        ->  ENDED: ends the flows that FILTER is about. What
 *     FILTER                  comes next is judged as the first packet of a flow; of
 *                             TCP, only a new connection can make one.
 *
 *   A ruleset changes by a transaction. It belongs to the socket that began it
 *   and is given up when that socket closes.
 *
 *   BEGIN (do)            ->  GENERATION, the one it is based on
 *     MODE                    REPLACE starts from an empty ruleset with default
 *                             settings, EDIT from a copy of the running one
 *   ADD (do)                  Roles, settings and TTLs take the place of an
 *     STATEMENT*              earlier one of the same key. A rule is appended,
 *                             or put before the rule BEFORE (a handle). With
 *                             REPLACE, a rule that says the same as one of the
 *                             running ruleset is that rule: it keeps handle
 *                             and counters. RULE { HANDLE, BEFORE? } moves a
 *                             rule. A group is made, unless it is there, and
 *                             gets these MEMBERs; one that it has is renewed.
 *                             A refused statement spoils the transaction.
 *   DEL (do)                  ROLE { IFACE | DEFAULT }, RULE { HANDLE | NAME },
 *     STATEMENT*              GROUP { NAME }: the group, GROUP { NAME, MEMBER* }:
 *                             these members, GROUP { NAME, FLUSH }: all of them
 *   COMMIT (do)           ->  GENERATION, ENDED: how many flows the new rules no
 *     CHECK?                  longer allow. With CHECK: all that a commit would
 *     CONFIRM?                refuse is refused, nothing is changed, and the
 *     PACKET?, MAC?,          transaction is over. With CONFIRM, seconds: the
 *     IIF?, OIF?              old ruleset comes back then, unless CONFIRM comes
 *                             before; EBUSY while another one waits for that.
 *                             With PACKET, as of EXPLAIN: ECONNREFUSED if the
 *                             new ruleset would not let it pass, unless that
 *                             NEEDS_MAC to be said.
 *                             EAGAIN: somebody else committed since BEGIN.
 *   ABORT (do)
 *   CONFIRM (do)              keeps the ruleset that waits for it
 *   ZERO (do)                 sets the counters of one rule, or of all rules and
 *     RULE_HANDLE?            groups, to nothing
 *
 *   EXPLAIN (do)          ->  VERDICT, BASIS, REASON?, DIRECTION?, RULE_HANDLE?,
 *     PACKET, MAC?,           GROUP?, FLOW?, NEEDS_MAC?: what would become of an
 *     IIF?, OIF?              IP packet, which came by IIF (or was made here) and
 *                             would leave by OIF (or is for this router). Nothing
 *                             is sent, counted or changed. FLOW is the one that it
 *                             belongs to, or that would be made. Without MAC, it
 *                             is of no group by its link address, and NEEDS_MAC
 *                             says that another rule might decide otherwise.
 *
 *   DROP_GET (dump)       ->  one message for each of the last drops, in no
 *     HOST?                   order: DROP { REASON, AGE_MS, IFINDEX, RULE?,
 *                             FAMILY, PROTO, DIRECTION, ENTRY }. With HOST: of
 *                             packets from or to this address.
 *
 *   Multicast group "events", of network namespaces that the first user namespace
 *   owns; of others, where the module was loaded with userns=1:
 *
 *   FLOW_NEW_NTF              FLOW { ... }
 *   FLOW_END_NTF              FLOW { ... }, END_REASON
 *   TABLE_FULL_NTF            FLOW { FAMILY, PROTO, DIRECTION,
 *                               ORIGINAL { SRC, DST, ... } }, the one refused,
 *                             MAX_FLOWS, and REFUSED, how many were refused
 *                             since the last such event; at most one a second
 *   RULESET_NTF               GENERATION
 *   LOG_NTF                   DROP { ... } of a packet that a rule with LOG
 *                             decided about; REASON is missing if it passed.
 *                             LABEL?
 *   GROUP_NTF                 STATEMENT { GROUP { NAME, SIZE } }: members came
 *                             or went
 *   IFACE_NTF                 IFACE { ... }: an interface's role changed
 */
#ifndef _UAPI_LINUX_FLOWWALL_H
#define _UAPI_LINUX_FLOWWALL_H

#include <linux/types.h>

#define FLOWWALL_GENL_NAME	"flowwall"
#define FLOWWALL_GENL_VERSION	1
#define FLOWWALL_GENL_GROUP	"events"

/* Sizes of texts, the closing zero included. */
#define FLOWWALL_IFACE_SIZE	16
#define FLOWWALL_NAME_SIZE	32
#define FLOWWALL_COMMENT_SIZE	128
#define FLOWWALL_LABEL_SIZE	64

#define FLOWWALL_MAX_FLOWS_LIMIT	16777216
#define FLOWWALL_TTL_LIMIT		864000	/* seconds: ten days */
#define FLOWWALL_RULES_LIMIT		1048576
#define FLOWWALL_PORTS_LIMIT		64	/* ranges an endpoint */
#define FLOWWALL_ADDRS_LIMIT		64	/* ranges an endpoint */
#define FLOWWALL_GROUPS_LIMIT		4096
#define FLOWWALL_GROUP_DEPTH		4	/* groups in groups */
#define FLOWWALL_GROUP_BELOW		1000	/* groups that one has in it, counted each time */
#define FLOWWALL_MEMBERS_LIMIT		4194304	/* a namespace */
#define FLOWWALL_TIMEOUT_LIMIT		31536000	/* seconds: a year */
#define FLOWWALL_PACKET_LIMIT		2048	/* bytes, to be explained */
#define FLOWWALL_CONFIRM_LIMIT		86400	/* seconds */

/* The limits of iptables' u32 match. */
#define FLOWWALL_U32_TESTS	10
#define FLOWWALL_U32_STEPS	10	/* after the first offset of a test */
#define FLOWWALL_U32_RANGES	10	/* of a test */
#define FLOWWALL_U32_OPS	(FLOWWALL_U32_TESTS * \
				 (1 + FLOWWALL_U32_STEPS + FLOWWALL_U32_RANGES))

/*
 * One step of a u32 program. A program is tests, all of which must hold; a test
 * is LOAD, then any of AND, LEFT, RIGHT and AT, then RANGE once or more, one of
 * which must hold.
 */
enum flowwall_u32 {
	FLOWWALL_U32_LOAD,	/* value = the 4 bytes at offset a, big endian */
	FLOWWALL_U32_AND,	/* value &= a */
	FLOWWALL_U32_LEFT,	/* value <<= a, 0 to 31 */
	FLOWWALL_U32_RIGHT,	/* value >>= a, 0 to 31 */
	FLOWWALL_U32_AT,	/* base += value; value = the 4 bytes at base + a */
	FLOWWALL_U32_RANGE,	/* a <= value <= b? */

	__FLOWWALL_U32_MAX
};

/* Host byte order, as an array in FLOWWALL_RULE_A_U32. */
struct flowwall_u32_op {
	__u32 code;
	__u32 a;
	__u32 b;
};

enum flowwall_cmd {
	FLOWWALL_CMD_STATUS_GET = 1,
	FLOWWALL_CMD_RULESET_GET,
	FLOWWALL_CMD_IFACE_GET,
	FLOWWALL_CMD_FLOW_GET,
	FLOWWALL_CMD_BEGIN,
	FLOWWALL_CMD_ADD,
	FLOWWALL_CMD_DEL,
	FLOWWALL_CMD_COMMIT,
	FLOWWALL_CMD_ABORT,
	FLOWWALL_CMD_FLOW_NEW_NTF,
	FLOWWALL_CMD_FLOW_END_NTF,
	FLOWWALL_CMD_TABLE_FULL_NTF,
	FLOWWALL_CMD_RULESET_NTF,
	FLOWWALL_CMD_IFACE_NTF,
	FLOWWALL_CMD_CONFIRM,
	FLOWWALL_CMD_ZERO,
	FLOWWALL_CMD_EXPLAIN,
	FLOWWALL_CMD_DROP_GET,
	FLOWWALL_CMD_LOG_NTF,
	FLOWWALL_CMD_GROUP_NTF,
	FLOWWALL_CMD_FLOW_KILL,

	__FLOWWALL_CMD_MAX,
	FLOWWALL_CMD_MAX = __FLOWWALL_CMD_MAX - 1
};

/* What an interface is; one without a role is FLOWWALL_ROLE_NONE. */
enum flowwall_role {
	FLOWWALL_ROLE_NONE,
	FLOWWALL_ROLE_INTERNAL,
	FLOWWALL_ROLE_EXTERNAL,

	__FLOWWALL_ROLE_MAX
};

/* Where a flow was opened from, and to where. */
enum flowwall_direction {
	FLOWWALL_DIRECTION_IN,		/* from an external interface */
	FLOWWALL_DIRECTION_OUT,		/* through this router to an external one */
	FLOWWALL_DIRECTION_INSIDE,	/* from internal to internal or this router */
	FLOWWALL_DIRECTION_LOCAL,	/* from this router */

	__FLOWWALL_DIRECTION_MAX
};

enum flowwall_action {
	FLOWWALL_ACTION_ALLOW,
	FLOWWALL_ACTION_DENY,		/* silently */
	FLOWWALL_ACTION_REJECT,		/* with a RST, or ICMP admin prohibited */

	__FLOWWALL_ACTION_MAX
};

/* The classes of flows with a TTL of their own. */
enum flowwall_ttl_class {
	FLOWWALL_TTL_TCP_SYN,
	FLOWWALL_TTL_TCP_ESTABLISHED,
	FLOWWALL_TTL_TCP_CLOSING,
	FLOWWALL_TTL_UDP_NEW,
	FLOWWALL_TTL_UDP_STREAM,
	FLOWWALL_TTL_ICMP,
	FLOWWALL_TTL_GRE,
	FLOWWALL_TTL_OTHER,

	__FLOWWALL_TTL_MAX
};

/* How far a flow has come; the first two are for all but TCP. */
enum flowwall_state {
	FLOWWALL_STATE_NEW,		/* no reply so far */
	FLOWWALL_STATE_REPLIED,
	FLOWWALL_STATE_SYN_SENT,
	FLOWWALL_STATE_SYN_RECEIVED,
	FLOWWALL_STATE_ESTABLISHED,
	FLOWWALL_STATE_CLOSING,		/* one side sent FIN */
	FLOWWALL_STATE_CLOSED,		/* both did, or one sent RST */

	__FLOWWALL_STATE_MAX
};

/* What becomes of a flow at its next packet after a change of the ruleset. */
enum flowwall_on_change {
	FLOWWALL_ON_CHANGE_REVALIDATE,	/* judged again by the new rules */
	FLOWWALL_ON_CHANGE_KEEP,

	__FLOWWALL_ON_CHANGE_MAX
};

/* Which entries of a flow a packet refreshes. */
enum flowwall_refresh {
	FLOWWALL_REFRESH_BOTH,
	FLOWWALL_REFRESH_SAME,		/* its own direction's */
	FLOWWALL_REFRESH_OUTBOUND,	/* both, but only a packet that comes from inside */

	__FLOWWALL_REFRESH_MAX
};

/* What becomes of a new flow when there is no room. */
enum flowwall_when_full {
	FLOWWALL_WHEN_FULL_REFUSE,
	FLOWWALL_WHEN_FULL_EVICT,	/* an old one that is half open makes room */

	__FLOWWALL_WHEN_FULL_MAX
};

/* How a sender is told that there is no room for a connection. */
enum flowwall_refuse {
	FLOWWALL_REFUSE_ICMP,		/* port unreachable */
	FLOWWALL_REFUSE_TCP_RST,	/* TCP: a RST */

	__FLOWWALL_REFUSE_MAX
};

enum flowwall_fragments {
	FLOWWALL_FRAGMENTS_DROP,	/* those without a transport header */
	FLOWWALL_FRAGMENTS_REASSEMBLE,	/* before they are judged */

	__FLOWWALL_FRAGMENTS_MAX
};

/* Why a packet was dropped: a closed list, each with a counter of its own. */
enum flowwall_drop {
	FLOWWALL_DROP_POLICY,		/* no flow, and no rule allows it */
	FLOWWALL_DROP_RULE,		/* a deny rule */
	FLOWWALL_DROP_SPOOFED,		/* came from the wrong side */
	FLOWWALL_DROP_FRAGMENT,		/* fragment without its transport header */
	FLOWWALL_DROP_TRUNCATED,	/* a header is cut short */
	FLOWWALL_DROP_MALFORMED,	/* a header contradicts itself, or is a source route */
	FLOWWALL_DROP_EXTENSIONS,	/* IPv6 extension header chain too long */
	FLOWWALL_DROP_STATE,		/* cannot open a flow: TCP without plain SYN, ICMP reply */
	FLOWWALL_DROP_UNRELATED,	/* ICMP error about no known flow */
	FLOWWALL_DROP_TABLE_FULL,	/* the limit of flows is reached */
	FLOWWALL_DROP_NO_MEMORY,	/* no memory for a flow */
	FLOWWALL_DROP_LIMIT,		/* a rule allows it, but not so often */
	FLOWWALL_DROP_WINDOW,		/* TCP: not what its connection waits for */
	FLOWWALL_DROP_HOST_FULL,	/* its host has as many flows as it may */

	__FLOWWALL_DROP_MAX
};

/*
 * What a program says of a flow by the mark of its verdict (NFQA_MARK with NF_ACCEPT),
 * which packets that wait in a queue come without. The other bits are the packet's mark;
 * those in the mask of the rule's "mark" are from then on set on all packets of the flow.
 * On packets of flows with a queue, these bits are of no use to others.
 */
#define FLOWWALL_QUEUE_VERDICT	0xc0000000	/* these bits: */
#define FLOWWALL_QUEUE_DECIDED	0		/* it passes, TCP from its data on; */
#define FLOWWALL_QUEUE_MORE	0x40000000	/* the next packets are asked about as well; */
#define FLOWWALL_QUEUE_REQUESTS	0x80000000	/* its originator's are, of TCP those with data; */
#define FLOWWALL_QUEUE_REFUSE	0xc0000000	/* this packet is dropped, and the flow ends */

/*
 * The mark (SO_MARK) of what such a program sends in the place of either end: it is not
 * judged, and loses the mark.
 */
#define FLOWWALL_QUEUE_ANSWER	0xc0464c57

/* Why a flow ended. */
enum flowwall_end {
	FLOWWALL_END_EXPIRED,		/* no packet within its TTL */
	FLOWWALL_END_REVOKED,		/* the ruleset no longer allows it */
	FLOWWALL_END_REOPENED,		/* a new connection took its ports */
	FLOWWALL_END_EVICTED,		/* expired or half open, and its place was needed */
	FLOWWALL_END_KILLED,		/* somebody asked for it */

	__FLOWWALL_END_MAX
};

/* What becomes of a packet. */
enum flowwall_verdict {
	FLOWWALL_VERDICT_ACCEPT,
	FLOWWALL_VERDICT_DROP,
	FLOWWALL_VERDICT_REJECT,
	FLOWWALL_VERDICT_QUEUE,

	__FLOWWALL_VERDICT_MAX
};

/* What a verdict is based on. */
enum flowwall_basis {
	FLOWWALL_BASIS_NOT_JUDGED,	/* by its roles it is none of FlowWall's */
	FLOWWALL_BASIS_PACKET,		/* what the packet itself is like */
	FLOWWALL_BASIS_FLOW,		/* it belongs to a flow */
	FLOWWALL_BASIS_RELATED,		/* an ICMP error about a flow, or about none */
	FLOWWALL_BASIS_ALWAYS,		/* neighbour or listener discovery, or an answer of DHCP */
	FLOWWALL_BASIS_RULE,		/* the first rule that matches */
	FLOWWALL_BASIS_POLICY,		/* no rule matches */

	__FLOWWALL_BASIS_MAX
};

enum flowwall_mode {
	FLOWWALL_MODE_REPLACE,
	FLOWWALL_MODE_EDIT,

	__FLOWWALL_MODE_MAX
};

/* KINDS: the statements that a RULESET_GET is to show. */
enum flowwall_kind {
	FLOWWALL_KIND_ROLE	= 1 << 0,
	FLOWWALL_KIND_SETTING	= 1 << 1,
	FLOWWALL_KIND_TTL	= 1 << 2,
	FLOWWALL_KIND_GROUP	= 1 << 3,
	FLOWWALL_KIND_MEMBER	= 1 << 4,	/* the members of the groups */
	FLOWWALL_KIND_RULE	= 1 << 5,

	FLOWWALL_KIND_ALL	= (1 << 6) - 1
};

/* The attributes of a message. */
enum flowwall_attr {
	FLOWWALL_A_GENERATION = 1,	/* u32 */
	FLOWWALL_A_STATUS,		/* nest FLOWWALL_STATUS_A_* */
	FLOWWALL_A_STATEMENT,		/* nest FLOWWALL_STATEMENT_A_* */
	FLOWWALL_A_IFACE,		/* nest FLOWWALL_IFACE_A_* */
	FLOWWALL_A_FLOW,		/* nest FLOWWALL_FLOW_A_* */
	FLOWWALL_A_KINDS,		/* u32, enum flowwall_kind */
	FLOWWALL_A_MODE,		/* u8, enum flowwall_mode */
	FLOWWALL_A_CHECK,		/* flag */
	FLOWWALL_A_END_REASON,		/* u8, enum flowwall_end */
	FLOWWALL_A_MAX_FLOWS,		/* u32 */
	FLOWWALL_A_REFUSED,		/* u32 */
	FLOWWALL_A_GROUP,		/* string, a group's name */
	FLOWWALL_A_CONFIRM,		/* u32, seconds, 1 to FLOWWALL_CONFIRM_LIMIT */
	FLOWWALL_A_ENDED,		/* u32 */
	FLOWWALL_A_RULE_HANDLE,		/* u32 */
	FLOWWALL_A_PACKET,		/* binary, from the IP header on */
	FLOWWALL_A_IIF,			/* u32, interface index */
	FLOWWALL_A_OIF,			/* u32, interface index */
	FLOWWALL_A_VERDICT,		/* u8, enum flowwall_verdict */
	FLOWWALL_A_BASIS,		/* u8, enum flowwall_basis */
	FLOWWALL_A_REASON,		/* u8, enum flowwall_drop */
	FLOWWALL_A_DIRECTION,		/* u8, enum flowwall_direction */
	FLOWWALL_A_HOST,		/* 4 or 16 bytes */
	FLOWWALL_A_DROP,		/* nest FLOWWALL_RECORD_A_* */
	FLOWWALL_A_LABEL,		/* string */
	FLOWWALL_A_FILTER,		/* nest FLOWWALL_FILTER_A_* */
	FLOWWALL_A_MAC,			/* 6 bytes: the link address that PACKET was sent with */
	FLOWWALL_A_NEEDS_MAC,		/* flag: with a MAC, another rule might decide */

	__FLOWWALL_A_MAX,
	FLOWWALL_A_MAX = __FLOWWALL_A_MAX - 1
};

enum flowwall_status_attr {
	FLOWWALL_STATUS_A_VERSION = 1,	/* string, the module's */
	FLOWWALL_STATUS_A_FLOWS,	/* u32 */
	FLOWWALL_STATUS_A_MAX_FLOWS,	/* u32 */
	FLOWWALL_STATUS_A_BUCKETS,	/* u32 */
	FLOWWALL_STATUS_A_FLOW_BYTES,	/* u32, of one flow, both entries */
	FLOWWALL_STATUS_A_MEMORY,	/* u64, bytes: flows and table */
	FLOWWALL_STATUS_A_RULES,	/* u32 */
	FLOWWALL_STATUS_A_PACKETS,	/* u64, passed as part of a flow */
	FLOWWALL_STATUS_A_NEW_FLOWS,	/* u64 */
	FLOWWALL_STATUS_A_NEIGHBOUR,	/* u64, passed for neighbour and listener discovery */
	FLOWWALL_STATUS_A_DHCP,		/* u64, passed as answers of DHCP */
	FLOWWALL_STATUS_A_DROP,		/* nest FLOWWALL_DROP_A_*, one a reason */
	FLOWWALL_STATUS_A_GROUPS,	/* u32 */
	FLOWWALL_STATUS_A_MEMBERS,	/* u32, of all groups */
	FLOWWALL_STATUS_A_CONFIRM,	/* u32, seconds until the old ruleset comes back */
	FLOWWALL_STATUS_A_FAST,		/* u64, of PACKETS: by the fast path */

	__FLOWWALL_STATUS_A_MAX,
	FLOWWALL_STATUS_A_MAX = __FLOWWALL_STATUS_A_MAX - 1
};

enum flowwall_drop_attr {
	FLOWWALL_DROP_A_REASON = 1,		/* u8, enum flowwall_drop */
	FLOWWALL_DROP_A_PACKETS,	/* u64 */

	__FLOWWALL_DROP_A_MAX,
	FLOWWALL_DROP_A_MAX = __FLOWWALL_DROP_A_MAX - 1
};

enum flowwall_statement_attr {
	FLOWWALL_STATEMENT_A_ROLE = 1,	/* nest FLOWWALL_ROLE_A_* */
	FLOWWALL_STATEMENT_A_SETTING,	/* nest FLOWWALL_SETTING_A_* */
	FLOWWALL_STATEMENT_A_TTL,	/* nest FLOWWALL_TTL_A_* */
	FLOWWALL_STATEMENT_A_RULE,	/* nest FLOWWALL_RULE_A_* */
	FLOWWALL_STATEMENT_A_GROUP,	/* nest FLOWWALL_GROUP_A_* */

	__FLOWWALL_STATEMENT_A_MAX,
	FLOWWALL_STATEMENT_A_MAX = __FLOWWALL_STATEMENT_A_MAX - 1
};

enum flowwall_role_attr {
	FLOWWALL_ROLE_A_IFACE = 1,	/* string: a name, or a beginning and "+" */
	FLOWWALL_ROLE_A_DEFAULT,	/* flag: all that no other statement names */
	FLOWWALL_ROLE_A_ROLE,		/* u8, enum flowwall_role */

	__FLOWWALL_ROLE_A_MAX,
	FLOWWALL_ROLE_A_MAX = __FLOWWALL_ROLE_A_MAX - 1
};

enum flowwall_setting_attr {
	FLOWWALL_SETTING_A_MAX_FLOWS = 1,	/* u32, 1 to FLOWWALL_MAX_FLOWS_LIMIT */
	FLOWWALL_SETTING_A_NEIGHBOUR,		/* u8, 0 or 1 */
	FLOWWALL_SETTING_A_DHCP,		/* u8, 0 or 1 */
	FLOWWALL_SETTING_A_ON_CHANGE,		/* u8, enum flowwall_on_change */
	FLOWWALL_SETTING_A_TCP_WINDOW,		/* u8, 0 or 1: sequence numbers are checked */
	FLOWWALL_SETTING_A_TCP_PICKUP,		/* u8, 0 or 1: outbound, also midway */
	FLOWWALL_SETTING_A_REFRESH,		/* u8, enum flowwall_refresh */
	FLOWWALL_SETTING_A_WHEN_FULL,		/* u8, enum flowwall_when_full */
	FLOWWALL_SETTING_A_HALF_OPEN,		/* u32, percent of MAX_FLOWS, 1 to 100 */
	FLOWWALL_SETTING_A_MAX_FLOWS_PER_HOST,	/* u32, 0 for no limit */
	FLOWWALL_SETTING_A_REFUSE,		/* u8, enum flowwall_refuse */
	FLOWWALL_SETTING_A_FRAGMENTS,		/* u8, enum flowwall_fragments */
	FLOWWALL_SETTING_A_FASTPATH,		/* u8, 0 or 1: forwarded at the ingress */

	__FLOWWALL_SETTING_A_MAX,
	FLOWWALL_SETTING_A_MAX = __FLOWWALL_SETTING_A_MAX - 1
};

enum flowwall_ttl_attr {
	FLOWWALL_TTL_A_CLASS = 1,	/* u8, enum flowwall_ttl_class */
	FLOWWALL_TTL_A_STEP,		/* u32, seconds, 1 to MAX */
	FLOWWALL_TTL_A_MAX,		/* u32, seconds, up to FLOWWALL_TTL_LIMIT */

	__FLOWWALL_TTL_A_END,
	FLOWWALL_TTL_A_LAST = __FLOWWALL_TTL_A_END - 1
};

enum flowwall_rule_attr {
	FLOWWALL_RULE_A_HANDLE = 1,		/* u32, given by the module, never reused */
	FLOWWALL_RULE_A_NAME,		/* string: a letter, then letters, digits, "-", "_", "." */
	FLOWWALL_RULE_A_DIRECTION,	/* u8, enum flowwall_direction */
	FLOWWALL_RULE_A_ACTION,		/* u8, enum flowwall_action */
	FLOWWALL_RULE_A_PROTO,		/* u8, IP protocol; 1 means ICMP and, for IPv6, ICMPv6 */
	FLOWWALL_RULE_A_SRC,		/* nest FLOWWALL_ENDPOINT_A_* */
	FLOWWALL_RULE_A_DST,		/* nest FLOWWALL_ENDPOINT_A_* */
	FLOWWALL_RULE_A_COMMENT,	/* string */
	FLOWWALL_RULE_A_PACKETS,	/* u64, that it judged */
	FLOWWALL_RULE_A_BYTES,		/* u64 */
	FLOWWALL_RULE_A_LAST_HIT,	/* u64, seconds since 1970 */
	FLOWWALL_RULE_A_BEFORE,		/* u32, handle of another rule */
	FLOWWALL_RULE_A_IFACE,		/* string, name or beginning and "+": where it came by; for
					 * DIRECTION out and local, where it goes
					 */
	FLOWWALL_RULE_A_KEY_MIN,	/* u32, of GRE */
	FLOWWALL_RULE_A_KEY_MAX,	/* u32 */
	FLOWWALL_RULE_A_ICMP_TYPE,	/* u8; with neither this nor the next, any */
	FLOWWALL_RULE_A_ICMPV6_TYPE,	/* u8 */
	FLOWWALL_RULE_A_U32,		/* binary, struct flowwall_u32_op[] */
	FLOWWALL_RULE_A_U32_NOT,	/* flag */
	FLOWWALL_RULE_A_LOG,		/* flag */
	FLOWWALL_RULE_A_LABEL,		/* string */
	FLOWWALL_RULE_A_LIMIT,		/* u32, so many in each LIMIT_UNIT */
	FLOWWALL_RULE_A_LIMIT_UNIT,	/* u32, seconds: 1, 60, 3600 or 86400 */
	FLOWWALL_RULE_A_LIMIT_BURST,	/* u32, so many at once */
	FLOWWALL_RULE_A_QUEUE_FIRST,	/* u16, with ACTION allow */
	FLOWWALL_RULE_A_QUEUE_LAST,	/* u16 */
	FLOWWALL_RULE_A_QUEUE_BYPASS,	/* flag: accept, if nobody listens */
	FLOWWALL_RULE_A_MARK,		/* u32, with ACTION allow */
	FLOWWALL_RULE_A_MARK_MASK,	/* u32, the bits to set; MARK has no others */
	FLOWWALL_RULE_A_TTL_STEP,	/* u32, seconds, 1 to TTL_MAX; with ACTION allow */
	FLOWWALL_RULE_A_TTL_MAX,	/* u32, seconds */
	FLOWWALL_RULE_A_UNTIL,		/* u64, seconds since 1970; then it matches no more */

	__FLOWWALL_RULE_A_MAX,
	FLOWWALL_RULE_A_MAX = __FLOWWALL_RULE_A_MAX - 1
};

enum flowwall_endpoint_attr {
	FLOWWALL_ENDPOINT_A_ADDR = 1,	/* nest FLOWWALL_ADDR_A_*, instead of GROUP */
	FLOWWALL_ENDPOINT_A_GROUP,	/* string, its name */
	FLOWWALL_ENDPOINT_A_ADDR_NOT,	/* flag */
	FLOWWALL_ENDPOINT_A_PORT,	/* nest FLOWWALL_PORT_A_* */
	FLOWWALL_ENDPOINT_A_PORT_NOT,	/* flag */

	__FLOWWALL_ENDPOINT_A_MAX,
	FLOWWALL_ENDPOINT_A_MAX = __FLOWWALL_ENDPOINT_A_MAX - 1
};

enum flowwall_addr_attr {
	FLOWWALL_ADDR_A_MIN = 1,	/* 4 or 16 bytes */
	FLOWWALL_ADDR_A_MAX,		/* as many; not below MIN */

	__FLOWWALL_ADDR_A_END,
	FLOWWALL_ADDR_A_LAST = __FLOWWALL_ADDR_A_END - 1
};

enum flowwall_port_attr {
	FLOWWALL_PORT_A_MIN = 1,	/* u16, network byte order */
	FLOWWALL_PORT_A_MAX,		/* u16, network byte order; not below MIN */

	__FLOWWALL_PORT_A_END,
	FLOWWALL_PORT_A_LAST = __FLOWWALL_PORT_A_END - 1
};

enum flowwall_group_attr {
	FLOWWALL_GROUP_A_NAME = 1,	/* string, as a rule's */
	FLOWWALL_GROUP_A_MEMBER,	/* nest FLOWWALL_MEMBER_A_* */
	FLOWWALL_GROUP_A_FLUSH,		/* flag */
	FLOWWALL_GROUP_A_SIZE,		/* u32, how many members */
	FLOWWALL_GROUP_A_PACKETS,	/* u64, that rules with the group decided about */
	FLOWWALL_GROUP_A_BYTES,		/* u64 */

	__FLOWWALL_GROUP_A_MAX,
	FLOWWALL_GROUP_A_MAX = __FLOWWALL_GROUP_A_MAX - 1
};

enum flowwall_member_attr {
	FLOWWALL_MEMBER_A_ADDR = 1,	/* 4 or 16 bytes, nothing beyond PREFIX */
	FLOWWALL_MEMBER_A_PREFIX,	/* u8, significant bits; without it, all */
	FLOWWALL_MEMBER_A_TIMEOUT,	/* u32, seconds, 1 to FLOWWALL_TIMEOUT_LIMIT */
	FLOWWALL_MEMBER_A_LEFT,		/* u32, seconds of TIMEOUT that are left */
	FLOWWALL_MEMBER_A_GROUP,	/* string: all members of that group */
	FLOWWALL_MEMBER_A_MAC,		/* 6 bytes: who sends with this link address */
	FLOWWALL_MEMBER_A_IFACE,	/* string: who is behind this interface */

	__FLOWWALL_MEMBER_A_END,
	FLOWWALL_MEMBER_A_LAST = __FLOWWALL_MEMBER_A_END - 1
};

enum flowwall_filter_attr {
	FLOWWALL_FILTER_A_MATCH = 1,	/* nest FLOWWALL_RULE_A_* */
	FLOWWALL_FILTER_A_DIRECTION,	/* u8, enum flowwall_direction */
	FLOWWALL_FILTER_A_STATE,	/* u8, enum flowwall_state */
	FLOWWALL_FILTER_A_RULE_HANDLE,	/* u32, zero for flows of no rule */
	FLOWWALL_FILTER_A_HOST,		/* 4 or 16 bytes */

	__FLOWWALL_FILTER_A_END,
	FLOWWALL_FILTER_A_LAST = __FLOWWALL_FILTER_A_END - 1
};

enum flowwall_record_attr {
	FLOWWALL_RECORD_A_REASON = 1,	/* u8, enum flowwall_drop */
	FLOWWALL_RECORD_A_AGE_MS,	/* u32 */
	FLOWWALL_RECORD_A_IFINDEX,	/* u32, where it came by; none if it was made here */
	FLOWWALL_RECORD_A_RULE,		/* u32, handle */
	FLOWWALL_RECORD_A_FAMILY,	/* u8; with no address if it was not understood so far */
	FLOWWALL_RECORD_A_PROTO,	/* u8 */
	FLOWWALL_RECORD_A_DIRECTION,	/* u8, enum flowwall_direction */
	FLOWWALL_RECORD_A_ENTRY,	/* nest FLOWWALL_ENTRY_A_*: addresses, and ports or ids */

	__FLOWWALL_RECORD_A_MAX,
	FLOWWALL_RECORD_A_MAX = __FLOWWALL_RECORD_A_MAX - 1
};

enum flowwall_iface_attr {
	FLOWWALL_IFACE_A_IFINDEX = 1,	/* u32 */
	FLOWWALL_IFACE_A_NAME,		/* string */
	FLOWWALL_IFACE_A_ROLE,		/* u8, enum flowwall_role */
	FLOWWALL_IFACE_A_PATTERN,	/* string */

	__FLOWWALL_IFACE_A_MAX,
	FLOWWALL_IFACE_A_MAX = __FLOWWALL_IFACE_A_MAX - 1
};

enum flowwall_flow_attr {
	FLOWWALL_FLOW_A_ID = 1,		/* u64 */
	FLOWWALL_FLOW_A_FAMILY,		/* u8, AF_INET or AF_INET6 */
	FLOWWALL_FLOW_A_PROTO,		/* u8 */
	FLOWWALL_FLOW_A_DIRECTION,	/* u8, enum flowwall_direction */
	FLOWWALL_FLOW_A_STATE,		/* u8, enum flowwall_state */
	FLOWWALL_FLOW_A_MARK,		/* u32 */
	FLOWWALL_FLOW_A_RULE,		/* u32, handle */
	FLOWWALL_FLOW_A_ORIGINAL,	/* nest FLOWWALL_ENTRY_A_* */
	FLOWWALL_FLOW_A_REPLY,		/* nest FLOWWALL_ENTRY_A_* */

	__FLOWWALL_FLOW_A_MAX,
	FLOWWALL_FLOW_A_MAX = __FLOWWALL_FLOW_A_MAX - 1
};

enum flowwall_entry_attr {
	FLOWWALL_ENTRY_A_SRC = 1,		/* 4 or 16 bytes */
	FLOWWALL_ENTRY_A_DST,		/* as many */
	FLOWWALL_ENTRY_A_SPORT,		/* u16, network byte order */
	FLOWWALL_ENTRY_A_DPORT,		/* u16, network byte order */
	FLOWWALL_ENTRY_A_ICMP_ID,	/* u16 */
	FLOWWALL_ENTRY_A_GRE_KEY,	/* u32 */
	FLOWWALL_ENTRY_A_PACKETS,	/* u64 */
	FLOWWALL_ENTRY_A_BYTES,		/* u64, of the IP packets */
	FLOWWALL_ENTRY_A_TTL_MS,	/* u32, until it expires */

	__FLOWWALL_ENTRY_A_MAX,
	FLOWWALL_ENTRY_A_MAX = __FLOWWALL_ENTRY_A_MAX - 1
};

#endif /* _UAPI_LINUX_FLOWWALL_H */
