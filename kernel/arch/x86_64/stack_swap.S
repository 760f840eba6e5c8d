/* SPDX-License-Identifier: BSD-3-Clause */
/* From one kernel stack to another. */
	.text
/* void context_swap(struct kernel_context *save, struct kernel_context *to) */
	.globl context_swap
	.balign 16
context_swap:
	pushq %rbp
	pushq %rbx
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	movq %rsp, (%rdi)
	movq (%rsi), %rsp
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbx
	popq %rbp
	retq

/* The first thing that a new stack runs: rbx is the function, r12 its argument (switch.c put them there). */
	.globl context_begin
context_begin:
	movq %r12, %rdi
	callq *%rbx
	.globl context_begin_returns
context_begin_returns: /* the backtrace ends here */
	ud2

/* void cpu_take_interrupts(void): sti covers the next instruction. */
	.globl cpu_take_interrupts
cpu_take_interrupts:
	sti
	nop
	cli
	retq

/* void cpu_wait(void): sti covers hlt, so that an interrupt between the two is not lost. */
	.globl cpu_wait
cpu_wait:
	sti
	hlt
	cli
	retq
