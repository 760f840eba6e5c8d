/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Compresses a stream in pieces of one size, several at the same time in threads of its own, and hands the results on in
 * order. What comes out depends on the bytes alone, not on the number of threads; memory does not grow with the stream.
 */
#pragma once
#include "dory/base/text.h"

struct press;

/* Appends to `out` what becomes of a piece; 0 or an errno. Called in several threads at once. */
typedef int press_squeeze_fn(void *context, const void *bytes, size_t size, struct text_buffer *out);
/* Takes the next result; 0 or an errno. Called in one thread. */
typedef int press_take_fn(void *context, const void *bytes, size_t size);

/* NULL, with errno, if there can be no threads. */
struct press *press_start(press_squeeze_fn *squeeze, press_take_fn *take, void *context) must_check;
/* Copies the bytes; waits while too much is under way. 0, or the errno with which squeezing or taking failed. */
int press_put(struct press *press, const void *bytes, size_t size) must_check;
/* Waits until all results are taken, or something has failed, and ends the threads. The same result. */
int press_finish(struct press *press);
