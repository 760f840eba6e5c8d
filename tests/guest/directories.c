/* SPDX-License-Identifier: BSD-3-Clause */
/* Directories and paths: mkdir, rmdir, readdir, links, "..", symbolic links, openat, getcwd, openat2's RESOLVE_*. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <grp.h>
#include <sys/wait.h>
#include "show.h"

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list(const char *path)
{
	char *names[3000];
	int count = 0;
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)) && count < 3000)
		names[count++] = strdup(entry->d_name);
	closedir(dir);
	qsort(names, (size_t)count, sizeof(*names), compare);
	printf("%s: %d:", path, count);
	for (int i = 0; i < count && i < 12; i++)
		printf(" %s", names[i]);
	printf("\n");
}

/* A set-group-ID program is made by members of the group alone. */
static void group_of_the_directory(void)
{
	struct stat st;

	mkdir("g", 0755);
	SHOW(chown("g", 1000, 2000));
	SHOW(chmod("g", 02777));
	fflush(stdout);
	if (!fork()) {
		SHOW(chdir("g"));
		SHOW(setgid(1000));
		SHOW(setgroups(0, NULL));
		SHOW(setuid(1000));
		umask(0);
		close(open("program", O_CREAT | O_WRONLY, 02775));
		close(open("locked", O_CREAT | O_WRONLY, 02765));
		stat("program", &st);
		printf("program %o of %u\n", st.st_mode, st.st_gid);
		stat("locked", &st);
		printf("locked %o of %u\n", st.st_mode, st.st_gid);
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
	unlink("g/program");
	unlink("g/locked");
	rmdir("g");
}

static void making(void)
{
	struct stat st;

	SHOW(mkdir("d", 0777));
	SHOW(mkdir("d", 0777));
	SHOW(mkdir("d/", 0777));
	SHOW(mkdir("d/e/", 0750));
	SHOW(mkdir("absent/e", 0750));
	SHOW(mkdir(".", 0777));
	SHOW(mkdir("/", 0777));
	stat("d", &st);
	printf("d: mode %o links %d\n", st.st_mode, (int)st.st_nlink);
	SHOW(rmdir("d"));
	SHOW(rmdir("d/."));
	SHOW(rmdir("d/e/.."));
	SHOW(rmdir("absent"));
	SHOW(unlink("d"));
	SHOW(mknod("file", S_IFREG | 0600, 0));
	SHOW(mknod("null", S_IFCHR | 0666, makedev(1, 3)));
	SHOW(mkfifo("fifo", 0644));
	SHOW(mknod("dir", S_IFDIR | 0600, 0));
	SHOW(rmdir("file"));
	SHOW(unlink("file/"));
	SHOW(unlink("."));
	SHOW(write(open("null", O_WRONLY), "x", 1));
	stat("null", &st);
	printf("null: %o %d:%d\n", st.st_mode, major(st.st_rdev), minor(st.st_rdev));
	list(".");
	group_of_the_directory();
	SHOW(chmod("d", 02755));
	SHOW(mkdir("d/inherits", 0755));
	stat("d/inherits", &st);
	printf("inherits: %o\n", st.st_mode);
	SHOW(rmdir("d/inherits"));
	SHOW(rmdir("d/e"));
	SHOW(rmdir("d"));
	unlink("file");
	unlink("null");
	unlink("fifo");
}

static void links(void)
{
	char text[100];
	struct stat st;
	int fd;

	SHOW_OK(fd = open("target", O_CREAT | O_WRONLY, 0644));
	SHOW(write(fd, "12345", 5));
	close(fd);
	SHOW(symlink("target", "link"));
	SHOW(symlink("target", "link"));
	SHOW(symlink("", "empty"));
	SHOW(readlink("link", text, 100));
	SHOW(readlink("link", text, 3));
	SHOW(readlink("target", text, 3));
	SHOW(readlink("absent", text, 3));
	SHOW(lstat("link", &st));
	printf("link: %o size %ld\n", st.st_mode, (long)st.st_size);
	SHOW(stat("link", &st));
	printf("target: %o size %ld\n", st.st_mode, (long)st.st_size);
	SHOW(open("link", O_NOFOLLOW | O_RDONLY));
	SHOW(open("link/", O_RDONLY));
	SHOW(symlink("loop2", "loop1"));
	SHOW(symlink("loop1", "loop2"));
	SHOW(open("loop1", O_RDONLY));
	SHOW(open("loop1", O_RDWR | O_CREAT, 0644));
	SHOW(symlink("made-by-link", "dangling"));
	SHOW(stat("dangling", &st));
	SHOW(open("dangling", O_CREAT | O_EXCL | O_WRONLY, 0644));
	SHOW(mkdir("dangling", 0755));
	SHOW_OK(open("dangling", O_CREAT | O_WRONLY, 0644));
	SHOW(stat("made-by-link", &st));
	SHOW(link("target", "hard"));
	SHOW(link("target", "hard"));
	SHOW(link("absent", "hard2"));
	SHOW(link(".", "hard2"));
	SHOW(link("link", "hardlink"));
	SHOW(lstat("hardlink", &st));
	printf("hardlink: %o\n", st.st_mode & S_IFMT);
	SHOW(linkat(AT_FDCWD, "link", AT_FDCWD, "followed", AT_SYMLINK_FOLLOW));
	SHOW(stat("target", &st));
	printf("links %d\n", (int)st.st_nlink);
	SHOW(mkdir("sub", 0755));
	SHOW(symlink("../target", "sub/up"));
	SHOW(stat("sub/up", &st));
	SHOW(symlink("sub", "subl"));
	SHOW(stat("subl/up", &st));
	SHOW(stat("subl/../target", &st));
	SHOW(stat("target/..", &st));
	SHOW(stat("sub/./../sub/up", &st));
	SHOW(rmdir("subl"));
	SHOW(mkdir("subl/", 0755));
	SHOW(unlink("subl/"));
	SHOW(unlink("subl"));
	for (int i = 0; i < 45; i++) {
		char from[20], to[20];

		snprintf(from, sizeof(from), i ? "chain%d" : "target", i - 1);
		snprintf(to, sizeof(to), "chain%d", i);
		symlink(from, to);
	}
	SHOW(stat("chain39", &st));
	SHOW(stat("chain40", &st));
}

static long openat2_at(int dirfd, const char *path, int flags, unsigned long long resolve)
{
	struct open_how how = {.flags = (unsigned)flags, .resolve = resolve};

	return syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
}

static void at(void)
{
	char text[4096], cwd[4096];
	int dir, file;

	getcwd(cwd, sizeof(cwd));
	SHOW_OK(dir = open("sub", O_RDONLY | O_DIRECTORY));
	SHOW_OK(file = openat(dir, "inside", O_CREAT | O_RDWR, 0644));
	SHOW(openat(file, "x", O_RDONLY));
	SHOW(openat(-5, "x", O_RDONLY));
	SHOW_OK(openat(-5, "/", O_RDONLY));
	SHOW(faccessat(dir, "inside", R_OK, 0));
	SHOW(mkdirat(dir, "deep", 0755));
	SHOW(unlinkat(dir, "deep", 0));
	SHOW(unlinkat(dir, "deep", AT_REMOVEDIR));
	SHOW(symlinkat("inside", dir, "l"));
	SHOW(readlinkat(dir, "l", text, sizeof(text)));
	SHOW_OK(openat2_at(dir, "inside", O_RDONLY, 0));
	SHOW(openat2_at(dir, "../target", O_RDONLY, RESOLVE_BENEATH));
	SHOW(openat2_at(dir, "up", O_RDONLY, RESOLVE_BENEATH));
	SHOW(openat2_at(dir, "/etc", O_RDONLY, RESOLVE_BENEATH));
	SHOW_OK(openat2_at(dir, "l", O_RDONLY, RESOLVE_BENEATH));
	SHOW(openat2_at(dir, "l", O_RDONLY, RESOLVE_NO_SYMLINKS));
	SHOW_OK(openat2_at(dir, "/inside", O_RDONLY, RESOLVE_IN_ROOT));
	SHOW_OK(openat2_at(dir, "../../inside", O_RDONLY, RESOLVE_IN_ROOT));
	SHOW(openat2_at(dir, "/target", O_RDONLY, RESOLVE_IN_ROOT));
	SHOW(openat2_at(dir, "/proc/version", O_RDWR | O_CREAT, RESOLVE_IN_ROOT));
	SHOW_OK(openat2_at(dir, "/made", O_RDWR | O_CREAT | O_EXCL, RESOLVE_IN_ROOT));
	SHOW(unlinkat(dir, "made", 0));
	SHOW(openat2_at(dir, "../made", O_RDWR | O_CREAT, RESOLVE_BENEATH));
	SHOW(openat2_at(AT_FDCWD, "/proc/self", O_RDONLY, RESOLVE_NO_XDEV));
	SHOW(openat2_at(AT_FDCWD, "/proc/self/exe", O_RDONLY, RESOLVE_NO_MAGICLINKS));
	SHOW(openat2_at(dir, "inside", O_RDONLY, 1 << 20));
	SHOW(chdir("sub"));
	getcwd(text, sizeof(text));
	printf("%s\n", text + strlen(cwd));
	SHOW(chdir("absent"));
	SHOW(chdir("inside"));
	SHOW(fchdir(file));
	SHOW(chdir(".."));
	SHOW(fchdir(dir));
	SHOW(syscall(SYS_getcwd, text, 2));
	SHOW(mkdir("gone", 0755));
	SHOW(chdir("gone"));
	SHOW(rmdir("../gone"));
	SHOW(syscall(SYS_getcwd, text, sizeof(text)));
	SHOW(open("new", O_CREAT | O_RDWR, 0644));
	SHOW(mkdir("new", 0755));
	SHOW(open(".", O_RDONLY) >= 0);
	SHOW(chdir(cwd));
	memset(text, 'a', 300);
	text[300] = 0;
	SHOW(open(text, O_RDONLY));
	SHOW(mkdir(text, 0755));
	memset(text, '/', 4095);
	text[4095] = 0;
	SHOW_OK(open(text, O_RDONLY));
	SHOW(open((char *)1, O_RDONLY));
}

static void reading(void)
{
	char buffer[200], name[50];
	DIR *dir;
	struct dirent *entry;
	int seen = 0, fd;

	mkdir("many", 0755);
	for (int i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "many/file-number-%d", i);
		close(open(name, O_CREAT | O_WRONLY, 0644));
	}
	list("many");
	/* Removing while reading: each is seen once. */
	dir = opendir("many");
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		seen++;
		snprintf(name, sizeof(name), "many/%s", entry->d_name);
		unlink(name);
	}
	closedir(dir);
	printf("seen %d\n", seen);
	list("many");
	SHOW(rmdir("many"));
	fd = open(".", O_RDONLY | O_DIRECTORY);
	SHOW(syscall(SYS_getdents64, fd, buffer, 10));
	SHOW(read(fd, buffer, 10));
	SHOW(write(fd, buffer, 10));
	SHOW(lseek(fd, 0, SEEK_SET));
	SHOW(syscall(SYS_getdents64, open("target", O_RDONLY), buffer, 200));
	SHOW(ftruncate(fd, 0));
}

int main(void)
{
	umask(022);
	making();
	links();
	at();
	reading();
	return 0;
}
