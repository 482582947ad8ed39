// SPDX-License-Identifier: GPL-2.0-or-later
/* The codec of OpenFlow 1.3; see openflow.h. Sections are those of TS-025, 1.3.5. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lang/lang.h"
#include "openflow.h"
#include "wire.h"

/* --- reading --------------------------------------------------------------- */

/**
 * of_next() - the message that bytes begin with
 * @message: set to it, if it is whole
 * @length: set to what it takes of @bytes
 *
 * A message of another version is whole as well: what may follow from it is up to the caller.
 * Broken are bytes that no message begins with; nothing behind them can be read (7.1.1).
 */
enum of_progress of_next(const uint8_t *bytes, size_t n, struct of_message *message,
			 size_t *length)
{
	if (n < OF_HEADER)
		return OF_PART;
	*length = get16(bytes + 2);
	if (*length < OF_HEADER)
		return OF_BROKEN;
	if (n < *length)
		return OF_PART;
	message->version = bytes[0];
	message->type = bytes[1];
	message->xid = get32(bytes + 4);
	message->body = bytes + OF_HEADER;
	message->length = *length - OF_HEADER;
	return OF_WHOLE;
}

/**
 * of_hello_agrees() - does who says this speak 1.3?
 *
 * By the bitmap of versions if there is one, and otherwise if the version is not lower: the
 * lower one of both is spoken then (7.5.1, 6.3.1).
 */
bool of_hello_agrees(const struct of_message *hello)
{
	size_t at = 0;

	while (hello->length - at >= 4) {
		uint16_t type = get16(hello->body + at), length = get16(hello->body + at + 2);

		if (length < 4 || length > hello->length - at)
			break;
		if (type == 1 && length >= 8)
			return get32(hello->body + at + 4) >> OF_VERSION & 1;
		at += (length + 7) / 8 * 8;
		if (at > hello->length)
			break;
	}
	return hello->version >= OF_VERSION;
}

/**
 * of_read_features() - the answer to OF_FEATURES_REQUEST (7.3.1)
 * @datapath: set to what the switch is called
 */
bool of_read_features(const struct of_message *message, uint64_t *datapath)
{
	if (message->length < 24)
		return false;
	*datapath = get64(message->body);
	return true;
}

/* A match; what is in it lies in *@oxm. Returns its length with padding, 0 if it is none (7.2.2). */
static size_t read_match(const uint8_t *at, size_t n, const uint8_t **oxm, size_t *length)
{
	size_t whole;

	if (n < 4 || get16(at) != 1 || get16(at + 2) < 4)
		return 0;
	whole = (get16(at + 2) + 7) / 8 * 8;
	if (whole > n)
		return 0;
	*oxm = at + 4;
	*length = get16(at + 2) - 4;
	return whole;
}

/* The port that a packet came by, among the fields of its match. */
static bool read_in_port(const uint8_t *oxm, size_t n, uint32_t *port)
{
	while (n >= 4) {
		uint32_t header = get32(oxm);
		size_t length = header & 0xff;

		if (length > n - 4)
			return false;
		if (header == OF_F_IN_PORT) {
			*port = get32(oxm + 4);
			return true;
		}
		oxm += 4 + length;
		n -= 4 + length;
	}
	return false;
}

/**
 * of_read_packet_in() - a packet that the switch asks about (7.4.1)
 *
 * One that is cut, or kept by the switch, is refused: it could not be answered.
 */
bool of_read_packet_in(const struct of_message *message, struct of_packet_in *in)
{
	const uint8_t *oxm;
	size_t fields, match;

	if (message->length < 16)
		return false;
	match = read_match(message->body + 16, message->length - 16, &oxm, &fields);
	if (!match || message->length - 16 - match < 2 || !read_in_port(oxm, fields, &in->in_port))
		return false;
	in->frame = message->body + 16 + match + 2;
	in->length = message->length - 16 - match - 2;
	return in->length >= get16(message->body + 4);
}

/**
 * of_read_error() - what the switch did not like (7.4.4)
 */
