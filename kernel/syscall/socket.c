/* SPDX-License-Identifier: BSD-3-Clause */
/* The socket calls (socket(2) and its family): copies addresses, vectors and control messages; the socket layer does the work. */
#include "kernel/syscall/socket_calls.h"
#include "kernel/mem/heap.h"
#include "kernel/platform/platform.h"
#include "kernel/syscall/syscall.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/socket.h"
#include "lib/string.h"

#define CONTROL_MAX 20480u /* net.core.optmem_max */
#define MSG_CMSG_COMPAT 0x80000000u /* of 32-bit programs */
#define MESSAGES_MAX 1024u /* UIO_MAXIOV, for sendmmsg and recvmmsg */

/* The socket behind a descriptor, whose file the caller puts. -EBADF, -ENOTSOCK. */
static int socket_get(int fd, struct file **file, struct socket **socket)
{
	*file = descriptor_get(fd);
	if (!*file)
		return -EBADF;
	*socket = socket_of(*file);
	if (*socket)
		return 0;
	file_put(*file);
	return -ENOTSOCK;
}

static int64_t add_descriptor(struct file *file, int flags)
{
	int fd = descriptor_add(file, 0, flags & LINUX_SOCK_CLOEXEC);

	if (fd < 0)
		file_put(file);
	return fd;
}

static int file_flags(int flags)
{
	return flags & LINUX_SOCK_NONBLOCK ? O_NONBLOCK : 0;
}

static bool type_flags_are_bad(int type)
{
	return type & ~(LINUX_SOCK_TYPE_MASK | LINUX_SOCK_CLOEXEC | LINUX_SOCK_NONBLOCK);
}

int socket_copy_address(uint64_t address, uint64_t len, uint8_t to[LINUX_SOCKADDR_MAX])
{
	if ((int64_t)len < 0 || len > LINUX_SOCKADDR_MAX)
		return -EINVAL;
	return copy_from_user(to, address, len);
}

/* Gives an address back as accept(2) and its like do: cut to the room, with the whole length in *len_address. */
static int put_address(uint64_t address, uint64_t len_address, const uint8_t *from, uint32_t len)
{
	int32_t room;
	int ret;

	if (!address)
		return 0;
	ret = copy_from_user(&room, len_address, sizeof(room));
	if (!ret && room < 0)
		ret = -EINVAL;
	if (!ret)
		ret = copy_to_user(address, from, min_u64((uint64_t)room, len));
	return ret ? ret : copy_to_user(len_address, &len, sizeof(len));
}

SYSCALL(socket, 3, "dxd")
{
	struct file *file;
	int type = (int)a->v[1], ret;

	if (type_flags_are_bad(type))
		return -EINVAL;
	ret = socket_create((int)a->v[0], type & LINUX_SOCK_TYPE_MASK, (int)a->v[2], file_flags(type), &file);
	return ret ? ret : add_descriptor(file, type);
}

SYSCALL(socketpair, 4, "dxdp")
{
	struct file *files[2];
	int type = (int)a->v[1], fds[2], ret;

	if (type_flags_are_bad(type))
		return -EINVAL;
	ret = socket_create_pair((int)a->v[0], type & LINUX_SOCK_TYPE_MASK, (int)a->v[2], file_flags(type), files);
	if (ret)
		return ret;
	fds[0] = (int)add_descriptor(files[0], type);
	if (fds[0] < 0) {
		file_put(files[1]);
		return fds[0];
	}
	fds[1] = (int)add_descriptor(files[1], type);
	ret = fds[1] < 0 ? fds[1] : copy_to_user(a->v[3], fds, sizeof(fds));
	if (ret) {
		descriptor_close(fds[0]);
		if (fds[1] >= 0)
			descriptor_close(fds[1]);
	}
	return ret;
}

/* Calls `act` on the socket that the first argument names. */
static int64_t on_socket(const struct syscall_arguments *a, int64_t (*act)(struct socket *socket, const struct syscall_arguments *a))
{
	struct socket *socket;
	struct file *file;
	int64_t ret = socket_get((int)a->v[0], &file, &socket);

	if (ret)
		return ret;
	ret = act(socket, a);
	file_put(file);
	return ret;
}

static int64_t do_bind(struct socket *socket, const struct syscall_arguments *a)
{
	uint8_t address[LINUX_SOCKADDR_MAX] = {0};
	int ret = socket_copy_address(a->v[1], a->v[2], address);

	if (ret)
		return ret;
	return socket->ops->bind ? socket->ops->bind(socket, address, a->v[2]) : -EOPNOTSUPP;
}

