/* SPDX-License-Identifier: BSD-3-Clause */
/* Tracing tasks (ptrace(2)): becoming their tracer, and what a tracer does with one that is stopped. Errors are those that the manual page names. */
#pragma once
#include "kernel/process/trace.h"

/* The running task is traced by its parent from now on. */
int ptrace_trace_me(void) must_check;
/* The running task traces another: ATTACH stops it, SEIZE does not. */
int ptrace_attach(int tid, bool is_seized, unsigned options) must_check;
/* Requests to one that need not be stopped. */
int ptrace_interrupt(int tid) must_check;
int ptrace_kill(int tid) must_check;

/*
 * A tracee of the running task that is stopped: nothing of it changes until ptrace_end, but by the caller. Takes process_tree_lock.
 * -ESRCH: no such tracee, or it is not stopped.
 */
int ptrace_begin(int tid, struct trace **tracee) must_check;
void ptrace_end(struct trace *tracee);
/* The memory of a stopped tracee, with a reference. */
int ptrace_space_get(int tid, struct address_space **space) must_check;

/* Between begin and end: it goes on, with a signal or none (0). */
void ptrace_resume(struct trace *tracee, enum trace_mode mode, int signal);
void ptrace_detach(struct trace *tracee, int signal);
/* Lets a stopped process be so, but for SIGCONT. -EIO: it is in another kind of stop. */
int ptrace_listen(struct trace *tracee) must_check;
/* The system call that it is in, as its registers show it; NO_CALL: none. */
uint64_t ptrace_call(const struct trace *tracee);
void ptrace_set_call(struct trace *tracee, uint64_t call);
void ptrace_set_blocked(struct trace *tracee, uint64_t mask);
/* A copy of the i-th pending signal of the task, or of its process; false: there are fewer. */
bool ptrace_pending(struct trace *tracee, bool of_process, uint64_t i, struct linux_siginfo *info);
