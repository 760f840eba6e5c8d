/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Message queues. Who must wait for a message or for room stands in a list of the queue; after a change all of them are woken, and
 * look for the queue by its id again, since it may be gone.
 */
#include "kernel/ipc/message_queue.h"
#include "kernel/mem/heap.h"
#include "kernel/process/credentials.h"
#include "kernel/process/process.h"
#include "kernel/sched/wait.h"
#include "kernel/uapi/errno.h"
#include "lib/string.h"

struct queue {
	struct ipc_object object;
	struct list messages; /* oldest first */
	struct list sleepers;
	uint64_t nr_messages, nr_bytes, bytes_max;
	int64_t sent_at, received_at, changed_at;
	int last_sender, last_receiver;
};

/* On the stack of who waits; guarded by the table's lock. */
struct sleeper {
	struct list node;
	bool is_woken;
	struct wait_queue queue;
};

static struct ipc_object *create(uint64_t size, int flags, int *error);
static int check_size(const struct ipc_object *object, uint64_t size);

static struct ipc_table queues = {.limit = &ipc_limits.msgmni, .next_id = &ipc_limits.msg_next_id, .create = create, .check_size = check_size};

static struct queue *of(struct ipc_object *object)
{
	return container_of(object, struct queue, object);
}

static struct ipc_object *create(uint64_t size, int flags, int *error)
{
	struct queue *queue = heap_alloc_zero(sizeof(*queue));

	*error = -ENOMEM;
	if (!queue)
		return NULL;
	list_init(&queue->messages);
	list_init(&queue->sleepers);
	queue->bytes_max = ipc_limits.msgmnb;
	queue->changed_at = ipc_now();
	return &queue->object;
}

static int check_size(const struct ipc_object *object, uint64_t size)
{
	return 0;
}

int64_t message_queue_get(int key, int flags)
{
	return ipc_get(&queues, key, 0, flags);
}

/* ---- Waiting; lock held ---- */

static void wake_all(struct queue *queue)
{
	struct sleeper *sleeper, *next;

	list_for_each_safe(sleeper, next, &queue->sleepers, node)
	{
		list_remove(&sleeper->node);
		sleeper->is_woken = true;
		wait_wake_all(&sleeper->queue, 0);
	}
}

/* Until something has changed in the queue, which may not be there then. 0 or -EINTR; the lock is released meanwhile. */
static int wait_for_change(struct queue *queue)
{
	struct sleeper sleeper = {.is_woken = false};
	struct waiter waiter;
	int ret = 0;

	wait_queue_init(&sleeper.queue);
	list_push_back(&queue->sleepers, &sleeper.node);
	wait_begin(&waiter, &sleeper.queue);
	while (!sleeper.is_woken && !ret) {
		spin_unlock(&queues.lock);
		ret = wait_sleep(WAIT_FOREVER, WAIT_INTERRUPTIBLE);
		spin_lock(&queues.lock);
	}
	wait_end(&waiter);
	list_remove(&sleeper.node);
	return sleeper.is_woken ? 0 : ret;
}

/* ---- Sending ---- */

static bool has_room(const struct queue *queue, size_t len)
{
	/* Empty messages count too, so that they do not fill memory. */
	return queue->nr_bytes + len <= queue->bytes_max && queue->nr_messages + 1 <= queue->bytes_max;
}

static void append(struct queue *queue, struct message *message)
{
	list_push_back(&queue->messages, &message->node);
	queue->nr_messages++;
	queue->nr_bytes += message->len;
	queue->last_sender = process_current()->pid;
	queue->sent_at = ipc_now();
	wake_all(queue);
}

int message_queue_send(int id, struct message *message, int flags)
{
	struct ipc_object *object;
	bool is_again = false;
	int ret;

	for (;;) {
		object = ipc_lock(&queues, id, 0222, &ret);
		if (!object)
			return is_again && ret == -EINVAL ? -EIDRM : ret;
		if (has_room(of(object), message->len))
			break;
		ret = flags & LINUX_IPC_NOWAIT ? -EAGAIN : wait_for_change(of(object));
		spin_unlock(&queues.lock);
		if (ret)
			return ret;
		is_again = true;
	}
	append(of(object), message);
	spin_unlock(&queues.lock);
	return 0;
}

/* ---- Receiving ---- */

static bool is_wanted(const struct message *message, int64_t type, int flags)
{
	if (!type)
		return true;
	if (type > 0)
		return (message->type == type) != ((flags & LINUX_MSG_EXCEPT) != 0);
	return message->type <= (type == INT64_MIN ? INT64_MAX : -type);
}

/* For a negative type the lowest type goes first; else the first that fits. */
static struct message *choose(const struct queue *queue, int64_t type, int flags)
{
	struct message *message, *best = NULL;
	int64_t number = 0;

