/* SPDX-License-Identifier: BSD-3-Clause */
/* Options of Internet sockets: what they begin with, what may be set, and their errors; ioctls of interfaces. */
#define _GNU_SOURCE
#include <net/if.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include "inet.h"

static void number(int fd, const char *name, int level, int option, int v)
{
	int before = int_option(fd, level, option), ret = set_int(fd, level, option, v), error = errno;

	printf("%s: %d, set %d: %s, %d\n", name, before, v, ret ? strerrorname_np(error) : "ok", int_option(fd, level, option));
}
#define NUMBER(fd, level, option, v) number(fd, #option, level, option, v)

static void of_tcp(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), s[2];

	printf("== tcp\n");
	NUMBER(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	NUMBER(fd, IPPROTO_TCP, TCP_NODELAY, 7);
	NUMBER(fd, IPPROTO_TCP, TCP_CORK, 1);
	NUMBER(fd, IPPROTO_TCP, TCP_KEEPIDLE, 60);
	NUMBER(fd, IPPROTO_TCP, TCP_KEEPIDLE, 0);
	NUMBER(fd, IPPROTO_TCP, TCP_KEEPIDLE, 40000);
	NUMBER(fd, IPPROTO_TCP, TCP_KEEPINTVL, 10);
	NUMBER(fd, IPPROTO_TCP, TCP_KEEPCNT, 5);
	NUMBER(fd, IPPROTO_TCP, TCP_KEEPCNT, 128);
	NUMBER(fd, IPPROTO_TCP, TCP_SYNCNT, 3);
	NUMBER(fd, IPPROTO_TCP, TCP_SYNCNT, 256);
	NUMBER(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 5000);
	NUMBER(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, -1);
	NUMBER(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, 1);
	NUMBER(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, 4);
	NUMBER(fd, IPPROTO_TCP, TCP_LINGER2, 20);
	NUMBER(fd, IPPROTO_TCP, TCP_MAXSEG, 1000);
	NUMBER(fd, IPPROTO_TCP, TCP_MAXSEG, 20);
	NUMBER(fd, IPPROTO_TCP, 999, 1);
	SHOW(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, "x", 1));
	SHOW(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4));
	char name[16] = "";
	socklen_t len = sizeof(name);
	SHOW(getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &len));
	printf("%s %u\n", name, len);
	SHOW(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "nothing", 7));
	close(fd);
	tcp_pair(s);
	struct tcp_info info;
	len = sizeof(info);
	memset(&info, 0, sizeof(info));
	SHOW(getsockopt(s[0], IPPROTO_TCP, TCP_INFO, &info, &len));
	printf("state %d, has an mss %d, options with timestamps, sack and scaling %d\n", info.tcpi_state, info.tcpi_snd_mss > 100, (info.tcpi_options & 7) == 7);
	shutdown(s[0], SHUT_WR);
	poll_for(s[1], POLLRDHUP);
	len = 1;
	SHOW(getsockopt(s[1], IPPROTO_TCP, TCP_INFO, &info, &len));
	printf("state %d length %u\n", info.tcpi_state, len);
	close(s[0]);
	close(s[1]);
}

static void of_sockets(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), udp = socket(AF_INET, SOCK_DGRAM, 0);
	struct linger l;
	socklen_t len = sizeof(l);

	printf("== socket\n");
	NUMBER(fd, SOL_SOCKET, SO_REUSEADDR, 5);
	NUMBER(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	NUMBER(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	NUMBER(fd, SOL_SOCKET, SO_BROADCAST, 1);
	NUMBER(fd, SOL_SOCKET, SO_OOBINLINE, 1);
	NUMBER(fd, SOL_SOCKET, SO_RCVLOWAT, 10);
	NUMBER(fd, SOL_SOCKET, SO_RCVLOWAT, 0);
	NUMBER(fd, SOL_SOCKET, SO_PRIORITY, 4);
	NUMBER(fd, SOL_SOCKET, SO_ERROR, 1);
	NUMBER(fd, SOL_SOCKET, SO_TYPE, 1);
	NUMBER(fd, SOL_SOCKET, SO_ACCEPTCONN, 1);
	NUMBER(fd, SOL_SOCKET, 999, 1);
	NUMBER(fd, 77, 1, 1);
	SHOW(set_int(fd, SOL_SOCKET, SO_SNDBUF, 30000));
	printf("send buffer %d\n", int_option(fd, SOL_SOCKET, SO_SNDBUF));
	SHOW(set_int(fd, SOL_SOCKET, SO_RCVBUF, 40000));
	printf("receive buffer %d\n", int_option(fd, SOL_SOCKET, SO_RCVBUF));
	SHOW(setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 9}, sizeof(l)));
	SHOW(getsockopt(fd, SOL_SOCKET, SO_LINGER, &l, &len));
	printf("linger %d %d\n", l.l_onoff, l.l_linger);
	SHOW(setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, 4));
	SHOW(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &l, 1));
	SHOW(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, (void *)8, 4));
	SHOW(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3));
	char name[16] = "";
	len = sizeof(name);
	SHOW(getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &len));
	printf("%s %u\n", name, len);
	SHOW(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "none0", 6));
	printf("udp: domain %d type %d protocol %d\n", int_option(udp, SOL_SOCKET, SO_DOMAIN), int_option(udp, SOL_SOCKET, SO_TYPE), int_option(udp, SOL_SOCKET, SO_PROTOCOL));
	NUMBER(udp, SOL_SOCKET, SO_BROADCAST, 1);
	NUMBER(udp, SOL_SOCKET, SO_TIMESTAMP, 1);
	NUMBER(udp, IPPROTO_TCP, TCP_NODELAY, 1);
	close(fd);
	close(udp);
}

