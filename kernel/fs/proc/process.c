/* SPDX-License-Identifier: BSD-3-Clause */
/* What is told of a process: stat, status, limits and their like; its executable, root and working directory. */
#include "kernel/fs/proc/proc.h"
#include "kernel/mem/heap.h"
#include "kernel/process/trace.h"
#include "kernel/process/seccomp.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/time.h"
#include "lib/format.h"
#include "lib/string.h"

#define TICKS(ns) ((ns) / (NS_PER_SECOND / 100)) /* USER_HZ */

/* The task that speaks for the subject: its own, or the first of the process. With process_tree_lock held; NULL: none. */
static struct task *any_task(const struct proc_subject *subject)
{
	struct process *process = subject->process;

	if (subject->task)
		return subject->task;
	return list_empty(&process->tasks) ? NULL : container_of(process->tasks.next, struct task, process_node);
}

static char state_letter(const struct proc_subject *subject, const struct task *task)
{
	if (!task || subject->process->is_zombie)
		return 'Z';
	if (!subject->task && task->tid != subject->process->pid)
		return 'Z'; /* the leader has ended, others go on */
	if (task->trace && task->trace->is_stopped)
		return 't';
	if (subject->process->is_stopped && !task->stop_taken)
		return 'T';
	return task->thread.state == THREAD_SLEEPING ? (task->thread.sleep_mode == WAIT_UNINTERRUPTIBLE ? 'D' : 'S') : 'R';
}

/* What several files show, taken at one moment. */
struct moment {
	char name[16], state;
	int ppid, tid, tracer, nr_tasks;
	uint64_t user_ns, system_ns, vsize, resident, peak, minor, major, locked, data;
	uint64_t pending, blocked, ignored, caught;
	struct credentials *cred;
	uint64_t affinity, voluntary, involuntary;
	int policy, nice, priority;
	unsigned cpu;
	uint32_t umask;
	bool no_new_privileges;
	int seccomp_mode;
	unsigned seccomp_filters;
};

static void take_memory(const struct proc_subject *subject, struct moment *m)
{
	struct address_space *space = proc_space_get(subject);

	if (!space)
		return;
	m->vsize = space->mapped_bytes;
	m->locked = space->locked_bytes;
	m->data = space->data_bytes;
	m->resident = space->resident;
	m->peak = max_u64(space->peak_resident, space->resident);
	m->minor = space->faults_minor;
	m->major = space->faults_major;
	address_space_put(space);
}

static void take_moment(const struct proc_subject *subject, struct moment *m)
{
	struct process *process = subject->process;
	struct task *task;

	memset(m, 0, sizeof(*m));
	take_memory(subject, m);
	spin_lock(&process_tree_lock);
	task = any_task(subject);
	memcpy(m->name, subject->task ? subject->task->name : task ? task->name : process->name, sizeof(m->name));
	m->state = state_letter(subject, task);
	m->ppid = process->parent ? process->parent->pid : 0;
	m->tid = subject->task ? subject->task->tid : process->pid;
	m->nr_tasks = (int)process->nr_tasks;
	if (subject->task)
		thread_cpu_time(&subject->task->thread, &m->user_ns, &m->system_ns);
	else
		process_cpu_time(process, &m->user_ns, &m->system_ns);
	signal_masks(process, &m->pending, &m->ignored, &m->caught);
	if (task) {
		m->blocked = task->blocked;
		m->tracer = trace_tracer_pid_locked(task);
		m->umask = task->fs ? task->fs->umask : 0;
		m->no_new_privileges = task->no_new_privileges;
		m->seccomp_mode = !task->filters ? 0 : task->filters->is_strict ? 1 : 2;
		m->seccomp_filters = task->filters ? task->filters->nr_filters : 0;
		m->affinity = task->thread.affinity;
		m->policy = task->thread.policy;
		m->nice = task->thread.nice;
		m->priority = task->thread.priority;
		m->cpu = task->thread.cpu;
		m->voluntary = task->thread.switches_voluntary;
		m->involuntary = task->thread.switches_involuntary;
		m->cred = task->credentials;
		__atomic_fetch_add(&m->cred->references, 1, __ATOMIC_RELAXED);
	}
	spin_unlock(&process_tree_lock);
}

static void release_moment(struct moment *m)
{
	if (m->cred && __atomic_sub_fetch(&m->cred->references, 1, __ATOMIC_ACQ_REL) == 0)
		heap_free(m->cred);
}

static int show_stat(struct proc_text *to, const struct proc_subject *subject)
{
	struct process *p = subject->process;
	struct moment m;

	take_moment(subject, &m);
	proc_print(to, "%d (%s) %c %d %d %d 0 -1 0 %llu 0 %llu 0 %llu %llu %llu %llu %d %d %d 0 %llu %llu %lld %llu ", m.tid, m.name, m.state, m.ppid,
	    p->group, p->session, (unsigned long long)m.minor, (unsigned long long)m.major, (unsigned long long)TICKS(m.user_ns),
	    (unsigned long long)TICKS(m.system_ns), (unsigned long long)TICKS(p->children_user_ns), (unsigned long long)TICKS(p->children_system_ns),
	    20 + m.nice, m.nice, m.nr_tasks, (unsigned long long)TICKS(p->start_ns), (unsigned long long)m.vsize, (long long)m.resident,
	    (unsigned long long)p->limits[LINUX_RLIMIT_RSS].soft);
	proc_print(to, "0 0 0 0 0 %llu %llu %llu %llu 0 0 0 %d %u %d %d 0 0 0 0 0 0 0 0 0 0 %d\n", (unsigned long long)(m.pending & 0x7fffffff),
	    (unsigned long long)(m.blocked & 0x7fffffff), (unsigned long long)(m.ignored & 0x7fffffff), (unsigned long long)(m.caught & 0x7fffffff),
	    p->exit_signal, m.cpu, m.priority, m.policy, p->is_zombie ? p->exit_status : 0);
	release_moment(&m);
	return 0;
}
PROC_PROCESS_FILE(stat) = {.name = "stat", .mode = 0444, .is_per_task = true, .show = show_stat};

