/* membarrier(2), and what /proc/stat counts. */
#define _GNU_SOURCE
#include <linux/membarrier.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "show.h"

#define CALL(command, flags) SHOW(syscall(SYS_membarrier, command, flags, 0))
enum { KNOWN = 127, GET_REGISTRATIONS = 512 };

static unsigned long long counter(const char *name)
{
	unsigned long long value = 0;
	char line[4096];
	FILE *file = fopen("/proc/stat", "r");

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ' ')
			value = strtoull(line + strlen(name), NULL, 10);
	if (file)
		fclose(file);
	return value;
}

static void test_counters(void)
{
	unsigned long long switches = counter("ctxt"), processes = counter("processes"), interrupts = counter("intr");

	for (int i = 0; i < 5; i++) {
		if (!fork())
			_exit(0);
		wait(NULL);
		usleep(2000);
	}
	printf("switches: %d, processes: %d, interrupts: %d\n", counter("ctxt") >= switches + 5, counter("processes") >= processes + 5, counter("intr") > interrupts);
}

int main(void)
{
	printf("known: %#lx\n", syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0) & KNOWN);
	printf("registered: %ld\n", syscall(SYS_membarrier, GET_REGISTRATIONS, 0, 0));
	CALL(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0);
	CALL(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0);
	CALL(MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0);
	CALL(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0);
	CALL(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0);
	CALL(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0);
	CALL(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE, 0);
	CALL(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0);
	CALL(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0);
	CALL(MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0);
	CALL(MEMBARRIER_CMD_GLOBAL, 0);
	CALL(3, 0);
	CALL(1 << 20, 0);
	CALL(-1, 0);
	CALL(MEMBARRIER_CMD_GLOBAL, 8);
	test_counters();
	return 0;
}
