// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The coprocessor's own side: a namespace whose host looks like the real one, behind a
 * bridge that puts the VLAN's tag on what it answers.
 *
 *	IFACE --- bridge NAME --- NAME-c === eth0 in the namespace NAME
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../fwctl.h"
#include "../out.h"
#include "setup_host.h"
#include "vswitch.h"

/* Room for the "-c" of the name of an interface. */
#define NAME_LENGTH	13

struct request {
	const char *name;
	const char *iface;
	const char *addr;
	const char *mac;
	unsigned int vlan;
	bool dry_run;
};

static const char usage[] =
	"fwctl ovs setup-host NAME iface IFACE addr ADDRESS/LENGTH mac MAC [vlan N]";

static bool word(const char *text, size_t length)
{
	return *text && *text != '-' && strlen(text) <= length &&
	       !text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")];
}

static bool read_iface(const char *text, struct request *request)
{
	request->iface = text;
	return word(text, FLOWWALL_IFACE_SIZE - 1);
}

static bool read_number(const char *text, unsigned long most, unsigned int *value)
{
	unsigned long number = strtoul(text, NULL, 10);

	*value = number;
	return *text && !text[strspn(text, "0123456789")] && number <= most;
}

static bool read_addr(const char *text, struct request *request)
{
	char copy[INET6_ADDRSTRLEN + sizeof("/128")], *slash;
	unsigned int length;
	uint8_t bytes[16];

	request->addr = text;
	snprintf(copy, sizeof(copy), "%s", text);
	slash = strchr(copy, '/');
	if (strcmp(copy, text) || !slash)
		return false;
	*slash++ = '\0';
	return (inet_pton(AF_INET, copy, bytes) == 1 && read_number(slash, 32, &length)) ||
	       (inet_pton(AF_INET6, copy, bytes) == 1 && read_number(slash, 128, &length));
}

/* A host has no multicast address. */
static bool read_link(const char *text, struct request *request)
{
	uint8_t mac[6];

	request->mac = text;
	return read_mac(text, mac) && !(mac[0] & 1);
}

static bool read_vlan(const char *text, struct request *request)
{
	return read_number(text, 4094, &request->vlan) && request->vlan;
}

static const struct {
	const char *word;
	bool (*read)(const char *text, struct request *request);
	const char *what;
} values[] = {
	{ "iface", read_iface, "the name of an interface" },
	{ "addr", read_addr, "an address and the length of its network, as in 10.0.0.5/24" },
	{ "mac", read_link, "the link address of a host, as in 02:00:5e:10:00:01" },
	{ "vlan", read_vlan, "the number of a VLAN, from 1 to 4094" },
};

/* One word, and its value, which may be NULL. */
static int read_value(const char *name, const char *value, struct request *request)
{
	const size_t n = sizeof(values) / sizeof(*values);
	size_t i;

	for (i = 0; i < n && strcmp(values[i].word, name); i++)
		;
	if (i == n)
		return no_option(usage, name) ?:
		       wrong(usage, "`%s` is not known here: iface, addr, mac or vlan", name);
	if (!value)
		return wrong(usage, "behind `%s` goes %s", name, values[i].what);
	return values[i].read(value, request) ? DONE :
	       wrong(usage, "`%s` is not %s", value, values[i].what);
}

static int read_arguments(int argc, char **argv, struct request *request)
{
	int i, status;

	if (!argc || !word(argv[0], NAME_LENGTH))
		return wrong(usage, "`setup-host` needs a name of at most %d letters and digits",
			     NAME_LENGTH);
	request->name = argv[0];
	for (i = 1; i < argc; i += 2) {
		status = read_value(argv[i], i + 1 < argc ? argv[i + 1] : NULL, request);
		if (status)
			return status;
	}
	if (!request->iface || !request->addr || !request->mac)
		return wrong(usage, "`setup-host` needs iface, addr and mac");
	return DONE;
}

/* Runs it, or shows it. */
static bool step(const struct request *request, const char *const *argv)
{
	if (request->dry_run) {
		vs_show(argv);
		return true;
	}
	return vs_run(argv, NULL, NULL);
}

#define STEP(request, ...)	step(request, (const char *const[]){ __VA_ARGS__, NULL })
/* Whether something is there already: nothing needs to be done then. */
#define THERE(request, ...)	(!(request)->dry_run && \
				 vs_run((const char *const[]){ __VA_ARGS__, NULL }, NULL, NULL))

static bool make_host(const struct request *request, const char *link)
{
	const char *name = request->name;

	if (!THERE(request, "ip", "netns", "exec", name, "true") &&
	    !STEP(request, "ip", "netns", "add", name))
		return false;
	if (!THERE(request, "ip", "link", "show", "dev", link) &&
	    !STEP(request, "ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns",
		  name))
		return false;
	return STEP(request, "ip", "-n", name, "link", "set", "eth0", "address", request->mac) &&
	       STEP(request, "ip", "-n", name, "addr", "replace", request->addr, "dev", "eth0") &&
	       STEP(request, "ip", "-n", name, "link", "set", "lo", "up") &&
	       STEP(request, "ip", "-n", name, "link", "set", "eth0", "up") &&
	       STEP(request, "ip", "link", "set", link, "up") &&
	       STEP(request, "ip", "link", "set", request->iface, "up");
}

