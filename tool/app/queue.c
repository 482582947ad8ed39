// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An NFQUEUE: messages in, verdicts out, many at a time. The kernel hands out packets one
 * a message, in the order of their numbers; one verdict is enough for all up to a number.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "queue.h"
#include "stop.h"

#define BATCH		16		/* messages at a time */
#define MESSAGE		(0xffff + 4096)	/* bytes: a packet, as large as they get, and what is about it */
#define LENGTH		8192		/* packets that may wait */
#define RECEIVE		(16 << 20)	/* bytes that may wait in the socket */
#define WAIT_MS		200		/* how often to see to rules and time without packets */
#define TRIES		100		/* to send verdicts, a millisecond apart */

/**
 * struct verdicts - what is to be sent
 * @text: messages
 * @n: bytes
 * @last: number of the last packet that passes as the ones before it
 * @pending: there are such, with
 * @mark: this mark
 */
struct verdicts {
	char text[BATCH * (64 + INSTEAD_ROOM)];
	size_t n;
	bool pending;
	uint32_t last;
	uint32_t mark;
};

/* --- set-up ------------------------------------------------------------------- */

/* Sends a message of configuration and waits for what the kernel says to it. */
static bool configure(struct queue *queue, struct nlmsghdr *header)
{
	char buffer[MNL_SOCKET_BUFFER_SIZE];
	ssize_t n;

	header->nlmsg_flags |= NLM_F_ACK;
	if (mnl_socket_sendto(queue->netlink, header, header->nlmsg_len) < 0)
		return false;
	n = mnl_socket_recvfrom(queue->netlink, buffer, sizeof(buffer));
	return n >= 0 && mnl_cb_run(buffer, n, 0, mnl_socket_get_portid(queue->netlink), NULL, NULL) >= 0;
}

static bool bind_queue(struct queue *queue)
{
	uint32_t flags = NFQA_CFG_F_GSO | (queue->open ? NFQA_CFG_F_FAIL_OPEN : 0);
	char buffer[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *header = nfq_nlmsg_put(buffer, NFQNL_MSG_CONFIG, queue->number);

	/* First how it is, then that it is there: the first packet finds it all so. */
	nfq_nlmsg_cfg_put_cmd(header, AF_UNSPEC, NFQNL_CFG_CMD_BIND);
	if (!configure(queue, header))
		return false;
	header = nfq_nlmsg_put(buffer, NFQNL_MSG_CONFIG, queue->number);
	nfq_nlmsg_cfg_put_params(header, NFQNL_COPY_PACKET, 0xffff);
	mnl_attr_put_u32(header, NFQA_CFG_FLAGS, htonl(flags));
	mnl_attr_put_u32(header, NFQA_CFG_MASK, htonl(NFQA_CFG_F_GSO | NFQA_CFG_F_FAIL_OPEN));
	nfq_nlmsg_cfg_put_qmaxlen(header, LENGTH);
	return configure(queue, header);
}

/* A socket for packets with any source, that are not judged. */
static int answer_socket(int family)
{
	int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_RAW);
	unsigned int mark = FLOWWALL_QUEUE_ANSWER;

	if (fd < 0)
		return -1;
	if (!setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)))
		return fd;
	close(fd);
	return -1;
}

static void told(void *arg, const struct decision *decision, const struct request *request,
		 const struct ends *ends)
{
	decisions_add(arg, decision, request, ends);
}

/**
 * queue_open() - begin to listen to a queue
 * @queue: with its number, open, shared and decisions set, all else zero
 * @memory: bytes that its connections may take
 *
 * Return: false with errno set.
 */
