/* SPDX-License-Identifier: BSD-3-Clause */
/* The floor: a PVH guest that writes one line to the serial port and resets the machine at once. */
	.section .note.pvh, "a", @note
	.long	4, 4, 18		/* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz	"Xen"
	.long	_start
	.text
	.code32
	.globl	_start
_start:
	movl	$text, %esi
	movl	$6, %ecx
	movl	$0x3f8, %edx
	cld
	rep outsb
	lidt	nothing			/* a fault without a table: triple fault, reset */
	ud2
text:	.ascii	"hello\n"
nothing: .long	0, 0
