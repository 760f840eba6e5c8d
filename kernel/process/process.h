/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Processes and their tasks. A process owns what its tasks share: memory, descriptors, signal handlers. A task is one thread of it, with
 * its thread id, signal mask and credentials. Every shared part is an object with a reference count, so that clone(2)'s flags choose
 * for each whether it is shared or copied.
 *
 * Locks, in order: process_tree_lock (spin) guards parenthood, groups, sessions, the id tables, wait states; process->signal_lock guards
 * pending signals, masks, stopping and the choice of handlers; handlers->lock guards the actions. The list of tasks changes under
 * process_tree_lock and signal_lock both, so that either is enough to read it.
 */
#pragma once
#include "kernel/file/file.h"
#include "kernel/process/cpu_timer.h"
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
	uint32_t references; /* atomic: its tasks, its place in the tree until it is reaped, pidfds */
	struct rb_node pid_node;
	struct process *parent;
	struct list children, sibling;
	struct list tasks;
	unsigned nr_tasks;
	int group, session; /* process group id, session id */
	struct terminal *terminal;

	struct address_space *space; /* NULL once it exits */
	struct spinlock signal_lock;
	struct signal_handlers *handlers;
	struct signal_queue pending;
	unsigned nr_queued;	       /* infos of all its queues, for RLIMIT_SIGPENDING */
	struct wait_queue child_wait;  /* wait4 of its tasks */
	struct wait_queue signal_wait; /* signalfd, sigtimedwait */
	struct wait_queue stop_wait;   /* its stopped tasks */
	struct wait_queue exit_wait;   /* pidfds; and the task that waits for the others to end (exec) */

	struct file *executable;
	char name[16];
	struct linux_rlimit limits[LINUX_RLIM_NLIMITS];
	uint64_t start_ns;
	uint64_t dead_user_ns, dead_system_ns; /* of tasks that ended */
	uint64_t dead_voluntary, dead_involuntary; /* switches of them */
	struct thread_io dead_io; /* of them, and of children that were waited for */
	uint64_t dead_minor_faults, dead_major_faults, peak_resident; /* pages; kept when the memory goes */
	uint64_t children_user_ns, children_system_ns;
	struct linux_rusage children_usage; /* the rest of what waited-for children used */

	int exit_status;      /* as wait4 gives it */
	uint32_t exit_uid;    /* real user id of its last task */
	bool is_exiting;      /* exit_group is under way */
	struct task *exec_task; /* the one that goes on when exec ends the others */
	struct task *core_task; /* the one that dumps core; guarded by signal_lock */
	unsigned nr_core_waiters; /* others that wait until it has; atomic */
	bool is_zombie;
	bool is_stopped, was_continued, stop_reported, continue_reported; /* reported: to the parent's wait */
	bool has_executed;    /* since fork: setpgid(2) */
	int stop_signal;      /* that stopped it; SIGCONT: its parent is yet to be told that it goes on */
	int exit_signal;      /* to the parent: SIGCHLD or what clone asked for */
	bool is_subreaper, children_subreaped; /* the second: an ancestor is a subreaper */
	int parent_death_signal;
	bool dumpable;
	uint32_t core_filter; /* core.h */
	int16_t oom_adjust, oom_adjust_low; /* oom.h; how low it may be set without a privilege */
	uint32_t personality; /* personality(2) */
	struct spinlock timer_lock; /* setting the next four timers; their functions do not take it */
	bool has_ended_timers;	    /* they are not armed any more */
	struct timer real_timer; /* ITIMER_REAL */
	uint64_t real_interval_ns;
	struct cpu_timer virtual_timer, profile_timer; /* ITIMER_VIRTUAL, ITIMER_PROF */
	uint64_t virtual_interval_ns, profile_interval_ns;
	struct cpu_timer cpu_limit_timer; /* RLIMIT_CPU */
	void *posix_timers;
	int creator;		    /* thread id of the task that made it, for PTRACE_TRACEME */
	struct trace *leader_trace; /* its first task has ended while it was traced, and the tracer has yet to wait for it */
	unsigned nr_ended_tracees;  /* of its other tasks: its own end is told after theirs */
	struct list helpers;  /* tasks that work for it in the kernel (helper.h); guarded by signal_lock */
	void *async_io;	      /* Linux AIO's contexts (kernel/aio) */
	bool undoes_semaphores; /* something is to be taken back at its end (SEM_UNDO) */
	int barriers_registered; /* membarrier(2): commands; atomic */
};

