/* SPDX-License-Identifier: BSD-3-Clause */
/* POSIX message queues (mq_overview(7)): messages with priorities, the highest and among these the oldest first. */
#pragma once
#include "kernel/file/file.h"
#include "lib/list.h"

#define MQUEUE_PRIORITIES 32768u

struct mqueue_attributes { /* struct mq_attr */
	int64_t flags, messages_max, message_size, messages;
	int64_t reserved[4];
};

struct mqueue_message {
	struct list node;
	uint32_t priority;
	size_t len;
	uint8_t text[];
};

/* How a queue tells its one registered process that a message came (mq_notify(3)). */
enum { MQUEUE_COOKIE = 32 };
struct mqueue_notice {
	int how; /* SIGEV_* */
	int signal;
	uint64_t value;
	/* MQUEUE_BY_THREAD: a library's thread reads this from a socket, the last byte as the end of the registration has it. */
	struct file *socket; /* with a reference, which a registration takes */
	uint8_t cookie[MQUEUE_COOKIE];
};
enum { MQUEUE_BY_SIGNAL = 0, MQUEUE_NOT_AT_ALL = 1, MQUEUE_BY_THREAD = 2 };
/* How bytes get to be read from a socket: may sleep. The system calls set it at start. */
void mqueue_set_socket_hook(void (*deliver)(struct file *socket, const void *bytes, size_t len));

/*
 * mq_open(3) and mq_unlink(3), names without the slash. attributes NULL: as the system has it. -EACCES (a slash in the name, or no
 * right), -EMFILE (RLIMIT_MSGQUEUE), -EINVAL and what open(2) says.
 */
int mqueue_open(const char *name, int flags, uint32_t mode, const struct mqueue_attributes *attributes, struct file **file) must_check;
int mqueue_unlink(const char *name) must_check;

/* Whether a queue may have these: -EINVAL. */
int mqueue_check(const struct mqueue_attributes *attributes) must_check;

struct mqueue;
struct mqueue *mqueue_of(struct file *file); /* NULL: the file is none */
/* Takes the message when it returns 0. -EMSGSIZE, -EAGAIN (`nonblocking`), -ETIMEDOUT, -EINTR. The deadline is monotonic. */
int mqueue_send(struct mqueue *queue, struct mqueue_message *message, bool nonblocking, uint64_t deadline_ns) must_check;
/* Returns owned. -EMSGSIZE: `size` is less than a message can have; as sending. */
int mqueue_receive(struct mqueue *queue, size_t size, bool nonblocking, uint64_t deadline_ns, struct mqueue_message **message) must_check;
/* notice NULL: the caller's registration, if it has one, goes. -EBUSY: somebody is registered. */
int mqueue_notify(struct mqueue *queue, const struct mqueue_notice *notice) must_check;
void mqueue_describe(struct mqueue *queue, struct mqueue_attributes *to); /* all but the flags */
