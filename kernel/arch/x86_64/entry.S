/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The way into user mode and all ways out of it. While a program runs, the TSS's rsp0 and cpu.context_top point behind the iret frame in its
 * user_context, so that every trap writes the registers straight where they belong, and "returning from the trap" is returning from user_enter.
 */
#include "kernel/arch/x86_64/layout.h"

/* A place for clac (or stac), which CPUs without SMAP do not know: features.c writes it over the no-operation. */
.macro SMAP_SITE byte
771:	.byte 0x0f, 0x1f, 0x00
	.pushsection .smap_sites, "a"
	.balign 8
	.quad 771b, \byte
	.popsection
.endm

.macro PUSH_REGISTERS
	pushq %rdi
	pushq %rsi
	pushq %rdx
	pushq %rcx
	pushq %rax
	pushq %r8
	pushq %r9
	pushq %r10
	pushq %r11
	pushq %rbx
	pushq %rbp
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
.endm

.macro POP_REGISTERS
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbp
	popq %rbx
	popq %r11
	popq %r10
	popq %r9
	popq %r8
	popq %rax
	popq %rcx
	popq %rdx
	popq %rsi
	popq %rdi
.endm

	.text
/* void user_enter(struct user_context *context): enters user mode; returns at the next trap. The caller made sure that rip is a user address. */
	.globl user_enter
	.balign 16
user_enter:
	pushq %rbp
	pushq %rbx
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	movq %rsp, %gs:CPU_KERNEL_RSP
	leaq CONTEXT_FRAME(%rdi), %rax
	movq %rax, %gs:CPU_CONTEXT_TOP
	movq %rax, %gs:CPU_TSS_RSP0
	/* sysretq loads rip and rflags from rcx and r11: right after a system call, unless somebody changed one. Not with TF or RF set. */
	movq CONTEXT_RIP(%rdi), %rcx
	movq CONTEXT_RFLAGS(%rdi), %r11
	cmpq %rcx, CONTEXT_RCX(%rdi)
	jne 1f
	cmpq %r11, CONTEXT_R11(%rdi)
	jne 1f
	testl $0x10100, %r11d
	jnz 1f
	movq CONTEXT_R15(%rdi), %r15
	movq CONTEXT_R14(%rdi), %r14
	movq CONTEXT_R13(%rdi), %r13
	movq CONTEXT_R12(%rdi), %r12
	movq CONTEXT_RBP(%rdi), %rbp
	movq CONTEXT_RBX(%rdi), %rbx
	movq CONTEXT_R10(%rdi), %r10
	movq CONTEXT_R9(%rdi), %r9
	movq CONTEXT_R8(%rdi), %r8
	movq CONTEXT_RAX(%rdi), %rax
	movq CONTEXT_RDX(%rdi), %rdx
	movq CONTEXT_RSI(%rdi), %rsi
	movq CONTEXT_RSP(%rdi), %rsp
	movq CONTEXT_RDI(%rdi), %rdi
	swapgs
	sysretq
1:	movq %rdi, %rsp
	POP_REGISTERS
	addq $16, %rsp
	swapgs
	iretq

/* SYSCALL: rip in rcx, rflags in r11, still the user's stack. */
	.globl syscall_entry
	.balign 16
syscall_entry:
	swapgs
	movq %rsp, %gs:CPU_USER_RSP
	movq %gs:CPU_CONTEXT_TOP, %rsp
	pushq $SELECTOR_USER_DATA
	pushq %gs:CPU_USER_RSP
	pushq %r11
	pushq $SELECTOR_USER_CODE
	pushq %rcx
	pushq $0
	pushq $VECTOR_SYSCALL
	PUSH_REGISTERS
leave_user:
	movq %gs:CPU_KERNEL_RSP, %rsp
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbx
	popq %rbp
	retq

/* One entry for each vector, 16 bytes apart; the CPU pushes an error code for some (SDM 3A §6.13). */
	.globl trap_entries
	.balign 16
trap_entries:
	.set vector, 0
	.rept 256
	.balign 16
	.if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30)
	pushq $0
	.endif
	pushq $vector
	.if vector == VECTOR_NMI || vector == VECTOR_DOUBLE_FAULT || vector == VECTOR_MACHINE_CHECK
	jmp trap_on_own_stack
	.else
	jmp trap_common
	.endif
	.set vector, vector + 1
	.endr

	.balign 16
trap_common:
	testb $3, 24(%rsp) /* cs */
	jz trap_in_kernel
	swapgs
	PUSH_REGISTERS
	cld
	SMAP_SITE 0xca
	/* As SYSCALL leaves it. A trap leaves the null selector, for which QEMU's emulator would translate all of the kernel a second time. */
	movl $SELECTOR_KERNEL_DATA, %eax
	movl %eax, %ss
	jmp leave_user

trap_in_kernel:
	PUSH_REGISTERS
	cld
	SMAP_SITE 0xca
	movq %rsp, %rdi
	call trap_kernel
	.globl trap_kernel_returns
trap_kernel_returns:
	POP_REGISTERS
	addq $16, %rsp
	iretq

/* On a stack of its own, with %gs unknown: the word behind the stack's top says which CPU this is. Never returns. */
trap_on_own_stack:
	PUSH_REGISTERS
	cld
	movl CONTEXT_FRAME(%rsp), %eax
	movl CONTEXT_FRAME + 4(%rsp), %edx
	movl $0xc0000101, %ecx /* MSR_GS_BASE */
	wrmsr
	movq %rsp, %rdi
	call trap_fatal
	ud2
