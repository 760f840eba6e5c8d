/* SPDX-License-Identifier: BSD-3-Clause */
/* Pipes from within: sizes for fcntl(2), moving pages between them and files for splice(2). */
#pragma once
#include "kernel/file/file.h"

struct pipe;
extern uint32_t pipe_size_max; /* bytes: what F_SETPIPE_SZ gives those without CAP_SYS_RESOURCE (/proc/sys/fs/pipe-max-size) */
size_t pipe_size(struct pipe *pipe);
int pipe_set_size(struct pipe *pipe, size_t bytes); /* the new size or -errno */

/*
 * splice.c. Bytes moved, at most `len`, or -errno; 0: the end of what is read from. Positions as file_read's. What `nonblocking` is about is
 * the pipes: -EAGAIN rather than wait for data or room in one. No byte is lost: what the other end does not take stays in the pipe.
 */
long splice_to_pipe(struct file *from, uint64_t *position, struct pipe *to, uint64_t len, bool nonblocking);
long splice_from_pipe(struct pipe *from, struct file *to, uint64_t *position, uint64_t len, bool more, bool nonblocking);
/* Between two pipes; `keeps`: the first keeps the bytes (tee(2)). */
long splice_pipes(struct pipe *from, struct pipe *to, uint64_t len, bool keeps, bool nonblocking);
/* vmsplice(2): as much of the vector as there is room for, once there is some; it is copied. */
long splice_vector(struct file *to, struct io_vector *io, bool nonblocking);
