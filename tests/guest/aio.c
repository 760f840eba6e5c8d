/* SPDX-License-Identifier: BSD-3-Clause */
/* Linux AIO by raw system calls: io_setup(2), io_submit(2), io_getevents(2), io_pgetevents(2), io_cancel(2), io_destroy(2). */
#define _GNU_SOURCE
#include "show.h"
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int setup(unsigned nr, aio_context_t *context)
{
	return (int)syscall(SYS_io_setup, nr, context);
}

static int destroy(aio_context_t context)
{
	return (int)syscall(SYS_io_destroy, context);
}

static int submit(aio_context_t context, long nr, struct iocb **list)
{
	return (int)syscall(SYS_io_submit, context, nr, list);
}

static int get(aio_context_t context, long min, long max, struct io_event *events, struct timespec *timeout)
{
	return (int)syscall(SYS_io_getevents, context, min, max, events, timeout);
}

static struct iocb block(int command, int fd, const void *memory, uint64_t len, long offset, uint64_t data)
{
	return (struct iocb){.aio_lio_opcode = (uint16_t)command, .aio_fildes = (uint32_t)fd, .aio_buf = (uintptr_t)memory, .aio_nbytes = len, .aio_offset = offset, .aio_data = data};
}

static void show_event(const struct io_event *event)
{
	printf("  %llu: ", (unsigned long long)event->data);
	if (event->res < 0)
		printf("-%s\n", strerrorname_np((int)-event->res));
	else
		printf("%lld\n", (long long)event->res);
	fflush(stdout);
}

/* Submits one and shows what comes of it. */
static void one(aio_context_t context, const char *what, struct iocb *iocb)
{
	struct io_event event;
	int ret = submit(context, 1, &iocb);

	printf("%s: %d%s%s\n", what, ret, ret < 0 ? " " : "", ret < 0 ? strerrorname_np(errno) : "");
	if (ret == 1 && get(context, 1, 1, &event, NULL) == 1)
		show_event(&event);
}

static void setups(void)
{
	aio_context_t context = 0, other = 0;

	puts("-- setup");
	SHOW(setup(0, &context));
	SHOW(setup(4, (void *)8));
	context = 5;
	SHOW(setup(4, &context));
	context = 0;
	SHOW(setup(1u << 30, &context));
	SHOW(setup(4, &context));
	SHOW(setup(4, &other));
	printf("two: %d, a ring: %x\n", context != other, ((unsigned *)context)[4]);
	SHOW(destroy(context));
	SHOW(destroy(context));
	SHOW(destroy(other));
	SHOW(destroy(4096));
}

static void transfers(void)
{
	char text[32] = "", more[32] = "";
	struct iovec io[2] = {{"two ", 4}, {"parts", 5}}, in[2] = {{text, 4}, {more, 20}};
	int fd = open("aio-file", O_RDWR | O_CREAT | O_TRUNC, 0600), null = open("/dev/null", O_RDONLY), event = eventfd(0, EFD_NONBLOCK);
	struct iocb iocb, two[2], *list[3];
	struct io_event events[4];
	aio_context_t context = 0;
	uint64_t count;

	puts("-- transfers");
	setup(8, &context);
	iocb = block(IOCB_CMD_PWRITE, fd, "written", 7, 0, 1);
	one(context, "write", &iocb);
	iocb = block(IOCB_CMD_PREAD, fd, text, 31, 0, 2);
	one(context, "read", &iocb);
	puts(text);
	iocb = block(IOCB_CMD_PWRITEV, fd, io, 2, 0, 3);
	one(context, "writev", &iocb);
	memset(text, 0, sizeof(text));
	iocb = block(IOCB_CMD_PREADV, fd, in, 2, 0, 4);
	one(context, "readv", &iocb);
	printf("%s|%s\n", text, more);
	iocb = block(IOCB_CMD_FSYNC, fd, NULL, 0, 0, 5);
	one(context, "fsync", &iocb);
	iocb = block(IOCB_CMD_FDSYNC, fd, NULL, 0, 0, 6);
	one(context, "fdsync", &iocb);
	iocb = block(IOCB_CMD_PREAD, fd, (void *)8, 10, 0, 7);
	one(context, "to nowhere", &iocb);
	iocb = block(IOCB_CMD_PREAD, 999, text, 10, 0, 8);
	one(context, "no file", &iocb);
	iocb = block(IOCB_CMD_PWRITE, null, text, 10, 0, 9);
	one(context, "not for writing", &iocb);
	iocb = block(77, fd, text, 10, 0, 10);
	one(context, "no command", &iocb);
	iocb = block(IOCB_CMD_NOOP, fd, text, 10, 0, 10);
	one(context, "noop", &iocb);
	iocb = block(IOCB_CMD_PREAD, fd, text, 10, -5, 11);
	one(context, "a bad place", &iocb);
	iocb = block(IOCB_CMD_PREAD, fd, text, 10, 1000, 12);
	one(context, "behind the end", &iocb);
	iocb = block(IOCB_CMD_PREAD, fd, text, 4, 0, 13);
	iocb.aio_rw_flags = 1 << 20;
	one(context, "a flag that is none", &iocb);
	iocb = block(IOCB_CMD_PREAD, fd, text, 4, 0, 14);
	iocb.aio_reserved2 = 1;
	one(context, "reserved", &iocb);
	iocb = block(IOCB_CMD_PREAD, fd, text, 4, 0, 15);
	iocb.aio_flags = IOCB_FLAG_RESFD;
	iocb.aio_resfd = (uint32_t)event;
	one(context, "tells", &iocb);
	printf("event %zd", read(event, &count, 8));
	printf(" %llu\n", (unsigned long long)count);
	iocb.aio_resfd = (uint32_t)fd;
	one(context, "tells no eventfd", &iocb);
	two[0] = block(IOCB_CMD_PREAD, fd, text, 4, 0, 16);
	two[1] = block(IOCB_CMD_PREAD, 999, text, 4, 0, 17);
	list[0] = &two[0];
	list[1] = &two[1];
	list[2] = (void *)8;
	SHOW(submit(context, 3, list));
	SHOW(get(context, 1, 4, events, NULL));
	show_event(&events[0]);
	SHOW(submit(context, 1, &list[2]));
	SHOW(submit(context, -1, list));
	SHOW(submit(context, 0, list));
	SHOW(submit(4096, 1, list));
	SHOW(submit(context, 1, (void *)8));
	SHOW(destroy(context));
	unlink("aio-file");
	close(fd);
}

