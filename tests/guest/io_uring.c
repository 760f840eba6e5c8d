/* SPDX-License-Identifier: BSD-3-Clause */
/* io_uring_setup(2), io_uring_enter(2), io_uring_register(2): what rings are and refuse; reading, writing, chains, timeouts, cancelling. */
#include "uring.h"
#include "show.h"
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

static int setup(unsigned entries, unsigned flags, unsigned cq_entries)
{
	struct io_uring_params p = {.flags = flags, .cq_entries = cq_entries};
	int fd = uring_setup(entries, &p);

	if (fd < 0)
		return -1;
	close(fd);
	return (int)(p.sq_entries << 16 | (p.cq_entries & 0xffff));
}

static void setups(void)
{
	struct io_uring_params p = {.flags = 0};
	int fd;

	puts("-- setup");
	SHOW(setup(0, 0, 0));
	SHOW(setup(1, 0, 0));
	SHOW(setup(5, 0, 0));
	SHOW(setup(4096, 0, 0));
	SHOW(setup(32769, 0, 0));
	SHOW(setup(40000, IORING_SETUP_CLAMP, 0) >> 16 & 0xffff);
	SHOW(setup(8, IORING_SETUP_CQSIZE, 100));
	SHOW(setup(8, IORING_SETUP_CQSIZE, 4));
	SHOW(setup(8, IORING_SETUP_CQSIZE, 0));
	SHOW(setup(8, 1u << 31, 0));
	SHOW(setup(8, IORING_SETUP_SQ_AFF, 0));
	SHOW(setup(8, IORING_SETUP_DEFER_TASKRUN, 0));
	SHOW(setup(8, IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SINGLE_ISSUER, 0));
	SHOW(setup(8, IORING_SETUP_TASKRUN_FLAG, 0));
	SHOW(setup(8, IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL, 0));
	SHOW(setup(8, IORING_SETUP_SQE128 | IORING_SETUP_CQE32, 0));
	p.resv[1] = 1;
	SHOW(uring_setup(8, &p));
	SHOW(uring_setup(8, (void *)8));
	memset(&p, 0, sizeof(p));
	p.flags = IORING_SETUP_ATTACH_WQ;
	p.wq_fd = 999;
	SHOW(uring_setup(8, &p));
	memset(&p, 0, sizeof(p));
	fd = uring_setup(8, &p);
	printf("close on exec: %d; features of 6.1: %#x\n", fcntl(fd, F_GETFD), p.features & 0x1fff);
	SHOW(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0x4000000) == MAP_FAILED ? -1 : 0);
	SHOW(read(fd, &p, 1));
	SHOW(uring_enter(fd, 0, 0, 1u << 30, NULL, 0));
	SHOW(uring_enter(999, 0, 0, 0, NULL, 0));
	SHOW(uring_enter(1, 0, 0, 0, NULL, 0) == -1 && (errno == EOPNOTSUPP || errno == EBADF));
	SHOW(uring_register(fd, 12345, NULL, 0));
	SHOW(uring_register(fd, IORING_UNREGISTER_FILES, NULL, 0));
	SHOW(uring_register(fd, IORING_UNREGISTER_BUFFERS, NULL, 0));
	SHOW(uring_register(fd, IORING_UNREGISTER_EVENTFD, NULL, 0));
	SHOW(uring_register(fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0));
	close(fd);
}

