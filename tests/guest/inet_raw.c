/* SPDX-License-Identifier: BSD-3-Clause */
/* Raw sockets over loopback, as root: an echo request and its answer, filters, a header of one's own, other protocols. */
#define _GNU_SOURCE
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <stdlib.h>
#include "inet.h"

static unsigned short checksum(const void *data, size_t len)
{
	const unsigned short *p = data;
	unsigned sum = 0;

	for (; len > 1; len -= 2)
		sum += *p++;
	if (len)
		sum += *(const unsigned char *)p;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (unsigned short)~sum;
}

struct echo {
	struct icmphdr header;
	char data[8];
};

static struct echo request(unsigned short id)
{
	struct echo e = {.header = {.type = ICMP_ECHO, .un.echo = {.id = htons(id), .sequence = htons(7)}}, .data = "payload"};

	e.header.checksum = checksum(&e, sizeof(e));
	return e;
}

/* Reads until something with the identifier comes; its type, or -1. */
static int next(int fd, unsigned short id, int *len)
{
	unsigned char buf[2000];
	ssize_t n;

	while (poll_for(fd, POLLIN) && (n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
		struct iphdr *ip = (void *)buf;
		struct icmphdr *icmp = (void *)(buf + ip->ihl * 4);
		if (icmp->un.echo.id == htons(id)) {
			*len = (int)n;
			return icmp->type;
		}
	}
	return -1;
}

int main(void)
{
	struct sockaddr_in to = local(0), from;
	unsigned filter = ~(1u << ICMP_ECHOREPLY); /* struct icmp_filter of linux/icmp.h, which does not go with netinet/ip_icmp.h */
	unsigned short id = (unsigned short)(getpid() ^ 0x4321);
	struct echo e = request(id);
	socklen_t len = sizeof(from);
	int raw = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), n = 0, type;

	setvbuf(stdout, NULL, _IONBF, 0);
	printf("raw socket %d, type %d protocol %d\n", raw >= 0, int_option(raw, SOL_SOCKET, SO_TYPE), int_option(raw, SOL_SOCKET, SO_PROTOCOL));
	SHOW(socket(AF_INET, SOCK_RAW, 0));
	SHOW(send(raw, &e, sizeof(e), 0));
	SHOW(sendto(raw, &e, sizeof(e), 0, (void *)&to, sizeof(to)));
	type = next(raw, id, &n);
	printf("type %d of %d bytes\n", type, n);
	type = next(raw, id, &n);
	printf("type %d of %d bytes\n", type, n);
	SHOW(setsockopt(raw, SOL_RAW, 1 /* ICMP_FILTER */, &filter, sizeof(filter)));
	SHOW(connect(raw, (void *)&to, sizeof(to)));
	SHOW(send(raw, &e, sizeof(e), 0));
	type = next(raw, id, &n);
	printf("with the filter only the answer: type %d\n", type);
	SHOW(recv(raw, &e, 1, MSG_DONTWAIT));
	printf("header included %d\n", int_option(raw, IPPROTO_IP, IP_HDRINCL));

	struct {
		struct iphdr ip;
		struct echo echo;
	} whole = {.ip = {.version = 4, .ihl = 5, .ttl = 9, .protocol = IPPROTO_ICMP, .daddr = htonl(INADDR_LOOPBACK)}, .echo = request(id)};
	int own = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	printf("header included %d\n", int_option(own, IPPROTO_IP, IP_HDRINCL));
	whole.ip.tot_len = htons(sizeof(whole));
	SHOW(sendto(own, &whole, sizeof(whole), 0, (void *)&to, sizeof(to)));
	type = next(raw, id, &n);
	printf("answer to it: type %d\n", type);
	SHOW(sendto(own, &whole, 10, 0, (void *)&to, sizeof(to)));

	int other = socket(AF_INET, SOCK_RAW, 200), sender = socket(AF_INET, SOCK_RAW, 200);
	char buf[100] = "";
	SHOW(sendto(sender, "of protocol 200", 15, 0, (void *)&to, sizeof(to)));
	poll_for(other, POLLIN);
	SHOW(recvfrom(other, buf, sizeof(buf), 0, (void *)&from, &len));
	printf("%.15s, protocol %d from %x\n", buf + 20, buf[9] & 255, ntohl(from.sin_addr.s_addr));
	struct sockaddr_in bound = local(0);
	SHOW(bind(other, (void *)&bound, sizeof(bound)));
	getsockname(other, (void *)&bound, &len);
	printf("name %x\n", ntohl(bound.sin_addr.s_addr));
	close(other);
	if (geteuid() == 0 && !seteuid(1234)) {
		SHOW(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
		seteuid(0);
	}
	return 0;
}
