/* SPDX-License-Identifier: BSD-3-Clause */
/* What is told of a process: stat, limits and their like; its executable, root and working directory. */
#include "kernel/fs/proc/moment.h"
#include "kernel/mem/heap.h"
#include "kernel/process/trace.h"
#include "kernel/process/seccomp.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/time.h"
#include "lib/format.h"
#include "lib/string.h"

#define TICKS(ns) ((ns) / (NS_PER_SECOND / 100)) /* USER_HZ */

static int show_stat(struct proc_text *to, const struct proc_subject *subject)
{
	struct process *p = subject->process;
	struct moment m;

	moment_take(subject, &m);
	proc_print(to, "%d (%s) %c %d %d %d 0 -1 0 %llu 0 %llu 0 %llu %llu %llu %llu %d %d %d 0 %llu %llu %lld %llu ", m.tid, m.name, m.state, m.ppid,
	    p->group, p->session, (unsigned long long)m.minor, (unsigned long long)m.major, (unsigned long long)TICKS(m.user_ns),
	    (unsigned long long)TICKS(m.system_ns), (unsigned long long)TICKS(p->children_user_ns), (unsigned long long)TICKS(p->children_system_ns),
	    20 + m.nice, m.nice, m.nr_tasks, (unsigned long long)TICKS(p->start_ns), (unsigned long long)m.vsize, (long long)m.resident,
	    (unsigned long long)p->limits[LINUX_RLIMIT_RSS].soft);
	proc_print(to, "0 0 0 0 0 %llu %llu %llu %llu 0 0 0 %d %u %d %d 0 0 0 0 0 0 0 0 0 0 %d\n", (unsigned long long)(m.task_pending & 0x7fffffff),
	    (unsigned long long)(m.blocked & 0x7fffffff), (unsigned long long)(m.ignored & 0x7fffffff), (unsigned long long)(m.caught & 0x7fffffff),
	    p->exit_signal, m.cpu, m.priority, m.policy, p->is_zombie ? p->exit_status : 0);
	moment_release(&m);
	return 0;
}
PROC_PROCESS_FILE(stat) = {.name = "stat", .mode = 0444, .is_per_task = true, .show = show_stat};

static int show_comm(struct proc_text *to, const struct proc_subject *subject)
{
	struct moment m;

	moment_take(subject, &m);
	proc_print(to, "%s\n", m.name);
	moment_release(&m);
	return 0;
}

static int store_comm(const struct proc_subject *subject, const char *text, size_t len)
{
	struct task *task;

	if (len && text[len - 1] == '\n')
		len--;
	len = min_u64(len, sizeof(task->name) - 1);
	spin_lock(&process_tree_lock);
	task = moment_task(subject);
	if (task) {
		memset(task->name, 0, sizeof(task->name));
		memcpy(task->name, text, len);
	}
	spin_unlock(&process_tree_lock);
	return task ? 0 : -ESRCH;
}
PROC_PROCESS_FILE(comm) = {.name = "comm", .mode = 0644, .is_per_task = true, .show = show_comm, .store = store_comm};

/* Of a task, which is the first of the process where none is named. */
static int show_slack(struct proc_text *to, const struct proc_subject *subject)
{
	const struct task *task;
	uint64_t slack_ns;

	spin_lock(&process_tree_lock);
	task = moment_task(subject);
	slack_ns = task ? task->timer_slack_ns : 0;
	spin_unlock(&process_tree_lock);
	if (!task)
		return -ESRCH;
	proc_print(to, "%llu\n", (unsigned long long)slack_ns);
	return 0;
}

static int store_slack(const struct proc_subject *subject, const char *text, size_t len)
{
	struct task *task;
	const char *end;
	uint64_t value;

	if (!format_parse_u64(text, &end, &value) || (*end && *end != '\n'))
		return -EINVAL;
	spin_lock(&process_tree_lock);
	task = moment_task(subject);
	if (task)
		task->timer_slack_ns = value ? (uint32_t)min_u64(value, UINT32_MAX) : task->default_slack_ns;
	spin_unlock(&process_tree_lock);
	return task ? 0 : -ESRCH;
}
PROC_PROCESS_FILE(timerslack_ns) = {.name = "timerslack_ns", .mode = 0666, .is_guarded = true, .show = show_slack, .store = store_slack};

