/* SPDX-License-Identifier: BSD-3-Clause */
/* sock_diag(7) and /proc/net/unix: what is told of sockets of our own, by state, by number, by their ends. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "show.h"

#define STATE(n) (1u << (n))

static char answer[1 << 20];
static int diag;

static unsigned inode_of(int fd)
{
	struct stat st;

	fstat(fd, &st);
	return (unsigned)st.st_ino;
}

static int port_of(int fd)
{
	struct sockaddr_in6 name;
	socklen_t len = sizeof(name);

	getsockname(fd, (struct sockaddr *)&name, &len);
	return ntohs(name.sin6_port); /* at the same place in both families */
}

/* Asks, and calls take for each answer; the error, 0: none. */
static int ask(int flags, const void *body, size_t len, void (*take)(struct nlmsghdr *))
{
	struct {
		struct nlmsghdr header;
		char body[128];
	} request = {.header = {.nlmsg_len = (unsigned)NLMSG_LENGTH(len), .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = (unsigned short)(NLM_F_REQUEST | flags), .nlmsg_seq = 1}};

	memcpy(request.body, body, len);
	if (send(diag, &request, request.header.nlmsg_len, 0) < 0)
		return errno;
	for (;;) {
		ssize_t n = recv(diag, answer, sizeof(answer), 0);

		if (n < 0)
			return errno;
		for (struct nlmsghdr *h = (struct nlmsghdr *)answer; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
			if (h->nlmsg_type == NLMSG_DONE)
				return 0;
			if (h->nlmsg_type == NLMSG_ERROR)
				return -((struct nlmsgerr *)NLMSG_DATA(h))->error;
			take(h);
			if (!(flags & NLM_F_DUMP))
				return 0;
		}
	}
}

static void show_error(const char *what, int error)
{
	printf("%s: %s\n", what, error ? strerrorname_np(error) : "ok");
}

/* ---- AF_INET, AF_INET6 ---- */

static int listener, client, server, udp, udp6, listener6;
static const struct {
	const char *name;
	int *fd;
} all[] = {{"listener", &listener}, {"client", &client}, {"server", &server}, {"udp", &udp}, {"udp6", &udp6}, {"listener6", &listener6}};

static const char *name_of(unsigned inode)
{
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (*all[i].fd >= 0 && inode_of(*all[i].fd) == inode)
			return all[i].name;
	return NULL;
}

static const void *attribute(const struct nlmsghdr *h, size_t body, unsigned type, size_t *len)
{
	const struct nlattr *a = (const void *)((const char *)NLMSG_DATA(h) + NLMSG_ALIGN(body));
	const char *end = (const char *)h + h->nlmsg_len;

	while ((const char *)a + sizeof(*a) <= end && a->nla_len >= sizeof(*a)) {
		if (a->nla_type == type) {
			*len = a->nla_len - NLA_HDRLEN;
			return (const char *)a + NLA_HDRLEN;
		}
		a = (const void *)((const char *)a + NLA_ALIGN(a->nla_len));
	}
	return NULL;
}

static char lines[64][240];
static unsigned nr_lines;

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void show_lines(void)
{
	qsort(lines, nr_lines, sizeof(lines[0]), compare);
	for (unsigned i = 0; i < nr_lines; i++)
		puts(lines[i]);
	nr_lines = 0;
}

/* In the order of names: that of the answers is nobody's business. */
static void take_inet(struct nlmsghdr *h)
{
	const struct inet_diag_msg *m = NLMSG_DATA(h);
	const struct tcp_info *info;
	const uint8_t *only;
	char source[64], destination[64];
	const char *name = name_of(m->idiag_inode), *congestion;
	size_t len, n;

	if (!name || nr_lines == 64)
		return;
	inet_ntop(m->idiag_family, m->id.idiag_src, source, sizeof(source));
	inet_ntop(m->idiag_family, m->id.idiag_dst, destination, sizeof(destination));
	n = (size_t)sprintf(lines[nr_lines], "%s: family %d state %d from %s %s to %s %s queues %u %u uid %d", name, m->idiag_family, m->idiag_state, source,
	    ntohs(m->id.idiag_sport) == port_of(*(m->idiag_inode == inode_of(client) ? &client : &server)) ? "its port" : "a port", destination,
	    m->id.idiag_dport ? "a port" : "no port", m->idiag_rqueue, m->idiag_wqueue, m->idiag_uid == getuid());
	only = attribute(h, sizeof(*m), INET_DIAG_SKV6ONLY, &len);
	if (only)
		n += (size_t)sprintf(lines[nr_lines] + n, " only6 %d", *only);
	info = attribute(h, sizeof(*m), INET_DIAG_INFO, &len);
	congestion = attribute(h, sizeof(*m), INET_DIAG_CONG, &len);
	if (info)
		sprintf(lines[nr_lines] + n, " info state %d congestion %s", info->tcpi_state, congestion ? "named" : "none");
	nr_lines++;
}

