/* SPDX-License-Identifier: BSD-3-Clause */
/* What terminals ask of processes for job control (credentials(7), kernel/file/terminal.h). */
#include "kernel/file/terminal.h"
#include "kernel/platform/platform.h"
#include "kernel/process/credentials.h"
#include "kernel/syscall/syscall.h"

static int current_group(void)
{
	return process_current()->group;
}

static int current_session(void)
{
	return process_current()->session;
}

static bool is_leader(void)
{
	struct process *process = process_current();

	return process && process->pid == process->session;
}

static struct terminal **controlling(void)
{
	struct process *process = process_current();

	return process ? &process->terminal : NULL;
}

static int session_of_group(int group)
{
	int session = -1;

	spin_lock(&process_tree_lock);
	for (struct process *p = process_next(1); p && session < 0; p = process_next(p->pid + 1))
		if (p->group == group && !p->is_zombie)
			session = p->session;
	spin_unlock(&process_tree_lock);
	return session;
}

/* Also where stopping would be for ever: nobody of the session is left to continue the group. */
static bool is_signal_ignored(int signal)
{
	struct task *task = task_current();
	struct process *process = task->process;

	if (task->blocked >> (signal - 1) & 1)
		return true;
	return process->handlers->actions[signal].handler == LINUX_SIG_IGN;
}

static void forget(const struct terminal *terminal)
{
	spin_lock(&process_tree_lock);
	for (struct process *p = process_next(1); p; p = process_next(p->pid + 1))
		if (p->terminal == terminal)
			p->terminal = NULL;
	spin_unlock(&process_tree_lock);
}

SYSCALL_PARTIAL(vhangup, "the session loses its terminal and is told by SIGHUP; descriptors of the terminal stay as they are");
SYSCALL(vhangup, 0, "")
{
	struct process *process = process_current();

	if (!task_is_capable(CAPABILITY_SYS_TTY_CONFIG))
		return -EPERM;
	if (process->terminal)
		terminal_disassociate(process->terminal, process->session);
	return 0;
}

static const struct terminal_job_hooks hooks = {
    .group = current_group,
    .session = current_session,
    .is_leader = is_leader,
    .controlling = controlling,
    .session_of_group = session_of_group,
    .is_signal_ignored = is_signal_ignored,
    .forget = forget,
};

static void terminal_session_start(void)
{
	terminal_set_job_hooks(&hooks);
}
INITCALL(terminal_session, INIT_CORE, terminal_session_start);
