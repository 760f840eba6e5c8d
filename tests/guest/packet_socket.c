/* SPDX-License-Identifier: BSD-3-Clause */
/* packet(7): frames of the loopback interface as they go out and come in, filters, a ring, errors. On Linux in a network namespace of its own. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include "show.h"

enum { LO = 1, PAYLOAD = 40 };

/* An IPv4 packet to nobody, of a protocol that nobody has: it is answered by nobody. */
static uint8_t packet[14 + 20 + PAYLOAD] = {[12] = 0x08, 0x00, 0x45, 0, 0, 20 + PAYLOAD, 0, 1, 0, 0, 64, 253, 0, 0, 192, 0, 2, 9, 192, 0, 2, 1};
static uint8_t bytes[70000];

static void make_packet(void)
{
	uint32_t sum = 0;

	for (int i = 0; i < 20; i += 2)
		sum += (uint32_t)(packet[14 + i] << 8 | packet[15 + i]);
	sum = ~((sum & 0xffff) + (sum >> 16));
	packet[24] = (uint8_t)(sum >> 8);
	packet[25] = (uint8_t)sum;
	for (int i = 0; i < PAYLOAD; i++)
		packet[34 + i] = (uint8_t)i;
}

static void set_up(void)
{
	struct {
		struct nlmsghdr h;
		struct ifinfomsg m;
	} r = {{sizeof(r), RTM_NEWLINK, NLM_F_REQUEST, 1, 0}, {.ifi_index = LO, .ifi_change = IFF_UP, .ifi_flags = IFF_UP}};
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	if (send(fd, &r, sizeof(r), 0) < 0)
		perror("up");
	close(fd);
}

static int open_bound(int type, int protocol)
{
	struct sockaddr_ll name = {.sll_family = AF_PACKET, .sll_protocol = htons(protocol), .sll_ifindex = LO};
	int fd = socket(AF_PACKET, type, 0);

	if (bind(fd, (struct sockaddr *)&name, sizeof(name)))
		perror("bind");
	return fd;
}

static int send_packet(int fd)
{
	return (int)send(fd, packet, sizeof(packet), 0);
}

static void show_frames(const char *who, int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	while (poll(&p, 1, 200) == 1) {
		struct sockaddr_ll from;
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(fd, bytes, sizeof(bytes), MSG_DONTWAIT, (struct sockaddr *)&from, &len);

		if (n < 0) {
			printf("%s: %s\n", who, strerrorname_np(errno));
			return;
		}
		printf("%s: %zd bytes, address %u bytes, family %d protocol %#x index %d hatype %d pkttype %d halen %d:", who, n, len, from.sll_family, ntohs(from.sll_protocol),
		       from.sll_ifindex, from.sll_hatype, from.sll_pkttype, from.sll_halen);
		for (ssize_t i = 0; i < 20 && i < n; i++)
			printf(" %02x", bytes[i]);
		printf("\n");
	}
}

static void show_seeing(void)
{
	int all = open_bound(SOCK_RAW, ETH_P_ALL), ip = open_bound(SOCK_RAW, ETH_P_IP), cooked = open_bound(SOCK_DGRAM, ETH_P_ALL), arp = open_bound(SOCK_RAW, ETH_P_ARP);
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = LO, .sll_halen = 6};

	SHOW(send_packet(all));
	show_frames("all", all);
	show_frames("ip", ip);
	show_frames("cooked", cooked);
	show_frames("arp", arp);
	SHOW(sendto(cooked, packet + 14, sizeof(packet) - 14, 0, (struct sockaddr *)&to, sizeof(to)));
	show_frames("all", all);
	show_frames("ip", ip);
	int one = 1;
	SHOW(setsockopt(cooked, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)));
	while (recv(cooked, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		continue;
	SHOW(send_packet(all));
	show_frames("no outgoing", cooked);
	close(all);
	close(ip);
	close(cooked);
	close(arp);
}

static void show_reading(void)
{
	int fd = open_bound(SOCK_RAW, ETH_P_IP);
	struct tpacket_stats stats;
	socklen_t len = sizeof(stats);
	struct iovec io = {.iov_base = bytes, .iov_len = 30};
	struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1};

	for (int i = 0; i < 3; i++)
		send_packet(fd);
	poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 1000);
	SHOW(recv(fd, bytes, 10, MSG_PEEK));
	SHOW(recv(fd, bytes, 10, MSG_PEEK | MSG_TRUNC));
	SHOW(recvmsg(fd, &m, 0));
	printf("flags %#x\n", m.msg_flags);
	SHOW(recv(fd, bytes, 1000, 0));
	SHOW(recv(fd, bytes, 10, MSG_TRUNC));
	SHOW(recv(fd, bytes, 10, MSG_DONTWAIT));
	SHOW(getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len));
	printf("packets %u drops %u\n", stats.tp_packets, stats.tp_drops);
	SHOW(getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len));
	printf("packets %u drops %u\n", stats.tp_packets, stats.tp_drops);
	close(fd);
}

