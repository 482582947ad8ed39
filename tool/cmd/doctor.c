// SPDX-License-Identifier: GPL-2.0-or-later
/* fwctl doctor: what stands in the way, and what to do about it. */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "../../kmod/version.h"
#include "../edit.h"
#include "../fwctl.h"
#include "../machine/failsafe.h"
#include "../machine/kernels.h"
#include "../out.h"
#include "../ovs/vswitch.h"

#define ENABLED "/etc/systemd/system/sysinit.target.wants/flowwall.service"

/* 2024-01-01: no clock that was ever right says less. */
#define SANE_TIME 1704067200

enum level { GOOD, NOTE, WRONG };

static const char *const level_names[] = { "good", "note", "wrong" };

/**
 * struct visit - what is looked at, and what was found
 * @file: the ruleset's
 * @module: a connection, or NULL if there is none
 * @list: for JSON, or NULL
 */
struct visit {
	const char *file;
	struct module *module;
	struct module_status status;
	struct iface *ifaces;
	size_t n_ifaces;
	struct script running;
	bool wrong;
	json_t *list;
};

/* One thing that was looked at; @advice is what to do, or NULL. */
static void found(struct visit *visit, enum level level, const char *check, const char *advice,
		  const char *format, ...) __attribute__((format(printf, 5, 6)));

static void found(struct visit *visit, enum level level, const char *check, const char *advice,
		  const char *format, ...)
{
	static const enum paint colours[] = { GREEN, YELLOW, RED };
	char text[512];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	visit->wrong |= level == WRONG;
	if (visit->list) {
		json_array_append_new(visit->list,
			json_pack("{s:s, s:s, s:o, s:o}", "check", check, "level",
				  level_names[level], "text", json_text(text),
				  "advice", advice ? json_text(advice) : json_null()));
		return;
	}
	printf("%s%-5s%s  %-11s %s\n", paint(colours[level]), level_names[level], paint(PLAIN),
	       check, text);
	if (advice)
		printf("%19s%s\n", "", advice);
}

/* --- the module ------------------------------------------------------------ */

static void no_module(struct visit *visit, const char *release)
{
	static const char sign[] =
		"mokutil --import /var/lib/dkms/mok.pub   (then restart, and enrol the key in the blue screen)\n"
		"                   mokutil --test-key /var/lib/dkms/mok.pub   (afterwards: is it enrolled?)";

	if (kernel_has_module(release) && secure_boot())
		found(visit, WRONG, "module", sign,
		      "not loaded, and Secure Boot takes only modules with a key that it knows");
	else if (kernel_has_module(release))
		found(visit, WRONG, "module", "modprobe flowwall; dmesg says why, if it fails",
		      "not loaded");
	else if (kernel_has_headers(release))
		found(visit, WRONG, "module", "dkms autoinstall; or, in the sources: make install",
		      "there is none for the running kernel, %s", release);
	else
		found(visit, WRONG, "module",
		      "Debian: apt-get install linux-headers-$(uname -r); Raspberry Pi OS: linux-headers-rpi-v8; then dkms autoinstall",
		      "there is none for the running kernel, %s, and no headers to build it with",
		      release);
}

static void check_module(struct visit *visit)
{
	struct utsname name;

	uname(&name);
	if (!visit->module)
		no_module(visit, name.release);
	else if (strcmp(visit->status.version, FLOWWALL_VERSION))
		found(visit, WRONG, "module", "load the new one: rmmod flowwall; systemctl restart flowwall",
		      "version %s is loaded, and fwctl is %s", visit->status.version,
		      FLOWWALL_VERSION);
	else
		found(visit, GOOD, "module", NULL, "version %s is loaded%s", visit->status.version,
		      secure_boot() ? ", under Secure Boot" : "");
}

static void check_next_kernel(struct visit *visit)
{
	struct utsname name;
	char newest[256];

	uname(&name);
	if (!newest_kernel(name.release, newest, sizeof(newest)) || !strcmp(newest, name.release))
		return;
	if (kernel_has_module(newest))
		found(visit, GOOD, "next kernel", NULL, "%s has the module, too", newest);
	else
		found(visit, WRONG, "next kernel",
		      kernel_has_headers(newest) ? "dkms autoinstall -k VERSION" :
		      "install its headers (linux-headers-VERSION); DKMS then builds it",
		      "%s is installed without the module: once it runs, only the failsafe stands",
		      newest);
}

