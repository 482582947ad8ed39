// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The thread of a queue of the application filter: what ends it, and what does not.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "queue.h"
#include "stop.h"
#include "suite.h"

static int errors[2];
static unsigned int received;

int mnl_socket_get_fd(const struct mnl_socket *socket)
{
	(void)socket;
	return -1;
}

unsigned int mnl_socket_get_portid(const struct mnl_socket *socket)
{
	(void)socket;
	return 0;
}

static unsigned int packets, fails, verdicts;
static size_t payload, payload_sent;

static int note_payload(const struct nlattr *attr, void *arg)
{
	(void)arg;
	if (mnl_attr_get_type(attr) == NFQA_PAYLOAD)
		payload_sent = mnl_attr_get_payload_len(attr);
	return MNL_CB_OK;
}

/* Fails so often as @fails says. */
ssize_t mnl_socket_sendto(const struct mnl_socket *socket, const void *text, size_t n)
{
	(void)socket;
	if (fails) {
		fails--;
		errno = ENOBUFS;
		return -1;
	}
	verdicts++;
	mnl_attr_parse(text, sizeof(struct nfgenmsg), note_payload, NULL);
	return n;
}

/* One that says nothing, and is to be dropped, or a SYN that asks for MPTCP. */
static unsigned int put_packet(char *text)
{
	struct nfqnl_msg_packet_hdr about = { .packet_id = htonl(packets) };
	struct nlmsghdr *header = nfq_nlmsg_put(text, NFQNL_MSG_PACKET, 0);

	mnl_attr_put(header, NFQA_PACKET_HDR, sizeof(about), &about);
	if (payload) {
		struct ends ends = { .family = AF_INET, .proto = IPPROTO_TCP };
		struct answer answer;

		answer_tcp(&answer, &ends, 1, 0, TCP_SYN, "\x1e\4\1\1", 4);
		answer.packet[32] = 0x60;
		mnl_attr_put(header, NFQA_PAYLOAD, payload = answer.n, answer.packet);
		mnl_attr_put_u32(header, NFQA_SKB_INFO, htonl(NFQA_SKB_CSUMNOTREADY));
	}
	return header->nlmsg_len;
}

/* Some packets, then fails as @errors say; with the last one the program is to end. */
int recvmmsg(int fd, struct mmsghdr *messages, unsigned int n, int flags, struct timespec *timeout)
{
	(void)fd, (void)n, (void)flags, (void)timeout;
	if (packets) {
		packets--;
		messages->msg_len = put_packet(messages->msg_hdr.msg_iov->iov_base);
		return 1;
	}
	if (received == 1)
		stop_now();
	errno = errors[received++];
	return -1;
}

static struct queue queue;

/* A thread that has an answer to send, which fails. */
static int run_queue(int first)
{
	static struct shared_rules shared = { .lock = PTHREAD_MUTEX_INITIALIZER };

	memset(&queue, 0, sizeof(queue));
	queue.shared = &shared;
	queue.answers[0] = queue.answers[1] = -1;
	ck_assert(filter_init(&queue.filter, 1 << 20));
	queue.filter.n_lingering = 1;
	queue.filter.lingering[0].ends = (struct ends){ .family = AF_INET, .proto = IPPROTO_TCP };
	errors[0] = first;
	errors[1] = EAGAIN;
	received = 0;
	ck_assert(queue_start(&queue));
	queue_close(&queue);
	return queue.failed;
}

/* A verdict that is not sent is sent again; if it cannot be, nothing more is judged. */
START_TEST(verdicts_unsent)
{
	packets = 2;
	fails = 3;
	ck_assert_int_eq(run_queue(ENETDOWN), ENETDOWN);
	ck_assert_uint_eq(verdicts, 2);
	ck_assert_uint_eq(queue.unsent, 1 + 3);
	packets = 2;
	fails = 1000;
	ck_assert_int_eq(run_queue(ENETDOWN), ENOBUFS);
	ck_assert_uint_eq(verdicts, 2);
	ck_assert_uint_eq(packets, 1);
	packets = fails = 0;
}
END_TEST

/* What is to go on in the place of a packet is sent with its verdict. */
START_TEST(other_packets)
{
	packets = payload = 1;
	payload_sent = 0;
	ck_assert_int_eq(run_queue(ENETDOWN), ENETDOWN);
	ck_assert_uint_eq(payload, 44);
	ck_assert_uint_eq(payload_sent, payload);
	packets = payload = 0;
}
END_TEST

/* An answer that cannot be sent ends nothing; the second run stops the program. */
START_TEST(failures)
{
	ck_assert_int_eq(run_queue(ENETDOWN), ENETDOWN);
	ck_assert_uint_eq(queue.unsent, 1);
	ck_assert_uint_eq(received, 1);
	ck_assert_int_eq(run_queue(EAGAIN), 0);
	ck_assert_uint_eq(received, 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("queue");
	TCase *thread = tcase_create("thread");

	tcase_add_test(thread, verdicts_unsent);
	tcase_add_test(thread, other_packets);
	tcase_add_test(thread, failures);
	suite_add_tcase(suite, thread);
	return run_suite(suite);
}