static void nops(void)
{
	struct ring r;
	struct io_uring_sqe *sqe;

	puts("-- nop");
	ring_open(&r, 8, 0, 0);
	for (int i = 0; i < 8; i++)
		sqe_next(&r, IORING_OP_NOP, -1, (uint64_t)i);
	ring_run(&r, "eight", 8);
	sqe = sqe_next(&r, IORING_OP_NOP, -1, 1);
	sqe->flags = 0x80;
	ring_run(&r, "a flag that is none", 1);
	sqe_next(&r, 200, -1, 2);
	ring_run(&r, "an operation that is none", 1);
	sqe_next(&r, 200, -1, 3);
	sqe_next(&r, IORING_OP_NOP, -1, 4);
	printf("the first is wrong: %d of 2\n", ring_submit(&r, 0));
	r.pending = 1;
	ring_run(&r, "and the second", 2);
	sqe = sqe_next(&r, IORING_OP_NOP, -1, 5);
	sqe->flags = IOSQE_CQE_SKIP_SUCCESS;
	sqe_next(&r, IORING_OP_NOP, -1, 6);
	ring_run(&r, "skipped", 1);
	sqe_next(&r, IORING_OP_NOP, -1, 7);
	WORD(r.sq, r.p.sq_off.array + 4 * ((r.tail - 1) & 7)) = 77;
	printf("a bad index: %d", ring_submit(&r, 0));
	printf(", dropped %u\n", WORD(r.sq, r.p.sq_off.dropped));
	ring_close(&r);
	ring_open(&r, 4, IORING_SETUP_SUBMIT_ALL, 0);
	sqe_next(&r, 200, -1, 1);
	sqe_next(&r, IORING_OP_NOP, -1, 2);
	ring_run(&r, "all in spite of errors", 2);
	ring_close(&r);
}

static void overflow(void)
{
	struct io_uring_cqe cqe;
	struct ring r;
	unsigned next = 0, wrong = 0;

	puts("-- overflow");
	ring_open(&r, 4, 0, 0);
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 4; i++)
			sqe_next(&r, IORING_OP_NOP, -1, (uint64_t)(round * 4 + i));
		SHOW(ring_submit(&r, 0));
	}
	printf("ready %u, flag %u, lost %u\n", ring_ready(&r), (WORD(r.sq, r.p.sq_off.flags) & IORING_SQ_CQ_OVERFLOW) != 0, WORD(r.cq, r.p.cq_off.overflow));
	while (next < 20) {
		while (ring_take(&r, &cqe))
			wrong += cqe.user_data != next++;
		if (next < 20)
			uring_enter(r.fd, 0, 0, IORING_ENTER_GETEVENTS, NULL, 0);
	}
	printf("all came, %u out of order, flag %u\n", wrong, (WORD(r.sq, r.p.sq_off.flags) & IORING_SQ_CQ_OVERFLOW) != 0);
	ring_close(&r);
}

