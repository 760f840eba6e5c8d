/* SPDX-License-Identifier: BSD-3-Clause */
/* ptrace(2): one tracee. Beginning and end, signals, system calls, registers, memory, steps, breakpoints, the requests' errors. */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <linux/ptrace.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>
#include "show.h"

#define PT(request, pid, address, data) syscall(SYS_ptrace, (long)(request), (long)(pid), (long)(address), (long)(data))

enum { TRACEME = 0, PEEKTEXT, PEEKDATA, PEEKUSER, POKETEXT, POKEDATA, POKEUSER, CONT, KILL, STEP, GETREGS = 12, SETREGS, GETFPREGS, SETFPREGS, ATTACH, DETACH, SYSCALL_ = 24, SYSEMU = 31 };

static volatile long watched = 5;
static volatile sig_atomic_t handled;

static void show_status(const char *what, int status)
{
	if (WIFSTOPPED(status))
		printf("%s: stopped %s event %d%s\n", what, sigabbrev_np(WSTOPSIG(status) & 0x7f), status >> 16, WSTOPSIG(status) & 0x80 ? " (call)" : "");
	else if (WIFEXITED(status))
		printf("%s: exited %d\n", what, WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		printf("%s: killed by %s\n", what, sigabbrev_np(WTERMSIG(status)));
	else
		printf("%s: %#x\n", what, status);
	fflush(stdout);
}

static int wait_for(const char *what, pid_t pid)
{
	int status = 0;

	if (waitpid(pid, &status, __WALL) != pid)
		printf("%s: waitpid -%s\n", what, strerrorname_np(errno));
	else
		show_status(what, status);
	return status;
}

static pid_t child_of(void (*body)(void))
{
	pid_t pid = fork();

	if (!pid) {
		PT(TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		body();
		_exit(0);
	}
	return pid;
}

static struct user_regs_struct registers(pid_t pid)
{
	struct user_regs_struct regs = {0};

	PT(GETREGS, pid, 0, &regs);
	return regs;
}

static siginfo_t info_of(pid_t pid)
{
	siginfo_t info = {0};

	if (PT(PTRACE_GETSIGINFO, pid, 0, &info))
		info.si_signo = -errno;
	return info;
}

/* ---- Beginning, signals, end ---- */

static void on_signal(int signal) { handled = signal; }

static void body_signals(void)
{
	signal(SIGUSR1, on_signal);
	signal(SIGUSR2, SIG_IGN);
	raise(SIGUSR1);
	write(1, handled == SIGUSR1 ? "USR1 handled\n" : "USR1 lost\n", handled == SIGUSR1 ? 13 : 10);
	handled = 0;
	raise(SIGUSR1);
	write(1, handled ? "again handled\n" : "suppressed\n", handled ? 14 : 11);
	raise(SIGUSR2);
	raise(SIGWINCH);
	raise(SIGTERM); /* becomes USR1 */
	write(1, handled == SIGUSR1 ? "TERM became USR1\n" : "TERM lost\n", handled == SIGUSR1 ? 17 : 10);
	_exit(7);
}

static void signals(void)
{
	pid_t pid = child_of(body_signals);
	siginfo_t info;

	puts("-- signals");
	wait_for("first", pid);
	info = info_of(pid);
	printf("siginfo %s code %d from itself %d\n", sigabbrev_np(info.si_signo), info.si_code, info.si_pid == pid);
	PT(CONT, pid, 0, 0);
	wait_for("USR1", pid);
	PT(CONT, pid, 0, SIGUSR1);
	wait_for("USR1", pid);
	PT(CONT, pid, 0, 0);
	wait_for("ignored USR2", pid);
	PT(CONT, pid, 0, SIGUSR2);
	wait_for("default-ignored WINCH", pid);
	PT(CONT, pid, 0, SIGWINCH);
	wait_for("TERM", pid);
	SHOW(PT(CONT, pid, 0, 65));
	SHOW(PT(CONT, pid, 0, -1));
	PT(CONT, pid, 0, SIGUSR1);
	wait_for("end", pid);
	SHOW(PT(CONT, pid, 0, 0));
}

/* ---- Errors ---- */

static void body_pause(void) { for (;;) pause(); }

static void errors(void)
{
	struct user_regs_struct regs;
	pid_t pid, own;
	int status;
	long word;

	puts("-- errors");
	pid = fork();
	if (!pid)
		body_pause();
	SHOW(PT(CONT, pid, 0, 0));
	SHOW(PT(PEEKDATA, pid, &watched, &word));
	SHOW(PT(GETREGS, pid, 0, &regs));
	SHOW(PT(ATTACH, getpid(), 0, 0));
	SHOW(PT(ATTACH, 999999, 0, 0));
	SHOW(PT(ATTACH, 0, 0, 0));
	SHOW(PT(CONT, 999999, 0, 0));
	SHOW(PT(PTRACE_INTERRUPT, pid, 0, 0));
	SHOW(PT(PTRACE_SEIZE, pid, 1, 0));
	SHOW(PT(PTRACE_SEIZE, pid, 0, 1 << 30));
	SHOW(PT(12345, pid, 0, 0));
	SHOW(PT(ATTACH, pid, 0, 0));
	wait_for("attached", pid);
	SHOW(PT(ATTACH, pid, 0, 0));
	SHOW(PT(PTRACE_SEIZE, pid, 0, 0));
	SHOW(PT(12345, pid, 0, 0));
	SHOW(PT(PTRACE_INTERRUPT, pid, 0, 0));
	SHOW(PT(PTRACE_LISTEN, pid, 0, 0));
	SHOW(PT(PTRACE_SETOPTIONS, pid, 0, 1 << 30));
	SHOW(PT(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXIT));
	SHOW(PT(PEEKDATA, pid, 8, &word));
	SHOW(PT(PEEKDATA, pid, &watched, 8));
	SHOW(PT(PEEKDATA, pid, 0xffff800000000000, &word));
	SHOW(PT(POKEDATA, pid, 8, 1));
	SHOW(PT(PEEKUSER, pid, 3, &word));
	SHOW(PT(PEEKUSER, pid, 5000, &word));
	SHOW(PT(POKEUSER, pid, 5000, 0));
	SHOW(PT(GETREGS, pid, 0, 8));
	SHOW(PT(30 /* ARCH_PRCTL */, pid, &word, 0x1003 /* ARCH_GET_FS */));
	PT(GETREGS, pid, 0, &regs);
	printf("fs base is the same %d\n", (unsigned long)word == regs.fs_base);
	SHOW(PT(30, pid, &word, 0x1099));
	SHOW(PT(30, pid, 1ul << 63, 0x1002 /* ARCH_SET_FS */));
	SHOW(PT(PTRACE_GETSIGMASK, pid, 4, &word));
	SHOW(PT(PTRACE_GETSIGMASK, pid, 8, &word));
	SHOW(PT(PTRACE_GETREGSET, pid, 77, &word));
	/* Another thread group is not the tracer. */
	own = fork();
	if (!own) {
		SHOW(PT(CONT, pid, 0, 0));
		SHOW(PT(ATTACH, pid, 0, 0));
		_exit(0);
	}
	waitpid(own, &status, 0);
	SHOW(PT(KILL, pid, 0, 0));
	wait_for("killed, exit event", pid);
	SHOW(PT(CONT, pid, 0, 0));
	wait_for("end", pid);
}

/* ---- Attaching and detaching ---- */

static char state_of(pid_t pid, int *tracer)
{
	char path[40], line[200], state = '?';
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f)) {
		sscanf(line, "State: %c", &state);
		sscanf(line, "TracerPid: %d", tracer);
	}
	if (f)
		fclose(f);
	return state;
}

