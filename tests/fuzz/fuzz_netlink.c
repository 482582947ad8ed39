// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as what the kernel answers: of the module, and of rtnetlink about a
 * route. Nothing may be read that is not there, and what was read can be printed.
 *
 * The first byte says what is asked; the rest are messages.
 */
#include "netlink_bytes.h"

#include "fwctl.h"
#include "nl_internal.h"
#include "out.h"
#include "packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct options options;

static void print_entries(const struct flow *flow)
{
	char ends[128];

	entry_text(flow, &flow->original, ends, sizeof(ends));
	entry_text(flow, &flow->reply, ends, sizeof(ends));
	json_decref(flow_json(flow, NULL));
}

static void on_flow(const struct flow *flow, void *arg)
{
	(void)arg;
	print_entries(flow);
}

static void print_drop(const struct drop *drop)
{
	struct drop nowhere = *drop;

	nowhere.ifindex = 0;	/* the name of an interface would be asked for */
	json_decref(drop_json(&nowhere, NULL, NULL));
	drop_sentence(drop->reason);
}

static void on_drop(const struct drop *drop, void *arg)
{
	(void)arg;
	print_drop(drop);
}

static void on_event(const struct event *event, void *arg)
{
	(void)arg;
	print_entries(&event->flow);
	print_drop(&event->drop);
	json_decref(json_text(event->label));
	json_decref(json_text(event->group));
	json_decref(json_text(event->iface.name));
}

static void ask_ruleset(struct module *module)
{
	static char text[STMT_TEXT];
	struct script script;
	size_t i;

	module_ruleset(module, ~0u, NULL, &script);
	for (i = 0; i < script.n; i++)
		print_stmt(&script.stmt[i], text, sizeof(text));
	script_free(&script);
}

static void ask_ifaces(struct module *module)
{
	struct iface *ifaces;
	size_t n, i;

	module_ifaces(module, &ifaces, &n);
	for (i = 0; i < n; i++)
		if (strlen(ifaces[i].name) >= sizeof(ifaces[i].name))
			abort();
	free(ifaces);
}

static void ask_explain(struct module *module)
{
	static const struct raw_packet packet = { .length = 20 };
	struct explanation answer;

	if (!module_explain(module, &packet, &answer) && answer.has_flow)
		print_entries(&answer.flow);
}

static void ask_route(void)
{
	struct packet_words words = { .family = AF_INET };
	struct raw_packet packet;

	packet_route(&words, NULL, &packet);
}

static void ask(struct module *module, unsigned int what)
{
	static const uint8_t host[16];
	struct module_status status;
	struct commit commit = { .check = true };

	switch (what % 9) {
	case 0:
		module_status(module, &status);
		break;
	case 1:
		ask_ruleset(module);
		break;
	case 2:
		ask_ifaces(module);
		break;
	case 3:
		module_flows(module, NULL, on_flow, NULL);
		break;
	case 4:
		module_drops(module, AF_INET6, host, on_drop, NULL);
		break;
	case 5:
		ask_explain(module);
		break;
	case 6:
		module_commit(module, &commit);
		break;
	case 7:
		while (shim_kernel.size && !module_events(module, NULL, on_event, NULL))
			;
		break;
	case 8:
		ask_route();
		break;
	}
}

static void ignore(const struct place *place, const char *message, const char *hint)
{
	(void)place;
	(void)message;
	(void)hint;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct module module = { .family = 0x20 };

	if (!size)
		return 0;
	report_mistake = ignore;
	shim_kernel = (struct shim_kernel){ .left = data + 1, .size = size - 1 };
	module.sock = nl_socket_alloc();
	if (!module.sock)
		abort();
	ask(&module, data[0]);
	nl_socket_free(module.sock);
	return 0;
}