bool of_read_error(const struct of_message *message, struct of_error *error)
{
	if (message->length < 4)
		return false;
	error->type = get16(message->body);
	error->code = get16(message->body + 2);
	/* It brings the beginning of the message, but for a hello. */
	error->about = error->type && message->length >= 4 + OF_HEADER ? message->body[5] : -1;
	return true;
}

#define PORT_BYTES	64

static void read_port(const uint8_t *at, struct of_port *port)
{
	port->number = get32(at);
	memcpy(port->name, at + 16, OF_NAME);
	port->name[OF_NAME - 1] = '\0';
	port->down = (get32(at + 32) | get32(at + 36)) & 1;
}

/**
 * of_read_port_status() - a port came, went or changed (7.4.3)
 */
bool of_read_port_status(const struct of_message *message, enum of_port_reason *reason,
			 struct of_port *port)
{
	if (message->length < 8 + PORT_BYTES || message->body[0] > OF_PORT_MODIFY)
		return false;
	*reason = message->body[0];
	read_port(message->body + 8, port);
	return true;
}

static bool is_multipart(const struct of_message *message, enum of_multipart type)
{
	return message->length >= 8 && get16(message->body) == type;
}

/**
 * of_read_ports() - a part of the answer to OF_PORT_DESC (7.3.5.7)
 * @more: set if others follow
 * @each: called with each port
 */
bool of_read_ports(const struct of_message *message, bool *more,
		   void (*each)(const struct of_port *port, void *arg), void *arg)
{
	struct of_port port;
	size_t at;

	if (!is_multipart(message, OF_PORT_DESC) || (message->length - 8) % PORT_BYTES)
		return false;
	*more = get16(message->body + 2) & 1;
	for (at = 8; at < message->length; at += PORT_BYTES) {
		read_port(message->body + at, &port);
		each(&port, arg);
	}
	return true;
}

/**
 * of_read_aggregate() - the answer to OF_AGGREGATE: how many flows there are (7.3.5.3)
 */
bool of_read_aggregate(const struct of_message *message, uint32_t *flows)
{
	if (!is_multipart(message, OF_AGGREGATE) || message->length < 8 + 24)
		return false;
	*flows = get32(message->body + 8 + 16);
	return true;
}

/**
 * of_type_text() - what a message is called
 */
const char *of_type_text(int type)
{
	static const char *const names[] = {
		[OF_HELLO] = "hello", [OF_ERROR] = "error", [OF_ECHO_REQUEST] = "echo request",
		[OF_ECHO_REPLY] = "echo reply", [OF_FEATURES_REQUEST] = "features request",
		[OF_FEATURES_REPLY] = "features reply", [OF_SET_CONFIG] = "set-config",
		[OF_PACKET_IN] = "packet-in", [OF_FLOW_REMOVED] = "flow-removed",
		[OF_PORT_STATUS] = "port-status", [OF_PACKET_OUT] = "packet-out",
		[OF_FLOW_MOD] = "flow-mod", [OF_MULTIPART_REQUEST] = "multipart request",
		[OF_MULTIPART_REPLY] = "multipart reply", [OF_BARRIER_REQUEST] = "barrier request",
		[OF_BARRIER_REPLY] = "barrier reply",
	};

	return type >= 0 && type <= OF_BARRIER_REPLY && names[type] ? names[type] : "message";
}

/**
 * of_error_text() - an error in words: "refused a flow-mod: bad match, code 4"
 */
const char *of_error_text(const struct of_error *error, char *buffer, size_t size)
{
	static const char *const types[] = {
		"no common version", "bad request", "bad action", "bad instruction", "bad match",
		"flow-mod failed", "group-mod failed", "port-mod failed", "table-mod failed",
		"queue operation failed", "switch-config failed", "role request failed",
		"meter-mod failed", "table features failed",
	};

	snprintf(buffer, size, "refused %s%s: %s, code %u", error->about < 0 ? "what was said" : "a ",
		 error->about < 0 ? "" : of_type_text(error->about),
		 error->type < sizeof(types) / sizeof(*types) ? types[error->type] : "error of its own",
		 error->code);
	return buffer;
}