	list_for_each(message, &queue->messages, node)
	{
		if (flags & LINUX_MSG_COPY) {
			if (number++ == type)
				return message;
		} else if (is_wanted(message, type, flags) && (!best || message->type < best->type)) {
			best = message;
			if (type >= 0)
				break;
		}
	}
	return best;
}

static int take(struct queue *queue, struct message *message, int flags, struct message **taken)
{
	if (flags & LINUX_MSG_COPY) {
		*taken = heap_alloc(sizeof(*message) + message->len);
		if (!*taken)
			return -ENOMEM;
		memcpy(*taken, message, sizeof(*message) + message->len);
		return 0;
	}
	list_remove(&message->node);
	queue->nr_messages--;
	queue->nr_bytes -= message->len;
	queue->last_receiver = process_current()->pid;
	queue->received_at = ipc_now();
	wake_all(queue);
	*taken = message;
	return 0;
}

int message_queue_receive(int id, int64_t type, size_t size, int flags, struct message **message)
{
	struct ipc_object *object;
	struct message *found;
	bool is_again = false;
	int ret;

	if ((flags & LINUX_MSG_COPY) && ((flags & LINUX_MSG_EXCEPT) || !(flags & LINUX_IPC_NOWAIT)))
		return -EINVAL;
	for (;;) {
		object = ipc_lock(&queues, id, 0444, &ret);
		if (!object)
			return is_again && ret == -EINVAL ? -EIDRM : ret;
		found = choose(of(object), type, flags);
		if (found)
			break;
		ret = flags & LINUX_IPC_NOWAIT ? -ENOMSG : wait_for_change(of(object));
		spin_unlock(&queues.lock);
		if (ret)
			return ret;
		is_again = true;
	}
	if (found->len > size && !(flags & LINUX_MSG_NOERROR))
		ret = -E2BIG;
	else
		ret = take(of(object), found, flags, message);
	spin_unlock(&queues.lock);
	return ret;
}

/* ---- msgctl(2) ---- */

static void describe_locked(const struct queue *queue, struct linux_msqid_ds *to)
{
	*to = (struct linux_msqid_ds){
		.stime = queue->sent_at,
		.rtime = queue->received_at,
		.ctime = queue->changed_at,
		.cbytes = queue->nr_bytes,
		.qnum = queue->nr_messages,
		.qbytes = queue->bytes_max,
		.lspid = queue->last_sender,
		.lrpid = queue->last_receiver,
	};
	ipc_describe(&queue->object, &to->perm);
}

int message_queue_stat(int id, bool is_slot, bool check_permission, struct linux_msqid_ds *to, int *found_id)
{
	unsigned mode = check_permission ? 0444 : 0;
	struct ipc_object *object;
	int error;

	object = is_slot ? ipc_lock_slot(&queues, id, mode, &error) : ipc_lock(&queues, id, mode, &error);
	if (!object)
		return error;
	describe_locked(of(object), to);
	*found_id = object->id;
	spin_unlock(&queues.lock);
	return 0;
}

int message_queue_set(int id, const struct linux_ipc_perm *perm, uint64_t bytes_max)
{
	int error;
	struct ipc_object *object = ipc_lock_own(&queues, id, &error);

	if (!object)
		return error;
	if (bytes_max > ipc_limits.msgmnb && !task_is_capable(CAPABILITY_SYS_RESOURCE)) {
		error = -EPERM;
	} else {
		ipc_set(object, perm);
		of(object)->bytes_max = bytes_max;
		of(object)->changed_at = ipc_now();
		wake_all(of(object));
	}
	spin_unlock(&queues.lock);
	return error;
}

int message_queue_remove(int id)
{
	int error;
	struct ipc_object *object = ipc_lock_own(&queues, id, &error);
	struct list *node;

	if (!object)
		return error;
	wake_all(of(object));
	ipc_remove(&queues, object);
	spin_unlock(&queues.lock);
	while ((node = list_pop_front(&of(object)->messages)))
		heap_free(container_of(node, struct message, node));
	heap_free(of(object));
	return 0;
}

int message_queue_count(int *nr_queues, int *nr_messages, int *nr_bytes)
{
	struct ipc_object *object;
	int last;

	*nr_queues = *nr_messages = *nr_bytes = 0;
	spin_lock(&queues.lock);
	for (unsigned slot = 0; (object = ipc_next(&queues, &slot)); slot++) {
		++*nr_queues;
		*nr_messages += (int)of(object)->nr_messages;
		*nr_bytes += (int)of(object)->nr_bytes;
	}
	last = ipc_last_slot(&queues);
	spin_unlock(&queues.lock);
	return last;
}

bool message_queue_next(unsigned *slot, struct linux_msqid_ds *to, int *id)
{
	struct ipc_object *object;

	spin_lock(&queues.lock);
	object = ipc_next(&queues, slot);
	if (object) {
		describe_locked(of(object), to);
		*id = object->id;
	}
	spin_unlock(&queues.lock);
	return object;
}
