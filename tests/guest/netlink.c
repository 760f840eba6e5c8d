/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * netlink(7), rtnetlink(7): what the loopback interface, its address and routes look like, errors, acknowledgements, changes and notices of them.
 * On Linux in a network namespace of its own, where there is nothing else.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "show.h"

static uint8_t request[4096], answer[65536];
static size_t answer_len;
static unsigned sequence;

static int open_socket(void)
{
	struct sockaddr_nl name = {.nl_family = AF_NETLINK};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0 || bind(fd, (struct sockaddr *)&name, sizeof(name)))
		perror("netlink socket");
	return fd;
}

/* ---- Requests ---- */

static void *begin(int type, int flags, size_t body)
{
	struct nlmsghdr *h = (struct nlmsghdr *)request;

	memset(request, 0, sizeof(request));
	*h = (struct nlmsghdr){.nlmsg_len = NLMSG_LENGTH(body), .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | flags, .nlmsg_seq = ++sequence};
	return NLMSG_DATA(h);
}

static void put(int type, const void *data, size_t len)
{
	struct nlmsghdr *h = (struct nlmsghdr *)request;
	struct rtattr *a = (struct rtattr *)(request + NLMSG_ALIGN(h->nlmsg_len));

	a->rta_type = type;
	a->rta_len = RTA_LENGTH(len);
	memcpy(RTA_DATA(a), data, len);
	h->nlmsg_len = NLMSG_ALIGN(h->nlmsg_len) + RTA_ALIGN(a->rta_len);
}

static void put_address(int type, const char *text)
{
	struct in_addr a;

	inet_pton(AF_INET, text, &a);
	put(type, &a, sizeof(a));
}

static int send_request(int fd)
{
	struct nlmsghdr *h = (struct nlmsghdr *)request;

	return send(fd, request, h->nlmsg_len, 0) == (ssize_t)h->nlmsg_len ? 0 : -1;
}

/* Sends and reads the answer up to its end: 0 or an errno. */
static int talk(int fd)
{
	struct nlmsghdr *h;

	answer_len = 0;
	if (send_request(fd))
		return errno;
	for (;;) {
		ssize_t n = recv(fd, answer + answer_len, sizeof(answer) - answer_len, 0);
		size_t left = (size_t)n;

		if (n < 0)
			return errno;
		h = (struct nlmsghdr *)(answer + answer_len);
		answer_len += (size_t)n;
		for (; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
			if (h->nlmsg_seq != sequence)
				printf("sequence %u, not %u\n", h->nlmsg_seq, sequence);
			if (h->nlmsg_type == NLMSG_ERROR)
				return -((struct nlmsgerr *)NLMSG_DATA(h))->error;
			if (h->nlmsg_type == NLMSG_DONE || !(h->nlmsg_flags & NLM_F_MULTI))
				return 0;
		}
	}
}

static void show_talk(const char *what, int fd)
{
	int error = talk(fd);

	printf("%s: %s\n", what, error ? strerrorname_np(error) : "ok");
}

/* ---- Showing answers ---- */

static struct rtattr *find(struct nlmsghdr *h, size_t body, int type)
{
	struct rtattr *a = (struct rtattr *)((char *)NLMSG_DATA(h) + NLMSG_ALIGN(body));
	int left = (int)(h->nlmsg_len - NLMSG_LENGTH(NLMSG_ALIGN(body)));

	for (; RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type == type)
			return a;
	return NULL;
}

static void show_attribute(struct nlmsghdr *h, size_t body, int type, const char *name, int only_len)
{
	struct rtattr *a = find(h, body, type);

	if (!a) {
		printf("  %s: none\n", name);
		return;
	}
	printf("  %s, %u bytes:", name, (unsigned)RTA_PAYLOAD(a));
	for (unsigned i = 0; !only_len && i < RTA_PAYLOAD(a); i++)
		printf(" %02x", ((uint8_t *)RTA_DATA(a))[i]);
	printf("\n");
}
#define ATTRIBUTE(h, body, type) show_attribute(h, sizeof(struct body), type, #type, 0)
#define LENGTH(h, body, type) show_attribute(h, sizeof(struct body), type, #type, 1)