static void attaching(void)
{
	int tracer = -1;
	char state;
	pid_t pid;

	puts("-- attaching");
	pid = fork();
	if (!pid)
		body_pause();
	SHOW(PT(ATTACH, pid, 0, 0));
	wait_for("attached", pid);
	state = state_of(pid, &tracer);
	printf("state %c, tracer is this %d\n", state, tracer == getpid());
	SHOW(PT(DETACH, pid, 0, 0));
	usleep(50000);
	state = state_of(pid, &tracer);
	printf("state %c, tracer %d\n", state, tracer);
	SHOW(PT(DETACH, pid, 0, 0));
	/* One that is stopped already. */
	kill(pid, SIGSTOP);
	waitpid(pid, NULL, WUNTRACED);
	SHOW(PT(ATTACH, pid, 0, 0));
	wait_for("stopped one", pid);
	SHOW(PT(DETACH, pid, 0, SIGSTOP));
	usleep(50000);
	printf("state %c\n", state_of(pid, &tracer));
	kill(pid, SIGCONT);
	usleep(50000);
	printf("state %c\n", state_of(pid, &tracer));
	SHOW(PT(PTRACE_SEIZE, pid, 0, PTRACE_O_EXITKILL));
	state = state_of(pid, &tracer);
	printf("seized: state %c, tracer is this %d\n", state, tracer == getpid());
	SHOW(PT(CONT, pid, 0, 0));
	SHOW(PT(PTRACE_INTERRUPT, pid, 0, 0));
	wait_for("interrupted", pid);
	printf("siginfo code %#x\n", (unsigned)info_of(pid).si_code);
	SHOW(PT(DETACH, pid, 0, SIGTERM)); /* no signal's stop: it gets none */
	usleep(50000);
	printf("state %c\n", state_of(pid, &tracer));
	kill(pid, SIGKILL);
	wait_for("end", pid);
}

