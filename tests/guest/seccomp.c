/* seccomp(2): strict mode, filters, what each action does, inheritance. */
#define _GNU_SOURCE
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "show.h"

#define LOAD(field)	  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RETURN(value)	  BPF_STMT(BPF_RET | BPF_K, value)

static long install(struct sock_filter *program, unsigned short len, unsigned flags)
{
	struct sock_fprog p = {.len = len, .filter = program};

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &p);
}
#define INSTALL(program, flags) install(program, sizeof(program) / sizeof(program[0]), flags)

/* One call gets the action, all others are allowed. */
static long deny(long number, unsigned action)
{
	struct sock_filter program[] = {LOAD(nr), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1), RETURN(action), RETURN(SECCOMP_RET_ALLOW)};

	return INSTALL(program, 0);
}

static void in_child(const char *name, void (*body)(void))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		body();
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	status &= ~0x80; /* a core */
	printf("%s: status %#x\n", name, status);
}

static void strict(void)
{
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, NULL))
		_exit(1);
	if (write(1, "strict\n", 7) != 7)
		_exit(2);
	syscall(SYS_exit, 3);
}

static void strict_dies(void)
{
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
	getpid();
}

static void gives_errors(void)
{
	SHOW(prctl(PR_GET_SECCOMP));
	SHOW(deny(SYS_getuid, SECCOMP_RET_ERRNO | ENOTNAM));
	SHOW(prctl(PR_GET_SECCOMP));
	SHOW(syscall(SYS_getuid));
	SHOW(deny(SYS_getuid, SECCOMP_RET_ERRNO | 0));
	SHOW(syscall(SYS_getuid)); /* of equal actions the newest wins */
	SHOW(deny(SYS_getgid, SECCOMP_RET_ERRNO | 0xffff));
	printf("%d\n", syscall(SYS_getgid) < 0 ? errno : 0);
	SHOW(deny(SYS_geteuid, SECCOMP_RET_TRACE));
	SHOW(syscall(SYS_geteuid));
	SHOW(deny(9999, SECCOMP_RET_ERRNO | EXFULL));
	SHOW(syscall(9999));
	SHOW(deny(SYS_getegid, SECCOMP_RET_LOG));
	SHOW_OK(syscall(SYS_getegid));
	if (!fork()) {
		SHOW(syscall(SYS_getuid));
		SHOW(prctl(PR_GET_SECCOMP));
		_exit(0);
	}
	wait(NULL);
}

static void looks_at_arguments(void)
{
	struct sock_filter program[] = {LOAD(arch), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0), RETURN(SECCOMP_RET_KILL_PROCESS), LOAD(nr),
					BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close, 1, 0), RETURN(SECCOMP_RET_ALLOW),
					BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1]) + 4), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x12345678, 0, 1),
					RETURN(SECCOMP_RET_ERRNO | EDOM), BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 64, 0, 1), RETURN(SECCOMP_RET_ALLOW),
					RETURN(SECCOMP_RET_ERRNO | EXDEV)};

	SHOW(INSTALL(program, 0));
	SHOW(syscall(SYS_close, 999, 0x1234567800000000));
	SHOW(syscall(SYS_close, 999, 1));
}

static volatile int seen[6];

static void on_sys(int signal, siginfo_t *info, void *context)
{
	ucontext_t *c = context;

	seen[0] = signal;
	seen[1] = info->si_code;
	seen[2] = info->si_errno;
	seen[3] = info->si_syscall == SYS_getppid && c->uc_mcontext.gregs[REG_RAX] == SYS_getppid;
	seen[4] = info->si_arch == AUDIT_ARCH_X86_64;
	seen[5] = (long)info->si_call_addr == c->uc_mcontext.gregs[REG_RIP];
	c->uc_mcontext.gregs[REG_RAX] = 4242;
}

static void traps(void)
{
	struct sigaction action = {.sa_sigaction = on_sys, .sa_flags = SA_SIGINFO};

	sigaction(SIGSYS, &action, NULL);
	SHOW(deny(SYS_getppid, SECCOMP_RET_TRAP | 77));
	SHOW(syscall(SYS_getppid));
	printf("signal %d, code %d, errno %d, call %d, architecture %d, address %d\n", seen[0], seen[1], seen[2], seen[3], seen[4], seen[5]);
	signal(SIGSYS, SIG_DFL);
	getppid();
	printf("not reached\n");
}

static void kills_process(void)
{
	deny(SYS_getppid, SECCOMP_RET_KILL_PROCESS);
	getppid();
}

static void kills_unknown(void)
{
	deny(SYS_getppid, 0x12340000);
	getppid();
}

static void *die(void *unused)
{
	getppid();
	return NULL;
}

static void kills_thread(void)
{
	pthread_t thread;

	SHOW(deny(SYS_getppid, SECCOMP_RET_KILL_THREAD));
	pthread_create(&thread, NULL, die, NULL);
	usleep(50000);
	printf("the others live\n");
	fflush(stdout);
	getppid();
}

static void *probe(void *wait_for)
{
	while (!*(volatile int *)wait_for)
		usleep(1000);
	return (void *)(syscall(SYS_getppid) == -1 ? (long)errno : 0);
}

