/* SPDX-License-Identifier: BSD-3-Clause */
/* The life of threads: stacks, start, kernel threads. */
#include "kernel/sched/schedule.h"
#include "kernel/log/log.h"
#include "kernel/mem/heap.h"
#include "kernel/mem/page.h"
#include "kernel/uapi/errno.h"
#include "lib/string.h"

#define STACK_ORDER  2 /* THREAD_STACK_SIZE in pages */
#define STACK_CANARY 0x646f72795f737461ull /* at the lowest word: overwritten by a stack that overflowed */
#define POOL_MAX     4 /* stacks kept for the next threads */

/* Free stacks are chained through their first word. */
static struct spinlock pool_lock;
static void *pool;
static unsigned pool_count;

static void *pool_take(void)
{
	void *stack;

	spin_lock(&pool_lock);
	stack = pool;
	if (stack) {
		pool = *(void **)stack;
		pool_count--;
	}
	spin_unlock(&pool_lock);
	return stack;
}

void *thread_stack_new(void)
{
	void *stack = pool_take();

	if (!stack) {
		struct page *page = page_alloc(STACK_ORDER);

		if (!page)
			return NULL;
		stack = page_virt(page);
	}
	*(uint64_t *)stack = STACK_CANARY;
	return stack;
}

void thread_stack_check(const struct thread *thread)
{
	if (unlikely(thread->stack && *(uint64_t *)thread->stack != STACK_CANARY))
		panic("the kernel stack of %s overflowed", thread->name ? thread->name : "a thread");
}

void thread_stack_free(void *stack)
{
	spin_lock(&pool_lock);
	if (pool_count < POOL_MAX) {
		*(void **)stack = pool;
		pool = stack;
		pool_count++;
		stack = NULL;
	}
	spin_unlock(&pool_lock);
	if (stack)
		page_put(page_of_phys(virt_to_phys(stack)));
}

static void thread_begin(void *argument)
{
	struct thread *thread = argument;

	scheduler_finish_switch();
	thread->entry(thread->argument);
	thread_exit();
}

int thread_init(struct thread *thread, void (*entry)(void *), void *argument)
{
	const struct thread *parent = thread_current();

	memset(thread, 0, sizeof(*thread));
	thread->stack = thread_stack_new();
	if (!thread->stack)
		return -ENOMEM;
	thread->entry = entry;
	thread->argument = argument;
	thread->state = THREAD_RUNNABLE;
	thread->cpu = cpu_id();
	thread->vector_cpu = CPU_MAX;
	thread->affinity = parent->affinity;
	thread->policy = parent->policy;
	thread->priority = parent->priority;
	thread->nice = parent->nice;
	thread->weight = parent->weight;
	list_init(&thread->fifo_node);
	kernel_context_init(&thread->kernel, thread->stack, THREAD_STACK_SIZE, thread_begin, thread);
	return 0;
}

void thread_fini(struct thread *thread)
{
	if (thread->stack)
		thread_stack_free(thread->stack);
	thread->stack = NULL;
}

static void free_spawned(struct thread *thread)
{
	heap_free(thread);
}

static struct thread *new_kernel_thread(const char *name, void (*entry)(void *), void *argument)
{
	struct thread *thread = heap_alloc(sizeof(*thread));

	if (!thread)
		return NULL;
	if (thread_init(thread, entry, argument)) {
		heap_free(thread);
		return NULL;
	}
	thread->name = name;
	thread->release = free_spawned;
	thread->affinity = UINT64_MAX;
	thread->policy = SCHED_NORMAL;
	thread->priority = thread->nice = 0;
	thread->weight = run_weight(SCHED_NORMAL, 0);
	return thread;
}

int thread_spawn(const char *name, void (*entry)(void *), void *argument)
{
	struct thread *thread = new_kernel_thread(name, entry, argument);

	if (!thread)
		return -ENOMEM;
	thread_start(thread);
	return 0;
}

struct thread *thread_spawn_asleep(const char *name, void (*entry)(void *), void *argument)
{
	struct thread *thread = new_kernel_thread(name, entry, argument);

	if (thread)
		thread_start_asleep(thread);
	return thread;
}
