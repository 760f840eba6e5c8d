/* SPDX-License-Identifier: BSD-3-Clause */
/* Sockets of AF_VSOCK over the protocol, private to this folder. Only `vsock`, and what it points to, needs a turn. */
#pragma once
#include "kernel/net/socket/socket.h"
#include "kernel/net/vsock/system.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/vsock.h"
#include "lib/string.h"

struct vsock_file {
	struct socket socket;
	struct vsock_socket *vsock;
	struct mutex read_lock, write_lock; /* one reader, whose first packet stays; one writer, whose message stays whole */
	struct wait_queue wait;
	uint64_t buffer_size, buffer_min, buffer_max;
	uint64_t connect_timeout_ns;
};

static inline struct vsock_file *vsock_file_of(struct socket *socket)
{
	return container_of(socket, struct vsock_file, socket);
}

/* Waits until is_ready says so, in a turn. -EAGAIN, -ERESTART_SYS. */
int vsock_wait(struct vsock_file *f, bool (*is_ready)(struct vsock_socket *), bool is_nonblocking, uint64_t deadline) must_check;
uint64_t vsock_deadline(uint64_t timeout_ns);

/* message.c */
long vsock_file_send(struct socket *socket, struct socket_message *message);
long vsock_file_receive(struct socket *socket, struct socket_message *message);
/* option.c */
int vsock_file_set_option(struct socket *socket, int level, int option, const void *value, size_t len);
long vsock_file_get_option(struct socket *socket, int level, int option, void *value, size_t size);
long vsock_file_ioctl(struct socket *socket, unsigned command, uint64_t argument);
