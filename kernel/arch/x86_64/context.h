/* SPDX-License-Identifier: BSD-3-Clause */
/* What a thread has of the CPU: its user registers and its place in the kernel. Layout is known to entry.S and switch.S. */
#pragma once
#include "lib/attr.h"

/*
 * The registers of a thread in user mode. From `vector` up it is the frame that the CPU pushes on a trap (SDM 3A §6.14.2):
 * the TSS points behind `ss` while the thread runs, so a trap lands here without copying. Hence the alignment.
 */
struct user_context {
	uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	uint64_t vector, error_code;
	uint64_t rip, cs, rflags, rsp, ss;
	/* What the last trap was about (kernel/arch/user.h, enum trap). */
	uint64_t fault_address;
	unsigned fault_access; /* enum access, ACCESS_* bits */
	int signal, signal_code;
	uint64_t fs_base, gs_base; /* may be older than the CPU's while the thread runs: copy with user_context_copy */
	struct user_debug *debug;  /* its debug registers; NULL: none is in use */
} aligned_to(16);

struct user_debug { /* SDM 3B §18.2 */
	uint64_t address[4], status, control;
};

#define USER_REGISTERS 27 /* words of <sys/user.h>, struct user_regs_struct */
enum { USER_REGISTER_FS_BASE = 21, USER_REGISTER_GS_BASE = 22 };

/* A kernel stack that does not run: everything else is on it. */
struct kernel_context {
	uint64_t rsp;
};
