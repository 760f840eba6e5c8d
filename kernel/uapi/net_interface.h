/* SPDX-License-Identifier: BSD-3-Clause */
/* netdevice(7), route(7): ioctls of interfaces and of the routing table. */
#pragma once
#include <stdint.h>

enum {
	LINUX_SIOCADDRT = 0x890b, LINUX_SIOCDELRT, LINUX_SIOCGIFNAME = 0x8910, LINUX_SIOCGIFCONF = 0x8912, LINUX_SIOCGIFFLAGS, LINUX_SIOCSIFFLAGS, LINUX_SIOCGIFADDR, LINUX_SIOCSIFADDR,
	LINUX_SIOCGIFDSTADDR, LINUX_SIOCGIFBRDADDR = 0x8919, LINUX_SIOCSIFBRDADDR, LINUX_SIOCGIFNETMASK, LINUX_SIOCSIFNETMASK, LINUX_SIOCGIFMETRIC, LINUX_SIOCGIFMTU = 0x8921, LINUX_SIOCSIFMTU,
	LINUX_SIOCGIFHWADDR = 0x8927, LINUX_SIOCGIFINDEX = 0x8933, LINUX_SIOCGIFTXQLEN = 0x8942, LINUX_SIOCETHTOOL = 0x8946, LINUX_SIOCGIFMAP = 0x8970,
};
enum {
	LINUX_IFF_UP = 1, LINUX_IFF_BROADCAST = 2, LINUX_IFF_LOOPBACK = 8, LINUX_IFF_RUNNING = 0x40, LINUX_IFF_MULTICAST = 0x1000, LINUX_IFF_LOWER_UP = 0x10000,
};
enum { LINUX_ARPHRD_ETHER = 1, LINUX_ARPHRD_LOOPBACK = 772, LINUX_ARPHRD_NONE = 0xfffe };
enum { LINUX_RTF_UP = 1, LINUX_RTF_GATEWAY = 2, LINUX_RTF_HOST = 4 };

struct linux_ifreq {
	char name[16];
	union {
		uint8_t address[16]; /* struct sockaddr */
		int16_t flags;
		int32_t number;
		uint8_t room[24];
	};
};

struct linux_ifconf {
	int32_t len, pad;
	uint64_t requests;
};

struct linux_rtentry {
	uint64_t pad1;
	uint8_t destination[16], gateway[16], mask[16]; /* struct sockaddr_in */
	uint16_t flags;
	int16_t pad2;
	uint64_t pad3, pad4;
	int16_t metric; /* plus 1 */
	uint64_t device; /* a name's address */
	uint64_t mtu, window;
	uint16_t irtt;
};
