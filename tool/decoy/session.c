// SPDX-License-Identifier: GPL-2.0-or-later
/* The connection to a switch, from its hello on; see session.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../ovs/flows.h"
#include "session.h"

/* Bytes that may wait for a switch: packets, and all. */
#define PACKETS_WAIT	(1 << 20)
#define ALL_WAIT	(4 << 20)

/* In ms. */
#define GREETING_MS	10000
#define SILENT_MS	5000
#define GONE_MS		15000

__attribute__((format(printf, 2, 3)))
static void over(struct session *session, const char *format, ...)
{
	va_list list;

	if (session->state == SESSION_OVER)
		return;
	session->state = SESSION_OVER;
	va_start(list, format);
	vsnprintf(session->why, sizeof(session->why), format, list);
	va_end(list);
}

/**
 * session_up() - is it known what switch this is, and may packets be answered?
 */
bool session_up(const struct session *session)
{
	return session->state == SESSION_READY;
}

/**
 * session_begin() - say hello
 */
void session_begin(struct session *session)
{
	session->state = SESSION_GREETING;
	session->began = session->heard = session->now;
	session->out.limit = ALL_WAIT;
	of_put_hello(&session->out);
}

/**
 * session_end() - the connection has gone; free what it took
 */
void session_end(struct session *session)
{
	over(session, "it ended the connection");
	free(session->out.bytes);
	memset(&session->out, 0, sizeof(session->out));
}

/* --- telling --------------------------------------------------------------- */

/**
 * session_send() - have a frame sent
 * @in_port: that it is taken to have come by
 * @port: where it goes
 *
 * If the switch does not read, it is lost, as on any link.
 */
void session_send(struct session *session, uint32_t in_port, uint32_t port, const uint8_t *frame,
		  size_t n)
{
	if (session->out.n + n > PACKETS_WAIT || n > OF_LIMIT - 64)
		session->lost++;
	else
		of_put_packet_out(&session->out, ++session->xid, in_port, port, frame, n);
}

/**
 * session_rule() - have a flow made or taken away
 */
void session_rule(struct session *session, const struct of_rule *rule)
{
	of_put_rule(&session->out, ++session->xid, rule);
}

/**
 * session_barrier() - what was said before is to be done before what follows
 */
void session_barrier(struct session *session)
{
	of_put(&session->out, OF_BARRIER_REQUEST, ++session->xid, NULL, 0);
}

/**
 * session_count() - ask how many flows there are with a cookie; the mode is told
 */
void session_count(struct session *session, uint64_t cookie)
{
	of_put_multipart(&session->out, ++session->xid, OF_AGGREGATE, cookie, ~0ULL);
}

/* --- hearing --------------------------------------------------------------- */

static void broken(struct session *session, const struct of_message *message)
{
	over(session, "its %s contradicts itself", of_type_text(message->type));
}

static void greet(struct session *session, const struct of_message *message)
{
	if (message->type != OF_HELLO) {
		over(session, "it begins without a hello: is it a switch?");
		return;
	}
	if (!of_hello_agrees(message)) {
		of_put_hello_failed(&session->out, message->xid);
		over(session, "it does not speak OpenFlow 1.3: ovs-vsctl clear bridge BRIDGE protocols");
		return;
	}
	session->state = SESSION_FEATURES;
	of_put(&session->out, OF_FEATURES_REQUEST, ++session->xid, NULL, 0);
}

static void ask_ports(struct session *session)
{
	session->state = SESSION_PORTS;
	of_put_config(&session->out, ++session->xid);
	if (session->mode->up)
		session->mode->up(session, session->arg);
	of_put_multipart(&session->out, ++session->xid, OF_PORT_DESC, 0, 0);
}

static void take_features(struct session *session, const struct of_message *message)
{
	if (!of_read_features(message, &session->datapath)) {
		broken(session, message);
		return;
	}
	if (!session->mode->alone) {
		ask_ports(session);
		return;
	}
	session->state = SESSION_FLOWS;
	session_count(session, COOKIE | FEATURE_BASE);
}

static void take_flows(struct session *session, const struct of_message *message)
{
	uint32_t flows;

	if (!of_read_aggregate(message, &flows))
		broken(session, message);
	else if (flows)
		over(session, "its flows are those of `fwctl ovs`, which does not share a bridge "
		     "with this mode: fwctl ovs clear BRIDGE, or another bridge");
	else
		ask_ports(session);
}

