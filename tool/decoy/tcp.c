// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * TCP. A SYN leaves a bit behind: all else that has to be known of it is in the sequence number
 * of the answer, a cookie (Bernstein, Schenk 1996). Who sends that back has a connection, in a
 * table that does not grow: when it is full, the connection that was silent for longest makes
 * room. Behind that it is an ordinary, small TCP (RFC 9293, 5681, 6298) without options: what
 * comes out of order is not kept, what is lost is sent again.
 */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "tcp.h"
#include "wire.h"

/* In ms; times of RFC 6298, but for a shorter least one: the switch is near. */
#define FIRST_RTO	1000
#define LEAST_RTO	200
#define MOST_RTO	10000
#define RETRIES		10
#define TICK		20

/* --- what is said ---------------------------------------------------------- */

/* Begins to say something new: all before is acknowledged. */
static void say(struct connection *c, size_t n_head, const struct http_body *body, bool end)
{
	c->start = c->unacked;
	c->n_head = n_head;
	c->body = *body;
	c->ending = end;
}

/* Answers the next request, if there is a whole one and nothing is being said. */
static void answer_request(struct connection *c)
{
	struct http_body body = { c->service->text, c->service->length, c->service->type };
	struct http_request request;

	if (!c->service->http || c->ending || c->unacked != c->start + tcp_said_length(c) ||
	    !http_read(c->asked, c->n_asked, &request))
		return;
	c->n_asked -= request.length;
	memmove(c->asked, c->asked + request.length, c->n_asked);
	c->n_head = http_answer(&request, &body, time(NULL), c->head);
	say(c, c->n_head, &body, request.close);
}

/* What is wanted on a connection; @link: the beginning of its frames. */
static struct visit visit_of(const struct ends *ends, const uint8_t *link)
{
	return (struct visit){ ends->family, IPPROTO_TCP, ends->theirs, ends->ours,
			       link + MAC_BYTES, ends->their_port, ends->our_port };
}

/* --- opening --------------------------------------------------------------- */

static const struct service *service_of(const struct decoy *decoy, uint16_t port)
{
	const struct service *any = NULL;
	size_t i;

	for (i = 0; i < decoy->setup->n_services; i++) {
		if (decoy->setup->services[i].port == port)
			return &decoy->setup->services[i];
		if (!decoy->setup->services[i].port)
			any = &decoy->setup->services[i];
	}
	return any;
}

static void answer_syn(struct decoy *decoy, const struct way *way, const struct segment *segment)
{
	unsigned int size = tcp_size_of(segment, way->ends->family);

	tcp_put_segment(decoy, way, tcp_cookie(decoy, way->ends, segment->seq, size),
		    segment->seq + 1, SYN | ACK, way->ends->family == AF_INET ? 1460 : 1440, 0);
	tcp_send_segment(decoy, way, 0);
}

/* Is this the number of a handshake that ends, or of the first data if its end got lost? */
static bool opens(struct decoy *decoy, const struct ends *ends,
		  const struct segment *segment, uint16_t *mss)
{
	return (segment->flags & (SYN | RST | ACK)) == ACK &&
	       tcp_cookie_right(decoy, ends, segment->seq - 1, segment->ack - 1, mss);
}

/* The same ends once more, for a connection of which the other side knows no more. */
static bool is_another(struct decoy *decoy, const struct connection *c,
		       const struct segment *segment)
{
	uint16_t mss;

	return segment->ack != c->opened && segment->seq != c->expected &&
	       opens(decoy, &c->ends, segment, &mss);
}

static struct connection *open_connection(struct decoy *decoy, const struct way *way,
					  const struct segment *segment)
{
	struct http_body nothing = { "", 0, NULL }, banner;
	struct visit visit = visit_of(way->ends, way->link);
	struct connection *c;
	uint16_t mss;

	if (!opens(decoy, way->ends, segment, &mss))
		return NULL;
	c = tcp_add(decoy, way->ends);
	c->origin = *way->origin;
	memcpy(c->link, way->link, way->n_link);
	c->n_link = way->n_link;
	c->service = service_of(decoy, way->ends->our_port);
	c->expected = segment->seq;
	c->opened = c->start = c->unacked = c->next_out = c->most_out = segment->ack;
	c->mss = mss;
	c->window = segment->window;
	c->allowed = 10 * mss;			/* RFC 6928 */
	c->rto = FIRST_RTO;
	banner = (struct http_body){ c->service->text, c->service->length, NULL };
	say(c, 0, c->service->http ? &nothing : &banner, false);
	decoy->tally.handshakes++;
	visitor_connected(decoy, &visit);
	return c;
}