static void files(void)
{
	char text[64] = "", more[64] = "";
	struct iovec io[2] = {{"hello ", 6}, {"rings", 5}}, in[2] = {{text, 4}, {more, 60}};
	struct ring r;
	struct io_uring_sqe *sqe;
	int fd = open("uring-file", O_RDWR | O_CREAT | O_TRUNC, 0644);

	puts("-- files");
	ring_open(&r, 8, 0, 0);
	sqe_rw(&r, IORING_OP_WRITEV, fd, 1, io, 2, 0);
	ring_run(&r, "writev", 1);
	sqe_rw(&r, IORING_OP_READV, fd, 2, in, 2, 0);
	ring_run(&r, "readv", 1);
	printf("%s|%s\n", text, more);
	sqe_rw(&r, IORING_OP_WRITE, fd, 3, "HELLO", 5, 0);
	ring_run(&r, "write", 1);
	memset(text, 0, sizeof(text));
	sqe_rw(&r, IORING_OP_READ, fd, 4, text, 63, 0);
	ring_run(&r, "read", 1);
	puts(text);
	lseek(fd, 6, SEEK_SET);
	memset(text, 0, sizeof(text));
	sqe_rw(&r, IORING_OP_READ, fd, 5, text, 3, (uint64_t)-1);
	ring_run(&r, "read at the position", 1);
	printf("%s, now at %ld\n", text, lseek(fd, 0, SEEK_CUR));
	sqe_rw(&r, IORING_OP_READ, fd, 6, text, 3, (uint64_t)-5);
	ring_run(&r, "read at a bad place", 1);
	sqe_rw(&r, IORING_OP_READ, fd, 7, (void *)8, 3, 0);
	ring_run(&r, "read to nowhere", 1);
	sqe_rw(&r, IORING_OP_READ, 999, 8, text, 3, 0);
	ring_run(&r, "read of no file", 1);
	sqe_rw(&r, IORING_OP_READ, fd, 9, text, 10, 100);
	ring_run(&r, "read behind the end", 1);
	sqe = sqe_rw(&r, IORING_OP_READ, fd, 10, text, 10, 0);
	sqe->flags = IOSQE_ASYNC;
	ring_run(&r, "read by a worker", 1);
	sqe = sqe_rw(&r, IORING_OP_READ, fd, 11, text, 10, 0);
	sqe->rw_flags = 1 << 30;
	ring_run(&r, "read with a flag that is none", 1);
	sqe_next(&r, IORING_OP_FSYNC, fd, 12);
	ring_run(&r, "fsync", 1);
	sqe = sqe_next(&r, IORING_OP_FSYNC, fd, 13);
	sqe->fsync_flags = IORING_FSYNC_DATASYNC;
	ring_run(&r, "fdatasync", 1);
	sqe = sqe_next(&r, IORING_OP_FSYNC, fd, 14);
	sqe->fsync_flags = 6;
	ring_run(&r, "fsync with a flag that is none", 1);
	sqe = sqe_next(&r, IORING_OP_FALLOCATE, fd, 15);
	sqe->off = 0;
	sqe->addr = 10000;
	ring_run(&r, "fallocate", 1);
	printf("size %ld\n", lseek(fd, 0, SEEK_END));
	sqe = sqe_next(&r, IORING_OP_FADVISE, fd, 16);
	sqe->fadvise_advice = POSIX_FADV_RANDOM;
	ring_run(&r, "fadvise", 1);
	sqe = sqe_next(&r, IORING_OP_FADVISE, fd, 17);
	sqe->fadvise_advice = 77;
	ring_run(&r, "fadvise of nothing", 1);
	sqe = sqe_next(&r, IORING_OP_MADVISE, -1, 18);
	sqe->addr = (uintptr_t)mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	sqe->len = 8192;
	sqe->fadvise_advice = MADV_DONTNEED;
	ring_run(&r, "madvise", 1);
	sqe = sqe_next(&r, IORING_OP_SYNC_FILE_RANGE, fd, 19);
	sqe->len = 4096;
	sqe->sync_range_flags = 7;
	ring_run(&r, "sync_file_range", 1);
	ring_close(&r);
	close(fd);
	unlink("uring-file");
}

