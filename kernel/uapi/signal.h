/* SPDX-License-Identifier: BSD-3-Clause */
/* Signals (signal(7), sigaction(2)), x86-64. Numbers have the prefix LINUX_ nowhere: they equal the host's. */
#pragma once
#include <stdint.h>

#define LINUX_NSIG 64

enum {
	LINUX_SIGHUP = 1, LINUX_SIGINT, LINUX_SIGQUIT, LINUX_SIGILL, LINUX_SIGTRAP, LINUX_SIGABRT, LINUX_SIGBUS, LINUX_SIGFPE, LINUX_SIGKILL, LINUX_SIGUSR1,
	LINUX_SIGSEGV, LINUX_SIGUSR2, LINUX_SIGPIPE, LINUX_SIGALRM, LINUX_SIGTERM, LINUX_SIGSTKFLT, LINUX_SIGCHLD, LINUX_SIGCONT, LINUX_SIGSTOP, LINUX_SIGTSTP,
	LINUX_SIGTTIN, LINUX_SIGTTOU, LINUX_SIGURG, LINUX_SIGXCPU, LINUX_SIGXFSZ, LINUX_SIGVTALRM, LINUX_SIGPROF, LINUX_SIGWINCH, LINUX_SIGIO, LINUX_SIGPWR, LINUX_SIGSYS,
	LINUX_SIGRTMIN = 32,
};

#define LINUX_SA_NOCLDSTOP 1u
#define LINUX_SA_NOCLDWAIT 2u
#define LINUX_SA_SIGINFO   4u
#define LINUX_SA_RESTORER  0x04000000u
#define LINUX_SA_ONSTACK   0x08000000u
#define LINUX_SA_RESTART   0x10000000u
#define LINUX_SA_NODEFER   0x40000000u
#define LINUX_SA_RESETHAND 0x80000000u

#define LINUX_SIG_DFL 0ul
#define LINUX_SIG_IGN 1ul

struct linux_sigaction { /* the kernel's layout, not libc's */
	uint64_t handler, flags, restorer, mask;
};

struct linux_siginfo { /* 128 bytes */
	int32_t signo, error, code;
	int32_t mark; /* no program sees it: of a POSIX timer's signal that waits in a queue, not 0 (process.h) */
	union {
		struct { int32_t pid; uint32_t uid; union { int32_t status; uint64_t value; }; int64_t utime, stime; } process; /* kill, SIGCHLD (status), sigqueue (value) */
		struct { uint64_t address; int16_t address_lsb; } fault;
		struct { int32_t id, overrun; uint64_t value; } timer;
		struct { int64_t band; int32_t fd; } poll;
		struct { uint64_t call_address; int32_t syscall; uint32_t arch; } sys;
		uint8_t bytes[112];
	};
};

enum { LINUX_SI_USER = 0, LINUX_SI_KERNEL = 0x80, LINUX_SI_QUEUE = -1, LINUX_SI_TIMER = -2, LINUX_SI_MESGQ = -3, LINUX_SI_TKILL = -6 };
enum { LINUX_SEGV_MAPERR = 1, LINUX_SEGV_ACCERR = 2, LINUX_BUS_ADRALN = 1, LINUX_BUS_ADRERR = 2, LINUX_FPE_INTDIV = 1, LINUX_FPE_INTOVF = 2, LINUX_FPE_FLTINV = 7, LINUX_ILL_ILLOPN = 2, LINUX_TRAP_BRKPT = 1, LINUX_TRAP_TRACE = 2, LINUX_TRAP_HWBKPT = 4 };
enum { LINUX_CLD_EXITED = 1, LINUX_CLD_KILLED = 2, LINUX_CLD_DUMPED = 3, LINUX_CLD_TRAPPED = 4, LINUX_CLD_STOPPED = 5, LINUX_CLD_CONTINUED = 6 };

struct linux_stack {
	uint64_t base;
	int32_t flags, pad;
	uint64_t size;
};
enum { LINUX_SS_ONSTACK = 1, LINUX_SS_DISABLE = 2 };
#define LINUX_SS_AUTODISARM 0x80000000u
