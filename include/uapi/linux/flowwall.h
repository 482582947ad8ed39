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
 *                             BUCKETS, FLOW_BYTES, MEMORY, RULES, PACKETS,
 *                             NEW_FLOWS, NEIGHBOUR, DHCP,
 *                             DROP* { REASON, PACKETS } }
 *
 *   RULESET_GET (dump)    ->  one message for each statement, in the order of
 *     KINDS?                  roles, settings, TTLs, rules:
 *                             GENERATION, STATEMENT { exactly one of
 *                               ROLE    { IFACE | DEFAULT, ROLE }
 *                               SETTING { MAX_FLOWS, NEIGHBOUR, DHCP,
 *                                         ON_CHANGE }
 *                               TTL     { CLASS, STEP, MAX }
 *                               RULE    { HANDLE, NAME?, DIRECTION, ACTION,
 *                                         PROTO?, SRC?, DST?, COMMENT?,
 *                                         PACKETS, BYTES, LAST_HIT? }
 *                             }
 *                             with SRC and DST each an ENDPOINT { ADDR_MIN?,
 *                               ADDR_MAX?, ADDR_NOT?, PORT* { MIN, MAX },
 *                               PORT_NOT? }
 *                             A dump that a commit overtakes is marked with
 *                             NLM_F_DUMP_INTR: ask again.
 *
 *   IFACE_GET (dump)      ->  one message for each interface of the namespace:
 *                             IFACE { IFINDEX, NAME, ROLE, PATTERN? }
 *                             PATTERN is the role statement that decided; none
 *                             where "role default" or nothing did.
 *
 *   FLOW_GET (dump)       ->  one message for each flow that has not expired:
 *                             FLOW { ID, FAMILY, PROTO, DIRECTION, STATE, MARK,
 *                               RULE?, ORIGINAL { ENTRY }, REPLY { ENTRY } }
 *                             ENTRY: SRC, DST, (SPORT, DPORT | ICMP_ID |
 *                               GRE_KEY)?, PACKETS, BYTES, TTL_MS
 *                             RULE is the handle of the rule that let it in.
 *
 *   A ruleset changes by a transaction. It belongs to the socket that began it
 *   and is given up when that socket closes.
 *
 *   BEGIN (do)            ->  GENERATION, the one it is based on
 *     MODE                    REPLACE starts from an empty ruleset with default
 *                             settings, EDIT from a copy of the running one
 *   ADD (do)                  Roles, settings and TTLs take the place of an
 *     STATEMENT*              earlier one of the same key, a rule is appended.
 *                             A refused one spoils the transaction.
 *   DEL (do)                  ROLE { IFACE | DEFAULT } or RULE { HANDLE | NAME }
 *     STATEMENT*
 *   COMMIT (do)           ->  GENERATION
 *     CHECK?                  with CHECK: all that a commit would refuse is
 *                             refused, nothing is changed, and the transaction
 *                             is over. EAGAIN: somebody else committed since
 *                             BEGIN.
 *   ABORT (do)
 *
 *   Multicast group "events":
 *
 *   FLOW_NEW_NTF              FLOW { ... }
 *   FLOW_END_NTF              FLOW { ... }, END_REASON
 *   TABLE_FULL_NTF            FLOW { FAMILY, PROTO, DIRECTION,
 *                               ORIGINAL { SRC, DST, ... } }, the one refused,
 *                             MAX_FLOWS, and REFUSED, how many were refused
 *                             since the last such event; at most one a second
 *   RULESET_NTF               GENERATION
 *   IFACE_NTF                 IFACE { ... }: an interface's role changed
 */
#ifndef _UAPI_LINUX_FLOWWALL_H
#define _UAPI_LINUX_FLOWWALL_H

#define FLOWWALL_GENL_NAME	"flowwall"
#define FLOWWALL_GENL_VERSION	1
#define FLOWWALL_GENL_GROUP	"events"

