/* SPDX-License-Identifier: BSD-3-Clause */
/* vsock(7). */
#pragma once
#include <stdint.h>

enum { LINUX_AF_VSOCK = 40 };
enum {
	LINUX_SO_VM_SOCKETS_BUFFER_SIZE, LINUX_SO_VM_SOCKETS_BUFFER_MIN_SIZE, LINUX_SO_VM_SOCKETS_BUFFER_MAX_SIZE, LINUX_SO_VM_SOCKETS_PEER_HOST_VM_ID,
	LINUX_SO_VM_SOCKETS_TRUSTED = 5, LINUX_SO_VM_SOCKETS_CONNECT_TIMEOUT = 6, LINUX_SO_VM_SOCKETS_CONNECT_TIMEOUT_NEW = 8,
};
enum { LINUX_IOCTL_VM_SOCKETS_GET_LOCAL_CID = 0x7b9 };

struct linux_sockaddr_vm {
	uint16_t family, reserved;
	uint32_t port, cid;
	uint8_t flags, zero[3];
};
enum { LINUX_VMADDR_FLAG_TO_HOST = 1 };
