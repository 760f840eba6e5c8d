/* SPDX-License-Identifier: BSD-3-Clause */
/* User buffers as system calls pass them on: iovecs of user (or kernel) memory with a cursor. The page cache copies through these. */
#pragma once
#include "lib/attr.h"

struct io_segment {
	uint64_t base; /* user address, or kernel pointer if is_kernel */
	uint64_t len;
};

/* A list of segments and how far it is used up. */
struct io_vector {
	struct io_segment *segments;
	size_t count;
	size_t index, offset; /* cursor */
	uint64_t left;	      /* bytes from the cursor to the end */
	bool is_kernel;
	struct io_segment one; /* for the single-buffer form */
};

void io_vector_init_user(struct io_vector *io, uint64_t base, uint64_t len);
void io_vector_init_kernel(struct io_vector *io, void *base, uint64_t len);
/* Copies from kernel memory to the vector (read(2)), or back (write(2)); moves the cursor. Bytes copied; less than len means a fault. */
size_t io_vector_put(struct io_vector *io, const void *from, size_t len);
size_t io_vector_get(struct io_vector *io, void *to, size_t len);
size_t io_vector_put_zeros(struct io_vector *io, size_t len);
void io_vector_skip(struct io_vector *io, size_t len);
void io_vector_back(struct io_vector *io, size_t len); /* gives back what was taken too much */

/* Whole-object copies for the translation layer: 0 or -EFAULT. */
int copy_from_user(void *to, uint64_t from, size_t len) must_check;
int copy_to_user(uint64_t to, const void *from, size_t len) must_check;
