/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Process 1. Its program, which the kernel carries (guest/init), runs from the start if it has to start the user's. Where the kernel has done that
 * (first_program.c), process 1 sleeps at its very beginning, without memory of its own, until there is something to do for it: then its image
 * is built, and it goes on as if it had started the program. Whoever looks at its memory before (/proc/1) has it built too.
 */
#include "kernel/log/log.h"
#include "kernel/mem/heap.h"
#include "kernel/platform/platform.h"
#include "kernel/process/credentials.h"
#include "kernel/process/exec.h"
#include "kernel/process/internal.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/poll.h"
#include "lib/format.h"
#include "lib/string.h"

enum { CONTROL_QUEUES = 2, PID_TEXT = 16 };

extern const char init_image_start[], init_image_end[];

/* What process 1 sleeps with. */
static struct {
	struct task *task;
	int program;	  /* process id of the one that is its child already; 0: init is to start it */
	const char *path; /* what it calls that; heap */
	struct waiter child, control[CONTROL_QUEUES];
	unsigned nr_queues;
	struct mutex build_lock;
} sleeper;

/* ---- Processes that are not made by fork. ---- */

void first_task_free(struct task *task)
{
	struct process *process = task->process;

	if (task->descriptors)
		descriptor_table_put(task->descriptors);
	if (task->fs)
		fs_context_put(task->fs);
	signal_handlers_put(process->handlers);
	task_free(task);
	process_put(process);
}

struct task *first_task_new(const char *name)
{
	struct process *process = process_new();
	struct task *task = process ? task_new(process) : NULL;

	if (!task) {
		process_put(process);
		return NULL;
	}
	limits_init(process);
	process->handlers = signal_handlers_new();
	task->descriptors = descriptor_table_new();
	task->fs = fs_context_new();
	task->credentials = &credentials_of_kernel;
	credentials_get(task->credentials);
	memcpy(task->name, name, strlen(name));
	memcpy(process->name, task->name, sizeof(task->name));
	if (process->handlers && task->descriptors && task->fs)
		return task;
	first_task_free(task);
	return NULL;
}

void first_task_enter(struct task *task, struct process *parent)
{
	struct process *process = task->process;

	spin_lock(&process_tree_lock);
	task->tid = id_new_locked();
	process->pid = process->group = process->session = task->tid;
	process->parent = parent;
	process_enter_locked(process);
	task_enter_locked(task);
	spin_unlock(&process_tree_lock);
}

/* ---- Its image. ---- */

/* "PID PATH" goes below all that is on the stack, where guest/init/init.c is told to look for it. */
static int tell_of_program(struct exec *exec)
{
	size_t path_len = strlen(sleeper.path) + 1;
	char number[PID_TEXT];
	size_t len = (size_t)format_text(number, sizeof(number), "%d ", sleeper.program);

	exec->stack = align_down(exec->stack - len - path_len, 16);
	if (address_space_write(exec->space, exec->stack, number, len) != (long)len)
		return -ENOMEM;
	return address_space_write(exec->space, exec->stack + len, sleeper.path, path_len) == (long)path_len ? 0 : -ENOMEM;
}

static int build(struct task *task)
{
	struct exec exec = {.process = task->process, .name = "/init", .credentials = &credentials_of_kernel};
	size_t len = (size_t)(init_image_end - init_image_start);
	int ret;

	credentials_get(exec.credentials);
	exec.source = (struct exec_source){.memory = init_image_start, .memory_len = len};
	ret = exec_image_read(&exec.program, &exec.source, init_image_start, len);
	if (!ret)
		ret = string_area_add(&exec.arguments, "/init");
	if (!ret)
		ret = exec_build(&exec);
	if (!ret && sleeper.program)
		ret = tell_of_program(&exec);
	if (!ret)
		exec_enter_new(task, &exec);
	if (!ret && sleeper.program)
		user_set_argument(&task->user, user_stack_pointer(&task->user));
	exec_free(&exec);
	return ret;
}

static int build_once(void)
{
	struct task *task = sleeper.task;
	int ret = 0;

	mutex_lock(&sleeper.build_lock);
	if (!task->process->space)
		ret = build(task);
	mutex_unlock(&sleeper.build_lock);
	return ret;
}

void process_complete(struct process *process)
{
	if (process->pid == 1 && !process->space)
		(void)build_once(); /* without memory it has none to look at */
}

/* ---- Sleeping and waking. ---- */

static void child_event(struct waiter *waiter, unsigned events)
{
	thread_wake(&sleeper.task->thread);
}

static void control_event(struct waiter *waiter, unsigned events)
{
	if (events & POLLIN)
		thread_wake(&sleeper.task->thread);
}

static void watch_control(struct poll_table *table, struct wait_queue *queue)
{
	ASSERT(sleeper.nr_queues < CONTROL_QUEUES);
	wait_begin_callback(&sleeper.control[sleeper.nr_queues++], queue, control_event);
}

/* On its own thread, when it is woken: a child ended, or the tool sent something. */
static void awake(struct task *task)
{
	wait_end(&sleeper.child);
	while (sleeper.nr_queues)
		wait_end(&sleeper.control[--sleeper.nr_queues]);
	while (build_once())
		oom_kill();
	thread_set_page_table(&task->process->space->page_table);
}

void init_sleep(struct task *init, int program, const char *path, struct file *control)
{
	static struct poll_table table = {.add = watch_control};

	sleeper.program = program;
	sleeper.path = path;
	init->blocked = signal_bit(LINUX_SIGCHLD); /* as init has it while it waits */
	init->before_program = awake;
	thread_start_asleep(&init->thread);
	wait_begin_callback(&sleeper.child, &init->process->child_wait, child_event);
	if (!control)
		return;
	descriptor_table_place(init->descriptors, 0, control, true);
	if (file_poll(control, &table) & POLLIN)
		thread_wake(&init->thread);
}

struct task *init_new(void)
{
	struct task *task = first_task_new("init");

	if (!task)
		return NULL;
	mutex_init(&sleeper.build_lock);
	sleeper.task = task;
	first_task_enter(task, NULL);
	return task;
}

void init_start(struct task *init)
{
	int ret = build_once();

	if (ret)
		panic("cannot start init: error %d", -ret);
	boot_mark("init");
	task_launch(init);
}
