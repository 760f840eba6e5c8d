/* SPDX-License-Identifier: BSD-3-Clause */
/* Reaching into another process: who may (ptrace(2), "Ptrace access mode checking"), and its parts with references. */
#pragma once
#include "kernel/process/process.h"

/* Finds the process for the running task to reach into, with a reference. -ESRCH: there is none, or it is a zombie; -EPERM: not its own. */
int process_access(int pid, struct process **process) must_check;
/* The same of a process that is held already: 0, -EPERM, -ESRCH. */
int process_access_check(struct process *process) must_check;
int process_access_check_locked(struct process *process) must_check; /* under process_tree_lock */
/* With a reference; NULL: it has none any more. */
struct address_space *process_space_get(struct process *process);
struct descriptor_table *process_descriptors_get(struct process *process);
