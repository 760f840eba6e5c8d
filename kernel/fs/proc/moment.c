/* SPDX-License-Identifier: BSD-3-Clause */
/* What several files show of a process, taken at one moment. */
#include "kernel/fs/proc/moment.h"
#include "kernel/mem/heap.h"
#include "kernel/process/seccomp.h"
#include "kernel/process/trace.h"
#include "lib/string.h"

struct task *moment_task(const struct proc_subject *subject)
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

void moment_take(const struct proc_subject *subject, struct moment *m)
{
	struct process *process = subject->process;
	struct task *task;

	memset(m, 0, sizeof(*m));
	take_memory(subject, m);
	spin_lock(&process_tree_lock);
	task = moment_task(subject);
	memcpy(m->name, subject->task ? subject->task->name : task ? task->name : process->name, sizeof(m->name));
	m->state = state_letter(subject, task);
	m->ppid = process->parent ? process->parent->pid : 0;
	m->tid = subject->task ? subject->task->tid : process->pid;
	m->nr_tasks = (int)process->nr_tasks;
	if (subject->task)
		thread_cpu_time(&subject->task->thread, &m->user_ns, &m->system_ns);
	else
		process_cpu_time(process, &m->user_ns, &m->system_ns);
	m->group = process->group;
	m->session = process->session;
	signal_masks(process, &m->pending, &m->ignored, &m->caught);
	if (task) {
		m->blocked = task->blocked;
		m->task_pending = task->pending.pending;
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

void moment_release(struct moment *m)
{
	if (m->cred && __atomic_sub_fetch(&m->cred->references, 1, __ATOMIC_ACQ_REL) == 0)
		heap_free(m->cred);
}
