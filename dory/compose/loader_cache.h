/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /etc/ld.so.cache, which tells glibc's dynamic loader where libraries are (ldconfig(8); format
 * "glibc-ld.so.cache1.1"). A cache from elsewhere is parsed as outside bytes: pure functions over (buffer, length).
 */
#pragma once
#include "lib/attr.h"

struct loader_cache_entry {
	const char *name; /* "libc.so.6" */
	const char *path; /* "/lib/x86_64-linux-gnu/libc.so.6" */
};

/* Makes a cache of x86-64 libraries; sorts the entries; of several with one name the first given counts. Returns owned.
 */
void *loader_cache_make(struct loader_cache_entry *entries, size_t count, size_t *length);

/* The path of a library of x86-64, pointing into the cache; NULL if it has none, or is no cache. */
const char *loader_cache_find(const void *cache, size_t length, const char *name);
