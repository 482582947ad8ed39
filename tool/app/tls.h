/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef APP_TLS_H
#define APP_TLS_H

#include "request.h"

#define TLS_HELLO_MAX	16384	/* bytes of a connection until its ClientHello has to be over */

/**
 * struct tls_hello - what a client says first
 * @name: of the server, or empty
 * @ech: an encrypted ClientHello comes with it, whose name nobody but the server knows
 */
struct tls_hello {
	char name[NAME_ROOM];
	bool ech;
};

enum reading tls_read_hello(const uint8_t *data, size_t n, struct tls_hello *hello,
			    const char **why);

#endif
