/* SPDX-License-Identifier: BSD-3-Clause */
/* The stack's turns: lock, time and memory. */
#include "kernel/net/system/system.h"
#include "kernel/arch/spinlock.h"
#include "kernel/file/random.h"
#include "kernel/log/log.h"
#include "kernel/mem/heap.h"
#include "kernel/mem/page.h"
#include "kernel/net/core/library.h"
#include "kernel/platform/platform.h"
#include "kernel/sched/timer.h"

#define QUEUES_SHARE 4 /* of the memory may be in queues of sockets */

static struct spinlock lock;
static struct net_stack the_stack; /* guarded by lock, as all that follows */
static struct net_interface loopback;
static struct timer timer;
static uint64_t timer_at_ns = NET_NEVER;
static bool is_made;

struct net_tuning net_machine_tuning = NET_TUNING_DEFAULT;
static const struct net_environment environment = {.alloc = heap_alloc, .free = heap_free, .random = random_u64, .tuning = &net_machine_tuning};

static void timer_fire(struct timer *unused)
{
	struct net_stack *stack = net_enter();

	timer_at_ns = NET_NEVER;
	net_tick(stack);
	net_leave();
}

static void configure_loopback(void)
{
	struct net_address address4 = net_address_of_ip4(0x7f000001), address6 = {.byte = {[15] = 1}};
	const struct net_network *ip4 = the_stack.network[NET_IP4], *ip6 = the_stack.network[NET_IP6];
	int error = 0;

	net_loopback_init(&the_stack, &loopback);
	if (ip4)
		error = ip4->configure(&loopback, &address4, 8, NULL);
	if (ip6 && !error)
		error = ip6->configure(&loopback, &address6, 128, NULL);
	if (error)
		log_line(LOG_ERROR, "the loopback interface has no address: error %d", -error);
}

static void make_stack(void)
{
	struct page_counts pages;
	int error;

	is_made = true;
	timer_init(&timer, timer_fire);
	net_stack_init(&the_stack, &environment);
	page_count(&pages);
	the_stack.memory_limit = pages.total * PAGE_SIZE / QUEUES_SHARE;
	error = net_libraries_init(&the_stack);
	if (error)
		panic("no memory for the network stack");
	net_begin(&the_stack, clock_monotonic_ns());
	configure_loopback();
}

struct net_stack *net_enter(void)
{
	device_need_all();
	spin_lock(&lock);
	if (unlikely(!is_made))
		make_stack();
	net_begin(&the_stack, clock_monotonic_ns());
	return &the_stack;
}

/* A timer that was set earlier than needed fires for nothing, which costs less than to move it at each turn. */
void net_leave(void)
{
	uint64_t next = net_end(&the_stack);

	if (next < timer_at_ns) {
		timer_at_ns = next;
		timer_arm(&timer, next);
	}
	spin_unlock(&lock);
}