static void fixed(void)
{
	static char memory[8192] __attribute__((aligned(4096)));
	struct iovec io[2] = {{memory, 4096}, {memory + 4096, 4096}};
	int fd = open("uring-fixed", O_RDWR | O_CREAT | O_TRUNC, 0644), fds[3] = {fd, -1, fd}, event;
	struct io_uring_files_update update = {.offset = 1, .fds = (uintptr_t)fds};
	struct io_uring_sqe *sqe;
	struct ring r;
	uint64_t count = 0;

	puts("-- registered");
	ring_open(&r, 8, 0, 0);
	SHOW(uring_register(r.fd, IORING_REGISTER_BUFFERS, io, 2));
	SHOW(uring_register(r.fd, IORING_REGISTER_BUFFERS, io, 2));
	SHOW(uring_register(r.fd, IORING_REGISTER_FILES, fds, 3));
	SHOW(uring_register(r.fd, IORING_REGISTER_FILES, fds, 3));
	memcpy(memory, "fixed memory", 12);
	sqe = sqe_rw(&r, IORING_OP_WRITE_FIXED, 0, 1, memory, 12, 0);
	sqe->flags = IOSQE_FIXED_FILE;
	ring_run(&r, "write", 1);
	sqe = sqe_rw(&r, IORING_OP_READ_FIXED, 2, 2, memory + 5000, 12, 0);
	sqe->flags = IOSQE_FIXED_FILE;
	sqe->buf_index = 1;
	ring_run(&r, "read", 1);
	printf("%.12s\n", memory + 5000);
	sqe = sqe_rw(&r, IORING_OP_READ_FIXED, fd, 3, memory + 4090, 12, 0);
	ring_run(&r, "across the end", 1);
	sqe = sqe_rw(&r, IORING_OP_READ_FIXED, fd, 4, memory, 12, 0);
	sqe->buf_index = 7;
	ring_run(&r, "no buffer", 1);
	sqe = sqe_rw(&r, IORING_OP_READ, 1, 5, memory, 12, 0);
	sqe->flags = IOSQE_FIXED_FILE;
	ring_run(&r, "an empty place", 1);
	sqe = sqe_rw(&r, IORING_OP_READ, 3, 6, memory, 12, 0);
	sqe->flags = IOSQE_FIXED_FILE;
	ring_run(&r, "no place", 1);
	SHOW(uring_register(r.fd, IORING_REGISTER_FILES_UPDATE, &update, 1));
	sqe = sqe_rw(&r, IORING_OP_READ, 1, 7, memory, 12, 0);
	sqe->flags = IOSQE_FIXED_FILE;
	ring_run(&r, "filled", 1);
	fds[0] = -1;
	sqe = sqe_next(&r, IORING_OP_FILES_UPDATE, -1, 8);
	sqe->addr = (uintptr_t)fds;
	sqe->len = 1;
	sqe->off = 1;
	ring_run(&r, "emptied by an operation", 1);
	sqe = sqe_rw(&r, IORING_OP_READ, 1, 9, memory, 12, 0);
	sqe->flags = IOSQE_FIXED_FILE;
	ring_run(&r, "empty", 1);
	update.offset = 3;
	SHOW(uring_register(r.fd, IORING_REGISTER_FILES_UPDATE, &update, 1));
	fds[0] = r.fd;
	update.offset = 0;
	SHOW(uring_register(r.fd, IORING_REGISTER_FILES_UPDATE, &update, 1));
	event = eventfd(0, EFD_NONBLOCK);
	SHOW(uring_register(r.fd, IORING_REGISTER_EVENTFD, &event, 1));
	SHOW(uring_register(r.fd, IORING_REGISTER_EVENTFD, &event, 1));
	SHOW(uring_register(r.fd, IORING_REGISTER_EVENTFD, &fd, 1));
	sqe_next(&r, IORING_OP_NOP, -1, 10);
	ring_run(&r, "tells", 1);
	printf("event %zd", read(event, &count, 8));
	printf(" %llu\n", (unsigned long long)count);
	WORD(r.cq, r.p.cq_off.flags) = IORING_CQ_EVENTFD_DISABLED;
	sqe_next(&r, IORING_OP_NOP, -1, 11);
	ring_run(&r, "does not tell", 1);
	printf("event %zd\n", read(event, &count, 8));
	SHOW(uring_register(r.fd, IORING_UNREGISTER_EVENTFD, NULL, 0));
	SHOW(uring_register(r.fd, IORING_UNREGISTER_FILES, NULL, 0));
	SHOW(uring_register(r.fd, IORING_UNREGISTER_BUFFERS, NULL, 0));
	ring_close(&r);
	close(fd);
	unlink("uring-fixed");
}

