/* SPDX-License-Identifier: BSD-3-Clause */
/* UDP over loopback: datagrams, errors that come back, control messages, groups. */
#define _GNU_SOURCE
#include <time.h>
#include <linux/errqueue.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include "inet.h"

static int bound(void)
{
	struct sockaddr_in a = local(0);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	bind(fd, (void *)&a, sizeof(a));
	return fd;
}

static void basics(void)
{
	int a = bound(), b = socket(AF_INET, SOCK_DGRAM, 0), n;
	struct sockaddr_in to = name_of(a), from, me;
	socklen_t len = sizeof(from);
	char buf[100] = "";

	printf("== basics\n");
	printf("type %d protocol %d poll %x\n", int_option(a, SOL_SOCKET, SO_TYPE), int_option(a, SOL_SOCKET, SO_PROTOCOL), poll_now(b));
	SHOW(listen(b, 1));
	SHOW(accept(b, NULL, NULL));
	SHOW(send(b, "x", 1, 0));
	SHOW(getpeername(b, (void *)&from, &len));
	SHOW(shutdown(b, SHUT_RD));
	close(b);
	b = socket(AF_INET, SOCK_DGRAM, 0);
	SHOW(recv(b, buf, 1, MSG_DONTWAIT));
	me = name_of(b);
	printf("no port yet: %d\n", me.sin_port == 0);
	SHOW(sendto(b, "hello", 5, 0, (void *)&to, sizeof(to)));
	me = name_of(b);
	printf("name %x, a port: %d\n", ntohl(me.sin_addr.s_addr), me.sin_port != 0);
	SHOW(sendto(b, "", 0, 0, (void *)&to, sizeof(to)));
	SHOW(sendto(b, "0123456789", 10, 0, (void *)&to, sizeof(to)));
	SHOW(sendto(b, "x", 1, 0, (void *)&to, 8));
	to.sin_family = AF_INET6;
	SHOW(sendto(b, "x", 1, 0, (void *)&to, sizeof(to)));
	to.sin_family = AF_INET;
	SHOW(sendto(b, "x", 1, MSG_OOB, (void *)&to, sizeof(to)));
	poll_for(a, POLLIN);
	printf("poll %x\n", poll_now(a));
	ioctl(a, FIONREAD, &n);
	printf("FIONREAD %d\n", n);
	len = sizeof(from);
	SHOW(recvfrom(a, buf, 3, MSG_PEEK, (void *)&from, &len));
	printf("from the other: %d, length %u\n", from.sin_port == me.sin_port && from.sin_addr.s_addr == htonl(INADDR_LOOPBACK), len);
	SHOW(recv(a, buf, sizeof(buf), 0));
	SHOW(recv(a, buf, sizeof(buf), 0));
	SHOW(recv(a, buf, 4, MSG_TRUNC | MSG_PEEK));
	struct iovec iov = {buf, 4};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	SHOW(recvmsg(a, &msg, 0));
	printf("flags %x %.4s\n", msg.msg_flags, buf);
	SHOW(recv(a, buf, 4, MSG_DONTWAIT));
	char *big = calloc(1, 70000);
	SHOW(sendto(b, big, 65507, 0, (void *)&to, sizeof(to)));
	SHOW(sendto(b, big, 65508, 0, (void *)&to, sizeof(to)));
	SHOW(sendto(b, big, 70000, 0, (void *)&to, sizeof(to)));
	SHOW(recv(a, big, 70000, 0));
	to.sin_port = 0;
	SHOW(sendto(b, "x", 1, 0, (void *)&to, sizeof(to)));
	SHOW(bind(b, (void *)&me, sizeof(me)));
	free(big);
	close(a);
	close(b);
}

