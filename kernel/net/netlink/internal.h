/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sockets of netlink, private to this folder. What comes for a socket is a queue of pieces, each a datagram.
 *
 * Locks: table_lock (bind.c) guards the list of sockets, their ports and groups; netlink_socket.lock, taken after it, the queue. Whoever reads holds read_lock
 * (sleeping), so that the first piece stays while it is copied to the program. The lock of the stack is taken before all but read_lock.
 */
#pragma once
#include "kernel/arch/spinlock.h"
#include "kernel/net/netlink/netlink.h"
#include "kernel/net/socket/socket.h"
#include "kernel/process/credentials.h"

struct netlink_socket {
	struct socket socket;
	struct list node; /* of all */
	uint32_t port;	  /* 0: not bound */
	uint64_t groups;  /* bit n - 1: group n */
	uint32_t to_port, to_groups; /* of connect */
	bool is_strict, caps_acks, wants_messages, wants_info, ignores_overruns, tells_broadcast_errors;
	size_t read_size; /* the largest buffer that was read with */
	struct spinlock lock;
	struct mutex read_lock;
	struct wait_queue wait;
	struct list pieces;
	size_t queued; /* bytes of all pieces */
};

static inline struct netlink_socket *netlink_of(struct socket *socket)
{
	return container_of(socket, struct netlink_socket, socket);
}

/* ---- bind.c ---- */
void netlink_table_add(struct netlink_socket *s);
void netlink_table_remove(struct netlink_socket *s);
/* Gives it the port, 0: one that is free. -EADDRINUSE; -EINVAL: it has another. */
int netlink_bind_port(struct netlink_socket *s, uint32_t port) must_check;
int netlink_bind(struct socket *socket, const void *address, size_t len);
int netlink_connect(struct socket *socket, const void *address, size_t len);
long netlink_get_name(struct socket *socket, bool of_peer, void *address);
int netlink_join(struct netlink_socket *s, uint32_t group, bool joins) must_check; /* -EINVAL */
/* Puts the piece, which it takes, into the queue of the socket with that protocol and port. -ECONNREFUSED. */
void netlink_listen_to_stack(void); /* notices go to the sockets from now on */
int netlink_send_to_port(int protocol, uint32_t port, struct netlink_piece *piece);

/* ---- socket.c ---- */
/* Takes the piece; drops it where the queue is full, and says so to the reader. */
void netlink_enqueue(struct netlink_socket *s, struct netlink_piece *piece);