static void chains(void)
{
	struct __kernel_timespec soon = {.tv_nsec = 20000000}, late = {.tv_sec = 100};
	char text[16];
	int two[2], fd = open("uring-chain", O_RDWR | O_CREAT | O_TRUNC, 0644);
	struct ring r;

	puts("-- chains");
	if (pipe(two))
		exit(1);
	ring_open(&r, 16, 0, 0);
	sqe_rw(&r, IORING_OP_WRITE, fd, 1, "first", 5, 0)->flags = IOSQE_IO_LINK;
	sqe_next(&r, IORING_OP_FSYNC, fd, 2)->flags = IOSQE_IO_LINK;
	sqe_rw(&r, IORING_OP_READ, fd, 3, text, 5, 0);
	ring_run(&r, "three", 3);
	sqe_rw(&r, IORING_OP_READ, fd, 1, text, 10, 0)->flags = IOSQE_IO_LINK;
	sqe_next(&r, IORING_OP_NOP, -1, 2)->flags = IOSQE_IO_LINK;
	sqe_next(&r, IORING_OP_NOP, -1, 3);
	sqe_next(&r, IORING_OP_NOP, -1, 4);
	ring_run(&r, "a short read breaks it", 4);
	sqe_rw(&r, IORING_OP_READ, fd, 1, text, 10, 0)->flags = IOSQE_IO_HARDLINK;
	sqe_next(&r, IORING_OP_NOP, -1, 2);
	ring_run(&r, "a hard link holds", 2);
	sqe_next(&r, IORING_OP_NOP, -1, 1)->flags = IOSQE_IO_LINK;
	sqe_next(&r, 200, -1, 2)->flags = IOSQE_IO_LINK;
	ring_run(&r, "a wrong one takes it with it", 2);
	sqe_rw(&r, IORING_OP_READ, two[0], 1, text, 10, 0)->flags = IOSQE_IO_LINK;
	sqe_rw(&r, IORING_OP_LINK_TIMEOUT, -1, 2, &soon, 1, 0);
	ring_run(&r, "too late", 2);
	sqe_rw(&r, IORING_OP_READ, two[0], 1, text, 10, 0)->flags = IOSQE_IO_LINK;
	sqe_rw(&r, IORING_OP_LINK_TIMEOUT, -1, 2, &late, 1, 0);
	ring_run(&r, "in time (begins)", 0);
	if (write(two[1], "0123456789", 10) != 10)
		exit(1);
	ring_run(&r, "in time", 2);
	sqe_rw(&r, IORING_OP_LINK_TIMEOUT, -1, 1, &soon, 1, 0);
	ring_run(&r, "a limit of nothing", 1);
	sqe_rw(&r, IORING_OP_READ, two[0], 1, text, 4, 0);
	sqe_next(&r, IORING_OP_NOP, -1, 2)->flags = IOSQE_IO_DRAIN;
	sqe_next(&r, IORING_OP_NOP, -1, 3);
	ring_run(&r, "drain waits", 0);
	printf("ready %u\n", ring_ready(&r));
	if (write(two[1], "0123", 4) != 4)
		exit(1);
	ring_run(&r, "drained", 3);
	ring_close(&r);
	close(two[0]);
	close(two[1]);
	close(fd);
	unlink("uring-chain");
}

static long ms_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - start->tv_sec) * 1000 + (now.tv_nsec - start->tv_nsec) / 1000000;
}