/* ---- System calls ---- */

static void body_calls(void)
{
	syscall(SYS_getppid);
	if (syscall(SYS_getuid, 1, 2, 3, 4, 5, 6) != 4242)
		_exit(1);
	if (syscall(SYS_getgid) != -1 || errno != ENOSYS)
		_exit(2);
	if (syscall(SYS_getpid) != 77)
		_exit(3);
	if (syscall(SYS_close, -1) != -1 || errno != EBADF)
		_exit(4);
	syscall(SYS_exit_group, 9);
}

static void show_call(pid_t pid, const char *what)
{
	struct __ptrace_syscall_info { uint8_t op, pad[3]; uint32_t arch; uint64_t ip, sp; union { struct { uint64_t nr, args[6]; } entry; struct { int64_t rval; uint8_t is_error; } exit; }; } info = {0};
	long size = PT(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info);
	struct user_regs_struct regs = registers(pid);
	unsigned long message = 0;

	PT(PTRACE_GETEVENTMSG, pid, 0, &message);
	printf("%s: size %ld op %d arch %#x message %lu places %d;", what, size, info.op, info.arch, message, info.ip == regs.rip && info.sp == regs.rsp);
	if (info.op == 1)
		printf(" call %lu args %lu %lu %lu %lu %lu %lu; rax %ld orig_rax %ld\n", info.entry.nr, info.entry.args[0], info.entry.args[1], info.entry.args[2], info.entry.args[3],
		       info.entry.args[4], info.entry.args[5], (long)regs.rax, (long)regs.orig_rax);
	else if (info.op == 2)
		printf(" result %ld error %d orig_rax %ld\n", regs.orig_rax == SYS_getppid ? 0 : (long)info.exit.rval, info.exit.is_error, (long)regs.orig_rax);
	else
		puts("");
}

static void next_call(pid_t pid, const char *what, int request)
{
	PT(request, pid, 0, 0);
	wait_for(what, pid);
}

static void calls(void)
{
	pid_t pid = child_of(body_calls);
	struct user_regs_struct regs;
	int status;

	puts("-- system calls");
	wait_for("first", pid);
	show_call(pid, "no call");
	PT(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD);
	/* The rest of raise(3). */
	do {
		PT(SYSCALL_, pid, 0, 0);
		waitpid(pid, &status, 0);
	} while (registers(pid).orig_rax != SYS_getppid);
	show_status("getppid", status);
	printf("siginfo %d %#x\n", info_of(pid).si_signo, (unsigned)info_of(pid).si_code);
	PT(SYSCALL_, pid, 0, 0);
	wait_for("getppid", pid);
	next_call(pid, "getuid", SYSCALL_);
	printf("call %d args %d %d\n", (int)registers(pid).orig_rax == SYS_getuid, (int)registers(pid).rdi, (int)registers(pid).r9);
	next_call(pid, "getuid", SYSCALL_);
	regs = registers(pid);
	regs.rax = 4242; /* another result */
	SHOW(PT(SETREGS, pid, 0, &regs));
	next_call(pid, "getgid", SYSCALL_);
	SHOW(PT(POKEUSER, pid, offsetof(struct user_regs_struct, orig_rax), -1)); /* not made */
	next_call(pid, "getgid", SYSCALL_);
	printf("rax %ld orig_rax %ld\n", (long)registers(pid).rax, (long)registers(pid).orig_rax);
	next_call(pid, "getpid, emulated", SYSEMU);
	SHOW(PT(POKEUSER, pid, offsetof(struct user_regs_struct, rax), 77));
	next_call(pid, "close", SYSCALL_);
	show_call(pid, "entry");
	next_call(pid, "close", SYSCALL_);
	show_call(pid, "exit");
	PT(PTRACE_SETOPTIONS, pid, 0, 0);
	next_call(pid, "exit_group", SYSCALL_);
	printf("siginfo %d %#x\n", info_of(pid).si_signo, (unsigned)info_of(pid).si_code);
	show_call(pid, "not good");
	next_call(pid, "end", SYSCALL_);
}

