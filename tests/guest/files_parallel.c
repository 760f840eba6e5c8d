/* SPDX-License-Identifier: BSD-3-Clause */
/* Threads and processes that make, rename, link, remove, read and write the same names, and share descriptors and pipes: what must hold afterwards. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "show.h"

enum { THREADS = 4, ROUNDS = 600, NAMES = 12 };

static uint32_t next(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static const char *name(char *to, uint32_t random)
{
	sprintf(to, "p/%c%s%d", 'a' + random % 3, random & 8 ? "/n" : "", random / 16 % NAMES);
	return to;
}

static int unexpected;

/* Any of these errors is fine when others change the same names; anything else is not. */
static void check(long ret)
{
	if (ret >= 0 || errno == ENOENT || errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR || errno == EISDIR || errno == EINVAL || errno == EPERM ||
	    errno == EBUSY || errno == ELOOP)
		return;
	__atomic_add_fetch(&unexpected, 1, __ATOMIC_RELAXED);
	fprintf(stderr, "unexpected %s\n", strerrorname_np(errno));
}

static void step(uint32_t *seed)
{
	char a[40], b[40], text[64];
	struct stat st;
	int fd;

	name(a, next(seed));
	name(b, next(seed));
	switch (next(seed) % 9) {
	case 0:
		check(fd = open(a, O_CREAT | O_RDWR, 0644));
		if (fd >= 0) {
			write(fd, text, sizeof(text));
			close(fd);
		}
		break;
	case 1:
		check(mkdir(a, 0755));
		break;
	case 2:
		check(rename(a, b));
		break;
	case 3:
		check(unlink(a));
		break;
	case 4:
		check(rmdir(a));
		break;
	case 5:
		check(link(a, b));
		break;
	case 6:
		check(stat(a, &st));
		break;
	case 7:
		check(symlink("n1", a));
		break;
	default:
		check(syscall(316 /* renameat2 */, AT_FDCWD, a, AT_FDCWD, b, 2 /* RENAME_EXCHANGE */));
	}
}

static void *change_names(void *arg)
{
	uint32_t seed = (uint32_t)(uintptr_t)arg * 7919 + 1;

	for (int i = 0; i < ROUNDS; i++)
		step(&seed);
	return NULL;
}

/* Removes the tree; every name that readdir shows must be there. The number of things removed that were not. */
static int remove_tree(const char *path)
{
	char names[200][300];
	int count = 0, missing = 0;
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)) && count < 200)
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			snprintf(names[count++], sizeof(names[0]), "%s/%s", path, entry->d_name);
	closedir(dir);
	for (int i = 0; i < count; i++) {
		struct stat st;

		if (lstat(names[i], &st))
			missing++;
		else if (S_ISDIR(st.st_mode))
			missing += remove_tree(names[i]);
		else if (unlink(names[i]))
			missing++;
	}
	if (rmdir(path))
		missing++;
	return missing;
}

static void run(void *(*function)(void *), int count)
{
	pthread_t thread[16];

	for (int i = 0; i < count; i++)
		pthread_create(&thread[i], NULL, function, (void *)(uintptr_t)(i + 1));
	for (int i = 0; i < count; i++)
		pthread_join(thread[i], NULL);
}

static void *append(void *arg)
{
	char line[16];
	int fd = open("appended", O_WRONLY | O_APPEND);

	for (int i = 0; i < 200; i++) {
		sprintf(line, "%d %04d........\n", (int)(uintptr_t)arg, i);
		write(fd, line, 15);
	}
	close(fd);
	return NULL;
}

static void check_appended(void)
{
	int next_of[THREADS + 1] = {0}, bad = 0, lines = 0;
	char line[15];
	int fd = open("appended", O_RDONLY);

	while (read(fd, line, 15) == 15) {
		int who = line[0] - '0', number = atoi(line + 2);

		lines++;
		if (who < 1 || who > THREADS || number != next_of[who]++ || line[14] != '\n')
			bad++;
	}
	close(fd);
	printf("lines %d bad %d\n", lines, bad);
}

