/* SPDX-License-Identifier: BSD-3-Clause */
/* execve(2): what the new program sees, scripts, errors, threads, descriptors, signals, large arguments. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "show.h"

static char self[512];
extern char **environ;

static void say(const char *what, int ok)
{
	printf("%s %s\n", what, ok ? "yes" : "no");
}

/* ---- What the program does when it is started with an argument. ---- */

static int shown(int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		printf("arg %d %s\n", i, strstr(argv[i], "/exec") && argv[i][0] == '/' ? "(self)" : argv[i]);
	for (char **e = environ; *e; e++)
		printf("env %s\n", *e);
	return 0;
}

static int vector(void)
{
	say("page size", getauxval(AT_PAGESZ) == 4096);
	say("clock ticks", getauxval(AT_CLKTCK) == 100);
	say("entry", getauxval(AT_ENTRY) != 0);
	say("headers", getauxval(AT_PHDR) != 0 && getauxval(AT_PHENT) == 56 && getauxval(AT_PHNUM) > 2);
	say("platform", getauxval(AT_PLATFORM) && !strcmp((char *)getauxval(AT_PLATFORM), "x86_64"));
	say("random", getauxval(AT_RANDOM) != 0);
	say("ids", getauxval(AT_UID) == getuid() && getauxval(AT_EGID) == getegid());
	say("secure", getauxval(AT_SECURE) != 0);
	say("name", getauxval(AT_EXECFN) && !strcmp((char *)getauxval(AT_EXECFN) + strlen((char *)getauxval(AT_EXECFN)) - 4, "exec"));
	say("vdso", getauxval(AT_SYSINFO_EHDR) != 0);
	say("stack aligned", ((unsigned long)__builtin_frame_address(0) & 15) == 0);
	return 0;
}

static int state(int argc, char **argv)
{
	struct sigaction action;
	sigset_t mask;

	say("close-on-exec closed", fcntl(atoi(argv[2]), F_GETFD) < 0);
	say("other open", fcntl(atoi(argv[3]), F_GETFD) == 0);
	sigaction(SIGUSR1, NULL, &action);
	say("handler reset", action.sa_handler == SIG_DFL);
	sigaction(SIGUSR2, NULL, &action);
	say("ignored kept", action.sa_handler == SIG_IGN);
	sigprocmask(SIG_BLOCK, NULL, &mask);
	say("mask kept", sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGHUP) == 0);
	sigpending(&mask);
	say("pending kept", sigismember(&mask, SIGTERM) == 1);
	say("pid kept", getpid() == atoi(argv[4]));
	say("main thread", getpid() == (int)syscall(SYS_gettid));
	return 0;
}

static int counted(int argc, char **argv)
{
	unsigned long total = 0;

	for (int i = 0; i < argc; i++)
		total += strlen(argv[i]) + 1;
	printf("count %d bytes %lu\n", argc - 2, total - strlen(argv[0]) - strlen(argv[1]) - 2);
	return 0;
}

/* ---- Starting it. ---- */

static void run(char **argv, char **envp)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		execve(self, argv, envp);
		printf("execve: %s\n", strerrorname_np(errno));
		_exit(1);
	}
	waitpid(pid, &status, 0);
	printf("-> %d\n", status);
}

static void try(const char *path)
{
	char *argv[] = {"x", NULL};

	execve(path, argv, environ);
	printf("%s: %s\n", path, strerrorname_np(errno));
}

static void put(const char *path, const char *content, size_t len, int mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, content, len) != (ssize_t)len)
		exit(9);
	fchmod(fd, (mode_t)mode);
	close(fd);
}

static void script(const char *name, const char *first_line)
{
	char path[64], text[700];
	char *argv[] = {"ignored", "one", "two", NULL}, *none[] = {NULL};
	int status;
	pid_t pid;

	snprintf(path, sizeof(path), "./%s", name);
	snprintf(text, sizeof(text), first_line, self);
	put(path, text, strlen(text), 0755);
	printf("script %s\n", name);
	pid = fork();
	if (!pid) {
		execve(path, argv, none);
		printf("execve: %s\n", strerrorname_np(errno));
		_exit(1);
	}
	waitpid(pid, &status, 0);
	printf("-> %d\n", status);
}

