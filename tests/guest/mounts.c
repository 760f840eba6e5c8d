/* SPDX-License-Identifier: BSD-3-Clause */
/* mount(2), umount2(2): tmpfs with limits, bind mounts, read-only ones, busy ones, chroot. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "show.h"

static char buffer[65536];

static void make(const char *name, const char *text)
{
	int fd = open(name, O_CREAT | O_WRONLY | O_TRUNC, 0644);

	write(fd, text, strlen(text));
	close(fd);
}

static void show(const char *name)
{
	char text[50] = "";
	int fd = open(name, O_RDONLY);

	if (fd < 0)
		printf("%s: %s\n", name, strerrorname_np(errno));
	else
		printf("%s: %ld %s\n", name, (long)read(fd, text, 49), text);
	close(fd);
}

/* How many mounts stand below the test's folder. */
static void count(void)
{
	FILE *f = fopen("/proc/self/mounts", "r");
	char line[1000];
	int n = 0;

	while (fgets(line, sizeof(line), f))
		n += strstr(line, "/mounts.d/") != NULL;
	fclose(f);
	printf("mounts %d\n", n);
}

static void memory(void)
{
	struct statfs fs;
	struct stat a, b;
	int fd;

	SHOW(mkdir("m", 0755));
	make("m/hidden", "below");
	SHOW(mount("none", "m", "tmpfs", 0, "size=1m,mode=711"));
	count();
	show("m/hidden");
	stat("m", &a);
	stat(".", &b);
	printf("mode %o other device %d\n", a.st_mode, a.st_dev != b.st_dev);
	stat("m/..", &a);
	printf("same parent %d\n", a.st_ino == b.st_ino && a.st_dev == b.st_dev);
	statfs("m", &fs);
	printf("%lx %ld\n", (long)fs.f_type, (long)(fs.f_blocks * (unsigned long)fs.f_bsize));
	SHOW_OK(fd = open("m/big", O_CREAT | O_RDWR, 0644));
	long total = 0, n;
	/* Where nothing could be mounted, this is a disk of somebody's. */
	while (total < 4 << 20 && (n = write(fd, buffer, sizeof(buffer))) > 0)
		total += n;
	printf("wrote %ld then %s\n", total, strerrorname_np(errno));
	SHOW(ftruncate(fd, 0));
	SHOW(write(fd, buffer, sizeof(buffer)));
	SHOW(umount("m"));
	close(fd);
	SHOW(chdir("m"));
	SHOW(umount2("../m", 0));
	SHOW(chdir(".."));
	SHOW(link("m/big", "big"));
	SHOW(rename("m/big", "big"));
	SHOW(rename("m", "moved"));
	SHOW(rmdir("m"));
	SHOW(mount("none", "m", "tmpfs", MS_REMOUNT | MS_RDONLY, NULL));
	SHOW(open("m/new", O_CREAT | O_RDWR, 0644));
	SHOW(open("m/big", O_RDWR));
	SHOW_OK(open("m/big", O_RDONLY));
	SHOW(mkdir("m/d", 0755));
	SHOW(unlink("m/big"));
	SHOW(chmod("m/big", 0600));
	SHOW(access("m/big", W_OK));
	SHOW(umount("m"));
	SHOW(umount2("m", MNT_DETACH));
	show("m/hidden");
	SHOW(umount("m"));
	count();
}

static void binds(void)
{
	SHOW(mkdir("from", 0755));
	SHOW(mkdir("from/sub", 0755));
	SHOW(mkdir("to", 0755));
	make("from/file", "bound");
	make("from/sub/file", "in sub");
	make("target", "");
	SHOW(mount("from", "to", NULL, MS_BIND, NULL));
	show("to/file");
	make("to/new", "through");
	show("from/new");
	SHOW(mount("from", "to", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	SHOW(open("to/file", O_RDWR));
	SHOW_OK(open("from/file", O_RDWR));
	SHOW(rename("to/file", "from/file2"));
	SHOW(mount("from/file", "target", NULL, MS_BIND, NULL));
	show("target");
	SHOW(unlink("target"));
	SHOW(mount("from", "target", NULL, MS_BIND, NULL));
	SHOW(mount("absent", "to", NULL, MS_BIND, NULL));
	SHOW(umount("target"));
	show("target");
	SHOW(mount("from/sub", "to/sub", NULL, MS_BIND, NULL));
	count();
	SHOW(umount("to"));
	SHOW(umount("to/sub"));
	SHOW(umount("to"));
	count();
	SHOW(mount("none", "absent", "tmpfs", 0, NULL));
	SHOW(mount("none", "target", "tmpfs", 0, NULL));
	SHOW(mount("none", "to", "nonsense", 0, NULL));
	SHOW(umount("target"));
}

/* Without the right to search it nobody asks for privileges; what lies outside has no path. */
static void outside(void)
{
	char text[200];

	SHOW(mkdir("closed", 0700));
	fflush(stdout);
	if (!fork()) {
		SHOW(chdir("jail/etc"));
		SHOW(chroot("../../closed"));
		SHOW(getcwd(text, sizeof(text)) != NULL);
		SHOW(syscall(SYS_getcwd, text, sizeof(text)) > 0);
		printf("%.13s\n", text);
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
	if (!fork()) {
		SHOW(setuid(1000));
		SHOW(chroot("closed"));
		SHOW(chroot("jail"));
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
	SHOW(rmdir("closed"));
}

static void roots(void)
{
	struct stat here, there;
	char text[100];

	SHOW(mkdir("jail", 0755));
	SHOW(mkdir("jail/etc", 0755));
	make("jail/etc/name", "inside");
	SHOW(symlink("/etc/name", "jail/link"));
	fflush(stdout);
	if (!fork()) {
		SHOW(chroot("jail"));
		SHOW(chdir("/"));
		show("/etc/name");
		show("link");
		show("../../etc/name");
		stat("/", &here);
		stat("..", &there);
		printf("same %d\n", here.st_ino == there.st_ino);
		printf("%s\n", getcwd(text, sizeof(text)));
		SHOW(chroot("etc/name"));
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
	show("link");
}

int main(void)
{
	unshare(CLONE_NEWNS);
	mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
	umask(022);
	mkdir("mounts.d", 0755);
	chdir("mounts.d");
	memory();
	binds();
	roots();
	outside();
	return 0;
}
