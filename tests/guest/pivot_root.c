/* SPDX-License-Identifier: BSD-3-Clause */
/* pivot_root(2): another root for all who had the old one, and back. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "show.h"

static int pivot(const char *new_root, const char *put_old)
{
	return (int)syscall(SYS_pivot_root, new_root, put_old);
}

static void make(const char *name)
{
	close(open(name, O_WRONLY | O_CREAT, 0600));
}

/* Another process has the old root, and works in it. */
static void ask_other(int to, int from)
{
	char byte = 'x';

	fflush(stdout);
	if (write(to, &byte, 1) != 1 || read(from, &byte, 1) != 1)
		perror("other");
}

static void be_other(int from, int to)
{
	char byte, cwd[4096];

	for (int i = 0; i < 2 && read(from, &byte, 1) == 1; i++) {
		printf("other: marked %d, in %s\n", access("/mark", F_OK) == 0, getcwd(cwd, sizeof(cwd)) ? cwd : strerrorname_np(errno));
		fflush(stdout);
		if (write(to, &byte, 1) != 1)
			break;
	}
	_exit(0);
}

static void test_errors(const char *here)
{
	SHOW(pivot("new", "none"));
	SHOW(pivot("none", "new"));
	SHOW(pivot("new", "new/mark"));
	SHOW(pivot("plain", "plain"));
	SHOW(pivot("new", "plain"));
	SHOW(pivot("/", "new/old"));
	SHOW(pivot(NULL, "new/old"));
	if (seteuid(1))
		perror("seteuid");
	SHOW(pivot("new", "new/old"));
	if (seteuid(0))
		perror("seteuid");
}

int main(void)
{
	char here[4096], back[8192];
	int to[2], from[2];
	pid_t other;

	unshare(CLONE_NEWNS);
	mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
	umask(022);
	if (!getcwd(here, sizeof(here)) || pipe(to) || pipe(from))
		return 1;
	mkdir("new", 0755);
	mkdir("plain", 0755);
	SHOW(mount("new", "new", "tmpfs", 0, NULL));
	mkdir("new/old", 0755);
	mkdir("new/inner", 0755);
	make("new/mark");
	test_errors(here);
	other = fork();
	if (!other) {
		if (chdir("/"))
			_exit(1);
		be_other(to[0], from[1]);
	}
	SHOW(pivot("new", "new/old"));
	ask_other(to[1], from[0]);
	SHOW(access("/mark", F_OK));
	SHOW(access("/old/proc", F_OK));
	SHOW(access("mark", F_OK)); /* the working directory is no root: it stays */
	SHOW(access("new", F_OK));
	SHOW(chdir("/old"));
	SHOW(access("proc", F_OK));
	SHOW(access("../mark", F_OK));
	SHOW(chdir("/inner"));
	printf("in %s\n", getcwd(back, sizeof(back)));
	snprintf(back, sizeof(back), "/old%s/new", here);
	SHOW(pivot("/old", back));
	ask_other(to[1], from[0]);
	waitpid(other, NULL, 0);
	SHOW(access("/mark", F_OK));
	SHOW(access("/proc", F_OK));
	SHOW(chdir(here));
	SHOW(access("new/mark", F_OK));
	SHOW(umount2("new", MNT_DETACH));
	SHOW(access("new/mark", F_OK));
	return 0;
}