/* --- what begins and protects ------------------------------------------------ */

static void check_service(struct visit *visit)
{
	bool failsafe = failsafe_there();

	if (options.netns)
		return;	/* the service is the machine's */
	if (access(ENABLED, F_OK))
		found(visit, NOTE, "service", "systemctl enable flowwall",
		      "nothing loads the ruleset when the machine starts");
	else
		found(visit, GOOD, "service", NULL, "the ruleset is loaded when the machine starts");
	if (failsafe)
		found(visit, WRONG, "failsafe", "once the rest is mended: systemctl restart flowwall",
		      "in place: nothing new gets in from outside, whatever the ruleset allows");
}

static void check_roles(struct visit *visit)
{
	size_t i, external = 0, internal = 0;

	for (i = 0; i < visit->n_ifaces; i++) {
		external += visit->ifaces[i].role == FLOWWALL_ROLE_EXTERNAL;
		internal += visit->ifaces[i].role == FLOWWALL_ROLE_INTERNAL;
	}
	if (external)
		found(visit, GOOD, "roles", NULL, "%zu external, %zu internal", external, internal);
	else if (has_external(&visit->running))
		found(visit, NOTE, "roles", "fwctl status names it",
		      "the external interface is not there yet");
	else
		found(visit, WRONG, "roles", "fwctl init",
		      "no interface is external: every packet passes");
}

static int number_in(const char *path)
{
	FILE *file = fopen(path, "re");
	int number = -1;

	if (file) {
		if (fscanf(file, "%d", &number) != 1)
			number = -1;
		fclose(file);
	}
	return number;
}

/* Only who has two sides is a router. */
static void check_forwarding(struct visit *visit)
{
	bool external = false, internal = false;
	size_t i;

	for (i = 0; i < visit->n_ifaces; i++) {
		external |= visit->ifaces[i].role == FLOWWALL_ROLE_EXTERNAL;
		internal |= visit->ifaces[i].role == FLOWWALL_ROLE_INTERNAL;
	}
	if (!external || !internal)
		return;
	if (number_in("/proc/sys/net/ipv4/ip_forward") == 0)
		found(visit, NOTE, "forwarding", "sysctl net.ipv4.ip_forward=1, and in /etc/sysctl.d",
		      "there is an inside, but IPv4 is not forwarded");
	else if (number_in("/proc/sys/net/ipv6/conf/all/forwarding") == 0)
		found(visit, NOTE, "forwarding",
		      "sysctl net.ipv6.conf.all.forwarding=1, and in /etc/sysctl.d; or it is meant so",
		      "IPv4 is forwarded, IPv6 is not");
	else
		found(visit, GOOD, "forwarding", NULL, "both families are forwarded");
}

/* --- who else has a say ------------------------------------------------------ */

static bool named(const json_t *names, const char *name)
{
	const json_t *one;
	size_t i;

	json_array_foreach(names, i, one)
		if (!strcmp(json_string_value(one), name))
			return true;
	return false;
}

/* Adds the tables of one family of iptables-legacy, which nft knows nothing of. */
static void add_legacy(char *list, size_t size, const char *path, const char *family)
{
	FILE *file = fopen(path, "re");
	char name[64];

	while (file && fscanf(file, "%63s", name) == 1)
		snprintf(list + strlen(list), size - strlen(list), "%s%s %s", *list ? ", " : "",
			 family, name);
	if (file)
		fclose(file);
}

/* Returns whether there are any. */
static bool check_legacy(struct visit *visit)
{
	char list[256] = "";

	add_legacy(list, sizeof(list), "/proc/net/ip_tables_names", "ip");
	add_legacy(list, sizeof(list), "/proc/net/ip6_tables_names", "ip6");
	if (*list)
		found(visit, NOTE, "firewalls",
		      "iptables-legacy-save, ip6tables-legacy-save; packets have to pass both",
		      "iptables-legacy has tables as well: %s", list);
	return *list;
}