static void show_link(struct nlmsghdr *h)
{
	struct ifinfomsg *m = NLMSG_DATA(h);

	printf("link %d: family %d type %d flags %#x\n", m->ifi_index, m->ifi_family, m->ifi_type, m->ifi_flags);
	ATTRIBUTE(h, ifinfomsg, IFLA_IFNAME);
	ATTRIBUTE(h, ifinfomsg, IFLA_MTU);
	ATTRIBUTE(h, ifinfomsg, IFLA_MIN_MTU);
	ATTRIBUTE(h, ifinfomsg, IFLA_MAX_MTU);
	ATTRIBUTE(h, ifinfomsg, IFLA_TXQLEN);
	ATTRIBUTE(h, ifinfomsg, IFLA_OPERSTATE);
	ATTRIBUTE(h, ifinfomsg, IFLA_LINKMODE);
	ATTRIBUTE(h, ifinfomsg, IFLA_GROUP);
	ATTRIBUTE(h, ifinfomsg, IFLA_CARRIER);
	ATTRIBUTE(h, ifinfomsg, IFLA_NUM_TX_QUEUES);
	ATTRIBUTE(h, ifinfomsg, IFLA_NUM_RX_QUEUES);
	ATTRIBUTE(h, ifinfomsg, IFLA_QDISC);
	ATTRIBUTE(h, ifinfomsg, IFLA_ADDRESS);
	ATTRIBUTE(h, ifinfomsg, IFLA_BROADCAST);
	LENGTH(h, ifinfomsg, IFLA_STATS);
	LENGTH(h, ifinfomsg, IFLA_STATS64);
}

static void show_address(struct nlmsghdr *h)
{
	struct ifaddrmsg *m = NLMSG_DATA(h);

	printf("address: family %d prefix %d flags %#x scope %d index %u\n", m->ifa_family, m->ifa_prefixlen, m->ifa_flags, m->ifa_scope, m->ifa_index);
	ATTRIBUTE(h, ifaddrmsg, IFA_ADDRESS);
	ATTRIBUTE(h, ifaddrmsg, IFA_LOCAL);
	ATTRIBUTE(h, ifaddrmsg, IFA_BROADCAST);
	ATTRIBUTE(h, ifaddrmsg, IFA_LABEL);
	ATTRIBUTE(h, ifaddrmsg, IFA_FLAGS);
	LENGTH(h, ifaddrmsg, IFA_CACHEINFO);
}

static void show_route(struct nlmsghdr *h)
{
	struct rtmsg *m = NLMSG_DATA(h);

	printf("route: family %d prefix %d table %d protocol %d scope %d type %d flags %#x\n", m->rtm_family, m->rtm_dst_len, m->rtm_table, m->rtm_protocol, m->rtm_scope,
	       m->rtm_type, m->rtm_flags);
	ATTRIBUTE(h, rtmsg, RTA_TABLE);
	ATTRIBUTE(h, rtmsg, RTA_DST);
	ATTRIBUTE(h, rtmsg, RTA_OIF);
	ATTRIBUTE(h, rtmsg, RTA_PREFSRC);
	ATTRIBUTE(h, rtmsg, RTA_GATEWAY);
	ATTRIBUTE(h, rtmsg, RTA_PRIORITY);
	ATTRIBUTE(h, rtmsg, RTA_METRICS);
}

static void show_rule(struct nlmsghdr *h)
{
	struct rtmsg *m = NLMSG_DATA(h); /* of the same shape */

	printf("rule: family %d table %d action %d\n", m->rtm_family, m->rtm_table, m->rtm_type);
	show_attribute(h, sizeof(*m), 15, "table", 0);
	show_attribute(h, sizeof(*m), 6, "priority", 0);
}

