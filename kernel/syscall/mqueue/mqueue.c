/* SPDX-License-Identifier: BSD-3-Clause */
/* mq_open(2), mq_unlink(2), mq_send(2), mq_receive(2), mq_notify(2), mq_getattr(2). A queue's descriptor is a file's. */
#include "kernel/fs/mqueue/mqueue.h"
#include "kernel/mem/heap.h"
#include "kernel/net/socket/socket.h"
#include "kernel/platform/platform.h"
#include "kernel/sched/wait.h"
#include "kernel/syscall/arguments.h"
#include "kernel/uapi/time.h"

SYSCALL(mq_open, 4, "sfop")
{
	int flags = (int)a->v[1], fd, ret;
	struct mqueue_attributes attributes;
	struct file *file;
	char *name;

	if (a->v[3] && copy_from_user(&attributes, a->v[3], sizeof(attributes)))
		return -EFAULT;
	ret = syscall_copy_path(a->v[0], &name);
	if (ret)
		return ret;
	fd = descriptor_reserve(0, true);
	ret = fd < 0 ? fd : 0;
	if (!ret && (flags & O_CREAT) && a->v[3])
		ret = mqueue_check(&attributes);
	if (!ret)
		ret = mqueue_open(name, flags, (uint32_t)a->v[2], a->v[3] ? &attributes : NULL, &file);
	heap_free(name);
	if (!ret)
		descriptor_fill(fd, file);
	else if (fd >= 0)
		descriptor_cancel(fd);
	return ret ? ret : fd;
}

SYSCALL(mq_unlink, 1, "s")
{
	char *name;
	int ret = syscall_copy_path(a->v[0], &name);

	if (ret)
		return ret;
	ret = mqueue_unlink(name);
	heap_free(name);
	return ret;
}

/* ---- Messages ---- */

static int deadline_of(uint64_t address, uint64_t *deadline)
{
	uint64_t ns;
	int ret;

	*deadline = WAIT_FOREVER;
	if (!address)
		return 0;
	ret = syscall_copy_timespec(address, &ns);
	if (!ret)
		*deadline = wait_until_realtime(ns);
	return ret;
}

/* The queue of a descriptor that is open for what is asked for; its file is the caller's to put. */
static int queue_get(int fd, unsigned mode, struct file **file, struct mqueue **queue)
{
	*file = descriptor_get(fd);
	if (!*file)
		return -EBADF;
	*queue = mqueue_of(*file);
	if (*queue && ((*file)->mode & mode) == mode)
		return 0;
	file_put(*file);
	return -EBADF;
}

/* A message of the program's bytes; what the queue does not take is not read. */
static int copy_message(const struct mqueue *queue, const struct syscall_arguments *a, struct mqueue_message **made)
{
	struct mqueue_attributes attributes;
	struct mqueue_message *message;

	mqueue_describe((struct mqueue *)queue, &attributes);
	if (a->v[2] > (uint64_t)attributes.message_size)
		return -EMSGSIZE;
	message = heap_alloc(sizeof(*message) + a->v[2]);
	if (!message)
		return -ENOMEM;
	if (copy_from_user(message->text, a->v[1], a->v[2])) {
		heap_free(message);
		return -EFAULT;
	}
	message->len = a->v[2];
	message->priority = (uint32_t)a->v[3];
	*made = message;
	return 0;
}

SYSCALL(mq_timedsend, 5, "dbuut")
{
	struct mqueue_message *message = NULL;
	struct mqueue *queue;
	struct file *file;
	uint64_t deadline;
	int ret = deadline_of(a->v[4], &deadline);

	if (ret)
		return ret;
	if ((uint32_t)a->v[3] >= MQUEUE_PRIORITIES)
		return -EINVAL;
	ret = queue_get((int)a->v[0], MAY_WRITE, &file, &queue);
	if (ret)
		return ret;
	ret = copy_message(queue, a, &message);
	if (!ret)
		ret = mqueue_send(queue, message, file->flags & O_NONBLOCK, deadline);
	if (ret)
		heap_free(message);
	file_put(file);
	return restartable(ret);
}

