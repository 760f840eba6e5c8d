/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Processes and their tasks. A process owns what its tasks share: memory, descriptors, signal handlers. A task is one thread of it, with
 * its thread id, signal mask and credentials. Every shared part is an object with a reference count, so that clone(2)'s flags choose
 * for each whether it is shared or copied.
 *
 * Locks: process_tree_lock (spin) guards parenthood, groups, sessions, the pid table and wait states; process->signals.lock guards handlers and queues.
 */
#pragma once
#include "kernel/file/file.h"
#include "kernel/sched/thread.h"
#include "kernel/sched/timer.h"
#include "kernel/uapi/signal.h"
#include "kernel/uapi/resource.h"
#include "kernel/vm/address_space.h"

struct signal_handlers { /* shared by CLONE_SIGHAND */
	uint32_t references;
	struct spinlock lock;
	struct linux_sigaction actions[LINUX_NSIG + 1]; /* index: signal number */
};

struct signal_queue { /* pending signals, of a process or a task */
	uint64_t pending; /* bit n-1: signal n */
	struct list infos; /* struct queued_signal */
};

struct process {
	int pid; /* thread group id */
	struct process *parent;
	struct list children, sibling;
	struct list tasks;
	unsigned nr_tasks;
	int group, session; /* process group id, session id */
	struct terminal *terminal;

	struct address_space *space;
	struct signal_handlers *handlers;
	struct signal_queue pending;
	struct wait_queue child_wait;  /* wait4 of its tasks */
	struct wait_queue signal_wait; /* signalfd, sigtimedwait */

	struct file *executable;
	char name[16];
	struct linux_rlimit limits[LINUX_RLIM_NLIMITS];
	uint64_t start_ns;
	uint64_t dead_user_ns, dead_system_ns; /* of tasks that ended */
	uint64_t children_user_ns, children_system_ns;
	uint64_t nr_dead_switches;

	int exit_status;      /* as wait4 gives it */
	bool is_exiting;      /* exit_group is under way */
	bool is_zombie;
	bool is_stopped, stop_reported, continue_reported;
	int exit_signal;      /* to the parent: SIGCHLD or what clone asked for */
	bool is_subreaper;
	int parent_death_signal;
	bool dumpable;
	struct timer real_timer; /* ITIMER_REAL */
	uint64_t real_interval_ns;
	void *posix_timers;
};

struct task {
	struct thread thread;
	struct user_context user;
	struct process *process;
	struct list process_node;
	int tid;
	char name[16];
	uint64_t blocked; /* signal mask */
	uint64_t saved_blocked; bool restore_blocked; /* sigsuspend, ppoll */
	struct signal_queue pending;
	uint64_t altstack_base, altstack_size;
	int altstack_flags;
	struct credentials *credentials;
	struct fs_context *fs;
	struct descriptor_table *descriptors;
	uint64_t clear_child_tid, robust_list, robust_list_len;
	uint64_t rseq_address;
	uint32_t rseq_len, rseq_signature;
	struct wait_queue *vfork_done; /* woken at exec or exit */
	/* The system call under way, for restarts and strace. */
	uint64_t syscall_number;
	bool in_restartable;
};

struct task *task_current(void);	/* NULL on kernel threads */
struct process *process_current(void);
struct task *task_find(int tid);	/* borrows under process_tree_lock */
struct process *process_find(int pid);
extern struct spinlock process_tree_lock;
/* Iteration for /proc: the process with the smallest pid >= pid, with process_tree_lock held; NULL at the end. */
struct process *process_next(int pid);

/* Starts init: the ELF image that the kernel carries, as process 1. */
void process_start_init(const void *image, size_t len);

/* Signals. info NULL: a kernel-made one. process_signal: to any task that takes it; task_signal: to this one. 0 or -errno. Any context. */
int process_signal(struct process *process, int signal, const struct linux_siginfo *info);
int task_signal(struct task *task, int signal, const struct linux_siginfo *info);
int group_signal(int group, int signal, const struct linux_siginfo *info);
/* A fault's signal: not ignorable; if blocked or ignored the process dies. */
void task_fault_signal(int signal, int code, uint64_t address);
/* Whether the running task has a signal to act upon: long operations end with -EINTR. */
bool signal_is_pending(void);

noreturn_fn void process_exit_group(int status); /* status as wait4 gives it */
noreturn_fn void task_exit(int status);

/* What the dispatcher of system calls is: kernel/syscall sets it at start, so that process/ does not depend on it. */
void task_set_syscall_handler(void (*handler)(struct task *task));

/*
 * Interrupted system calls return these to the loop of the task, which turns them into a restart or -EINTR as the handler's
 * SA_RESTART says (signal(7)). Never seen by programs.
 */
#define ERESTART_SYS	   512 /* restart if the handler has SA_RESTART or there is none */
#define ERESTART_NO_HANDLER 514 /* restart only if no handler ran */

/* Frees process->posix_timers at exec and exit: kernel/syscall/posix_timer.c sets it at start. */
void process_set_timers_release_hook(void (*release)(struct process *process));
