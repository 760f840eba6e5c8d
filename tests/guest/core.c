/* SPDX-License-Identifier: BSD-3-Clause */
/* Core files (core(5)): when there is one, its name, and what it holds, read as a debugger would. */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/procfs.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>
#include "show.h"

static char marked[64] = "a variable that is written";
static char *private_memory, *shared_memory, *sparse, *untouched;

/* ---- Running something that ends by a signal ---- */

static int run(const char *what, void (*body)(void), rlim_t limit)
{
	struct rlimit rlimit = {limit, RLIM_INFINITY};
	int status;
	pid_t pid;

	unlink("core");
	fflush(stdout);
	pid = fork();
	if (!pid) {
		setrlimit(RLIMIT_CORE, &rlimit);
		body();
		_exit(0);
	}
	waitpid(pid, &status, 0);
	printf("%s: signal %s dumped %d file %d\n", what, WIFSIGNALED(status) ? sigabbrev_np(WTERMSIG(status)) : "-", WIFSIGNALED(status) && WCOREDUMP(status), !access("core", F_OK));
	fflush(stdout);
	return pid;
}

static void crash(void) { *(volatile int *)16 = 1; }
static void abort_(void) { abort(); }
static void terminate(void) { raise(SIGTERM); }
static void quit(void) { raise(SIGQUIT); }
static void divide(void) { __asm__ volatile("xorl %%edx, %%edx; xorl %%ecx, %%ecx; divl %%ecx" : : "a"(1) : "ecx", "edx"); }
static void not_dumpable(void) { prctl(PR_SET_DUMPABLE, 0); crash(); }
static void filtered(void)
{
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
	syscall(SYS_getppid);
}

static void one_kind(void) { int fd = open("/proc/self/coredump_filter", O_WRONLY); write(fd, "0x10", 4); crash(); }

static void when(void)
{
	struct stat st;

	puts("-- when");
	run("no limit of size", crash, RLIM_INFINITY);
	stat("core", &st);
	printf("mode %o, uid is ours %d, of some size %d\n", st.st_mode, st.st_uid == getuid(), st.st_size > 8192);
	run("limit 0", crash, 0);
	run("limit too small", crash, 8192);
	run("abort", abort_, RLIM_INFINITY);
	run("TERM", terminate, RLIM_INFINITY);
	run("QUIT", quit, RLIM_INFINITY);
	run("division", divide, RLIM_INFINITY);
	run("filter of calls", filtered, RLIM_INFINITY);
	run("not dumpable", not_dumpable, RLIM_INFINITY);
}

/* ---- Looking into one ---- */

static char *core;
static size_t core_size;

static void load(void)
{
	struct stat st;
	int fd = open("core", O_RDONLY);

	core = NULL;
	if (fd < 0 || fstat(fd, &st))
		return;
	core_size = (size_t)st.st_size;
	core = mmap(NULL, core_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
}

/* What the file has at an address; NULL: nothing. */
static const char *at(uint64_t address, const char *why)
{
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)core;
	const Elf64_Phdr *segments = (const Elf64_Phdr *)(core + header->e_phoff);

	for (int i = 0; i < header->e_phnum; i++) {
		const Elf64_Phdr *s = &segments[i];

		if (s->p_type != PT_LOAD || address < s->p_vaddr || address >= s->p_vaddr + s->p_memsz)
			continue;
		if (address < s->p_vaddr + s->p_filesz)
			return core + s->p_offset + (address - s->p_vaddr);
		if (why)
			printf("%s: mapped, not in the file, flags %u\n", why, s->p_flags);
		return NULL;
	}
	if (why)
		printf("%s: not mapped\n", why);
	return NULL;
}

