/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The whole firmware of a microvm: from the reset vector (Intel SDM vol. 3 §10.1.4) to the kernel, which QEMU has put in its place. Under
 * TCG it takes 0.3 ms; the one that QEMU brings takes 1.3 (--bootchart, "kernel entered").
 *
 * Hands over as PVH does (32-bit protected mode without paging), but with %ebx 0: there is no struct hvm_start_info, and the kernel asks
 * QEMU's configuration device (QEMU, docs/specs/fw_cfg) for all it needs to know.
 */
#define ROM_BASE     0xffff0000 /* 64 KiB below 4 GiB: where %cs begins at reset */
#define PORT_SELECT  0x510
#define KERNEL_ENTRY 0x10
#define CODE	     8
#define DATA	     16

	.text
	.code16
	.globl start
start:
	cli
	cld
	lgdtl %cs:gdt_pointer
	movl %cr0, %eax
	orb $1, %al /* PE */
	movl %eax, %cr0
	ljmpl $CODE, $ROM_BASE + protected

	.code32
protected:
	movl $DATA, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	movw $PORT_SELECT, %dx
	movw $KERNEL_ENTRY, %ax
	outw %ax, %dx
	incw %dx
	inb %dx, %al /* little-endian: the lowest byte first, rotated to its place by the fourth */
	rorl $8, %eax
	inb %dx, %al
	rorl $8, %eax
	inb %dx, %al
	rorl $8, %eax
	inb %dx, %al
	rorl $8, %eax
	xorl %ebx, %ebx
	jmp *%eax

	.balign 8
gdt:	.quad 0, 0x00cf9b000000ffff /* code, 4 GiB */, 0x00cf93000000ffff /* data, 4 GiB */
gdt_pointer:
	.word gdt_pointer - gdt - 1
	.long ROM_BASE + gdt

	.section .reset, "ax"
	.code16
	jmp start
	.balign 16