static int dump_inet(int family, int protocol, unsigned states, int extensions)
{
	struct inet_diag_req_v2 q = {.sdiag_family = (uint8_t)family, .sdiag_protocol = (uint8_t)protocol, .idiag_states = states, .idiag_ext = (uint8_t)extensions};
	int error = ask(NLM_F_DUMP, &q, sizeof(q), take_inet);

	show_lines();
	return error;
}

static int open_inet(int family, int type, int only6)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	int fd = socket(family, type, 0);

	if (only6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only6, sizeof(only6));
	if (family == AF_INET ? bind(fd, (struct sockaddr *)&in, sizeof(in)) : bind(fd, (struct sockaddr *)&in6, sizeof(in6)))
		perror("bind");
	if (type == SOCK_STREAM && listen(fd, 7))
		perror("listen");
	return fd;
}

static void connect_client(void)
{
	struct sockaddr_in to;
	socklen_t len = sizeof(to);

	getsockname(listener, (struct sockaddr *)&to, &len);
	client = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(client, (struct sockaddr *)&to, len))
		perror("connect");
}

/* By both ends, and by an end only. */
static void ask_for_one(void)
{
	struct inet_diag_req_v2 q = {.sdiag_family = AF_INET, .sdiag_protocol = IPPROTO_TCP, .idiag_states = ~0u};

	q.id.idiag_cookie[0] = q.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	q.id.idiag_sport = htons((uint16_t)port_of(client));
	q.id.idiag_dport = htons((uint16_t)port_of(listener));
	q.id.idiag_src[0] = q.id.idiag_dst[0] = htonl(INADDR_LOOPBACK);
	show_error("one", ask(0, &q, sizeof(q), take_inet));
	show_lines();
	q.id.idiag_sport = htons(1);
	q.id.idiag_dport = htons(1);
	show_error("none", ask(0, &q, sizeof(q), take_inet));
}

static unsigned nr_waiting;

static void count_waiting(struct nlmsghdr *h)
{
	const struct inet_diag_msg *m = NLMSG_DATA(h);

	nr_waiting += ntohs(m->id.idiag_dport) == port_of(listener) || ntohs(m->id.idiag_sport) == port_of(listener);
}

static void test_inet(void)
{
	struct inet_diag_req_v2 q = {.sdiag_family = AF_INET, .sdiag_protocol = IPPROTO_TCP, .idiag_states = STATE(TCP_TIME_WAIT)};

	client = server = -1;
	listener = open_inet(AF_INET, SOCK_STREAM, 0);
	listener6 = open_inet(AF_INET6, SOCK_STREAM, 1);
	udp = open_inet(AF_INET, SOCK_DGRAM, 0);
	udp6 = open_inet(AF_INET6, SOCK_DGRAM, 0);
	connect_client();
	puts("one to accept");
	show_error("listening", dump_inet(AF_INET, IPPROTO_TCP, STATE(TCP_LISTEN), 0));
	server = accept(listener, NULL, NULL);
	if (send(server, "hello", 5, 0) != 5)
		perror("send");
	usleep(100000);
	show_error("tcp", dump_inet(AF_INET, IPPROTO_TCP, ~0u, 0));
	show_error("tcp6", dump_inet(AF_INET6, IPPROTO_TCP, ~0u, 0));
	show_error("established", dump_inet(AF_INET, IPPROTO_TCP, STATE(TCP_ESTABLISHED), 1 << (INET_DIAG_INFO - 1) | 1 << (INET_DIAG_CONG - 1)));
	show_error("udp", dump_inet(AF_INET, IPPROTO_UDP, ~0u, 0));
	show_error("udp6", dump_inet(AF_INET6, IPPROTO_UDP, ~0u, 0));
	show_error("no protocol", dump_inet(AF_INET, 200, ~0u, 0));
	show_error("no family", dump_inet(44, IPPROTO_TCP, ~0u, 0));
	ask_for_one();
	if (recv(client, answer, sizeof(answer), 0) != 5)
		perror("recv");
	close(server);
	usleep(100000);
	close(client);
	usleep(100000);
	client = server = -1;
	show_error("waiting", ask(NLM_F_DUMP, &q, sizeof(q), count_waiting));
	printf("%u waits\n", nr_waiting);
}

/* ---- AF_UNIX ---- */

static unsigned a, b, bound, abstract, connected;

