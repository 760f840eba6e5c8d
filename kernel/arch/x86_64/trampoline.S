/* SPDX-License-Identifier: BSD-3-Clause */
/* Where another CPU starts: real mode, at TRAMPOLINE_PHYS, to which smp.c copies this. From there to start_other in start.S. */
#include "kernel/arch/x86_64/layout.h"

#define HERE(symbol) ((symbol) - trampoline_start + TRAMPOLINE_PHYS)

	.section .rodata.trampoline, "a"
	.globl trampoline_start, trampoline_end, trampoline_efer, trampoline_root
	.balign 16
	.code16
trampoline_start:
	cli
	cld
	xorw %ax, %ax
	movw %ax, %ds
	lgdtl HERE(trampoline_gdt_pointer)
	movl $0x11, %eax /* ET, PE */
	movl %eax, %cr0
	ljmpl $8, $HERE(trampoline_32)

	.code32
trampoline_32:
	movl $0x18, %eax
	movl %eax, %ds
	movl $0xa0, %eax /* PAE, PGE */
	movl %eax, %cr4
	movl HERE(trampoline_root), %eax
	movl %eax, %cr3
	movl $0xc0000080, %ecx
	movl HERE(trampoline_efer), %eax
	xorl %edx, %edx
	wrmsr
	movl $0x80050033, %eax
	movl %eax, %cr0
	ljmpl $0x10, $HERE(trampoline_64)

	.code64
trampoline_64:
	jmpq *HERE(trampoline_next)

	.balign 8
trampoline_gdt:
	.quad 0
	.quad 0x00cf9b000000ffff /* 0x08: 32-bit code */
	.quad 0x00af9b000000ffff /* 0x10: 64-bit code */
	.quad 0x00cf93000000ffff /* 0x18: data */
trampoline_gdt_pointer:
	.word 31
	.long HERE(trampoline_gdt)
	.balign 8
trampoline_next:
	.quad start_other
trampoline_efer:
	.long 0
trampoline_root: /* the page table */
	.long 0
trampoline_end:
