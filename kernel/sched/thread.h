/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threads: kernel stacks that CPUs run. A program's thread is a struct task (process/task.h) that embeds one; the kernel has a few of its own.
 * The kernel is not preemptible: a thread runs until it sleeps, yields, or returns to user mode with its time used up.
 */
#pragma once
#include "kernel/arch/page_table.h"
#include "kernel/arch/user.h"
#include "kernel/arch/spinlock.h"
#include "lib/rbtree.h"
#include "lib/list.h"

enum thread_state { THREAD_RUNNABLE, THREAD_RUNNING, THREAD_SLEEPING, THREAD_DEAD };

enum { SCHED_NORMAL = 0, SCHED_FIFO = 1, SCHED_RR = 2, SCHED_BATCH = 3, SCHED_IDLE = 5 }; /* sched(7) */

struct thread {
	struct kernel_context kernel;
	void *stack;		       /* kernel stack, THREAD_STACK_SIZE */
	struct user_context *user;     /* NULL: a kernel thread */
	void *vector;		       /* extended state, NULL for kernel threads */
	struct page_table *page_table; /* NULL: a kernel thread */

	int state;		       /* enum thread_state; guarded by the run queue's lock of `cpu` */
	unsigned cpu;		       /* whose run queue it is or was last on */
	uint64_t affinity;	       /* mask of CPUs */
	int policy, nice, priority;    /* sched(7) */
	uint64_t vruntime;	       /* weighted ns */
	uint64_t cpu_user_ns, cpu_system_ns; /* used so far, up to the last account */
	uint64_t slice_start_ns;
	uint64_t switches_voluntary, switches_involuntary;
	struct rb_node run_node;       /* in the run queue */
	struct list fifo_node;
	bool on_cpu;		       /* its stack is in use; atomic: another CPU must not run it yet */
	bool needs_resched;	       /* leave user mode's loop and call thread_yield */
	bool interrupted;	       /* atomic: interruptible sleeps end with -EINTR (a signal is pending) */
	void (*release)(struct thread *); /* frees the memory that embeds it, after death, on another stack */
	const char *name;
};

#define THREAD_STACK_SIZE 16384

/* Prepares a thread that will call entry(argument); it does not run until thread_start. -ENOMEM. Sets stack; the caller sets user, vector, page_table. */
int thread_init(struct thread *thread, void (*entry)(void *), void *argument) must_check;
void thread_start(struct thread *thread);
/* A kernel thread that runs entry(argument) and ends when it returns. -ENOMEM. */
int thread_spawn(const char *name, void (*entry)(void *), void *argument) must_check;
noreturn_fn void thread_exit(void);
struct thread *thread_current(void);

/* Gives the CPU to others if any want it. */
void thread_yield(void);
/* What the loop around user_run calls after every trap: true if thread_yield is due. */
bool thread_should_yield(void);
/* Sleeps until woken (see wait.h for queues). thread_wake: true if it slept. Wakes are never lost: wake before sleep ends the sleep at once. */
bool thread_wake(struct thread *thread);
/* Ends an interruptible sleep with -EINTR, now or at its start, or makes a running one trap soon: a signal arrived. */
void thread_interrupt(struct thread *thread);
void thread_set_affinity(struct thread *thread, uint64_t mask);
void thread_set_policy(struct thread *thread, int policy, int priority, int nice);
/* User and system CPU time including the slice under way, ns. */
void thread_cpu_time(const struct thread *thread, uint64_t *user_ns, uint64_t *system_ns);
/* Around user_run: accounts time to user or system. */
void thread_account_enter_user(void);
void thread_account_leave_user(void);

void sched_load(unsigned *nr_running, uint64_t averages_fixed16[3]);
uint64_t sched_idle_ns(unsigned cpu);