static void peek_offset(void)
{
	int a = bound(), b = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in to = name_of(a);

	printf("== peek offset\n");
	connect(b, (void *)&to, sizeof(to));
	send(b, "abcd", 4, 0);
	send(b, "efghij", 6, 0);
	poll_for(a, POLLIN);
	SHOW(set_int(a, SOL_SOCKET, SO_PEEK_OFF, 0));
	show_look(a, 3, MSG_PEEK);
	show_look(a, 3, MSG_PEEK);
	show_look(a, 2, MSG_PEEK);
	show_look(a, 9, MSG_PEEK | MSG_DONTWAIT);
	show_look(a, 9, MSG_PEEK | MSG_DONTWAIT);
	show_look(a, 9, 0);
	show_look(a, 2, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
	SHOW(set_int(a, SOL_SOCKET, SO_PEEK_OFF, 1));
	show_look(a, 2, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
	SHOW(set_int(a, SOL_SOCKET, SO_PEEK_OFF, -1));
	show_look(a, 9, MSG_PEEK);
	show_look(a, 9, 0);
	close(a);
	close(b);
}

static void connected(void)
{
	int a = bound(), b = bound(), c = bound();
	struct sockaddr_in to = name_of(a), other = name_of(b), none, peer;
	socklen_t len = sizeof(peer);
	char buf[16];

	printf("== connected\n");
	SHOW(connect(b, (void *)&to, sizeof(to)));
	SHOW(getpeername(b, (void *)&peer, &len));
	SHOW(send(b, "one", 3, 0));
	SHOW(recv(a, buf, 16, 0));
	sendto(c, "stranger", 8, 0, (void *)&other, sizeof(other));
	SHOW(recv(b, buf, 16, MSG_DONTWAIT)); /* filtered */
	sendto(a, "friend", 6, 0, (void *)&other, sizeof(other));
	SHOW(recv(b, buf, 16, 0));
	other = name_of(c);
	SHOW(sendto(b, "elsewhere", 9, 0, (void *)&other, sizeof(other)));
	SHOW(recv(c, buf, 16, 0));
	none = name_of(c);
	close(c);
	SHOW(connect(b, (void *)&none, sizeof(none)));
	SHOW(send(b, "x", 1, 0));
	printf("poll %x\n", poll_for(b, POLLERR) & POLLERR);
	SHOW(recv(b, buf, 16, 0));
	SHOW(send(b, "x", 1, 0));
	poll_for(b, POLLERR);
	SHOW(send(b, "x", 1, 0));
	SHOW(send(b, "x", 1, 0));
	poll_for(b, POLLERR);
	printf("error %d then %d\n", int_option(b, SOL_SOCKET, SO_ERROR), int_option(b, SOL_SOCKET, SO_ERROR));
	struct sockaddr unspec = {.sa_family = AF_UNSPEC};
	SHOW(connect(b, &unspec, sizeof(unspec)));
	SHOW(getpeername(b, (void *)&peer, &len));
	SHOW(send(b, "x", 1, 0));
	SHOW(sendto(b, "x", 1, 0, (void *)&none, sizeof(none)));
	usleep(10000);
	printf("unconnected: error %d\n", int_option(b, SOL_SOCKET, SO_ERROR));
	connect(b, (void *)&to, sizeof(to));
	SHOW(shutdown(b, SHUT_RD));
	printf("poll %x\n", poll_now(b));
	SHOW(recv(b, buf, 16, 0));
	SHOW(shutdown(b, SHUT_WR));
	printf("poll %x\n", poll_now(b));
	SHOW(send(b, "x", 1, 0));
	close(a);
	close(b);
}

static void error_queue(void)
{
	int a = bound(), b = bound();
	struct sockaddr_in to = name_of(a), name;
	char buf[16], control[256];
	struct iovec iov = {buf, sizeof(buf)};
	struct msghdr msg = {.msg_name = &name, .msg_namelen = sizeof(name), .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};

	printf("== error queue\n");
	close(a);
	set_int(b, IPPROTO_IP, IP_RECVERR, 1);
	SHOW(recvmsg(b, &msg, MSG_ERRQUEUE));
	SHOW(sendto(b, "x", 1, 0, (void *)&to, sizeof(to)));
	poll_for(b, POLLERR);
	SHOW(recv(b, buf, 1, MSG_DONTWAIT));
	msg.msg_controllen = sizeof(control);
	SHOW(recvmsg(b, &msg, MSG_ERRQUEUE) >= 0);
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	struct sock_extended_err *e = (void *)CMSG_DATA(c);
	printf("flags %x level %d type %d, error %d origin %d type %d code %d, to the port: %d\n", msg.msg_flags & MSG_ERRQUEUE, c->cmsg_level, c->cmsg_type,
	       e->ee_errno, e->ee_origin, e->ee_type, e->ee_code, name.sin_port == to.sin_port);
	SHOW(recvmsg(b, &msg, MSG_ERRQUEUE));
	close(b);
}

static void show_control(struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		printf("  level %d type %d length %zu", c->cmsg_level, c->cmsg_type, c->cmsg_len);
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo *i = (void *)CMSG_DATA(c);
			printf(" interface %d to %x at %x", i->ipi_ifindex, ntohl(i->ipi_addr.s_addr), ntohl(i->ipi_spec_dst.s_addr));
		} else if (c->cmsg_level != SOL_SOCKET) {
			printf(" value %d", c->cmsg_len >= CMSG_LEN(4) ? *(int *)CMSG_DATA(c) : *CMSG_DATA(c));
		}
		printf("\n");
	}
	printf("  flags %x\n", msg->msg_flags);
}