static int pipe_ends[2];

static void body_read(void)
{
	char c = 0;
	long n;

	signal(SIGUSR1, on_signal); /* SA_RESTART */
	n = read(pipe_ends[0], &c, 1);
	printf("read %ld %c handled %d\n", n, c, handled == SIGUSR1);
	fflush(stdout);
}

/* An interrupted call as the tracer sees it, and that it is made again. */
static void restart(void)
{
	pid_t pid;
	struct user_regs_struct regs, after;
	int status;

	puts("-- restart");
	pipe(pipe_ends);
	pid = child_of(body_read);
	waitpid(pid, &status, 0);
	PT(CONT, pid, 0, 0);
	usleep(100000);
	kill(pid, SIGUSR2);
	wait_for("in read", pid);
	regs = registers(pid);
	printf("rax %ld orig_rax %ld\n", (long)regs.rax, (long)regs.orig_rax);
	PT(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD);
	next_call(pid, "suppressed: made again", SYSCALL_);
	after = registers(pid);
	printf("same place %d, call %ld\n", after.rip == regs.rip, (long)after.orig_rax);
	PT(SYSCALL_, pid, 0, 0);
	usleep(100000);
	kill(pid, SIGUSR1);
	wait_for("its end", pid);
	printf("rax %ld\n", (long)registers(pid).rax);
	next_call(pid, "the signal", SYSCALL_);
	write(pipe_ends[1], "x", 1);
	PT(CONT, pid, 0, SIGUSR1);
	wait_for("end", pid);
}

/* ---- Registers and memory ---- */

static const char text_only[] = "read-only text";

static void body_registers(void)
{
	double in = 1.25, out;
	long r;

	__asm__ volatile("movsd %1, %%xmm7; movq $0x1234567, %%r12; int3; movsd %%xmm7, %0; movq %%r12, %%rax" : "=m"(out), "+m"(in), "=a"(r) : : "r12", "xmm7");
	printf("xmm7 %g r12 %#lx text %s watched %ld\n", out, r, text_only, watched);
	fflush(stdout);
}

