/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef APP_REQUEST_H
#define APP_REQUEST_H

/*
 * What the readers find in a flow, and the rules judge.
 *
 * A reader is given all bytes of one unit so far: the head of an HTTP request, a TLS
 * ClientHello, a DNS message. It is strict: where two servers could read something
 * differently, it is bad, and what is bad is never let pass.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAME_ROOM	256	/* of a host, a server name or a question, with its end */
#define PATH_ROOM	8192	/* of a path, with its end */
#define METHOD_ROOM	24

enum app_proto {
	APP_HTTP,
	APP_HTTP2,	/* with prior knowledge (RFC 9113, section 3.3): nothing is read of it */
	APP_TLS,
	APP_DNS,
	APP_OTHER,	/* anything else */
	APP_PROTOS
};

enum reading {
	READ_MORE,	/* the unit is not over yet */
	READ_DONE,
	READ_BAD,
};

/**
 * struct request - what is asked of a server
 * @name: host, server name or question, in lower case without the last dot; empty for none
 * @method: of HTTP, or empty
 * @path: of HTTP, as one kind of server reads it, or NULL
 * @type: of a DNS question, host byte order
 * @ech: of TLS: there is an encrypted ClientHello, or what looks like one (RFC 9849)
 */
struct request {
	enum app_proto proto;
	const char *name;
	const char *method;
	const char *path;
	uint16_t type;
	bool ech;
};

bool take_name(const uint8_t *text, size_t n, char name[NAME_ROOM]);

#endif