/* --- building -------------------------------------------------------------- */

/* Room for a message, its header written; NULL if there is none. */
static uint8_t *begin(struct of_buffer *to, enum of_type type, uint32_t xid, size_t length)
{
	uint8_t *at;

	if (length > OF_LIMIT || to->n + length > to->limit) {
		to->full = true;
		return NULL;
	}
	if (to->n + length > to->room) {
		to->room = 2 * (to->n + length);
		to->bytes = realloc(to->bytes, to->room);
		if (!to->bytes)
			fail_out_of_memory();
	}
	at = memset(to->bytes + to->n, 0, length);
	to->n += length;
	at[0] = OF_VERSION;
	at[1] = type;
	put16(at + 2, length);
	put32(at + 4, xid);
	return at + OF_HEADER;
}

/**
 * of_put() - a message with any body
 */
void of_put(struct of_buffer *to, enum of_type type, uint32_t xid, const void *body, size_t length)
{
	uint8_t *at = begin(to, type, xid, OF_HEADER + length);

	if (at && length)
		memcpy(at, body, length);
}

/**
 * of_put_hello() - 1.3 is spoken here, and nothing else (7.5.1)
 */
void of_put_hello(struct of_buffer *to)
{
	static const uint8_t bitmap[] = { 0, 1, 0, 8, 0, 0, 0, 1 << OF_VERSION };

	of_put(to, OF_HELLO, 0, bitmap, sizeof(bitmap));
}

/**
 * of_put_hello_failed() - there is no common version (7.4.4.1)
 */
void of_put_hello_failed(struct of_buffer *to, uint32_t xid)
{
	static const uint8_t body[] = "\0\0\0\0" "OpenFlow 1.3 is spoken here";

	of_put(to, OF_ERROR, xid, body, sizeof(body) - 1);
}

/**
 * of_put_config() - packets are to come whole (7.3.2)
 */
void of_put_config(struct of_buffer *to, uint32_t xid)
{
	static const uint8_t body[] = { 0, 0, 0xff, 0xff };	/* OFPCML_NO_BUFFER */

	of_put(to, OF_SET_CONFIG, xid, body, sizeof(body));
}

/**
 * of_put_multipart() - ask for ports, or how many flows there are (7.3.5)
 * @cookie: of those flows
 * @mask: the bits of it that count
 */
void of_put_multipart(struct of_buffer *to, uint32_t xid, enum of_multipart type,
		      uint64_t cookie, uint64_t mask)
{
	uint8_t *at = begin(to, OF_MULTIPART_REQUEST, xid,
			    OF_HEADER + 8 + (type == OF_AGGREGATE ? 40 : 0));

	if (!at)
		return;
	put16(at, type);
	if (type != OF_AGGREGATE)
		return;
	at[8] = 0xff;			/* all tables */
	put32(at + 12, OF_ANY);
	put32(at + 16, OF_ANY);
	put64(at + 24, cookie);
	put64(at + 32, mask);
	put16(at + 40, 1);		/* a match without fields */
	put16(at + 42, 4);
}

/* An action that sends; 16 bytes (7.2.4). */
static void put_output(uint8_t *at, uint32_t port)
{
	put16(at, 0);
	put16(at + 2, 16);
	put32(at + 4, port);
	put16(at + 8, 0xffff);		/* to the controller, whole */
}

/**
 * of_put_packet_out() - have the switch send a frame (7.3.7)
 * @in_port: the port that it is taken to have come by
 * @port: where it goes
 */
void of_put_packet_out(struct of_buffer *to, uint32_t xid, uint32_t in_port, uint32_t port,
		       const uint8_t *frame, size_t length)
{
	uint8_t *at = begin(to, OF_PACKET_OUT, xid, OF_HEADER + 16 + 16 + length);

	if (!at)
		return;
	put32(at, OF_ANY);		/* the switch keeps no packet */
	put32(at + 4, in_port);
	put16(at + 8, 16);
	put_output(at + 16, port);
	memcpy(at + 32, frame, length);
}

