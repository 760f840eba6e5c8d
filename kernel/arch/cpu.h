/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CPUs. The kernel runs with interrupts off; they are taken in user mode, in cpu_idle and in cpu_take_interrupts only. So kernel code on one
 * CPU is never interrupted where it does not ask for it, locks never mask interrupts, and handlers never meet a lock that their own CPU holds.
 * Whoever spins calls cpu_relax, which also serves other CPUs' TLB flush requests: a flush never waits for a spinning CPU.
 */
#pragma once
#include "lib/attr.h"

#define CPU_MAX 64 /* bits of a CPU mask */

unsigned cpu_id(void);	  /* of the CPU that runs this: 0 .. cpu_count()-1 */
unsigned cpu_count(void); /* CPUs that run */

/* In a spin loop: pauses, and serves TLB flush requests of other CPUs. */
void cpu_relax(void);
/* Serves TLB flush requests; for long loops in the kernel. Cheap when there are none. */
void cpu_poll(void);
/* Takes the interrupts that wait. Only where no spin lock is held (thread_pause). */
void cpu_take_interrupts(void);

/* Waits with interrupts on until an interrupt was handled; returns with interrupts off. `until_ns`: see clock.h; the timer is
 * programmed by the scheduler, not here. The check for work and this call cannot lose a wake-up: a pending cpu_kick ends it at once. */
void cpu_idle(void);
/* Makes another CPU leave cpu_idle or user mode (reschedule interrupt). */
void cpu_kick(unsigned cpu);

/* Per-CPU pointer for the scheduler: the running thread. */
struct thread;
struct thread *cpu_current_thread(void);
void cpu_set_current_thread(struct thread *thread);

/* Starts the other CPUs; each calls `entry` on a stack of its own. Returns at once: they count when they arrive. */
void cpu_start_others(unsigned max, void (*entry)(void));
/* Stops all other CPUs for good (panic, power-off). */
void cpu_stop_others(void);

/* A cycle counter that all CPUs share (TSC). See platform/clock.h for its rate. */
uint64_t cpu_cycles(void);

/* RDRAND where the CPU has it. */
bool cpu_random(uint64_t *value);

/*
 * Who called the code at `address`, whose stack pointer is `stack` (a kernel stack's): fills up to max return addresses, the innermost first.
 * Exact where a function's frame has a fixed size; where it is not known, what looks like a return address counts as one.
 */
size_t cpu_backtrace(uint64_t address, uint64_t stack, uint64_t *addresses, size_t max);

/* Text for /proc/cpuinfo and values for the auxiliary vector. */
int cpu_describe(unsigned cpu, char *to, size_t size);
uint64_t cpu_hwcap(void), cpu_hwcap2(void);