static void show_filters(void)
{
	struct sock_filter to_1[] = {{BPF_LD | BPF_W | BPF_ABS, 0, 0, 30}, {BPF_JMP | BPF_JEQ, 0, 1, 0xc0000201}, {BPF_RET, 0, 0, 25}, {BPF_RET, 0, 0, 0}};
	struct sock_filter outgoing[] = {{BPF_LD | BPF_B | BPF_ABS, 0, 0, SKF_AD_OFF + SKF_AD_PKTTYPE}, {BPF_JMP | BPF_JEQ, 0, 1, PACKET_OUTGOING}, {BPF_RET, 0, 0, 1000}, {BPF_RET, 0, 0, 0}};
	struct sock_filter endless[] = {{BPF_JMP | BPF_JA, 0, 0, 0xffffffff}, {BPF_RET, 0, 0, 0}};
	struct sock_fprog program = {.len = 4, .filter = to_1};
	int fd = open_bound(SOCK_RAW, ETH_P_ALL), zero = 0;

	SHOW(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &zero, sizeof(zero)));
	SHOW(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)));
	send_packet(fd);
	show_frames("cut by the filter", fd);
	to_1[1].k++;
	SHOW(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)));
	send_packet(fd);
	show_frames("filtered away", fd);
	program.filter = outgoing;
	SHOW(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)));
	send_packet(fd);
	show_frames("outgoing alone", fd);
	SHOW(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &zero, sizeof(zero)));
	send_packet(fd);
	show_frames("without a filter", fd);
	program = (struct sock_fprog){.len = 2, .filter = endless};
	SHOW(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)));
	program.len = 0;
	SHOW(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)));
	program = (struct sock_fprog){.len = 2, .filter = (void *)16};
	SHOW(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)));
	SHOW(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, 4));
	close(fd);
}

static void show_errors(void)
{
	struct sockaddr_ll name = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = LO};
	struct packet_mreq mreq = {.mr_ifindex = LO, .mr_type = PACKET_MR_PROMISC};
	socklen_t len = sizeof(name);
	int fd, v;

	SHOW(socket(AF_PACKET, SOCK_STREAM, 0));
	SHOW_OK(fd = socket(AF_PACKET, SOCK_RAW, 0));
	SHOW(send_packet(fd));
	SHOW(bind(fd, (struct sockaddr *)&name, 12));
	name.sll_ifindex = 4711;
	SHOW(bind(fd, (struct sockaddr *)&name, sizeof(name)));
	name.sll_family = AF_INET;
	SHOW(bind(fd, (struct sockaddr *)&name, sizeof(name)));
	name = (struct sockaddr_ll){.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = LO};
	SHOW(bind(fd, (struct sockaddr *)&name, sizeof(name)));
	SHOW(getsockname(fd, (struct sockaddr *)&name, &len));
	printf("length %u protocol %#x index %d hatype %d halen %d\n", len, ntohs(name.sll_protocol), name.sll_ifindex, name.sll_hatype, name.sll_halen);
	SHOW(getpeername(fd, (struct sockaddr *)&name, &len));
	SHOW(connect(fd, (struct sockaddr *)&name, sizeof(name)));
	SHOW(listen(fd, 1));
	SHOW(send(fd, packet, 10, 0));
	SHOW(send(fd, bytes, 66000, 0));
	SHOW(setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &mreq, sizeof(mreq)));
	SHOW(setsockopt(fd, SOL_PACKET, PACKET_DROP_MEMBERSHIP, &mreq, sizeof(mreq)));
	mreq.mr_ifindex = 4711;
	SHOW(setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &mreq, sizeof(mreq)));
	SHOW(setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &mreq, 8));
	v = 1;
	SHOW(setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &v, sizeof(v)));
	SHOW(setsockopt(fd, SOL_PACKET, 99, &v, sizeof(v)));
	SHOW(getsockopt(fd, SOL_PACKET, 99, &v, &len));
	close(fd);
}