static void show_answer(void)
{
	struct nlmsghdr *h = (struct nlmsghdr *)answer;
	size_t left = answer_len;

	for (; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
		if (h->nlmsg_type == RTM_NEWLINK || h->nlmsg_type == RTM_DELLINK)
			show_link(h);
		else if (h->nlmsg_type == RTM_NEWADDR || h->nlmsg_type == RTM_DELADDR)
			show_address(h);
		else if (h->nlmsg_type == RTM_NEWROUTE || h->nlmsg_type == RTM_DELROUTE)
			show_route(h);
		else if (h->nlmsg_type == RTM_NEWRULE)
			show_rule(h);
		else if (h->nlmsg_type == NLMSG_DONE)
			printf("done, %s\n", h->nlmsg_flags & NLM_F_MULTI ? "of many" : "of one");
		else
			printf("message of type %d\n", h->nlmsg_type);
	}
}

/* ---- What there is ---- */

static void show_dumps(int fd)
{
	struct ifinfomsg *link;
	struct rtmsg *route;
	int one = 1;

	link = begin(RTM_GETLINK, 0, sizeof(*link));
	link->ifi_index = 1;
	show_talk("get link 1", fd);
	show_answer();
	begin(RTM_GETLINK, 0, sizeof(*link));
	put(IFLA_IFNAME, "lo", 3);
	show_talk("get link lo", fd);
	begin(RTM_GETLINK, 0, sizeof(*link));
	put(IFLA_IFNAME, "none9", 6);
	show_talk("get link none9", fd);
	link = begin(RTM_GETLINK, 0, sizeof(*link));
	link->ifi_index = 4711;
	show_talk("get link 4711", fd);
	begin(RTM_GETLINK, 0, sizeof(*link));
	show_talk("get link without a name", fd);

	*(uint8_t *)begin(RTM_GETADDR, NLM_F_DUMP, sizeof(struct ifaddrmsg)) = AF_INET;
	show_talk("dump addresses", fd);
	show_answer();
	SHOW(setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof(one)));
	*(uint8_t *)begin(RTM_GETADDR, NLM_F_DUMP, 1) = AF_INET;
	if (talk(fd) == 0)
		printf("dump with a short header, strict: %s\n", strerrorname_np(-*(int *)NLMSG_DATA((struct nlmsghdr *)answer)));
	route = begin(RTM_GETROUTE, NLM_F_DUMP, sizeof(*route));
	route->rtm_family = AF_INET;
	route->rtm_table = RT_TABLE_LOCAL;
	show_talk("dump table local", fd);
	show_answer();
	one = 0;
	SHOW(setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof(one)));
	*(uint8_t *)begin(RTM_GETADDR, NLM_F_DUMP, 1) = AF_INET;
	show_talk("dump with a short header", fd);
	*(uint8_t *)begin(RTM_GETRULE, NLM_F_DUMP, sizeof(struct rtmsg)) = AF_INET;
	show_talk("dump rules", fd);
	show_answer();
	*(uint8_t *)begin(RTM_GETNEIGH, NLM_F_DUMP, sizeof(struct ndmsg)) = AF_INET;
	show_talk("dump neighbours", fd);
	show_answer();
}

static void show_lookups(int fd)
{
	static const char *const to[] = {"127.0.0.1", "127.8.8.8", "203.0.113.5"};

	for (unsigned i = 0; i < sizeof(to) / sizeof(to[0]); i++) {
		struct rtmsg *route = begin(RTM_GETROUTE, 0, sizeof(*route));

		route->rtm_family = AF_INET;
		route->rtm_dst_len = 32;
		put_address(RTA_DST, to[i]);
		show_talk(to[i], fd);
		if (((struct nlmsghdr *)answer)->nlmsg_type != NLMSG_ERROR)
			show_answer();
	}
}

/* ---- Errors and acknowledgements ---- */

static void show_ack(int fd, const char *what)
{
	struct nlmsghdr *h = (struct nlmsghdr *)answer;
	struct nlmsgerr *e = NLMSG_DATA(h);
	ssize_t n;

	send_request(fd);
	n = recv(fd, answer, sizeof(answer), MSG_DONTWAIT);
	if (n < 0) {
		printf("%s: no answer\n", what);
		return;
	}
	printf("%s: %zd bytes, type %d, flags %#x, %s, of a message of type %d, %u bytes\n", what, n, h->nlmsg_type, h->nlmsg_flags,
	       e->error ? strerrorname_np(-e->error) : "ok", e->msg.nlmsg_type, e->msg.nlmsg_len);
}