/* --- receiving ------------------------------------------------------------- */

/* RFC 6298, 2. */
static void take_time(struct connection *c, uint32_t ms)
{
	uint32_t off = ms > c->smoothed ? ms - c->smoothed : c->smoothed - ms;

	if (!c->smoothed) {
		c->smoothed = ms ? ms : 1;
		c->variance = ms / 2;
	} else {
		c->variance = (3 * c->variance + off) / 4;
		c->smoothed = (7 * c->smoothed + ms) / 8;
	}
	c->rto = c->smoothed + 4 * c->variance;
	if (c->rto < LEAST_RTO)
		c->rto = LEAST_RTO;
	if (c->rto > MOST_RTO)
		c->rto = MOST_RTO;
}

static void resend_first(struct decoy *decoy, struct connection *c)
{
	uint32_t next = c->next_out;

	c->next_out = c->unacked;
	c->sent_at = 0;		/* nobody knows which one is acknowledged (Karn) */
	tcp_send_said(decoy, c, c->window ? c->window : 1);
	if (tcp_before(c->next_out, next))
		c->next_out = next;
}

static void take_new_ack(struct decoy *decoy, struct connection *c, uint32_t ack)
{
	uint32_t acked = ack - c->unacked;

	if (c->sent_at && !tcp_before(ack, c->sent)) {
		take_time(c, decoy->now - c->sent_at);
		c->sent_at = 0;
	}
	c->unacked = ack;
	if (tcp_before(c->next_out, ack))
		c->next_out = ack;
	c->duplicates = c->retries = 0;
	c->again_at = 0;
	if (c->recovering && tcp_before(ack, c->recover)) {	/* the next one is lost as well */
		resend_first(decoy, c);
		return;
	}
	c->recovering = false;
	c->allowed += acked < c->mss ? acked : c->mss;
	if (c->allowed > 65535)
		c->allowed = 65535;
}

static void take_ack(struct decoy *decoy, struct connection *c, const struct segment *segment)
{
	if (tcp_before(c->unacked, segment->ack)) {
		c->window = segment->window;
		take_new_ack(decoy, c, segment->ack);
	} else if (segment->ack == c->unacked) {
		bool same = c->window == segment->window && !segment->n && !(segment->flags & FIN);

		c->window = segment->window;
		if (!same || c->unacked == c->most_out)
			return;
		if (++c->duplicates == 3 && !c->recovering) {
			c->recovering = true;
			c->recover = c->most_out;
			c->allowed = c->allowed / 2 > 2U * c->mss ? c->allowed / 2 : 2U * c->mss;
			resend_first(decoy, c);
		}
	}
}

/* Data and the FIN, of which what came before is cut off. Returns whether to acknowledge. */
static bool take_data(struct decoy *decoy, struct connection *c, const struct segment *segment)
{
	uint32_t old = c->expected - segment->seq;
	const uint8_t *data = segment->data;
	size_t n = segment->n, room;
	bool fin = segment->flags & FIN;
	struct visit visit = visit_of(&c->ends, c->link);

	if (!n && !fin)		/* what is out of place is told where its place is */
		return segment->seq != c->expected;
	if (tcp_before(c->expected, segment->seq) || old > n || c->ended)
		return true;
	data += old;
	n -= old;
	room = c->ending || !c->service->http ? n : sizeof(c->asked) - c->n_asked;
	if (n > room) {		/* it comes again once there is room */
		n = room;
		fin = false;
	}
	if (n)
		visitor_said(decoy, &visit, data, n);
	if (!c->ending && c->service->http) {
		memcpy(c->asked + c->n_asked, data, n);
		c->n_asked += n;
	}
	c->expected += n + fin;
	c->ended |= fin;
	return true;
}

/* Whether there is nothing left to be said or heard. */
static bool all_said(const struct connection *c)
{
	return c->ending && c->ended && c->unacked == c->start + tcp_said_length(c);
}

static void take_segment(struct decoy *decoy, struct connection *c, const struct segment *segment)
{
	uint32_t sent = c->most_out, at = c->next_out;
	bool tell, was_ended = c->ended;

	if (segment->flags & RST) {		/* RFC 5961, 3.2 */
		if (segment->seq == c->expected)
			tcp_drop(decoy, c);
		return;
	}
	if (!(segment->flags & ACK) || tcp_before(sent, segment->ack)) {
		tcp_acknowledge(decoy, c);
		return;
	}
	tcp_heard(decoy, c);
	take_ack(decoy, c, segment);
	tell = take_data(decoy, c, segment);
	answer_request(c);
	/* Who has said all that he has to say is answered, and left. */
	if (c->ended && !c->ending && c->unacked == c->start + tcp_said_length(c))
		c->ending = true;
	tcp_send_more(decoy, c);
	if (tell && c->next_out == at)
		tcp_acknowledge(decoy, c);
	if (all_said(c) && !was_ended)
		tcp_heard(decoy, c);
}

