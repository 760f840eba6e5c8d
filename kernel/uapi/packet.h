/* SPDX-License-Identifier: BSD-3-Clause */
/* packet(7). */
#pragma once
#include <stdint.h>

enum { LINUX_AF_PACKET = 17, LINUX_SOL_PACKET = 263 };
enum { LINUX_ETH_P_ALL = 3 };
enum { LINUX_PACKET_HOST, LINUX_PACKET_BROADCAST, LINUX_PACKET_MULTICAST, LINUX_PACKET_OTHERHOST, LINUX_PACKET_OUTGOING };
enum {
	LINUX_PACKET_ADD_MEMBERSHIP = 1, LINUX_PACKET_DROP_MEMBERSHIP = 2, LINUX_PACKET_RX_RING = 5, LINUX_PACKET_STATISTICS = 6, LINUX_PACKET_AUXDATA = 8, LINUX_PACKET_ORIGDEV = 9,
	LINUX_PACKET_VERSION = 10, LINUX_PACKET_HDRLEN = 11, LINUX_PACKET_RESERVE = 12, LINUX_PACKET_IGNORE_OUTGOING = 23,
};

struct linux_sockaddr_ll {
	uint16_t family;
	uint16_t protocol; /* big-endian */
	int32_t index;
	uint16_t hatype;
	uint8_t pkttype, halen, addr[8];
};

struct linux_packet_mreq {
	int32_t index;
	uint16_t type, alen;
	uint8_t address[8];
};
enum { LINUX_PACKET_MR_UNICAST = 3 }; /* the last of the types */

struct linux_tpacket_stats {
	uint32_t packets, drops;
};

struct linux_tpacket_req {
	uint32_t block_size, block_nr, frame_size, frame_nr;
};
enum { LINUX_TPACKET_V2 = 1, LINUX_TPACKET_ALIGNMENT = 16 };
enum { LINUX_TP_STATUS_KERNEL = 0, LINUX_TP_STATUS_USER = 1, LINUX_TP_STATUS_CSUMNOTREADY = 8, LINUX_TP_STATUS_CSUM_VALID = 0x80 };
struct linux_tpacket2_hdr {
	uint32_t status, len, snaplen;
	uint16_t mac, net;
	uint32_t sec, nsec;
	uint16_t vlan_tci, vlan_tpid;
	uint8_t padding[4];
};

struct linux_tpacket_auxdata { /* of PACKET_AUXDATA */
	uint32_t status, len, snaplen;
	uint16_t mac, net, vlan_tci, vlan_tpid;
};

/* Filters of any socket (socket(7)). */
struct linux_sock_fprog {
	uint16_t len;
	uint64_t filter; /* address of instructions */
};