/* Sizes of texts, the closing zero included. */
#define FLOWWALL_IFACE_SIZE	16
#define FLOWWALL_NAME_SIZE	32
#define FLOWWALL_COMMENT_SIZE	128

#define FLOWWALL_MAX_FLOWS_LIMIT	16777216
#define FLOWWALL_TTL_LIMIT		864000	/* seconds: ten days */
#define FLOWWALL_RULES_LIMIT		1048576
#define FLOWWALL_PORTS_LIMIT		64	/* ranges an endpoint */

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
	FLOWWALL_ACTION_DENY,

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

/* Why a packet was dropped: a closed list, each with a counter of its own. */
enum flowwall_drop {
	FLOWWALL_DROP_POLICY,		/* no flow, and no rule allows it */
	FLOWWALL_DROP_RULE,		/* a deny rule */
	FLOWWALL_DROP_SPOOFED,		/* came from the wrong side */
	FLOWWALL_DROP_FRAGMENT,		/* fragment without its transport header */
	FLOWWALL_DROP_TRUNCATED,	/* a header is cut short */
	FLOWWALL_DROP_MALFORMED,	/* a header contradicts itself */
	FLOWWALL_DROP_EXTENSIONS,	/* IPv6 extension header chain too long */
	FLOWWALL_DROP_STATE,		/* cannot open a flow: TCP without plain SYN, ICMP reply */
	FLOWWALL_DROP_UNRELATED,	/* ICMP error about no known flow */
	FLOWWALL_DROP_TABLE_FULL,	/* the limit of flows is reached */
	FLOWWALL_DROP_NO_MEMORY,	/* no memory for a flow */

	__FLOWWALL_DROP_MAX
};

/* Why a flow ended. */
enum flowwall_end {
	FLOWWALL_END_EXPIRED,		/* no packet within its TTL */
	FLOWWALL_END_REVOKED,		/* the ruleset no longer allows it */
	FLOWWALL_END_REOPENED,		/* a new connection took its ports */
	FLOWWALL_END_EVICTED,		/* it had expired, and its place was needed */

	__FLOWWALL_END_MAX
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
	FLOWWALL_KIND_RULE	= 1 << 3,

	FLOWWALL_KIND_ALL	= (1 << 4) - 1
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
	FLOWWALL_STATUS_A_NEIGHBOUR,	/* u64, passed for neighbour discovery */
	FLOWWALL_STATUS_A_DHCP,		/* u64, passed as answers of DHCP */
	FLOWWALL_STATUS_A_DROP,		/* nest FLOWWALL_DROP_A_*, one a reason */

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

	__FLOWWALL_RULE_A_MAX,
	FLOWWALL_RULE_A_MAX = __FLOWWALL_RULE_A_MAX - 1
};

enum flowwall_endpoint_attr {
	FLOWWALL_ENDPOINT_A_ADDR_MIN = 1,	/* 4 or 16 bytes */
	FLOWWALL_ENDPOINT_A_ADDR_MAX,		/* as many; not below ADDR_MIN */
	FLOWWALL_ENDPOINT_A_ADDR_NOT,		/* flag */
	FLOWWALL_ENDPOINT_A_PORT,		/* nest FLOWWALL_PORT_A_* */
	FLOWWALL_ENDPOINT_A_PORT_NOT,		/* flag */

	__FLOWWALL_ENDPOINT_A_MAX,
	FLOWWALL_ENDPOINT_A_MAX = __FLOWWALL_ENDPOINT_A_MAX - 1
};

enum flowwall_port_attr {
	FLOWWALL_PORT_A_MIN = 1,	/* u16, network byte order */
	FLOWWALL_PORT_A_MAX,		/* u16, network byte order; not below MIN */

	__FLOWWALL_PORT_A_END,
	FLOWWALL_PORT_A_LAST = __FLOWWALL_PORT_A_END - 1
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
