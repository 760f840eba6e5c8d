/* SPDX-License-Identifier: BSD-3-Clause */
/* Prints system calls for --strace. */
#pragma once
#include "kernel/syscall/syscall.h"

const char *syscall_name(uint64_t number); /* NULL: no such number */

/* A call that does not return (exit, execve on success): printed before it is made. */
bool strace_is_final(uint64_t number);
/* Prints "[TID] NAME(ARGUMENTS) = RESULT"; without has_result, the result is "?". `call` NULL: an absent one. */
void strace_print(const struct task *task, const struct syscall *call, uint64_t number, const struct syscall_arguments *a, int64_t result, bool has_result);
