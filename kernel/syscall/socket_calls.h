/* SPDX-License-Identifier: BSD-3-Clause */
/* What calls on sockets do once they have the socket: for io_uring too. */
#pragma once
#include "kernel/net/socket/socket.h"
#include "kernel/syscall/syscall.h"

/* -EINVAL, -EFAULT. */
int socket_copy_address(uint64_t address, uint64_t len, uint8_t to[LINUX_SOCKADDR_MAX]) must_check;
/* accept4(2): the file of the connection; the peer's address goes to the user's memory. */
int socket_accept(struct socket *socket, int flags, uint64_t address, uint64_t len_address, struct file **file) must_check;

/* sendmsg(2), recvmsg(2): the header, the vector and the destination, copied. `io` of the calls is a copy of m->io, which they move. */
struct message_argument {
	uint64_t address;
	struct linux_msghdr header;
	struct io_vector io;
	uint8_t name[LINUX_SOCKADDR_MAX];
	size_t name_len;
};
int message_argument_get(struct message_argument *m, uint64_t address, bool is_send) must_check;
void message_argument_put(struct message_argument *m);
int64_t message_send(struct socket *socket, const struct message_argument *m, struct io_vector *io, int flags);
int64_t message_receive(struct socket *socket, const struct message_argument *m, struct io_vector *io, int flags);
