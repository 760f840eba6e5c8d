/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threads: kernel stacks that CPUs run. A program's thread is a struct task (process/process.h) that embeds one; the kernel has a few of its own.
 * The kernel is not preemptible: a thread runs until it sleeps, yields, pauses or returns to user mode with its time used up.
 */
#pragma once
#include "kernel/arch/cpu.h"
#include "kernel/arch/page_table.h"
#include "kernel/arch/user.h"
#include "kernel/arch/spinlock.h"
#include "lib/rbtree.h"
#include "lib/list.h"

enum thread_state { THREAD_RUNNABLE, THREAD_RUNNING, THREAD_SLEEPING, THREAD_DEAD };

enum { SCHED_NORMAL = 0, SCHED_FIFO = 1, SCHED_RR = 2, SCHED_BATCH = 3, SCHED_IDLE = 5 }; /* sched(7) */

struct waiter;

/* What a thread's reads and writes of files moved (proc_pid_io(5)). */
struct thread_io {
	uint64_t reads, read_bytes, writes, written_bytes;
	uint64_t medium_read, medium_dirtied; /* bytes: brought into the page cache, and changed in it to be written */
};

struct thread {
	struct kernel_context kernel;
	void *stack;		       /* kernel stack, THREAD_STACK_SIZE */
	struct user_context *user;     /* NULL: a kernel thread */
	void *vector;		       /* extended state, NULL for kernel threads */
	struct page_table *page_table; /* NULL: a kernel thread */

	/* What the loop around user_run must look at before it enters user mode again, read at once as `work`. */
	union {
		struct {
			bool needs_resched; /* leave user mode's loop and call thread_preempt */
			bool interrupted;   /* atomic: interruptible sleeps end with -EINTR (a signal is pending) */
			bool is_traced;	    /* each system call or instruction is a tracer's business (process/trace.h) */
			bool was_switched;  /* it wants to know (tells_switches) that others ran instead of it, or that it is on another CPU */
		};
		uint32_t work;
	};
	bool tells_switches;
	unsigned told_cpu;	       /* where it was when it learned of a switch last */
	bool no_faults;		       /* copies to and from user memory fail rather than sleep for a page: a spin lock is held */
	bool killed;		       /* atomic: killable sleeps end with -EINTR */
	bool is_completing;	       /* tells of an io_uring's completions: who hears of it must not make more of them without end */
	bool no_wait;		       /* files answer -EAGAIN as if opened with O_NONBLOCK: what is tried now is waited for otherwise */

	/* Guarded by the run queue's lock of `cpu`. */
	int state;		       /* enum thread_state */
	bool is_queued;		       /* stands in a run queue */
	bool wake_pending;	       /* woken while it did not sleep: its next sleep ends at once */
	int sleep_mode;		       /* enum wait_mode of the sleep under way */
	unsigned cpu;		       /* whose run queue it is or was last on */
	uint64_t affinity;	       /* mask of CPUs */
	int policy, nice, priority;    /* sched(7) */
	int lent_priority;	       /* real-time, of those who wait for what it holds; 0: none */
	uint32_t weight;	       /* of nice */
	uint64_t vruntime;	       /* weighted ns; relative to its queue's floor while it is in none */
	struct rb_node run_node;       /* in the run queue */
	struct list fifo_node;
	bool on_cpu;		       /* its stack is in use; atomic: another CPU must not run it yet */

	/* Its own, or written at switches only. */
	uint64_t run_ns;	       /* CPU time used up to the last switch */
	uint64_t system_ns;	       /* of that in the kernel, as sampled */
	uint64_t slice_start_ns;       /* when it was charged last */
	uint64_t slice_used_ns;	       /* since it was picked */
	uint64_t sample_start;	       /* time of the trap that is being measured; 0: none */
	uint64_t sample_run_ns;	       /* CPU time used up to the last sample */
	uint32_t traps;
	struct thread_io io;
	unsigned vector_cpu;	       /* whose vector registers hold its state, if that CPU's owner says so too */
	uint64_t switches_voluntary, switches_involuntary;
	unsigned nr_queues;	       /* wait queues that it stands in */
	uint32_t nr_sleeps;
	struct waiter *exclusive;      /* its exclusive waiters, innermost first */

