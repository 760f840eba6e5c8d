/* SPDX-License-Identifier: BSD-3-Clause */
/* fanotify(7) while everything goes on at once: groups that come and go, marks, files that are moved and removed, questions whose askers are killed. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "show.h"

enum { SECONDS = 3, FILES = 8, WORKERS = 2 };

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static long end;

static void drain(int group)
{
	char buf[1024] __attribute__((aligned(8)));
	ssize_t n = read(group, buf, sizeof(buf));

	for (struct fanotify_event_metadata *e = (void *)buf; n > 0 && FAN_EVENT_OK(e, n); e = FAN_EVENT_NEXT(e, n)) {
		struct fanotify_response answer = {.fd = e->fd, .response = rand() % 4 ? FAN_ALLOW : FAN_DENY};

		if (e->mask & (FAN_OPEN_PERM | FAN_ACCESS_PERM) && write(group, &answer, sizeof(answer)) < 0 && errno != ENOENT)
			printf("answer: %s\n", strerrorname_np(errno));
		if (e->fd >= 0)
			close(e->fd);
	}
}

/* Groups of all kinds, short-lived. */
static void watch(void)
{
	static const unsigned kinds[] = {FAN_CLASS_NOTIF, FAN_REPORT_FID, FAN_REPORT_DFID_NAME, FAN_REPORT_DFID_NAME_TARGET, FAN_REPORT_PIDFD, FAN_CLASS_CONTENT};

	while (now_ms() < end) {
		unsigned kind = kinds[rand() % 6];
		int group = fanotify_init(kind | FAN_NONBLOCK, O_RDONLY);
		uint64_t mask = FAN_OPEN | FAN_CLOSE | FAN_MODIFY | FAN_EVENT_ON_CHILD | FAN_ONDIR;

		if (kind == FAN_CLASS_CONTENT)
			mask |= rand() % 2 ? FAN_OPEN_PERM : FAN_ACCESS_PERM;
		else if (kind && kind != FAN_REPORT_PIDFD)
			mask |= FAN_CREATE | FAN_DELETE | FAN_MOVE | FAN_DELETE_SELF | FAN_ATTRIB;
		fanotify_mark(group, FAN_MARK_ADD, mask, AT_FDCWD, "race");
		for (int i = 0; i < 20; i++) {
			char name[32];

			snprintf(name, sizeof(name), "race/%d", rand() % FILES);
			fanotify_mark(group, rand() % 2 ? FAN_MARK_ADD : FAN_MARK_REMOVE, FAN_OPEN | FAN_CLOSE, AT_FDCWD, name);
			poll(&(struct pollfd){.fd = group, .events = POLLIN}, 1, 1);
			if (rand() % 3)
				drain(group);
		}
		if (rand() % 2)
			fanotify_mark(group, FAN_MARK_FLUSH, 0, AT_FDCWD, NULL);
		close(group);
	}
}

static void work(void)
{
	char name[32], other[32], byte;

	while (now_ms() < end) {
		int fd;

		snprintf(name, sizeof(name), "race/%d", rand() % FILES);
		snprintf(other, sizeof(other), "race/%d", rand() % FILES);
		switch (rand() % 4) {
		case 0:
			unlink(name);
			break;
		case 1:
			rename(name, other);
			break;
		default:
			fd = open(name, O_RDWR | O_CREAT, 0644);
			if (fd >= 0 && (write(fd, "x", 1) < 0 || pread(fd, &byte, 1, 0) < 0) && errno != EPERM)
				printf("transfer: %s\n", strerrorname_np(errno));
			close(fd);
		}
	}
}

/* Who may be asked, and is killed before there is an answer. */
static void be_killed(void)
{
	while (now_ms() < end) {
		pid_t pid = fork();

		if (!pid) {
			for (;;)
				close(open("race/0", O_RDONLY));
		}
		usleep((unsigned)(rand() % 3000));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}

static void start(void (*what)(void), unsigned seed)
{
	if (fork())
		return;
	srand(seed);
	what();
	_exit(0);
}

int main(void)
{
	int status, good = 0;

	mkdir("race", 0755);
	end = now_ms() + SECONDS * 1000;
	for (unsigned i = 0; i < WORKERS; i++) {
		start(watch, i);
		start(work, 10 + i);
		start(be_killed, 20 + i);
	}
	for (int i = 0; i < 3 * WORKERS; i++)
		good += wait(&status) > 0 && WIFEXITED(status) && !WEXITSTATUS(status);
	printf("%d ended well\n", good);
	return 0;
}
