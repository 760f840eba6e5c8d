/* SPDX-License-Identifier: BSD-3-Clause */
/* io_uring by raw system calls, for the programs of this folder. */
#pragma once
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/time_types.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct ring {
	int fd;
	struct io_uring_params p;
	unsigned char *sq, *cq;
	struct io_uring_sqe *sqes;
	unsigned tail; /* of what was prepared */
	unsigned pending;
};

#define WORD(base, offset) (*(volatile unsigned *)((base) + (offset)))

static inline int uring_setup(unsigned entries, struct io_uring_params *p)
{
	return (int)syscall(__NR_io_uring_setup, entries, p);
}

static inline int uring_enter(int fd, unsigned submit, unsigned wait, unsigned flags, const void *argument, size_t size)
{
	return (int)syscall(__NR_io_uring_enter, fd, submit, wait, flags, argument, size);
}

static inline int uring_register(int fd, unsigned opcode, const void *argument, unsigned count)
{
	return (int)syscall(__NR_io_uring_register, fd, opcode, argument, count);
}

/* A ring with its memory mapped; exits if there is none. */
static inline void ring_open(struct ring *r, unsigned entries, unsigned flags, unsigned cq_entries)
{
	size_t sq_size, cq_size;

	memset(r, 0, sizeof(*r));
	r->p.flags = flags;
	r->p.cq_entries = cq_entries;
	r->fd = uring_setup(entries, &r->p);
	if (r->fd < 0) {
		printf("no ring: %s\n", strerrorname_np(errno));
		exit(1);
	}
	sq_size = r->p.sq_off.array + r->p.sq_entries * sizeof(unsigned);
	cq_size = r->p.cq_off.cqes + r->p.cq_entries * (flags & IORING_SETUP_CQE32 ? 32 : 16);
	r->sq = mmap(NULL, sq_size > cq_size ? sq_size : cq_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, r->fd, IORING_OFF_SQ_RING);
	r->cq = mmap(NULL, cq_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, r->fd, IORING_OFF_CQ_RING);
	r->sqes = mmap(NULL, r->p.sq_entries * (flags & IORING_SETUP_SQE128 ? 128 : 64), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, r->fd, IORING_OFF_SQES);
	if (r->sq == MAP_FAILED || r->cq == MAP_FAILED || r->sqes == MAP_FAILED) {
		printf("no memory of a ring\n");
		exit(1);
	}
	r->tail = WORD(r->sq, r->p.sq_off.tail);
}

static inline void ring_close(struct ring *r)
{
	size_t sq_size = r->p.sq_off.array + r->p.sq_entries * sizeof(unsigned);
	size_t cq_size = r->p.cq_off.cqes + r->p.cq_entries * (r->p.flags & IORING_SETUP_CQE32 ? 32 : 16);

	munmap(r->sqes, r->p.sq_entries * (r->p.flags & IORING_SETUP_SQE128 ? 128 : 64));
	munmap(r->cq, cq_size);
	munmap(r->sq, sq_size > cq_size ? sq_size : cq_size);
	close(r->fd);
}

/* The next submission, cleared. */
static inline struct io_uring_sqe *sqe_next(struct ring *r, int opcode, int fd, uint64_t user_data)
{
	unsigned slot = r->tail & (r->p.sq_entries - 1);
	struct io_uring_sqe *sqe = (void *)((char *)r->sqes + slot * (r->p.flags & IORING_SETUP_SQE128 ? 128 : 64));

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = (unsigned char)opcode;
	sqe->fd = fd;
	sqe->user_data = user_data;
	WORD(r->sq, r->p.sq_off.array + 4 * slot) = slot;
	r->tail++;
	r->pending++;
	return sqe;
}

static inline struct io_uring_sqe *sqe_rw(struct ring *r, int opcode, int fd, uint64_t user_data, const void *address, unsigned len, uint64_t offset)
{
	struct io_uring_sqe *sqe = sqe_next(r, opcode, fd, user_data);

	sqe->addr = (uintptr_t)address;
	sqe->len = len;
	sqe->off = offset;
	return sqe;
}

/* Hands over what was prepared and waits for `wait` completions: what io_uring_enter says. */
static inline int ring_submit(struct ring *r, unsigned wait)
{
	unsigned pending = r->pending;

	__atomic_store_n((unsigned *)(r->sq + r->p.sq_off.tail), r->tail, __ATOMIC_RELEASE);
	r->pending = 0;
	return uring_enter(r->fd, pending, wait, wait ? IORING_ENTER_GETEVENTS : 0, NULL, 0);
}

static inline unsigned ring_ready(struct ring *r)
{
	return __atomic_load_n((unsigned *)(r->cq + r->p.cq_off.tail), __ATOMIC_ACQUIRE) - WORD(r->cq, r->p.cq_off.head);
}

static inline int ring_take(struct ring *r, struct io_uring_cqe *cqe)
{
	unsigned head = WORD(r->cq, r->p.cq_off.head), size = r->p.flags & IORING_SETUP_CQE32 ? 32 : 16;

	if (!ring_ready(r))
		return 0;
	memcpy(cqe, r->cq + r->p.cq_off.cqes + (head & (r->p.cq_entries - 1)) * size, 16);
	__atomic_store_n((unsigned *)(r->cq + r->p.cq_off.head), head + 1, __ATOMIC_RELEASE);
	return 1;
}

static inline void show_cqe(const struct io_uring_cqe *cqe)
{
	unsigned flags = cqe->flags & ~4u; /* IORING_CQE_F_SOCK_NONEMPTY is a hint */

	printf("  %llu: ", (unsigned long long)cqe->user_data);
	if (cqe->res < 0)
		printf("-%s", strerrorname_np(-cqe->res) ? strerrorname_np(-cqe->res) : "?");
	else
		printf("%d", cqe->res);
	printf(flags ? " flags %#x\n" : "\n", flags);
	fflush(stdout);
}

static inline int by_user_data(const void *a, const void *b)
{
	const struct io_uring_cqe *x = a, *y = b;

	return x->user_data < y->user_data ? -1 : x->user_data > y->user_data;
}

/* Submits, waits for `count` completions in all, and shows them in the order of their user_data: those of a ring without big completions. */
static inline void ring_run(struct ring *r, const char *what, unsigned count)
{
	struct {
		struct io_uring_cqe cqe;
	} got[256];
	unsigned nr = 0;
	int ret = r->pending ? ring_submit(r, 0) : 0;

	printf("%s: submitted %d\n", what, ret < 0 ? -errno : ret);
	fflush(stdout);
	while (nr < count) {
		while (nr < count && ring_take(r, &got[nr].cqe))
			nr++;
		if (nr < count && uring_enter(r->fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0 && errno != EINTR) {
			printf("enter: %s\n", strerrorname_np(errno));
			break;
		}
	}
	qsort(got, nr, sizeof(got[0]), by_user_data);
	for (unsigned i = 0; i < nr; i++)
		show_cqe(&got[i].cqe);
}

/* One request alone: its result. */
static inline int ring_one(struct ring *r)
{
	struct io_uring_cqe cqe = {0};

	if (ring_submit(r, 1) < 0)
		return -errno;
	while (!ring_take(r, &cqe))
		uring_enter(r->fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0);
	return cqe.res;
}
