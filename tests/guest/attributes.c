/* SPDX-License-Identifier: BSD-3-Clause */
/* Modes, owners, times, permission checks as another user, extended attributes, statx, access. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>
#include "show.h"

static struct stat st;

static void show(const char *name)
{
	if (lstat(name, &st))
		printf("%s: %s\n", name, strerrorname_np(errno));
	else
		printf("%s: %o %d:%d\n", name, st.st_mode, (int)st.st_uid, (int)st.st_gid);
}

static void modes(void)
{
	int fd = open("m", O_CREAT | O_RDWR, 0666);

	show("m");
	SHOW(chmod("m", 0751));
	show("m");
	SHOW(fchmod(fd, 06755));
	show("m");
	SHOW(chown("m", 1000, -1));
	show("m");
	SHOW(chmod("m", 02644));
	SHOW(fchown(fd, -1, 1001));
	show("m");
	SHOW(symlink("m", "ml"));
	SHOW(lchown("ml", 7, 8));
	show("ml");
	SHOW(chown("ml", 9, 9));
	show("m");
	SHOW(fchmodat(AT_FDCWD, "ml", 0600, AT_SYMLINK_NOFOLLOW));
	SHOW(fchownat(AT_FDCWD, "m", 0, 0, 0x10000));
	SHOW(chmod("absent", 0));
	umask(077);
	close(open("masked", O_CREAT | O_RDWR, 0777));
	show("masked");
	umask(022);
}

static void times(void)
{
	struct timespec t[2] = {{1000, 5}, {2000, 6}};
	struct timeval v[2] = {{3, 4}, {5, 6}};

	SHOW(utimensat(AT_FDCWD, "m", t, 0));
	stat("m", &st);
	printf("%ld.%ld %ld.%ld\n", (long)st.st_atim.tv_sec, st.st_atim.tv_nsec, (long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	t[0].tv_nsec = UTIME_OMIT;
	t[1].tv_sec = 5000;
	SHOW(utimensat(AT_FDCWD, "m", t, 0));
	stat("m", &st);
	printf("%ld %ld\n", (long)st.st_atim.tv_sec, (long)st.st_mtim.tv_sec);
	t[0].tv_nsec = UTIME_NOW;
	SHOW(utimensat(AT_FDCWD, "m", t, 0));
	stat("m", &st);
	printf("%d %ld\n", st.st_atim.tv_sec > 1700000000, (long)st.st_mtim.tv_sec);
	t[0].tv_nsec = 1000000000;
	SHOW(utimensat(AT_FDCWD, "m", t, 0));
	SHOW(utimes("m", v));
	stat("m", &st);
	printf("%ld.%ld %ld\n", (long)st.st_atim.tv_sec, st.st_atim.tv_nsec, (long)st.st_mtim.tv_sec);
	int fd = open("m", O_RDWR);
	SHOW(futimens(fd, NULL));
	fstat(fd, &st);
	printf("%d\n", st.st_mtim.tv_sec > 1700000000);
	utimes("m", v);
	write(fd, "x", 1);
	fstat(fd, &st);
	printf("write: atime %ld mtime new %d\n", (long)st.st_atim.tv_sec, st.st_mtim.tv_sec > 1700000000);
	pread(fd, v, 1, 0);
	fstat(fd, &st);
	printf("read: atime new %d\n", st.st_atim.tv_sec > 1700000000);
	SHOW(utimensat(AT_FDCWD, "absent", NULL, 0));
}

static void as_user(void)
{
	mkdir("closed", 0700);
	close(open("closed/in", O_CREAT | O_RDWR, 0666));
	mkdir("sticky", 01777);
	chmod("sticky", 01777);
	close(open("sticky/roots", O_CREAT | O_RDWR, 0666));
	mkdir("open", 0777);
	chmod("open", 0777);
	close(open("secret", O_CREAT | O_RDWR, 0600));
	close(open("group", O_CREAT | O_RDWR, 0640));
	chown("group", 0, 555);
	close(open("readable", O_CREAT | O_RDWR, 0644));
	fflush(stdout);
	if (!fork()) {
		gid_t groups[] = {555};

		setgroups(1, groups);
		setgid(1000);
		setuid(1000);
		SHOW(open("secret", O_RDONLY));
		SHOW_OK(open("group", O_RDONLY));
		SHOW(open("group", O_RDWR));
		SHOW_OK(open("readable", O_RDONLY));
		SHOW(open("readable", O_WRONLY));
		SHOW(open("readable", O_RDONLY | O_TRUNC));
		SHOW(open("new", O_CREAT | O_RDWR, 0644));
		SHOW(open("closed/in", O_RDONLY));
		SHOW(stat("closed/in", &st));
		SHOW(open("closed", O_RDONLY));
		SHOW(chdir("closed"));
		SHOW(unlink("readable"));
		SHOW(unlink("sticky/roots"));
		SHOW_OK(open("sticky/mine", O_CREAT | O_RDWR, 0644));
		SHOW(rename("sticky/mine", "sticky/roots"));
		SHOW(unlink("sticky/mine"));
		SHOW(chmod("readable", 0777));
		SHOW(chown("readable", 1000, 1000));
		SHOW(utimensat(AT_FDCWD, "readable", NULL, 0));
		SHOW(mkdir("open/mine", 0755));
		show("open/mine");
		SHOW(chown("open/mine", 1000, 555));
		SHOW(chown("open/mine", 1000, 556));
		SHOW(chown("open/mine", 0, -1));
		SHOW(chmod("open/mine", 0700));
		SHOW(access("secret", R_OK));
		SHOW(access("secret", F_OK));
		SHOW(access("group", R_OK));
		SHOW(access("group", W_OK));
		SHOW(access("closed/in", F_OK));
		SHOW(mknod("open/dev", S_IFCHR | 0600, 0x103));
		SHOW(mknod("open/fifo", S_IFIFO | 0600, 0));
		SHOW(chroot("open"));
		SHOW(mount("none", "open", "tmpfs", 0, NULL));
		SHOW(link("secret", "open/link") == 0);
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
	SHOW(access("secret", X_OK));
	SHOW(access("secret", R_OK | W_OK));
	SHOW(access("secret", 99));
	SHOW(access("closed", X_OK));
	SHOW(faccessat(AT_FDCWD, "ml", F_OK, AT_SYMLINK_NOFOLLOW));
}

static void extended(const char *path)
{
	char value[100];
	long n;
	int fd = open(path, O_CREAT | O_RDWR, 0644);

	if (fd < 0) {
		printf("cannot create there\n");
		return;
	}
	SHOW(setxattr(path, "user.one", "1234", 4, 0));
	SHOW(setxattr(path, "user.one", "12345", 5, XATTR_CREATE));
	SHOW(setxattr(path, "user.one", "12345", 5, XATTR_REPLACE));
	SHOW(setxattr(path, "user.two", "2", 1, XATTR_REPLACE));
	SHOW(fsetxattr(fd, "user.two", "", 0, 0));
	SHOW(getxattr(path, "user.one", value, 100));
	SHOW(getxattr(path, "user.one", value, 2));
	SHOW(getxattr(path, "user.one", NULL, 0));
	SHOW(fgetxattr(fd, "user.two", value, 100));
	SHOW(getxattr(path, "user.three", value, 100));
	SHOW(getxattr(path, "nonsense", value, 100));
	SHOW(setxattr(path, "nonsense.x", "x", 1, 0));
	n = listxattr(path, value, 100);
	printf("list %ld %d\n", n, n > 0 && memmem(value, (size_t)n, "user.one", 9) && memmem(value, (size_t)n, "user.two", 9));
	SHOW(listxattr(path, value, 3));
	SHOW(removexattr(path, "user.one"));
	SHOW(removexattr(path, "user.one"));
	SHOW(flistxattr(fd, value, 100));
	close(fd);
	unlink(path);
}

static void statistics(void)
{
	struct statx x;
	struct statfs fs;
	int p[2];

	SHOW(statx(AT_FDCWD, "m", 0, STATX_BASIC_STATS, &x));
	stat("m", &st);
	printf("%d %d %d %o\n", x.stx_size == (unsigned long)st.st_size, x.stx_ino == st.st_ino, (x.stx_mask & STATX_BASIC_STATS) == STATX_BASIC_STATS, x.stx_mode);
	SHOW(statx(AT_FDCWD, "ml", AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &x));
	printf("%o\n", x.stx_mode);
	SHOW(statx(AT_FDCWD, "absent", 0, STATX_BASIC_STATS, &x));
	SHOW(statx(AT_FDCWD, "", 0, STATX_BASIC_STATS, &x));
	SHOW(statx(AT_FDCWD, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &x));
	printf("%o\n", x.stx_mode & S_IFMT);
	pipe(p);
	SHOW(statx(p[0], "", AT_EMPTY_PATH, STATX_BASIC_STATS, &x));
	printf("%o\n", x.stx_mode);
	SHOW(fstatat(p[0], "", &st, AT_EMPTY_PATH));
	printf("%o\n", st.st_mode);
	SHOW(fstatat(AT_FDCWD, "m", &st, 1));
	SHOW(statfs(".", &fs));
	printf("%d %d\n", fs.f_bsize > 0, fs.f_namelen == 255);
	SHOW(statfs("/proc", &fs));
	printf("%lx\n", (long)fs.f_type);
	SHOW(statfs("absent", &fs));
	SHOW(stat("/dev/null", &st));
	printf("%o %lx\n", st.st_mode, (long)st.st_rdev);
}

int main(void)
{
	umask(022);
	mkdir("attributes.d", 0755);
	chdir("attributes.d");
	modes();
	times();
	as_user();
	extended("/dev/shm/attributes");
	statistics();
	return 0;
}
