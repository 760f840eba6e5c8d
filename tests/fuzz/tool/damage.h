/* SPDX-License-Identifier: BSD-3-Clause */
/* Good texts, damaged at random. */
#pragma once
#include <string.h>
#include "lib/attr.h"
#include "tests/unit/test.h"

/* Puts one to four of the pieces into the text, over some of it or between, and now and then a random byte: its new length, at most `room`. */
static inline size_t damage_text(char *text, size_t len, size_t room, const char *const *pieces, size_t piece_count)
{
	for (unsigned changes = 1 + test_below(4); changes > 0; changes--) {
		const char *piece = pieces[test_below(piece_count)];
		size_t at = test_below(len + 1), size = strlen(piece), gone = test_below(2) ? 0 : min_u64(test_below(8), len - at);

		if (len + size - gone > room)
			break;
		memmove(text + at + size, text + at + gone, len - at - gone);
		memcpy(text + at, piece, size);
		len += size - gone;
		if (test_below(2) && len > 0)
			text[test_below(len)] = (char)test_random();
	}
	return len;
}
