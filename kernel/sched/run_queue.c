/* SPDX-License-Identifier: BSD-3-Clause */
/* The order in which threads run: see run_queue.h. */
#include "kernel/sched/run_queue.h"

#define WEIGHT_NORMAL 1024
#define WEIGHT_IDLE   3

/* 1024 * 1.25^-nice for nice -20 to 19: one step of nice is a tenth of the CPU, as sched(7) wants. */
static const uint32_t weights[40] = {88818, 71054, 56843, 45475, 36380, 29104, 23283, 18626, 14901, 11921, 9537, 7629, 6104, 4883, 3906, 3125,
    2500, 2000, 1600, 1280, 1024, 819, 655, 524, 419, 336, 268, 215, 172, 137, 110, 88, 70, 56, 45, 36, 29, 23, 18, 15};

static struct thread *of_node(struct rb_node *node)
{
	return container_of(node, struct thread, run_node);
}

/* Virtual runtimes wrap; their differences do not. */
static bool is_before(uint64_t a, uint64_t b)
{
	return (int64_t)(a - b) < 0;
}

void run_queue_init(struct run_queue *queue, struct thread *idle)
{
	*queue = (struct run_queue){.lock = SPINLOCK_INIT, .current = idle, .idle = idle};
	list_init(&queue->realtime);
}

uint32_t run_weight(int policy, int nice)
{
	return policy == SCHED_IDLE ? WEIGHT_IDLE : weights[nice + 20];
}

bool run_is_realtime(const struct thread *thread)
{
	return thread_priority(thread) > 0;
}

static void insert_fair(struct run_queue *queue, struct thread *thread)
{
	struct rb_node **link = &queue->fair.root, *parent = NULL;
	bool is_first = true;

	while (*link) {
		parent = *link;
		if (is_before(thread->vruntime, of_node(parent)->vruntime)) {
			link = &parent->left;
		} else {
			link = &parent->right;
			is_first = false;
		}
	}
	rb_insert(&queue->fair, &thread->run_node, parent, link);
	if (is_first)
		queue->first = &thread->run_node;
}

/* Behind those of its priority; one that was preempted stays before them (sched(7), SCHED_FIFO). */
static void insert_realtime(struct run_queue *queue, struct thread *thread, bool to_front)
{
	struct list *place = queue->realtime.next;

	while (place != &queue->realtime) {
		int priority = thread_priority(container_of(place, struct thread, fifo_node));

		if (priority < thread_priority(thread) || (to_front && priority == thread_priority(thread)))
			break;
		place = place->next;
	}
	list_insert_between(&thread->fifo_node, place->prev, place);
}

static void raise_floor(struct run_queue *queue)
{
	uint64_t least;

	if (queue->current && queue->current != queue->idle && !run_is_realtime(queue->current)) {
		least = queue->current->vruntime;
		if (queue->first && is_before(of_node(queue->first)->vruntime, least))
			least = of_node(queue->first)->vruntime;
	} else if (queue->first) {
		least = of_node(queue->first)->vruntime;
	} else {
		return;
	}
	if (is_before(queue->floor, least))
		queue->floor = least;
}

/* From relative to this queue's scale. A sleeper comes back with at most a small bonus, however long it slept. */
static void make_absolute(struct run_queue *queue, struct thread *thread, enum run_add why)
{
	int64_t lag = (int64_t)thread->vruntime;

	if (why == RUN_WOKEN && lag < -(int64_t)RUN_SLEEP_BONUS_NS)
		lag = -(int64_t)RUN_SLEEP_BONUS_NS;
	if (why == RUN_BEHIND && !run_is_realtime(queue->current) && is_before(queue->floor + (uint64_t)lag, queue->current->vruntime))
		lag = (int64_t)(queue->current->vruntime - queue->floor);
	thread->vruntime = queue->floor + (uint64_t)lag;
}

void run_queue_add(struct run_queue *queue, struct thread *thread, enum run_add why)
{
	thread->is_queued = true;
	queue->nr_waiting++;
	if (why != RUN_PREEMPTED && why != RUN_YIELDED)
		make_absolute(queue, thread, why);
	if (run_is_realtime(thread)) {
		insert_realtime(queue, thread, why == RUN_PREEMPTED && (thread->policy != SCHED_RR || thread->slice_used_ns < RUN_SLICE_RR_NS));
		return;
	}
	if (why == RUN_YIELDED && queue->first && is_before(thread->vruntime, of_node(queue->first)->vruntime))
		thread->vruntime = of_node(queue->first)->vruntime;
	insert_fair(queue, thread);
}

static void take_out(struct run_queue *queue, struct thread *thread)
{
	thread->is_queued = false;
	queue->nr_waiting--;
	if (run_is_realtime(thread)) {
		list_remove(&thread->fifo_node);
		return;
	}
	if (queue->first == &thread->run_node)
		queue->first = rb_next(&thread->run_node);
	rb_remove(&queue->fair, &thread->run_node);
}

void run_queue_remove(struct run_queue *queue, struct thread *thread)
{
	take_out(queue, thread);
	run_queue_leave(queue, thread);
}

struct thread *run_queue_pick(struct run_queue *queue)
{
	struct thread *next;

	if (!list_empty(&queue->realtime))
		next = container_of(queue->realtime.next, struct thread, fifo_node);
	else if (queue->first)
		next = of_node(queue->first);
	else
		return NULL;
	take_out(queue, next);
	return next;
}

void run_queue_leave(struct run_queue *queue, struct thread *thread)
{
	raise_floor(queue);
	thread->vruntime -= queue->floor;
}

void run_queue_charge(struct run_queue *queue, struct thread *thread, uint64_t ns)
{
	thread->slice_used_ns += ns;
	if (run_is_realtime(thread))
		return;
	thread->vruntime += thread->weight == WEIGHT_NORMAL ? ns : ns * WEIGHT_NORMAL / thread->weight;
	raise_floor(queue);
}

bool run_queue_preempts(const struct run_queue *queue, const struct thread *woken)
{
	const struct thread *current = queue->current;

	if (current == queue->idle)
		return true;
	if (run_is_realtime(woken))
		return thread_priority(woken) > thread_priority(current);
	if (run_is_realtime(current) || woken->policy == SCHED_BATCH || woken->policy == SCHED_IDLE)
		return false;
	if (current->policy == SCHED_IDLE)
		return true;
	return is_before(woken->vruntime + RUN_WAKE_GRAIN_NS, current->vruntime);
}

uint64_t run_queue_slice_ns(const struct run_queue *queue)
{
	const struct thread *current = queue->current;

	if (!queue->nr_waiting || (run_is_realtime(current) && current->policy != SCHED_RR))
		return UINT64_MAX;
	if (current->policy == SCHED_RR)
		return RUN_SLICE_RR_NS;
	return max_u64(RUN_LATENCY_NS / (queue->nr_waiting + 1), RUN_SLICE_MIN_NS);
}

static bool may_move(struct thread *thread, unsigned cpu)
{
	return (thread->affinity >> cpu & 1) && !__atomic_load_n(&thread->on_cpu, __ATOMIC_ACQUIRE);
}

struct thread *run_queue_steal(struct run_queue *queue, unsigned cpu)
{
	struct thread *thread;

	list_for_each(thread, &queue->realtime, fifo_node) {
		if (may_move(thread, cpu)) {
			run_queue_remove(queue, thread);
			return thread;
		}
	}
	for (struct rb_node *node = rb_last(&queue->fair); node; node = rb_prev(node)) {
		if (may_move(of_node(node), cpu)) {
			run_queue_remove(queue, of_node(node));
			return of_node(node);
		}
	}
	return NULL;
}
