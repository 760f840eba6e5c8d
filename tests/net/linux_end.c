/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/net/linux_end.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000, ECHO_MS = 300, ECHO_TRIES = 20, SMALL_BUFFER = 8192 };

uint8_t linux_pattern(uint64_t at)
{
	return (uint8_t)(at * 0x9e3779b97f4a7c15u >> 56);
}

/* An address of one of the two ends, by what it is for IPv4. */
static socklen_t address_of(bool is_ip6, uint32_t address, uint16_t port, struct sockaddr_storage *to)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address), .sin_port = htons(port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr.s6_addr = {0xfd, 9}};

	memcpy(in6.sin6_addr.s6_addr + 12, &in.sin_addr, 4);
	memcpy(to, is_ip6 ? (void *)&in6 : (void *)&in, is_ip6 ? sizeof(in6) : sizeof(in));
	return is_ip6 ? sizeof(in6) : sizeof(in);
}

static int family_of(bool is_ip6)
{
	return is_ip6 ? AF_INET6 : AF_INET;
}

static void fail(struct linux_stream *s, const char *what)
{
	if (s->error)
		return;
	s->error = what;
	s->error_number = errno;
}

static bool send_some(struct linux_stream *s, int fd, uint64_t *sent)
{
	uint8_t bytes[16384];
	size_t len = s->to_send - *sent < sizeof(bytes) ? (size_t)(s->to_send - *sent) : sizeof(bytes);
	ssize_t n;

	for (size_t i = 0; i < len; i++)
		bytes[i] = linux_pattern(*sent + i);
	n = send(fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN) {
		fail(s, "send");
		return false;
	}
	*sent += n > 0 ? (uint64_t)n : 0;
	if (*sent == s->to_send)
		shutdown(fd, SHUT_WR);
	return true;
}