static void take_count(struct session *session, const struct of_message *message)
{
	uint32_t flows;

	if (session->mode->flows && of_read_aggregate(message, &flows))
		session->mode->flows(session, flows, session->arg);
}

static void take_port(const struct of_port *port, void *arg)
{
	struct session *session = arg;

	session->n_ports++;
	if (session->mode->port)
		session->mode->port(session, OF_PORT_ADD, port, session->arg);
}

static void take_ports(struct session *session, const struct of_message *message)
{
	bool more;

	if (!of_read_ports(message, &more, take_port, session)) {
		broken(session, message);
		return;
	}
	if (!more)
		session->state = SESSION_READY;
}

static void take_port_status(struct session *session, const struct of_message *message)
{
	enum of_port_reason reason;
	struct of_port port;

	if (!of_read_port_status(message, &reason, &port)) {
		broken(session, message);
		return;
	}
	/* Before the list of ports came, it would only be told twice. */
	if (!session_up(session))
		return;
	if (reason == OF_PORT_ADD)
		session->n_ports++;
	if (reason == OF_PORT_DELETE && session->n_ports)
		session->n_ports--;
	if (session->mode->port)
		session->mode->port(session, reason, &port, session->arg);
}

static void take_error(struct session *session, const struct of_message *message)
{
	struct of_error error;
	char text[128];

	if (!of_read_error(message, &error)) {
		broken(session, message);
		return;
	}
	of_error_text(&error, text, sizeof(text));
	if (session->trouble)
		session->trouble(session, text);
	if (session->state != SESSION_READY)
		over(session, "it %s", text);
}

static void take_packet(struct session *session, const struct of_message *message)
{
	struct of_packet_in in;

	if (!session_up(session))
		return;
	if (!of_read_packet_in(message, &in))
		broken(session, message);
	else if (session->mode->packet)
		session->mode->packet(session, &in, session->arg);
}

static void take(struct session *session, const struct of_message *message)
{
	if (message->type == OF_ERROR) {
		take_error(session, message);
		return;
	}
	if (session->state == SESSION_GREETING) {
		greet(session, message);
		return;
	}
	if (message->version != OF_VERSION) {
		over(session, "it goes over to another version of OpenFlow, %u", message->version);
		return;
	}
	switch (message->type) {
	case OF_ECHO_REQUEST:
		of_put(&session->out, OF_ECHO_REPLY, message->xid, message->body, message->length);
		break;
	case OF_FEATURES_REPLY:
		if (session->state == SESSION_FEATURES)
			take_features(session, message);
		break;
	case OF_MULTIPART_REPLY:
		if (session->state == SESSION_FLOWS)
			take_flows(session, message);
		else if (session->state == SESSION_PORTS)
			take_ports(session, message);
		else if (session_up(session))
			take_count(session, message);
		break;
	case OF_PACKET_IN:
		take_packet(session, message);
		break;
	case OF_PORT_STATUS:
		take_port_status(session, message);
		break;
	default:	/* answers that nobody waits for, and what this has no use for */
		break;
	}
}

/**
 * session_read() - hear what a switch says
 *
 * Return: how many bytes were whole messages; the others are to be brought again, with what
 * follows. After SESSION_OVER the connection is to be closed.
 */
size_t session_read(struct session *session, const uint8_t *bytes, size_t n)
{
	struct of_message message;
	size_t at = 0, length;

	while (session->state != SESSION_OVER) {
		enum of_progress progress = of_next(bytes + at, n - at, &message, &length);

		if (progress == OF_PART)
			break;
		if (progress == OF_BROKEN) {
			over(session, "it sends a message shorter than its header");
			break;
		}
		session->heard = session->now;
		session->asked = false;
		take(session, &message);
		at += length;
	}
	if (session->out.full)
		over(session, "it does not read what it is told");
	return at;
}

/**
 * session_tick() - is the switch still there?
 */
void session_tick(struct session *session)
{
	if (session->state < SESSION_READY && session->now - session->began > GREETING_MS)
		over(session, "it did not say in time who it is");
	else if (session->now - session->heard > GONE_MS)
		over(session, "it says nothing any more");
	else if (session->now - session->heard > SILENT_MS && !session->asked) {
		session->asked = true;
		of_put(&session->out, OF_ECHO_REQUEST, ++session->xid, NULL, 0);
	}
}
