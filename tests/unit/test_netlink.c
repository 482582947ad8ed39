// SPDX-License-Identifier: GPL-2.0-or-later
/* What the kernel says and the tool must not believe. */
#include "netlink_bytes.h"

#include <check.h>
#include <errno.h>
#include <limits.h>

#include <linux/rtnetlink.h>
#include <netlink/genl/genl.h>

#include "fwctl.h"
#include "nl_internal.h"
#include "packet.h"
#include "suite.h"

struct options options;

static struct module module;
static uint8_t said[4096];

static void ignore(const struct place *place, const char *message, const char *hint)
{
	(void)place;
	(void)message;
	(void)hint;
}

static void setup(void)
{
	memset(&module, 0, sizeof(module));
	module.sock = nl_socket_alloc();
	report_mistake = ignore;
	shim_kernel = (struct shim_kernel){ .left = said };
}

static void teardown(void)
{
	nl_socket_free(module.sock);
}

/* The kernel says this, too; @msg is freed. */
static void say(struct nl_msg *msg)
{
	const struct nlmsghdr *head = nlmsg_hdr(msg);

	ck_assert_uint_le(shim_kernel.size + head->nlmsg_len, sizeof(said));
	memcpy(said + shim_kernel.size, head, head->nlmsg_len);
	shim_kernel.size += NLMSG_ALIGN(head->nlmsg_len);
	nlmsg_free(msg);
}

static void say_error(int type, int err)
{
	struct nl_msg *msg = nlmsg_alloc_simple(type, NLM_F_CAPPED);
	struct nlmsgerr error = { .error = err };

	nlmsg_append(msg, &error, sizeof(error), NLMSG_ALIGNTO);
	say(msg);
}

/* A status with one attribute. */
static void say_status(int type, const void *data, int size)
{
	struct nl_msg *msg = nlmsg_alloc();
	struct nlattr *nest;

	genlmsg_put(msg, 0, 0, 0x20, 0, 0, FLOWWALL_CMD_STATUS_GET, FLOWWALL_GENL_VERSION);
	nest = nla_nest_start(msg, FLOWWALL_A_STATUS);
	nla_put(msg, type, size, data);
	nla_nest_end(msg, nest);
	say(msg);
	say_error(NLMSG_ERROR, 0);
}

static const int status_numbers[] = {
	FLOWWALL_STATUS_A_FLOWS, FLOWWALL_STATUS_A_MAX_FLOWS, FLOWWALL_STATUS_A_BUCKETS,
	FLOWWALL_STATUS_A_FLOW_BYTES, FLOWWALL_STATUS_A_RULES, FLOWWALL_STATUS_A_GROUPS,
	FLOWWALL_STATUS_A_MEMBERS, FLOWWALL_STATUS_A_CONFIRM,
};

START_TEST(short_numbers_make_no_sense)
{
	static const uint32_t number = 5;
	struct module_status status;
	int size;

	for (size = 0; size <= 4; size++) {
		teardown();
		setup();
		say_status(status_numbers[_i], &number, size);
		ck_assert_int_eq(module_status(&module, &status), size == 4 ? 0 : -EPROTO);
	}
}
END_TEST

START_TEST(short_interface_of_a_route)
{
	static const uint32_t oif = 7;
	struct packet_words words = { .family = AF_INET };
	struct rtmsg head = { .rtm_type = RTN_UNICAST };
	struct raw_packet packet;
	int size, i;

	for (size = 0; size <= 4; size++) {
		teardown();
		setup();
		for (i = 0; i < 2; i++) {	/* of the source, and of the destination */
			struct nl_msg *msg = nlmsg_alloc_simple(RTM_NEWROUTE, 0);

			nlmsg_append(msg, &head, sizeof(head), NLMSG_ALIGNTO);
			nla_put(msg, RTA_OIF, size, &oif);
			say(msg);
		}
		ck_assert_int_eq(packet_route(&words, NULL, &packet), size == 4 ? 0 : -1);
		ck_assert_uint_eq(packet.oif, size == 4 ? oif : 0);
	}
}
END_TEST

/* What the kernel says, and what it is taken for. */
static const struct {
	int said;
	int taken;
} errors[] = {
	{ -EPERM, -EPERM }, { -4095, -4095 }, { -4096, -EPROTO }, { INT_MIN, -EPROTO },
	{ 1, -EPROTO }, { INT_MAX, -EPROTO }, { 0, 0 },
};

START_TEST(error_numbers)
{
	struct script script;

	say_error(NLMSG_ERROR, errors[_i].said);
	ck_assert_int_eq(module_confirm(&module), errors[_i].taken);
	ck_assert_int_eq(module_refused(&module), errors[_i].taken != 0);

	teardown();
	setup();
	say_error(NLMSG_DONE, errors[_i].said);
	ck_assert_int_eq(module_ruleset(&module, FLOWWALL_KIND_RULE, NULL, &script),
			 errors[_i].taken);
	script_free(&script);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("netlink");
	TCase *tcase = tcase_create("netlink");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, short_numbers_make_no_sense, 0,
			    sizeof(status_numbers) / sizeof(*status_numbers));
	tcase_add_test(tcase, short_interface_of_a_route);
	tcase_add_loop_test(tcase, error_numbers, 0, sizeof(errors) / sizeof(*errors));
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
