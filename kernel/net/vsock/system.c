/* SPDX-License-Identifier: BSD-3-Clause */
/* Turns of the machine's instance. */
#include "kernel/net/vsock/system.h"
#include "kernel/arch/spinlock.h"
#include "kernel/file/random.h"
#include "kernel/mem/heap.h"
#include "kernel/platform/platform.h"
#include "kernel/sched/timer.h"

static struct spinlock lock;
static struct vsock the_vsock; /* guarded by lock, as all that follows */
static struct timer timer;
static uint64_t timer_at_ns = UINT64_MAX;
static bool is_made;

static const struct vsock_environment environment = {.alloc = heap_alloc, .free = heap_free, .random = random_u64};

static void timer_fire(struct timer *unused)
{
	vsock_enter();
	timer_at_ns = UINT64_MAX;
	vsock_leave();
}

struct vsock *vsock_enter(void)
{
	spin_lock(&lock);
	if (unlikely(!is_made)) {
		is_made = true;
		timer_init(&timer, timer_fire);
		vsock_init(&the_vsock, &environment);
	}
	the_vsock.now_ns = clock_monotonic_ns();
	return &the_vsock;
}

void vsock_leave(void)
{
	uint64_t next = vsock_end(&the_vsock);

	if (next < timer_at_ns) {
		timer_at_ns = next;
		timer_arm(&timer, next);
	}
	spin_unlock(&lock);
}

void vsock_device_add(uint32_t cid, bool has_seqpacket, void (*transmit)(struct vsock *vsock, struct vsock_packet *packet))
{
	struct vsock *vsock = vsock_enter();

	if (!vsock->transmit) {
		vsock->cid = cid;
		vsock->has_seqpacket = has_seqpacket;
		vsock->transmit = transmit;
	}
	vsock_leave();
}