bool queue_open(struct queue *queue, size_t memory)
{
	int size = RECEIVE;
	struct timeval wait = { .tv_usec = WAIT_MS * 1000 };

	queue->answers[0] = answer_socket(AF_INET);
	queue->answers[1] = queue->answers[0] < 0 ? -1 : answer_socket(AF_INET6);
	if (queue->answers[0] < 0)
		return false;
	queue->netlink = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (!queue->netlink || mnl_socket_bind(queue->netlink, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    !bind_queue(queue))
		return false;
	setsockopt(mnl_socket_get_fd(queue->netlink), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(mnl_socket_get_fd(queue->netlink), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	errno = ENOMEM;
	if (!filter_init(&queue->filter, memory))
		return false;
	queue->filter.told = told;
	queue->filter.arg = queue->decisions;
	return true;
}

/**
 * queue_close() - end what queue_open() and queue_start() began
 *
 * The thread has to be told before to end: stopped().
 */
void queue_close(struct queue *queue)
{
	if (queue->running)
		pthread_join(queue->thread, NULL);
	queue->running = false;
	if (queue->netlink)
		mnl_socket_close(queue->netlink);
	if (queue->answers[0] > 0)
		close(queue->answers[0]);
	if (queue->answers[1] > 0)
		close(queue->answers[1]);
	if (queue->filter.streams.bucket)
		filter_free(&queue->filter);
	queue->netlink = NULL;
}

/* --- verdicts ----------------------------------------------------------------- */

static void put_verdict(struct queue *queue, struct verdicts *verdicts, uint8_t type, uint32_t id,
			uint32_t verdict, uint32_t mark)
{
	struct nlmsghdr *header = nfq_nlmsg_put(verdicts->text + verdicts->n, type, queue->number);

	nfq_nlmsg_verdict_put(header, id, verdict);
	if (verdict == NF_ACCEPT)
		nfq_nlmsg_verdict_put_mark(header, mark);
	verdicts->n += header->nlmsg_len;
}

/* Something else goes on in the place of a packet. */
static void put_instead(struct queue *queue, struct verdicts *verdicts, uint32_t id, uint32_t mark,
			const struct verdict *verdict)
{
	struct nlmsghdr *header = nfq_nlmsg_put(verdicts->text + verdicts->n, NFQNL_MSG_VERDICT,
						queue->number);

	nfq_nlmsg_verdict_put(header, id, NF_ACCEPT);
	nfq_nlmsg_verdict_put_mark(header, mark);
	nfq_nlmsg_verdict_put_pkt(header, verdict->instead, verdict->n_instead);
	verdicts->n += header->nlmsg_len;
}

/* Those that passed alike so far: one verdict for all. */
static void put_pending(struct queue *queue, struct verdicts *verdicts)
{
	if (verdicts->pending)
		put_verdict(queue, verdicts, NFQNL_MSG_VERDICT_BATCH, verdicts->last, NF_ACCEPT,
			    verdicts->mark);
	verdicts->pending = false;
}

static void add_verdict(struct queue *queue, struct verdicts *verdicts, uint32_t id,
			const struct verdict *verdict, uint32_t mark)
{
	if (verdicts->pending && (verdict->drop || verdict->n_instead || mark != verdicts->mark))
		put_pending(queue, verdicts);
	if (verdict->drop) {
		put_verdict(queue, verdicts, NFQNL_MSG_VERDICT, id, NF_DROP, 0);
		return;
	}
	if (verdict->n_instead) {
		put_instead(queue, verdicts, id, mark, verdict);
		return;
	}
	verdicts->pending = true;
	verdicts->last = id;
	verdicts->mark = mark;
}

/*
 * What could not be sent must not be left out: the next verdict about all packets up to a
 * number would let those pass that were to be dropped. Then the queue ends, and what waits
 * in it with it.
 */
static void send_verdicts(struct queue *queue, struct verdicts *verdicts)
{
	unsigned int tries = 0;

	put_pending(queue, verdicts);
	while (verdicts->n && !queue->failed &&
	       mnl_socket_sendto(queue->netlink, verdicts->text, verdicts->n) < 0) {
		queue->unsent++;
		if (++tries == TRIES)
			queue->failed = errno;
		else
			usleep(1000);
	}
	verdicts->n = 0;
}

static void send_answer(struct queue *queue, const struct answer *answer)
{
	struct sockaddr_in to4 = { .sin_family = AF_INET };
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6 };
	ssize_t sent;

	memcpy(&to4.sin_addr, answer->to, 4);
	memcpy(&to6.sin6_addr, answer->to, 16);
	if (answer->family == AF_INET)
		sent = sendto(queue->answers[0], answer->packet, answer->n, 0, (void *)&to4, sizeof(to4));
	else
		sent = sendto(queue->answers[1], answer->packet, answer->n, 0, (void *)&to6, sizeof(to6));
	if (sent < 0)
		queue->unsent++;
}

/* --- packets ------------------------------------------------------------------ */

struct batch {
	struct queue *queue;
	struct verdicts verdicts;
};

static int each_packet(const struct nlmsghdr *header, void *arg)
{
	struct nlattr *attr[NFQA_MAX + 1] = { NULL };
	const struct nfqnl_msg_packet_hdr *about;
	struct batch *batch = arg;
	struct queue *queue = batch->queue;
	struct verdict verdict;
	uint32_t id, mark, info;
	unsigned int i;

	if (queue->failed || (header->nlmsg_type & 0xff) != NFQNL_MSG_PACKET ||
	    nfq_nlmsg_parse(header, attr) < 0 || !attr[NFQA_PACKET_HDR])
		return MNL_CB_OK;
	about = mnl_attr_get_payload(attr[NFQA_PACKET_HDR]);
	id = ntohl(about->packet_id);
	mark = attr[NFQA_MARK] ? ntohl(mnl_attr_get_u32(attr[NFQA_MARK])) : 0;
	info = attr[NFQA_SKB_INFO] ? ntohl(mnl_attr_get_u32(attr[NFQA_SKB_INFO])) : 0;
	/* One that was cut short is not known. */
	if (attr[NFQA_CAP_LEN] || !attr[NFQA_PAYLOAD]) {
		queue->filter.counts.broken++;
		verdict.drop = true;
		add_verdict(queue, &batch->verdicts, id, &verdict, 0);
		return MNL_CB_OK;
	}
	filter_packet(&queue->filter, mnl_attr_get_payload(attr[NFQA_PAYLOAD]),
		      mnl_attr_get_payload_len(attr[NFQA_PAYLOAD]),
		      !(info & (NFQA_SKB_CSUMNOTREADY | NFQA_SKB_GSO)), !(info & NFQA_SKB_GSO),
		      &verdict);
	mark = (mark & ~verdict.mask & ~FLOWWALL_QUEUE_VERDICT) | verdict.mark | verdict.queue;
	add_verdict(queue, &batch->verdicts, id, &verdict, mark);
	/* The flow has ended when they are on their way. */
	if (verdict.n_answers)
		send_verdicts(queue, &batch->verdicts);
	for (i = 0; i < verdict.n_answers; i++)
		send_answer(queue, &verdict.answer[i]);
	return MNL_CB_OK;
}

static void see_to_time(struct queue *queue)
{
	struct answer answer;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	filter_time(&queue->filter, now.tv_sec * 1000ull + now.tv_nsec / 1000000);
	while (filter_due(&queue->filter, &answer))
		send_answer(queue, &answer);
}

/* Takes the rules that are in force now; those of before may be freed then. */
static void see_to_rules(struct queue *queue)
{
	struct shared_rules *shared = queue->shared;

	if (queue->filter.rules == __atomic_load_n(&shared->rules, __ATOMIC_ACQUIRE))
		return;
	pthread_mutex_lock(&shared->lock);
	if (queue->filter.rules)
		shared->users--;
	queue->filter.rules = shared->rules;
	pthread_mutex_unlock(&shared->lock);
}

static void *run(void *arg)
{
	struct queue *queue = arg;
	struct batch batch = { .queue = queue };
	char *buffer = malloc(BATCH * (size_t)MESSAGE);
	struct mmsghdr messages[BATCH];
	struct iovec vectors[BATCH];
	int n, i, err = ENOMEM;

	for (i = 0; i < BATCH; i++) {
		vectors[i] = (struct iovec){ buffer + i * (size_t)MESSAGE, MESSAGE };
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &vectors[i], .msg_iovlen = 1 };
	}
	while (buffer && !stopped() && !queue->failed) {
		n = recvmmsg(mnl_socket_get_fd(queue->netlink), messages, BATCH, MSG_WAITFORONE, NULL);
		err = n < 0 ? errno : 0;
		see_to_rules(queue);
		see_to_time(queue);
		if (err == ENOBUFS)
			queue->overflows++;
		else if (err && err != EAGAIN && err != EINTR)
			break;
		for (i = 0; i < n; i++)
			mnl_cb_run(messages[i].msg_hdr.msg_iov->iov_base, messages[i].msg_len, 0,
				   mnl_socket_get_portid(queue->netlink), each_packet, &batch);
		send_verdicts(queue, &batch.verdicts);
	}
	if (!queue->failed && !stopped())
		queue->failed = err;
	free(buffer);
	return NULL;
}

/**
 * queue_start() - begin to say what becomes of packets
 * @queue: open; signals are blocked, so that others hear of them
 *
 * Return: false with errno set.
 */
bool queue_start(struct queue *queue)
{
	queue->filter.rules = queue->shared->rules;
	errno = pthread_create(&queue->thread, NULL, run, queue);
	queue->running = !errno;
	return queue->running;
}

/**
 * queue_set_open() - change what becomes of packets that find no place in the queue
 * @open: they pass
 */
void queue_set_open(struct queue *queue, bool open)
{
	char buffer[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *header = nfq_nlmsg_put(buffer, NFQNL_MSG_CONFIG, queue->number);

	if (open == queue->open)
		return;
	mnl_attr_put_u32(header, NFQA_CFG_FLAGS, htonl(open ? NFQA_CFG_F_FAIL_OPEN : 0));
	mnl_attr_put_u32(header, NFQA_CFG_MASK, htonl(NFQA_CFG_F_FAIL_OPEN));
	if (mnl_socket_sendto(queue->netlink, header, header->nlmsg_len) >= 0)
		queue->open = open;
}

/**
 * queue_kernel_counts() - what the kernel says of a queue
 * @waiting: set to the packets that wait in it
 * @dropped: set to those that found no place, there or in the socket
 *
 * Return: false if it says nothing.
 */
bool queue_kernel_counts(const struct queue *queue, uint64_t *waiting, uint64_t *dropped)
{
	FILE *file = fopen("/proc/self/net/netfilter/nfnetlink_queue", "re");
	uint64_t full, unsent;
	bool found = false;
	char line[256];
	unsigned int number;

	while (file && !found && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%u %*u %" SCNu64 " %*u %*u %" SCNu64 " %" SCNu64, &number, waiting,
			   &full, &unsent) != 4 || number != queue->number)
			continue;
		*dropped = full + unsent;
		found = true;
	}
	if (file)
		fclose(file);
	return found;
}