static const char *state_name(char letter)
{
	switch (letter) {
	case 'Z':
		return "zombie";
	case 'T':
		return "stopped";
	case 't':
		return "tracing stop";
	case 'S':
		return "sleeping";
	case 'D':
		return "disk sleep";
	default:
		return "running";
	}
}

static void show_groups(struct proc_text *to, const struct credentials *cred)
{
	proc_print(to, "Groups:\t");
	for (size_t i = 0; cred && i < cred->nr_groups; i++)
		proc_print(to, "%u ", cred->groups[i]);
	proc_print(to, "\n");
}

static void show_capabilities(struct proc_text *to, const struct credentials *c)
{
	proc_print(to, "CapInh:\t%016llx\nCapPrm:\t%016llx\nCapEff:\t%016llx\nCapBnd:\t%016llx\nCapAmb:\t%016llx\n", (unsigned long long)c->capabilities_inheritable,
	    (unsigned long long)c->capabilities_permitted, (unsigned long long)c->capabilities_effective, (unsigned long long)c->capabilities_bounding,
	    (unsigned long long)c->capabilities_ambient);
}

static int show_status(struct proc_text *to, const struct proc_subject *subject)
{
	unsigned long long kib = PAGE_SIZE / 1024;
	struct moment m;

	take_moment(subject, &m);
	proc_print(to, "Name:\t%s\nUmask:\t%04o\nState:\t%c (%s)\nTgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t%d\n", m.name, m.umask, m.state, state_name(m.state),
	    subject->process->pid, m.tid, m.ppid, m.tracer);
	if (m.cred)
		proc_print(to, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\n", m.cred->uid, m.cred->euid, m.cred->suid, m.cred->fsuid, m.cred->gid, m.cred->egid,
		    m.cred->sgid, m.cred->fsgid);
	proc_print(to, "FDSize:\t64\n");
	show_groups(to, m.cred);
	proc_print(to, "VmPeak:\t%8llu kB\nVmSize:\t%8llu kB\nVmLck:\t%8llu kB\nVmPin:\t       0 kB\nVmHWM:\t%8llu kB\nVmRSS:\t%8llu kB\nVmData:\t%8llu kB\nVmSwap:\t       0 kB\n",
	    (unsigned long long)m.vsize / 1024, (unsigned long long)m.vsize / 1024, (unsigned long long)m.locked / 1024, (unsigned long long)m.peak * kib, (unsigned long long)m.resident * kib,
	    (unsigned long long)m.data / 1024);
	proc_print(to, "Threads:\t%d\nSigQ:\t%u/%llu\nSigPnd:\t0000000000000000\nShdPnd:\t%016llx\nSigBlk:\t%016llx\nSigIgn:\t%016llx\nSigCgt:\t%016llx\n", m.nr_tasks,
	    subject->process->nr_queued, (unsigned long long)subject->process->limits[LINUX_RLIMIT_SIGPENDING].soft, (unsigned long long)m.pending,
	    (unsigned long long)m.blocked, (unsigned long long)m.ignored, (unsigned long long)m.caught);
	if (m.cred)
		show_capabilities(to, m.cred);
	uint64_t cpus = m.affinity & ((cpu_count() < 64 ? 1ull << cpu_count() : 0) - 1);
	proc_print(to, "NoNewPrivs:\t%d\nSeccomp:\t%d\nSeccomp_filters:\t%u\nCpus_allowed:\t%llx\nCpus_allowed_list:\t0-%u\nMems_allowed:\t1\nMems_allowed_list:\t0\n", m.no_new_privileges, m.seccomp_mode, m.seccomp_filters, (unsigned long long)cpus, cpu_count() - 1);
	proc_print(to, "voluntary_ctxt_switches:\t%llu\nnonvoluntary_ctxt_switches:\t%llu\n", (unsigned long long)m.voluntary, (unsigned long long)m.involuntary);
	release_moment(&m);
	return 0;
}
PROC_PROCESS_FILE(status) = {.name = "status", .mode = 0444, .is_per_task = true, .show = show_status};

static int show_statm(struct proc_text *to, const struct proc_subject *subject)
{
	struct moment m;

	take_moment(subject, &m);
	proc_print(to, "%llu %llu 0 0 0 %llu 0\n", (unsigned long long)m.vsize / PAGE_SIZE, (unsigned long long)m.resident, (unsigned long long)m.vsize / PAGE_SIZE);
	release_moment(&m);
	return 0;
}
PROC_PROCESS_FILE(statm) = {.name = "statm", .mode = 0444, .is_per_task = true, .show = show_statm};

static int show_comm(struct proc_text *to, const struct proc_subject *subject)
{
	struct moment m;

	take_moment(subject, &m);
	proc_print(to, "%s\n", m.name);
	release_moment(&m);
	return 0;
}

static int store_comm(const struct proc_subject *subject, const char *text, size_t len)
{
	struct task *task;

	if (len && text[len - 1] == '\n')
		len--;
	len = min_u64(len, sizeof(task->name) - 1);
	spin_lock(&process_tree_lock);
	task = any_task(subject);
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
	task = any_task(subject);
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
	task = any_task(subject);
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
	task = any_task(subject);
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
