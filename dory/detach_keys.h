/* SPDX-License-Identifier: BSD-3-Clause */
/* Ctrl-p Ctrl-q, which end an attachment, as containers' tools have it. */
#pragma once
#include "lib/attr.h"

struct detach_keys {
	bool is_escaped; /* a Ctrl-p has come, and nothing since */
};

/*
 * Takes typed bytes and puts what the program gets to `out`, which has room for twice as many; true: the keys have come, and what stands behind them
 * is dropped. A Ctrl-p alone waits for the next key.
 */
bool detach_keys_filter(struct detach_keys *keys, const char *bytes, size_t length, char *out, size_t *out_length);
