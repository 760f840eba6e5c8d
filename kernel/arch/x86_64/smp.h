/* SPDX-License-Identifier: BSD-3-Clause */
/* Between the files of the architecture: other CPUs and their TLBs. */
#pragma once
#include "kernel/arch/x86_64/percpu.h"

void tlb_serve(void);	    /* does what other CPUs ask of this one's TLB */
void tlb_unload(struct page_table *table); /* makes every CPU leave a table that is about to be freed */
noreturn_fn void cpu_halt(void);
void user_bases_save(struct cpu *cpu); /* the loaded context's fs and gs bases -> the context */
bool cpus_are_stopping(void);
void debug_load(struct cpu *cpu, const struct user_debug *debug); /* NULL: no breakpoints */
void debug_exception(struct user_context *context); /* vector 1 in user mode: fills signal_code */
void debug_exception_in_kernel(void);
/* An exception or interrupt outside user mode (entry.S). */
void trap_kernel(struct trap_frame *frame);
noreturn_fn void trap_fatal(struct trap_frame *frame);
