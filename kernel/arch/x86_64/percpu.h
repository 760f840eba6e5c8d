/* SPDX-License-Identifier: BSD-3-Clause */
/* What each CPU has of its own, reached through %gs while in the kernel. Written by its CPU alone unless marked. */
#pragma once
#include "kernel/arch/cpu.h"
#include "kernel/arch/page_table.h"
#include "kernel/arch/user.h"
#include "kernel/arch/x86_64/layout.h"

struct tss { /* SDM 3A §8.7 */
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3, io_map;
} packed_struct;

/* What another CPU is asked to do with its TLB. It stands in the asking CPU's struct: one request at a time. */
struct flush_request {
	struct page_table *table;
	uint64_t start, end;
	bool unload;	  /* the table is about to be freed: leave it */
	uint64_t waiting; /* CPUs that have yet to answer; atomic */
};

/* A reading of the local APIC's timer, and of the TSC before and after. */
struct reading {
	uint64_t before, after;
	uint32_t count;
};

struct cpu {
	struct cpu *self;
	uint64_t context_top, kernel_rsp, user_rsp; /* entry.S */
	struct thread *thread;
	uint32_t id, apic_id;
	uint64_t boot_stack;  /* top of the stack that it starts on */
	uint64_t fault_stack; /* top of that for double faults and the like */
	struct tss tss; /* at 64, so that no field that matters straddles a cache line */
	uint64_t gdt[16] aligned_to(16);
	struct user_context *loaded; /* whose fs and gs bases the CPU holds; NULL: nobody's */
	uint64_t loaded_gs;
	bool has_breakpoints; /* debug registers are set */
	struct page_table *table;    /* that CR3 points to; NULL: the kernel's own */
	bool is_lazy;		     /* table is loaded but not run on: it is not in table->active_cpus */
	uint64_t lazy_generation;
	uint64_t flush_pending;	     /* CPUs that have a request for this one; atomic, written by all */
	struct flush_request request;
	uint64_t timer_wanted, timer_set; /* ns; UINT64_MAX: none. See platform/clock.c */
	struct reading timer_start;		  /* since when, and from what, the local APIC's timer counts down */
} aligned_to(64);

extern struct cpu boot_cpu;
extern struct cpu *cpus[CPU_MAX]; /* by id, as many as cpu_count() */

static inline struct cpu *this_cpu(void)
{
	struct cpu *cpu;

	__asm__ volatile("mov %%gs:0, %0" : "=r"(cpu)); /* volatile: a thread may come back on another CPU */
	return cpu;
}

/* What the kernel's entry pushes: the beginning of a user_context. */
struct trap_frame {
	uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	uint64_t vector, error_code;
	uint64_t rip, cs, rflags, rsp, ss;
};
