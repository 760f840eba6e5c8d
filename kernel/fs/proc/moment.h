/* SPDX-License-Identifier: BSD-3-Clause */
/* Private to proc/: what several files show of a process, taken at one moment. */
#pragma once
#include "kernel/fs/proc/proc.h"

struct moment {
	char name[16], state;
	int ppid, tid, tracer, group, session, nr_tasks;
	uint64_t user_ns, system_ns, vsize, resident, peak, minor, major, locked, data;
	uint64_t pending, task_pending, blocked, ignored, caught;
	struct credentials *cred; /* NULL: there is no task any more */
	uint64_t affinity, voluntary, involuntary;
	int policy, nice, priority;
	unsigned cpu;
	uint32_t umask;
	bool no_new_privileges;
	int seccomp_mode;
	unsigned seccomp_filters;
};

/* The task that speaks for the subject: its own, or the first of the process. With process_tree_lock held; NULL: none. */
struct task *moment_task(const struct proc_subject *subject);
/* Ends with moment_release. */
void moment_take(const struct proc_subject *subject, struct moment *m);
void moment_release(struct moment *m);
