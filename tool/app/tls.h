/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef APP_TLS_H
#define APP_TLS_H

#include "request.h"

#define TLS_HELLO_MAX	16384	/* bytes of a connection until its ClientHello has to be over */
#define TLS_NEXT_MAX	9	/* bytes by which it is known what follows one */
#define TLS_EARLY_MAX	131072	/* bytes of early data that servers skip; nearly all do 16384 */

/**
 * struct tls_hello - what a client says first
 * @name: of the server, or empty
 * @ech: an encrypted ClientHello comes with it, whose name nobody but the server knows
 * @retried: the server may ask for another one (RFC 8446, section 4.1.4)
 * @early: data follow it at once, which the server may skip
 */
struct tls_hello {
	char name[NAME_ROOM];
	bool ech;
	bool retried;
	bool early;
};

/**
 * enum tls_next - what follows a ClientHello
 */
enum tls_next {
	TLS_HELLO,	/* another one */
	TLS_SKIP,	/* a record that says nothing */
	TLS_EARLY,	/* data */
	TLS_OVER,	/* there is no other */
};

bool tls_is_begun(const uint8_t *data, size_t n, bool *certain);
enum reading tls_read_hello(const uint8_t *data, size_t n, size_t *length, struct tls_hello *hello,
			    const char **why);
enum reading tls_read_next(const uint8_t *data, size_t n, size_t *size, enum tls_next *next,
			   const char **why);

#endif