static void show_errors(int fd)
{
	int one = 1;
	struct nlmsghdr *h = (struct nlmsghdr *)request;

	begin(NLMSG_NOOP, NLM_F_ACK, 0);
	show_ack(fd, "noop with ack");
	begin(NLMSG_NOOP, 0, 0);
	show_ack(fd, "noop");
	begin(1234, 0, 4);
	show_ack(fd, "type over all");
	begin(RTM_GETLINK, 0, 0);
	show_ack(fd, "no body");
	begin(RTM_GETLINK, NLM_F_ACK, 0);
	show_ack(fd, "no body with ack");
	begin(RTM_GETLINK, 0, 4);
	show_ack(fd, "short body");
	begin(RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	h->nlmsg_flags = 0;
	show_ack(fd, "no request");
	begin(RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	h->nlmsg_len = 400; /* longer than what is sent */
	printf("long header: sent %zd\n", send(fd, request, 32, 0));
	printf("long header: %zd\n", recv(fd, answer, sizeof(answer), MSG_DONTWAIT));
	SHOW(setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one)));
	((struct ifinfomsg *)begin(RTM_GETLINK, 0, sizeof(struct ifinfomsg)))->ifi_index = 4711;
	show_ack(fd, "capped error");
	one = 0;
	SHOW(setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one)));
	((struct ifinfomsg *)begin(RTM_GETLINK, 0, sizeof(struct ifinfomsg)))->ifi_index = 4711;
	show_ack(fd, "error");
}

