/* SPDX-License-Identifier: BSD-3-Clause */
/* Timers in a tree by deadline; equal ones in the order of their arming. */
#include "kernel/sched/timer_queue.h"

static struct timer *of_node(struct rb_node *node)
{
	return container_of(node, struct timer, node);
}

static void set_first(struct timer_queue *queue, struct rb_node *first)
{
	queue->first = first;
	__atomic_store_n(&queue->next_ns, first ? of_node(first)->deadline_ns : UINT64_MAX, __ATOMIC_RELAXED);
}

void timer_queue_init(struct timer_queue *queue)
{
	*queue = (struct timer_queue){.lock = SPINLOCK_INIT, .next_ns = UINT64_MAX};
}

static bool insert_locked(struct timer_queue *queue, struct timer *timer)
{
	struct rb_node **link = &queue->tree.root, *parent = NULL;
	bool is_first = true;

	while (*link) {
		parent = *link;
		if (timer->deadline_ns < of_node(parent)->deadline_ns) {
			link = &parent->left;
		} else {
			link = &parent->right;
			is_first = false;
		}
	}
	rb_insert(&queue->tree, &timer->node, parent, link);
	timer->is_armed = true;
	if (is_first)
		set_first(queue, &timer->node);
	return is_first;
}

static bool remove_locked(struct timer_queue *queue, struct timer *timer)
{
	if (!timer->is_armed)
		return false;
	if (queue->first == &timer->node)
		set_first(queue, rb_next(&timer->node));
	rb_remove(&queue->tree, &timer->node);
	timer->is_armed = false;
	return true;
}

bool timer_queue_add(struct timer_queue *queue, struct timer *timer)
{
	bool is_first;

	spin_lock(&queue->lock);
	is_first = insert_locked(queue, timer);
	spin_unlock(&queue->lock);
	return is_first;
}

bool timer_queue_remove(struct timer_queue *queue, struct timer *timer, bool *is_running)
{
	bool was_armed;

	spin_lock(&queue->lock);
	was_armed = remove_locked(queue, timer);
	*is_running = queue->running == timer;
	spin_unlock(&queue->lock);
	return was_armed;
}

unsigned timer_queue_run(struct timer_queue *queue, uint64_t now_ns, unsigned max)
{
	unsigned done = 0;

	spin_lock(&queue->lock);
	for (; done < max && queue->first; done++) {
		struct timer *timer = of_node(queue->first);

		if (timer->deadline_ns > now_ns)
			break;
		remove_locked(queue, timer);
		__atomic_store_n(&queue->running, timer, __ATOMIC_RELAXED);
		spin_unlock(&queue->lock);
		timer->fire(timer);
		spin_lock(&queue->lock);
		__atomic_store_n(&queue->running, NULL, __ATOMIC_RELEASE);
	}
	spin_unlock(&queue->lock);
	return done;
}