/**
 * of_field() - add a field
 * @value: in network byte order, as long as the field is
 */
void of_field(struct of_fields *fields, enum of_field field, const void *value)
{
	size_t length = field & 0xff;

	if (fields->n + 4 + length > sizeof(fields->bytes))
		return;
	put32(fields->bytes + fields->n, field);
	memcpy(fields->bytes + fields->n + 4, value, length);
	fields->n += 4 + length;
}

/**
 * of_field_number() - add a field that is a number of up to 64 bits
 */
void of_field_number(struct of_fields *fields, enum of_field field, uint64_t value)
{
	uint8_t bytes[8];

	put64(bytes, value);
	of_field(fields, field, bytes + 8 - (field & 0xff));
}

/**
 * of_field_masked() - add a field of which only the first bits count
 * @bits: how many; none of them: there is no need of the field
 */
void of_field_masked(struct of_fields *fields, enum of_field field, const uint8_t *value,
		     unsigned int bits)
{
	size_t length = field & 0xff, i;
	uint8_t *at = fields->bytes + fields->n;

	if (!bits || fields->n + 4 + 2 * length > sizeof(fields->bytes))
		return;
	if (bits >= 8 * length) {
		of_field(fields, field, value);
		return;
	}
	/* The bit "has a mask", and the length of both (7.2.2.2). */
	put32(at, (field & ~0xffU) | 0x100 | 2 * length);
	for (i = 0; i < length; i++) {
		uint8_t mask = bits >= 8 * (i + 1) ? 0xff : bits <= 8 * i ? 0 :
			       0xff << (8 * (i + 1) - bits);

		at[4 + i] = value[i] & mask;
		at[4 + length + i] = mask;
	}
	fields->n += 4 + 2 * length;
}

static size_t padded(size_t length)
{
	return (length + 7) / 8 * 8;
}

/* An action for each field; returns their length. */
static size_t put_set_fields(uint8_t *at, const struct of_fields *set)
{
	size_t from = 0, n = 0;

	while (from < set->n) {
		size_t field = 4 + (set->bytes[from + 3]), whole = padded(4 + field);

		if (at) {
			put16(at + n, 25);	/* OFPAT_SET_FIELD */
			put16(at + n + 2, whole);
			memcpy(at + n + 4, set->bytes + from, field);
		}
		from += field;
		n += whole;
	}
	return n;
}

/**
 * of_put_rule() - have the switch make or take away a flow (7.3.4.1)
 */
void of_put_rule(struct of_buffer *to, uint32_t xid, const struct of_rule *rule)
{
	size_t match = padded(4 + rule->match.n), set = put_set_fields(NULL, &rule->set);
	bool sends = rule->command == OF_ADD && rule->port != OF_ANY;
	uint8_t *at = begin(to, OF_FLOW_MOD, xid, OF_HEADER + 40 + match + (sends ? 8 + set + 16 : 0));

	if (!at)
		return;
	put64(at, rule->cookie);
	put64(at + 8, rule->cookie_mask);
	at[16] = rule->table;
	at[17] = rule->command;
	put16(at + 18, rule->idle);
	put16(at + 22, rule->priority);
	put32(at + 24, OF_ANY);		/* no buffered packet */
	put32(at + 28, rule->command == OF_DELETE ? rule->out_port : OF_ANY);
	put32(at + 32, OF_ANY);
	at += 40;
	put16(at, 1);
	put16(at + 2, 4 + rule->match.n);
	memcpy(at + 4, rule->match.bytes, rule->match.n);
	at += match;
	if (!sends)
		return;
	put16(at, 4);			/* apply actions (7.2.3) */
	put16(at + 2, 8 + set + 16);
	put_set_fields(at + 8, &rule->set);
	put_output(at + 8 + set, rule->port);
}