static void errors(void)
{
	static char page[4096] = "\177ELF";
	int fd;

	try("./absent");
	try("/tmp");
	put("./plain", "text\n", 5, 0755);
	try("./plain");
	put("./no_permission", "\177ELF", 4, 0600);
	try("./no_permission");
	put("./bad_elf", page, sizeof(page), 0755);
	try("./bad_elf");
	put("./empty", "", 0, 0755);
	try("./empty");
	put("./no_interpreter", "#!/nonexistent/program\n", 23, 0755);
	try("./no_interpreter");
	put("./blank_interpreter", "#!   \n", 6, 0755);
	try("./blank_interpreter");
	put("./loop", "#!./loop\n", 9, 0755);
	try("./loop");
	try("./plain/x");
	put("./busy", "#!/bin/true\n", 12, 0755);
	fd = open("./busy", O_WRONLY);
	try("./busy");
	close(fd);
	syscall(SYS_execve, 8, 0, 0);
	printf("bad path: %s\n", strerrorname_np(errno));
	syscall(SYS_execve, self, 8, environ);
	printf("bad argv: %s\n", strerrorname_np(errno));
	try("");
}

static void big(unsigned count, unsigned len)
{
	char **argv = calloc(count + 3, sizeof(*argv)), *text = malloc(len + 1), *none[] = {NULL};

	memset(text, 'x', len);
	text[len] = 0;
	argv[0] = self;
	argv[1] = "count";
	for (unsigned i = 0; i < count; i++)
		argv[i + 2] = text;
	run(argv, none);
	free(argv);
	free(text);
}

static void *wait_forever(void *unused)
{
	pause();
	return NULL;
}

static void *exec_from_thread(void *argv)
{
	execve(self, argv, environ);
	return NULL;
}

static void from_thread(void)
{
	char closed[16], open_fd[16], pid_text[16], *argv[] = {self, "state", closed, open_fd, pid_text, NULL};
	pthread_t thread;
	sigset_t mask;
	int status;
	pid_t pid = fork();

	if (pid) {
		waitpid(pid, &status, 0);
		printf("-> %d\n", status);
		return;
	}
	snprintf(closed, sizeof(closed), "%d", open("/dev/null", O_RDONLY | O_CLOEXEC));
	snprintf(open_fd, sizeof(open_fd), "%d", open("/dev/null", O_RDONLY));
	snprintf(pid_text, sizeof(pid_text), "%d", getpid());
	signal(SIGUSR1, (void (*)(int))wait_forever);
	signal(SIGUSR2, SIG_IGN);
	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	raise(SIGTERM);
	kill(getpid(), SIGTERM);
	for (int i = 0; i < 5; i++)
		pthread_create(&thread, NULL, wait_forever, NULL);
	pthread_create(&thread, NULL, exec_from_thread, argv);
	pause();
}

/* What runs is not written (ETXTBSY); what is written is not run, but for a memory file. */
static void busy(void)
{
	static char program[4 << 20];
	char *const argv[] = {"x", "show", NULL}, *const env[] = {NULL};
	int from = open(self, O_RDONLY), fd = open("busy", O_WRONLY | O_CREAT, 0755), memory = memfd_create("program", 0);
	ssize_t len = read(from, program, sizeof(program));

	SHOW(open("/proc/self/exe", O_WRONLY));
	SHOW(open("/proc/self/exe", O_RDONLY | O_TRUNC));
	SHOW(truncate("/proc/self/exe", 10));
	SHOW(write(fd, program, (size_t)len) == len && write(memory, program, (size_t)len) == len);
	SHOW(execve("./busy", argv, env));
	if (!fork()) {
		SHOW(fexecve(memory, argv, env));
		_exit(1);
	}
	wait(NULL);
	close(fd);
	SHOW_OK(fd = open("./busy", O_WRONLY));
}

int main(int argc, char **argv)
{
	char *plain[] = {self, "show", "a b", "", NULL}, *env[] = {"X=1", "EMPTY=", NULL}, *none[] = {NULL}, *vec[] = {self, "vector", NULL};

	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc > 1 && !strcmp(argv[1], "vector"))
		return vector();
	if (argc > 1 && !strcmp(argv[1], "state"))
		return state(argc, argv);
	if (argc > 1 && !strcmp(argv[1], "count"))
		return counted(argc, argv);
	if (argc != 1)
		return shown(argc, argv);
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return 1;
	run(plain, env);
	run(vec, none);
	script("simple", "#!%s\n");
	script("argument", "#! %s  several words \nrest\n");
	script("no_newline", "#!%s");
	put("./inner", "", 0, 0755);
	script("inner", "#!%s inner-arg\n");
	script("nested", "#!./inner nested-arg\n");
	errors();
	big(1000, 100);
	big(1, 131071);
	big(1, 131072);
	big(10, 120000);
	big(60, 120000);
	from_thread();
	busy();
	return 0;
}
