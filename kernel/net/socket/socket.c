/* SPDX-License-Identifier: BSD-3-Clause */
/* Sockets as open files, and the options of SOL_SOCKET. */
#include "kernel/net/socket/socket.h"
#include "kernel/mem/heap.h"
#include "kernel/process/process.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/time.h"
#include "lib/string.h"

LINKER_SET_DECLARE(socket_family, struct socket_family);
LINKER_SET_DECLARE(socket_ioctl, struct socket_ioctl);

#define BUFFER_MAX (64u << 20)

struct socket_limits socket_limits = {.backlog = 4096, .send_default = 212992, .receive_default = 212992, .send_max = 4 << 20, .receive_max = 4 << 20};

static long socket_read(struct file *file, struct io_vector *io, uint64_t *position)
{
	struct socket_message message = {.io = io};
	long ret = socket_receive(file->private_data, &message);

	socket_files_release(message.files);
	return ret;
}

static long socket_write(struct file *file, struct io_vector *io, uint64_t *position)
{
	struct socket_message message = {.io = io};

	return socket_send(file->private_data, &message);
}

static long socket_write_pages(struct file *file, struct page **pages, size_t offset, size_t len, bool more)
{
	struct socket *socket = file->private_data;

	return socket->ops->send_pages ? socket->ops->send_pages(socket, pages, offset, len, more) : -EOPNOTSUPP;
}

static unsigned socket_poll(struct file *file, struct poll_table *table)
{
	struct socket *socket = file->private_data;

	return socket->ops->poll(socket, table);
}

static long socket_ioctl(struct file *file, unsigned command, uint64_t argument)
{
	struct socket *socket = file->private_data;
	long ret = socket->ops->ioctl ? socket->ops->ioctl(socket, command, argument) : -ENOTTY;

	for (const struct socket_ioctl *const *p = LINKER_SET_BEGIN(socket_ioctl); p < LINKER_SET_END(socket_ioctl) && ret == -ENOTTY; p++)
		ret = (*p)->run(command, argument);
	return ret;
}

static int socket_map(struct file *file, struct mapped_file *mapped)
{
	struct socket *socket = file->private_data;

	return socket->ops->map ? socket->ops->map(socket, mapped) : -ENODEV;
}

static void socket_release(struct file *file)
{
	struct socket *socket = file->private_data;

	socket->ops->release(socket);
}

static const struct file_ops socket_file_ops = {
    .read = socket_read,
    .write = socket_write,
    .write_pages = socket_write_pages,
    .poll = socket_poll,
    .ioctl = socket_ioctl,
    .map = socket_map,
    .release = socket_release,
    .anonymous_name = "socket:[%llu]",
};

struct socket *socket_of(struct file *file)
{
	return file->ops == &socket_file_ops ? file->private_data : NULL;
}

void socket_init(struct socket *socket, const struct socket_ops *ops, const struct socket_family *family, int type, int protocol)
{
	socket->ops = ops;
	socket->family = family;
	socket->type = type;
	socket->protocol = protocol;
	socket->receive_timeout_ns = socket->send_timeout_ns = WAIT_FOREVER;
	socket->receive_buffer = socket_limits.receive_default;
	socket->send_buffer = socket_limits.send_default;
}

void socket_inherit(struct socket *to, const struct socket *from)
{
	to->family = from->family;
	to->receive_timeout_ns = from->receive_timeout_ns;
	to->send_timeout_ns = from->send_timeout_ns;
	to->receive_buffer = from->receive_buffer;
	to->send_buffer = from->send_buffer;
	to->reuse_address = from->reuse_address;
	to->reuse_port = from->reuse_port;
	to->keep_alive = from->keep_alive;
	to->broadcast = from->broadcast;
	to->linger = from->linger;
}

/* ---- What fstat(2) shows: an inode without a name. ---- */

static void socket_inode_release(struct inode *inode)
{
	heap_free(inode);
}

static const struct inode_ops socket_inode_ops = {.release = socket_inode_release};
static struct file_system socket_fs;

static struct inode *socket_inode_new(void)
{
	static uint64_t last_number = 1000;
	const struct credentials *cred = credentials_current();
	struct inode *inode = heap_alloc_zero(sizeof(*inode));

	if (!inode)
		return NULL;
	if (!socket_fs.device)
		socket_fs.device = device_number_anonymous();
	inode_init(inode, &socket_fs, &socket_inode_ops, NULL);
	inode->number = __atomic_add_fetch(&last_number, 1, __ATOMIC_RELAXED);
	inode->mode = S_IFSOCK | 0777;
	inode->uid = cred->fsuid;
	inode->gid = cred->fsgid;
	inode->atime = inode->mtime = inode->ctime = time_stamp_now();
	return inode;
}

