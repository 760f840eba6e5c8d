/* SPDX-License-Identifier: BSD-3-Clause */
/* mmap, mprotect, mremap, madvise, mincore, brk: results and errors, and that memory holds what it should. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096
static sigjmp_buf env;
static int fault_code;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	(void)context;
	fault_code = info->si_code;
	siglongjmp(env, sig);
}

static const char *touch(volatile char *p, int write)
{
	static char text[40];
	int sig = sigsetjmp(env, 1);

	if (sig) {
		snprintf(text, sizeof(text), "signal %d code %d", sig, fault_code);
		return text;
	}
	if (write)
		*p = 1;
	else
		(void)*p;
	return "ok";
}

#define SHOW(e) do { errno = 0; long r_ = (long)(e); printf("%s: %s %s\n", #e, r_ == -1 ? "-1" : r_ == 0 ? "0" : "value", r_ == -1 ? strerror(errno) : ""); } while (0)

int main(void)
{
	struct sigaction sa = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);

	char *p = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	printf("zero filled: %d\n", p[5 * PAGE] == 0);
	memset(p, 7, 8 * PAGE);
	SHOW(munmap(p + 3 * PAGE, PAGE));
	printf("hole read: %s\n", touch(p + 3 * PAGE, 0));
	printf("beside the hole: %s %d\n", touch(p + 4 * PAGE, 1), p[4 * PAGE + 1]);
	SHOW(mprotect(p, PAGE, PROT_READ));
	printf("read-only write: %s\n", touch(p, 1));
	printf("read-only read: %s\n", touch(p, 0));
	SHOW(mprotect(p, PAGE, PROT_NONE));
	printf("none read: %s\n", touch(p, 0));
	SHOW(mprotect(p, PAGE, PROT_READ | PROT_WRITE));
	printf("content kept: %d\n", p[0]);
	SHOW(mprotect(p, 8 * PAGE, PROT_READ));
	SHOW(mprotect(p + 1, PAGE, PROT_READ));
	SHOW(munmap(p + 1, PAGE));
	SHOW(munmap(p, 0));
	SHOW(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	SHOW(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, -1, 0));
	SHOW(mmap(NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0));
	SHOW(mmap(p, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));

	/* mremap */
	char *q = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < 4; i++)
		q[i * PAGE] = (char)(i + 1);
	char *r = mremap(q, 4 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
	printf("mremap keeps: %d %d %d\n", r[0], r[3 * PAGE], r[40 * PAGE]);
	SHOW(mremap(r, 64 * PAGE, 2 * PAGE, 0) == r ? 0 : -1);
	printf("shrunk: %s\n", touch(r + 2 * PAGE, 0));

	/* madvise */
	memset(r, 9, 2 * PAGE);
	SHOW(madvise(r, PAGE, MADV_DONTNEED));
	printf("dropped: %d %d\n", r[0], r[PAGE]);
	SHOW(madvise(r, PAGE, 12345));

	/* mincore */
	unsigned char vec[2] = {9, 9};
	SHOW(mincore(r, 2 * PAGE, vec));
	printf("resident: %d\n", vec[1] & 1);

	/* fork: private copies, shared shares */
	int *priv = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	*priv = *shared = 1;
	if (!fork()) {
		*priv = 2;
		*shared = 2;
		_exit(0);
	}
	wait(NULL);
	printf("after fork: private %d shared %d\n", *priv, *shared);

	/* file mappings */
	int fd = open("mapped", O_RDWR | O_CREAT | O_TRUNC, 0600);
	ftruncate(fd, PAGE + 100);
	char *f = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	char *g = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	strcpy(f, "through the mapping");
	char buf[32] = "";
	pread(fd, buf, 19, 0);
	printf("read sees: %s; private sees: %s\n", buf, g);
	pwrite(fd, "FROM WRITE", 10, 0);
	printf("mapping sees: %.10s\n", f);
	g[0] = '#';
	printf("private write leaves: %.10s\n", f);
	printf("tail of last page: %s\n", touch(f + 2 * PAGE - 1, 1));
	printf("beyond the end: %s\n", touch(f + 2 * PAGE, 0));
	SHOW(ftruncate(fd, 10));
	printf("after truncate: %s\n", touch(f + PAGE, 0));
	SHOW(msync(f, PAGE, MS_SYNC));
	SHOW(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 1));
	int ro = open("mapped", O_RDONLY);
	SHOW(mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, ro, 0));
	SHOW(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, ro, 0));
	printf("exec of data: %s\n", ({ int s = sigsetjmp(env, 1); const char *t; if (!s) { ((void (*)(void))(void *)r)(); t = "ran"; } else t = fault_code == SEGV_ACCERR ? "SEGV_ACCERR" : "other"; t; }));

	/* brk */
	char *b = sbrk(0);
	printf("sbrk grows: %d\n", sbrk(3 * PAGE) == b);
	b[2 * PAGE] = 5;
	printf("sbrk memory: %d\n", b[2 * PAGE]);
	sbrk(-3 * PAGE);
	printf("sbrk shrinks: %d\n", sbrk(0) == b);
	/* null and kernel addresses */
	printf("null: %s\n", touch((char *)8, 0));
	printf("kernel half: %s\n", touch((char *)0xffffffff80100000, 0));
	printf("EFAULT: %d %s\n", (int)write(fd, (void *)0xffffffff80100000, 8), strerror(errno));
	printf("EFAULT: %d %s\n", (int)read(open("/dev/zero", O_RDONLY), (void *)16, 8), strerror(errno));
	unlink("mapped");
	return 0;
}
