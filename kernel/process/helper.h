/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Helpers: threads of the kernel that work on behalf of a process: with its memory, and the descriptors, places and credentials of the
 * task that made them. They run no program and stand in no table: nobody can send them a signal, and who looks for tasks does not see
 * them. A process does not end before its helpers have.
 */
#pragma once
#include "kernel/process/process.h"

/* One for the running task; it waits for helper_start. NULL: no memory, or the process ends. The name is kept to 15 bytes. */
struct task *helper_new(const char *name);
/* Calls run(argument) on it and ends it when that returns; it may be gone then. */
void helper_start(struct task *helper, void (*run)(void *argument), void *argument);
/* On a helper: its process ends, or its own end was asked for (thread_kill). */
bool helper_must_end(void);
