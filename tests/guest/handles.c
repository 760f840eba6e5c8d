/* SPDX-License-Identifier: BSD-3-Clause */
/* File handles: name_to_handle_at(2), open_by_handle_at(2). */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include "show.h"

struct handle {
	struct file_handle head;
	unsigned char bytes[128];
};

static int take(const char *path, struct handle *h, int flags)
{
	int mount, ret;

	memset(h, 0, sizeof(*h));
	h->head.handle_bytes = 128;
	ret = name_to_handle_at(AT_FDCWD, path, &h->head, &mount, flags);
	return ret;
}

/* What is opened by it: the same file? */
static void tell(const char *what, struct handle *h, int flags, const char *path)
{
	struct stat a, b;
	char text[100];
	int fd = open_by_handle_at(AT_FDCWD, &h->head, flags);

	if (fd < 0) {
		printf("%s: %s\n", what, strerrorname_np(errno));
		return;
	}
	fstat(fd, &a);
	if (path)
		lstat(path, &b);
	printf("%s: %s", what, path && a.st_ino == b.st_ino && a.st_dev == b.st_dev ? "the same" : "opened");
	if (S_ISREG(a.st_mode)) {
		ssize_t n = read(fd, text, sizeof(text) - 1);

		printf(", reads %s", n < 0 ? strerrorname_np(errno) : (text[n] = '\0', text));
	}
	printf("\n");
	close(fd);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644);

	if (write(fd, text, strlen(text)) < 0)
		perror(path);
	close(fd);
}

static void test_here(const char *where)
{
	struct handle file, folder, link, again, inner;
	char cwd[4096], old[4096];
	int fd;

	printf("-- %s\n", where);
	if (!getcwd(old, sizeof(old)) || chdir(where))
		perror(where);
	write_file("file", "content");
	mkdir("folder", 0755);
	mkdir("folder/inner", 0755);
	write_file("folder/inner/deep", "deep");
	symlink("file", "link");
	SHOW(take("file", &file, 0));
	SHOW(take("folder", &folder, 0));
	SHOW(take("folder/inner", &inner, 0));
	SHOW(take("link", &link, 0));
	SHOW(take("link", &again, AT_SYMLINK_FOLLOW));
	SHOW(!memcmp(&file, &again, sizeof(file)));
	SHOW(!memcmp(&file, &link, sizeof(file)));
	SHOW(take("none", &again, 0));
	tell("file", &file, O_RDONLY, "file");
	tell("to write", &file, O_WRONLY, "file");
	tell("folder", &folder, O_RDONLY | O_DIRECTORY, "folder");
	tell("folder to write", &folder, O_RDWR, "folder");
	tell("file as a folder", &file, O_RDONLY | O_DIRECTORY, NULL);
	tell("link", &link, O_RDONLY, NULL);
	tell("link as a place", &link, O_PATH | O_NOFOLLOW, "link");
	SHOW(rename("file", "folder/moved"));
	tell("moved", &file, O_RDONLY, "folder/moved");
	fd = open_by_handle_at(AT_FDCWD, &inner.head, O_RDONLY);
	SHOW(fchdir(fd));
	printf("in %s\n", getcwd(cwd, sizeof(cwd)) ? strrchr(cwd, '/') : "?");
	SHOW(access("deep", F_OK));
	SHOW(access("../moved", F_OK));
	close(fd);
	if (chdir(old) || chdir(where))
		perror(where);
	SHOW(unlink("folder/moved"));
	tell("gone", &file, O_RDONLY, NULL);
	SHOW(unlink("folder/inner/deep"));
	SHOW(rmdir("folder/inner"));
	tell("folder gone", &inner, O_RDONLY, NULL);
	SHOW(rmdir("folder"));
	unlink("link");
	if (chdir(old))
		perror(old);
}

static void test_errors(void)
{
	struct handle h, bad;
	int mount, file;

	printf("-- errors\n");
	write_file("file", "x");
	file = open("file", O_RDONLY);
	memset(&h, 0, sizeof(h));
	SHOW(name_to_handle_at(AT_FDCWD, "file", &h.head, &mount, 0));
	SHOW(h.head.handle_bytes > 0);
	h.head.handle_bytes = 129;
	SHOW(name_to_handle_at(AT_FDCWD, "file", &h.head, &mount, 0));
	h.head.handle_bytes = 128;
	SHOW(name_to_handle_at(AT_FDCWD, "file", &h.head, &mount, 0x10));
	SHOW(name_to_handle_at(AT_FDCWD, "", &h.head, &mount, 0));
	SHOW(name_to_handle_at(file, "", &h.head, &mount, AT_EMPTY_PATH));
	SHOW(name_to_handle_at(-1, "file", &h.head, &mount, 0));
	SHOW(name_to_handle_at(AT_FDCWD, "file", NULL, &mount, 0));
	h.head.handle_bytes = 128;
	SHOW(name_to_handle_at(AT_FDCWD, "file", &h.head, NULL, 0));
	SHOW(take("/proc/self/status", &bad, 0));
	SHOW(take("file", &h, 0));
	SHOW(open_by_handle_at(-1, &h.head, O_RDONLY));
	SHOW(open_by_handle_at(AT_FDCWD, NULL, O_RDONLY));
	bad = h;
	bad.head.handle_bytes = 0;
	SHOW(open_by_handle_at(AT_FDCWD, &bad.head, O_RDONLY));
	bad.head.handle_bytes = 129;
	SHOW(open_by_handle_at(AT_FDCWD, &bad.head, O_RDONLY));
	bad = h;
	bad.head.handle_type = -1;
	SHOW(open_by_handle_at(AT_FDCWD, &bad.head, O_RDONLY));
	bad = h;
	bad.head.handle_bytes = 4;
	SHOW(open_by_handle_at(AT_FDCWD, &bad.head, O_RDONLY));
	bad = h;
	memset(bad.bytes, 0x7f, sizeof(bad.bytes));
	SHOW(open_by_handle_at(AT_FDCWD, &bad.head, O_RDONLY));
	close(file);
	if (seteuid(1))
		perror("seteuid");
	SHOW(open_by_handle_at(AT_FDCWD, &h.head, O_RDONLY));
	if (seteuid(0))
		perror("seteuid");
	unlink("file");
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	umask(022);
	unshare(CLONE_NEWNS);
	mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
	mkdir("disk", 0755);
	mkdir("memory", 0755);
	SHOW(mount("memory", "memory", "tmpfs", 0, NULL));
	test_here("disk");
	test_here("memory");
	test_errors();
	SHOW(umount("memory"));
	return 0;
}
