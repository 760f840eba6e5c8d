/* Memory policies where there is one node (numa(7)), and calls that move pages among nodes. */
#define _GNU_SOURCE
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "show.h"

enum { DEFAULT, PREFERRED, BIND, INTERLEAVE, LOCAL, MANY, STATIC = 1 << 15, RELATIVE = 1 << 14, OF_NODE = 1, OF_ADDRESS = 2, ALLOWED = 4 };

static unsigned long one[128] = {1}, two[128] = {2}, none[128], far[128] = {[20] = 1};

static void tell(const char *when)
{
	unsigned long nodes[16];
	int policy = -1;
	long ret;

	memset(nodes, 0xff, sizeof(nodes));
	ret = syscall(SYS_get_mempolicy, &policy, nodes, 1025, 0, 0);
	printf("%s: %ld, policy %#x, nodes %#lx %#lx\n", when, ret, policy, nodes[0], nodes[15]);
}

static void test_set(void)
{
	tell("at first");
	SHOW(syscall(SYS_set_mempolicy, BIND, one, 64));
	tell("bound");
	if (!fork()) {
		tell("in a child");
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
	SHOW(syscall(SYS_set_mempolicy, BIND, two, 64));
	SHOW(syscall(SYS_set_mempolicy, BIND, none, 64));
	SHOW(syscall(SYS_set_mempolicy, BIND, NULL, 0));
	SHOW(syscall(SYS_set_mempolicy, BIND, one, 1));
	SHOW(syscall(SYS_set_mempolicy, PREFERRED | STATIC, one, 64));
	tell("preferred");
	SHOW(syscall(SYS_set_mempolicy, PREFERRED, NULL, 0));
	tell("preferred, no node");
	SHOW(syscall(SYS_set_mempolicy, PREFERRED | STATIC, NULL, 0));
	SHOW(syscall(SYS_set_mempolicy, LOCAL, NULL, 0));
	SHOW(syscall(SYS_set_mempolicy, LOCAL, one, 64));
	SHOW(syscall(SYS_set_mempolicy, MANY, one, 64));
	tell("many");
	SHOW(syscall(SYS_set_mempolicy, BIND | STATIC | RELATIVE, one, 64));
	SHOW(syscall(SYS_set_mempolicy, 9, one, 64));
	SHOW(syscall(SYS_set_mempolicy, -1, one, 64));
	SHOW(syscall(SYS_set_mempolicy, BIND, 8, 64));
	SHOW(syscall(SYS_set_mempolicy, BIND, one, 1ul << 40));
	SHOW(syscall(SYS_set_mempolicy, BIND, far, 8192));
	SHOW(syscall(SYS_set_mempolicy, DEFAULT, one, 64));
	SHOW(syscall(SYS_set_mempolicy, INTERLEAVE, one, 64));
	tell("interleaved");
}

static void test_get(char *page)
{
	unsigned long nodes[128] = {7};
	int policy = 7;

	SHOW(syscall(SYS_get_mempolicy, &policy, NULL, 0, 0, OF_NODE));
	printf("next node %d\n", policy);
	SHOW(syscall(SYS_set_mempolicy, DEFAULT, NULL, 0));
	SHOW(syscall(SYS_get_mempolicy, &policy, NULL, 0, 0, OF_NODE));
	SHOW(syscall(SYS_get_mempolicy, &policy, NULL, 0, page, OF_NODE | OF_ADDRESS));
	printf("node of a page %d\n", policy);
	SHOW(syscall(SYS_get_mempolicy, NULL, nodes, 1025, 0, ALLOWED));
	printf("allowed %#lx\n", nodes[0]);
	SHOW(syscall(SYS_get_mempolicy, NULL, nodes, 1025, 0, ALLOWED | OF_NODE));
	SHOW(syscall(SYS_get_mempolicy, &policy, NULL, 0, page, 0));
	SHOW(syscall(SYS_get_mempolicy, &policy, NULL, 0, 8, OF_ADDRESS));
	SHOW(syscall(SYS_get_mempolicy, &policy, NULL, 0, 0, 8));
	SHOW(syscall(SYS_get_mempolicy, 8, NULL, 0, 0, 0));
	SHOW(syscall(SYS_get_mempolicy, NULL, 8, 1025, 0, 0));
	SHOW(syscall(SYS_get_mempolicy, NULL, nodes, 0, 0, 0));
}

static void test_ranges(char *page)
{
	SHOW(syscall(SYS_mbind, page, 8192, BIND, one, 64, 0));
	SHOW(syscall(SYS_mbind, page, 0, BIND, one, 64, 0));
	SHOW(syscall(SYS_mbind, page + 1, 4096, BIND, one, 64, 0));
	SHOW(syscall(SYS_mbind, page, 16384, BIND, one, 64, 0));
	SHOW(syscall(SYS_mbind, page, 4096, BIND, two, 64, 0));
	SHOW(syscall(SYS_mbind, page, 4096, DEFAULT, NULL, 0, 2));
	SHOW(syscall(SYS_mbind, page, 4096, BIND, one, 64, 64));
	SHOW(syscall(450, page, 0, 0, 0));
	SHOW(syscall(450, page + 1, 4096, 0, 0));
	SHOW(syscall(450, page, 4096, 0, 1));
	SHOW(syscall(450, page, 4096, 99999, 0));
}

static void test_moving(char *page)
{
	void *pages[3] = {page, page + 4096, (void *)0x10000};
	int nodes[3] = {0, 0, 0}, status[3] = {9, 9, 9};

	SHOW(syscall(SYS_move_pages, 0, 3, pages, NULL, status, 0));
	printf("status %d %d\n", status[0], status[2]);
	SHOW(syscall(SYS_move_pages, 0, 1, pages, nodes, status, 2));
	printf("status %d\n", status[0]);
	SHOW(syscall(SYS_move_pages, 0, 1, pages, NULL, status, 1));
	SHOW(syscall(SYS_move_pages, 99999, 1, pages, NULL, status, 0));
	SHOW(syscall(SYS_move_pages, 0, 1, 8, NULL, status, 0));
	SHOW(syscall(SYS_move_pages, 0, 1, pages, NULL, 8, 0));
	nodes[0] = 5000;
	SHOW(syscall(SYS_move_pages, 0, 1, pages, nodes, status, 2));
	SHOW(syscall(SYS_move_pages, 0, 0, NULL, NULL, NULL, 0));
	SHOW(syscall(SYS_migrate_pages, 0, 64, one, one));
	SHOW(syscall(SYS_migrate_pages, getpid(), 64, one, one));
	SHOW(syscall(SYS_migrate_pages, 99999, 64, one, one));
	SHOW(syscall(SYS_migrate_pages, 0, 64, 8, one));
	SHOW(syscall(SYS_migrate_pages, 0, 64, one, none));
}

int main(void)
{
	char *page = mmap(NULL, 4 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(page + 2 * 4096, 2 * 4096);
	*page = 1;
	test_set();
	test_get(page);
	test_ranges(page);
	test_moving(page);
	return 0;
}
