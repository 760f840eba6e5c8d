/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tasks: how they are made, and the loop around user_run that is the whole story of a program's thread: it traps, the trap is served,
 * and if anything beside that is to be done (a signal, another thread's turn), it is done before the program runs again.
 */
#include "kernel/file/terminal.h"
#include "kernel/log/log.h"
#include "kernel/mem/heap.h"
#include "kernel/platform/platform.h"
#include "kernel/process/core.h"
#include "kernel/process/credentials.h"
#include "kernel/process/internal.h"
#include "kernel/process/trace.h"
#include "kernel/process/rseq.h"
#include "kernel/process/seccomp.h"
#include "kernel/uapi/errno.h"
#include "lib/string.h"

#define VECTOR_ALIGNMENT 64

static void (*syscall_handler)(struct task *task);

void task_set_syscall_handler(void (*handler)(struct task *task))
{
	syscall_handler = handler;
}

struct task *task_current(void)
{
	struct thread *thread = thread_current();

	return thread && thread->user ? container_of(thread, struct task, thread) : NULL;
}

struct process *process_current(void)
{
	struct task *task = task_current();

	return task ? task->process : NULL;
}

/* ---- What the layers below ask of the current thread. ---- */

static struct address_space *current_space(void)
{
	struct process *process = process_current();

	return process ? process->space : NULL;
}

static struct fs_context *current_fs(void)
{
	struct task *task = task_current();

	return task ? task->fs : NULL;
}

static struct descriptor_table *current_descriptors(void)
{
	struct task *task = task_current();

	return task ? task->descriptors : NULL;
}

static const struct credentials *current_credentials(void)
{
	struct task *task = task_current();

	return task ? task->credentials : &credentials_of_kernel;
}

static void send_to_group(int group, int signal)
{
	(void)group_signal(group, signal, NULL);
}

static void set_hooks(void)
{
	address_space_set_current_hook(current_space);
	address_space_set_memory_hook(oom_retry);
	address_space_set_lock_limit_hook(limits_of_locked_memory);
	fs_context_set_current_hook(current_fs);
	descriptor_table_set_current_hook(current_descriptors);
	credentials_set_current_hook(current_credentials);
	terminal_set_signal_hook(send_to_group);
}
INITCALL(task_hooks, INIT_CORE, set_hooks);

/* ---- Making and freeing. ---- */

struct process *process_new(void)
{
	struct process *process = heap_alloc_zero(sizeof(*process));

	if (!process)
		return NULL;
	process->references = 1;
	process->exit_signal = LINUX_SIGCHLD;
	process->dumpable = true;
	process->core_filter = CORE_FILTER_DEFAULT;
	process->start_ns = clock_monotonic_ns();
	list_init(&process->children);
	list_init(&process->sibling);
	list_init(&process->tasks);
	list_init(&process->helpers);
	signal_queue_init(&process->pending);
	wait_queue_init(&process->child_wait);
	wait_queue_init(&process->signal_wait);
	wait_queue_init(&process->stop_wait);
	wait_queue_init(&process->exit_wait);
	timer_init(&process->real_timer, NULL);
	cpu_timer_init(&process->virtual_timer, process, 0, CPU_CLOCK_USER, NULL);
	cpu_timer_init(&process->profile_timer, process, 0, CPU_CLOCK_TOTAL, NULL);
	cpu_timer_init(&process->cpu_limit_timer, process, 0, CPU_CLOCK_TOTAL, NULL);
	return process;
}

void process_get(struct process *process)
{
	__atomic_fetch_add(&process->references, 1, __ATOMIC_RELAXED);
}

void process_put(struct process *process)
{
	if (process && __atomic_sub_fetch(&process->references, 1, __ATOMIC_ACQ_REL) == 0)
		heap_free(process);
}

/* Frees what a dead task still has; runs on another thread's stack. */
static void release_task(struct thread *thread)
{
	struct task *task = container_of(thread, struct task, thread);

	credentials_put(task->credentials);
	call_filter_put(task->filters);
	heap_free(task->thread.vector);
	process_put(task->process);
	heap_free(task);
}

static void serve_fault(struct task *task)
{
	struct fault_result result = address_space_fault(task->process->space, task->user.fault_address, (enum access)task->user.fault_access);

	if (likely(!result.signal))
		return;
	if (result.signal == LINUX_SIGKILL)
		oom_kill();
	else
		task_fault_signal(result.signal, result.code, task->user.fault_address);
}

static inline enum trap run_program(struct task *task)
{
	enum trap trap;

	thread_account_enter_user(&task->thread);
	trap = user_run(&task->user);
	thread_account_leave_user(&task->thread);
	task->in_restartable = trap == TRAP_SYSCALL;
	return trap;
}

static inline void serve(struct task *task, enum trap trap)
{
	switch (trap) {
	case TRAP_SYSCALL:
		syscall_handler(task);
		break;
	case TRAP_FAULT:
		serve_fault(task);
		break;
	case TRAP_EXCEPTION:
		task_fault_signal(task->user.signal, task->user.signal_code, task->user.fault_address);
		break;
	case TRAP_INTERRUPT:
		break;
	}
}

/* A turn of the loop under the eyes of a tracer: it is made here, so that the loop itself has nothing to ask. */
static void run_traced(struct task *task)
{
	enum trap trap = run_program(task);

	if (trap == TRAP_SYSCALL)
		trace_hooks->system_call(task, syscall_handler);
	else
		serve(task, trap);
}

/* Signals first: one may end the thread. The other way round it would wait for its turn in order to die. */
static void do_work(struct task *task)
{
	if (task->thread.was_switched)
		rseq_resume(task);
	if (__atomic_load_n(&task->thread.interrupted, __ATOMIC_RELAXED))
		signal_handle(task);
	if (thread_should_yield(&task->thread))
		thread_preempt();
	else if (task->thread.is_traced && !__atomic_load_n(&task->thread.interrupted, __ATOMIC_RELAXED))
		run_traced(task);
}

static void run_task(void *argument)
{
	struct task *task = argument;
	uint32_t tid = (uint32_t)task->tid;

	if (task->before_program)
		task->before_program(task);
	if (task->set_child_tid)
		(void)user_copy_out(task->set_child_tid, &tid, sizeof(tid));
	for (;;) {
		while (unlikely(__atomic_load_n(&task->thread.work, __ATOMIC_RELAXED)))
			do_work(task);
		serve(task, run_program(task));
	}
}

uint64_t task_deadline(uint64_t fresh_ns)
{
	struct task *task = task_current();

	if (task->is_resuming)
		task->is_resuming = false;
	else
		task->resume_deadline_ns = fresh_ns;
	return task->resume_deadline_ns;
}

/* A vector area; the heap aligns to 64 from that size on. */
static void *vector_new(void)
{
	void *area = heap_alloc(user_vector_size());

	ASSERT((uintptr_t)area % VECTOR_ALIGNMENT == 0);
	if (area)
		user_vector_init(area);
	return area;
}

static void init_parts(struct task *task, struct process *process)
{
	task->thread.user = &task->user;
	task->thread.release = release_task;
	task->thread.name = task->name;
	task->process = process;
	process_get(process);
	list_init(&task->process_node);
	list_init(&task->tracees);
	list_init(&task->pi_owned);
	signal_queue_init(&task->pending);
	task->altstack_flags = LINUX_SS_DISABLE;
	task->timer_slack_ns = task->default_slack_ns = 50000;
}

struct task *task_new(struct process *process)
{
	struct task *task = heap_alloc_zero(sizeof(*task));

	if (!task)
		return NULL;
	if (thread_init(&task->thread, run_task, task)) {
		heap_free(task);
		return NULL;
	}
	task->thread.vector = vector_new();
	if (!task->thread.vector) {
		thread_fini(&task->thread);
		heap_free(task);
		return NULL;
	}
	init_parts(task, process);
	return task;
}

struct task *task_new_helper(struct process *process, size_t size, void (*run)(void *task))
{
	struct task *task = heap_alloc_zero(size);

	if (!task)
		return NULL;
	if (thread_init(&task->thread, run, task)) {
		heap_free(task);
		return NULL;
	}
	init_parts(task, process);
	return task;
}

void task_free(struct task *task)
{
	if (!task)
		return;
	thread_fini(&task->thread);
	release_task(&task->thread);
}

void task_launch(struct task *task)
{
	thread_start(&task->thread);
}

void process_cpu_time(struct process *process, uint64_t *user_ns, uint64_t *system_ns)
{
	uint64_t user, system;
	struct task *task;

	*user_ns = process->dead_user_ns;
	*system_ns = process->dead_system_ns;
	list_for_each(task, &process->tasks, process_node) {
		thread_cpu_time(&task->thread, &user, &system);
		*user_ns += user;
		*system_ns += system;
	}
}
