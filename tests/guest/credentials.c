/* SPDX-License-Identifier: BSD-3-Clause */
/* User and group ids, groups, capabilities, kill's permission, no_new_privs, set-user-id programs. Runs as root. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void show(const char *what, long ret)
{
	printf("%s: %ld %s\n", what, ret, ret < 0 ? strerrorname_np(errno) : "");
}

static void ids(const char *what)
{
	uid_t r, e, s;
	gid_t gr, ge, gs;

	getresuid(&r, &e, &s);
	getresgid(&gr, &ge, &gs);
	printf("%s: uid %u %u %u gid %u %u %u\n", what, r, e, s, gr, ge, gs);
}

static void capabilities(const char *what)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	memset(data, 0, sizeof(data));
	syscall(SYS_capget, &header, data);
	printf("%s: effective %d permitted %d\n", what, data[0].effective != 0, data[0].permitted != 0);
}

/* Each in a process of its own. */
static void apart(void (*function)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		function();
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (status)
		printf("status %#x\n", status);
}

static void drop_all(void)
{
	show("setgid", setgid(100));
	show("setuid", setuid(1000));
	ids("dropped");
	capabilities("dropped");
	show("setuid back", setuid(0));
	show("setgid back", setgid(0));
	show("setresuid other", setresuid(1, 2, 3));
	show("setuid to itself", setuid(1000));
	show("kill init", kill(1, 0));
	show("setgroups", setgroups(0, NULL));
}

static void drop_effective(void)
{
	show("seteuid", seteuid(1000));
	ids("effective");
	capabilities("effective");
	show("open", open("/etc/shadow_of_nobody", O_RDONLY));
	show("seteuid back", seteuid(0));
	capabilities("back");
	show("setresuid", setresuid(1, 2, 3));
	ids("three");
	show("swap", setreuid(2, 1));
	ids("swapped");
	show("setresuid to one of them", setresuid((uid_t)-1, 1, (uid_t)-1));
	printf("setfsuid %d %d\n", setfsuid(1), setfsuid((uid_t)-1));
}

static void groups(void)
{
	gid_t list[4] = {5, 6, 7, 8}, got[8];

	show("setgroups", setgroups(4, list));
	show("getgroups", getgroups(8, got));
	printf("groups %u %u %u %u\n", got[0], got[1], got[2], got[3]);
	show("too small", getgroups(2, got));
	show("count", getgroups(0, NULL));
	show("negative", syscall(SYS_getgroups, -1, NULL));
}

static void kept(void)
{
	show("keep", prctl(PR_SET_KEEPCAPS, 1));
	show("setuid", setuid(1000));
	capabilities("kept");
	show("keepcaps", prctl(PR_GET_KEEPCAPS));
}

static void signals(void)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		show("setuid", setuid(1000));
		show("kill root's", kill(getppid(), SIGTERM));
		show("kill all", kill(-1, 0) == 0 || errno == ESRCH || errno == EPERM ? 0 : -1);
		_exit(0);
	}
	waitpid(pid, &status, 0);
}

static void program(const char *what)
{
	char path[] = "/tmp/credentials_setuid", text[] = "ids";
	int status;
	pid_t pid = fork();

	if (!pid) {
		execl(path, path, text, NULL);
		printf("%s: %s\n", what, strerrorname_np(errno));
		_exit(1);
	}
	waitpid(pid, &status, 0);
}

static void set_user_id(void)
{
	static char buffer[65536];
	int from = open("/proc/self/exe", O_RDONLY), to = open("/tmp/credentials_setuid", O_WRONLY | O_CREAT | O_TRUNC, 0755);
	ssize_t n;

	while ((n = read(from, buffer, sizeof(buffer))) > 0) {
		if (write(to, buffer, (size_t)n) != n)
			_exit(1);
	}
	if (fchown(to, 2000, 3000) || fchmod(to, 06755))
		_exit(1);
	close(to);
	close(from);
	program("as root");
	if (setgid(100) || setuid(1000))
		_exit(1);
	program("as a user");
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	program("no new privileges");
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc > 1) {
		ids("program");
		printf("secure %lu\n", getauxval(AT_SECURE));
		return 0;
	}
	setgroups(0, NULL);
	ids("at the start");
	apart(drop_all);
	apart(drop_effective);
	apart(groups);
	apart(kept);
	apart(signals);
	apart(set_user_id);
	unlink("/tmp/credentials_setuid");
	printf("no new privileges: %d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	show("bad prctl", prctl(12345));
	return 0;
}
