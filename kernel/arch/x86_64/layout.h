/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers that assembly and C share; trap.c asserts that the structures agree. */
#pragma once

#define IMAGE_PHYS  0x100000	       /* where the image is loaded */
#define KERNEL_BASE 0xffffffff80000000 /* the image is linked for physical 0 there; place.c moves it to somewhere in IMAGE_AREA */
#define IMAGE_AREA  0xffffff8000000000 /* 512 GiB, the last entry of the top level */
#define DIRECT_BASE 0xffff800000000000 /* all memory */

/* Selectors, in the order that SYSCALL and SYSRET want; the user's equal Linux's, since programs see them in signal frames. */
#define SELECTOR_KERNEL_CODE 0x10
#define SELECTOR_KERNEL_DATA 0x18
#define SELECTOR_USER_BASE   0x23 /* SYSRET adds 8 and 16 */
#define SELECTOR_USER_DATA   0x2b
#define SELECTOR_USER_CODE   0x33
#define SELECTOR_TSS	     0x40
#define SELECTOR_CPU_NUMBER  0x7b /* its limit holds the CPU's number, for the vDSO's getcpu */

#define VECTOR_DEBUG	    1
#define VECTOR_NMI	    2
#define VECTOR_DOUBLE_FAULT 8
#define VECTOR_PAGE_FAULT   14
#define VECTOR_MACHINE_CHECK 18
#define VECTOR_DEVICE_FIRST 0x30
#define VECTOR_DEVICE_LAST  0xef
#define VECTOR_TIMER	    0xf0
#define VECTOR_KICK	    0xf1
#define VECTOR_FLUSH	    0xf2
#define VECTOR_SPURIOUS	    0xff
#define VECTOR_SYSCALL	    0x100 /* in user_context.vector alone */

/* struct user_context */
#define CONTEXT_R15    0
#define CONTEXT_R14    8
#define CONTEXT_R13    16
#define CONTEXT_R12    24
#define CONTEXT_RBP    32
#define CONTEXT_RBX    40
#define CONTEXT_R11    48
#define CONTEXT_R10    56
#define CONTEXT_R9     64
#define CONTEXT_R8     72
#define CONTEXT_RAX    80
#define CONTEXT_RCX    88
#define CONTEXT_RDX    96
#define CONTEXT_RSI    104
#define CONTEXT_RDI    112
#define CONTEXT_VECTOR 120
#define CONTEXT_RIP    136
#define CONTEXT_RFLAGS 152
#define CONTEXT_RSP    160
#define CONTEXT_FRAME  176 /* bytes up to and with ss */

/* struct cpu, through %gs */
#define CPU_CONTEXT_TOP 8
#define CPU_KERNEL_RSP	16
#define CPU_USER_RSP	24
#define CPU_BOOT_STACK	48
#define CPU_TSS_RSP0	68

#define TRAMPOLINE_PHYS 0x8000 /* where other CPUs start, in real mode */
