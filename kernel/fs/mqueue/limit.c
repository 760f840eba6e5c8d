/* SPDX-License-Identifier: BSD-3-Clause */
/* How large queues may be: for the system (mq_overview(7), "/proc interfaces"), and all of a user together (RLIMIT_MSGQUEUE). */
#include "kernel/fs/mqueue/internal.h"
#include "kernel/fs/proc/proc.h"
#include "kernel/mem/heap.h"
#include "kernel/process/credentials.h"
#include "kernel/uapi/errno.h"

enum { MESSAGES_EVER = 65536, MESSAGE_SIZE_EVER = 16 << 20 };
enum { OVERHEAD = 48 }; /* of a message, and once more of each priority: as getrlimit(2) counts */

struct user {
	struct list node;
	uint32_t id;
	uint64_t bytes;
};

static unsigned messages_max = 10, message_size_max = 8192, queues_max = 256, messages_usual = 10, message_size_usual = 8192;

PROC_FILE(mqueue_msg_max) = {.path = "sys/fs/mqueue/msg_max", .mode = 0644, .number = &messages_max, .least = 1, .most = MESSAGES_EVER};
PROC_FILE(mqueue_msgsize_max) = {.path = "sys/fs/mqueue/msgsize_max", .mode = 0644, .number = &message_size_max, .least = 128, .most = MESSAGE_SIZE_EVER};
PROC_FILE(mqueue_msg_default) = {.path = "sys/fs/mqueue/msg_default", .mode = 0644, .number = &messages_usual, .least = 1, .most = MESSAGES_EVER};
PROC_FILE(mqueue_msgsize_default) = {.path = "sys/fs/mqueue/msgsize_default", .mode = 0644, .number = &message_size_usual, .least = 128, .most = MESSAGE_SIZE_EVER};
PROC_FILE(mqueue_queues_max) = {.path = "sys/fs/mqueue/queues_max", .mode = 0644, .number = &queues_max, .most = INT32_MAX};

static struct list users = LIST_INIT(users);
static unsigned nr_queues;
static struct spinlock lock; /* guards all of them */

void mqueue_usual(struct mqueue_attributes *to)
{
	*to = (struct mqueue_attributes){
	    .messages_max = (int64_t)min_u64(messages_usual, messages_max), .message_size = (int64_t)min_u64(message_size_usual, message_size_max)};
}

int mqueue_check(const struct mqueue_attributes *a)
{
	bool is_free = task_is_capable(CAPABILITY_SYS_RESOURCE);

	if (a->messages_max <= 0 || a->message_size <= 0)
		return -EINVAL;
	if (a->messages_max > (is_free ? MESSAGES_EVER : messages_max) || a->message_size > (is_free ? MESSAGE_SIZE_EVER : message_size_max))
		return -EINVAL;
	return 0;
}

static uint64_t bytes_of(uint64_t nr, uint64_t size)
{
	return nr * (OVERHEAD + size) + min_u64(nr, MQUEUE_PRIORITIES) * OVERHEAD;
}

static struct user *find_locked(uint32_t id)
{
	struct user *user;

	list_for_each(user, &users, node)
		if (user->id == id)
			return user;
	return NULL;
}

/* One that has no queues is forgotten; freed by the caller, without the lock. */
static struct user *forget_locked(struct user *user)
{
	if (!user || user->bytes)
		return NULL;
	list_remove(&user->node);
	return user;
}

int mqueue_charge(uint32_t id, uint64_t nr, uint64_t size)
{
	uint64_t bytes = bytes_of(nr, size), limit = process_current()->limits[LINUX_RLIMIT_MSGQUEUE].soft;
	struct user *fresh = heap_alloc(sizeof(*fresh)), *user;
	int ret = 0;

	if (!fresh)
		return -ENOMEM;
	spin_lock(&lock);
	user = find_locked(id);
	if (!user) {
		user = fresh;
		fresh = NULL;
		*user = (struct user){.id = id};
		list_push_back(&users, &user->node);
	}
	if (nr_queues >= queues_max && !task_is_capable(CAPABILITY_SYS_RESOURCE)) {
		ret = -ENOSPC;
	} else if (user->bytes + bytes > limit) {
		ret = -EMFILE;
	} else {
		user->bytes += bytes;
		nr_queues++;
	}
	user = forget_locked(user);
	spin_unlock(&lock);
	heap_free(user);
	heap_free(fresh);
	return ret;
}

void mqueue_uncharge(uint32_t id, uint64_t nr, uint64_t size)
{
	struct user *user;

	spin_lock(&lock);
	user = find_locked(id);
	if (user)
		user->bytes -= bytes_of(nr, size);
	nr_queues--;
	user = forget_locked(user);
	spin_unlock(&lock);
	heap_free(user);
}
