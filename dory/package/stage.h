/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A step of work on a stream of bytes in a thread of its own: bytes are handed over in order, through a queue of bounded
 * length, so that the step before it goes on meanwhile and memory does not grow with the stream.
 */
#pragma once
#include "lib/attr.h"

struct stage;

/* What the step does with the next bytes; 0 or an errno. After an error it is not called again. */
typedef int stage_take_fn(void *context, const void *bytes, size_t size);

/* NULL, with errno, if there can be no thread. */
struct stage *stage_start(stage_take_fn *take, void *context) must_check;
/* Copies the bytes; waits while the queue is full. 0, or the errno with which the step has failed. */
int stage_put(struct stage *stage, const void *bytes, size_t size) must_check;
/* Waits until the step has taken all, or has failed, and ends it. The same result. */
int stage_finish(struct stage *stage);