SYSCALL(bind, 3, "dpu")
{
	return on_socket(a, do_bind);
}

static int64_t do_connect(struct socket *socket, const struct syscall_arguments *a)
{
	uint8_t address[LINUX_SOCKADDR_MAX] = {0};
	int ret = socket_copy_address(a->v[1], a->v[2], address);

	if (ret)
		return ret;
	return socket->ops->connect ? socket->ops->connect(socket, address, a->v[2]) : -EOPNOTSUPP;
}

SYSCALL(connect, 3, "dpu")
{
	return on_socket(a, do_connect);
}

static int64_t do_listen(struct socket *socket, const struct syscall_arguments *a)
{
	return socket->ops->listen ? socket->ops->listen(socket, (int)a->v[1]) : -EOPNOTSUPP;
}

SYSCALL(listen, 2, "dd")
{
	return on_socket(a, do_listen);
}

int socket_accept(struct socket *socket, int flags, uint64_t address, uint64_t len_address, struct file **file)
{
	uint8_t name[LINUX_SOCKADDR_MAX];
	struct socket *accepted;
	long len;
	int ret;

	if (flags & ~(LINUX_SOCK_CLOEXEC | LINUX_SOCK_NONBLOCK))
		return -EINVAL;
	ret = socket->ops->accept ? socket->ops->accept(socket, socket_is_nonblocking(socket, 0), &accepted) : -EOPNOTSUPP;
	if (ret)
		return ret;
	len = accepted->ops->name(accepted, true, name);
	if (len < 0) /* the peer is gone again: an address of nobody */
		len = 0;
	*file = socket_file_new(accepted, file_flags(flags));
	if (!*file)
		return -ENOMEM;
	ret = put_address(address, len_address, name, (uint32_t)len);
	if (ret)
		file_put(*file);
	return ret;
}

static int64_t do_accept(int fd, uint64_t address, uint64_t len_address, int flags)
{
	struct file *file, *accepted;
	struct socket *socket;
	int64_t ret = socket_get(fd, &file, &socket);

	if (ret)
		return ret;
	ret = socket_accept(socket, flags, address, len_address, &accepted);
	file_put(file);
	return ret ? ret : add_descriptor(accepted, flags);
}

SYSCALL(accept, 3, "dpp")
{
	return do_accept((int)a->v[0], a->v[1], a->v[2], 0);
}

SYSCALL(accept4, 4, "dppx")
{
	return do_accept((int)a->v[0], a->v[1], a->v[2], (int)a->v[3]);
}

static int64_t put_name(struct socket *socket, bool of_peer, const struct syscall_arguments *a)
{
	uint8_t name[LINUX_SOCKADDR_MAX];
	long len = socket->ops->name(socket, of_peer, name);

	if (len < 0)
		return len;
	return a->v[1] ? put_address(a->v[1], a->v[2], name, (uint32_t)len) : -EFAULT;
}

static int64_t do_getsockname(struct socket *socket, const struct syscall_arguments *a)
{
	return put_name(socket, false, a);
}

SYSCALL(getsockname, 3, "dpp")
{
	return on_socket(a, do_getsockname);
}

static int64_t do_getpeername(struct socket *socket, const struct syscall_arguments *a)
{
	return put_name(socket, true, a);
}

SYSCALL(getpeername, 3, "dpp")
{
	return on_socket(a, do_getpeername);
}

static int64_t do_shutdown(struct socket *socket, const struct syscall_arguments *a)
{
	if (a->v[1] > LINUX_SHUT_RDWR)
		return -EINVAL;
	return socket->ops->shutdown ? socket->ops->shutdown(socket, (int)a->v[1]) : -EOPNOTSUPP;
}

SYSCALL(shutdown, 2, "dd")
{
	return on_socket(a, do_shutdown);
}

static int64_t do_setsockopt(struct socket *socket, const struct syscall_arguments *a)
{
	uint8_t value[256];
	size_t len = min_u64((uint32_t)a->v[4], sizeof(value));

	if ((int)a->v[4] < 0)
		return -EINVAL;
	if (copy_from_user(value, a->v[3], len))
		return -EFAULT;
	return socket_set_option(socket, (int)a->v[1], (int)a->v[2], value, len);
}

SYSCALL(setsockopt, 5, "dddpu")
{
	return on_socket(a, do_setsockopt);
}

