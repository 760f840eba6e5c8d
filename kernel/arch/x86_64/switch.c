/* SPDX-License-Identifier: BSD-3-Clause */
/* Kernel stacks: how a new one begins, and going from one to another. */
#include "kernel/arch/user.h"
#include "kernel/arch/x86_64/smp.h"

extern void context_swap(struct kernel_context *save, struct kernel_context *to);
extern void context_begin(void);

void kernel_context_switch(struct kernel_context *save, struct kernel_context *to)
{
	struct cpu *cpu = this_cpu();

	/* The program that leaves this CPU may go on at another: its TLS bases must be in its context by then. */
	user_bases_save(cpu);
	cpu->loaded = NULL;
	context_swap(save, to);
}

void kernel_context_init(struct kernel_context *context, void *stack, size_t size, void (*entry)(void *), void *argument)
{
	/* As context_swap leaves a stack: r15 r14 r13 r12 rbx rbp, return address. Then the stack is aligned as a call wants it. */
	uint64_t *top = (uint64_t *)align_down((uint64_t)stack + size, 16) - 7;

	top[0] = top[1] = top[2] = top[5] = 0;
	top[3] = (uint64_t)argument;
	top[4] = (uint64_t)entry;
	top[6] = (uint64_t)context_begin;
	context->rsp = (uint64_t)top;
}
