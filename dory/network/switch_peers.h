/* SPDX-License-Identifier: BSD-3-Clause */
/* The other ports of a network, as one machine's switch knows them. Used by one thread. */
#pragma once
#include <time.h>
#include "dory/network/switch.h"

struct switch_peer {
	char name[PORT_NAME_SIZE];
	int fd;        /* of its socket pair; -1: it cannot be connected to */
	bool is_slow;  /* it did not read what it was sent last */
	bool is_there; /* its name is in the directory */
};

struct switch_peers {
	int ports;       /* the directory; borrowed */
	const char *own; /* our own port; borrowed */
	struct switch_peer *peers;
	size_t count;
	bool is_known; /* the directory was read ... */
	struct timespec changed, read; /* ... when it had last changed then; and when that was */
};

void switch_peers_init(struct switch_peers *peers, int ports, const char *own);
void switch_peers_release(struct switch_peers *peers);

/* Sends to the port; false: there is none of this name. What the port has no room for is lost. */
bool switch_peers_send(struct switch_peers *peers, const char *name, const void *frame, size_t length);
void switch_peers_send_all(struct switch_peers *peers, const void *frame, size_t length);