	void (*entry)(void *argument);
	void *argument;
	void (*release)(struct thread *); /* frees the memory that embeds it, after death, on another stack; must not sleep */
	const char *name;
};

#define THREAD_STACK_SIZE 16384

/* Prepares a thread that will call entry(argument); it does not run until thread_start. -ENOMEM. Sets stack; the caller sets user, vector,
 * page_table. Policy and affinity are the caller's own thread's. */
int thread_init(struct thread *thread, void (*entry)(void *), void *argument) must_check;
void thread_fini(struct thread *thread); /* of one that was never started */
void thread_start(struct thread *thread);
void thread_start_asleep(struct thread *thread); /* it begins when it is woken, or interrupted */
/* A kernel thread that runs entry(argument) and ends when it returns. -ENOMEM. */
int thread_spawn(const char *name, void (*entry)(void *), void *argument) must_check;
/* The same, but it begins when it is woken first. NULL: no memory. */
struct thread *thread_spawn_asleep(const char *name, void (*entry)(void *), void *argument);
noreturn_fn void thread_exit(void);
struct thread *thread_current(void);

/* Lets the others that want the CPU run first (sched_yield(2)). */
void thread_yield(void);
/* Gives the CPU to who deserves it most, which may be the caller. */
void thread_preempt(void);
/*
 * For loops that may take long within one system call, every fifty microseconds or so, where no spin lock is held: the interrupts that wait are
 * taken, and others run if this one's time is used up. True: the thread is to die, and the loop ends with what was done, or -EINTR.
 */
bool thread_pause(void);
/* The same at every 64 KiB of a long transfer, `place` bytes into it; in between only the TLB flush requests of other CPUs are served. */
static inline bool thread_pause_at(uint64_t place)
{
	if (!(place % 65536))
		return thread_pause();
	cpu_poll();
	return false;
}
/* What the loop around user_run calls after every trap: true if thread_preempt is due. */
static inline bool thread_should_yield(const struct thread *thread)
{
	return thread->needs_resched;
}
/* Sleeps until woken (see wait.h for queues). thread_wake: true if it slept. Wakes are never lost: wake before sleep ends the sleep at once. */
bool thread_wake(struct thread *thread);
/* As that, by a thread that is to go on: where both share a CPU that nobody else waits for, the caller has a long slice first. */
bool thread_wake_behind(struct thread *thread);
/* Ends an interruptible sleep with -EINTR, now or at its start, or makes a running one trap soon: a signal arrived. */
void thread_interrupt(struct thread *thread);
/* The same for killable sleeps too: the thread is to die. */
void thread_kill(struct thread *thread);
void thread_set_affinity(struct thread *thread, uint64_t mask);
void thread_set_policy(struct thread *thread, int policy, int priority, int nice);
/* It runs with at least this real-time priority, whatever its policy; 0: with its own alone. Policy and priority are told as before. */
void thread_lend_priority(struct thread *thread, int priority);
/* The real-time priority that it runs with, 0: none. */
static inline int thread_priority(const struct thread *thread)
{
	int own = thread->policy == SCHED_FIFO || thread->policy == SCHED_RR ? thread->priority : 0;

	return own > thread->lent_priority ? own : thread->lent_priority;
}
/* Makes the calling thread run on another page table (exec), or on none (exit). */
void thread_set_page_table(struct page_table *to);
/* Makes the registers' vector state the area's (exec, clone). */
void thread_vector_changed(void);

/* User and system CPU time including the slice under way, ns. */
void thread_cpu_time(const struct thread *thread, uint64_t *user_ns, uint64_t *system_ns);

/*
 * Around user_run. Reading the clock twice a system call would cost more than many calls do: one trap in THREAD_SAMPLE is
 * measured and stands for all.
 */
#define THREAD_SAMPLE 16
void thread_sample_begin(struct thread *thread);
void thread_sample_end(struct thread *thread);
static inline void thread_account_leave_user(struct thread *thread)
{
	if (unlikely(++thread->traps % THREAD_SAMPLE == 0))
		thread_sample_begin(thread);
}
static inline void thread_account_enter_user(struct thread *thread)
{
	if (unlikely(thread->sample_start))
		thread_sample_end(thread);
}

void sched_load(unsigned *nr_running, uint64_t averages_fixed16[3]);
uint64_t sched_idle_ns(unsigned cpu);
uint64_t sched_switches(void); /* of all CPUs, ever */