static int64_t put_message(const struct mqueue_message *message, uint64_t address, uint64_t priority_address)
{
	if (priority_address && copy_to_user(priority_address, &message->priority, sizeof(message->priority)))
		return -EFAULT;
	return copy_to_user(address, message->text, message->len) ? -EFAULT : (int64_t)message->len;
}

SYSCALL(mq_timedreceive, 5, "d>upt")
{
	struct mqueue_message *message = NULL;
	struct mqueue *queue;
	struct file *file;
	uint64_t deadline;
	int64_t ret = deadline_of(a->v[4], &deadline);

	if (ret)
		return ret;
	ret = queue_get((int)a->v[0], MAY_READ, &file, &queue);
	if (ret)
		return ret;
	ret = mqueue_receive(queue, a->v[2], file->flags & O_NONBLOCK, deadline, &message);
	if (!ret)
		ret = put_message(message, a->v[1], a->v[3]);
	heap_free(message);
	file_put(file);
	return restartable(ret);
}

/* ---- Attributes and notices ---- */

SYSCALL(mq_getsetattr, 3, "dpp")
{
	struct mqueue_attributes given, old;
	struct mqueue *queue;
	struct file *file;
	int ret;

	if (a->v[1] && copy_from_user(&given, a->v[1], sizeof(given)))
		return -EFAULT;
	if (a->v[1] && given.flags & ~(int64_t)O_NONBLOCK)
		return -EINVAL;
	ret = queue_get((int)a->v[0], 0, &file, &queue);
	if (ret)
		return ret;
	mqueue_describe(queue, &old);
	old.flags = file->flags & O_NONBLOCK;
	if (a->v[1])
		file->flags = (file->flags & ~O_NONBLOCK) | (int)given.flags;
	file_put(file);
	return a->v[2] ? copy_to_user(a->v[2], &old, sizeof(old)) : 0;
}

static void deliver(struct file *file, const void *bytes, size_t len)
{
	struct socket *socket = socket_of(file);

	(void)socket->ops->deliver(socket, bytes, len); /* what cannot be had for lack of memory is lost */
}

static void set_hook(void)
{
	mqueue_set_socket_hook(deliver);
}
INITCALL(mqueue_notify, INIT_CORE, set_hook);

/* SIGEV_THREAD, as libraries make it: a thread of theirs reads the cookie from a socket of netlink. */
static int notice_for_thread(const struct linux_sigevent *event, struct mqueue_notice *notice)
{
	const struct socket *socket;

	if (copy_from_user(notice->cookie, event->value, sizeof(notice->cookie)))
		return -EFAULT;
	notice->socket = descriptor_get(event->signo);
	if (!notice->socket)
		return -EBADF;
	socket = socket_of(notice->socket);
	if (socket && socket->ops->deliver)
		return 0;
	file_put(notice->socket);
	return socket ? -EINVAL : -ENOTSOCK;
}

/* The registration has the reference to a socket then. */
static int copy_notice(uint64_t address, struct mqueue_notice *notice)
{
	struct linux_sigevent event;

	if (copy_from_user(&event, address, sizeof(event)))
		return -EFAULT;
	*notice = (struct mqueue_notice){.how = event.notify, .signal = event.signo, .value = event.value};
	if (notice->how == MQUEUE_BY_THREAD)
		return notice_for_thread(&event, notice);
	if (notice->how < MQUEUE_BY_SIGNAL || notice->how > MQUEUE_BY_THREAD || (notice->how == MQUEUE_BY_SIGNAL && (notice->signal < 0 || notice->signal > LINUX_NSIG)))
		return -EINVAL;
	return 0;
}

SYSCALL(mq_notify, 2, "dp")
{
	struct mqueue_notice notice = {.socket = NULL};
	struct mqueue *queue;
	struct file *file;
	int ret = a->v[1] ? copy_notice(a->v[1], &notice) : 0;

	if (ret)
		return ret;
	ret = queue_get((int)a->v[0], 0, &file, &queue);
	if (!ret) {
		ret = mqueue_notify(queue, a->v[1] ? &notice : NULL);
		file_put(file);
	}
	if (ret && notice.socket)
		file_put(notice.socket);
	return ret;
}
