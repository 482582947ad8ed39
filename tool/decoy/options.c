// SPDX-License-Identifier: GPL-2.0-or-later
/* The arguments of `fwctl decoy`; see options.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../out.h"
#include "http.h"
#include "options.h"

/* A body, or a banner, is in memory. */
#define FILE_LIMIT	(16 << 20)
#define DEFAULT_RATE	2000
#define DEFAULT_GROUP	"decoy"

/* A visitor is remembered for no longer, in seconds. */
#define MINUTE		60

static const char hint[] = "fwctl decoy --help";

/* Room for one more in an array. */
static void *one_more(void *array, size_t n, size_t size)
{
	array = realloc(array, (n + 1) * size);
	if (!array)
		fail_out_of_memory();
	return memset((char *)array + n * size, 0, size), array;
}

static bool refused(const char *format, const char *text)
{
	char message[256];

	snprintf(message, sizeof(message), format, text);
	return wrong(hint, "%s", message), false;
}

static bool read_number(const char *text, unsigned long most, unsigned long *value)
{
	char *end;

	errno = 0;
	*value = strtoul(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno && *value <= most;
}

static uint8_t read_address(const char *text, uint8_t *bytes)
{
	memset(bytes, 0, 16);
	return inet_pton(AF_INET, text, bytes) == 1 ? AF_INET :
	       inet_pton(AF_INET6, text, bytes) == 1 ? AF_INET6 : 0;
}

/* "192.0.2.0/24", or an address alone. */
static bool read_net(const char *text, struct net *net)
{
	char copy[64], *slash;
	unsigned long bits;
	unsigned int i;

	snprintf(copy, sizeof(copy), "%s", text);
	slash = strchr(copy, '/');
	if (slash)
		*slash++ = '\0';
	net->family = read_address(copy, net->addr);
	if (!net->family)
		return false;
	bits = 8 * address_bytes(net->family);
	if (slash && !read_number(slash, bits, &bits))
		return false;
	net->bits = bits;
	for (i = bits; i < 8 * address_bytes(net->family); i++)
		if (net->addr[i / 8] >> (7 - i % 8) & 1)
			return false;
	return true;
}

/* PREFIX{,PREFIX} */
static bool read_nets(char *list, struct setup *setup)
{
	char *text;

	while ((text = strsep(&list, ",")) != NULL) {
		setup->nets = one_more(setup->nets, setup->n_nets, sizeof(*setup->nets));
		if (!read_net(text, &setup->nets[setup->n_nets++]))
			return refused("`%s` is not a network: as in 192.0.2.0/24", text);
	}
	return true;
}

static bool read_file(const char *name, struct service *service)
{
	FILE *in = fopen(name, "re");
	bool good = false;

	service->text = malloc(FILE_LIMIT + 1);
	if (!service->text)
		fail_out_of_memory();
	if (in) {
		service->length = fread(service->text, 1, FILE_LIMIT + 1, in);
		good = !ferror(in);
		fclose(in);
	}
	if (!good)
		return wrong(NULL, "%s cannot be read: %s", name, strerror(errno)), false;
	if (service->length > FILE_LIMIT)
		return wrong(NULL, "%s is larger than %d MiB", name, FILE_LIMIT >> 20), false;
	service->text = realloc(service->text, service->length + 1);
	return true;
}

static bool add_service(struct setup *setup, unsigned long port, struct service **service)
{
	size_t i;

	for (i = 0; i < setup->n_services; i++)
		if (setup->services[i].port == port)
			return wrong(hint, "port %lu has a service already", port), false;
	setup->services = one_more(setup->services, setup->n_services, sizeof(*setup->services));
	*service = &setup->services[setup->n_services++];
	(*service)->port = port;
	return true;
}

/* N or "any", up to a "="; what is behind it, or NULL. */
static char *read_port(char *text, unsigned long *port)
{
	char *equals = strchr(text, '=');

	if (!equals)
		return NULL;
	*equals = '\0';
	*port = 0;
	if (strcmp(text, "any") && (!read_number(text, 65535, port) || !*port)) {
		*equals = '=';
		return NULL;
	}
	return equals + 1;
}

/* [PORT=]FILE */
static bool read_http(char *text, struct setup *setup)
{
	unsigned long port = 80;
	char *file = read_port(text, &port);
	struct service *service;

	if (!file)
		file = text;
	if (!add_service(setup, port, &service))
		return false;
	service->http = true;
	service->type = http_type(file);
	return read_file(file, service);
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	       c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* \r \n \t \\ and \xHH, in place; the length of what comes of it. */
static size_t unescape(char *text)
{
	char *to = text, *from = text;

	while (*from) {
		static const char letters[] = "rnt\\", bytes[] = "\r\n\t\\";
		const char *letter = *from == '\\' && from[1] ? strchr(letters, from[1]) : NULL;

		if (letter) {
			*to++ = bytes[letter - letters];
			from += 2;
		} else if (*from == '\\' && from[1] == 'x' && digit(from[2]) >= 0 &&
			   digit(from[3]) >= 0) {
			*to++ = digit(from[2]) << 4 | digit(from[3]);
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	return to - text;
}

/* N=BANNER */
static bool read_banner(char *text, struct setup *setup)
{
	struct service *service;
	unsigned long port;
	char *banner = read_port(text, &port);

	if (!banner)
		return refused("`%s` is not a port and what it says: as in '22=SSH-2.0-OpenSSH_9.2\\r\\n'",
			       text);
	if (!add_service(setup, port, &service))
		return false;
	if (*banner == '@')
		return read_file(banner + 1, service);
	service->text = strdup(banner);
	if (!service->text)
		fail_out_of_memory();
	service->length = unescape(service->text);
	return true;
}

/* ADDR, ADDR:PORT, [ADDR]:PORT or a network, for any of these. */
static bool read_ignored(char *text, struct setup *setup)
{
	char copy[80], *at = copy, *colon;
	struct ignored *ignored;
	unsigned long port = 0;

	setup->ignored = one_more(setup->ignored, setup->n_ignored, sizeof(*setup->ignored));
	ignored = &setup->ignored[setup->n_ignored++];
	snprintf(copy, sizeof(copy), "%s", text);
	colon = strrchr(copy, ':');
	if (*copy == '[') {
		char *end = strchr(copy, ']');

		if (!end || (end[1] && end + 1 != colon))
			goto bad;
		*end = '\0';
		at++;
		colon = end[1] ? colon : NULL;
	} else if (colon != strchr(copy, ':')) {	/* an address of IPv6 */
		colon = NULL;
	}
	if (colon) {
		*colon = '\0';
		if (!read_number(colon + 1, 65535, &port) || !port)
			goto bad;
	}
	ignored->port = port;
	if (read_net(at, &ignored->net))
		return true;
bad:
	return refused("`%s` is not who is to be ignored: as in 192.0.2.1, 192.0.2.0/24:80 or "
		       "[2001:db8::1]:80", text);
}

/* PREFIX=TUNNEL_END,VNI */
static bool read_map(char *text, struct vxlan *vxlan)
{
	char copy[160], *equals, *comma;
	struct vxlan_map *map;
	unsigned long vni;
	size_t i;

	vxlan->maps = one_more(vxlan->maps, vxlan->n_maps, sizeof(*vxlan->maps));
	map = &vxlan->maps[vxlan->n_maps++];
	snprintf(copy, sizeof(copy), "%s", text);
	equals = strchr(copy, '=');
	comma = equals ? strchr(equals, ',') : NULL;
	if (!comma)
		return refused("`%s` is not a map: as in 10.2.0.0/16=192.0.2.7,5001", text);
	*equals = *comma = '\0';
	if (!read_net(copy, &map->net))
		return refused("`%s` is not a network: as in 10.2.0.0/16", copy);
	map->end_family = read_address(equals + 1, map->end);
	if (!map->end_family)
		return refused("`%s` is not the address of a tunnel's end", equals + 1);
	if (!read_number(comma + 1, 0xffffff, &vni))
		return refused("`%s` is not the number of a network in a tunnel: 0 to 16777215", comma + 1);
	map->vni = vni;
	for (i = 0; i + 1 < vxlan->n_maps; i++)
		if (!memcmp(&vxlan->maps[i].net, &map->net, sizeof(map->net)))
			return refused("`%s` has a map already", copy);
	return true;
}

static bool read_mode(const char *text, enum decoy_mode *mode)
{
	static const char *const names[] = { "decoy", "switch", "vxlan" };

	for (*mode = MODE_DECOY; *mode <= MODE_VXLAN; ++*mode)
		if (!strcmp(text, names[*mode]))
			return true;
	return refused("`%s` is not a mode: decoy, switch or vxlan", text);
}

static bool read_up_to(const char *option, const char *text, unsigned long most, uint32_t *to)
{
	unsigned long value;

	if (read_number(text, most, &value)) {
		*to = value;
		return true;
	}
	return wrong(hint, "%s needs a number of up to %lu, not `%s`", option, most, text), false;
}

enum option {
	LISTEN, NET, HTTP, PORT, IGNORE, MAP, MODE, BLOCK, RATE, LOG, GROUP, TUNNEL, OPTIONS
};

static const char *const option_names[OPTIONS] = {
	[LISTEN] = "--listen", [NET] = "--net", [HTTP] = "--http", [PORT] = "--port",
	[IGNORE] = "--ignore", [MAP] = "--map", [MODE] = "--mode", [BLOCK] = "--block",
	[RATE] = "--rate", [LOG] = "--log", [GROUP] = "--group", [TUNNEL] = "--tunnel",
};

/* Which one it is; OPTIONS if none. */
static enum option find_option(const char *name)
{
	enum option option = 0;

	while (option < OPTIONS && strcmp(option_names[option], name))
		option++;
	return option;
}

static bool read_option(enum option option, char *value, struct decoy_options *to)
{
	switch (option) {
	case LISTEN:
		return read_controller(value, &to->listen) ||
		       refused("`%s` is not where to listen: as in " CONTROLLER_DEFAULT, value);
	case NET:
		return read_nets(value, &to->setup);
	case HTTP:
		return read_http(value, &to->setup);
	case PORT:
		return read_banner(value, &to->setup);
	case IGNORE:
		return read_ignored(value, &to->setup);
	case MAP:
		return read_map(value, &to->vxlan);
	case MODE:
		return read_mode(value, &to->mode);
	case BLOCK:
		return read_up_to(option_names[option], value, 31536000, &to->block);
	case RATE:
		return read_up_to(option_names[option], value, 1000000, &to->setup.rate);
	case LOG:
		to->log = value;
		break;
	case GROUP:
		to->group = value;
		break;
	case TUNNEL:
		to->vxlan.port = value;
		break;
	case OPTIONS:
		return false;
	}
	return true;
}

/* What makes no sense together. */
static bool check_options(const struct decoy_options *options, bool group)
{
	const struct setup *setup = &options->setup;
	bool decoys = setup->n_nets || setup->n_services || setup->n_ignored || options->block;

	if (options->mode == MODE_DECOY && !setup->n_nets)
		return wrong(hint, "which addresses are decoys? --net 192.0.2.0/24"), false;
	if (options->mode != MODE_DECOY && decoys)
		return wrong(hint, "--net, --http, --port, --ignore and --block are of --mode decoy: "
			     "run one for each mode"), false;
	if (options->mode == MODE_VXLAN && !options->vxlan.n_maps)
		return wrong(hint, "which network is where? --map 10.2.0.0/16=192.0.2.7,5001"), false;
	if (options->mode != MODE_VXLAN && (options->vxlan.n_maps || options->vxlan.port))
		return wrong(hint, "--map and --tunnel are of --mode vxlan"), false;
	if (group && !options->block)
		return wrong(hint, "--group says where --block SECONDS puts visitors"), false;
	if (options->group && strlen(options->group) >= FLOWWALL_NAME_SIZE)
		return wrong(hint, "the name of a group is at most %d bytes long",
			     FLOWWALL_NAME_SIZE - 1), false;
	return true;
}

/**
 * read_options() - read the arguments of `fwctl decoy`
 * @to: set to them; to be freed, also after a mistake
 *
 * Return: false after a mistake, which has been reported.
 */
bool read_options(int argc, char **argv, struct decoy_options *to)
{
	enum option option;
	bool group;
	int i;

	memset(to, 0, sizeof(*to));
	read_controller(CONTROLLER_DEFAULT, &to->listen);
	to->setup.rate = DEFAULT_RATE;
	to->setup.settle_ms = SETTLE_MS;
	for (i = 0; i < argc; i += 2) {
		option = find_option(argv[i]);
		if (option == OPTIONS)
			return refused(*argv[i] == '-' ? "the option `%s` is not known here" :
				       "`%s` is not known here", argv[i]);
		if (i + 1 == argc)
			return refused("%s needs a value", argv[i]);
		if (!read_option(option, argv[i + 1], to))
			return false;
	}
	/* Who comes again when the block has ended is blocked again. */
	to->setup.again_ms = 1000 * (to->block < MINUTE ? to->block : MINUTE);
	group = to->group;
	if (!group)
		to->group = DEFAULT_GROUP;
	if (!check_options(to, group))
		return false;
	if (!to->vxlan.port)
		to->vxlan.port = "vxlan0";
	return true;
}

/**
 * options_free() - free what read_options() took
 */
void options_free(struct decoy_options *options)
{
	setup_free(&options->setup);
	free(options->vxlan.maps);
}