static int64_t do_getsockopt(struct socket *socket, const struct syscall_arguments *a)
{
	uint8_t value[256];
	int32_t room;
	long len;

	if (copy_from_user(&room, a->v[4], sizeof(room)))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	if (copy_from_user(value, a->v[3], min_u64((uint64_t)room, sizeof(int)))) /* packet(7) has an option that is asked with a number */
		return -EFAULT;
	len = socket_get_option(socket, (int)a->v[1], (int)a->v[2], value, min_u64((uint64_t)room, sizeof(value)));
	if (len < 0)
		return len;
	room = (int32_t)len;
	return copy_to_user(a->v[3], value, (size_t)len) || copy_to_user(a->v[4], &room, sizeof(room)) ? -EFAULT : 0;
}

SYSCALL(getsockopt, 5, "dddpp")
{
	return on_socket(a, do_getsockopt);
}

/* ---- Messages ---- */

static int64_t do_sendto(struct socket *socket, const struct syscall_arguments *a)
{
	struct socket_message message = {.flags = (int)a->v[3], .name_len = a->v[4] ? a->v[5] : 0};
	struct io_vector io;
	int ret = message.name_len ? socket_copy_address(a->v[4], message.name_len, message.name) : 0;

	if (ret)
		return ret;
	io_vector_init_user(&io, a->v[1], min_u64(a->v[2], INT32_MAX & ~4095));
	message.io = &io;
	return socket_send(socket, &message);
}

SYSCALL(sendto, 6, "dbuxpu")
{
	return on_socket(a, do_sendto);
}

static int64_t do_recvfrom(struct socket *socket, const struct syscall_arguments *a)
{
	struct socket_message message = {.flags = (int)a->v[3]};
	struct io_vector io;
	int64_t ret;

	io_vector_init_user(&io, a->v[1], min_u64(a->v[2], INT32_MAX & ~4095));
	message.io = &io;
	ret = socket_receive(socket, &message);
	socket_files_release(message.files);
	if (ret >= 0 && a->v[4]) {
		int err = put_address(a->v[4], a->v[5], message.name, (uint32_t)message.name_len);

		if (err)
			ret = err;
	}
	return ret;
}

SYSCALL(recvfrom, 6, "d>uxpp")
{
	return on_socket(a, do_recvfrom);
}

/* Sends with the control messages of the user's header. */
static int64_t send_with_control(struct socket *socket, struct socket_message *message, const struct linux_msghdr *header)
{
	size_t len = header->control ? header->controllen : 0;
	uint8_t *control = NULL;
	int64_t ret = 0;

	if (len > CONTROL_MAX)
		return -ENOBUFS;
	if (len) {
		control = heap_alloc(len);
		ret = control ? copy_from_user(control, header->control, len) : -ENOMEM;
		if (!ret)
			ret = control_message_parse(control, len, message);
		message->control = control;
		message->control_len = len;
	}
	if (!ret)
		ret = socket_send(socket, message);
	heap_free(control);
	socket_files_release(message->files);
	return ret;
}

int message_argument_get(struct message_argument *m, uint64_t address, bool is_send)
{
	int ret = copy_from_user(&m->header, address, sizeof(m->header));

	m->address = address;
	m->name_len = 0;
	if (!ret && is_send && m->header.name && m->header.namelen) {
		m->name_len = min_u64(m->header.namelen, LINUX_SOCKADDR_MAX);
		ret = socket_copy_address(m->header.name, m->name_len, m->name);
	}
	if (ret)
		return ret;
	ret = syscall_copy_iovec(m->header.iov, m->header.iovlen, &m->io);
	return ret == -EINVAL ? -EMSGSIZE : ret;
}

void message_argument_put(struct message_argument *m)
{
	syscall_free_iovec(&m->io);
}

int64_t message_send(struct socket *socket, const struct message_argument *m, struct io_vector *io, int flags)
{
	struct socket_message message = {.flags = flags, .name_len = m->name_len, .io = io};

	memcpy(message.name, m->name, m->name_len);
	return send_with_control(socket, &message, &m->header);
}

static int64_t send_message(struct socket *socket, uint64_t address, int flags)
{
	struct message_argument m;
	int64_t ret = message_argument_get(&m, address, true);

	if (ret)
		return ret;
	ret = message_send(socket, &m, &m.io, flags);
	message_argument_put(&m);
	return ret;
}

