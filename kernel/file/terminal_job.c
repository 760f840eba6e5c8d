/* SPDX-License-Identifier: BSD-3-Clause */
/* Job control: whose controlling terminal it is, and which process group may use it. */
#include "kernel/file/terminal_internal.h"

static void (*send_to_group)(int group, int signal);
const struct terminal_job_hooks *terminal_jobs;

void terminal_set_signal_hook(void (*hook)(int group, int signal))
{
	send_to_group = hook;
}

void terminal_set_job_hooks(const struct terminal_job_hooks *hooks)
{
	terminal_jobs = hooks;
}

void terminal_signal_group(int group, int signal)
{
	if (group > 0 && send_to_group)
		send_to_group(group, signal);
}

bool terminal_is_controlling(const struct terminal *t)
{
	struct terminal **mine = terminal_jobs ? terminal_jobs->controlling() : NULL;

	return mine && *mine == t;
}

int terminal_check_foreground(struct terminal *t, int signal)
{
	if (!terminal_is_controlling(t) || t->foreground <= 0 || terminal_jobs->group() == t->foreground)
		return 0;
	if (terminal_jobs->is_signal_ignored(signal))
		return signal == LINUX_SIGTTIN ? -EIO : 0;
	terminal_signal_group(terminal_jobs->group(), signal);
	return -EINTR;
}

int terminal_take(struct terminal *t, bool steal)
{
	struct terminal **mine = terminal_jobs ? terminal_jobs->controlling() : NULL;

	if (!mine)
		return -EPERM;
	if (*mine == t && t->session == terminal_jobs->session())
		return 0;
	if (!terminal_jobs->is_leader() || *mine)
		return -EPERM;
	if (t->session > 0 && t->session != terminal_jobs->session()) {
		if (!steal || !credentials_have(credentials_current(), CAPABILITY_SYS_ADMIN))
			return -EPERM;
		terminal_jobs->forget(t);
	}
	*mine = t;
	t->session = terminal_jobs->session();
	t->foreground = terminal_jobs->group();
	return 0;
}

void terminal_give(struct terminal *t, int session)
{
	t->session = t->foreground = session;
}

void terminal_disassociate(struct terminal *t, int session)
{
	int group = t->foreground;

	if (t->session != session)
		return;
	t->session = t->foreground = 0;
	terminal_signal_group(group, LINUX_SIGHUP);
	terminal_signal_group(group, LINUX_SIGCONT);
	if (terminal_jobs)
		terminal_jobs->forget(t);
}

int terminal_give_up(struct terminal *t)
{
	struct terminal **mine = terminal_jobs ? terminal_jobs->controlling() : NULL;

	if (!mine || *mine != t)
		return -ENOTTY;
	*mine = NULL;
	if (terminal_jobs->is_leader())
		terminal_disassociate(t, terminal_jobs->session());
	return 0;
}

int terminal_set_foreground(struct terminal *t, uint64_t argument)
{
	int32_t group, session;
	int ret;

	if (copy_from_user(&group, argument, sizeof(group)))
		return -EFAULT;
	if (!terminal_is_controlling(t) || t->session != terminal_jobs->session())
		return -ENOTTY;
	ret = terminal_check_foreground(t, LINUX_SIGTTOU);
	if (ret)
		return ret;
	if (group < 0)
		return -EINVAL;
	session = terminal_jobs->session_of_group(group);
	if (session != t->session)
		return session < 0 ? -ESRCH : -EPERM;
	t->foreground = group;
	return 0;
}
