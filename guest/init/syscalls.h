/* SPDX-License-Identifier: BSD-3-Clause */
/* The system calls that init makes, without a libc. Results are the kernel's: a negative errno on failure. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "kernel/uapi/syscall_number.h"

static inline long syscall5(long number, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = 0; /* mmap's offset */
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

/* With up to four arguments of any scalar type. */
#define sys1(name, a)	       syscall5(SYS_##name, (long)(a), 0, 0, 0, 0)
#define sys2(name, a, b)       syscall5(SYS_##name, (long)(a), (long)(b), 0, 0, 0)
#define sys3(name, a, b, c)    syscall5(SYS_##name, (long)(a), (long)(b), (long)(c), 0, 0)
#define sys4(name, a, b, c, d) syscall5(SYS_##name, (long)(a), (long)(b), (long)(c), (long)(d), 0)
#define sys5(name, a, b, c, d, e) syscall5(SYS_##name, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e))
