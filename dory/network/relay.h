/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP connections to addresses that the hypervisor cannot listen on (QEMU's user-mode networking knows no IPv6 there): we
 * listen, and pass the bytes on to a port of loopback where it does. One thread for all of a machine's.
 */
#pragma once
#include "dory/base/error.h"

struct relay;

struct relay_route {
	int listener;         /* bound; borrowed until relay_stop */
	uint16_t target_port; /* of 127.0.0.1 */
};

/* Error: CONFLICT if somebody listens there already; IO. */
int relay_start(struct relay **relay, const struct relay_route *routes, size_t count, struct dory_error *err) must_check;
void relay_stop(struct relay *relay); /* accepts NULL; open connections are cut */
