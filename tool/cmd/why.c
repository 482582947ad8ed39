// SPDX-License-Identifier: GPL-2.0-or-later
/* fwctl why: the last drops of a host. */
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../fwctl.h"
#include "../out.h"
#include "../rule_names.h"

struct drops {
	struct drop *drop;
	size_t n;
};

static void keep(const struct drop *drop, void *arg)
{
	struct drops *drops = arg;

	drops->drop = realloc(drops->drop, (drops->n + 1) * sizeof(*drops->drop));
	if (!drops->drop)
		fail_out_of_memory();
	drops->drop[drops->n++] = *drop;
}

static int newest_first(const void *a, const void *b)
{
	uint32_t x = ((const struct drop *)a)->age_ms, y = ((const struct drop *)b)->age_ms;

	return (x > y) - (x < y);
}

static void print(const struct drops *drops, const struct rule_names *names, time_t now)
{
	size_t i;

	for (i = 0; i < drops->n; i++) {
		const struct drop *drop = &drops->drop[i];
		char packet[192], when[32] = "?", id[16];
		time_t at = now - drop->age_ms / 1000;
		const char *rule = rule_names_find(names, drop->flow.rule, id, sizeof(id));
		struct tm tm;

		if (localtime_r(&at, &tm))
			strftime(when, sizeof(when), "%F %T", &tm);
		drop_text(drop, packet, sizeof(packet));
		printf("%s  %s\n%21s%s", when, packet, "", drop_sentence(drop->reason));
		if (rule)
			printf(" (rule %s)", rule);
		putchar('\n');
	}
}

static void print_json(const struct drops *drops, const struct rule_names *names, time_t now)
{
	size_t i;

	out_list_begin();
	for (i = 0; i < drops->n; i++) {
		const struct drop *drop = &drops->drop[i];
		char id[16];
		json_t *object = drop_json(drop, rule_names_find(names, drop->flow.rule, id,
								 sizeof(id)), NULL);

		json_object_set_new(object, "time", json_real(now - drop->age_ms / 1e3));
		json_object_set_new(object, "text", json_string(drop_sentence(drop->reason)));
		out_list_item(object);
	}
	out_list_end();
}

/* All addresses of the host, one after the other. */
static int ask(struct module *module, const struct addrinfo *addresses, struct drops *drops)
{
	const struct addrinfo *at;

	for (at = addresses; at; at = at->ai_next) {
		const uint8_t *host = at->ai_family == AF_INET ?
			(void *)&((struct sockaddr_in *)at->ai_addr)->sin_addr :
			(void *)&((struct sockaddr_in6 *)at->ai_addr)->sin6_addr;

		if (module_drops(module, at->ai_family, host, keep, drops))
			return -1;
	}
	return 0;
}

/**
 * cmd_why() - fwctl why HOST
 */
int cmd_why(int argc, char **argv)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM }, *addresses;
	struct rule_names names = { .n = 0 };
	struct drops drops = { NULL, 0 };
	struct module *module;
	int status, err;

	if (argc != 1)
		return wrong("fwctl why 192.0.2.7", "`why` needs one host");
	if (no_option("fwctl why 192.0.2.7", argv[0]))
		return REFUSED;
	err = getaddrinfo(argv[0], NULL, &hints, &addresses);
	if (err)
		return wrong(NULL, "`%s` is no host: %s", argv[0], gai_strerror(err));
	status = connect_module(&module);
	if (status)
		goto out;
	if (rule_names_read(module, &names) || ask(module, addresses, &drops)) {
		status = module_failed(module);
	} else {
		if (drops.n)
			qsort(drops.drop, drops.n, sizeof(*drops.drop), newest_first);
		if (options.json)
			print_json(&drops, &names, time(NULL));
		else if (drops.n)
			print(&drops, &names, time(NULL));
		else
			printf("no drop of %s is remembered\n", argv[0]);
	}
	rule_names_free(&names);
	module_close(module);
out:
	free(drops.drop);
	freeaddrinfo(addresses);
	return status;
}
