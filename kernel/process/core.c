/* SPDX-License-Identifier: BSD-3-Clause */
/* Core files: which ends leave one. The other tasks of the process stop before they end, with all of their state in memory. */
#include "kernel/process/core.h"
#include "kernel/process/internal.h"

char core_pattern[CORE_PATTERN_MAX + 1] = "core";
unsigned core_uses_pid;

static bool (*dump_hook)(struct task *task, const struct linux_siginfo *info);

void core_set_dump_hook(bool (*dump)(struct task *task, const struct linux_siginfo *info))
{
	dump_hook = dump;
}

static bool leaves_core(int signal) /* signal(7) */
{
	static const uint8_t signals[] = {LINUX_SIGQUIT, LINUX_SIGILL, LINUX_SIGTRAP, LINUX_SIGABRT, LINUX_SIGBUS, LINUX_SIGFPE, LINUX_SIGSEGV, LINUX_SIGXCPU, LINUX_SIGXFSZ, LINUX_SIGSYS};

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		if (signals[i] == signal)
			return true;
	}
	return false;
}

/* The others are on their way to core_wait, or to their end. False: the process ends already, or becomes another program. */
static bool stop_others(struct task *task)
{
	struct process *process = task->process;
	struct waiter waiter;
	bool may;

	spin_lock(&process->signal_lock);
	may = !process->is_exiting && !process->exec_task && !process->core_task && !task->thread.killed;
	if (may) {
		process->core_task = task;
		process->nr_core_waiters = 0;
		signal_kill_others_locked(process, task);
	}
	spin_unlock(&process->signal_lock);
	if (!may)
		return false;
	wait_begin(&waiter, &process->exit_wait);
	while (__atomic_load_n(&process->nr_core_waiters, __ATOMIC_ACQUIRE) + 1 < __atomic_load_n(&process->nr_tasks, __ATOMIC_ACQUIRE)) {
		if (wait_sleep(WAIT_FOREVER, WAIT_KILLABLE))
			break;
	}
	wait_end(&waiter);
	return true;
}

bool core_dump(struct task *task, const struct linux_siginfo *info)
{
	struct process *process = task->process;

	if (!dump_hook || !leaves_core(info->signo) || !process->dumpable || process->limits[LINUX_RLIMIT_CORE].soft < PAGE_SIZE)
		return false;
	return stop_others(task) && !task->thread.killed && dump_hook(task, info) && !task->thread.killed;
}

/* process_exit_group ends the wait. */
void core_wait(struct task *task)
{
	struct process *process = task->process;
	struct waiter waiter;

	(void)user_tls(&task->user); /* takes the bases out of the CPU */
	user_vector_save(task->thread.vector);
	spin_lock(&process->signal_lock);
	if (process->core_task)
		process->nr_core_waiters++;
	spin_unlock(&process->signal_lock);
	wait_wake_all(&process->exit_wait, 0);
	wait_begin(&waiter, &process->stop_wait);
	while (__atomic_load_n(&process->core_task, __ATOMIC_ACQUIRE))
		(void)wait_sleep(WAIT_FOREVER, WAIT_UNINTERRUPTIBLE);
	wait_end(&waiter);
}
