/* SPDX-License-Identifier: BSD-3-Clause */
/* /proc/net/tcp, udp, raw and their like for IPv6: one socket a line (proc(5)); sockstat. */
#include "kernel/fs/proc/proc.h"
#include "kernel/mem/heap.h"
#include "kernel/net/inet/inet.h"

/* Addresses as the machine has them in memory, in words. */
static void print_end(struct proc_text *to, const struct inet_end *end, bool is_ip6)
{
	static const struct net_address none;
	const struct net_address *a = is_ip6 && net_address_is_any(&end->address) ? &none : &end->address;

	for (unsigned i = is_ip6 ? 0 : 3; i < 4; i++)
		proc_print(to, "%08X", a->word[i]);
	proc_print(to, ":%04X", end->port);
}

static void print_socket(struct proc_text *to, unsigned number, const struct inet_listing *l)
{
	proc_print(to, "%4u: ", number);
	print_end(to, &l->local, l->is_ip6);
	proc_print(to, " ");
	print_end(to, &l->remote, l->is_ip6);
	proc_print(to, " %02X %08X:%08X 00:00000000 00000000 %5u        0 %llu 1 0000000000000000 20 0 0 10 -1\n", l->state, l->unsent, l->unread, l->uid,
	    (unsigned long long)l->inode);
}

static void show(struct proc_text *to, int type, int protocol, bool is_ip6)
{
	struct inet_listing *all;
	long nr = inet_list(type, protocol, &all);
	unsigned number = 0;

	proc_print(to, is_ip6 ? "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt"
				"   uid  timeout inode\n"
			      : "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n");
	if (nr < 0) {
		to->has_failed |= nr == -ENOMEM;
		return;
	}
	for (long i = 0; i < nr; i++)
		if (all[i].is_ip6 == is_ip6)
			print_socket(to, number++, &all[i]);
	heap_free(all);
}

#define SOCKETS_FILE(name, type, protocol, is_ip6)                                                                     \
	static void show_##name(struct proc_text *to)                                                                 \
	{                                                                                                             \
		show(to, type, protocol, is_ip6);                                                                     \
	}                                                                                                             \
	PROC_FILE(net_##name) = {.path = "PID/net/" #name, .mode = 0444, .show = show_##name}

SOCKETS_FILE(tcp, LINUX_SOCK_STREAM, LINUX_IPPROTO_TCP, false);
SOCKETS_FILE(tcp6, LINUX_SOCK_STREAM, LINUX_IPPROTO_TCP, true);
SOCKETS_FILE(udp, LINUX_SOCK_DGRAM, LINUX_IPPROTO_UDP, false);
SOCKETS_FILE(udp6, LINUX_SOCK_DGRAM, LINUX_IPPROTO_UDP, true);
SOCKETS_FILE(raw, LINUX_SOCK_RAW, 0, false);
SOCKETS_FILE(raw6, LINUX_SOCK_RAW, 0, true);

static void count(int type, int protocol, bool is_ip6, unsigned *in_use, unsigned *waiting)
{
	struct inet_listing *all;
	long nr = inet_list(type, protocol, &all);

	*in_use = *waiting = 0;
	for (long i = 0; i < nr; i++) {
		if (all[i].state == 6)
			++*waiting;
		else
			*in_use += all[i].is_ip6 == is_ip6;
	}
	if (nr >= 0)
		heap_free(all);
}

static void show_sockstat(struct proc_text *to)
{
	unsigned tcp, udp, raw, waiting, none;

	count(LINUX_SOCK_STREAM, LINUX_IPPROTO_TCP, false, &tcp, &waiting);
	count(LINUX_SOCK_DGRAM, LINUX_IPPROTO_UDP, false, &udp, &none);
	count(LINUX_SOCK_RAW, 0, false, &raw, &none);
	proc_print(to, "sockets: used %u\nTCP: inuse %u orphan 0 tw %u alloc %u mem 0\nUDP: inuse %u mem 0\nUDPLITE: inuse 0\nRAW: inuse %u\nFRAG: inuse 0 memory 0\n",
	    tcp + udp + raw, tcp, waiting, tcp, udp, raw);
}
PROC_FILE(net_sockstat) = {.path = "PID/net/sockstat", .mode = 0444, .show = show_sockstat};

static void show_sockstat6(struct proc_text *to)
{
	unsigned tcp, udp, raw, none;

	count(LINUX_SOCK_STREAM, LINUX_IPPROTO_TCP, true, &tcp, &none);
	count(LINUX_SOCK_DGRAM, LINUX_IPPROTO_UDP, true, &udp, &none);
	count(LINUX_SOCK_RAW, 0, true, &raw, &none);
	proc_print(to, "TCP6: inuse %u\nUDP6: inuse %u\nUDPLITE6: inuse 0\nRAW6: inuse %u\nFRAG6: inuse 0 memory 0\n", tcp, udp, raw);
}
PROC_FILE(net_sockstat6) = {.path = "PID/net/sockstat6", .mode = 0444, .show = show_sockstat6};
