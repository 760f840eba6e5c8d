/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The guest of the probe: a whole ELF file for the 32-bit i386, laid out by hand, as bytes in our read-only data. It is
 * entered by PVH (Xen's docs/misc/pvh.pandoc: protected mode, paging off), does what costs a virtual machine dear (CPUID
 * and a port read leave the guest) and what any program does (a loop), and ends by a triple fault, at which QEMU with
 * -no-reboot exits.
 */
	.section .rodata
	.globl probe_guest_start, probe_guest_end
	.balign 16
#define BASE 0x100000
#define EXITS 2000
#define LOOPS 20000000

probe_guest_start:			/* the ELF header */
	.byte 0x7f, 'E', 'L', 'F', 1, 1, 1, 0
	.zero 8
	.short 2, 3			/* ET_EXEC, EM_386 */
	.long 1, BASE + (entry - probe_guest_start), headers - probe_guest_start, 0, 0
	.short 52, 32, 2, 0, 0, 0
headers:				/* PT_LOAD of the whole file, PT_NOTE */
	.long 1, 0, BASE, BASE, probe_guest_end - probe_guest_start, probe_guest_end - probe_guest_start, 7, 0x1000
	.long 4, note - probe_guest_start, BASE + (note - probe_guest_start), BASE + (note - probe_guest_start)
	.long note_end - note, note_end - note, 4, 4
note:
	.long 4, 4, 18			/* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
	.long BASE + (entry - probe_guest_start)
note_end:
	.code32
entry:
	movl $EXITS, %esi
1:	xorl %eax, %eax
	cpuid
	inb $0x70, %al
	decl %esi
	jnz 1b
	movl $LOOPS, %ecx
2:	decl %ecx
	jnz 2b
	lidt no_table - probe_guest_start + BASE
	ud2
no_table:
	.short 0
	.long 0
probe_guest_end:
	.section .note.GNU-stack, "", @progbits
