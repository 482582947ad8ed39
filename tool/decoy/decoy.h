/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DECOY_DECOY_H
#define DECOY_DECOY_H

/*
 * Hosts that do not exist. Pure but for the clock of the calendar: frames go in, with the
 * time, and frames come out through a function.
 *
 *	answer.c	which frames are answered at all; ARP, discovery, echo, UDP
 *	hosts.c		which addresses real hosts have
 *	tcp.c		connections
 *	http.c		what is asked and answered on them
 *	visitors.c	who came, to be told once a minute
 *	limit.c		how often each may come
 *
 * Memory is taken once, when a decoy is made: whatever comes, it does not grow.
 */
#include <jansson.h>

#include "frame.h"
#include "siphash.h"

/* An end of a link of some switch: where a frame came by, and the answer goes to. */
struct origin {
	unsigned int switch_number;
	uint32_t generation;	/* of the connection to it */
	uint32_t port;
};

/**
 * struct located - an address as hosts have it: in another VLAN, or at another switch, it is
 *	somebody else's
 * @site: of which switch and VLAN; see locate()
 *
 * Bytes alone, so that all of it can be hashed and compared.
 */
#define SITE_BYTES	12
struct located {
	uint8_t site[SITE_BYTES];
	uint8_t family;
	uint8_t address[16];
};

/**
 * struct net - a network of decoys
 */
struct net {
	uint8_t family;
	uint8_t bits;
	uint8_t addr[16];
};

/**
 * struct service - what a port has to say
 * @port: 0 for all that no other one is about
 * @http: @text is the body that a request gets; otherwise it is said at once
 * @type: of an HTTP body
 */
struct service {
	uint16_t port;
	bool http;
	const char *type;
	char *text;
	size_t length;
};

/**
 * struct ignored - visits that are answered, but not told of and not blocked
 * @port: that they are to, or 0 for any
 */
struct ignored {
	struct net net;
	uint16_t port;
};

/**
 * struct setup - what a decoy is to be
 * @rate: packets of a source that are looked at in a second, 0 for all of them
 * @settle_ms: for so long a real host may say that an address is its own
 * @again_ms: who made a connection is told of again if there is one after so long
 */
struct setup {
	struct net *nets;
	size_t n_nets;
	struct service *services;
	size_t n_services;
	struct ignored *ignored;
	size_t n_ignored;
	unsigned int rate;
	unsigned int settle_ms;
	unsigned int again_ms;
};

#define SETTLE_MS	200

/* What happened, in numbers. */
struct tally {
	uint64_t frames;
	uint64_t answers;
	uint64_t limited;	/* too many of one source */
	uint64_t real;		/* for addresses that a real host has */
	uint64_t handshakes;
	uint64_t evicted;	/* connections that made room */
};

/**
 * struct visit - somebody wants something of a decoy
 * @proto: or VISIT_CLAIM: they say that the address of a decoy is theirs
 * @from: their address, with 16 bytes also if it is of IPv4; and @to
 * @mac: their link address
 * @port: that it is for; 0 for an echo
 */
struct visit {
	uint8_t family;
	uint8_t proto;
	const uint8_t *from;
	const uint8_t *to;
	const uint8_t *mac;
	uint16_t from_port;
	uint16_t port;
};

#define VISIT_CLAIM	IPPROTO_RAW

#define DECOY_ECHOES	256

/* An echo request that came in fragments, by a hash of what they have in common. */
struct echo {
	uint64_t hash;
	uint64_t until;
};

struct hosts;
struct limits;
struct tcp;
struct visitors;

/**
 * struct decoy - all of it
 * @now: in ms; of the frame, or the tick, that is worked on
 * @send: sends a frame to where another one came from, or to all ports of its switch if the
 *	port is OF_FLOOD
 * @came: told of who made a connection, so that its address is its own; once in
 *	@setup->again_ms, more often where there is no place to remember it in, later where it
 *	may have been guessed
 */
struct decoy {
	const struct setup *setup;
	uint8_t key[SIPHASH_KEY];
	uint64_t now;
	void (*send)(void *arg, const struct origin *to, const struct reply *reply);
	void (*came)(void *arg, uint8_t family, const uint8_t *address);
	void *arg;
	struct hosts *hosts;
	struct limits *limits;
	struct tcp *tcp;
	struct visitors *visitors;
	struct echo echo[DECOY_ECHOES];
	struct tally tally;
	struct reply reply;
};

/* answer.c */
void decoy_init(struct decoy *decoy, const struct setup *setup, const uint8_t key[SIPHASH_KEY]);
void decoy_free(struct decoy *decoy);
void decoy_frame(struct decoy *decoy, const struct origin *from, const uint8_t *bytes, size_t n,
		 uint64_t now);
unsigned int decoy_tick(struct decoy *decoy, uint64_t now);
void decoy_send(struct decoy *decoy, const struct origin *to);
void setup_free(struct setup *setup);
bool net_has(const struct net *net, uint8_t family, const uint8_t *address);

/* hosts.c */
enum host_state { HOST_UNKNOWN, HOST_NONE, HOST_REAL };
struct hosts *hosts_new(void);
struct located locate(const struct origin *from, const struct frame *frame, uint8_t family,
		       const uint8_t *address);
enum host_state hosts_look(const struct decoy *decoy, const struct located *where);
bool hosts_was_none(const struct decoy *decoy, const struct located *where);
void hosts_claim(struct decoy *decoy, const struct located *where);
bool hosts_wait(struct decoy *decoy, const struct origin *from, const struct frame *frame,
		const struct located *where);
unsigned int hosts_tick(struct decoy *decoy, void (*answer)(struct decoy *decoy,
			const struct origin *to, const uint8_t *bytes, size_t n));

/* limit.c */
struct limits *limits_new(void);
bool limit_take(struct decoy *decoy, uint8_t family, const uint8_t *source);

/* tcp.c; tcp_cookie.c */
struct tcp *tcp_new(void);
void tcp_segment(struct decoy *decoy, const struct origin *from, const struct frame *frame);
unsigned int tcp_tick(struct decoy *decoy);
bool tcp_is_guessed(const struct decoy *decoy);

/* visitors.c; the version of its events grows when a field changes its meaning. */
#define EVENT_SCHEMA	1
struct visitors *visitors_new(void);
void visitor_came(struct decoy *decoy, const struct visit *visit);
void visitor_connected(struct decoy *decoy, const struct visit *visit);
void visitor_said(struct decoy *decoy, const struct visit *visit, const uint8_t *bytes, size_t n);
void visitors_tell(struct decoy *decoy, bool all, void (*each)(void *arg, json_t *event),
		   void *arg);

#endif