static const Elf64_Nhdr *next_note(const Elf64_Nhdr *note)
{
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)core;
	const Elf64_Phdr *segments = (const Elf64_Phdr *)(core + header->e_phoff);
	const char *start = NULL, *end = NULL, *p;

	for (int i = 0; i < header->e_phnum; i++) {
		if (segments[i].p_type != PT_NOTE)
			continue;
		start = core + segments[i].p_offset;
		end = start + segments[i].p_filesz;
	}
	if (!start)
		return NULL;
	p = note ? (const char *)(note + 1) + ((note->n_namesz + 3) & ~3u) + ((note->n_descsz + 3) & ~3u) : start;
	return p + sizeof(*note) <= end ? (const Elf64_Nhdr *)p : NULL;
}

static const void *content(const Elf64_Nhdr *note)
{
	return (const char *)(note + 1) + ((note->n_namesz + 3) & ~3u);
}

static void show_auxv(const Elf64_auxv_t *auxv)
{
	for (; auxv->a_type != AT_NULL; auxv++) {
		if (auxv->a_type == AT_PAGESZ || auxv->a_type == AT_CLKTCK)
			printf("  auxv %lu %lu\n", auxv->a_type, auxv->a_un.a_val);
	}
}

static void show_files(const uint64_t *words, const char *program)
{
	const char *name = (const char *)(words + 2 + 3 * words[0]);
	int mine = 0;

	for (uint64_t i = 0; i < words[0]; i++, name += strlen(name) + 1)
		mine += !strcmp(name, program);
	printf("  page size %lu, some are the program's %d\n", words[1], mine > 0);
}

static void show_notes(pid_t pid, const char *program)
{
	const Elf64_Nhdr *note = NULL;

	while ((note = next_note(note))) {
		const char *name = (const char *)(note + 1);
		const void *c = content(note);

		if (note->n_type == 0x205) /* NT_X86_XSAVE_LAYOUT: of the latest kernels */
			continue;
		if (note->n_type == NT_X86_XSTATE) {
			printf("%s %#x larger than fxsave %d\n", name, note->n_type, note->n_descsz > 512);
			continue;
		}
		if (note->n_type == NT_PRSTATUS) {
			const struct elf_prstatus *s = c;

			printf("%s PRSTATUS size %u: signal %d, cursig %d, pid %s, of this parent %d, fp %d\n", name, note->n_descsz, s->pr_info.si_signo, s->pr_cursig,
			       s->pr_pid == pid ? "process" : "thread", s->pr_ppid == getpid(), s->pr_fpvalid);
		} else if (note->n_type == NT_PRPSINFO) {
			const struct elf_prpsinfo *p = c;

			printf("%s PRPSINFO size %u: %c %d %s\n", name, note->n_descsz, p->pr_sname, p->pr_pid == pid, p->pr_fname);
		} else if (note->n_type == NT_SIGINFO) {
			const siginfo_t *s = c;

			printf("%s SIGINFO size %u: signal %d code %d address %p\n", name, note->n_descsz, s->si_signo, s->si_code, s->si_addr);
		} else if (note->n_type == NT_AUXV) {
			printf("%s AUXV\n", name);
			show_auxv(c);
		} else if (note->n_type == NT_FILE) {
			printf("%s FILE\n", name);
			show_files(c, program);
		} else if (note->n_type == NT_FPREGSET) {
			printf("%s FPREGSET size %u\n", name, note->n_descsz);
		} else {
			printf("%s %#x\n", name, note->n_type);
		}
	}
}

/* The registers of the thread that stands first, or of the other. */
static const struct user_regs_struct *registers(int which)
{
	const Elf64_Nhdr *note = NULL;

	while ((note = next_note(note))) {
		if (note->n_type == NT_PRSTATUS && !which--)
			return (const struct user_regs_struct *)((const struct elf_prstatus *)content(note))->pr_reg;
	}
	return NULL;
}

static void header(void)
{
	const Elf64_Ehdr *h = (const Elf64_Ehdr *)core;

	printf("magic %d type %d machine %d version %d phentsize %d\n", !memcmp(h->e_ident, ELFMAG, SELFMAG), h->e_type, h->e_machine, h->e_version, h->e_phentsize);
}

