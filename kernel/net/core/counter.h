/* SPDX-License-Identifier: BSD-3-Clause */
/* What the stack counts: each reason for which a packet is dropped, and a few other events. */
#pragma once

#define NET_COUNTERS(X)                                                                                             \
	X(LINK_SHORT) X(LINK_NOT_FOR_US) X(LINK_UNKNOWN_TYPE) X(LINK_NO_MEMORY) X(LINK_DOWN)                         \
	X(ARP_BAD) X(ARP_QUEUE_FULL) X(ARP_UNRESOLVED) X(ARP_TABLE_FULL)                                             \
	X(IP_IN) X(IP_OUT) X(IP_SHORT) X(IP_BAD_HEADER) X(IP_BAD_CHECKSUM) X(IP_BAD_SOURCE) X(IP_BAD_OPTIONS)         \
	X(IP_NOT_FOR_US) X(IP_UNKNOWN_PROTOCOL) X(IP_NO_ROUTE) X(IP_TOO_BIG) X(IP_NO_MEMORY)                         \
	X(IP_FRAGMENTS_IN) X(IP_FRAGMENTS_OUT) X(IP_FRAGMENT_BAD) X(IP_FRAGMENT_OVERLAP) X(IP_FRAGMENT_LIMIT)         \
	X(IP_REASSEMBLED) X(IP_REASSEMBLY_TIMEOUT)                                                                   \
	X(ICMP_IN) X(ICMP_BAD) X(ICMP_BAD_CHECKSUM) X(ICMP_LIMITED) X(ICMP_ECHO) X(ICMP_OUT)                         \
	X(UDP_IN) X(UDP_OUT) X(UDP_BAD) X(UDP_BAD_CHECKSUM) X(UDP_NO_PORT) X(UDP_QUEUE_FULL)                         \
	X(TCP_IN) X(TCP_OUT) X(TCP_BAD) X(TCP_BAD_CHECKSUM) X(TCP_NO_PORT) X(TCP_RESET_OUT) X(TCP_RESET_IN)           \
	X(TCP_OUT_OF_WINDOW) X(TCP_PAWS) X(TCP_BAD_ACK) X(TCP_CHALLENGE) X(TCP_CHALLENGE_LIMITED)                    \
	X(TCP_RETRANSMIT) X(TCP_TIMEOUT) X(TCP_FAST_RETRANSMIT) X(TCP_TAIL_PROBE) X(TCP_PROBE) X(TCP_KEEP_ALIVE)                       \
	X(TCP_OUT_OF_ORDER) X(TCP_DUPLICATE) X(TCP_QUEUE_FULL) X(TCP_NO_MEMORY) X(TCP_AFTER_CLOSE)                   \
	X(TCP_BACKLOG_FULL) X(TCP_ORPHAN_REFUSED) X(TCP_COOKIE_SENT) X(TCP_COOKIE_GOOD) X(TCP_COOKIE_BAD) X(TCP_SYN_DROPPED)                \
	X(TCP_ACTIVE_OPEN) X(TCP_PASSIVE_OPEN) X(TCP_TIME_WAIT_REUSED) X(TCP_TIME_WAIT_RECYCLED) X(TCP_ECN_REDUCED)

enum net_counter {
#define NET_COUNTER_ENUM(name) NET_COUNT_##name,
	NET_COUNTERS(NET_COUNTER_ENUM)
#undef NET_COUNTER_ENUM
	    NET_NR_COUNTERS
};