static void timeouts(void)
{
	struct __kernel_timespec soon = {.tv_nsec = 30000000}, late = {.tv_sec = 100}, bad = {.tv_nsec = 2000000000}, at;
	struct io_uring_getevents_arg argument = {.ts = (uintptr_t)&soon};
	struct io_uring_sqe *sqe;
	struct timespec start;
	struct ring r;

	puts("-- timeouts");
	ring_open(&r, 16, 0, 0);
	clock_gettime(CLOCK_MONOTONIC, &start);
	sqe_rw(&r, IORING_OP_TIMEOUT, -1, 1, &soon, 1, 0);
	ring_run(&r, "a time", 1);
	printf("not early: %d\n", ms_since(&start) >= 30);
	sqe_rw(&r, IORING_OP_TIMEOUT, -1, 1, &late, 1, 2);
	ring_run(&r, "two completions", 0);
	sqe_next(&r, IORING_OP_NOP, -1, 2);
	sqe_next(&r, IORING_OP_NOP, -1, 3);
	ring_run(&r, "come", 3);
	sqe_rw(&r, IORING_OP_TIMEOUT, -1, 1, &bad, 1, 0);
	ring_run(&r, "no time", 1);
	sqe_rw(&r, IORING_OP_TIMEOUT, -1, 1, (void *)8, 1, 0);
	ring_run(&r, "nowhere", 1);
	sqe_rw(&r, IORING_OP_TIMEOUT, -1, 1, &soon, 2, 0);
	ring_run(&r, "two", 1);
	sqe_rw(&r, IORING_OP_TIMEOUT, -1, 1, &late, 1, 0);
	ring_run(&r, "long", 0);
	sqe_next(&r, IORING_OP_TIMEOUT_REMOVE, -1, 2)->addr = 1;
	ring_run(&r, "removed", 2);
	sqe_next(&r, IORING_OP_TIMEOUT_REMOVE, -1, 2)->addr = 1;
	ring_run(&r, "nothing to remove", 1);
	sqe_rw(&r, IORING_OP_TIMEOUT, -1, 1, &late, 1, 0);
	ring_run(&r, "long", 0);
	sqe = sqe_next(&r, IORING_OP_TIMEOUT_REMOVE, -1, 2);
	sqe->addr = 1;
	sqe->off = (uintptr_t)&soon;
	sqe->timeout_flags = IORING_TIMEOUT_UPDATE;
	ring_run(&r, "made shorter", 2);
	clock_gettime(CLOCK_MONOTONIC, &start);
	at = (struct __kernel_timespec){start.tv_sec, start.tv_nsec};
	sqe_rw(&r, IORING_OP_TIMEOUT, -1, 1, &at, 1, 0)->timeout_flags = IORING_TIMEOUT_ABS;
	ring_run(&r, "past", 1);
	clock_gettime(CLOCK_REALTIME, &start);
	at = (struct __kernel_timespec){start.tv_sec, start.tv_nsec};
	sqe_rw(&r, IORING_OP_TIMEOUT, -1, 1, &at, 1, 0)->timeout_flags = IORING_TIMEOUT_ABS | IORING_TIMEOUT_REALTIME;
	ring_run(&r, "past by the wall", 1);
	sqe = sqe_rw(&r, IORING_OP_TIMEOUT, -1, 1, &soon, 1, 0);
	sqe->timeout_flags = IORING_TIMEOUT_ETIME_SUCCESS;
	sqe->flags = IOSQE_IO_LINK;
	sqe_next(&r, IORING_OP_NOP, -1, 2);
	ring_run(&r, "a time that is success", 2);
	sqe_rw(&r, IORING_OP_TIMEOUT, -1, 1, &soon, 1, 0)->flags = IOSQE_IO_LINK;
	sqe_next(&r, IORING_OP_NOP, -1, 2);
	ring_run(&r, "and one that is not", 2);
	sqe_rw(&r, IORING_OP_TIMEOUT, -1, 1, &soon, 1, 3)->timeout_flags = 1 << 6; /* IORING_TIMEOUT_MULTISHOT */
	ring_run(&r, "three times", 3);
	SHOW(uring_enter(r.fd, 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &argument, sizeof(argument)));
	SHOW(uring_enter(r.fd, 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &argument, 8));
	argument.ts = 8;
	SHOW(uring_enter(r.fd, 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &argument, sizeof(argument)));
	sqe_next(&r, IORING_OP_NOP, -1, 1);
	ring_submit(&r, 0);
	argument.ts = (uintptr_t)&soon;
	SHOW(uring_enter(r.fd, 0, 2, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &argument, sizeof(argument)));
	ring_close(&r);
}

