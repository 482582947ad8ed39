// SPDX-License-Identifier: GPL-2.0-or-later
/* Opens what packets come from, through libpcap: an interface, or a file. */
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture.h"
#include "frame.h"

/* A fraction may be any 32 bits. */
#define SECONDS_MOST	(INT64_MAX / 1000000000 - 5)

/**
 * capture_enter() - go into a network namespace
 * @netns: as `ip netns` knows it, or NULL to stay
 *
 * Return: false if that cannot be done, with a sentence in @error.
 */
bool capture_enter(const char *netns, char *error, size_t size)
{
	char path[256];
	int fd;

	if (!netns)
		return true;
	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = strchr(netns, '/') ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		snprintf(error, size, "there is no network namespace `%s`", netns);
		return false;
	}
	if (setns(fd, CLONE_NEWNET)) {
		snprintf(error, size, "cannot enter the network namespace `%s`: %s", netns,
			 strerror(errno));
		close(fd);
		return false;
	}
	close(fd);
	return true;
}

/* IPv6 gives an address to whatever is set up, if there is IPv6. */
static void without_ipv6(const char *iface, char *warning, size_t size)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", iface);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 ? errno != ENOENT : write(fd, "1", 1) < 0)
		snprintf(warning, size, "IPv6 cannot be switched off on %s, which will not be silent: %s",
			 iface, strerror(errno));
	if (fd >= 0)
		close(fd);
}

/**
 * capture_prepare() - make an interface one to listen at
 * @warning: set to what a person should know, or to ""
 *
 * One that is down is set up, without an address and silent. One that is up stays as it is.
 */
void capture_prepare(const char *iface, char *warning, size_t size)
{
	struct ifreq request = { .ifr_flags = 0 };
	struct ifaddrs *all, *at;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	*warning = '\0';
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", iface);
	if (fd < 0)
		return;
	if (!ioctl(fd, SIOCGIFFLAGS, &request) && !(request.ifr_flags & IFF_UP)) {
		without_ipv6(iface, warning, size);
		request.ifr_flags |= IFF_UP | IFF_NOARP;
		if (ioctl(fd, SIOCSIFFLAGS, &request))
			snprintf(warning, size, "%s is down, and cannot be set up: %s", iface,
				 strerror(errno));
	}
	close(fd);
	if (getifaddrs(&all))
		return;
	for (at = all; at; at = at->ifa_next)
		if (at->ifa_addr && !strcmp(at->ifa_name, iface) &&
		    (at->ifa_addr->sa_family == AF_INET || at->ifa_addr->sa_family == AF_INET6) &&
		    !(request.ifr_flags & IFF_LOOPBACK))
			snprintf(warning, size, "%s has an address: this host answers there; "
				 "an interface to listen at is better without", iface);
	freeifaddrs(all);
}

static bool set_filter(pcap_t *pcap, const char *text, char *error, size_t size)
{
	struct bpf_program program;

	if (!text)
		return true;
	if (pcap_compile(pcap, &program, text, 1, PCAP_NETMASK_UNKNOWN)) {
		snprintf(error, size, "the filter `%s`: %s", text, pcap_geterr(pcap));
		return false;
	}
	if (pcap_setfilter(pcap, &program)) {
		snprintf(error, size, "the filter `%s`: %s", text, pcap_geterr(pcap));
		pcap_freecode(&program);
		return false;
	}
	pcap_freecode(&program);
	return true;
}

static pcap_t *open_file(const char *path, char *error, size_t size)
{
	char text[PCAP_ERRBUF_SIZE];
	pcap_t *pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, text);

	if (!pcap)
		snprintf(error, size, "%s%s%s", strstr(text, path) ? "" : path,
			 strstr(text, path) ? "" : ": ", text);
	return pcap;
}

/* Not in immediate mode, which would be a ring of TPACKET_V2: a wake-up a packet. */
static pcap_t *open_live(const struct capture_options *o, char *error, size_t size)
{
	char text[PCAP_ERRBUF_SIZE] = "";
	pcap_t *pcap = pcap_create(o->iface, text);
	int status;

	if (!pcap) {
		snprintf(error, size, "%s: %s", o->iface, text);
		return NULL;
	}
	pcap_set_snaplen(pcap, o->snaplen);
	pcap_set_promisc(pcap, 1);
	pcap_set_timeout(pcap, CAPTURE_BLOCK_MS);
	pcap_set_buffer_size(pcap, o->buffer > INT32_MAX ? INT32_MAX : o->buffer);
	pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
	status = pcap_activate(pcap);
	if (status < 0) {
		const char *what = pcap_statustostr(status), *why = pcap_geterr(pcap);
		bool same = !*why || !strcmp(what, why);

		snprintf(error, size, "%s: %s%s%s", o->iface, what, same ? "" : ": ",
			 same ? "" : why);
		goto failed;
	}
	if (pcap_get_tstamp_precision(pcap) != PCAP_TSTAMP_PRECISION_NANO) {
		snprintf(error, size, "%s: there are no times in nanoseconds", o->iface);
		goto failed;
	}
	if (pcap_setnonblock(pcap, 1, text)) {
		snprintf(error, size, "%s: %s", o->iface, text);
		goto failed;
	}
	return pcap;
failed:
	pcap_close(pcap);
	return NULL;
}

/**
 * capture_open() - open an interface, promiscuous, or a file
 *
 * Return: NULL after an error, with a sentence in @error.
 */
pcap_t *capture_open(const struct capture_options *options, char *error, size_t size)
{
	pcap_t *pcap = options->file ? open_file(options->file, error, size) :
				       open_live(options, error, size);

	if (!pcap)
		return NULL;
	if (!frame_link_known(pcap_datalink(pcap))) {
		const char *name = pcap_datalink_val_to_name(pcap_datalink(pcap));

		snprintf(error, size, "%s: packets of the link type %s are not known here",
			 options->file ? options->file : options->iface, name ? name : "?");
		pcap_close(pcap);
		return NULL;
	}
	if (!set_filter(pcap, options->filter, error, size)) {
		pcap_close(pcap);
		return NULL;
	}
	return pcap;
}

/**
 * capture_ns() - when a packet was captured, in nanoseconds since 1970, below 2^63
 */
uint64_t capture_ns(const struct pcap_pkthdr *head)
{
	int64_t seconds = head->ts.tv_sec;

	/* A capture file may have 32 bits of them, which libpcap takes for signed ones. */
	if (seconds < 0)
		seconds = (uint32_t)seconds;
	if (seconds > SECONDS_MOST)
		seconds = SECONDS_MOST;
	return seconds * 1000000000ull + (uint32_t)head->ts.tv_usec;
}