static bool read_segment(const struct frame *frame, struct segment *segment)
{
	const uint8_t *tcp = frame->bytes + frame->transport;
	size_t n = frame->end - frame->transport, header, at = TCP_HEADER;

	if (n < TCP_HEADER)
		return false;
	header = (tcp[12] >> 4) * 4;
	if (header < TCP_HEADER || header > n ||
	    sum_transport(frame->family, frame->src, frame->dst, IPPROTO_TCP, tcp, n))
		return false;
	segment->seq = get32(tcp + 4);
	segment->ack = get32(tcp + 8);
	segment->flags = tcp[13] & (FIN | SYN | RST | PSH | ACK);
	segment->window = get16(tcp + 14);
	segment->mss = 0;
	segment->data = tcp + header;
	segment->n = n - header;
	while (at < header && tcp[at]) {
		if (tcp[at] == 1) {
			at++;
			continue;
		}
		if (header - at < 2 || tcp[at + 1] < 2 || tcp[at + 1] > header - at)
			break;
		if (tcp[at] == 2 && tcp[at + 1] == 4)
			segment->mss = get16(tcp + at + 2);
		at += tcp[at + 1];
	}
	return true;
}

/**
 * tcp_segment() - look at a segment for a decoy, and answer it
 */
void tcp_segment(struct decoy *decoy, const struct origin *from, const struct frame *frame)
{
	const uint8_t *tcp = frame->bytes + frame->transport;
	struct segment segment;
	struct connection *c;
	struct ends ends;
	struct way way = { &ends, from, frame->bytes, frame->link };
	struct visit visit;

	if (!read_segment(frame, &segment))
		return;
	memset(&ends, 0, sizeof(ends));
	ends.family = frame->family;
	memcpy(ends.theirs, frame->src, 16);
	memcpy(ends.ours, frame->dst, 16);
	ends.their_port = get16(tcp);
	ends.our_port = get16(tcp + 2);
	visit = visit_of(&ends, frame->bytes);
	if (segment.flags & SYN || !service_of(decoy, ends.our_port))
		visitor_came(decoy, &visit);
	if (!service_of(decoy, ends.our_port)) {
		tcp_refuse(decoy, &way, &segment);
		return;
	}
	if ((segment.flags & (SYN | ACK | RST)) == SYN) {
		answer_syn(decoy, &way, &segment);
		return;
	}
	c = tcp_find(decoy, &ends);
	if (c && is_another(decoy, c, &segment)) {
		tcp_drop(decoy, c);
		c = NULL;
	}
	if (!c)
		c = open_connection(decoy, &way, &segment);
	if (c)
		take_segment(decoy, c, &segment);
	else if (!segment.n)	/* otherwise the beginning may be lost, and comes again */
		tcp_refuse(decoy, &way, &segment);
}

/* --- time ------------------------------------------------------------------ */

static void send_again(struct decoy *decoy, struct connection *c)
{
	if (++c->retries > RETRIES) {
		tcp_drop(decoy, c);
		return;
	}
	c->rto = c->rto < MOST_RTO / 2 ? 2 * c->rto : MOST_RTO;
	c->allowed = c->mss;
	c->recovering = false;
	c->duplicates = 0;
	c->next_out = c->unacked;
	c->sent_at = 0;
	tcp_send_said(decoy, c, c->window ? c->window : 1);
	c->again_at = decoy->now + c->rto;
}

/**
 * tcp_tick() - send again what was lost, and end what is over
 *
 * Return: in how many ms this is to be called again.
 */
unsigned int tcp_tick(struct decoy *decoy)
{
	struct tcp *tcp = decoy->tcp;
	uint16_t at = tcp->oldest;

	if (decoy->now < tcp->ticked + TICK)
		return tcp->ticked + TICK - decoy->now;
	tcp->ticked = decoy->now;
	while (at != NONE) {
		struct connection *c = &tcp->connection[at];

		at = c->newer;
		if (c->again_at && c->again_at <= decoy->now) {
			send_again(decoy, c);
		} else if (c->expires <= decoy->now && !c->ending) {
			c->ending = true;	/* nothing came for long */
			c->expires = decoy->now + IDLE_MS;
			tcp_send_more(decoy, c);
		} else if (c->expires <= decoy->now) {
			tcp_drop(decoy, c);
		}
	}
	return tcp->oldest == NONE ? 1000 : TICK;
}