static void control_messages(void)
{
	int a = bound(), b = bound();
	struct sockaddr_in to = name_of(a), from;
	char buf[64], control[256];
	struct iovec iov = {buf, sizeof(buf)};
	struct msghdr msg = {.msg_name = &from, .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control};

	printf("== control messages\n");
	SHOW(set_int(a, IPPROTO_IP, IP_PKTINFO, 1));
	SHOW(set_int(a, IPPROTO_IP, IP_RECVTTL, 1));
	SHOW(set_int(a, IPPROTO_IP, IP_RECVTOS, 1));
	SHOW(set_int(b, IPPROTO_IP, IP_TOS, 0x10));
	SHOW(set_int(b, IPPROTO_IP, IP_TTL, 33));
	sendto(b, "x", 1, 0, (void *)&to, sizeof(to));
	msg.msg_namelen = sizeof(from);
	msg.msg_controllen = sizeof(control);
	SHOW(recvmsg(a, &msg, 0));
	show_control(&msg);
	sendto(b, "x", 1, 0, (void *)&to, sizeof(to));
	msg.msg_controllen = CMSG_SPACE(sizeof(struct in_pktinfo)) + 8;
	SHOW(recvmsg(a, &msg, 0));
	printf("flags %x\n", msg.msg_flags);
	/* From an address of choice. */
	int c = socket(AF_INET, SOCK_DGRAM, 0);
	struct in_pktinfo info = {.ipi_spec_dst.s_addr = htonl(0x7f000009)};
	iov.iov_len = 1;
	msg = (struct msghdr){.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			      .msg_controllen = CMSG_SPACE(sizeof(info)) + CMSG_SPACE(4)};
	memset(control, 0, sizeof(control));
	struct cmsghdr *h = CMSG_FIRSTHDR(&msg);
	*h = (struct cmsghdr){.cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO, .cmsg_len = CMSG_LEN(sizeof(info))};
	memcpy(CMSG_DATA(h), &info, sizeof(info));
	h = CMSG_NXTHDR(&msg, h);
	*h = (struct cmsghdr){.cmsg_level = IPPROTO_IP, .cmsg_type = IP_TTL, .cmsg_len = CMSG_LEN(4)};
	memcpy(CMSG_DATA(h), &(int){77}, 4);
	SHOW(sendmsg(c, &msg, 0));
	msg = (struct msghdr){.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	SHOW(recvmsg(a, &msg, 0));
	printf("from %x\n", ntohl(from.sin_addr.s_addr));
	show_control(&msg);
	close(a);
	close(b);
	close(c);
}

static void many(void)
{
	int a = bound(), b = bound();
	struct sockaddr_in to = name_of(a);
	struct mmsghdr out[5], in[8];
	struct iovec iov[8];
	char data[5][8], buf[8][16];

	printf("== many\n");
	connect(b, (void *)&to, sizeof(to));
	memset(out, 0, sizeof(out));
	memset(in, 0, sizeof(in));
	struct iovec oiov[5];
	for (int i = 0; i < 5; i++) {
		sprintf(data[i], "msg %d", i);
		oiov[i] = (struct iovec){data[i], (size_t)i + 3};
		out[i].msg_hdr = (struct msghdr){.msg_iov = &oiov[i], .msg_iovlen = 1};
	}
	for (int i = 0; i < 8; i++) {
		iov[i] = (struct iovec){buf[i], 16};
		in[i].msg_hdr = (struct msghdr){.msg_iov = &iov[i], .msg_iovlen = 1};
	}
	SHOW(sendmmsg(b, out, 5, 0));
	printf("lengths %u %u\n", out[0].msg_len, out[4].msg_len);
	usleep(10000);
	SHOW(recvmmsg(a, in, 8, MSG_WAITFORONE, NULL));
	printf("lengths %u %u\n", in[0].msg_len, in[4].msg_len);
	SHOW(recvmmsg(a, in, 8, MSG_DONTWAIT, NULL));
	SHOW(send(b, "abc", 3, MSG_MORE));
	SHOW(send(b, "def", 3, 0));
	SHOW(recv(a, buf, 16, 0));
	SHOW(set_int(b, IPPROTO_UDP, UDP_CORK, 1));
	SHOW(send(b, "12345", 5, 0));
	SHOW(recv(a, buf, 16, MSG_DONTWAIT));
	SHOW(set_int(b, IPPROTO_UDP, UDP_CORK, 0));
	SHOW(recv(a, buf, 16, 0));
	/* A full buffer drops; it does not grow for ever. */
	SHOW(set_int(a, SOL_SOCKET, SO_RCVBUF, 20000));
	char block[1000] = "";
	int sent = 0, got = 0;
	for (int i = 0; i < 200; i++)
		sent += send(b, block, sizeof(block), 0) == sizeof(block);
	while (recv(a, block, sizeof(block), MSG_DONTWAIT) > 0)
		got++;
	printf("sent %d, some got through %d, not all %d\n", sent, got > 5, got < 100);
	close(a);
	close(b);
}

static void ports(void)
{
	int a = bound(), b = socket(AF_INET, SOCK_DGRAM, 0), c;
	struct sockaddr_in name = name_of(a), group;

	printf("== ports\n");
	SHOW(bind(b, (void *)&name, sizeof(name)));
	set_int(b, SOL_SOCKET, SO_REUSEADDR, 1);
	SHOW(bind(b, (void *)&name, sizeof(name)));
	set_int(a, SOL_SOCKET, SO_REUSEADDR, 1);
	SHOW(bind(b, (void *)&name, sizeof(name)));
	close(a);
	close(b);
	int fd[3], got[3] = {0};
	name = local(0);
	for (int i = 0; i < 3; i++) {
		fd[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
		set_int(fd[i], SOL_SOCKET, SO_REUSEPORT, 1);
		bind(fd[i], (void *)&name, sizeof(name));
		name = name_of(fd[i]);
	}
	char x;
	for (int i = 0; i < 90; i++) {
		c = socket(AF_INET, SOCK_DGRAM, 0);
		sendto(c, "x", 1, 0, (void *)&name, sizeof(name));
		close(c);
	}
	int all = 0;
	for (int i = 0; i < 3; i++) {
		while (recv(fd[i], &x, 1, 0) == 1)
			got[i]++;
		all += got[i];
	}
	printf("spread %d all %d\n", got[0] > 5 && got[1] > 5 && got[2] > 5, all);
	for (int i = 0; i < 3; i++)
		close(fd[i]);

	printf("== groups\n");
	a = socket(AF_INET, SOCK_DGRAM, 0);
	b = socket(AF_INET, SOCK_DGRAM, 0);
	struct ip_mreqn join = {.imr_multiaddr.s_addr = htonl(0xef010203), .imr_address.s_addr = htonl(INADDR_LOOPBACK)};
	name = local(0);
	name.sin_addr.s_addr = INADDR_ANY;
	bind(b, (void *)&name, sizeof(name));
	group = name_of(b);
	group.sin_addr.s_addr = htonl(0xef010203);
	SHOW(setsockopt(b, IPPROTO_IP, IP_ADD_MEMBERSHIP, &join, 4));
	SHOW(setsockopt(b, IPPROTO_IP, IP_ADD_MEMBERSHIP, &join, sizeof(join)));
	SHOW(setsockopt(b, IPPROTO_IP, IP_ADD_MEMBERSHIP, &join, sizeof(struct ip_mreq)));
	SHOW(setsockopt(a, IPPROTO_IP, IP_DROP_MEMBERSHIP, &join, sizeof(join)));
	SHOW(setsockopt(a, IPPROTO_IP, IP_MULTICAST_IF, &join.imr_address, 4));
	SHOW(sendto(a, "to the group", 12, 0, (void *)&group, sizeof(group)));
	char buf[16];
	poll_for(b, POLLIN);
	SHOW(recv(b, buf, 16, MSG_DONTWAIT));
	SHOW(setsockopt(b, IPPROTO_IP, IP_DROP_MEMBERSHIP, &join, sizeof(join)));
	SHOW(sendto(a, "nobody", 6, 0, (void *)&group, sizeof(group)));
	SHOW(recv(b, buf, 16, MSG_DONTWAIT));
	join.imr_multiaddr.s_addr = htonl(0x0a000001);
	SHOW(setsockopt(b, IPPROTO_IP, IP_ADD_MEMBERSHIP, &join, sizeof(join)));
	join.imr_multiaddr.s_addr = htonl(0xef010203);
	join.imr_ifindex = 999;
	SHOW(setsockopt(b, IPPROTO_IP, IP_ADD_MEMBERSHIP, &join, sizeof(join)));
	close(a);
	close(b);
}

static void dual_stack(void)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6}, from;
	int s = socket(AF_INET6, SOCK_DGRAM, 0), c = bound();
	socklen_t len = sizeof(from);
	struct sockaddr_in to;
	char buf[16], text[64];

	printf("== dual stack\n");
	SHOW(bind(s, (void *)&any, sizeof(any)));
	len = sizeof(any);
	getsockname(s, (void *)&any, &len);
	to = local(ntohs(any.sin6_port));
	SHOW(sendto(c, "four", 4, 0, (void *)&to, sizeof(to)));
	len = sizeof(from);
	SHOW(recvfrom(s, buf, 16, 0, (void *)&from, &len));
	printf("from %s, length %u\n", inet_ntop(AF_INET6, &from.sin6_addr, text, sizeof(text)), len);
	SHOW(sendto(s, "back", 4, 0, (void *)&from, len));
	SHOW(recv(c, buf, 16, 0));
	to = name_of(c);
	SHOW(sendto(s, "plain", 5, 0, (void *)&to, sizeof(to)));
	SHOW(recv(c, buf, 16, 0));
	SHOW(connect(s, (void *)&from, sizeof(from)));
	len = sizeof(any);
	getsockname(s, (void *)&any, &len);
	printf("self %s\n", inet_ntop(AF_INET6, &any.sin6_addr, text, sizeof(text)));
	close(s);
	close(c);
}