struct task {
	struct thread thread;
	struct user_context user;
	struct process *process;
	struct list process_node;
	struct rb_node tid_node;
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
	uint64_t set_child_tid, clear_child_tid, robust_list, robust_list_len;
	struct list pi_owned;	    /* struct pi_lock: those that it holds and others wait for; guarded by futex_pi.c's lock, as the next: */
	struct pi_waiter *pi_waits; /* for one */
	bool pi_has_ended;	    /* it holds none any more, and never will */
	struct task *vfork_parent; /* sleeps until this one execs or exits; guarded by process_tree_lock */
	bool vfork_waits;	   /* for its child, of this one */
	uint64_t rseq; /* rseq(2): its area; 0: none */
	uint32_t rseq_len, rseq_signature;
	struct call_filter *filters; /* seccomp(2), mostly NULL; changed under process_tree_lock */
	bool no_new_privileges, reset_on_fork;
	struct file **rings;	   /* io_uring's that it registered (kernel/io_uring) */
	struct async_group *async; /* what goes on for it while it does something else (kernel/async); NULL: nothing */
	void (*before_program)(struct task *task); /* called once, first on its thread; NULL: nothing is to be done */
	uint32_t timer_slack_ns, default_slack_ns;
	struct memory_policy memory_policy;
	uint16_t io_priority; /* ioprio_set(2) */
	uint64_t oom_ns; /* oom.c */
	unsigned oom_tries;
	/* The system call under way, for restarts and strace. */
	uint64_t syscall_number;
	unsigned strace_next; /* the first argument that --strace has not printed */
	bool in_restartable; /* the last trap was a system call whose result may ask for a restart */
	bool is_resuming;    /* the call under way was begun before an interruption: */
	uint64_t resume_deadline_ns; /* it waits until then */

	struct trace *trace; /* somebody traces it, or did (trace.h) */
	struct list tracees; /* struct trace: whom it traces itself; guarded by process_tree_lock */
	bool stop_taken;     /* traced: its tracer knows of the stop of its process, and it goes on; guarded by signal_lock, as the next: */
	uint8_t trap_due;    /* traced: it is to stop for its tracer; enum trace_trap */
};

#define PERSONALITY_NO_RANDOM	    0x0040000u /* ADDR_NO_RANDOMIZE */
#define PERSONALITY_STICKY_TIMEOUTS 0x4000000u /* what is left of a timeout is not told */

struct task *task_current(void);	/* NULL on kernel threads */
struct process *process_current(void);
struct task *task_find(int tid);	/* borrows under process_tree_lock */
struct process *process_find(int pid);
struct process *process_of_id_locked(int id); /* of that id, or of the thread that has it: what most calls take */
extern struct spinlock process_tree_lock;
/* Iteration for /proc: the process with the smallest pid >= pid, with process_tree_lock held; NULL at the end. */
struct process *process_next(int pid);
uint64_t process_count_ever(void); /* how many there were since the start */
/* kernel.pid_max: ids are below it, and reused late; kernel.ns_last_pid: the id that was given last, the next one follows it. */
enum { PROCESS_ID_LIMIT = 4194304 /* Linux's on 64-bit machines */ };
extern unsigned process_id_max;
int process_last_id(void);
void process_set_last_id(int id);
void process_get(struct process *process);
void process_put(struct process *process);

/* A process whose program was not needed yet (init.c) gets it: for who looks at its memory. */
void process_complete(struct process *process);

/* Signals. info NULL: a kernel-made one. process_signal: to any task that takes it; task_signal: to this one. 0 or -errno. Any context,
 * process_tree_lock held or not. group_signal takes it. */