struct file *socket_file_new(struct socket *socket, int flags)
{
	struct inode *inode = socket_inode_new();
	struct file *file = inode ? file_new(&socket_file_ops, O_RDWR | flags, socket) : NULL;

	if (!file) {
		if (inode)
			inode_put(inode);
		socket->ops->release(socket);
		return NULL;
	}
	file->inode = inode; /* the file has its reference */
	socket->file = file;
	socket->inode = inode->number;
	return file;
}

static const struct socket_family *family_find(int number)
{
	for (const struct socket_family *const *p = LINKER_SET_BEGIN(socket_family); p < LINKER_SET_END(socket_family); p++) {
		if ((*p)->family == number)
			return *p;
	}
	return NULL;
}

int socket_create(int family_number, int type, int protocol, int flags, struct file **file)
{
	const struct socket_family *family = family_find(family_number);
	struct socket *socket;
	int ret;

	if (!family)
		return -EAFNOSUPPORT;
	ret = family->create(type, protocol, &socket);
	if (ret)
		return ret;
	*file = socket_file_new(socket, flags);
	return *file ? 0 : -ENOMEM;
}

int socket_create_pair(int family_number, int type, int protocol, int flags, struct file *files[2])
{
	const struct socket_family *family = family_find(family_number);
	int ret;

	if (!family)
		return -EAFNOSUPPORT;
	ret = socket_create(family_number, type, protocol, flags, &files[0]);
	if (ret)
		return ret;
	ret = socket_create(family_number, type, protocol, flags, &files[1]);
	if (!ret) {
		ret = family->pair ? family->pair(socket_of(files[0]), socket_of(files[1])) : -EOPNOTSUPP;
		if (!ret)
			return 0;
		file_put(files[1]);
	}
	file_put(files[0]);
	return ret;
}

bool socket_is_nonblocking(const struct socket *socket, int message_flags)
{
	return (message_flags & LINUX_MSG_DONTWAIT) || (socket->file && file_is_nonblocking(socket->file));
}

long socket_send(struct socket *socket, struct socket_message *message)
{
	long ret = socket->ops->send(socket, message);

	if (ret == -EPIPE && !(message->flags & LINUX_MSG_NOSIGNAL) && socket->type == LINUX_SOCK_STREAM)
		task_signal(task_current(), LINUX_SIGPIPE, NULL);
	return ret;
}

long socket_receive(struct socket *socket, struct socket_message *message)
{
	return socket->ops->receive(socket, message);
}

/* ---- Options of SOL_SOCKET ---- */

static int option_int(const void *value, size_t len, int *to)
{
	if (len < sizeof(int))
		return -EINVAL;
	memcpy(to, value, sizeof(int));
	return 0;
}

static int set_timeout(uint64_t *ns, const void *value, size_t len)
{
	struct linux_timeval time;

	if (len < sizeof(time))
		return -EINVAL;
	memcpy(&time, value, sizeof(time));
	if (time.microseconds < 0 || time.microseconds >= 1000000)
		return -EDOM;
	if (time.seconds < 0)
		*ns = 0;
	else if (!time.seconds && !time.microseconds)
		*ns = WAIT_FOREVER;
	else
		*ns = min_u64((uint64_t)time.seconds, 1u << 30) * NS_PER_SECOND + (uint64_t)time.microseconds * 1000;
	return 0;
}

/* The kernel doubles what is asked for, for its own overhead, and reports the double (socket(7)). */
static uint32_t buffer_size(int asked, unsigned most)
{
	return (uint32_t)max_u64(min_u64(min_u64((unsigned)asked, most) * 2, BUFFER_MAX), 4608);
}

