/* SPDX-License-Identifier: BSD-3-Clause */
/* Signals as strace(1) prints them: names, sets, and what is told of one. */
#include "kernel/syscall/strace_line.h"
#include "lib/list.h"

static const char *const signals[] = {NULL, "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD",
    "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS"};

static void add_short_name(struct strace_line *line, int signal)
{
	if (signal > 0 && (size_t)signal < ARRAY_SIZE(signals))
		strace_add(line, "%s", signals[signal]);
	else if (signal >= LINUX_SIGRTMIN && signal <= LINUX_NSIG)
		strace_add(line, signal == LINUX_SIGRTMIN ? "RTMIN" : "RT_%d", signal - LINUX_SIGRTMIN);
	else
		strace_add(line, "%d", signal);
}

void strace_add_signal(struct strace_line *line, int signal)
{
	if (signal > 0 && signal <= LINUX_NSIG)
		strace_add(line, "SIG");
	add_short_name(line, signal);
}

void strace_show_signal(struct strace_line *line, const struct strace_value *v)
{
	strace_add_signal(line, (int)v->value);
}

/* A set of more than half is told by what is not in it. */
void strace_add_signal_set(struct strace_line *line, uint64_t set)
{
	const char *separator = "";
	bool inverted = __builtin_popcountll(set) > 32;

	strace_add(line, inverted ? "~[" : "[");
	set = inverted ? ~set : set;
	for (int signal = 1; signal <= LINUX_NSIG; signal++) {
		if (!(set >> (signal - 1) & 1))
			continue;
		strace_add(line, "%s", separator);
		add_short_name(line, signal);
		separator = " ";
	}
	strace_add(line, "]");
}

void strace_show_signal_set(struct strace_line *line, const struct strace_value *v)
{
	uint64_t set;

	if (strace_fetch(line, v, &set, sizeof(set)))
		strace_add_signal_set(line, set);
}

static const struct {
	int signal, code; /* signal 0: any */
	const char *name;
} codes[] = {
    {LINUX_SIGCHLD, 1, "CLD_EXITED"}, {LINUX_SIGCHLD, 2, "CLD_KILLED"}, {LINUX_SIGCHLD, 3, "CLD_DUMPED"}, {LINUX_SIGCHLD, 4, "CLD_TRAPPED"}, {LINUX_SIGCHLD, 5, "CLD_STOPPED"},
    {LINUX_SIGCHLD, 6, "CLD_CONTINUED"}, {LINUX_SIGSEGV, 1, "SEGV_MAPERR"}, {LINUX_SIGSEGV, 2, "SEGV_ACCERR"}, {LINUX_SIGBUS, 1, "BUS_ADRALN"}, {LINUX_SIGBUS, 2, "BUS_ADRERR"},
    {LINUX_SIGFPE, 1, "FPE_INTDIV"}, {LINUX_SIGFPE, 2, "FPE_INTOVF"}, {LINUX_SIGILL, 2, "ILL_ILLOPN"}, {LINUX_SIGTRAP, 1, "TRAP_BRKPT"}, {LINUX_SIGTRAP, 2, "TRAP_TRACE"},
    {LINUX_SIGSYS, 1, "SYS_SECCOMP"}, {0, 0, "SI_USER"}, {0, 0x80, "SI_KERNEL"}, {0, -1, "SI_QUEUE"}, {0, -2, "SI_TIMER"}, {0, -3, "SI_MESGQ"}, {0, -4, "SI_ASYNCIO"},
    {0, -5, "SI_SIGIO"}, {0, -6, "SI_TKILL"},
};

static void add_code(struct strace_line *line, const struct linux_siginfo *info)
{
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		if (codes[i].code == info->code && (!codes[i].signal || codes[i].signal == info->signo)) {
			strace_add(line, "%s", codes[i].name);
			return;
		}
	}
	strace_add(line, "%d", info->code);
}

static bool is_fault(int signal)
{
	return signal == LINUX_SIGSEGV || signal == LINUX_SIGBUS || signal == LINUX_SIGILL || signal == LINUX_SIGFPE || signal == LINUX_SIGTRAP;
}

void strace_add_siginfo(struct strace_line *line, const struct linux_siginfo *info)
{
	strace_add(line, "{si_signo=");
	strace_add_signal(line, info->signo);
	strace_add(line, ", si_code=");
	add_code(line, info);
	if (info->signo == LINUX_SIGCHLD && info->code > 0) {
		strace_add(line, ", si_pid=%d, si_uid=%u, si_status=", info->process.pid, info->process.uid);
		if (info->code == LINUX_CLD_EXITED)
			strace_add(line, "%d", info->process.status);
		else
			strace_add_signal(line, info->process.status);
		strace_add(line, ", si_utime=%lld, si_stime=%lld", (long long)info->process.utime, (long long)info->process.stime);
	} else if (is_fault(info->signo) && info->code > 0) {
		strace_add(line, info->fault.address ? ", si_addr=%#llx" : ", si_addr=NULL", (unsigned long long)info->fault.address);
	} else if (info->code == LINUX_SI_TIMER) {
		strace_add(line, ", si_timerid=%d, si_overrun=%d, si_int=%d, si_ptr=%#llx", info->timer.id, info->timer.overrun, (int)info->timer.value, (unsigned long long)info->timer.value);
	} else if (info->code <= 0) {
		strace_add(line, ", si_pid=%d, si_uid=%u", info->process.pid, info->process.uid);
		if (info->code == LINUX_SI_QUEUE || info->code == LINUX_SI_MESGQ)
			strace_add(line, ", si_int=%d, si_ptr=%#llx", (int)info->process.value, (unsigned long long)info->process.value);
	}
	strace_add(line, "}");
}