static void registers_and_memory(void)
{
	char path[40], *closed = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t pid = child_of(body_registers);
	struct user_regs_struct regs, set;
	struct user_fpregs_struct fp, fp_set;
	static char xstate[16384];
	struct iovec vector = {&set, sizeof(set)};
	unsigned long word = 0;
	double value;
	int status, mem;

	puts("-- registers and memory");
	waitpid(pid, &status, 0);
	PT(CONT, pid, 0, 0);
	wait_for("int3", pid);
	printf("siginfo %d code %#x\n", info_of(pid).si_signo, (unsigned)info_of(pid).si_code);
	regs = registers(pid);
	printf("r12 %#llx orig_rax %lld cs %#llx ss %#llx ds %llu eflags %#llx\n", regs.r12, (long long)regs.orig_rax, regs.cs, regs.ss, regs.ds, regs.eflags & 0x300);
	SHOW(PT(PEEKUSER, pid, offsetof(struct user_regs_struct, r12), &word));
	printf("%#lx\n", word);
	SHOW(PT(PTRACE_GETREGSET, pid, NT_PRSTATUS, &vector));
	printf("%zu bytes, the same %d\n", vector.iov_len, !memcmp(&set, &regs, sizeof(set)));
	SHOW(PT(GETFPREGS, pid, 0, &fp));
	memcpy(&value, &fp.xmm_space[7 * 4], sizeof(value));
	printf("xmm7 %g cwd %#x mxcsr %#x\n", value, fp.cwd, fp.mxcsr);
	value = -2.5;
	memcpy(&fp.xmm_space[7 * 4], &value, sizeof(value));
	SHOW(PT(SETFPREGS, pid, 0, &fp));
	vector = (struct iovec){&fp_set, sizeof(fp_set)};
	SHOW(PT(PTRACE_GETREGSET, pid, NT_PRFPREG, &vector));
	memcpy(&value, &fp_set.xmm_space[7 * 4], sizeof(value));
	printf("xmm7 %g, %zu bytes\n", value, vector.iov_len);
	vector = (struct iovec){xstate, sizeof(xstate)};
	SHOW(PT(PTRACE_GETREGSET, pid, NT_X86_XSTATE, &vector));
	memcpy(&value, xstate + 160 + 7 * 16, sizeof(value));
	printf("xmm7 %g, xcr0 there %d, larger than fxsave %d\n", value, (xstate[464] & 3) == 3, vector.iov_len > 512);
	SHOW(PT(PTRACE_SETREGSET, pid, NT_X86_XSTATE, &vector));
	vector.iov_len = 100;
	SHOW(PT(PTRACE_SETREGSET, pid, NT_X86_XSTATE, &vector));
	fp.mxcsr = 0xffffffff;
	SHOW(PT(SETFPREGS, pid, 0, &fp));
	regs.r12 = 0x7654321;
	SHOW(PT(SETREGS, pid, 0, &regs));
	set = regs;
	set.cs = 0x10;
	SHOW(PT(SETREGS, pid, 0, &set));
	set = regs;
	set.fs_base = 0xffff800000000000;
	SHOW(PT(SETREGS, pid, 0, &set));
	printf("r12 %#llx\n", registers(pid).r12);
	SHOW(PT(PEEKTEXT, pid, text_only, &word));
	printf("%.8s\n", (char *)&word);
	SHOW(PT(POKETEXT, pid, text_only, *(long *)"READ-ONL"));
	SHOW(PT(POKEDATA, pid, &watched, 99));
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	mem = open(path, O_RDWR);
	SHOW(pread(mem, &word, 8, (off_t)(uintptr_t)&watched));
	printf("%lu\n", word);
	SHOW(pwrite(mem, "text", 4, (off_t)(uintptr_t)(text_only + 10)));
	SHOW(pread(mem, &word, 8, 8));
	SHOW(pread(mem, &word, 8, (off_t)(uintptr_t)closed));
	SHOW(pwrite(mem, "open", 4, (off_t)(uintptr_t)closed + 4096));
	SHOW(pread(mem, &word, 4, (off_t)(uintptr_t)closed + 4096));
	printf("%.4s\n", (char *)&word);
	SHOW(pwrite(mem, &word, 8, 8));
	SHOW(lseek(mem, (off_t)(uintptr_t)&watched, SEEK_SET) == (off_t)(uintptr_t)&watched);
	SHOW(read(mem, &word, 4));
	printf("ours: %s %ld\n", text_only, watched);
	PT(CONT, pid, 0, 0);
	wait_for("end", pid);
	SHOW(pread(mem, &word, 8, (off_t)(uintptr_t)&watched));
}

/* ---- Steps and breakpoints ---- */

extern const char step_1[], step_2[], step_3[], step_call[], step_after[], step_code[];

static void body_steps(void)
{
	__asm__ volatile(
	    "step_1: nop\n"
	    "step_2: movl $39, %%eax\n"
	    "step_call: syscall\n"
	    "step_after: nop\n"
	    "step_3: movq $6, %0\n"
	    "nop\nnop\n"
	    "step_code: nop\n"
	    : "=m"(watched)
	    :
	    : "rax", "rcx", "r11", "memory");
	signal(SIGUSR1, on_signal);
	raise(SIGUSR1);
}

static const char *place(unsigned long rip)
{
	static const struct { const char *at, *name; } places[] = {{step_1, "step_1"}, {step_2, "step_2"}, {step_call, "step_call"}, {step_after, "step_after"}, {step_3, "step_3"}, {step_code, "step_code"}};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if ((unsigned long)places[i].at == rip)
			return places[i].name;
	return rip == (unsigned long)on_signal ? "on_signal" : "?";
}

static void step(pid_t pid)
{
	siginfo_t info;
	int status;

	PT(STEP, pid, 0, 0);
	waitpid(pid, &status, 0);
	info = info_of(pid);
	printf("step: %s code %d addr is rip %d at %s TF %d\n", sigabbrev_np(WSTOPSIG(status)), info.si_code, (unsigned long)info.si_addr == registers(pid).rip, place(registers(pid).rip),
	       (registers(pid).eflags & 0x100) != 0);
}