static int set_flag_option(struct socket *socket, int option, int v)
{
	switch (option) {
	case LINUX_SO_REUSEADDR:
		socket->reuse_address = v != 0;
		return 0;
	case LINUX_SO_REUSEPORT:
		socket->reuse_port = v != 0;
		return 0;
	case LINUX_SO_KEEPALIVE:
		socket->keep_alive = v != 0;
		return 0;
	case LINUX_SO_BROADCAST:
		socket->broadcast = v != 0;
		return 0;
	case LINUX_SO_PASSCRED:
		socket->passes_credentials = v != 0;
		return 0;
	case LINUX_SO_SNDBUF:
		socket->send_buffer = buffer_size(v, socket_limits.send_max);
		return 0;
	case LINUX_SO_SNDBUFFORCE:
		socket->send_buffer = buffer_size(v, BUFFER_MAX);
		return 0;
	case LINUX_SO_RCVBUF:
		socket->receive_buffer = buffer_size(v, socket_limits.receive_max);
		return 0;
	case LINUX_SO_RCVBUFFORCE:
		socket->receive_buffer = buffer_size(v, BUFFER_MAX);
		return 0;
	case LINUX_SO_DEBUG:
	case LINUX_SO_DONTROUTE:
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

static int set_int_option(struct socket *socket, int option, const void *value, size_t len)
{
	int v = 0, ret = option_int(value, len, &v);

	if (!ret)
		ret = set_flag_option(socket, option, v);
	if (!ret && socket->ops->option_changed)
		ret = socket->ops->option_changed(socket, option);
	return ret;
}

/* Those that mean something to few families, and harm none. */
static bool is_ignored(int option)
{
	return option == LINUX_SO_OOBINLINE || option == LINUX_SO_PRIORITY || option == LINUX_SO_RCVLOWAT;
}

int socket_set_option(struct socket *socket, int level, int option, const void *value, size_t len)
{
	int ret;

	if (level == LINUX_SOL_SOCKET) {
		if (option == LINUX_SO_RCVTIMEO)
			return set_timeout(&socket->receive_timeout_ns, value, len);
		if (option == LINUX_SO_SNDTIMEO)
			return set_timeout(&socket->send_timeout_ns, value, len);
		if (option == LINUX_SO_LINGER) {
			if (len < sizeof(socket->linger))
				return -EINVAL;
			memcpy(&socket->linger, value, sizeof(socket->linger));
			return 0;
		}
	}
	ret = socket->ops->set_option ? socket->ops->set_option(socket, level, option, value, len) : -ENOPROTOOPT;
	if (ret != -ENOPROTOOPT || level != LINUX_SOL_SOCKET)
		return ret;
	return is_ignored(option) && len >= sizeof(int) ? 0 : set_int_option(socket, option, value, len);
}

static long give(void *to, size_t size, const void *from, size_t len)
{
	len = min_u64(size, len);
	memcpy(to, from, len);
	return (long)len;
}

static long give_timeout(void *to, size_t size, uint64_t ns)
{
	struct linux_timeval time = {0};

	if (ns != WAIT_FOREVER) {
		time.seconds = (int64_t)(ns / NS_PER_SECOND);
		time.microseconds = (int64_t)(ns % NS_PER_SECOND / 1000);
	}
	return give(to, size, &time, sizeof(time));
}

static int int_option(struct socket *socket, int option)
{
	switch (option) {
	case LINUX_SO_TYPE:
		return socket->type;
	case LINUX_SO_DOMAIN:
		return socket->family->family;
	case LINUX_SO_PROTOCOL:
		return socket->protocol;
	case LINUX_SO_ERROR:
		return socket->ops->take_error ? socket->ops->take_error(socket) : __atomic_exchange_n(&socket->error, 0, __ATOMIC_RELAXED);
	case LINUX_SO_ACCEPTCONN:
		return socket->is_listening;
	case LINUX_SO_SNDBUF:
		return (int)socket->send_buffer;
	case LINUX_SO_RCVBUF:
		return (int)socket->receive_buffer;
	case LINUX_SO_REUSEADDR:
		return socket->reuse_address;
	case LINUX_SO_REUSEPORT:
		return socket->reuse_port;
	case LINUX_SO_KEEPALIVE:
		return socket->keep_alive;
	case LINUX_SO_BROADCAST:
		return socket->broadcast;
	case LINUX_SO_PASSCRED:
		return socket->passes_credentials;
	case LINUX_SO_DEBUG:
	case LINUX_SO_DONTROUTE:
	case LINUX_SO_OOBINLINE:
	case LINUX_SO_PRIORITY:
		return 0;
	case LINUX_SO_RCVLOWAT:
	case LINUX_SO_SNDLOWAT:
		return 1;
	default:
		return -ENOPROTOOPT;
	}
}

long socket_get_option(struct socket *socket, int level, int option, void *value, size_t size)
{
	long ret = socket->ops->get_option ? socket->ops->get_option(socket, level, option, value, size) : -ENOPROTOOPT;
	int v;

	if (ret != -ENOPROTOOPT)
		return ret;
	if (level == LINUX_SOL_SOCKET) {
		if (option == LINUX_SO_RCVTIMEO)
			return give_timeout(value, size, socket->receive_timeout_ns);
		if (option == LINUX_SO_SNDTIMEO)
			return give_timeout(value, size, socket->send_timeout_ns);
		if (option == LINUX_SO_LINGER)
			return give(value, size, &socket->linger, sizeof(socket->linger));
		v = int_option(socket, option);
		if (v != -ENOPROTOOPT)
			return give(value, size, &v, sizeof(v));
	}
	return -ENOPROTOOPT;
}
