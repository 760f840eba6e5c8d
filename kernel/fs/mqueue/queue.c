/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The messages of a queue, and who waits for them. A sender that finds somebody waiting hands its message over; a receiver that finds a
 * sender waiting for room takes that one's message into the queue: so who came first is served first.
 */
#include "kernel/fs/mqueue/internal.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/poll.h"

/* On the stack of who waits. */
struct waiting {
	struct list node;
	struct mqueue_message *message; /* a sender's own, a receiver's once it is there */
	bool is_served;
	struct wait_queue wake;
};

struct mqueue *mqueue_new(uint64_t messages_max, uint64_t message_size)
{
	struct mqueue *queue = heap_alloc_zero(sizeof(*queue));

	if (!queue)
		return NULL;
	list_init(&queue->messages);
	list_init(&queue->senders);
	list_init(&queue->receivers);
	wait_queue_init(&queue->poll_wait);
	queue->messages_max = messages_max;
	queue->message_size = message_size;
	return queue;
}

void mqueue_free(struct mqueue *queue)
{
	struct list *node;

	while ((node = list_pop_front(&queue->messages)))
		heap_free(container_of(node, struct mqueue_message, node));
	mqueue_finish(&queue->registered, MQUEUE_REMOVED);
	heap_free(queue);
}

/* Behind those of its priority and above. */
static void insert_locked(struct mqueue *queue, struct mqueue_message *message)
{
	struct list *behind = queue->messages.prev;

	while (behind != &queue->messages && container_of(behind, struct mqueue_message, node)->priority < message->priority)
		behind = behind->prev;
	list_insert_between(&message->node, behind, behind->next);
	queue->nr_messages++;
	queue->nr_bytes += message->len;
}

static struct mqueue_message *take_locked(struct mqueue *queue)
{
	struct mqueue_message *message = container_of(list_pop_front(&queue->messages), struct mqueue_message, node);

	queue->nr_messages--;
	queue->nr_bytes -= message->len;
	return message;
}

static struct waiting *first_of(struct list *list)
{
	struct list *node = list_pop_front(list);

	return node ? container_of(node, struct waiting, node) : NULL;
}

static void serve_locked(struct waiting *waiting)
{
	waiting->is_served = true;
	wait_wake_all(&waiting->wake, 0);
}

/* Until somebody serves it; the lock is released meanwhile. */
static int wait_locked(struct mqueue *queue, struct list *list, struct waiting *waiting, uint64_t deadline_ns)
{
	struct waiter waiter;
	int ret = 0;

	wait_queue_init(&waiting->wake);
	list_push_back(list, &waiting->node);
	wait_begin(&waiter, &waiting->wake);
	while (!waiting->is_served && !ret) {
		spin_unlock(&queue->lock);
		ret = wait_sleep(deadline_ns, WAIT_INTERRUPTIBLE);
		spin_lock(&queue->lock);
	}
	wait_end(&waiter);
	if (waiting->is_served)
		return 0;
	list_remove(&waiting->node);
	return ret;
}

int mqueue_send(struct mqueue *queue, struct mqueue_message *message, bool nonblocking, uint64_t deadline_ns)
{
	struct mqueue_registration ended = {.process = NULL};
	struct waiting waiting = {.message = message}, *receiver;
	int ret = 0;

	if (message->len > queue->message_size)
		return -EMSGSIZE;
	spin_lock(&queue->lock);
	if (queue->nr_messages >= queue->messages_max) {
		ret = nonblocking ? -EAGAIN : wait_locked(queue, &queue->senders, &waiting, deadline_ns);
		spin_unlock(&queue->lock);
		return ret;
	}
	receiver = first_of(&queue->receivers);
	if (receiver) {
		receiver->message = message;
		serve_locked(receiver);
	} else {
		insert_locked(queue, message);
		if (queue->nr_messages == 1)
			mqueue_tell_locked(queue, &ended);
		wait_wake_all(&queue->poll_wait, POLLIN | POLLRDNORM);
	}
	spin_unlock(&queue->lock);
	mqueue_finish(&ended, MQUEUE_WOKEN);
	return 0;
}

int mqueue_receive(struct mqueue *queue, size_t size, bool nonblocking, uint64_t deadline_ns, struct mqueue_message **message)
{
	struct waiting waiting = {.message = NULL}, *sender;
	int ret = 0;

	if (size < queue->message_size)
		return -EMSGSIZE;
	spin_lock(&queue->lock);
	if (!queue->nr_messages) {
		ret = nonblocking ? -EAGAIN : wait_locked(queue, &queue->receivers, &waiting, deadline_ns);
		*message = waiting.message;
		spin_unlock(&queue->lock);
		return ret;
	}
	*message = take_locked(queue);
	sender = first_of(&queue->senders);
	if (sender) {
		insert_locked(queue, sender->message);
		serve_locked(sender);
	} else {
		wait_wake_all(&queue->poll_wait, POLLOUT | POLLWRNORM);
	}
	spin_unlock(&queue->lock);
	return 0;
}

void mqueue_describe(struct mqueue *queue, struct mqueue_attributes *to)
{
	spin_lock(&queue->lock);
	*to = (struct mqueue_attributes){
	    .messages_max = (int64_t)queue->messages_max, .message_size = (int64_t)queue->message_size, .messages = (int64_t)queue->nr_messages};
	spin_unlock(&queue->lock);
}
