// SPDX-License-Identifier: GPL-2.0-or-later
/* Segments on their way out; see tcp.h. */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "tcp.h"
#include "wire.h"

#define HOPS		64
#define WINDOW		16384

/**
 * tcp_way_of() - the way that a connection's answers take
 */
struct way tcp_way_of(const struct connection *c)
{
	return (struct way){ &c->ends, &c->origin, c->link, c->n_link };
}

/**
 * tcp_put_segment() - make a segment: its header
 * @mss: the option that says so, 0 for none
 * @n: the data that it will have
 *
 * Return: where the data goes.
 */
uint8_t *tcp_put_segment(struct decoy *decoy, const struct way *way, uint32_t seq, uint32_t ack,
			 uint8_t flags, unsigned int mss, size_t n)
{
	const struct ends *ends = way->ends;
	size_t header = TCP_HEADER + (mss ? 4 : 0);
	uint8_t mac[MAC_BYTES], *tcp;

	decoy_mac(ends->family, ends->ours, mac);
	reply_link(&decoy->reply, way->link, way->n_link, mac,
		   ends->family == AF_INET ? TYPE_IPV4 : TYPE_IPV6);
	reply_ip(&decoy->reply, ends->family, ends->ours, ends->theirs, IPPROTO_TCP, HOPS, header + n);
	tcp = reply_room(&decoy->reply, header + n);
	put16(tcp, ends->our_port);
	put16(tcp + 2, ends->their_port);
	put32(tcp + 4, seq);
	put32(tcp + 8, ack);
	tcp[12] = header / 4 << 4;
	tcp[13] = flags;
	put16(tcp + 14, flags & RST ? 0 : WINDOW);
	if (mss) {
		tcp[20] = 2;
		tcp[21] = 4;
		put16(tcp + 22, mss);
	}
	return tcp + header;
}

/**
 * tcp_send_segment() - send the segment that was made
 * @n: the data that it has
 */
void tcp_send_segment(struct decoy *decoy, const struct way *way, size_t n)
{
	const struct ends *ends = way->ends;
	uint8_t *tcp = decoy->reply.bytes + way->n_link + 2 + (ends->family == AF_INET ? 20 : 40);
	size_t length = (tcp[12] >> 4) * 4 + n;

	put16(tcp + 16, 0);
	put16(tcp + 16, sum_transport(ends->family, ends->ours, ends->theirs, IPPROTO_TCP, tcp, length));
	decoy_send(decoy, way->origin);
}

static void send_bare(struct decoy *decoy, const struct way *way, uint32_t seq, uint32_t ack,
		      uint8_t flags)
{
	tcp_put_segment(decoy, way, seq, ack, flags, 0, 0);
	tcp_send_segment(decoy, way, 0);
}

/**
 * tcp_refuse() - say that nobody is there (RFC 9293, 3.10.7.1)
 */
void tcp_refuse(struct decoy *decoy, const struct way *way, const struct segment *segment)
{
	if (segment->flags & RST)
		return;
	if (segment->flags & ACK)
		send_bare(decoy, way, segment->ack, 0, RST);
	else
		send_bare(decoy, way, 0, segment->seq + segment->n + !!(segment->flags & SYN) +
			  !!(segment->flags & FIN), RST | ACK);
}

/**
 * tcp_acknowledge() - say what came
 */
void tcp_acknowledge(struct decoy *decoy, const struct connection *c)
{
	struct way way = tcp_way_of(c);

	send_bare(decoy, &way, c->next_out, c->expected, ACK);
}

/**
 * tcp_said_length() - how long what is being said is, with the FIN
 */
uint32_t tcp_said_length(const struct connection *c)
{
	return c->n_head + c->body.length + c->ending;
}

static void copy_said(const struct connection *c, uint8_t *to, size_t from, size_t n)
{
	size_t head = from < c->n_head ? c->n_head - from : 0;

	if (head > n)
		head = n;
	if (head)
		memcpy(to, c->head + from, head);
	if (n > head)
		memcpy(to + head, c->body.text + from + head - c->n_head, n - head);
}

/**
 * tcp_send_said() - send one segment of what is being said, from @c->next_out on
 * @most: bytes
 */
void tcp_send_said(struct decoy *decoy, struct connection *c, uint32_t most)
{
	struct way way = tcp_way_of(c);
	uint32_t from = c->next_out - c->start, data = c->n_head + c->body.length - from;
	bool fin = c->ending;
	uint8_t *to;

	if (from > c->n_head + c->body.length)
		return;
	if (data > most || data > c->mss) {
		data = most < c->mss ? most : c->mss;
		fin = false;
	}
	to = tcp_put_segment(decoy, &way, c->next_out, c->expected,
			 ACK | (fin ? FIN : 0) | (data ? PSH : 0), 0, data);
	copy_said(c, to, from, data);
	tcp_send_segment(decoy, &way, data);
	if (!c->sent_at && c->next_out == c->most_out) {
		c->sent = c->next_out + data + fin;
		c->sent_at = decoy->now;
	}
	c->next_out += data + fin;
	if (tcp_before(c->most_out, c->next_out))
		c->most_out = c->next_out;
}

/**
 * tcp_send_more() - send as much as both sides and the network take
 */
void tcp_send_more(struct decoy *decoy, struct connection *c)
{
	uint32_t end = c->start + tcp_said_length(c);
	uint32_t room = c->window < c->allowed ? c->window : c->allowed;

	while (tcp_before(c->next_out, end) && c->next_out - c->unacked < room)
		tcp_send_said(decoy, c, room - (c->next_out - c->unacked));
	if (!tcp_before(c->unacked, end))
		c->again_at = 0;
	else if (!c->again_at)
		c->again_at = decoy->now + c->rto;
}

