/* SPDX-License-Identifier: BSD-3-Clause */
/* /proc/net/snmp and netstat: what the stack counts, by the names of RFC 1213 and of Linux (proc(5)). */
#include "kernel/fs/proc/proc.h"
#include "kernel/net/inet/inet.h"
#include "kernel/net/system/system.h"

#define NONE NET_NR_COUNTERS /* always 0 here */

struct column {
	const char *name;
	enum net_counter counter;
	unsigned constant; /* where counter is NONE */
};

static const struct column ip[] = {
	{"Forwarding", NONE, 2}, {"DefaultTTL", NONE, 64}, {"InReceives", NET_COUNT_IP_IN, 0}, {"InHdrErrors", NET_COUNT_IP_BAD_HEADER, 0},
	{"InAddrErrors", NET_COUNT_IP_NOT_FOR_US, 0}, {"ForwDatagrams", NONE, 0}, {"InUnknownProtos", NET_COUNT_IP_UNKNOWN_PROTOCOL, 0}, {"InDiscards", NET_COUNT_IP_NO_MEMORY, 0},
	{"InDelivers", NET_COUNT_IP_IN, 0}, {"OutRequests", NET_COUNT_IP_OUT, 0}, {"OutDiscards", NONE, 0}, {"OutNoRoutes", NET_COUNT_IP_NO_ROUTE, 0},
	{"ReasmTimeout", NET_COUNT_IP_REASSEMBLY_TIMEOUT, 0}, {"ReasmReqds", NET_COUNT_IP_FRAGMENTS_IN, 0}, {"ReasmOKs", NET_COUNT_IP_REASSEMBLED, 0},
	{"ReasmFails", NET_COUNT_IP_FRAGMENT_BAD, 0}, {"FragOKs", NONE, 0}, {"FragFails", NET_COUNT_IP_TOO_BIG, 0}, {"FragCreates", NET_COUNT_IP_FRAGMENTS_OUT, 0},
};
static const struct column icmp[] = {
	{"InMsgs", NET_COUNT_ICMP_IN, 0}, {"InErrors", NET_COUNT_ICMP_BAD, 0}, {"InCsumErrors", NET_COUNT_ICMP_BAD_CHECKSUM, 0}, {"InEchos", NET_COUNT_ICMP_ECHO, 0},
	{"OutMsgs", NET_COUNT_ICMP_OUT, 0}, {"OutRateLimitGlobal", NET_COUNT_ICMP_LIMITED, 0},
};
static const struct column tcp[] = {
	{"RtoAlgorithm", NONE, 1}, {"RtoMin", NONE, 200}, {"RtoMax", NONE, 120000}, {"MaxConn", NONE, 0}, {"ActiveOpens", NET_COUNT_TCP_ACTIVE_OPEN, 0},
	{"PassiveOpens", NET_COUNT_TCP_PASSIVE_OPEN, 0}, {"AttemptFails", NONE, 0}, {"EstabResets", NET_COUNT_TCP_RESET_IN, 0}, {"CurrEstab", NONE, 0},
	{"InSegs", NET_COUNT_TCP_IN, 0}, {"OutSegs", NET_COUNT_TCP_OUT, 0}, {"RetransSegs", NET_COUNT_TCP_RETRANSMIT, 0}, {"InErrs", NET_COUNT_TCP_BAD, 0},
	{"OutRsts", NET_COUNT_TCP_RESET_OUT, 0}, {"InCsumErrors", NET_COUNT_TCP_BAD_CHECKSUM, 0},
};
static const struct column udp[] = {
	{"InDatagrams", NET_COUNT_UDP_IN, 0}, {"NoPorts", NET_COUNT_UDP_NO_PORT, 0}, {"InErrors", NET_COUNT_UDP_BAD, 0}, {"OutDatagrams", NET_COUNT_UDP_OUT, 0},
	{"RcvbufErrors", NET_COUNT_UDP_QUEUE_FULL, 0}, {"SndbufErrors", NONE, 0}, {"InCsumErrors", NET_COUNT_UDP_BAD_CHECKSUM, 0},
};
static const struct column tcp_extended[] = {
	{"SyncookiesSent", NET_COUNT_TCP_COOKIE_SENT, 0}, {"SyncookiesRecv", NET_COUNT_TCP_COOKIE_GOOD, 0}, {"SyncookiesFailed", NET_COUNT_TCP_COOKIE_BAD, 0},
	{"TW", NONE, 0}, {"TWRecycled", NET_COUNT_TCP_TIME_WAIT_REUSED, 0}, {"PAWSEstab", NET_COUNT_TCP_PAWS, 0}, {"ListenOverflows", NET_COUNT_TCP_BACKLOG_FULL, 0},
	{"ListenDrops", NET_COUNT_TCP_SYN_DROPPED, 0}, {"TCPFastRetrans", NET_COUNT_TCP_FAST_RETRANSMIT, 0}, {"TCPTimeouts", NET_COUNT_TCP_TIMEOUT, 0}, {"TCPSpuriousRTOs", NET_COUNT_TCP_SPURIOUS_TIMEOUT, 0},
	{"TCPOFOQueue", NET_COUNT_TCP_OUT_OF_ORDER, 0}, {"TCPChallengeACK", NET_COUNT_TCP_CHALLENGE, 0}, {"TCPKeepAlive", NET_COUNT_TCP_KEEP_ALIVE, 0},
};

static uint64_t value_of(const struct column *column, const uint64_t *count)
{
	return column->counter == NONE ? column->constant : count[column->counter];
}

/* Names on one line, numbers on the next. */
static void print_group(struct proc_text *to, const char *name, const struct column *columns, size_t nr, const uint64_t *count)
{
	proc_print(to, "%s:", name);
	for (size_t i = 0; i < nr; i++)
		proc_print(to, " %s", columns[i].name);
	proc_print(to, "\n%s:", name);
	for (size_t i = 0; i < nr; i++)
		proc_print(to, " %llu", (unsigned long long)value_of(&columns[i], count));
	proc_print(to, "\n");
}

static void copy_counters(uint64_t count[NET_NR_COUNTERS])
{
	memcpy(count, net_enter()->count, NET_NR_COUNTERS * sizeof(count[0]));
	net_leave();
}

static void show_snmp(struct proc_text *to)
{
	uint64_t count[NET_NR_COUNTERS];

	copy_counters(count);
	print_group(to, "Ip", ip, ARRAY_SIZE(ip), count);
	print_group(to, "Icmp", icmp, ARRAY_SIZE(icmp), count);
	print_group(to, "Tcp", tcp, ARRAY_SIZE(tcp), count);
	print_group(to, "Udp", udp, ARRAY_SIZE(udp), count);
}
PROC_FILE(net_snmp) = {.path = "PID/net/snmp", .mode = 0444, .show = show_snmp};

static void show_netstat(struct proc_text *to)
{
	uint64_t count[NET_NR_COUNTERS];

	copy_counters(count);
	print_group(to, "TcpExt", tcp_extended, ARRAY_SIZE(tcp_extended), count);
}
PROC_FILE(net_netstat) = {.path = "PID/net/netstat", .mode = 0444, .show = show_netstat};