static void synchronises(void)
{
	struct sock_filter program[] = {LOAD(nr), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1), RETURN(SECCOMP_RET_ERRNO | EDOM), RETURN(SECCOMP_RET_ALLOW)};
	volatile int go = 0;
	pthread_t thread;
	void *found;

	pthread_create(&thread, NULL, probe, (void *)&go);
	SHOW(INSTALL(program, SECCOMP_FILTER_FLAG_TSYNC));
	go = 1;
	pthread_join(thread, &found);
	printf("the thread got %ld\n", (long)found);
	go = 0;
	pthread_create(&thread, NULL, probe, (void *)&go);
	deny(SYS_getuid, SECCOMP_RET_ERRNO | EDOM);
	SHOW(INSTALL(program, SECCOMP_FILTER_FLAG_TSYNC));
	go = 1;
	pthread_join(thread, &found);
}

static void *diverge(void *unused)
{
	printf("own filter: %ld\n", deny(SYS_getuid, SECCOMP_RET_ERRNO | EDOM));
	usleep(200000);
	return NULL;
}

static void cannot_synchronise(void)
{
	struct sock_filter program[] = {RETURN(SECCOMP_RET_ALLOW)};
	pthread_t thread;

	pthread_create(&thread, NULL, diverge, NULL);
	usleep(50000);
	printf("the other's id: %d\n", INSTALL(program, SECCOMP_FILTER_FLAG_TSYNC) > 0);
	SHOW(INSTALL(program, SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH));
	pthread_join(thread, NULL);
}

static void needs_promise(void)
{
	struct sock_filter program[] = {RETURN(SECCOMP_RET_ALLOW)};

	if (setuid(4711))
		return;
	SHOW(INSTALL(program, 0));
	SHOW(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	SHOW(INSTALL(program, 0));
}

static void bad_programs(void)
{
	static struct sock_filter none[] = {BPF_STMT(BPF_LD | BPF_IMM, 0)}, half[] = {BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0), RETURN(SECCOMP_RET_ALLOW)},
				  far[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 64), RETURN(SECCOMP_RET_ALLOW)}, odd[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2), RETURN(SECCOMP_RET_ALLOW)},
				  indirect[] = {BPF_STMT(BPF_LD | BPF_W | BPF_IND, 0), RETURN(SECCOMP_RET_ALLOW)}, header[] = {BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0), RETURN(SECCOMP_RET_ALLOW)},
				  modulo[] = {BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 3), RETURN(SECCOMP_RET_ALLOW)}, jump[] = {BPF_JUMP(BPF_JMP | BPF_JA, 5, 0, 0), RETURN(SECCOMP_RET_ALLOW)},
				  memory[] = {BPF_STMT(BPF_LD | BPF_MEM, 1), RETURN(SECCOMP_RET_ALLOW)};
	static struct sock_filter many[4097];
	struct sock_fprog p = {.len = 1, .filter = (void *)8};

	SHOW(INSTALL(none, 0));
	SHOW(INSTALL(half, 0));
	SHOW(INSTALL(far, 0));
	SHOW(INSTALL(odd, 0));
	SHOW(INSTALL(indirect, 0));
	SHOW(INSTALL(header, 0));
	SHOW(INSTALL(modulo, 0));
	SHOW(INSTALL(jump, 0));
	SHOW(INSTALL(memory, 0));
	SHOW(INSTALL(many, 0));
	SHOW(install(many, 0, 0));
	SHOW(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &p));
	SHOW(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL));
	SHOW(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0x1000, &p));
	SHOW(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 1, NULL));
	SHOW(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, &p));
	SHOW(syscall(SYS_seccomp, 99, 0, &p));
	SHOW(prctl(PR_SET_SECCOMP, 3, &p));
	for (int i = 0; i < 4096; i++)
		many[i] = (struct sock_filter)RETURN(SECCOMP_RET_ALLOW);
	for (int i = 0; i < 8; i++) /* how many depends on what they are translated to */
		if (install(many, 4096, 0) && i >= 2)
			break;
	SHOW(install(many, 4096, 0));
	SHOW(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT));
}

static void available(void)
{
	static const unsigned actions[] = {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP, SECCOMP_RET_ERRNO, SECCOMP_RET_TRACE, SECCOMP_RET_LOG, SECCOMP_RET_ALLOW, 0x12340000};

	for (unsigned i = 0; i < 8; i++)
		SHOW(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &actions[i]));
	SHOW(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 1, &actions[0]));
	SHOW(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, NULL));
}

static void over_exec(void)
{
	deny(SYS_getuid, SECCOMP_RET_ERRNO | EDOM);
	execl("/proc/self/exe", "seccomp", "again", NULL);
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		SHOW(syscall(SYS_getuid));
		return 0;
	}
	in_child("strict", strict);
	in_child("strict dies", strict_dies);
	in_child("errors", gives_errors);
	in_child("arguments", looks_at_arguments);
	in_child("traps", traps);
	in_child("kills process", kills_process);
	in_child("unknown action", kills_unknown);
	in_child("kills thread", kills_thread);
	in_child("synchronises", synchronises);
	in_child("cannot synchronise", cannot_synchronise);
	in_child("needs a promise", needs_promise);
	in_child("bad programs", bad_programs);
	in_child("available", available);
	in_child("over exec", over_exec);
	return 0;
}
