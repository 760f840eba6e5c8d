/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See helper.h. A helper is a task without a program: current hooks find the process's parts through it as through any other. Its own
 * references to memory, files and places keep them until it has let go, which is before the process counts it as gone.
 */
#include "kernel/process/helper.h"
#include "kernel/mem/heap.h"
#include "kernel/process/credentials.h"
#include "kernel/process/internal.h"
#include "lib/string.h"

struct helper {
	struct task task; /* first: what frees it frees all */
	struct address_space *space;
	void (*run)(void *argument);
	void *argument;
};

static void let_go(struct task *task, struct address_space *space)
{
	struct process *process = task->process;
	struct descriptor_table *descriptors = task->descriptors;
	struct fs_context *fs = task->fs;

	/* While the files close there are still descriptors and places to look at. */
	if (descriptors)
		descriptor_table_put(descriptors);
	task->descriptors = NULL;
	task->fs = NULL;
	if (fs)
		fs_context_put(fs);
	thread_set_page_table(NULL);
	address_space_put(space);
	spin_lock(&process->signal_lock);
	signal_queue_discard(process, &task->pending, ~0ull);
	spin_unlock(&process->signal_lock);
}

static void leave(struct task *task)
{
	struct process *process = task->process;
	uint64_t user, system;

	thread_cpu_time(&task->thread, &user, &system);
	spin_lock(&process_tree_lock);
	process->dead_system_ns += user + system;
	thread_io_add(&process->dead_io, &task->thread.io);
	spin_lock(&process->signal_lock);
	list_remove(&task->process_node);
	spin_unlock(&process->signal_lock);
	spin_unlock(&process_tree_lock);
	wait_wake_all(&process->exit_wait, 0);
}

static void run_helper(void *argument)
{
	struct helper *helper = argument;

	helper->run(helper->argument);
	let_go(&helper->task, helper->space);
	leave(&helper->task);
	thread_exit();
}

static void share_parts(struct helper *helper, struct task *of)
{
	struct task *task = &helper->task;

	helper->space = of->process->space;
	address_space_get(helper->space);
	task->thread.page_table = &helper->space->page_table;
	descriptor_table_get(of->descriptors);
	task->descriptors = of->descriptors;
	__atomic_fetch_add(&of->fs->references, 1, __ATOMIC_RELAXED);
	task->fs = of->fs;
	task->credentials = of->credentials;
	credentials_get(task->credentials);
	task->no_new_privileges = of->no_new_privileges;
	task->tid = of->tid;
	task->blocked = ~0ull; /* what a broken pipe sends here is dropped at the end */
}

struct task *helper_new(const char *name)
{
	struct task *of = task_current(), *task = task_new_helper(of->process, sizeof(struct helper), run_helper);

	if (!task)
		return NULL;
	memcpy(task->name, name, min_u64(strlen(name), sizeof(task->name) - 1));
	share_parts(container_of(task, struct helper, task), of);
	spin_lock(&of->process->signal_lock);
	list_push_back(&of->process->helpers, &task->process_node);
	spin_unlock(&of->process->signal_lock);
	return task;
}

void helper_start(struct task *task, void (*run)(void *), void *argument)
{
	struct helper *helper = container_of(task, struct helper, task);

	helper->run = run;
	helper->argument = argument;
	thread_start(&task->thread);
}

bool helper_must_end(void)
{
	return __atomic_load_n(&thread_current()->killed, __ATOMIC_RELAXED);
}

static bool kill_helpers(struct process *process)
{
	struct task *task;
	bool any;

	spin_lock(&process->signal_lock);
	any = !list_empty(&process->helpers);
	list_for_each(task, &process->helpers, process_node)
		thread_kill(&task->thread);
	spin_unlock(&process->signal_lock);
	return any;
}

void process_end_helpers(struct process *process)
{
	struct waiter waiter;

	if (list_empty(&process->helpers))
		return;
	wait_begin(&waiter, &process->exit_wait);
	while (kill_helpers(process))
		(void)wait_sleep(WAIT_FOREVER, WAIT_UNINTERRUPTIBLE);
	wait_end(&waiter);
}