#define DR(i) (offsetof(struct user, u_debugreg) + (i) * 8)

static void steps(void)
{
	pid_t pid = child_of(body_steps);
	struct user_regs_struct regs;
	unsigned long word = 0;
	int status;

	puts("-- steps and breakpoints");
	waitpid(pid, &status, 0);
	/* A breakpoint in its code, by hand. */
	PT(PEEKTEXT, pid, step_1, &word);
	PT(POKETEXT, pid, step_1, (word & ~0xfful) | 0xcc);
	PT(CONT, pid, 0, 0);
	wait_for("breakpoint", pid);
	regs = registers(pid);
	printf("behind it %d\n", regs.rip == (unsigned long)step_1 + 1);
	PT(POKETEXT, pid, step_1, word);
	regs.rip = (unsigned long)step_1;
	PT(SETREGS, pid, 0, &regs);
	for (int i = 0; i < 4; i++)
		step(pid);
	SHOW(PT(POKEUSER, pid, DR(0), &watched));
	SHOW(PT(POKEUSER, pid, DR(1), step_code));
	SHOW(PT(POKEUSER, pid, DR(4), 1));
	SHOW(PT(POKEUSER, pid, DR(2), 0xffff800000000000));
	SHOW(PT(POKEUSER, pid, DR(7), 1 | 2ul << 16)); /* I/O */
	SHOW(PT(POKEUSER, pid, DR(7), 1 | 4 | 0xdul << 16)); /* 0: writes of 4 bytes; 1: code */
	PT(CONT, pid, 0, 0);
	waitpid(pid, &status, 0);
	show_status("watchpoint", status);
	printf("code %d behind the write %d\n", info_of(pid).si_code, registers(pid).rip > (unsigned long)step_3);
	PT(PEEKUSER, pid, DR(6), &word);
	printf("DR6 %#lx\n", word & 0xf);
	PT(PEEKDATA, pid, &watched, &word);
	printf("value %ld\n", word);
	PT(CONT, pid, 0, 0);
	wait_for("code", pid);
	printf("code %d at %s\n", info_of(pid).si_code, place(registers(pid).rip));
	SHOW(PT(POKEUSER, pid, DR(7), 0));
	PT(CONT, pid, 0, 0);
	wait_for("USR1", pid);
	/* A step that enters a handler ends at its first instruction. */
	PT(STEP, pid, 0, SIGUSR1);
	wait_for("handler", pid);
	printf("at %s code %#x\n", place(registers(pid).rip), (unsigned)info_of(pid).si_code);
	PT(CONT, pid, 0, 0);
	wait_for("end", pid);
}

/* ---- Signals' information and masks ---- */

static void body_masks(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 11});
	sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 22});
	syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1);
	kill(getpid(), SIGHUP);
	sigprocmask(SIG_BLOCK, NULL, &set);
	printf("USR1 blocked %d RTMIN blocked %d\n", sigismember(&set, SIGUSR1), sigismember(&set, SIGRTMIN));
	fflush(stdout);
}

static void masks(void)
{
	pid_t pid = child_of(body_masks);
	struct { uint64_t off; uint32_t flags; int32_t nr; } peek = {0, 1, 5};
	siginfo_t infos[5], info;
	uint64_t mask = 0;
	int status;

	puts("-- information and masks");
	waitpid(pid, &status, 0);
	PT(CONT, pid, 0, 0);
	wait_for("HUP", pid);
	SHOW(PT(PTRACE_PEEKSIGINFO, pid, &peek, infos));
	printf("%d %d, %d %d\n", infos[0].si_signo == SIGRTMIN, infos[0].si_value.sival_int, infos[1].si_signo == SIGRTMIN, infos[1].si_value.sival_int);
	peek.flags = 0;
	SHOW(PT(PTRACE_PEEKSIGINFO, pid, &peek, infos));
	printf("%s code %d\n", sigabbrev_np(infos[0].si_signo), infos[0].si_code);
	peek.flags = 2;
	SHOW(PT(PTRACE_PEEKSIGINFO, pid, &peek, infos));
	peek.flags = 1;
	peek.nr = -1;
	SHOW(PT(PTRACE_PEEKSIGINFO, pid, &peek, infos));
	SHOW(PT(PTRACE_GETSIGMASK, pid, 8, &mask));
	printf("mask has USR1 %d RTMIN %d HUP %d\n", (int)(mask >> (SIGUSR1 - 1) & 1), (int)(mask >> (SIGRTMIN - 1) & 1), (int)(mask >> (SIGHUP - 1) & 1));
	mask = 1ull << (SIGRTMIN - 1) | 1ull << (SIGKILL - 1);
	SHOW(PT(PTRACE_SETSIGMASK, pid, 8, &mask));
	SHOW(PT(PTRACE_GETSIGMASK, pid, 8, &mask));
	printf("mask has KILL %d\n", (int)(mask >> (SIGKILL - 1) & 1));
	info = info_of(pid);
	info.si_pid = 4711;
	SHOW(PT(PTRACE_SETSIGINFO, pid, 0, &info));
	printf("pid %d\n", info_of(pid).si_pid);
	PT(CONT, pid, 0, 0);
	wait_for("USR1, blocked no more", pid);
	PT(CONT, pid, 0, 0);
	wait_for("end", pid);
}

