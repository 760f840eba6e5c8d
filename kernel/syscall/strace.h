/* SPDX-License-Identifier: BSD-3-Clause */
/* Prints system calls for --strace. */
#pragma once
#include "kernel/syscall/syscall.h"

const char *syscall_name(uint64_t number); /* NULL: no such number */

/*
 * "[pid N] NAME(ARGUMENTS) = RESULT": what the call is given is printed before it is made, and what it fills after it. `call` NULL: an
 * absent one. What another thread prints meanwhile makes the line end in "<unfinished ...>", and it goes on behind "<... NAME resumed>".
 */
void strace_enter(struct task *task, const struct syscall *call, uint64_t number, const struct syscall_arguments *a);
void strace_leave(struct task *task, const struct syscall *call, uint64_t number, const struct syscall_arguments *a, int64_t result);
/* "--- SIGCHLD {si_signo=SIGCHLD, ...} ---" */
void strace_signal(struct task *task, const struct linux_siginfo *info);
/* "+++ exited with 3 +++", "+++ killed by SIGKILL +++"; status as wait4(2) gives it */
void strace_end(struct task *task, int status);
/* Once, where --strace was asked for. */
void strace_start(void);
