/* SPDX-License-Identifier: BSD-3-Clause */
/* rename(2), renameat2(2): files, directories, replaced targets, errors; and what open descriptors see. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "show.h"

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
	long n = fd < 0 ? -1 : read(fd, text, 49);

	if (fd < 0)
		printf("%s: %s\n", name, strerrorname_np(errno));
	else
		printf("%s: %ld %s\n", name, n, text);
	close(fd);
}

static void links(const char *name)
{
	struct stat st;

	printf("%s: ", name);
	if (stat(name, &st))
		printf("%s\n", strerrorname_np(errno));
	else
		printf("%o links %d\n", st.st_mode & S_IFMT, (int)st.st_nlink);
}

int main(void)
{
	char text[10];
	int fd;

	umask(022);
	make("a", "first");
	make("b", "second");
	SHOW(rename("a", "c"));
	show("a");
	show("c");
	SHOW_OK(fd = open("b", O_RDONLY));
	SHOW(rename("c", "b"));
	show("b");
	SHOW(read(fd, text, 10));
	SHOW(rename("absent", "x"));
	SHOW(rename("b", "absent/x"));
	SHOW(rename("b", "b"));
	SHOW(rename("b", "newname/"));
	SHOW(mkdir("d", 0755));
	SHOW(mkdir("d/sub", 0755));
	SHOW(mkdir("e", 0755));
	SHOW(mkdir("full", 0755));
	make("full/x", "x");
	links("d");
	SHOW(rename("d/sub", "e/moved"));
	links("d");
	links("e");
	links("e/moved/..");
	SHOW(rename("d", "full"));
	SHOW(rename("full", "d"));
	show("d/x");
	links("full");
	SHOW(rename("d", "b"));
	SHOW(rename("b", "d"));
	SHOW(rename("e", "e/moved/inside"));
	SHOW(rename("e/moved", "e"));
	SHOW(rename(".", "x"));
	SHOW(rename("e/..", "x"));
	SHOW(rename("e", "/"));
	SHOW(rename("b", "e/."));
	SHOW(rename("e/", "f/"));
	links("f");
	SHOW(symlink("b", "l"));
	SHOW(rename("l", "l2"));
	show("l2");
	SHOW(rename("l2", "b"));
	SHOW(readlink("b", text, 10));
	make("g", "gg");
	make("h", "hh");
	SHOW(renameat2(AT_FDCWD, "g", AT_FDCWD, "h", RENAME_NOREPLACE));
	SHOW(renameat2(AT_FDCWD, "g", AT_FDCWD, "i", RENAME_NOREPLACE));
	SHOW(renameat2(AT_FDCWD, "h", AT_FDCWD, "i", RENAME_EXCHANGE));
	show("h");
	show("i");
	SHOW(renameat2(AT_FDCWD, "h", AT_FDCWD, "absent", RENAME_EXCHANGE));
	SHOW(renameat2(AT_FDCWD, "h", AT_FDCWD, "f", RENAME_EXCHANGE));
	show("f");
	links("h");
	links(".");
	SHOW(renameat2(AT_FDCWD, "h", AT_FDCWD, "f", RENAME_EXCHANGE | RENAME_NOREPLACE));
	SHOW(link("i", "i2"));
	SHOW(rename("i", "i2"));
	show("i");
	show("i2");
	for (int i = 0; i < 300; i++) {
		char from[80], to[80];

		snprintf(from, sizeof(from), "a-rather-long-name-that-does-not-fit-inline-anywhere-%d", i);
		snprintf(to, sizeof(to), "%d", i);
		make(from, to);
		if (rename(from, to))
			printf("rename %d failed\n", i);
		if (access(from, F_OK) != -1 || access(to, F_OK))
			printf("names %d are wrong\n", i);
		if (i % 2 && unlink(to))
			printf("unlink %d failed\n", i);
	}
	show("298");
	show("299");
	return 0;
}