/* Tables of nftables, iptables-nft's among them, with chains that packets go through. */
static void check_firewalls(struct visit *visit)
{
	static const char *const nft[] = { "nft", "-j", "list", "chains", NULL };
	json_t *all, *item, *names = json_array();
	char *text, name[128], list[256] = "";
	bool legacy = check_legacy(visit);
	size_t i;

	if (!vs_run(nft, NULL, &text)) {
		found(visit, NOTE, "firewalls", "apt-get install nftables",
		      "nft does not run, which the failsafe needs: %s", vs_error());
		json_decref(names);
		return;
	}
	all = json_loads(text, 0, NULL);
	free(text);
	json_array_foreach(json_object_get(all, "nftables"), i, item) {
		const json_t *chain = json_object_get(item, "chain");
		const char *table = json_string_value(json_object_get(chain, "table"));
		const char *family = json_string_value(json_object_get(chain, "family"));

		if (!table || !family || !json_object_get(chain, "hook") ||
		    !strcmp(table, "flowwall_failsafe"))
			continue;
		snprintf(name, sizeof(name), "%s %s", family, table);
		if (named(names, name))
			continue;
		json_array_append_new(names, json_text(name));
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s",
			 *list ? ", " : "", name);
	}
	if (json_array_size(names))
		found(visit, NOTE, "firewalls", "nft list ruleset; packets have to pass both",
		      "nftables has tables as well: %s", list);
	else if (!legacy)
		found(visit, GOOD, "firewalls", NULL, "no other one filters here");
	json_decref(names);
	json_decref(all);
}

static void check_offloads(struct visit *visit)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	size_t i;

	for (i = 0; i < visit->n_ifaces && fd >= 0; i++) {
		struct ethtool_value value = { .cmd = ETHTOOL_GFLAGS };
		struct ifreq request = { .ifr_data = (void *)&value };

		if (visit->ifaces[i].role == FLOWWALL_ROLE_NONE)
			continue;
		snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", visit->ifaces[i].name);
		if (!ioctl(fd, SIOCETHTOOL, &request) && value.data & ETH_FLAG_LRO)
			found(visit, WRONG, "offloads", "ethtool -K IFACE lro off",
			      "%s merges packets that a router must forward as they came (LRO)",
			      visit->ifaces[i].name);
	}
	if (fd >= 0)
		close(fd);
}

static void check_clock(struct visit *visit)
{
	struct timex timex = { .modes = 0 };
	bool timed = false;
	size_t i;

	for (i = 0; i < visit->running.n; i++)
		timed |= visit->running.stmt[i].kind == STMT_RULE && visit->running.stmt[i].rule.until;
	adjtimex(&timex);
	if (time(NULL) < SANE_TIME)
		found(visit, timed ? WRONG : NOTE, "clock", "timedatectl set-ntp true",
		      "it is wrong%s", timed ? ", and rules end by it (until)" : "");
	else if (timex.status & STA_UNSYNC)
		found(visit, NOTE, "clock", "timedatectl set-ntp true",
		      "nothing keeps it right%s", timed ? ", and rules end by it (until)" : "");
	else
		found(visit, GOOD, "clock", NULL, "it is kept right");
}

/* --- the ruleset ------------------------------------------------------------- */

static void check_ruleset(struct visit *visit)
{
	struct script file = { .n = 0 };
	char advice[512];
	size_t n;

	if (access(visit->file, R_OK)) {
		found(visit, NOTE, "ruleset", "fwctl init, or: fwctl save >FILE",
		      "there is no %s to load at the next start", visit->file);
		return;
	}
	snprintf(advice, sizeof(advice), "fwctl apply %s --check", visit->file);
	if (!parse_file(visit->file, &file)) {
		found(visit, WRONG, "ruleset", advice, "%s has mistakes", visit->file);
	} else {
		snprintf(advice, sizeof(advice), "fwctl diff %s", visit->file);
		n = ruleset_differences(&visit->running, &file);
		if (n)
			found(visit, WRONG, "ruleset", advice, "%zu line%s differ%s from %s", n,
			      n == 1 ? "" : "s", n == 1 ? "s" : "", visit->file);
		else
			found(visit, GOOD, "ruleset", NULL, "it is that of %s", visit->file);
	}
	script_free(&file);
}

/* --- queues ------------------------------------------------------------------ */

/**
 * struct queues - those that a program listens to, in this network namespace
 * @heard: a bit for each
 */
struct queues {
	uint8_t heard[65536 / 8];
};