static void show_sockets(void)
{
	struct sockaddr_nl name = {.nl_family = AF_NETLINK}, peer;
	socklen_t len = sizeof(name);
	int a, b, v;
	char byte;

	SHOW(socket(AF_NETLINK, SOCK_STREAM, NETLINK_ROUTE));
	SHOW(socket(AF_NETLINK, SOCK_RAW, 77));
	SHOW(socket(AF_NETLINK, SOCK_RAW, -1));
	SHOW_OK(a = socket(AF_NETLINK, SOCK_DGRAM, NETLINK_ROUTE));
	SHOW_OK(b = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
	SHOW(bind(a, (struct sockaddr *)&name, 4));
	name.nl_family = AF_INET;
	SHOW(bind(a, (struct sockaddr *)&name, sizeof(name)));
	name.nl_family = AF_NETLINK;
	SHOW(getsockname(a, (struct sockaddr *)&name, &len));
	printf("not bound: family %d port %u groups %u length %u\n", name.nl_family, name.nl_pid, name.nl_groups, len);
	name.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR;
	SHOW(bind(a, (struct sockaddr *)&name, sizeof(name)));
	SHOW(getsockname(a, (struct sockaddr *)&name, &len));
	printf("bound: port %s groups %#x\n", name.nl_pid == (unsigned)getpid() ? "the process" : "another", name.nl_groups);
	name.nl_groups = 0;
	SHOW(bind(b, (struct sockaddr *)&name, sizeof(name)));
	name.nl_pid = 0;
	SHOW(bind(b, (struct sockaddr *)&name, sizeof(name)));
	SHOW(getsockname(b, (struct sockaddr *)&name, &len));
	printf("the second: port %s\n", name.nl_pid == (unsigned)getpid() ? "the process" : "another");
	name.nl_pid++;
	SHOW(bind(b, (struct sockaddr *)&name, sizeof(name)));
	SHOW(connect(b, (struct sockaddr *)&(struct sockaddr_nl){.nl_family = AF_NETLINK, .nl_pid = getpid()}, sizeof(name)));
	len = sizeof(peer);
	SHOW(getpeername(b, (struct sockaddr *)&peer, &len));
	printf("peer: %s\n", peer.nl_pid == (unsigned)getpid() ? "the process" : "another");
	SHOW(send(b, "hello", 5, 0));
	SHOW(recv(a, answer, 100, MSG_DONTWAIT));
	SHOW(recv(a, &byte, 1, MSG_DONTWAIT));
	SHOW(send(a, "", 0, 0));
	SHOW(send(a, "x", 1, 0)); /* too short for a message: nothing comes back */
	SHOW(recv(a, &byte, 1, MSG_DONTWAIT));
	SHOW(listen(a, 1));
	SHOW(accept(a, NULL, NULL));
	SHOW(shutdown(a, SHUT_RDWR));
	v = 99;
	SHOW(setsockopt(a, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &v, sizeof(v)));
	v = RTNLGRP_IPV4_ROUTE;
	SHOW(setsockopt(a, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &v, sizeof(v)));
	SHOW(getsockname(a, (struct sockaddr *)&name, &len));
	printf("groups %#x\n", name.nl_groups);
	SHOW(setsockopt(a, SOL_NETLINK, NETLINK_DROP_MEMBERSHIP, &v, sizeof(v)));
	SHOW(getsockname(a, (struct sockaddr *)&name, &len));
	printf("groups %#x\n", name.nl_groups);
	len = sizeof(v);
	SHOW(getsockopt(a, SOL_NETLINK, NETLINK_EXT_ACK, &v, &len));
	printf("ext ack %d\n", v);
	SHOW(setsockopt(a, SOL_NETLINK, 99, &v, sizeof(v)));
	SHOW(getsockopt(a, SOL_SOCKET, SO_DOMAIN, &v, &len));
	printf("domain %d\n", v);
	SHOW(getsockopt(a, SOL_SOCKET, SO_PROTOCOL, &v, &len));
	printf("protocol %d\n", v);
	close(a);
	close(b);
}

/* How programs find out how much room an answer takes. */
static void show_receiving(void)
{
	struct sockaddr_nl from;
	struct iovec io = {.iov_base = answer, .iov_len = 16};
	struct msghdr m = {.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &io, .msg_iovlen = 1};
	int fd = open_socket(), bytes;
	ssize_t whole, n;
	struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT};

	SHOW(poll(&p, 1, 0));
	printf("events %#x\n", p.revents);
	((struct ifinfomsg *)begin(RTM_GETLINK, 0, sizeof(struct ifinfomsg)))->ifi_index = 1;
	SHOW(send_request(fd));
	SHOW(poll(&p, 1, 0));
	printf("events %#x\n", p.revents);
	whole = recv(fd, NULL, 0, MSG_PEEK | MSG_TRUNC);
	printf("the whole length is %s a header's\n", whole > 16 ? "more than" : "not more than");
	n = recvmsg(fd, &m, MSG_PEEK);
	printf("peeked at %zd bytes, flags %#x, from family %d port %u groups %u, length %u\n", n, m.msg_flags, from.nl_family, from.nl_pid, from.nl_groups, m.msg_namelen);
	n = recvmsg(fd, &m, MSG_TRUNC);
	printf("then the whole length is %s, flags %#x\n", n == whole ? "the same" : "another", m.msg_flags);
	SHOW(recv(fd, answer, 100, MSG_DONTWAIT));
	*(uint8_t *)begin(RTM_GETADDR, NLM_F_DUMP, sizeof(struct ifaddrmsg)) = AF_INET;
	SHOW(send_request(fd));
	printf("another dump before the first was read: %s\n", send_request(fd) ? "not sent" : "sent");
	SHOW(ioctl(fd, FIONREAD, &bytes));
	close(fd);
}

/* ---- Changes ---- */

static void set_link(int fd, unsigned flags)
{
	struct ifinfomsg *m = begin(RTM_NEWLINK, NLM_F_ACK, sizeof(*m));

	m->ifi_index = 1;
	m->ifi_change = IFF_UP;
	m->ifi_flags = flags;
}

static void change_address(int type, int flags, const char *address, int prefix, unsigned index)
{
	struct ifaddrmsg *m = begin(type, flags | NLM_F_ACK, sizeof(*m));

	*m = (struct ifaddrmsg){.ifa_family = AF_INET, .ifa_prefixlen = prefix, .ifa_index = index};
	put_address(IFA_LOCAL, address);
	put_address(IFA_ADDRESS, address);
}