static int show_limits(struct proc_text *to, const struct proc_subject *subject)
{
	static const struct {
		const char *name, *unit;
	} rows[LINUX_RLIM_NLIMITS] = {{"Max cpu time", "seconds"}, {"Max file size", "bytes"}, {"Max data size", "bytes"}, {"Max stack size", "bytes"},
	    {"Max core file size", "bytes"}, {"Max resident set", "bytes"}, {"Max processes", "processes"}, {"Max open files", "files"}, {"Max locked memory", "bytes"},
	    {"Max address space", "bytes"}, {"Max file locks", "locks"}, {"Max pending signals", "signals"}, {"Max msgqueue size", "bytes"}, {"Max nice priority", ""},
	    {"Max realtime priority", ""}, {"Max realtime timeout", "us"}};

	proc_print(to, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
	for (size_t i = 0; i < LINUX_RLIM_NLIMITS; i++) {
		char soft[24] = "unlimited", hard[24] = "unlimited";

		if (subject->process->limits[i].soft != LINUX_RLIM_INFINITY)
			format_text(soft, sizeof(soft), "%llu", (unsigned long long)subject->process->limits[i].soft);
		if (subject->process->limits[i].hard != LINUX_RLIM_INFINITY)
			format_text(hard, sizeof(hard), "%llu", (unsigned long long)subject->process->limits[i].hard);
		proc_print(to, "%-25s %-20s %-20s %-10s\n", rows[i].name, soft, hard, rows[i].unit);
	}
	return 0;
}
PROC_PROCESS_FILE(limits) = {.name = "limits", .mode = 0444, .is_per_task = true, .show = show_limits};

static int show_cgroup(struct proc_text *to, const struct proc_subject *subject)
{
	proc_print(to, "0::/\n");
	return 0;
}
PROC_PROCESS_FILE(cgroup) = {.name = "cgroup", .mode = 0444, .is_per_task = true, .show = show_cgroup};

static int show_zero(struct proc_text *to, const struct proc_subject *subject)
{
	proc_print(to, "0\n");
	return 0;
}

static int store_nothing(const struct proc_subject *subject, const char *text, size_t len)
{
	return 0;
}
PROC_PROCESS_FILE(loginuid) = {.name = "loginuid", .mode = 0644, .is_per_task = true, .show = show_zero, .store = store_nothing};

int proc_exe_path(const struct proc_subject *subject, struct path *to)
{
	int ret = -ENOENT;

	spin_lock(&process_tree_lock);
	if (subject->process->executable && subject->process->executable->path.dentry) {
		*to = subject->process->executable->path;
		path_get(to);
		ret = 0;
	}
	spin_unlock(&process_tree_lock);
	return ret;
}
PROC_PROCESS_FILE(exe) = {.name = "exe", .is_per_task = true, .path = proc_exe_path};

static int fs_path(const struct proc_subject *subject, struct path *to, bool wants_root)
{
	struct task *task;
	int ret = -ENOENT;

	spin_lock(&process_tree_lock);
	task = moment_task(subject);
	if (task && task->fs) {
		spin_lock(&task->fs->lock);
		*to = wants_root ? task->fs->root : task->fs->cwd;
		path_get(to);
		spin_unlock(&task->fs->lock);
		ret = 0;
	}
	spin_unlock(&process_tree_lock);
	return ret;
}

static int cwd_path(const struct proc_subject *subject, struct path *to)
{
	return fs_path(subject, to, false);
}

static int root_path(const struct proc_subject *subject, struct path *to)
{
	return fs_path(subject, to, true);
}
PROC_PROCESS_FILE(cwd) = {.name = "cwd", .is_per_task = true, .path = cwd_path};
PROC_PROCESS_FILE(root) = {.name = "root", .is_per_task = true, .path = root_path};
