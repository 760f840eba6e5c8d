/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ends that leave a core file (core(5)): when they do, and that nothing of the process moves meanwhile. What is in the file is kernel/coredump's, which a
 * profile can leave out.
 */
#pragma once
#include "kernel/process/process.h"

/* /proc/sys/kernel/core_pattern and core_uses_pid; written under process_tree_lock. */
#define CORE_PATTERN_MAX 127
extern char core_pattern[CORE_PATTERN_MAX + 1];
extern unsigned core_uses_pid;

/* /proc/PID/coredump_filter: which kinds of memory go into the file. */
enum {
	CORE_PRIVATE = 1, CORE_SHARED = 2, CORE_FILE_PRIVATE = 4, CORE_FILE_SHARED = 8, CORE_ELF_HEADERS = 16, CORE_FILTER_DEFAULT = 0x33, CORE_FILTER_MASK = 0x1ff,
};

/* Writes the file for a signal that the running task ends by; its other tasks stand still. True: there is one now. */
void core_set_dump_hook(bool (*dump)(struct task *task, const struct linux_siginfo *info));

/* ---- Inside process/ ---- */

/* Dumps core if the signal and the limits say so. */
bool core_dump(struct task *task, const struct linux_siginfo *info);
/* Another task of the process dumps core: waits until it has. */
void core_wait(struct task *task);