static void threads_and_children(void)
{
	int a = bound(), status, got = 0;
	struct sockaddr_in to = name_of(a);
	char x;

	printf("== several readers\n");
	for (int i = 0; i < 4; i++)
		if (!fork()) {
			int n = 0;
			while (recv(a, &x, 1, 0) == 1 && x != 'e')
				n++;
			_exit(n);
		}
	int b = socket(AF_INET, SOCK_DGRAM, 0);
	for (int i = 0; i < 100; i++) {
		sendto(b, "d", 1, 0, (void *)&to, sizeof(to));
		if (i % 8 == 7)
			usleep(1000);
	}
	usleep(10000);
	for (int i = 0; i < 4; i++)
		sendto(b, "e", 1, 0, (void *)&to, sizeof(to));
	for (int i = 0; i < 4; i++) {
		wait(&status);
		got += WEXITSTATUS(status);
	}
	printf("all were read once: %d\n", got);
	struct timeval tv = {0, 40000};
	setsockopt(a, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	SHOW(recv(a, &x, 1, 0));
	close(a);
	close(b);
}

static long send_with(int fd, const struct sockaddr_in6 *to, int level, int type, int value)
{
	char control[CMSG_SPACE(4)] __attribute__((aligned(8))) = "";
	struct msghdr msg = {.msg_name = (void *)to, .msg_namelen = sizeof(*to), .msg_iov = &(struct iovec){"x", 1}, .msg_iovlen = 1, .msg_control = control,
			     .msg_controllen = sizeof(control)};

	*CMSG_FIRSTHDR(&msg) = (struct cmsghdr){.cmsg_level = level, .cmsg_type = type, .cmsg_len = CMSG_LEN(4)};
	memcpy(CMSG_DATA(CMSG_FIRSTHDR(&msg)), &value, 4);
	return sendmsg(fd, &msg, 0);
}

/* RFC 3542 §6.1. */
static void own_values(void)
{
	struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	socklen_t len = sizeof(a);
	int from = socket(AF_INET6, SOCK_DGRAM, 0), to = socket(AF_INET6, SOCK_DGRAM, 0);

	printf("== a message's own values\n");
	bind(to, (void *)&a, sizeof(a));
	getsockname(to, (void *)&a, &len);
	set_int(to, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
	set_int(to, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
	set_int(from, IPPROTO_IPV6, IPV6_TCLASS, 24);
	set_int(from, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 9);
	for (int value = -2; value < 2; value++) {
		printf("%d:\n", value);
		SHOW(send_with(from, &a, IPPROTO_IPV6, IPV6_TCLASS, value * 100));
		SHOW(send_with(from, &a, IPPROTO_IPV6, IPV6_TCLASS, value));
		SHOW(send_with(from, &a, IPPROTO_IPV6, IPV6_HOPLIMIT, value ? value * 5 : 7));
	}
	SHOW(send_with(from, &a, IPPROTO_IPV6, IPV6_HOPLIMIT, -1));
	SHOW(send_with(from, &a, IPPROTO_IPV6, IPV6_HOPLIMIT, 256));
	for (;;) {
		char buf[4], control[128] __attribute__((aligned(8)));
		struct msghdr msg = {.msg_iov = &(struct iovec){buf, 4}, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};

		if (recvmsg(to, &msg, MSG_DONTWAIT) < 0)
			break;
		for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
			printf(" %s %d", c->cmsg_type == IPV6_TCLASS ? "class" : "hops", *(int *)CMSG_DATA(c));
		printf("\n");
	}
	close(from);
	close(to);
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	basics();
	peek_offset();
	connected();
	error_queue();
	control_messages();
	many();
	ports();
	dual_stack();
	threads_and_children();
	own_values();
	return 0;
}