/*
 * What the switch sends has a tag, or none: the host gets it without. What the host sends
 * gets the tag. The two flows of a direction are for just that.
 */
static char *flows_text(const struct request *request, unsigned int outside, unsigned int inside)
{
	char *push = request->vlan ? text_of("push_vlan:0x8100,set_field:%u->vlan_vid,",
					     4096 + request->vlan) : text_of("%s", "");
	char *text = text_of("delete cookie=0x4657000000000002/-1\n"
			     "add cookie=0x4657000000000002,priority=200,in_port=%u,vlan_tci=0x1000/0x1000,"
			     "actions=pop_vlan,output:%u\n"
			     "add cookie=0x4657000000000002,priority=100,in_port=%u,actions=output:%u\n"
			     "add cookie=0x4657000000000002,priority=100,in_port=%u,"
			     "vlan_tci=0x0000/0x1fff,actions=%soutput:%u\n", outside, inside,
			     outside, inside, inside, push, outside);

	free(push);
	return text;
}

/* A bridge of that name that has other ports is somebody else's. */
static bool check_bridge(const struct request *request, const char *link)
{
	const struct vs_bridge *at;
	struct vswitch vs;
	bool good = vs_read(&vs);
	size_t i;

	at = good ? vs_bridge(&vs, request->name) : NULL;
	for (i = 0; at && good && i < at->n_ports; i++) {
		const char *port = at->ports[i].name;

		if (strcmp(port, request->name) && strcmp(port, request->iface) && strcmp(port, link))
			good = vs_fail("the bridge `%s` is there already, and has the port `%s`: "
				       "choose another name", request->name, port);
	}
	vs_free(&vs);
	return good;
}

/* The numbers of the ports, which OVS need not give as they are asked for. */
static bool read_numbers(const struct request *request, const char *link, unsigned int *outside,
			 unsigned int *inside)
{
	const struct vs_bridge *at;
	struct vswitch vs;
	bool good = vs_read(&vs);
	size_t i;

	*outside = *inside = 0;
	at = good ? vs_bridge(&vs, request->name) : NULL;
	for (i = 0; at && i < at->n_ports; i++) {
		if (!strcmp(at->ports[i].name, request->iface))
			*outside = at->ports[i].number;
		if (!strcmp(at->ports[i].name, link))
			*inside = at->ports[i].number;
	}
	vs_free(&vs);
	return good && ((*outside && *inside) || vs_fail("OVS cannot open the ports of `%s`; see: "
							 "ovs-vsctl show", request->name));
}

static bool make_bridge(const struct request *request, const char *link)
{
	unsigned int outside = 1, inside = 2;
	const char *name = request->name;
	char *flows;
	bool good;

	good = STEP(request, "ovs-vsctl", "--timeout=10", "--may-exist", "add-br", name) &&
	       STEP(request, "ovs-vsctl", "--timeout=10", "set-fail-mode", name, "secure") &&
	       STEP(request, "ovs-vsctl", "--timeout=10", "--may-exist", "add-port", name,
		    request->iface, "--", "set", "interface", request->iface, "ofport_request=1") &&
	       STEP(request, "ovs-vsctl", "--timeout=10", "--may-exist", "add-port", name, link, "--",
		    "set", "interface", link, "ofport_request=2");
	good = good && (request->dry_run || read_numbers(request, link, &outside, &inside));
	flows = flows_text(request, outside, inside);
	if (good && request->dry_run)
		printf("ovs-ofctl -O OpenFlow14 --bundle add-flows %s - <<FLOWS\n%sFLOWS\n", name, flows);
	else if (good)
		good = vs_flows(name, flows);
	free(flows);
	return good;
}

/**
 * ovs_setup_host() - make the coprocessor's own side; again, it changes nothing
 *
 * Return: enum status; an error has been reported.
 */
int ovs_setup_host(int argc, char **argv, bool dry_run)
{
	struct request request = { .dry_run = dry_run };
	int status = read_arguments(argc, argv, &request);
	char link[FLOWWALL_IFACE_SIZE + 8];

	if (status)
		return status;
	snprintf(link, sizeof(link), "%s-c", request.name);
	if ((dry_run || check_bridge(&request, link)) && make_host(&request, link) && make_bridge(&request, link)) {
		if (!dry_run && !options.json)
			printf("the host is in the network namespace %s; run its services there:\n"
			       "    ip netns exec %s COMMAND\n", request.name, request.name);
		return DONE;
	}
	wrong(NULL, "%s", vs_error());
	return FAILED;
}
