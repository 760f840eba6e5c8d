/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The machine's one instance of the protocol, with the kernel's lock, clock, timer and memory around it. Between enter and leave nothing sleeps and no user
 * memory is touched. Interrupt handlers enter, too.
 */
#pragma once
#include "kernel/net/vsock/vsock.h"

struct vsock *vsock_enter(void);
void vsock_leave(void);
/* The way to the host; there is one at the most: the first. transmit is called in turns. */
void vsock_device_add(uint32_t cid, bool has_seqpacket, void (*transmit)(struct vsock *vsock, struct vsock_packet *packet));
