/* SPDX-License-Identifier: BSD-3-Clause */
/* Waiting for children: a look at each under the lock of the tree, and a sleep until one of them changes. */
#include "kernel/process/wait_child.h"
#include "kernel/process/internal.h"
#include "kernel/process/trace.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/sched.h"

void thread_io_add(struct thread_io *to, const struct thread_io *from)
{
	to->reads += from->reads;
	to->read_bytes += from->read_bytes;
	to->writes += from->writes;
	to->written_bytes += from->written_bytes;
	to->medium_read += from->medium_read;
	to->medium_dirtied += from->medium_dirtied;
}

void process_io(const struct process *process, struct thread_io *io)
{
	struct task *task;

	*io = process->dead_io;
	list_for_each(task, &process->tasks, process_node)
		thread_io_add(io, &task->thread.io);
}

static struct linux_timeval timeval_of(uint64_t ns)
{
	return (struct linux_timeval){.seconds = (int64_t)(ns / 1000000000), .microseconds = (int64_t)(ns % 1000000000 / 1000)};
}

void process_usage(struct process *process, struct linux_rusage *usage)
{
	uint64_t user, system;
	struct thread_io io;
	struct task *task;

	process_cpu_time(process, &user, &system);
	*usage = (struct linux_rusage){.user = timeval_of(user), .system = timeval_of(system)};
	usage->maxrss = (int64_t)process->peak_resident;
	usage->minflt = (int64_t)process->dead_minor_faults;
	usage->majflt = (int64_t)process->dead_major_faults;
	if (process->space) {
		usage->maxrss = (int64_t)max_u64(process->peak_resident, process->space->peak_resident);
		usage->minflt += (int64_t)process->space->faults_minor;
		usage->majflt += (int64_t)process->space->faults_major;
	}
	usage->maxrss *= PAGE_SIZE / 1024;
	process_io(process, &io);
	usage->inblock = (int64_t)(io.medium_read / 512);
	usage->oublock = (int64_t)(io.medium_dirtied / 512);
	usage->nvcsw = (int64_t)process->dead_voluntary;
	usage->nivcsw = (int64_t)process->dead_involuntary;
	list_for_each(task, &process->tasks, process_node) {
		usage->nvcsw += (int64_t)task->thread.switches_voluntary;
		usage->nivcsw += (int64_t)task->thread.switches_involuntary;
	}
}

void process_children_usage(struct process *process, struct linux_rusage *usage)
{
	*usage = process->children_usage;
	usage->user = timeval_of(process->children_user_ns);
	usage->system = timeval_of(process->children_system_ns);
}

static void add_usage(struct linux_rusage *to, const struct linux_rusage *from)
{
	to->maxrss = (int64_t)max_u64((uint64_t)to->maxrss, (uint64_t)from->maxrss);
	to->minflt += from->minflt;
	to->majflt += from->majflt;
	to->inblock += from->inblock;
	to->oublock += from->oublock;
	to->nvcsw += from->nvcsw;
	to->nivcsw += from->nivcsw;
}

/* The child's usage, and its children's, become its parent's children's. */
static void inherit_usage(struct process *parent, struct process *child, const struct linux_rusage *usage)
{
	parent->children_user_ns += child->dead_user_ns + child->children_user_ns;
	parent->children_system_ns += child->dead_system_ns + child->children_system_ns;
	thread_io_add(&parent->dead_io, &child->dead_io);
	add_usage(&parent->children_usage, usage);
	add_usage(&parent->children_usage, &child->children_usage);
}

uint32_t process_uid(const struct process *process)
{
	if (list_empty(&process->tasks))
		return process->exit_uid;
	return container_of(process->tasks.next, struct task, process_node)->credentials->uid;
}

int wait_code_of_end(int status)
{
	return !(status & 0x7f) ? LINUX_CLD_EXITED : status & 0x80 ? LINUX_CLD_DUMPED : LINUX_CLD_KILLED;
}

static bool is_named(const struct wait_request *request, int id, const struct process *child, const struct process *self)
{
	switch (request->type) {
	case LINUX_P_PID:
		return id == request->id;
	case LINUX_P_PGID:
		return child->group == (request->id ? request->id : self->group);
	default:
		return true;
	}
}

static bool is_wanted(const struct wait_request *request, const struct process *child, const struct process *self)
{
	bool is_clone = child->exit_signal != LINUX_SIGCHLD;

	if (!(request->options & LINUX_WALL) && is_clone != !!(request->options & LINUX_WCLONE))
		return false;
	return is_named(request, child->pid, child, self);
}

static void fill(struct process *child, struct wait_result *result, int code, int status, int wait_status)
{
	result->pid = child->pid;
	result->uid = process_uid(child);
	result->code = code;
	result->status = status;
	result->wait_status = wait_status;
	process_usage(child, &result->usage);
}

static void fill_end(struct process *child, struct wait_result *result, int status)
{
	int end = status & 0x7f;

	fill(child, result, wait_code_of_end(status), end ? end : status >> 8, status);
}

