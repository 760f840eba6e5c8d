/* SPDX-License-Identifier: BSD-3-Clause */
/* Devices without hardware: null(4), zero, full(4), random(4), urandom, kmsg. */
#include "kernel/file/file.h"
#include "kernel/file/random.h"
#include "kernel/log/log.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/poll.h"

static int64_t seek_nowhere(struct file *file, int64_t offset, int whence)
{
	return 0;
}

static long read_nothing(struct file *file, struct io_vector *io, uint64_t *position)
{
	return 0;
}

static long write_away(struct file *file, struct io_vector *io, uint64_t *position)
{
	long len = (long)io->left;

	io_vector_skip(io, io->left);
	return len;
}

enum { ZEROS_AT_ONCE = 65536 };

/* As Linux's, long reads end early for a signal, but not within a page: reads of random bytes by a few are never short. */
static bool ends_early(long done)
{
	return thread_pause_at((uint64_t)done) || (!(done % PAGE_SIZE) && __atomic_load_n(&thread_current()->interrupted, __ATOMIC_RELAXED));
}

static long read_zeros(struct file *file, struct io_vector *io, uint64_t *position)
{
	long done = 0;

	while (io->left) {
		size_t part = min_u64(io->left, ZEROS_AT_ONCE), copied = io_vector_put_zeros(io, part);

		done += (long)copied;
		if (copied < part)
			return done ? done : -EFAULT;
		if (ends_early(done))
			break;
	}
	return done;
}

static long write_full(struct file *file, struct io_vector *io, uint64_t *position)
{
	return io->left ? -ENOSPC : 0;
}

static long read_random(struct file *file, struct io_vector *io, uint64_t *position)
{
	uint8_t bytes[256];
	long done = 0;

	while (io->left) {
		size_t part = min_u64(io->left, sizeof(bytes)), copied;

		random_fill(bytes, part);
		copied = io_vector_put(io, bytes, part);
		done += (long)copied;
		if (copied < part)
			return done ? done : -EFAULT;
		if (ends_early(done))
			break;
	}
	return done;
}

static long write_random(struct file *file, struct io_vector *io, uint64_t *position)
{
	uint8_t bytes[64];
	long done = 0;

	while (io->left) {
		size_t part = min_u64(io->left, sizeof(bytes)), copied = io_vector_get(io, bytes, part);

		random_add(bytes, copied);
		done += (long)copied;
		if (copied < part)
			return done ? done : -EFAULT;
	}
	return done;
}

/* A line written to /dev/kmsg joins the kernel's log. */
static long write_log(struct file *file, struct io_vector *io, uint64_t *position)
{
	char line[256];
	uint64_t len = io->left;
	size_t got = io_vector_get(io, line, min_u64(len, sizeof(line) - 1));

	if (!got && len)
		return -EFAULT;
	while (got && line[got - 1] == '\n')
		got--;
	line[got] = '\0';
	log_line(LOG_INFO, "%s", line);
	return (long)len;
}

static long read_log(struct file *file, struct io_vector *io, uint64_t *position)
{
	return -EAGAIN; /* the log is the host's */
}

static unsigned always_ready(struct file *file, struct poll_table *table)
{
	return POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM;
}

/* mmap of /dev/zero: anonymous memory. */
static int map_anonymous(struct file *file, struct mapped_file *mapped)
{
	*mapped = (struct mapped_file){.cache = NULL, .is_read_only = !(file->mode & MAY_WRITE)};
	return 0;
}

static const struct file_ops null_ops = {.read = read_nothing, .write = write_away, .seek = seek_nowhere};
static const struct file_ops zero_ops = {.read = read_zeros, .write = write_away, .seek = seek_nowhere, .map = map_anonymous};
static const struct file_ops full_ops = {.read = read_zeros, .write = write_full, .seek = seek_nowhere};
#define RNDGETENTCNT   0x80045200u
#define RNDADDTOENTCNT 0x40045201u
#define RNDZAPENTCNT   0x5204u
#define RNDCLEARPOOL   0x5206u
#define RNDRESEEDCRNG  0x5207u
enum { ENTROPY_BITS = 256 };

/* The pool is full always: what counts bits is for root, and changes nothing. */
static long random_ioctl(struct file *file, unsigned command, uint64_t argument)
{
	int bits = ENTROPY_BITS;

	switch (command) {
	case RNDGETENTCNT:
		return copy_to_user(argument, &bits, sizeof(bits));
	case RNDADDTOENTCNT:
	case RNDZAPENTCNT:
	case RNDCLEARPOOL:
	case RNDRESEEDCRNG:
		return credentials_have(credentials_current(), CAPABILITY_SYS_ADMIN) ? 0 : -EPERM;
	default:
		return -EINVAL;
	}
}

static const struct file_ops random_ops = {.ioctl = random_ioctl, .read = read_random, .write = write_random, .seek = seek_nowhere, .poll = always_ready};
static const struct file_ops log_ops = {.read = read_log, .write = write_log, .seek = seek_nowhere};

CHARACTER_DEVICE(null) = {.name = "null", .major = 1, .minor = 3, .mode = 0666, .ops = &null_ops};
CHARACTER_DEVICE(zero) = {.name = "zero", .major = 1, .minor = 5, .mode = 0666, .ops = &zero_ops};
CHARACTER_DEVICE(full) = {.name = "full", .major = 1, .minor = 7, .mode = 0666, .ops = &full_ops};
CHARACTER_DEVICE(random) = {.name = "random", .major = 1, .minor = 8, .mode = 0666, .ops = &random_ops};
CHARACTER_DEVICE(urandom) = {.name = "urandom", .major = 1, .minor = 9, .mode = 0666, .ops = &random_ops};
CHARACTER_DEVICE(kmsg) = {.name = "kmsg", .major = 1, .minor = 11, .mode = 0644, .ops = &log_ops};
