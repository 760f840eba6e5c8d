/* SPDX-License-Identifier: BSD-3-Clause */
/* netlink(7), rtnetlink(7). All numbers in the machine's byte order but addresses. */
#pragma once
#include <stdint.h>

enum { LINUX_NETLINK_ROUTE = 0, LINUX_NETLINK_SOCK_DIAG = 4, LINUX_NETLINK_KOBJECT_UEVENT = 15 };
enum { LINUX_SOL_NETLINK = 270 };
enum {
	LINUX_NETLINK_ADD_MEMBERSHIP = 1, LINUX_NETLINK_DROP_MEMBERSHIP, LINUX_NETLINK_PKTINFO, LINUX_NETLINK_BROADCAST_ERROR, LINUX_NETLINK_NO_ENOBUFS,
	LINUX_NETLINK_LIST_MEMBERSHIPS = 9, LINUX_NETLINK_CAP_ACK = 10, LINUX_NETLINK_EXT_ACK = 11, LINUX_NETLINK_GET_STRICT_CHK = 12,
};

struct linux_sockaddr_nl {
	uint16_t family, pad;
	uint32_t pid, groups;
};

struct linux_nlmsghdr {
	uint32_t len; /* with the header */
	uint16_t type, flags;
	uint32_t seq, pid;
};

struct linux_nlattr {
	uint16_t len, type; /* len with the header */
};

enum { LINUX_NLMSG_NOOP = 1, LINUX_NLMSG_ERROR, LINUX_NLMSG_DONE, LINUX_NLMSG_MIN_TYPE = 16 };
enum {
	LINUX_NLM_F_REQUEST = 1, LINUX_NLM_F_MULTI = 2, LINUX_NLM_F_ACK = 4, LINUX_NLM_F_ROOT = 0x100, LINUX_NLM_F_MATCH = 0x200, LINUX_NLM_F_DUMP = 0x300,
	LINUX_NLM_F_REPLACE = 0x100, LINUX_NLM_F_EXCL = 0x200, LINUX_NLM_F_CREATE = 0x400, LINUX_NLM_F_APPEND = 0x800,
	LINUX_NLM_F_CAPPED = 0x100, LINUX_NLM_F_ACK_TLVS = 0x200, /* of errors */
};
enum { LINUX_NLA_NESTED = 0x8000, LINUX_NLA_TYPE_MASK = 0x3fff };
enum { LINUX_NLMSGERR_ATTR_MSG = 1 };

enum {
	LINUX_RTM_NEWLINK = 16, LINUX_RTM_DELLINK, LINUX_RTM_GETLINK, LINUX_RTM_SETLINK,
	LINUX_RTM_NEWADDR, LINUX_RTM_DELADDR, LINUX_RTM_GETADDR,
	LINUX_RTM_NEWROUTE = 24, LINUX_RTM_DELROUTE, LINUX_RTM_GETROUTE,
	LINUX_RTM_NEWNEIGH = 28, LINUX_RTM_DELNEIGH, LINUX_RTM_GETNEIGH,
	LINUX_RTM_NEWRULE = 32, LINUX_RTM_DELRULE, LINUX_RTM_GETRULE,
	LINUX_RTM_MAX = 123,
};
enum { /* groups by number; as bits of sockaddr_nl.groups, from 1 << 0 for the first */
	LINUX_RTNLGRP_LINK = 1, LINUX_RTNLGRP_NOTIFY, LINUX_RTNLGRP_NEIGH, LINUX_RTNLGRP_TC, LINUX_RTNLGRP_IPV4_IFADDR, LINUX_RTNLGRP_IPV4_MROUTE,
	LINUX_RTNLGRP_IPV4_ROUTE, LINUX_RTNLGRP_IPV4_RULE, LINUX_RTNLGRP_IPV6_IFADDR, LINUX_RTNLGRP_IPV6_MROUTE, LINUX_RTNLGRP_IPV6_ROUTE,
	LINUX_RTNLGRP_MAX = 36,
};

struct linux_ifinfomsg {
	uint8_t family, pad;
	uint16_t type; /* ARPHRD_* */
	int32_t index;
	uint32_t flags, change; /* IFF_* */
};
enum {
	LINUX_IFLA_ADDRESS = 1, LINUX_IFLA_BROADCAST, LINUX_IFLA_IFNAME, LINUX_IFLA_MTU, LINUX_IFLA_LINK, LINUX_IFLA_QDISC, LINUX_IFLA_STATS, LINUX_IFLA_TXQLEN = 13,
	LINUX_IFLA_OPERSTATE = 16, LINUX_IFLA_LINKMODE = 17, LINUX_IFLA_STATS64 = 23, LINUX_IFLA_GROUP = 27, LINUX_IFLA_PROMISCUITY = 30,
	LINUX_IFLA_NUM_TX_QUEUES = 31, LINUX_IFLA_NUM_RX_QUEUES = 32, LINUX_IFLA_CARRIER = 33, LINUX_IFLA_GSO_MAX_SEGS = 40, LINUX_IFLA_GSO_MAX_SIZE = 41,
	LINUX_IFLA_MIN_MTU = 50, LINUX_IFLA_MAX_MTU = 51, LINUX_IFLA_ALT_IFNAME = 53, LINUX_IFLA_MAX = 70,
};
enum { LINUX_IF_OPER_UNKNOWN = 0, LINUX_IF_OPER_DOWN = 2, LINUX_IF_OPER_UP = 6 };