/* Gives name, control and flags of a received message back into the user's header. */
static int64_t put_message(uint64_t address, struct linux_msghdr *header, struct socket_message *message)
{
	size_t size = header->control ? min_u64(header->controllen, CONTROL_MAX) : 0;
	uint8_t *control = size ? heap_alloc_zero(size) : NULL; /* the gaps between messages go out, too */
	int64_t ret = 0;

	if (size && !control)
		return -ENOMEM;
	header->controllen = control_message_build(message, control, size);
	if (header->controllen)
		ret = copy_to_user(header->control, control, header->controllen);
	heap_free(control);
	if (!ret && header->name)
		ret = copy_to_user(header->name, message->name, min_u64(header->namelen, message->name_len));
	header->namelen = (uint32_t)message->name_len;
	header->flags = (uint32_t)(message->flags_out | (message->flags & LINUX_MSG_CMSG_CLOEXEC));
	return ret ? ret : copy_to_user(address, header, sizeof(*header));
}

int64_t message_receive(struct socket *socket, const struct message_argument *m, struct io_vector *io, int flags)
{
	struct socket_message message = {.flags = flags, .io = io};
	struct linux_msghdr header = m->header;
	struct socket_notes notes;
	int64_t ret;

	notes.len = 0;
	if (header.control)
		message.notes = &notes;
	ret = socket_receive(socket, &message);
	if (ret >= 0) {
		int64_t err = put_message(m->address, &header, &message);
		if (err)
			ret = err;
	}
	socket_files_release(message.files);
	return ret;
}

static int64_t receive_message(struct socket *socket, uint64_t address, int flags)
{
	struct message_argument m;
	int64_t ret = message_argument_get(&m, address, false);

	if (ret)
		return ret;
	ret = message_receive(socket, &m, &m.io, flags);
	message_argument_put(&m);
	return ret;
}

static int64_t do_sendmsg(struct socket *socket, const struct syscall_arguments *a)
{
	return send_message(socket, a->v[1], (int)a->v[2]);
}

SYSCALL(sendmsg, 3, "dpx")
{
	return a->v[2] & MSG_CMSG_COMPAT ? -EINVAL : on_socket(a, do_sendmsg);
}

static int64_t do_recvmsg(struct socket *socket, const struct syscall_arguments *a)
{
	return receive_message(socket, a->v[1], (int)a->v[2]);
}

SYSCALL(recvmsg, 3, "dpx")
{
	return a->v[2] & MSG_CMSG_COMPAT ? -EINVAL : on_socket(a, do_recvmsg);
}

#define MMSG_SIZE (sizeof(struct linux_msghdr) + 8) /* struct mmsghdr: the header and the length transferred */

/* Messages one after the other until there is none, or the deadline has passed: then none more is waited for. How many. */
static int64_t transfer_many(const struct syscall_arguments *a, uint64_t deadline, int64_t (*transfer)(struct socket *, uint64_t, int))
{
	uint64_t vector = a->v[1], count = min_u64((uint32_t)a->v[2], MESSAGES_MAX);
	int flags = (int)a->v[3] & ~LINUX_MSG_WAITFORONE;
	struct socket *socket;
	struct file *file;
	int64_t done = 0, ret = socket_get((int)a->v[0], &file, &socket);

	if (ret)
		return ret;
	while (done < (int64_t)count && (!done || clock_monotonic_ns() < deadline)) {
		uint64_t entry = vector + (uint64_t)done * MMSG_SIZE;
		uint32_t len;

		if (done && (a->v[3] & LINUX_MSG_WAITFORONE))
			flags |= LINUX_MSG_DONTWAIT;
		ret = transfer(socket, entry, flags);
		if (ret < 0)
			break;
		len = (uint32_t)ret;
		ret = copy_to_user(entry + sizeof(struct linux_msghdr), &len, sizeof(len));
		if (ret)
			break;
		done++;
	}
	file_put(file);
	return done ? done : ret;
}

SYSCALL(sendmmsg, 4, "dpux")
{
	return a->v[3] & MSG_CMSG_COMPAT ? -EINVAL : transfer_many(a, WAIT_FOREVER, send_message);
}

SYSCALL(recvmmsg, 5, "dpuxt")
{
	uint64_t ns, now, deadline = WAIT_FOREVER;
	int64_t ret;

	if (a->v[3] & MSG_CMSG_COMPAT)
		return -EINVAL;
	if (a->v[4]) {
		ret = syscall_copy_timespec(a->v[4], &ns);
		if (ret)
			return ret;
		deadline = clock_monotonic_ns() + ns;
	}
	ret = transfer_many(a, deadline, receive_message);
	if (ret <= 0 || !a->v[4])
		return ret;
	now = clock_monotonic_ns();
	return syscall_put_timespec(a->v[4], deadline > now ? deadline - now : 0) ? -EFAULT : ret;
}
