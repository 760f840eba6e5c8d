/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the machine enters the kernel: the PVH boot protocol (Xen, docs/misc/pvh): 32-bit protected mode without paging, %ebx points to
 * struct hvm_start_info. From here to 64-bit mode in the upper half, with the first GiB mapped at 0 and at KERNEL_BASE for now.
 */
#include "kernel/arch/x86_64/layout.h"

#define PHYS(symbol) ((symbol) - KERNEL_BASE)
#define XEN_ELFNOTE_PHYS32_ENTRY 18

	.section .note.Xen, "a", @note
	.balign 4
	.long 4, 8, XEN_ELFNOTE_PHYS32_ENTRY
	.asciz "Xen"
	.quad PHYS(pvh_start)

	.section .start, "ax"
	.code32
	.globl pvh_start
pvh_start:
	cld
	cli
	/* boot_pd: 512 pages of 2 MiB from 0. */
	movl $PHYS(boot_pd), %edi
	movl $0x83, %eax /* present, writable, large */
1:	movl %eax, (%edi)
	addl $8, %edi
	addl $0x200000, %eax
	cmpl $PHYS(boot_pd) + 4096, %edi
	jb 1b
	/* One third level serves both places. */
	movl $PHYS(boot_pd) + 3, PHYS(boot_pdpt)
	movl $PHYS(boot_pd) + 3, PHYS(boot_pdpt) + 510 * 8
	movl $PHYS(boot_pdpt) + 3, PHYS(kernel_pml4)
	movl $PHYS(boot_pdpt) + 3, PHYS(kernel_pml4) + 511 * 8

	movl $0xa0, %eax /* PAE, PGE */
	movl %eax, %cr4
	movl $PHYS(kernel_pml4), %eax
	movl %eax, %cr3
	movl $0xc0000080, %ecx /* EFER: SCE, LME */
	movl $0x101, %eax
	xorl %edx, %edx
	wrmsr
	movl $0x80050033, %eax /* PG, AM, WP, NE, ET, MP, PE */
	movl %eax, %cr0
	lgdtl PHYS(boot_gdt_pointer)
	ljmpl $8, $PHYS(start_64)

	.code64
start_64:
	movl %ebx, %edi
	movabsq $start_high, %rax
	jmpq *%rax

	.balign 8
boot_gdt:
	.quad 0, 0x00af9b000000ffff /* 64-bit code */
boot_gdt_pointer:
	.word 15
	.long PHYS(boot_gdt)

	.text
start_high:
	xorl %eax, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	movl %eax, %fs
	movl %eax, %gs
	movq $boot_stack_top, %rsp
	xorl %ebp, %ebp
	call kernel_main
	ud2

/* Other CPUs come here from trampoline.S: each takes the struct cpu that smp.c prepared for the next one that arrives. */
	.globl start_other
start_other:
	xorl %eax, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	movl %eax, %fs
	movl %eax, %gs
	movl $1, %eax
	lock xaddl %eax, other_ticket(%rip)
	movq other_cpus(%rip), %rdi
	movq (%rdi, %rax, 8), %rdi
	movq CPU_BOOT_STACK(%rdi), %rsp
	xorl %ebp, %ebp
	call smp_enter
	ud2

	.section .bss.page, "aw", @nobits
	.balign 4096
	.globl kernel_pml4, boot_pdpt, boot_pd, boot_pt, direct_pdpt, direct_pd, boot_stack_top, boot_fault_stack_top
kernel_pml4:	.skip 4096
boot_pdpt:	.skip 4096
boot_pd:	.skip 4096
boot_pt:	.skip 8192
direct_pdpt:	.skip 4096
direct_pd:	.skip 4096
boot_stack:	.skip 16384
boot_stack_top:
boot_fault_stack: .skip 4096
boot_fault_stack_top:
