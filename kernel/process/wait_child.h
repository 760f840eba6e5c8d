/* SPDX-License-Identifier: BSD-3-Clause */
/* Waiting for children (wait4(2), waitid(2)) and what they used. */
#pragma once
#include "kernel/process/process.h"

struct wait_request {
	int type;	  /* LINUX_P_ALL, P_PID, P_PGID */
	int id;
	unsigned options; /* LINUX_W* */
};
struct wait_result {
	int pid; /* 0: none yet (WNOHANG) */
	uint32_t uid;
	int code;   /* LINUX_CLD_* */
	int status; /* as waitid's si_status */
	int wait_status; /* as wait4's */
	struct linux_rusage usage;
};
/* Waits; 0, -ECHILD or -ERESTART_SYS. */
int process_wait(const struct wait_request *request, struct wait_result *result);

/* LINUX_CLD_* of an end with the status that wait4 gives. */
int wait_code_of_end(int status);
/* The real user id of a process, dead or alive; process_tree_lock is held. */
uint32_t process_uid(const struct process *process);
/* What a process used so far, its children apart. */
void process_usage(struct process *process, struct linux_rusage *usage);
void process_children_usage(struct process *process, struct linux_rusage *usage);
void process_release_timers(struct process *process);
