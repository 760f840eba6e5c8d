/* SPDX-License-Identifier: BSD-3-Clause */
/* What flags of mounts do: devices, links, times of access, what statfs(2) tells; and mounts that are refused. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "show.h"

#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif

enum { SHOWN = ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC | ST_NOATIME | ST_NODIRATIME | ST_RELATIME | 8192 /* ST_NOSYMFOLLOW */ };

static void flags(const char *what)
{
	struct statfs s;

	statfs("f", &s);
	printf("%s: flags %lx\n", what, (unsigned long)s.f_flags & SHOWN);
}

static void mounted(const char *what, unsigned long with)
{
	SHOW(mount("none", "f", "tmpfs", with, NULL));
	flags(what);
}

static void devices(void)
{
	printf("== devices\n");
	mounted("nodev", MS_NODEV);
	SHOW(mknod("f/null", S_IFCHR | 0666, makedev(1, 3)));
	SHOW(open("f/null", O_RDONLY));
	SHOW(close(open("f/null", O_PATH)));
	SHOW(umount("f"));
}

static void links(void)
{
	char text[8];

	printf("== links\n");
	mounted("nosymfollow", MS_NOSYMFOLLOW);
	mkdir("f/d", 0755);
	symlink("d", "f/link");
	SHOW(chdir("f/link"));
	SHOW(open("f/link", O_RDONLY));
	SHOW(readlink("f/link", text, sizeof(text)));
	SHOW(chdir("f/d"));
	SHOW(chdir("../.."));
	SHOW(umount("f"));
}

static long old_times(const char *name)
{
	return utimensat(AT_FDCWD, name, (struct timespec[2]){{1000, 0}, {900, 0}}, 0);
}

static int is_touched(const char *name)
{
	struct stat st;

	stat(name, &st);
	return st.st_atime != 1000;
}

/* Whether reading a file, reading at its end, and listing a folder move the time of access. */
static void times(const char *what, unsigned long with)
{
	char buf[4];
	DIR *d;
	int fd;

	mounted(what, with);
	mkdir("f/d", 0755);
	fd = open("f/file", O_RDWR | O_CREAT, 0644);
	write(fd, "x", 1);
	old_times("f/file");
	read(fd, buf, sizeof(buf));
	printf("at the end: %d\n", is_touched("f/file"));
	old_times("f/file");
	pread(fd, buf, sizeof(buf), 0);
	printf("read: %d\n", is_touched("f/file"));
	old_times("f/d");
	d = opendir("f/d");
	readdir(d);
	closedir(d);
	printf("listed: %d\n", is_touched("f/d"));
	close(fd);
	SHOW(umount("f"));
}

static void refused(void)
{
	int fd;

	printf("== refused\n");
	SHOW(mount("/dev/null", "f", "ext4", 0, NULL));
	SHOW(mount(NULL, "f", "ext4", 0, NULL));
	mounted("plain", 0);
	fd = open("f/file", O_RDWR | O_CREAT, 0644);
	SHOW(mount("none", "f", NULL, MS_REMOUNT | MS_RDONLY, NULL));
	flags("not remounted");
	close(fd);
	SHOW(mount("none", "f", NULL, MS_REMOUNT | MS_RDONLY, NULL));
	flags("remounted");
	SHOW(umount2("f", MNT_EXPIRE | MNT_FORCE));
	SHOW(umount2("f", MNT_EXPIRE | MNT_DETACH));
	SHOW(umount2("f", MNT_EXPIRE));
	SHOW(access("f/file", F_OK));
	SHOW(umount2("f", MNT_EXPIRE));
	SHOW(umount2("f", MNT_EXPIRE));
	SHOW(umount2("f", MNT_EXPIRE));
}

int main(void)
{
	SHOW(mkdir("f", 0755));
	devices();
	links();
	printf("== times\n");
	times("relatime", 0);
	times("noatime", MS_NOATIME);
	times("nodiratime", MS_NODIRATIME);
	times("strictatime", MS_STRICTATIME);
	refused();
	SHOW(rmdir("f"));
	return 0;
}
