/* SPDX-License-Identifier: BSD-3-Clause */
/* A fast 64-bit checksum against torn and damaged files of our own; no defence against an attacker. */
#pragma once
#include <string.h>
#include "lib/attr.h"

static inline uint64_t checksum64(uint64_t start, const void *bytes, size_t size)
{
	uint64_t hash = start ^ 0x9e3779b97f4a7c15u, word;

	for (size_t i = 0; i < size; i += sizeof(word)) {
		word = 0;
		memcpy(&word, (const char *)bytes + i, min_u64(sizeof(word), size - i));
		hash = (hash ^ word) * 0xff51afd7ed558ccdu;
		hash ^= hash >> 32;
	}
	return hash;
}
