/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the machine enters the kernel: the PVH boot protocol (Xen, docs/misc/pvh): 32-bit protected mode without paging, %ebx points to
 * struct hvm_start_info. From here to 64-bit mode with the first GiB mapped at 0, and from there to where place.c maps the image.
 */
#include "kernel/arch/x86_64/layout.h"

/* A symbol's physical address, in the form that a position-independent image may have: relative to this file's first instruction, in %ebp. */
#define PHYS(symbol) (symbol - pvh_start)(%ebp)
/* The same as a number, for what stands in this section. */
#define PHYS_HERE(symbol) (symbol - pvh_start + IMAGE_PHYS)
#define XEN_ELFNOTE_PHYS32_ENTRY 18

	.section .note.Xen, "a", @note
	.balign 4
	.long 4, 8, XEN_ELFNOTE_PHYS32_ENTRY
	.asciz "Xen"
	.quad IMAGE_PHYS

	.section .start, "ax"
	.code32
	.globl pvh_start
pvh_start:
	cld
	cli
	movl $IMAGE_PHYS, %ebp
	/* boot_pd: 512 pages of 2 MiB from 0. */
	leal PHYS(boot_pd), %edi
	leal 4096(%edi), %edx
	movl $0x83, %eax /* present, writable, large */
1:	movl %eax, (%edi)
	addl $8, %edi
	addl $0x200000, %eax
	cmpl %edx, %edi
	jb 1b
	leal 3 + PHYS(boot_pd), %eax
	movl %eax, PHYS(boot_pdpt)
	leal 3 + PHYS(boot_pdpt), %eax
	movl %eax, PHYS(kernel_pml4)

	movl $0xa0, %eax /* PAE, PGE */
	movl %eax, %cr4
	leal PHYS(kernel_pml4), %eax
	movl %eax, %cr3
	movl $0xc0000080, %ecx /* EFER: SCE, LME */
	movl $0x101, %eax
	xorl %edx, %edx
	wrmsr
	movl $0x80050033, %eax /* PG, AM, WP, NE, ET, MP, PE */
	movl %eax, %cr0
	lgdtl PHYS(boot_gdt_pointer)
	ljmpl $8, $PHYS_HERE(start_64)

	.code64
start_64:
	xorl %eax, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	movl %eax, %fs
	movl %eax, %gs
	xorl %ebp, %ebp
	leaq boot_stack_top(%rip), %rsp
	call image_place /* how far the image lies above its physical address now */
	leaq start_high(%rip), %rcx
	addq %rax, %rcx
	jmpq *%rcx

	.balign 8
boot_gdt:
	.quad 0, 0x00af9b000000ffff /* 64-bit code */
boot_gdt_pointer:
	.word 15
	.long PHYS_HERE(boot_gdt)

	.text
start_high:
	leaq boot_stack_top(%rip), %rsp
	movl %ebx, %edi
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
	.globl kernel_pml4, boot_pdpt, boot_pd, image_pd, boot_pt, direct_pdpt, direct_pd, boot_stack_top, boot_fault_stack_top
kernel_pml4:	.skip 4096
boot_pdpt:	.skip 4096
boot_pd:	.skip 4096
image_pd:	.skip 4096
boot_pt:	.skip 8192
direct_pdpt:	.skip 4096
direct_pd:	.skip 4096
boot_stack:	.skip 16384
boot_stack_top:
boot_fault_stack: .skip 4096
boot_fault_stack_top:
