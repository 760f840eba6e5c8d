/* SPDX-License-Identifier: BSD-3-Clause */
/* Pipes from within: sizes for fcntl(2), moving pages' worth between them for splice(2). */
#pragma once
#include "kernel/file/file.h"

struct pipe;
size_t pipe_size(struct pipe *pipe);
int pipe_set_size(struct pipe *pipe, size_t bytes); /* the new size or -errno */
/* Copies up to len bytes without taking them (tee(2)); waits for some, or -EAGAIN. 0: no writer is left. */
long pipe_peek(struct pipe *pipe, void *to, size_t len, bool may_wait);
