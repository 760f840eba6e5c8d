/* SPDX-License-Identifier: BSD-3-Clause */
/* Vectors of user or kernel memory, as user_memory.h has them. */
#include "kernel/vm/user_memory.h"
#include "kernel/arch/user.h"
#include "kernel/uapi/errno.h"
#include "lib/string.h"

static void init_one(struct io_vector *io, uint64_t base, uint64_t len, bool is_kernel)
{
	io->one = (struct io_segment){.base = base, .len = len};
	io->segments = &io->one;
	io->count = 1;
	io->index = io->offset = 0;
	io->left = len;
	io->is_kernel = is_kernel;
}

void io_vector_init_user(struct io_vector *io, uint64_t base, uint64_t len)
{
	init_one(io, base, len, false);
}

void io_vector_init_kernel(struct io_vector *io, void *base, uint64_t len)
{
	init_one(io, (uint64_t)(uintptr_t)base, len, true);
}

/* Copies into the user's or kernel's memory at `to`, or clears it (from NULL). Bytes done. */
static size_t copy_out(const struct io_vector *io, uint64_t to, const void *from, size_t len)
{
	if (!io->is_kernel)
		return len - (from ? user_copy_out(to, from, len) : user_clear(to, len));
	if (from)
		memcpy((void *)(uintptr_t)to, from, len);
	else
		memset((void *)(uintptr_t)to, 0, len);
	return len;
}

static size_t copy_in(const struct io_vector *io, void *to, uint64_t from, size_t len)
{
	if (!io->is_kernel)
		return len - user_copy_in(to, from, len);
	memcpy(to, (const void *)(uintptr_t)from, len);
	return len;
}

/* The memory at the cursor: how much of `len` is in one piece there. Passes over segments that are used up. */
static size_t piece(struct io_vector *io, size_t len, uint64_t *at)
{
	const struct io_segment *segment = &io->segments[io->index];

	while (io->offset == segment->len) {
		segment = &io->segments[++io->index];
		io->offset = 0;
	}
	*at = segment->base + io->offset;
	return min_u64(len, segment->len - io->offset);
}

static void advance(struct io_vector *io, size_t len)
{
	io->offset += len;
	io->left -= len;
}

static size_t put(struct io_vector *io, const char *from, size_t len)
{
	size_t done = 0;

	len = min_u64(len, io->left);
	while (done < len) {
		uint64_t to;
		size_t part = piece(io, len - done, &to), copied = copy_out(io, to, from ? from + done : NULL, part);

		advance(io, copied);
		done += copied;
		if (copied < part)
			break;
	}
	return done;
}

size_t io_vector_put(struct io_vector *io, const void *from, size_t len)
{
	return put(io, from, len);
}

size_t io_vector_put_zeros(struct io_vector *io, size_t len)
{
	return put(io, NULL, len);
}

size_t io_vector_get(struct io_vector *io, void *to, size_t len)
{
	size_t done = 0;

	len = min_u64(len, io->left);
	while (done < len) {
		uint64_t from;
		size_t part = piece(io, len - done, &from), copied = copy_in(io, (char *)to + done, from, part);

		advance(io, copied);
		done += copied;
		if (copied < part)
			break;
	}
	return done;
}

void io_vector_skip(struct io_vector *io, size_t len)
{
	len = min_u64(len, io->left);
	while (len) {
		uint64_t at;
		size_t part = piece(io, len, &at);

		advance(io, part);
		len -= part;
	}
}

void io_vector_back(struct io_vector *io, size_t len)
{
	io->left += len;
	while (len > io->offset) {
		len -= io->offset;
		io->offset = io->segments[--io->index].len;
	}
	io->offset -= len;
}

int copy_from_user(void *to, uint64_t from, size_t len)
{
	return user_copy_in(to, from, len) ? -EFAULT : 0;
}

int copy_to_user(uint64_t to, const void *from, size_t len)
{
	return user_copy_out(to, from, len) ? -EFAULT : 0;
}