static void show_notice(int fd)
{
	struct sockaddr_nl from;
	socklen_t len = sizeof(from);
	ssize_t n = recvfrom(fd, answer, sizeof(answer), MSG_DONTWAIT, (struct sockaddr *)&from, &len);

	if (n < 0) {
		printf("notice: %s\n", strerrorname_np(errno));
		return;
	}
	answer_len = (size_t)n;
	printf("notice of type %d, from port %u, group %#x\n", ((struct nlmsghdr *)answer)->nlmsg_type, from.nl_pid, from.nl_groups);
	show_answer();
}

static void show_address_changes(int fd)
{
	int listener = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	struct sockaddr_nl name = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_IPV4_IFADDR};

	SHOW(bind(listener, (struct sockaddr *)&name, sizeof(name)));
	change_address(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, "192.0.2.7", 24, 1);
	show_talk("new address", fd);
	show_notice(listener);
	change_address(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, "192.0.2.7", 24, 1);
	show_talk("the same again", fd);
	change_address(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, "192.0.2.8", 40, 1);
	show_talk("too long a prefix", fd);
	change_address(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, "192.0.2.8", 24, 4711);
	show_talk("no such interface", fd);
	show_notice(listener);
	*(uint8_t *)begin(RTM_GETADDR, NLM_F_DUMP, sizeof(struct ifaddrmsg)) = AF_INET;
	show_talk("dump addresses", fd);
	show_answer();
	change_address(RTM_DELADDR, 0, "192.0.2.7", 24, 1);
	show_talk("delete address", fd);
	show_notice(listener);
	change_address(RTM_DELADDR, 0, "192.0.2.7", 24, 1);
	show_talk("delete address again", fd);
	show_notice(listener);
	close(listener);
}

static void change_route(int type, int flags, const char *to, int prefix, const char *gateway, unsigned metric)
{
	struct rtmsg *m = begin(type, flags | NLM_F_ACK, sizeof(*m));
	unsigned lo = 1;

	*m = (struct rtmsg){.rtm_family = AF_INET, .rtm_dst_len = prefix, .rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_BOOT, .rtm_type = RTN_UNICAST};
	m->rtm_scope = gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
	if (type == RTM_DELROUTE) {
		m->rtm_scope = RT_SCOPE_NOWHERE;
		m->rtm_protocol = m->rtm_type = 0;
	}
	put_address(RTA_DST, to);
	if (gateway)
		put_address(RTA_GATEWAY, gateway);
	else
		put(RTA_OIF, &lo, sizeof(lo));
	if (metric)
		put(RTA_PRIORITY, &metric, sizeof(metric));
}

static void show_route_changes(int fd)
{
	int listener = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	struct sockaddr_nl name = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_IPV4_ROUTE};

	SHOW(bind(listener, (struct sockaddr *)&name, sizeof(name)));
	change_route(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, "198.51.100.0", 24, NULL, 0);
	show_talk("new route", fd);
	show_notice(listener);
	change_route(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, "198.51.100.0", 24, NULL, 0);
	show_talk("the same again", fd);
	change_route(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, "198.51.100.0", 24, NULL, 7);
	show_talk("with a metric", fd);
	show_notice(listener);
	change_route(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, "198.51.100.5", 24, NULL, 0);
	show_talk("bits behind the prefix", fd);
	change_route(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, "0.0.0.0", 0, "203.0.113.1", 0);
	show_talk("no way to the gateway", fd);
	change_route(RTM_NEWROUTE, NLM_F_REPLACE, "203.0.113.0", 24, NULL, 0);
	show_talk("replaces nothing", fd);
	change_route(RTM_DELROUTE, 0, "198.51.100.0", 24, NULL, 7);
	show_talk("delete by metric", fd);
	show_notice(listener);
	change_route(RTM_DELROUTE, 0, "198.51.100.0", 24, NULL, 0);
	show_talk("delete", fd);
	show_notice(listener);
	change_route(RTM_DELROUTE, 0, "198.51.100.0", 24, NULL, 0);
	show_talk("delete again", fd);
	close(listener);
}

