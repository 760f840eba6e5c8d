/* SPDX-License-Identifier: BSD-3-Clause */
/* sock_diag(7): questions about sockets over netlink (NETLINK_SOCK_DIAG). Numbers in the machine's byte order but ports and addresses. */
#pragma once
#include <stdint.h>

enum { LINUX_SOCK_DIAG_BY_FAMILY = 20 };

/* ---- AF_INET, AF_INET6 ---- */

struct linux_inet_diag_sockid {
	uint8_t source_port[2], destination_port[2], source[16], destination[16];
	uint32_t interface, cookie[2];
};
struct linux_inet_diag_req {
	uint8_t family, protocol, extensions, pad; /* extensions: bit n - 1: attribute n is wanted */
	uint32_t states;			   /* bit n: sockets in state n */
	struct linux_inet_diag_sockid id;
};
enum { LINUX_INET_DIAG_REQ_BYTECODE = 1, LINUX_INET_DIAG_REQ_PROTOCOL = 2 }; /* attributes; the second for numbers that 8 bits do not hold */
struct linux_inet_diag_msg {
	uint8_t family, state, timer, retransmits;
	struct linux_inet_diag_sockid id;
	uint32_t expires, receive_queue, send_queue, uid, inode;
};
enum {
	LINUX_INET_DIAG_MEMINFO = 1, LINUX_INET_DIAG_INFO, LINUX_INET_DIAG_VEGASINFO, LINUX_INET_DIAG_CONG, LINUX_INET_DIAG_TOS, LINUX_INET_DIAG_TCLASS,
	LINUX_INET_DIAG_SKMEMINFO, LINUX_INET_DIAG_SHUTDOWN, LINUX_INET_DIAG_SKV6ONLY = 11,
};

/* ---- AF_UNIX ---- */

struct linux_unix_diag_req {
	uint8_t family, protocol;
	uint16_t pad;
	uint32_t states, inode, show, cookie[2]; /* inode: of a single one */
};
struct linux_unix_diag_msg {
	uint8_t family, type, state, pad;
	uint32_t inode, cookie[2];
};
enum { LINUX_UDIAG_SHOW_NAME = 1, LINUX_UDIAG_SHOW_VFS = 2, LINUX_UDIAG_SHOW_PEER = 4, LINUX_UDIAG_SHOW_ICONS = 8, LINUX_UDIAG_SHOW_RQLEN = 16, LINUX_UDIAG_SHOW_UID = 64 };
enum {
	LINUX_UNIX_DIAG_NAME, LINUX_UNIX_DIAG_VFS, LINUX_UNIX_DIAG_PEER, LINUX_UNIX_DIAG_ICONS, LINUX_UNIX_DIAG_RQLEN, LINUX_UNIX_DIAG_MEMINFO,
	LINUX_UNIX_DIAG_SHUTDOWN, LINUX_UNIX_DIAG_UID,
};

/* States, as netinet/tcp.h numbers them; Unix sockets know three of them. */
enum { LINUX_TCP_ESTABLISHED = 1, LINUX_TCP_SYN_RECV = 3, LINUX_TCP_TIME_WAIT = 6, LINUX_TCP_CLOSE = 7, LINUX_TCP_LISTEN = 10 };
