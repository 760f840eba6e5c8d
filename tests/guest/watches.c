/* SPDX-License-Identifier: BSD-3-Clause */
/* inotify(7) and F_NOTIFY: which events come, in which order, and how a watch ends. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "show.h"

static int notify;

static void events(const char *after)
{
	char buf[4096] __attribute__((aligned(8)));
	ssize_t n;

	printf("%s:", after);
	while ((n = read(notify, buf, sizeof(buf))) > 0)
		for (char *p = buf; p < buf + n;) {
			struct inotify_event *e = (void *)p;

			printf(" %d:%x%s%s", e->wd, e->mask, e->len ? ":" : "", e->len ? e->name : "");
			p += sizeof(*e) + e->len;
		}
	printf("\n");
}

static void fdinfo(void)
{
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", notify);
	f = fopen(path, "r");
	while (fgets(line, sizeof(line), f)) {
		unsigned wd, mask;

		if (sscanf(line, "inotify wd:%x ino:%*x sdev:%*x mask:%x", &wd, &mask) == 2)
			printf("fdinfo wd %x mask %x\n", wd, mask);
	}
	fclose(f);
}

static void names(void)
{
	int fd;

	printf("== names\n");
	mkdir("w", 0755);
	mkdir("w/sub", 0755);
	close(creat("w/file", 0644));
	SHOW(inotify_add_watch(notify, "w", IN_ALL_EVENTS));
	SHOW(inotify_add_watch(notify, "w/sub", IN_ALL_EVENTS));
	SHOW(inotify_add_watch(notify, "w/file", IN_ALL_EVENTS));
	SHOW(rename("w/sub", "w/moved"));
	events("folder moved");
	SHOW(chmod("w/file", 0600));
	events("chmod");
	SHOW(rmdir("w/moved"));
	events("rmdir");
	SHOW(unlink("w/file"));
	events("unlink");
	fd = open("w/file", O_RDWR | O_CREAT, 0600);
	SHOW(inotify_add_watch(notify, "w", IN_MODIFY | IN_EXCL_UNLINK));
	fdinfo();
	SHOW(write(fd, "a", 1));
	unlink("w/file");
	SHOW(write(fd, "b", 1));
	events("written, unlinked, written");
	SHOW(inotify_add_watch(notify, "w", IN_MODIFY | IN_MASK_CREATE));
	SHOW(inotify_add_watch(notify, "w", IN_CREATE | IN_ONESHOT));
	fdinfo();
	close(fd);
	mkdir("w/a", 0755);
	mkdir("w/b", 0755);
	events("once");
	fdinfo();
	rmdir("w/a");
	rmdir("w/b");
	rmdir("w");
}

static void seldom_used(void)
{
	char buf[4096];
	int ends[2], file, folder, other;

	printf("== other ways to read and change\n");
	mkdir("w", 0755);
	file = open("w/file", O_RDWR | O_CREAT, 0600);
	other = open("w/other", O_RDWR | O_CREAT, 0600);
	folder = open("w", O_RDONLY | O_DIRECTORY);
	if (write(file, "0123456789", 10) != 10 || pipe(ends))
		return;
	SHOW(inotify_add_watch(notify, "w", IN_ALL_EVENTS & ~(IN_OPEN | IN_CLOSE)));
	while (syscall(SYS_getdents64, folder, buf, sizeof(buf)) > 0)
		;
	events("folder read");
	SHOW(sendfile(ends[1], file, &(off_t){0}, 5));
	events("sendfile");
	SHOW(splice(file, &(loff_t){2}, ends[1], NULL, 5, 0));
	events("splice from it");
	SHOW(splice(ends[0], NULL, other, &(loff_t){0}, 5, 0));
	events("splice to it");
	SHOW(copy_file_range(file, &(loff_t){0}, other, &(loff_t){0}, 5, 0));
	events("copy_file_range");
	SHOW(fsetxattr(file, "user.a", "b", 1, 0));
	SHOW(removexattr("w/file", "user.a"));
	events("attributes");
	SHOW(removexattr("w/file", "user.a"));
	events("no attribute");
	SHOW(fallocate(file, 0, 0, 100));
	events("fallocate");
	SHOW(ftruncate(file, 5));
	SHOW(truncate("w/other", 5));
	events("truncated");
	SHOW(renameat2(AT_FDCWD, "w/file", AT_FDCWD, "w/other", RENAME_EXCHANGE));
	events("exchanged");
	close(file);
	close(other);
	close(folder);
	close(ends[0]);
	close(ends[1]);
	unlink("w/file");
	unlink("w/other");
	rmdir("w");
	events("removed");
}

static void unmounted(void)
{
	printf("== unmounted\n");
	mkdir("m", 0755);
	SHOW(mount("none", "m", "tmpfs", 0, NULL));
	mkdir("m/d", 0755);
	close(creat("m/f", 0644));
	SHOW_OK(inotify_add_watch(notify, "m/d", IN_CREATE));
	SHOW_OK(inotify_add_watch(notify, "m/f", IN_MODIFY));
	SHOW(umount("m"));
	rmdir("m");
}

static volatile sig_atomic_t heard;

static void hear(int signal, siginfo_t *info, void *context)
{
	heard = info->si_fd;
}

static void directory_signals(void)
{
	int parent, sub;

	printf("== F_NOTIFY\n");
	sigaction(SIGRTMIN, &(struct sigaction){.sa_sigaction = hear, .sa_flags = SA_SIGINFO}, NULL);
	mkdir("n", 0755);
	mkdir("n/sub", 0755);
	parent = open("n", O_RDONLY);
	sub = open("n/sub", O_RDONLY);
	SHOW(fcntl(parent, F_SETSIG, SIGRTMIN));
	SHOW(fcntl(parent, F_NOTIFY, DN_ATTRIB | DN_RENAME | DN_MULTISHOT));
	chmod("n/sub", 0700);
	printf("of the parent: %d\n", heard == parent); /* at once */
	SHOW(fcntl(sub, F_SETSIG, SIGRTMIN));
	SHOW(fcntl(sub, F_NOTIFY, DN_RENAME));
	heard = 0;
	rename("n/sub", "n/other");
	printf("of the parent: %d\n", heard == parent);
	rmdir("n/other");
	rmdir("n");
}

int main(void)
{
	char buf[4096];

	notify = inotify_init1(IN_NONBLOCK);
	names();
	seldom_used();
	unmounted();
	/* Two inodes, in any order: each hears IN_UNMOUNT, then IN_IGNORED. */
	printf("bytes %zd\n", read(notify, buf, sizeof(buf)));
	directory_signals();
	return 0;
}