struct linux_rtnl_link_stats64 {
	uint64_t rx_packets, tx_packets, rx_bytes, tx_bytes, rx_errors, tx_errors, rx_dropped, tx_dropped, multicast, collisions;
	uint64_t rx_detail[6], tx_detail[5], compressed[2], rx_nohandler, rx_otherhost_dropped;
};
#define LINUX_LINK_STATS32 24 /* numbers in IFLA_STATS: as many of these, in 32 bits */

struct linux_ifaddrmsg {
	uint8_t family, prefixlen, flags, scope;
	uint32_t index;
};
enum { LINUX_IFA_ADDRESS = 1, LINUX_IFA_LOCAL, LINUX_IFA_LABEL, LINUX_IFA_BROADCAST, LINUX_IFA_CACHEINFO = 6, LINUX_IFA_FLAGS = 8, LINUX_IFA_MAX = 11 };
enum {
	LINUX_IFA_F_NODAD = 2, LINUX_IFA_F_OPTIMISTIC = 4, LINUX_IFA_F_DADFAILED = 8, LINUX_IFA_F_DEPRECATED = 0x20, LINUX_IFA_F_TENTATIVE = 0x40, LINUX_IFA_F_PERMANENT = 0x80,
};
struct linux_ifa_cacheinfo {
	uint32_t preferred, valid; /* seconds; all ones: for ever */
	uint32_t created, updated; /* hundredths of seconds since start */
};

struct linux_rtmsg {
	uint8_t family, dst_len, src_len, tos, table, protocol, scope, type;
	uint32_t flags;
};
enum {
	LINUX_RTA_DST = 1, LINUX_RTA_SRC, LINUX_RTA_IIF, LINUX_RTA_OIF, LINUX_RTA_GATEWAY, LINUX_RTA_PRIORITY, LINUX_RTA_PREFSRC, LINUX_RTA_METRICS, LINUX_RTA_MULTIPATH,
	LINUX_RTA_CACHEINFO = 12, LINUX_RTA_TABLE = 15, LINUX_RTA_UID = 25, LINUX_RTA_MAX = 30,
};
enum { LINUX_RTAX_MTU = 2, LINUX_RTAX_MAX = 17 };
enum { LINUX_RT_TABLE_DEFAULT = 253, LINUX_RT_TABLE_MAIN = 254, LINUX_RT_TABLE_LOCAL = 255 };
enum { LINUX_RT_SCOPE_UNIVERSE = 0, LINUX_RT_SCOPE_LINK = 253, LINUX_RT_SCOPE_HOST = 254 };
enum { LINUX_RTN_UNSPEC = 0, LINUX_RTN_UNICAST, LINUX_RTN_LOCAL, LINUX_RTN_BROADCAST, LINUX_RTN_MULTICAST = 5 };
enum { LINUX_RTPROT_KERNEL = 2, LINUX_RTPROT_BOOT = 3, LINUX_RTPROT_RA = 9 };
enum { LINUX_RTM_F_CLONED = 0x200, LINUX_RTCF_LOCAL = (int)0x80000000 };

struct linux_ndmsg {
	uint8_t family, pad1;
	uint16_t pad2;
	int32_t index;
	uint16_t state;
	uint8_t flags, type;
};
enum { LINUX_NDA_DST = 1, LINUX_NDA_LLADDR, LINUX_NDA_CACHEINFO, LINUX_NDA_IFINDEX = 8, LINUX_NDA_MAX = 15 };
enum { LINUX_NUD_INCOMPLETE = 1, LINUX_NUD_REACHABLE = 2, LINUX_NUD_STALE = 4, LINUX_NUD_FAILED = 0x20, LINUX_NUD_NOARP = 0x40, LINUX_NUD_PERMANENT = 0x80 };
enum { LINUX_NTF_PROXY = 8 };

struct linux_fib_rule_hdr {
	uint8_t family, dst_len, src_len, tos, table, pad1, pad2, action;
	uint32_t flags;
};
enum { LINUX_FRA_PRIORITY = 6, LINUX_FRA_SUPPRESS_PREFIXLEN = 14, LINUX_FRA_TABLE = 15, LINUX_FRA_PROTOCOL = 21 };
enum { LINUX_FR_ACT_TO_TBL = 1 };