static void what(const char *program)
{
	const struct user_regs_struct *regs;
	pid_t pid;

	puts("-- what");
	strcpy(marked, "written before the end");
	private_memory = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	strcpy(private_memory + 4096, "private");
	mprotect(private_memory, 8192, PROT_NONE);
	shared_memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	strcpy(shared_memory, "shared");
	sparse = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	sparse[0] = 1;
	mmap(NULL, 4096, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0); /* keeps them apart */
	untouched = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid = run("crash", crash, RLIM_INFINITY);
	load();
	if (!core)
		return;
	header();
	show_notes(pid, program);
	regs = registers(0);
	printf("rip in crash %d, rsp in the file %d\n", regs->rip - (uint64_t)crash < 32, at(regs->rsp, NULL) != NULL);
	printf("orig_rax %lld cs %#llx\n", (long long)regs->orig_rax, regs->cs);
	printf("%s, %s, %s\n", at((uint64_t)marked, "data"), at((uint64_t)private_memory + 4096, "private"), at((uint64_t)shared_memory, "shared"));
	printf("one %d zero %d\n", *at((uint64_t)sparse, "sparse"), *at((uint64_t)sparse + 5000, "sparse"));
	at((uint64_t)untouched, "untouched");
	at((uint64_t)crash, "code");
	munmap(core, core_size);
	pid = run("ELF headers only", one_kind, RLIM_INFINITY);
	load();
	at((uint64_t)marked, "data");
	at((uint64_t)shared_memory, "shared");
	munmap(core, core_size);
}

/* ---- Threads ---- */

static volatile int in_place;

static void *thread(void *unused)
{
	double v = 7.25;

	in_place = 1;
	__asm__ volatile("movsd %0, %%xmm9; movq $0x5ca1ab1e, %%r13; 1: pause; jmp 1b" : : "m"(v) : "r13", "xmm9");
	return NULL;
}

static void *sleeping(void *unused)
{
	for (;;)
		pause();
	return NULL;
}

static void with_threads(void)
{
	pthread_t t;

	pthread_create(&t, NULL, sleeping, NULL);
	pthread_create(&t, NULL, thread, NULL);
	while (!in_place)
		usleep(1000);
	usleep(50000);
	crash();
}

static void threads(void)
{
	const Elf64_Nhdr *note = NULL;
	int nr = 0, spinning = 0, pausing = 0, floats = 0;

	puts("-- threads");
	run("three threads", with_threads, RLIM_INFINITY);
	load();
	if (!core)
		return;
	while ((note = next_note(note))) {
		double v;

		if (note->n_type == NT_FPREGSET) {
			memcpy(&v, (const char *)content(note) + 160 + 9 * 16, sizeof(v));
			floats += v == 7.25;
		}
		if (note->n_type != NT_PRSTATUS)
			continue;
		const struct user_regs_struct *regs = registers(nr++);
		spinning += regs->r13 == 0x5ca1ab1e;
		pausing += regs->orig_rax == SYS_pause;
	}
	printf("%d threads, one spins %d, its vector state %d, one pauses %d\n", nr, spinning, floats, pausing);
	printf("the first one crashed %d\n", registers(0)->rip - (uint64_t)crash < 32);
	munmap(core, core_size);
}

static void filter(void)
{
	char text[32] = "";
	int fd = open("/proc/self/coredump_filter", O_RDWR);

	puts("-- filter");
	SHOW(read(fd, text, sizeof(text)));
	printf("%s", text);
	SHOW(pwrite(fd, "0x1f", 4, 0));
	SHOW(pread(fd, text, sizeof(text), 0));
	printf("%s", text);
	if (!fork()) {
		SHOW(pread(open("/proc/self/coredump_filter", O_RDONLY), text, sizeof(text), 0));
		printf("child %s", text);
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
	SHOW(pwrite(fd, "x", 1, 0));
	SHOW(pwrite(fd, "51", 2, 0));
	close(fd);
}

int main(int argc, char **argv)
{
	char program[4096] = "";

	setvbuf(stdout, NULL, _IOLBF, 0);
	readlink("/proc/self/exe", program, sizeof(program) - 1);
	when();
	what(program);
	threads();
	filter();
	unlink("core");
	return 0;
}
