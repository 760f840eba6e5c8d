/* SPDX-License-Identifier: BSD-3-Clause */
/* The stand-in machine: log and panic on stderr, one CPU, memory from mmap, a clock that the test moves, locks that are
 * never contended. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "kernel/arch/cpu.h"
#include "kernel/arch/page_table.h"
#include "kernel/arch/user.h"
#include "kernel/hosted/hosted.h"
#include "kernel/log/log.h"
#include "kernel/platform/platform.h"
#include "kernel/sched/wait.h"
#include "kernel/uapi/errno.h"
#include "lib/linkerset.h"
#include "lib/string.h"

/* ---- Log ---- */

static enum log_level log_level = LOG_ERROR;

void log_set_level(enum log_level level)
{
	log_level = level;
}

void log_line(enum log_level level, const char *format, ...)
{
	va_list args;

	if (level > log_level)
		return;
	va_start(args, format);
	fprintf(stderr, "# ");
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
}

void log_raw(const char *text, size_t len)
{
	fwrite(text, 1, len, stderr);
}

noreturn_fn void panic(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "panic: ");
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	abort();
}

/* ---- CPU ---- */

static struct thread the_thread; /* all that runs here */
static struct thread *current;
static uint64_t cycles;

unsigned cpu_id(void)
{
	return 0;
}

unsigned cpu_count(void)
{
	return 1;
}

void cpu_relax(void)
{
	panic("a spin lock is held by its own CPU");
}

void cpu_poll(void)
{
}

void cpu_take_interrupts(void)
{
}

void cpu_kick(unsigned cpu)
{
}

uint64_t cpu_cycles(void)
{
	return cycles += 1000;
}

bool cpu_random(uint64_t *value)
{
	return false;
}

struct thread *cpu_current_thread(void)
{
	return current;
}

void cpu_set_current_thread(struct thread *thread)
{
	current = thread;
}

/* ---- Memory ---- */

static char *arena;

void hosted_memory(uint64_t size)
{
	arena = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (arena == MAP_FAILED)
		panic("no memory for a machine of %llu bytes", (unsigned long long)size);
	for (uint64_t at = 0; at < min_u64(size, 64ul << 20); at += sizeof(uint64_t))
		*(uint64_t *)(arena + at) = 0xa5a5a5a5a5a5a5a5ul;
}

void *phys_to_virt(uint64_t phys)
{
	return arena + phys;
}

uint64_t virt_to_phys(const void *virt)
{
	return (uint64_t)((const char *)virt - arena);
}

/* ---- Clock, initcalls ---- */

static uint64_t now_ns = 1;

void hosted_pass_time(uint64_t ns)
{
	now_ns += ns;
}

uint64_t clock_monotonic_ns(void)
{
	return now_ns;
}

uint64_t clock_realtime_ns(void)
{
	return now_ns;
}

LINKER_SET_DECLARE(initcall, struct initcall);

void hosted_start(void)
{
	for (enum init_level level = INIT_SCHEDULER; level <= INIT_PROCESS; level++)
		for (const struct initcall *const *call = LINKER_SET_BEGIN(initcall); call < LINKER_SET_END(initcall);
			call++)
			if ((*call)->level == level)
				(*call)->run();
}

/* ---- Threads and locks ---- */

int thread_spawn(const char *name, void (*entry)(void *), void *argument)
{
	return 0; /* it never gets to run */
}

struct thread *thread_spawn_asleep(const char *name, void (*entry)(void *), void *argument)
{
	static char sleeper;

	return (struct thread *)&sleeper; /* nor does this */
}

bool thread_wake(struct thread *thread)
{
	return true;
}

/* One thread, which nobody kills. */
bool thread_pause(void)
{
	return false;
}

struct thread *thread_current(void)
{
	return &the_thread;
}

void mutex_init(struct mutex *mutex)
{
	mutex->owner = NULL;
	wait_queue_init(&mutex->queue);
}

bool mutex_try_lock(struct mutex *mutex)
{
	if (mutex->owner)
		return false;
	mutex->owner = thread_current();
	return true;
}

void mutex_lock(struct mutex *mutex)
{
	if (!mutex_try_lock(mutex))
		panic("a mutex is taken twice");
}

void mutex_unlock(struct mutex *mutex)
{
	ASSERT(mutex->owner);
	mutex->owner = NULL;
}

bool mutex_is_mine(const struct mutex *mutex)
{
	return mutex->owner;
}

void wait_queue_init(struct wait_queue *queue)
{
	queue->lock = (struct spinlock)SPINLOCK_INIT;
	list_init(&queue->waiters);
}

void wait_begin(struct waiter *waiter, struct wait_queue *queue)
{
	list_init(&waiter->node);
}

void wait_end(struct waiter *waiter)
{
}

int wait_sleep(uint64_t deadline_ns, enum wait_mode mode)
{
	if (deadline_ns == WAIT_FOREVER)
		panic("the only thread would sleep for ever");
	now_ns = max_u64(now_ns, deadline_ns);
	return -ETIMEDOUT;
}

unsigned wait_wake(struct wait_queue *queue, unsigned nr_exclusive, unsigned events)
{
	return 0;
}

/* ---- User memory: there is no user ---- */

void user_fault_set_handler(bool (*handler)(uint64_t address, enum access access))
{
}