static void take_unix(struct nlmsghdr *h)
{
	const struct unix_diag_msg *m = NLMSG_DATA(h);
	const char *who = m->udiag_ino == a ? "a" : m->udiag_ino == b ? "b" : m->udiag_ino == bound ? "bound" : m->udiag_ino == abstract ? "abstract" : m->udiag_ino == connected ? "connected" : NULL;
	const uint32_t *peer, *queues;
	const char *name;
	size_t len, n;

	if (!who || nr_lines == 64)
		return;
	n = (size_t)sprintf(lines[nr_lines], "%s: type %d state %d", who, m->udiag_type, m->udiag_state);
	name = attribute(h, sizeof(*m), UNIX_DIAG_NAME, &len);
	if (name)
		n += (size_t)sprintf(lines[nr_lines] + n, " name %s%.*s of %zu bytes", *name ? "" : "@", (int)len - !*name, name + !*name, len);
	peer = attribute(h, sizeof(*m), UNIX_DIAG_PEER, &len);
	if (peer)
		n += (size_t)sprintf(lines[nr_lines] + n, " peer %s", *peer == a ? "a" : *peer == b ? "b" : "other");
	queues = attribute(h, sizeof(*m), UNIX_DIAG_RQLEN, &len);
	if (queues && m->udiag_state == TCP_LISTEN)
		n += (size_t)sprintf(lines[nr_lines] + n, " %u of %u to accept", queues[0], queues[1]);
	else if (queues)
		n += (size_t)sprintf(lines[nr_lines] + n, " %s", queues[0] ? "something to read" : "nothing to read");
	sprintf(lines[nr_lines] + n, " %s", attribute(h, sizeof(*m), UNIX_DIAG_VFS, &len) ? "with an inode" : "without");
	nr_lines++;
}

static int dump_unix(int flags, unsigned states, unsigned inode)
{
	struct unix_diag_req q = {.sdiag_family = AF_UNIX, .udiag_states = states, .udiag_ino = inode, .udiag_cookie = {~0u, ~0u},
				  .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS | UDIAG_SHOW_PEER | UDIAG_SHOW_RQLEN};
	int error = ask(flags, &q, sizeof(q), take_unix);

	show_lines();
	return error;
}

/* The lines of ours in /proc/net/unix, from the protocol on, without their numbers. */
static void show_proc(void)
{
	FILE *file = fopen("/proc/net/unix", "r");
	char line[300], path[120];
	unsigned protocol, flags, type, state, inode;

	while (file && fgets(line, sizeof(line), file)) {
		path[0] = 0;
		if (sscanf(line, "%*[^:]: %*x %x %x %x %x %u %119[^\n]", &protocol, &flags, &type, &state, &inode, path) < 5)
			continue;
		if (inode == a || inode == bound || inode == abstract)
			snprintf(lines[nr_lines++], sizeof(lines[0]), "%s: %x %x %x %x %s", inode == a ? "a" : inode == bound ? "bound" : "abstract", protocol, flags, type, state, path);
	}
	show_lines();
	if (file)
		fclose(file);
}

static void test_unix(void)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "diag-socket"}, hidden = {.sun_family = AF_UNIX};
	int pair[2], listening = socket(AF_UNIX, SOCK_STREAM, 0), datagram = socket(AF_UNIX, SOCK_DGRAM, 0), connecting = socket(AF_UNIX, SOCK_STREAM, 0);
	socklen_t hidden_len;

	unlink(name.sun_path);
	memcpy(hidden.sun_path + 1, "dory diag", 9);
	hidden_len = offsetof(struct sockaddr_un, sun_path) + 10;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || bind(listening, (struct sockaddr *)&name, sizeof(name)) || listen(listening, 3) ||
	    bind(datagram, (struct sockaddr *)&hidden, hidden_len) || connect(connecting, (struct sockaddr *)&name, sizeof(name)) || send(pair[0], "x", 1, 0) != 1)
		perror("unix sockets");
	a = inode_of(pair[0]);
	b = inode_of(pair[1]);
	bound = inode_of(listening);
	abstract = inode_of(datagram);
	connected = inode_of(connecting);
	show_error("unix", dump_unix(NLM_F_DUMP, ~0u, 0));
	show_error("unix, established", dump_unix(NLM_F_DUMP, STATE(TCP_ESTABLISHED), 0));
	show_error("unix, listening", dump_unix(NLM_F_DUMP, STATE(TCP_LISTEN), 0));
	show_error("unix, one", dump_unix(0, ~0u, b));
	show_error("unix, none", dump_unix(0, ~0u, 0x7ffffff0));
	show_error("unix, no number", dump_unix(0, ~0u, 0));
	show_proc();
	close(pair[1]);
	show_error("unix, peer gone", dump_unix(0, ~0u, a));
	unlink(name.sun_path);
}

int main(void)
{
	diag = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (diag < 0)
		perror("netlink socket");
	test_inet();
	test_unix();
	return 0;
}
