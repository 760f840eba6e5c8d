/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the kernel enters init, and vfork onto a stack of the child's own. */
	.text
	.globl	_start
_start:				/* %rdi: what init_main is called with */
	xorl	%ebp, %ebp
	andq	$-16, %rsp
	call	init_main
	ud2

/* long spawn_on(void *stack_top, int (*child)(void *), void *argument) */
	.globl	spawn_on
spawn_on:
	movq	%rsi, %r9		/* the kernel keeps r8 and r9: argument, child */
	movq	%rdi, %rsi
	movl	$0x4111, %edi		/* CLONE_VM | CLONE_VFORK | SIGCHLD */
	movq	%rdx, %r8
	xorl	%edx, %edx
	xorl	%r10d, %r10d
	movl	$56, %eax
	syscall
	testq	%rax, %rax
	jnz	1f
	movq	%r8, %rdi
	call	*%r9
	movl	%eax, %edi
	movl	$60, %eax
	syscall
	ud2
1:	ret
	.section .note.GNU-stack, "", @progbits