static bool look_continued(const struct wait_request *request, struct process *child, struct wait_result *result)
{
	if (!child->was_continued || child->continue_reported || !(request->options & LINUX_WCONTINUED))
		return false;
	fill(child, result, LINUX_CLD_CONTINUED, LINUX_SIGCONT, 0xffff);
	child->continue_reported = !(request->options & LINUX_WNOWAIT);
	return true;
}

/* True if the child has something to tell; *dead if it is to be freed. */
static bool look(const struct wait_request *request, struct process *self, struct process *child, struct wait_result *result, bool *dead)
{
	bool keep = request->options & LINUX_WNOWAIT;

	if (child->is_zombie && !child->leader_trace && !child->nr_ended_tracees && (request->options & LINUX_WEXITED)) {
		fill_end(child, result, child->exit_status);
		if (!keep) {
			inherit_usage(self, child, &result->usage);
			process_leave_locked(child);
			*dead = true;
		}
		return true;
	}
	if (child->is_stopped && !child->stop_reported && (request->options & LINUX_WSTOPPED)) {
		fill(child, result, LINUX_CLD_STOPPED, child->stop_signal, child->stop_signal << 8 | 0x7f);
		child->stop_reported = !keep;
		return true;
	}
	return look_continued(request, child, result);
}

static int scan_children_locked(const struct wait_request *request, struct wait_result *result, struct process **dead)
{
	struct process *self = process_current(), *child;
	int ret = -ECHILD;

	list_for_each(child, &self->children, sibling) {
		bool is_dead = false;

		if (!is_wanted(request, child, self))
			continue;
		ret = 0;
		if (!trace_is_by_parent_locked(child) && look(request, self, child, result, &is_dead)) {
			*dead = is_dead ? child : NULL;
			return 1;
		}
	}
	return ret;
}

/* ---- Of a tracer ---- */

/* A tracee that ended: a thread, or the leader once all of its process has ended, which its parent may wait for after this. */
static bool look_ended(const struct wait_request *request, struct trace *trace, struct wait_result *result)
{
	const struct process *process = trace->process;

	if (!(request->options & LINUX_WEXITED) || (process->leader_trace == trace && (!process->is_zombie || process->nr_ended_tracees)))
		return false;
	fill_end(trace->process, result, trace->exit_status);
	result->pid = trace->tid;
	if (!(request->options & LINUX_WNOWAIT))
		trace_detach_locked(trace);
	return true;
}

/* Stops are told whatever the options (ptrace(2), "Stopped states"). */
static bool look_traced(const struct wait_request *request, struct trace *trace, struct wait_result *result)
{
	if (!trace->task)
		return look_ended(request, trace, result);
	if (trace->is_stopped && !trace->is_reported) {
		fill(trace->process, result, LINUX_CLD_TRAPPED, trace->code, trace->code << 8 | 0x7f);
		result->pid = trace->tid;
		if (!(request->options & LINUX_WNOWAIT)) {
			trace->is_reported = true;
			trace->signal = 0; /* what it would go on with if the tracer went away */
		}
		return true;
	}
	return trace->tid == trace->process->pid && look_continued(request, trace->process, result);
}

static int scan_tracees_locked(const struct wait_request *request, struct task *tracer, struct wait_result *result)
{
	struct trace *trace;
	int ret = -ECHILD;

	list_for_each(trace, &tracer->tracees, node) {
		if (!is_named(request, trace->tid, trace->process, tracer->process))
			continue;
		ret = 0;
		if (look_traced(request, trace, result))
			return 1;
	}
	return ret;
}

static int scan_all_tracees_locked(const struct wait_request *request, struct wait_result *result)
{
	struct task *task;
	int ret = -ECHILD;

	if (request->options & LINUX_WNOTHREAD)
		return scan_tracees_locked(request, task_current(), result);
	list_for_each(task, &process_current()->tasks, process_node) {
		int one = scan_tracees_locked(request, task, result);

		if (one == 1)
			return 1;
		ret = one ? ret : 0;
	}
	return ret;
}

/* 1: found, 0: children or tracees that may yet change, -ECHILD. */
static int scan(const struct wait_request *request, struct wait_result *result)
{
	struct process *dead = NULL;
	int ret, of_tracees;

	spin_lock(&process_tree_lock);
	ret = scan_children_locked(request, result, &dead);
	of_tracees = ret == 1 ? -ECHILD : scan_all_tracees_locked(request, result);
	spin_unlock(&process_tree_lock);
	process_put(dead);
	return ret < of_tracees ? of_tracees : ret;
}

int process_wait(const struct wait_request *request, struct wait_result *result)
{
	struct waiter waiter;
	int ret;

	*result = (struct wait_result){0};
	wait_begin(&waiter, &process_current()->child_wait);
	for (;;) {
		ret = scan(request, result);
		if (ret || (request->options & LINUX_WNOHANG))
			break;
		if (wait_sleep(WAIT_FOREVER, WAIT_INTERRUPTIBLE)) {
			ret = -ERESTART_SYS;
			break;
		}
	}
	wait_end(&waiter);
	return ret < 0 ? ret : 0;
}
