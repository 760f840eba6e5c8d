/* SPDX-License-Identifier: BSD-3-Clause */
/* /proc/sys: limits that can be set, and hold. What was there is put back. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "show.h"

static char saved[64];

static void get(const char *path, char *to, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, to, size - 1);

	to[n > 0 ? n : 0] = '\0';
	close(fd);
}

static long set(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY), error;
	long ret = write(fd, text, strlen(text));

	error = errno;
	close(fd);
	errno = error;
	return ret < 0 ? -1 : 0;
}

static void show(const char *path)
{
	char now[64];

	get(path, now, sizeof(now));
	printf("%s: %s", path, now);
}

#define PIPE "/proc/sys/fs/pipe-max-size"
#define WATCHES "/proc/sys/fs/inotify/max_user_watches"
#define EVENTS "/proc/sys/fs/inotify/max_queued_events"

static void pipes(void)
{
	int p[2];

	printf("== pipes\n");
	get(PIPE, saved, sizeof(saved));
	SHOW(set(PIPE, "0"));
	SHOW(set(PIPE, "x"));
	SHOW(set(PIPE, "100000"));
	show(PIPE);
	fflush(stdout);
	if (!fork()) {
		SHOW(setuid(1000));
		pipe(p);
		SHOW(fcntl(p[0], F_SETPIPE_SZ, 131072));
		SHOW(fcntl(p[0], F_SETPIPE_SZ, 262144));
		_exit(0);
	}
	wait(NULL);
	SHOW(set(PIPE, saved));
}

static void watches(void)
{
	int fd = inotify_init1(IN_NONBLOCK);
	struct {
		struct inotify_event e;
		char name[256];
	} event;
	ssize_t n;

	printf("== watches\n");
	get(WATCHES, saved, sizeof(saved));
	SHOW(set(WATCHES, "0"));
	SHOW(inotify_add_watch(fd, "/", IN_CREATE));
	SHOW(set(WATCHES, saved));
	SHOW_OK(inotify_add_watch(fd, "/", IN_CREATE));
	close(fd);
	get(EVENTS, saved, sizeof(saved));
	SHOW(set(EVENTS, "2"));
	fd = inotify_init1(IN_NONBLOCK);
	SHOW(set(EVENTS, saved));
	mkdir("w", 0755);
	inotify_add_watch(fd, "w", IN_CREATE);
	for (char name[] = "w/a"; name[2] < 'f'; name[2]++)
		close(creat(name, 0600));
	while ((n = read(fd, &event, sizeof(event.e) + 16)) > 0)
		printf("wd %d mask %x\n", event.e.wd, event.e.mask);
	for (char name[] = "w/a"; name[2] < 'f'; name[2]++)
		unlink(name);
	rmdir("w");
}

int main(void)
{
	pipes();
	watches();
	return 0;
}
