/* SPDX-License-Identifier: BSD-3-Clause */
/* Filters of system calls (seccomp(2)): programs of classic BPF that look at a call's number and arguments. A task's filters are a chain,
 * the newest first, whose older part it shares with those that it inherited them with. */
#pragma once
#include "kernel/bpf/bpf.h"
#include "kernel/process/process.h"

struct call_filter {
	uint32_t references;	      /* atomic: tasks, and the filter that was added to it */
	struct call_filter *previous; /* counted */
	bool is_strict;		      /* instead of a program: seccomp(2), SECCOMP_SET_MODE_STRICT */
	bool logs;
	uint32_t nr_filters, nr_instructions; /* of the chain, as its limit counts them */
	struct bpf_instruction program[];
};

struct call_data { /* struct seccomp_data */
	int32_t number;
	uint32_t architecture;
	uint64_t instruction_pointer, arguments[6];
};

/* -EINVAL: not one that may look at calls. A copy with one reference, which belongs to no chain yet. */
int call_filter_new(const struct bpf_instruction *program, size_t nr, struct call_filter **filter) must_check;
/* Adds it to the running task's chain, and with `to_all` to those of its threads, which must have the same or an older one: otherwise the id of
 * one that has not. Takes the reference when it returns 0. -ENOMEM: the chain is too long; -EINVAL: the task is in strict mode. */
int call_filter_add(struct call_filter *filter, bool to_all) must_check;
int call_filter_set_strict(void) must_check;
/* What the chain says of a call: the strongest action, with its data. */
uint32_t call_filter_judge(const struct call_filter *chain, const struct call_data *data);
/* A new task has what its parent has, and its promise not to gain privileges. */
void call_filter_inherit_locked(struct task *child, const struct task *parent);
void call_filter_put(struct call_filter *filter);