static int exclusive;

static void *create_exclusively(void *arg)
{
	char text[30];

	for (int i = 0; i < 200; i++) {
		sprintf(text, "exclusive%d", i);
		if (open(text, O_CREAT | O_EXCL | O_WRONLY, 0600) >= 0)
			__atomic_add_fetch(&exclusive, 1, __ATOMIC_RELAXED);
		unlinkat(AT_FDCWD, "never-there", 0);
	}
	return NULL;
}

static void *use_descriptors(void *arg)
{
	for (int i = 0; i < 500; i++) {
		int fd = open("/dev/null", O_RDWR), copy = dup(fd);

		write(copy, "x", 1);
		close(fd);
		close(copy);
	}
	return NULL;
}

static int pipes[2], events, set;
static long received;

static void *send_bytes(void *arg)
{
	char text[100] = "";

	for (int i = 0; i < 500; i++)
		write(pipes[1], text, 1 + (unsigned)i % 100);
	return NULL;
}

static void *receive_bytes(void *arg)
{
	char text[333];
	long n;

	while ((n = read(pipes[0], text, sizeof(text))) > 0)
		__atomic_add_fetch(&received, n, __ATOMIC_RELAXED);
	return NULL;
}

static void *count_events(void *arg)
{
	struct epoll_event event;
	eventfd_t value;
	long total = 0;

	while (total >= 0) {
		epoll_wait(set, &event, 1, -1);
		if (eventfd_read(events, &value))
			continue;
		if (value > 1000000)
			break;
		__atomic_add_fetch(&received, (long)value, __ATOMIC_RELAXED);
	}
	eventfd_write(events, 2000000);
	return NULL;
}

static void *raise_events(void *arg)
{
	for (int i = 0; i < 500; i++)
		eventfd_write(events, 1);
	return NULL;
}

static void channels(void)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLET};
	pthread_t readers[3];

	pipe(pipes);
	for (int i = 0; i < 3; i++)
		pthread_create(&readers[i], NULL, receive_bytes, NULL);
	run(send_bytes, THREADS);
	close(pipes[1]);
	for (int i = 0; i < 3; i++)
		pthread_join(readers[i], NULL);
	printf("received %ld\n", received);
	received = 0;
	events = eventfd(0, EFD_NONBLOCK);
	set = epoll_create1(0);
	epoll_ctl(set, EPOLL_CTL_ADD, events, &event);
	for (int i = 0; i < 3; i++)
		pthread_create(&readers[i], NULL, count_events, NULL);
	run(raise_events, THREADS);
	for (int i = 0; i < 50; i++) {
		usleep(10000);
		if (received == 500 * THREADS)
			break;
	}
	printf("events %ld\n", received);
	eventfd_write(events, 2000000);
	for (int i = 0; i < 3; i++)
		pthread_join(readers[i], NULL);
}

int main(void)
{
	mkdir("p", 0755);
	mkdir("p/a", 0755);
	mkdir("p/b", 0755);
	mkdir("p/c", 0755);
	run(change_names, THREADS);
	for (int i = 0; i < THREADS; i++)
		if (!fork()) {
			change_names((void *)(uintptr_t)(i + 100));
			_exit(unexpected);
		}
	for (int i = 0, status; i < THREADS; i++) {
		wait(&status);
		unexpected += status != 0;
	}
	printf("unexpected %d missing %d\n", unexpected, remove_tree("p"));
	close(open("appended", O_CREAT | O_TRUNC | O_WRONLY, 0644));
	run(append, THREADS);
	check_appended();
	run(create_exclusively, THREADS);
	printf("made %d\n", exclusive);
	for (int i = 3; i < 1000; i++)
		close(i);
	run(use_descriptors, THREADS);
	printf("lowest %d\n", open("/dev/null", O_RDONLY));
	channels();
	return 0;
}