static void cancels(void)
{
	struct io_uring_sync_cancel_reg sync = {.addr = 9, .timeout = {-1, -1}};
	struct io_uring_sqe *sqe;
	char text[16];
	struct ring r;
	int two[2];

	puts("-- cancelling");
	if (pipe(two))
		exit(1);
	ring_open(&r, 16, 0, 0);
	sqe_rw(&r, IORING_OP_READ, two[0], 1, text, 10, 0);
	ring_run(&r, "a read waits", 0);
	sqe_next(&r, IORING_OP_ASYNC_CANCEL, -1, 2)->addr = 1;
	ring_run(&r, "cancelled", 2);
	sqe_next(&r, IORING_OP_ASYNC_CANCEL, -1, 2)->addr = 1;
	ring_run(&r, "nothing there", 1);
	for (int i = 1; i <= 3; i++)
		sqe_rw(&r, IORING_OP_READ, two[0], (uint64_t)i, text, 10, 0);
	ring_run(&r, "three wait", 0);
	sqe = sqe_next(&r, IORING_OP_ASYNC_CANCEL, two[0], 4);
	sqe->cancel_flags = IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_ALL;
	ring_run(&r, "all of the file", 4);
	sqe_next(&r, IORING_OP_POLL_ADD, two[0], 1)->poll32_events = POLLIN;
	sqe_rw(&r, IORING_OP_READ, two[0], 2, text, 10, 0);
	ring_run(&r, "two wait", 0);
	sqe = sqe_next(&r, IORING_OP_ASYNC_CANCEL, -1, 3);
	sqe->cancel_flags = IORING_ASYNC_CANCEL_ANY;
	ring_run(&r, "any", 3);
	sqe = sqe_next(&r, IORING_OP_ASYNC_CANCEL, -1, 3);
	sqe->cancel_flags = IORING_ASYNC_CANCEL_ALL;
	sqe->addr = 77;
	ring_run(&r, "all of none", 1);
	sqe = sqe_next(&r, IORING_OP_ASYNC_CANCEL, -1, 3);
	sqe->cancel_flags = 1 << 20;
	ring_run(&r, "a flag that is none", 1);
	SHOW(uring_register(r.fd, IORING_REGISTER_SYNC_CANCEL, &sync, 1));
	sqe_rw(&r, IORING_OP_READ, two[0], 9, text, 10, 0);
	ring_run(&r, "one waits", 0);
	SHOW(uring_register(r.fd, IORING_REGISTER_SYNC_CANCEL, &sync, 1));
	ring_run(&r, "cancelled from outside", 1);
	/* What is left when the ring goes, and when the process does. */
	for (int i = 1; i <= 3; i++)
		sqe_rw(&r, IORING_OP_READ, two[0], (uint64_t)i, text, 10, 0);
	ring_submit(&r, 0);
	ring_close(&r);
	if (!fork()) {
		ring_open(&r, 16, 0, 0);
		for (int i = 1; i <= 3; i++)
			sqe_rw(&r, IORING_OP_READ, two[0], (uint64_t)i, text, 10, 0)->flags = i == 2 ? IOSQE_ASYNC : 0;
		ring_submit(&r, 0);
		_exit(7);
	}
	printf("a child ends with requests: ");
	fflush(stdout);
	int status = 0;
	wait(&status);
	printf("%d\n", WEXITSTATUS(status));
	close(two[0]);
	close(two[1]);
}

