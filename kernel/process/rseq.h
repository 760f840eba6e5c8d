/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Restartable sequences (rseq(2)): a thread's area in its own memory tells it on which CPU it runs, and names a section of its code that must
 * run through there: where another thread or a signal handler came between, it goes on at the section's abort address.
 */
#pragma once
#include "kernel/process/process.h"

/* -EINVAL, -EPERM (another signature), -EBUSY (it has this one), -EFAULT. */
int rseq_register(uint64_t address, uint32_t len, uint32_t signature) must_check;
int rseq_unregister(uint64_t address, uint32_t len, uint32_t signature) must_check;
/* Of a task that has one: before it runs again after another thread did, or on another CPU. Bad memory ends in SIGSEGV. */
void rseq_resume(struct task *task);
/* Before a handler is called: the section does not go on behind it. */
void rseq_interrupt(struct task *task);
void rseq_forget(struct task *task); /* exec */
/* A child with memory of its own has what its parent has there; a thread has none yet. */
void rseq_inherit(struct task *child, const struct task *parent);
