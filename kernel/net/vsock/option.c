/* SPDX-License-Identifier: BSD-3-Clause */
/* Options of vsock(7), and /dev/vsock. */
#include "kernel/file/file.h"
#include "kernel/net/vsock/file.h"
#include "kernel/uapi/resource.h"
#include "kernel/uapi/time.h"
#include "kernel/vm/user_memory.h"

/* ---- Our own number ---- */

static long get_local_cid(uint64_t argument)
{
	uint32_t cid = vsock_enter()->cid;

	vsock_leave();
	if (cid == VSOCK_ANY)
		cid = VSOCK_CID_LOCAL;
	return copy_to_user(argument, &cid, sizeof(cid));
}

long vsock_file_ioctl(struct socket *socket, unsigned command, uint64_t argument)
{
	return command == LINUX_IOCTL_VM_SOCKETS_GET_LOCAL_CID ? get_local_cid(argument) : -ENOTTY;
}

static long device_ioctl(struct file *file, unsigned command, uint64_t argument)
{
	return command == LINUX_IOCTL_VM_SOCKETS_GET_LOCAL_CID ? get_local_cid(argument) : -ENOTTY;
}

static const struct file_ops device_ops = {.ioctl = device_ioctl};

CHARACTER_DEVICE(vsock) = {.name = "vsock", .major = 10, .minor = 121, .mode = 0666, .ops = &device_ops};

/* ---- Options ---- */

/* The size lies within least and most, whichever of them is changed. */
static void apply_buffer(struct vsock_file *f)
{
	f->buffer_size = max_u64(min_u64(f->buffer_size, f->buffer_max), f->buffer_min);
	vsock_enter();
	vsock_set_buffer(f->vsock, (uint32_t)min_u64(f->buffer_size, 16u << 20));
	vsock_leave();
}

static uint64_t *size_of_option(struct vsock_file *f, int option)
{
	switch (option) {
	case LINUX_SO_VM_SOCKETS_BUFFER_SIZE:
		return &f->buffer_size;
	case LINUX_SO_VM_SOCKETS_BUFFER_MIN_SIZE:
		return &f->buffer_min;
	case LINUX_SO_VM_SOCKETS_BUFFER_MAX_SIZE:
		return &f->buffer_max;
	default:
		return NULL;
	}
}

static bool is_timeout(int option)
{
	return option == LINUX_SO_VM_SOCKETS_CONNECT_TIMEOUT || option == LINUX_SO_VM_SOCKETS_CONNECT_TIMEOUT_NEW;
}

static int set_timeout(struct vsock_file *f, const void *value, size_t len)
{
	struct linux_timeval time;

	if (len < sizeof(time))
		return -EINVAL;
	memcpy(&time, value, sizeof(time));
	if (time.seconds < 0 || time.microseconds < 0 || time.microseconds >= 1000000)
		return -ERANGE;
	f->connect_timeout_ns = min_u64((uint64_t)time.seconds, 1u << 30) * NS_PER_SECOND + (uint64_t)time.microseconds * 1000;
	if (!f->connect_timeout_ns)
		f->connect_timeout_ns = VSOCK_CONNECT_NS;
	return 0;
}

int vsock_file_set_option(struct socket *socket, int level, int option, const void *value, size_t len)
{
	struct vsock_file *f = vsock_file_of(socket);
	uint64_t *size = size_of_option(f, option);

	if (level != LINUX_AF_VSOCK)
		return -ENOPROTOOPT;
	if (is_timeout(option))
		return set_timeout(f, value, len);
	if (!size)
		return -ENOPROTOOPT;
	if (len < sizeof(*size))
		return -EINVAL;
	memcpy(size, value, sizeof(*size));
	apply_buffer(f);
	return 0;
}

long vsock_file_get_option(struct socket *socket, int level, int option, void *value, size_t room)
{
	struct vsock_file *f = vsock_file_of(socket);
	const uint64_t *size = size_of_option(f, option);
	const struct linux_timeval time = {.seconds = (int64_t)(f->connect_timeout_ns / NS_PER_SECOND), .microseconds = (int64_t)(f->connect_timeout_ns % NS_PER_SECOND / 1000)};

	if (level != LINUX_AF_VSOCK || (!size && !is_timeout(option)))
		return -ENOPROTOOPT;
	if (room < (size ? sizeof(*size) : sizeof(time)))
		return -EINVAL;
	memcpy(value, size ? (const void *)size : (const void *)&time, size ? sizeof(*size) : sizeof(time));
	return size ? sizeof(*size) : sizeof(time);
}