/* Returns false if nobody says. */
static bool read_queues(struct queues *queues)
{
	FILE *file = fopen("/proc/net/netfilter/nfnetlink_queue", "re");
	unsigned int number;

	memset(queues, 0, sizeof(*queues));
	/* Without its kernel module there are no listeners. */
	if (!file)
		return errno == ENOENT;
	while (fscanf(file, "%u%*[^\n]", &number) == 1)
		if (number < 65536)
			queues->heard[number / 8] |= 1 << number % 8;
	fclose(file);
	return true;
}

/* The first queue of a rule that nobody listens to, or -1. */
static int unheard(const struct queues *queues, const struct rule *rule)
{
	unsigned int number;

	for (number = rule->queue_first; number <= rule->queue_last; number++)
		if (!(queues->heard[number / 8] & 1 << number % 8))
			return number;
	return -1;
}

/* What waits for nobody is dropped by the kernel, behind FlowWall, which counts it as passed. */
static void check_queues(struct visit *visit)
{
	struct queues queues;
	char list[256] = "", id[16];
	size_t i, n = 0, bad = 0;
	int number;

	if (!read_queues(&queues))
		return;
	for (i = 0; i < visit->running.n; i++) {
		const struct stmt *stmt = &visit->running.stmt[i];

		if (stmt->kind != STMT_RULE || !stmt->rule.queued || stmt->rule.queue_bypass)
			continue;
		n++;
		number = unheard(&queues, &stmt->rule);
		if (number < 0)
			continue;
		bad++;
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s (queue %d)",
			 *list ? ", " : "", rule_id(&stmt->rule, id, sizeof(id)), number);
	}
	if (bad)
		found(visit, WRONG, "queues",
		      "start the program, or say: queue N bypass; fwctl status does not count these drops",
		      "nobody listens, so the kernel drops what is for rule%s %s",
		      bad == 1 ? "" : "s", list);
	else if (n)
		found(visit, GOOD, "queues", NULL, "somebody listens to each");
}

static void check_table(struct visit *visit)
{
	const struct module_status *s = &visit->status;

	if (s->confirm)
		found(visit, NOTE, "confirm", "fwctl confirm",
		      "the ruleset of before comes back in %u s", s->confirm);
	if (s->flows >= s->max_flows - s->max_flows / 10)
		found(visit, WRONG, "flow table", "fwctl set max-flows N; who has so many: fwctl top",
		      "%u of %u flows are in use", s->flows, s->max_flows);
	else if (s->drop[FLOWWALL_DROP_TABLE_FULL])
		found(visit, NOTE, "flow table", "fwctl set max-flows N",
		      "it was full: %llu packets were refused",
		      (unsigned long long)s->drop[FLOWWALL_DROP_TABLE_FULL]);
	else
		found(visit, GOOD, "flow table", NULL, "%u of %u flows are in use", s->flows,
		      s->max_flows);
}

static int look(struct visit *visit)
{
	check_module(visit);
	check_next_kernel(visit);
	check_service(visit);
	if (visit->module) {
		check_roles(visit);
		check_forwarding(visit);
	}
	check_firewalls(visit);
	check_offloads(visit);
	check_clock(visit);
	if (visit->module) {
		check_ruleset(visit);
		check_queues(visit);
		check_table(visit);
	}
	if (visit->list)
		out_json(json_pack("{s:i, s:b, s:O}", "schema", JSON_SCHEMA, "wrong", visit->wrong,
				   "checks", visit->list));
	return visit->wrong ? REFUSED : DONE;
}

/**
 * cmd_doctor() - fwctl doctor [FILE]
 *
 * Return: REFUSED if something is wrong.
 */
int cmd_doctor(int argc, char **argv)
{
	struct visit visit = { .file = argc ? argv[0] : RULES_FILE };
	struct module *module;
	int status = no_option("fwctl doctor [FILE]", visit.file) ?:
		     no_arguments(argc - 1, argv + 1);

	if (status)
		return status;
	if (!module_open(&module, options.netns)) {
		visit.module = module;
		if (module_status(module, &visit.status) ||
		    module_ifaces(module, &visit.ifaces, &visit.n_ifaces) ||
		    module_ruleset(module, FLOWWALL_KIND_ALL, NULL, &visit.running))
			status = module_failed(module);
	} else if (module_refused(module)) {
		status = module_failed(module);
	}
	if (options.json)
		visit.list = json_array();
	if (!status)
		status = look(&visit);
	json_decref(visit.list);
	free(visit.ifaces);
	script_free(&visit.running);
	module_close(module);
	return status;
}
