/* SPDX-License-Identifier: BSD-3-Clause */
/* What /proc/net/unix and sock_diag(7) tell of Unix sockets. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct unix_listing {
	int type;
	bool is_listening, is_connected;
	uint8_t shut; /* bit 0: reading, bit 1: writing */
	uint32_t references, uid, unread, nr_pending, backlog;
	uint64_t inode, peer_inode; /* 0: without a file (any more) */
	const char *name; /* a path has its NUL, an abstract name begins with one. Only for the call */
	size_t name_len;  /* with them */
	uint64_t name_inode, name_device; /* of a path; 0: it is none */
};
typedef void unix_list_fn(void *context, const struct unix_listing *listing);

/* Calls give for each Unix socket, under a spin lock. */
void unix_list(unix_list_fn *give, void *context);
