// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The coprocessor's own side: a namespace whose host looks like the real one, behind a
 * bridge that puts the VLAN's tag on what it answers.
 *
 *	IFACE --- bridge NAME --- NAME-c === eth0 in the namespace NAME
 */
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

static int read_arguments(int argc, char **argv, struct request *request)
{
	int i;

	if (!argc || !word(argv[0], NAME_LENGTH))
		return wrong(usage, "`setup-host` needs a name of at most %d letters and digits",
			     NAME_LENGTH);
	request->name = argv[0];
	for (i = 1; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "iface") && word(argv[i + 1], FLOWWALL_IFACE_SIZE - 1))
			request->iface = argv[i + 1];
		else if (!strcmp(argv[i], "addr") && strchr(argv[i + 1], '/') && argv[i + 1][0] != '-')
			request->addr = argv[i + 1];
		else if (!strcmp(argv[i], "mac") && strlen(argv[i + 1]) == 17 && argv[i + 1][0] != '-')
			request->mac = argv[i + 1];
		else if (!strcmp(argv[i], "vlan") && atoi(argv[i + 1]) > 0 && atoi(argv[i + 1]) <= 4094)
			request->vlan = atoi(argv[i + 1]);
		else
			return wrong(usage, "`%s %s` is not known here", argv[i], argv[i + 1]);
	}
	if (i < argc)
		return wrong(usage, "`%s` needs a word behind it", argv[i]);
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