static void show_ring(void)
{
	struct tpacket_req req = {.tp_block_size = 8192, .tp_block_nr = 2, .tp_frame_size = 2048, .tp_frame_nr = 8}, bad = req, none = {0};
	int fd = open_bound(SOCK_RAW, ETH_P_IP), v = TPACKET_V2;
	struct tpacket_stats stats;
	socklen_t len = sizeof(v);
	uint8_t *ring;

	SHOW(getsockopt(fd, SOL_PACKET, PACKET_HDRLEN, &v, &len));
	printf("header %d bytes\n", v);
	v = TPACKET_V2;
	SHOW(setsockopt(fd, SOL_PACKET, PACKET_VERSION, &v, sizeof(v)));
	SHOW((long)mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	v = 4;
	SHOW(setsockopt(fd, SOL_PACKET, PACKET_RESERVE, &v, sizeof(v)));
	bad.tp_frame_nr = 9;
	SHOW(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &bad, sizeof(bad)));
	bad.tp_frame_nr = 8;
	bad.tp_block_size = 1000;
	SHOW(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &bad, sizeof(bad)));
	bad.tp_block_size = 8192;
	bad.tp_frame_size = 32;
	SHOW(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &bad, sizeof(bad)));
	SHOW(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)));
	SHOW(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)));
	SHOW(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &none, sizeof(none)));
	SHOW(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)));
	SHOW_OK((long)(ring = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)));
	for (int i = 0; i < 11; i++)
		send_packet(fd);
	for (int i = 0; i < 9; i++) {
		volatile struct tpacket2_hdr *h = (void *)(ring + i % 8 * 2048);
		struct sockaddr_ll *from = (void *)(ring + i % 8 * 2048 + TPACKET_ALIGN(sizeof(*h)));
		uint8_t *data = (uint8_t *)h + h->tp_mac;

		if (i == 8)
			send_packet(fd);
		SHOW(poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 200));
		if (!(h->tp_status & TP_STATUS_USER)) {
			printf("slot %d is empty\n", i);
			break;
		}
		printf("slot %d: %u of %u bytes, mac %u net %u, time %s, pkttype %d, %s\n", i, h->tp_snaplen, h->tp_len, h->tp_mac, h->tp_net, h->tp_sec ? "set" : "none", from->sll_pkttype,
		       memcmp(data, packet, sizeof(packet)) ? "other bytes" : "its bytes");
		h->tp_status = TP_STATUS_KERNEL;
	}
	len = sizeof(stats);
	SHOW(getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len));
	printf("packets %u drops %u\n", stats.tp_packets, stats.tp_drops);
	close(fd); /* the mapping keeps the ring */
	printf("slot 0: status %u\n", ((struct tpacket2_hdr *)ring)->tp_status);
	SHOW(munmap(ring, 16384));
}

int main(void)
{
	alarm(60);
	unshare(CLONE_NEWNET); /* not in the machine, whose network is its own */
	make_packet();
	set_up();
	show_errors();
	show_seeing();
	show_reading();
	show_filters();
	show_ring();
	return 0;
}