static void wake(int signal)
{
}

static void waits(void)
{
	struct timespec soon = {0, 20000000}, none = {0, 0}, bad = {0, 2000000000};
	struct { const sigset_t *set; size_t size; } with;
	struct iocb iocb, *list[1] = {&iocb};
	struct io_event events[4];
	aio_context_t context = 0;
	sigset_t blocked;
	int two[2];

	puts("-- waiting");
	if (pipe(two))
		exit(1);
	setup(4, &context);
	SHOW(get(context, 0, 4, events, NULL));
	SHOW(get(context, 1, 4, events, &none));
	SHOW(get(context, 1, 4, events, &soon));
	SHOW(get(context, 1, 4, events, &bad));
	SHOW(get(context, 2, 1, events, &none));
	SHOW(get(context, -1, 1, events, &none));
	SHOW(get(4096, 1, 1, events, &none));
	iocb = block(IOCB_CMD_POLL, two[0], (void *)POLLIN, 0, 0, 1);
	SHOW(submit(context, 1, list));
	SHOW(get(context, 1, 4, events, &soon));
	if (write(two[1], "x", 1) != 1)
		exit(1);
	SHOW(get(context, 1, 4, events, NULL));
	events[0].res &= POLLIN; /* which other bits stand there depends on who came first */
	show_event(&events[0]);
	iocb = block(IOCB_CMD_POLL, two[1], (void *)POLLOUT, 0, 0, 2);
	one(context, "ready at once", &iocb);
	iocb = block(IOCB_CMD_POLL, two[1], (void *)POLLOUT, 1, 0, 2);
	one(context, "poll with a length", &iocb);
	iocb = block(IOCB_CMD_POLL, two[0], (void *)POLLPRI, 0, 0, 3);
	SHOW(submit(context, 1, list));
	SHOW(syscall(SYS_io_cancel, context, &iocb, events));
	SHOW(get(context, 1, 4, events, NULL));
	show_event(&events[0]);
	SHOW(syscall(SYS_io_cancel, context, &iocb, events));
	SHOW(syscall(SYS_io_cancel, 4096, &iocb, events));
	SHOW(syscall(SYS_io_cancel, context, 8, events));
	sigaction(SIGALRM, &(struct sigaction){.sa_handler = wake}, NULL);
	ualarm(20000, 0);
	SHOW(get(context, 1, 4, events, NULL));
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGALRM);
	with.set = &blocked;
	with.size = 8;
	ualarm(10000, 0);
	soon.tv_nsec = 60000000;
	SHOW(syscall(SYS_io_pgetevents, context, 1, 4, events, &soon, &with));
	with.size = 4;
	SHOW(syscall(SYS_io_pgetevents, context, 1, 4, events, &soon, &with));
	iocb = block(IOCB_CMD_POLL, two[0], (void *)POLLPRI, 0, 0, 4);
	SHOW(submit(context, 1, list));
	SHOW(destroy(context));
	if (!fork()) {
		context = 0;
		setup(4, &context);
		submit(context, 1, list);
		_exit(3);
	}
	int status = 0;
	wait(&status);
	printf("a child ends with a request: %d\n", WEXITSTATUS(status));
	close(two[0]);
	close(two[1]);
}

static void many(void)
{
	enum { NR = 64 };
	static char memory[NR][4096];
	static struct iocb iocbs[NR];
	static struct io_event events[NR];
	struct iocb *list[NR];
	int fd = open("aio-many", O_RDWR | O_CREAT | O_TRUNC, 0600), done = 0, wrong = 0;
	aio_context_t context = 0;

	puts("-- many");
	setup(NR, &context);
	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; i < NR; i++) {
			memset(memory[i], pass ? 0 : 'a' + i % 26, 4096);
			iocbs[i] = block(pass ? IOCB_CMD_PREAD : IOCB_CMD_PWRITE, fd, memory[i], 4096, i * 4096l, (uint64_t)i);
			list[i] = &iocbs[i];
		}
		SHOW(submit(context, NR, list));
		for (done = 0; done < NR;) {
			int ret = get(context, 1, NR, events, NULL);

			for (int i = 0; i < ret; i++)
				wrong += events[i].res != 4096;
			done += ret;
		}
	}
	for (int i = 0; i < NR; i++)
		for (int j = 0; j < 4096; j++)
			wrong += memory[i][j] != 'a' + i % 26;
	printf("%d done, %d wrong\n", done, wrong);
	SHOW(destroy(context));
	close(fd);
	unlink("aio-many");
}

int main(void)
{
	setups();
	transfers();
	waits();
	many();
	return 0;
}
