/* mseal(2): what a sealed mapping does not let be done to it. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "show.h"

enum { MSEAL = 462 };

static void test_changes(char *at)
{
	SHOW(munmap(at, 4096));
	SHOW(munmap(at - 4096, 3 * 4096));
	SHOW(mprotect(at + 4096, 4096, PROT_READ));
	SHOW(mprotect(at - 4096, 2 * 4096, PROT_NONE));
	SHOW_OK(mmap(at, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED ? -1 : 0);
	SHOW_OK(mremap(at, 4096, 8192, MREMAP_MAYMOVE) == MAP_FAILED ? -1 : 0);
	SHOW_OK(mremap(at, 8192, 4096, 0) == MAP_FAILED ? -1 : 0);
	at[0] = 7;
	SHOW(madvise(at, 4096, MADV_DONTNEED));
	printf("what it holds: %d\n", at[0]);
	SHOW(madvise(at, 4096, MADV_WILLNEED));
	SHOW(mprotect(at - 4096, 4096, PROT_READ));
	SHOW(munmap(at + 2 * 4096, 4096));
}

int main(void)
{
	char *at = mmap(NULL, 6 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *read_only = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int status;

	SHOW(syscall(MSEAL, at, 4096, 1));
	SHOW(syscall(MSEAL, at + 1, 4096, 0));
	SHOW(syscall(MSEAL, at, 0, 0));
	SHOW(syscall(MSEAL, at, -1, 0));
	SHOW(syscall(MSEAL, at, 1ul << 46, 0));
	SHOW(syscall(MSEAL, at + 4096, 5000, 0));
	SHOW(syscall(MSEAL, at + 4096, 4096, 0));
	test_changes(at + 4096);
	read_only[0] = 5;
	mprotect(read_only, 4096, PROT_READ);
	SHOW(syscall(MSEAL, read_only, 4096, 0));
	SHOW(madvise(read_only, 4096, MADV_DONTNEED));
	printf("%d\n", read_only[0]);
	if (!fork()) {
		SHOW(munmap(at + 4096, 4096));
		_exit(0);
	}
	wait(&status);
	return 0;
}