static void restrictions(void)
{
	struct io_uring_restriction allowed[3] = {
		{.opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_NOP},
		{.opcode = IORING_RESTRICTION_REGISTER_OP, .register_op = IORING_REGISTER_ENABLE_RINGS},
		{.opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED, .sqe_flags = IOSQE_IO_LINK},
	};
	struct ring r;
	char text[4];

	puts("-- restrictions");
	ring_open(&r, 4, IORING_SETUP_R_DISABLED, 0);
	SHOW(uring_enter(r.fd, 0, 0, 0, NULL, 0));
	SHOW(uring_register(r.fd, IORING_REGISTER_RESTRICTIONS, allowed, 3));
	SHOW(uring_register(r.fd, IORING_REGISTER_RESTRICTIONS, allowed, 3));
	SHOW(uring_register(r.fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0));
	sqe_next(&r, IORING_OP_NOP, -1, 1);
	ring_run(&r, "allowed", 1);
	sqe_rw(&r, IORING_OP_READ, 0, 2, text, 1, 0);
	ring_run(&r, "not allowed", 1);
	sqe_next(&r, IORING_OP_NOP, -1, 3)->flags = IOSQE_ASYNC;
	ring_run(&r, "a flag not allowed", 1);
	SHOW(uring_register(r.fd, IORING_REGISTER_PERSONALITY, NULL, 0));
	ring_close(&r);
}

static void personalities(void)
{
	struct io_uring_sqe *sqe;
	struct ring r;
	int id, again;

	puts("-- personalities");
	ring_open(&r, 4, 0, 0);
	id = uring_register(r.fd, IORING_REGISTER_PERSONALITY, NULL, 0);
	printf("id %d\n", id);
	sqe = sqe_next(&r, IORING_OP_NOP, -1, 1);
	sqe->personality = (unsigned short)id;
	ring_run(&r, "as it", 1);
	sqe = sqe_next(&r, IORING_OP_NOP, -1, 2);
	sqe->personality = 99;
	ring_run(&r, "as nobody", 1);
	again = uring_register(r.fd, IORING_UNREGISTER_PERSONALITY, NULL, (unsigned)id);
	printf("removed %d\n", again);
	SHOW(uring_register(r.fd, IORING_UNREGISTER_PERSONALITY, NULL, (unsigned)id));
	ring_close(&r);
}

static void probes(void)
{
	static const unsigned char all[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 45};
	struct {
		struct io_uring_probe probe;
		struct io_uring_probe_op ops[128];
	} p;
	unsigned found = 0;
	struct ring r;

	puts("-- probe");
	ring_open(&r, 4, 0, 0);
	memset(&p, 0, sizeof(p));
	SHOW(uring_register(r.fd, IORING_REGISTER_PROBE, &p, 128));
	for (unsigned i = 0; i < sizeof(all); i++)
		found += p.probe.ops[all[i]].op == all[i] && (p.probe.ops[all[i]].flags & IO_URING_OP_SUPPORTED);
	printf("%u of %zu operations; the last is no less than SOCKET: %d\n", found, sizeof(all), p.probe.last_op >= 45);
	SHOW(uring_register(r.fd, IORING_REGISTER_PROBE, &p, 128));
	SHOW(uring_register(r.fd, IORING_REGISTER_PROBE, NULL, 128));
	ring_close(&r);
}

static void wake(int signal)
{
}

static void signals(void)
{
	struct io_uring_getevents_arg argument = {.sigmask_sz = 8};
	uint64_t mask = 1ull << (SIGALRM - 1);
	struct __kernel_timespec soon = {.tv_nsec = 60000000};
	struct ring r;

	puts("-- signals");
	sigaction(SIGALRM, &(struct sigaction){.sa_handler = wake}, NULL);
	ring_open(&r, 4, 0, 0);
	ualarm(20000, 0);
	SHOW(uring_enter(r.fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0));
	ualarm(20000, 0);
	argument.sigmask = (uintptr_t)&mask;
	argument.ts = (uintptr_t)&soon;
	SHOW(uring_enter(r.fd, 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &argument, sizeof(argument)));
	ring_close(&r);
}

int main(void)
{
	setups();
	nops();
	overflow();
	files();
	fixed();
	chains();
	timeouts();
	cancels();
	restrictions();
	personalities();
	probes();
	signals();
	return 0;
}