static void show_link_changes(int fd)
{
	int listener = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	struct sockaddr_nl name = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
	unsigned mtu = 40000;

	SHOW(bind(listener, (struct sockaddr *)&name, sizeof(name)));
	set_link(fd, 0);
	put(IFLA_MTU, &mtu, sizeof(mtu));
	show_talk("mtu, down", fd);
	while (recv(listener, answer, sizeof(answer), MSG_DONTWAIT) > 0) /* the last tells how it is */
		answer_len = ((struct nlmsghdr *)answer)->nlmsg_len;
	show_answer();
	mtu = 65536;
	set_link(fd, IFF_UP);
	put(IFLA_MTU, &mtu, sizeof(mtu));
	show_talk("mtu, up", fd);
	while (recv(listener, answer, sizeof(answer), MSG_DONTWAIT) > 0)
		answer_len = ((struct nlmsghdr *)answer)->nlmsg_len;
	show_answer();
	begin(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE, sizeof(struct ifinfomsg));
	put(IFLA_IFNAME, "none9", 6);
	show_talk("new link of no kind", fd);
	close(listener);
}

/* More notices than the listener has room for: it is told, once, and then reads what is there. */
static void show_overrun(int fd)
{
	int listener = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE), v = 1, n = 0;
	struct sockaddr_nl name = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_IPV4_IFADDR};

	SHOW(setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &v, sizeof(v)));
	SHOW(bind(listener, (struct sockaddr *)&name, sizeof(name)));
	for (int i = 0; i < 100; i++) {
		change_address(i % 2 ? RTM_DELADDR : RTM_NEWADDR, 0, "192.0.2.7", 24, 1);
		if (talk(fd))
			printf("change %d failed\n", i);
	}
	SHOW(recv(listener, answer, sizeof(answer), MSG_DONTWAIT));
	while (recv(listener, answer, sizeof(answer), MSG_DONTWAIT) > 0)
		n++;
	printf("%s, then %s\n", n > 0 && n < 100 ? "some were kept" : "all or none", strerrorname_np(errno));
	close(listener);
}

static void show_library(void)
{
	struct ifaddrs *list, *a;
	struct if_nameindex *names = if_nameindex();

	for (struct if_nameindex *n = names; n && n->if_index; n++)
		if (!strcmp(n->if_name, "lo"))
			printf("if_nameindex: %u %s\n", n->if_index, n->if_name);
	if_freenameindex(names);
	SHOW(getifaddrs(&list));
	for (a = list; a; a = a->ifa_next) {
		char text[64] = "", mask[64] = "";

		if (strcmp(a->ifa_name, "lo") || (a->ifa_addr && a->ifa_addr->sa_family == AF_INET6))
			continue;
		if (a->ifa_addr && a->ifa_addr->sa_family == AF_INET) {
			inet_ntop(AF_INET, &((struct sockaddr_in *)a->ifa_addr)->sin_addr, text, sizeof(text));
			inet_ntop(AF_INET, &((struct sockaddr_in *)a->ifa_netmask)->sin_addr, mask, sizeof(mask));
		}
		printf("getifaddrs: %s family %d flags %#x %s %s\n", a->ifa_name, a->ifa_addr ? a->ifa_addr->sa_family : -1, a->ifa_flags, text, mask);
	}
	freeifaddrs(list);
}

int main(void)
{
	int fd;

	alarm(60);
	unshare(CLONE_NEWNET); /* not in the machine, whose network is its own */
	fd = open_socket();
	set_link(fd, IFF_UP);
	show_talk("up", fd);
	show_dumps(fd);
	show_lookups(fd);
	show_errors(fd);
	close(fd);
	show_sockets();
	fd = open_socket();
	show_receiving();
	show_address_changes(fd);
	show_route_changes(fd);
	show_link_changes(fd);
	show_overrun(fd);
	show_library();
	return 0;
}