/* ---- The tracer goes away ---- */

static void tracer_ends(void)
{
	int status, ends[2];
	pid_t tracer, pid = 0;

	puts("-- the tracer ends");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (int options = 0; options < 2; options++) {
		pipe(ends);
		tracer = fork();
		if (!tracer) {
			pid = fork();
			if (!pid) {
				char c;

				close(ends[1]);
				prctl(PR_SET_PDEATHSIG, 0);
				PT(TRACEME, 0, 0, 0);
				raise(SIGSTOP);
				read(0, &c, 0);
				usleep(100000);
				_exit(0);
			}
			waitpid(pid, &status, 0);
			if (options)
				PT(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_EXITKILL);
			write(ends[1], &pid, sizeof(pid));
			_exit(0);
		}
		read(ends[0], &pid, sizeof(pid));
		waitpid(tracer, &status, 0);
		wait_for(options ? "with EXITKILL" : "without", pid);
		close(ends[0]);
		close(ends[1]);
	}
}

static void unprivileged(void)
{
	pid_t pid, other;
	char path[40];

	puts("-- another user");
	pid = fork();
	if (!pid)
		body_pause();
	other = fork();
	if (!other) {
		pid_t same;

		if (setresgid(1000, 1000, 1000) || setresuid(1000, 1000, 1000))
			_exit(1);
		SHOW(PT(ATTACH, pid, 0, 0));
		SHOW(PT(PTRACE_SEIZE, pid, 0, 0));
		snprintf(path, sizeof(path), "/proc/%d/mem", pid);
		SHOW(open(path, O_RDONLY));
		snprintf(path, sizeof(path), "/proc/%d/maps", pid);
		SHOW(open(path, O_RDONLY));
		SHOW(prctl(PR_GET_DUMPABLE));
		same = fork();
		if (!same)
			body_pause();
		SHOW(PT(ATTACH, same, 0, 0)); /* it was root's */
		kill(same, SIGKILL);
		wait_for("killed", same);
		SHOW(prctl(PR_SET_DUMPABLE, 1));
		same = fork();
		if (!same)
			body_pause();
		usleep(50000);
		SHOW(PT(ATTACH, same, 0, 0));
		wait_for("own child", same);
		kill(same, SIGKILL);
		wait_for("killed", same);
		same = fork();
		if (!same) {
			prctl(PR_SET_DUMPABLE, 0);
			body_pause();
		}
		usleep(50000);
		SHOW(PT(ATTACH, same, 0, 0));
		kill(same, SIGKILL);
		wait_for("killed", same);
		_exit(0);
	}
	waitpid(other, NULL, 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Who attaches to a process that is stopped already may look at it at once. */
static void attach_stopped(void)
{
	int failures = 0;
	long word;

	for (int i = 0; i < 20; i++) {
		pid_t pid = fork();

		if (!pid) {
			raise(SIGSTOP);
			_exit(0);
		}
		waitpid(pid, NULL, WUNTRACED);
		failures += PT(ATTACH, pid, 0, 0) || PT(PEEKUSER, pid, 0, &word);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	printf("attached to stopped ones: %d failures\n", failures);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	signals();
	errors();
	attaching();
	calls();
	restart();
	registers_and_memory();
	steps();
	masks();
	tracer_ends();
	unprivileged();
	attach_stopped();
	return 0;
}
