/* SPDX-License-Identifier: BSD-3-Clause */
/* Random bytes: one generator for /dev/urandom, getrandom(2), AT_RANDOM, address randomisation. Any context. */
#pragma once
#include "lib/attr.h"

void random_fill(void *to, size_t len);
/* Stirs in bytes from outside (a virtio entropy device, writes to /dev/random). */
void random_add(const void *from, size_t len);
uint64_t random_u64(void);