int process_signal(struct process *process, int signal, const struct linux_siginfo *info);
int task_signal(struct task *task, int signal, const struct linux_siginfo *info);
int group_signal(int group, int signal, const struct linux_siginfo *info);
/* A fault's signal: not ignorable; if blocked or ignored the process dies. */
void task_fault_signal(int signal, int code, uint64_t address);
/* Recomputes whether the task has something to act upon; signal_lock held. */
void signal_recalculate_locked(struct task *task);
/* The i-th information of a queue in the order of arrival; false: there are fewer. signal_lock held. */
bool signal_queue_peek(const struct signal_queue *queue, uint64_t i, struct linux_siginfo *info);
void task_force_signal(const struct linux_siginfo *info);
/* Whether the running task has a signal to act upon: long operations end with -EINTR. */
bool signal_is_pending(void);
/*
 * The mask of a call that waits with another one (ppoll, pselect, epoll_pwait, sigsuspend): begin sets it; end brings the old one back,
 * unless `interrupted`: then a handler must run under the new one first, and its return brings the old one back.
 */
void signal_mask_begin(uint64_t mask);
void signal_mask_end(bool interrupted);
/* /proc/PID/status: masks of signals. Under process_tree_lock. */
void signal_masks(struct process *process, uint64_t *pending, uint64_t *ignored, uint64_t *caught);
bool process_in_orphaned_group(struct process *process); /* terminals: stopping it would be for ever */

noreturn_fn void process_exit_group(int status); /* status as wait4 gives it */
/* Whatever its handlers; some signals leave a core file. */
noreturn_fn void process_end_by_signal(const struct linux_siginfo *info);
noreturn_fn void task_exit(int status);

/* What its reads and writes moved. Under process_tree_lock. */
void process_io(const struct process *process, struct thread_io *io);
/* CPU time of all tasks, dead and alive. */
void process_cpu_time(struct process *process, uint64_t *user_ns, uint64_t *system_ns);

/* Told of each signal that a task takes, before it acts upon it: for --strace. */
void task_set_end_hook(void (*ends)(struct task *task, int status));
void signal_set_delivery_hook(void (*deliver)(struct task *task, const struct linux_siginfo *info));

/* What the dispatcher of system calls is: kernel/syscall sets it at start, so that process/ does not depend on it. */
void task_set_syscall_handler(void (*handler)(struct task *task));

/*
 * Interrupted system calls return these to the loop of the task, which turns them into a restart or -EINTR as the handler's
 * SA_RESTART says (signal(7)). Never seen by programs.
 */
#define ERESTART_SYS	   512 /* restart if the handler has SA_RESTART or there is none */
#define ERESTART_ALWAYS	   513 /* restart after any handler */
#define ERESTART_NO_HANDLER 514 /* restart only if no handler ran */
#define ERESTART_RESUME	   516 /* the same, and a relative timeout goes on from where it was (task_deadline) */

/* The deadline of a call with a relative timeout: `fresh_ns`, or that of before the interruption if it is resumed. */
uint64_t task_deadline(uint64_t fresh_ns);

/*
 * POSIX timers (kernel/syscall/posix_timer.c, which sets the hooks at start). Of a timer one signal waits at a time: its information bears a mark
 * that no other has. `taken` is called when a task takes it, with no lock held: it tells what has expired until then, and takes the mark out.
 * `release` frees process->posix_timers at exec and exit.
 */
struct timer_hooks {
	void (*release)(struct process *process);
	void (*taken)(struct process *process, struct linux_siginfo *info);
};
void process_set_timer_hooks(const struct timer_hooks *hooks);
enum timer_signal { TIMER_SIGNAL_QUEUED, TIMER_SIGNAL_WAITS /* the last one still does */, TIMER_SIGNAL_DROPPED };
/* tid 0: to any task of the process. Any context. */
enum timer_signal process_timer_signal(struct process *process, int tid, const struct linux_siginfo *info);
/* The one that waits, if there is one, was not sent. */
void process_drop_timer_signal(struct process *process, int mark);
/*
 * What else has to end with a task and with a process, before their files and memory go; at execve(2) too. Modules that may be left out
 * register here. `task_ends` runs on the task that ends; `process_ends` on the last one of the process.
 */
struct process_end {
	void (*task_ends)(struct task *task);
	void (*process_ends)(struct process *process);
};
#define PROCESS_END(n) LINKER_SET_MEMBER(process_end, struct process_end, n)
/* Takes back what a process with undoes_semaphores did to them: kernel/ipc sets it at start. */
void process_set_semaphores_hook(void (*process_ends)(struct process *process));
