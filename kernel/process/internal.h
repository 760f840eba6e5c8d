/* SPDX-License-Identifier: BSD-3-Clause */
/* Private to process/: what its files say to each other. */
#pragma once
#include "kernel/process/process.h"

/* ---- tree.c: ids, tables, parenthood. All under process_tree_lock, but for the two that take it. ---- */
int id_new_locked(void);
void task_enter_locked(struct task *task);   /* table of tasks and the process's list */
void task_leave_locked(struct task *task);
void task_change_id_locked(struct task *task, int tid);
void process_enter_locked(struct process *process);
void process_leave_locked(struct process *process);
struct process *process_first_locked(void);
struct process *process_following_locked(struct process *process);
/* Gives the children of a dying process to the nearest subreaper or init. */
void process_orphan_children_locked(struct process *process);
bool group_is_orphaned_locked(int group, const struct process *leaving);
void group_hang_up_if_orphaned_locked(int group, int session, const struct process *leaving);

/* ---- task.c ---- */
/* A task and, if `process` is NULL, its new process; zeroed but for what every one needs. NULL: no memory. */
struct process *process_new(void);
struct task *task_new(struct process *process);
struct task *task_new_helper(struct process *process, size_t size, void (*run)(void *task)); /* runs no program; of `size` bytes, that begin with it */
void task_free(struct task *task); /* of one that never started */
void task_launch(struct task *task);
noreturn_fn void task_finish(struct task *task, int status); /* of the task itself, as wait4 gives it */

/* ---- init.c ---- */
/* A process without a program, with what one has at the start (root, no files), and its only task. NULL: no memory. */
struct task *first_task_new(const char *name);
void first_task_free(struct task *task); /* of one that is not in the tree */
void first_task_enter(struct task *task, struct process *parent); /* into the tree, as the leader of a session of its own */
struct task *init_new(void); /* process 1, in the tree */
void init_start(struct task *init);
/*
 * Lets it sleep, with a program that is its child already: until a child ends or the tool writes to the control port (NULL: there is none),
 * whose file becomes its descriptor 0. `path` is what it calls the program; takes it.
 */
void init_sleep(struct task *init, int program, const char *path, struct file *control);

/* ---- first_program.c ---- */
/* Starts the program of the run configuration as a child of init, which then sleeps. False: nothing has happened, and init is to see to it. */
bool process_start_program(struct task *init);

/* ---- signal.c, signal_queue.c ---- */
struct signal_handlers *signal_handlers_new(void);
struct signal_handlers *signal_handlers_copy(struct signal_handlers *from);
void signal_handlers_put(struct signal_handlers *handlers);
void signal_handlers_reset_for_exec(struct signal_handlers *handlers); /* caught ones become default */

struct queued_signal {
	struct list node;
	struct linux_siginfo info;
};
void signal_queue_init(struct signal_queue *queue);
int signal_queue_add(struct process *process, struct signal_queue *queue, int signal, const struct linux_siginfo *info);
bool signal_queue_take(struct process *process, struct signal_queue *queue, uint64_t mask, struct linux_siginfo *info);
void signal_queue_discard(struct process *process, struct signal_queue *queue, uint64_t mask);

/* What the loop does when a signal may be pending; `context` is of the last trap. */
void signal_handle(struct task *task);
/* Sends a SIGKILL to all other tasks of the process (exec, exit_group): they end as soon as they look. */
void signal_kill_others_locked(struct process *process, const struct task *except);
/* Tells the parent of a stop, continuation or death. process_tree_lock held. */
void signal_notify_parent_locked(struct process *process, int code, int status);

/* ---- helper.c ---- */
void process_end_helpers(struct process *process); /* ends those that are left, and waits */

/* ---- exit.c ---- */
void task_end_async(struct task *task);	 /* the calls of PROCESS_END */
void process_end_async(struct process *process);
void robust_list_walk(struct task *task); /* robust_list.c: locks of a dying thread */
void futex_pi_release_all(struct task *task, bool has_ended); /* futex_pi.c: PI locks that it holds and others wait for go to these */
void task_clear_child_tid(struct task *task);	 /* and wakes who joins it */
void task_vfork_done(struct task *task);
/* After a signal was taken, with no lock held: of a timer's, what is told is made up now. */
void signal_timer_taken(struct process *process, struct linux_siginfo *info);
/* A dead one that its parent does not want to wait for. */
bool process_is_reaped_at_once(const struct process *process);

/* ---- tree.c ---- */
bool task_tree_is_full(void);

/* ---- limits.c ---- */
void thread_io_add(struct thread_io *to, const struct thread_io *from);
void limits_init(struct process *process);
void limits_apply_memory(struct process *process, struct address_space *space);
void limits_arm_cpu(struct process *process);
uint64_t limits_of_locked_memory(void); /* bytes, of the running task */

/* ---- oom.c ---- */
void oom_kill(void);
bool oom_retry(void); /* for the kernel's own accesses to the program's memory */

static inline uint64_t signal_bit(int signal)
{
	return 1ull << (signal - 1);
}