/* False: the end, or an error. */
static bool receive_some(struct linux_stream *s, int fd, uint64_t *received)
{
	uint8_t bytes[16384];
	ssize_t n = recv(fd, bytes, s->flags & LINUX_READS_SLOWLY ? 3000 : sizeof(bytes), MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return true;
	if (n < 0)
		fail(s, "recv");
	for (ssize_t i = 0; i < n; i++) {
		if (bytes[i] != linux_pattern(*received + (uint64_t)i)) {
			fail(s, "wrong bytes");
			return false;
		}
	}
	*received += n > 0 ? (uint64_t)n : 0;
	if (s->flags & LINUX_READS_SLOWLY)
		usleep(2000);
	return n > 0;
}

static void reset(int fd)
{
	struct linger now = {1, 0};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

static void exchange(struct linux_stream *s, int fd)
{
	uint64_t sent = 0, received = 0;
	bool reads = true;

	if (s->flags & LINUX_CLOSES_FIRST || !s->to_send)
		shutdown(fd, SHUT_WR);
	while ((reads || sent < s->to_send) && !s->error) {
		struct pollfd polled = {fd, (short)((reads ? POLLIN : 0) | (sent < s->to_send ? POLLOUT : 0)), 0};

		if (poll(&polled, 1, PATIENCE_MS) <= 0) {
			errno = ETIMEDOUT;
			fail(s, "nothing comes or goes");
			break;
		}
		if (polled.revents & POLLOUT && sent < s->to_send && !send_some(s, fd, &sent))
			break;
		if (polled.revents & (POLLIN | POLLHUP | POLLERR) && reads)
			reads = receive_some(s, fd, &received);
		if (s->flags & LINUX_RESETS && received >= s->expected / 2) {
			reset(fd);
			break;
		}
	}
	s->received += received;
	if (!(s->flags & LINUX_RESETS) && received != s->expected)
		fail(s, "not all has come");
}

/* A new IPv6 address may be used once Linux has noticed that the device's cable is there, which it does by and by. */
static int bind_patiently(int fd, const struct sockaddr_storage *address, socklen_t len)
{
	int ret;

	for (unsigned tries = 0; (ret = bind(fd, (const struct sockaddr *)address, len)) && errno == EADDRNOTAVAIL && tries < 500; tries++)
		usleep(10000);
	return ret;
}

static int open_end(struct linux_stream *s)
{
	struct sockaddr_storage address;
	socklen_t len = address_of(s->flags & LINUX_IP6, LINUX_ADDRESS, s->port, &address);
	int fd = socket(family_of(s->flags & LINUX_IP6), SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1, size = SMALL_BUFFER;

	if (s->flags & LINUX_READS_SLOWLY)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (s->flags & LINUX_CONNECTS)
		return fd;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind_patiently(fd, &address, len) || listen(fd, 1000))
		fail(s, "bind or listen");
	return fd;
}

static int next_stream(struct linux_stream *s, int fd)
{
	struct sockaddr_storage address;
	socklen_t len = address_of(s->flags & LINUX_IP6, OUR_ADDRESS, s->port, &address);
	struct pollfd polled = {fd, POLLIN, 0};

	if (s->flags & LINUX_CONNECTS) {
		if (connect(fd, (struct sockaddr *)&address, len) == 0)
			return fd;
		fail(s, "connect");
		return -1;
	}
	if (poll(&polled, 1, PATIENCE_MS) <= 0) {
		fail(s, "nobody connects");
		return -1;
	}
	return accept4(fd, NULL, NULL, SOCK_CLOEXEC);
}

static void *run_stream(void *argument)
{
	struct linux_stream *s = argument;
	bool connects = s->flags & LINUX_CONNECTS;
	int fd = connects ? -1 : open_end(s);

	s->is_ready = true;
	for (unsigned i = 0; i < s->count && !s->error; i++) {
		int stream = next_stream(s, connects ? open_end(s) : fd);

		if (stream < 0)
			break;
		while (s->flags & LINUX_WAITS && !s->may_end)
			usleep(10000);
		exchange(s, stream);
		close(stream);
	}
	if (fd >= 0)
		close(fd);
	s->has_ended = true;
	return NULL;
}

void linux_stream_start(struct linux_stream *s)
{
	s->count = s->count ? s->count : 1;
	pthread_create(&s->thread, NULL, run_stream, s);
	while (!s->is_ready)
		usleep(1000);
}

void linux_stream_join(struct linux_stream *s)
{
	s->may_end = true;
	pthread_join(s->thread, NULL);
}

/* ---- Echo ---- */

static uint16_t checksum(const uint8_t *bytes, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? bytes[i] : (uint32_t)bytes[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static void make_request(const struct linux_echo *e, uint8_t *bytes, unsigned len, uint16_t number)
{
	uint16_t sum;

	for (unsigned i = 0; i < len; i++)
		bytes[i] = linux_pattern((uint64_t)len * 65536 + i);
	if (!e->is_icmp)
		return;
	memset(bytes, 0, 8);
	bytes[0] = e->is_ip6 ? 128 : 8; /* of ICMPv6 the kernel stores the checksum (RFC 3542 §3.1) */
	bytes[6] = (uint8_t)(number >> 8);
	bytes[7] = (uint8_t)number;
	sum = checksum(bytes, len);
	memcpy(bytes + 2, &sum, 2);
}

/* Is what came the answer to what went? A raw socket shows the IP header, too. */
static bool is_answer(const struct linux_echo *e, const uint8_t *request, unsigned len, const uint8_t *answer, ssize_t n)
{
	if (!e->is_icmp)
		return n == (ssize_t)len && memcmp(request, answer, len) == 0;
	if (e->is_ip6)
		return n == (ssize_t)len && answer[0] == 129 && memcmp(request + 4, answer + 4, len - 4) == 0;
	return n == (ssize_t)len + 20 && answer[20] == 0 && memcmp(request + 4, answer + 24, len - 4) == 0;
}

static bool one_size(struct linux_echo *e, int fd, unsigned size)
{
	static uint8_t request[65536], answer[65536 + 100];
	unsigned len = size + (e->is_icmp ? 8 : 0);

	make_request(e, request, len, (uint16_t)size);
	for (unsigned tries = 0; tries < ECHO_TRIES; tries++) {
		struct pollfd polled = {fd, POLLIN, 0};

		if (send(fd, request, len, 0) < 0 && errno != ENOBUFS)
			return false;
		while (poll(&polled, 1, ECHO_MS) > 0) {
			ssize_t n = recv(fd, answer, sizeof(answer), MSG_DONTWAIT);

			if (is_answer(e, request, len, answer, n))
				return true;
		}
	}
	return false;
}

static void *run_echo(void *argument)
{
	struct linux_echo *e = argument;
	struct sockaddr_storage address;
	socklen_t len = address_of(e->is_ip6, OUR_ADDRESS, e->is_icmp ? 0 : e->port, &address);
	int protocol = !e->is_icmp ? 0 : e->is_ip6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP, size = 1 << 20;
	int fd = socket(family_of(e->is_ip6), (e->is_icmp ? SOCK_RAW : SOCK_DGRAM) | SOCK_CLOEXEC, protocol);

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, len))
		e->error = "socket or connect";
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	for (unsigned i = e->from; i <= e->to && !e->error; i += e->step) {
		if (!one_size(e, fd, i)) {
			e->error = "no answer";
			e->failed_size = i;
		}
	}
	close(fd);
	e->has_ended = true;
	return NULL;
}

void linux_echo_start(struct linux_echo *e)
{
	pthread_create(&e->thread, NULL, run_echo, e);
}

void linux_echo_join(struct linux_echo *e)
{
	pthread_join(e->thread, NULL);
}
