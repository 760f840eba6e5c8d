/* SPDX-License-Identifier: BSD-3-Clause */
/* eventfd(2), timerfd_create(2), inotify(7), memfd_create(2) with seals. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include "show.h"

static uint64_t value;

static void *writer(void *arg)
{
	usleep(30000);
	eventfd_write(*(int *)arg, 7);
	return NULL;
}

static void events(void)
{
	struct pollfd pollfd;
	pthread_t thread;
	int fd;

	SHOW_OK(fd = eventfd(5, EFD_NONBLOCK));
	SHOW(read(fd, &value, 8));
	printf("%lu\n", value);
	SHOW(read(fd, &value, 8));
	SHOW(read(fd, &value, 4));
	value = UINT64_MAX - 1;
	SHOW(write(fd, &value, 8));
	value = 1;
	SHOW(write(fd, &value, 8));
	value = UINT64_MAX;
	SHOW(write(fd, &value, 8));
	pollfd = (struct pollfd){fd, POLLIN | POLLOUT, 0};
	SHOW(poll(&pollfd, 1, 0));
	printf("%x\n", pollfd.revents);
	SHOW(read(fd, &value, 8));
	SHOW(poll(&pollfd, 1, 0));
	printf("%x\n", pollfd.revents);
	close(fd);
	SHOW_OK(fd = eventfd(3, EFD_SEMAPHORE | EFD_NONBLOCK));
	for (int i = 0; i < 4; i++) {
		value = 0;
		SHOW(read(fd, &value, 8));
		printf("%lu\n", value);
	}
	close(fd);
	SHOW_OK(fd = eventfd(0, 0));
	pthread_create(&thread, NULL, writer, &fd);
	SHOW(read(fd, &value, 8));
	printf("%lu\n", value);
	pthread_join(thread, NULL);
	SHOW(eventfd(0, 1 << 30));
}

static void timers(void)
{
	struct itimerspec set = {{0, 0}, {0, 20000000}}, get;
	struct pollfd pollfd;
	struct timespec now;
	int fd;

	SHOW(timerfd_create(99, 0));
	SHOW_OK(fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
	SHOW(read(fd, &value, 8));
	SHOW(timerfd_settime(fd, 0, &set, NULL));
	SHOW(timerfd_gettime(fd, &get));
	printf("%d\n", get.it_value.tv_sec == 0 && get.it_value.tv_nsec > 0 && get.it_value.tv_nsec <= 20000000);
	SHOW(read(fd, &value, 8));
	pollfd = (struct pollfd){fd, POLLIN, 0};
	SHOW(poll(&pollfd, 1, 1000));
	SHOW(read(fd, &value, 8));
	printf("%lu\n", value);
	SHOW(read(fd, &value, 8));
	set.it_interval.tv_nsec = 10000000;
	SHOW(timerfd_settime(fd, 0, &set, NULL));
	usleep(75000);
	SHOW(read(fd, &value, 8));
	printf("%d\n", value >= 5 && value < 60);
	set = (struct itimerspec){{0, 0}, {0, 0}};
	SHOW(timerfd_settime(fd, 0, &set, &get));
	printf("interval %ld\n", get.it_interval.tv_nsec);
	usleep(20000);
	SHOW(read(fd, &value, 8));
	close(fd);
	SHOW_OK(fd = timerfd_create(CLOCK_REALTIME, 0));
	clock_gettime(CLOCK_REALTIME, &now);
	set.it_value = now;
	set.it_value.tv_nsec += 30000000;
	if (set.it_value.tv_nsec >= 1000000000) {
		set.it_value.tv_sec++;
		set.it_value.tv_nsec -= 1000000000;
	}
	SHOW(timerfd_settime(fd, TFD_TIMER_ABSTIME, &set, NULL));
	SHOW(read(fd, &value, 8));
	printf("%lu\n", value);
	set.it_value.tv_sec -= 10;
	SHOW(timerfd_settime(fd, TFD_TIMER_ABSTIME, &set, NULL));
	SHOW(read(fd, &value, 8));
	set.it_value.tv_nsec = -1;
	SHOW(timerfd_settime(fd, 0, &set, NULL));
	SHOW(timerfd_settime(0, 0, &set, NULL));
}

static void show_events(int fd)
{
	char buffer[4096] __attribute__((aligned(8)));
	long n = read(fd, buffer, sizeof(buffer));
	uint32_t cookie = 0;

	if (n < 0)
		printf("none: %s\n", strerrorname_np(errno));
	for (long at = 0; at < n;) {
		struct inotify_event *e = (struct inotify_event *)(buffer + at);

		printf("wd %d mask %x name %s%s\n", e->wd, e->mask, e->len ? e->name : "-", e->cookie ? e->cookie == cookie ? " same cookie" : " cookie" : "");
		cookie = e->cookie;
		at += (long)sizeof(*e) + e->len;
	}
}

static void watches(void)
{
	int fd, dir, file, wd;

	SHOW_OK(fd = inotify_init1(IN_NONBLOCK));
	mkdir("w", 0755);
	SHOW(dir = inotify_add_watch(fd, "w", IN_ALL_EVENTS));
	SHOW(inotify_add_watch(fd, "absent", IN_ALL_EVENTS));
	SHOW(inotify_add_watch(fd, "w", 0));
	show_events(fd);
	file = open("w/a", O_CREAT | O_RDWR, 0644);
	show_events(fd);
	write(file, "x", 1);
	write(file, "x", 1);
	show_events(fd);
	pread(file, &value, 1, 0);
	close(file);
	show_events(fd);
	rename("w/a", "w/b");
	show_events(fd);
	chmod("w/b", 0600);
	show_events(fd);
	mkdir("w/sub", 0755);
	rmdir("w/sub");
	show_events(fd);
	SHOW(wd = inotify_add_watch(fd, "w/b", IN_DELETE_SELF | IN_ATTRIB | IN_MOVE_SELF));
	unlink("w/b");
	show_events(fd);
	SHOW(inotify_rm_watch(fd, wd));
	SHOW(inotify_rm_watch(fd, dir));
	show_events(fd);
	rmdir("w");
}

static void memory_files(void)
{
	char *map, text[100];
	struct stat st;
	int fd, sealed;

	SHOW_OK(fd = memfd_create("name", MFD_CLOEXEC));
	snprintf(text, sizeof(text), "/proc/self/fd/%d", fd);
	value = (uint64_t)readlink(text, text, sizeof(text));
	printf("%.*s\n", (int)value, text);
	SHOW(write(fd, "hello", 5));
	SHOW(ftruncate(fd, 10000));
	fstat(fd, &st);
	printf("%o %ld links %d\n", st.st_mode, (long)st.st_size, (int)st.st_nlink);
	map = mmap(NULL, 10000, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	printf("%.5s\n", map);
	memcpy(map + 5000, "mapped", 6);
	SHOW(pread(fd, text, 6, 5000));
	printf("%.6s\n", text);
	munmap(map, 10000);
	SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
	SHOW(fcntl(fd, F_GET_SEALS));
	close(fd);
	SHOW_OK(sealed = memfd_create("sealed", MFD_ALLOW_SEALING));
	SHOW(ftruncate(sealed, 4096));
	SHOW(fcntl(sealed, F_ADD_SEALS, F_SEAL_SHRINK));
	SHOW(ftruncate(sealed, 100));
	SHOW(ftruncate(sealed, 8192));
	SHOW(fcntl(sealed, F_ADD_SEALS, F_SEAL_GROW));
	SHOW(ftruncate(sealed, 10000));
	SHOW(pwrite(sealed, "xy", 2, 8191));
	SHOW(pwrite(sealed, "xy", 2, 8192));
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, sealed, 0);
	SHOW(fcntl(sealed, F_ADD_SEALS, F_SEAL_WRITE));
	munmap(map, 4096);
	SHOW(fcntl(sealed, F_ADD_SEALS, F_SEAL_WRITE));
	SHOW(pwrite(sealed, "x", 1, 0));
	SHOW(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, sealed, 0) == MAP_FAILED ? -1 : 0);
	SHOW_OK(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, sealed, 0));
	SHOW(fcntl(sealed, F_ADD_SEALS, F_SEAL_SEAL));
	SHOW(fcntl(sealed, F_ADD_SEALS, F_SEAL_SEAL));
	SHOW(fcntl(sealed, F_GET_SEALS));
}

int main(void)
{
	umask(022);
	events();
	timers();
	watches();
	memory_files();
	return 0;
}