static void of_ip(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), six = socket(AF_INET6, SOCK_DGRAM, 0), tcp = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in to = local(9);

	printf("== ip\n");
	NUMBER(fd, IPPROTO_IP, IP_TTL, 10);
	NUMBER(fd, IPPROTO_IP, IP_TTL, 0);
	NUMBER(fd, IPPROTO_IP, IP_TTL, -1);
	NUMBER(fd, IPPROTO_IP, IP_TTL, 256);
	NUMBER(fd, IPPROTO_IP, IP_TOS, 0x10);
	NUMBER(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
	NUMBER(fd, IPPROTO_IP, IP_MTU_DISCOVER, 9);
	NUMBER(fd, IPPROTO_IP, IP_RECVERR, 1);
	NUMBER(fd, IPPROTO_IP, IP_RECVTTL, 1);
	NUMBER(fd, IPPROTO_IP, IP_RECVTOS, 1);
	NUMBER(fd, IPPROTO_IP, IP_PKTINFO, 1);
	NUMBER(fd, IPPROTO_IP, IP_FREEBIND, 1);
	NUMBER(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	NUMBER(fd, IPPROTO_IP, IP_MULTICAST_TTL, 8);
	NUMBER(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 0);
	NUMBER(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
	NUMBER(tcp, IPPROTO_IP, IP_MULTICAST_TTL, 8);
	NUMBER(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	NUMBER(fd, IPPROTO_IP, IP_MTU, 1);
	connect(fd, (void *)&to, sizeof(to));
	printf("mtu of the loopback path is large: %d\n", int_option(fd, IPPROTO_IP, IP_MTU) > 60000);
	to.sin_addr.s_addr = htonl(0xc0000201);
	to.sin_port = 0;
	set_int(tcp, IPPROTO_IP, IP_FREEBIND, 1);
	SHOW(bind(tcp, (void *)&to, sizeof(to)));
	printf("== ipv6\n");
	NUMBER(six, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	NUMBER(six, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 12);
	NUMBER(six, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 300);
	NUMBER(six, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 3);
	NUMBER(six, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0);
	NUMBER(six, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	NUMBER(six, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
	NUMBER(six, IPPROTO_IPV6, IPV6_TCLASS, 32);
	NUMBER(six, IPPROTO_IPV6, 999, 1);
	close(fd);
	close(six);
	close(tcp);
}

static void of_interfaces(void)
{
	struct ifreq r = {.ifr_name = "lo"}, all[20];
	struct ifconf conf = {.ifc_len = sizeof(all), .ifc_req = all};
	int fd = socket(AF_INET, SOCK_DGRAM, 0), found = 0;

	printf("== interfaces\n");
	SHOW(ioctl(fd, SIOCGIFFLAGS, &r));
	printf("flags %x\n", r.ifr_flags);
	SHOW(ioctl(fd, SIOCGIFADDR, &r));
	printf("address %x family %d\n", ntohl(((struct sockaddr_in *)&r.ifr_addr)->sin_addr.s_addr), r.ifr_addr.sa_family);
	SHOW(ioctl(fd, SIOCGIFNETMASK, &r));
	printf("mask %x\n", ntohl(((struct sockaddr_in *)&r.ifr_addr)->sin_addr.s_addr));
	SHOW(ioctl(fd, SIOCGIFHWADDR, &r));
	printf("kind %d\n", r.ifr_hwaddr.sa_family);
	SHOW(ioctl(fd, SIOCGIFINDEX, &r));
	printf("index %d, by name %u\n", r.ifr_ifindex, if_nametoindex("lo"));
	memset(&r.ifr_name, 0, sizeof(r.ifr_name));
	SHOW(ioctl(fd, SIOCGIFNAME, &r));
	printf("name %s\n", r.ifr_name);
	strcpy(r.ifr_name, "none0");
	SHOW(ioctl(fd, SIOCGIFFLAGS, &r));
	SHOW(ioctl(fd, SIOCGIFCONF, &conf));
	for (size_t i = 0; i < conf.ifc_len / sizeof(all[0]); i++)
		found |= !strcmp(all[i].ifr_name, "lo");
	printf("lo is among them: %d\n", found);
	SHOW(ioctl(fd, 0x1234, &r));
	close(fd);
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	of_tcp();
	of_sockets();
	of_ip();
	of_interfaces();
	return 0;
}
