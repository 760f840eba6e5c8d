/* SPDX-License-Identifier: BSD-3-Clause */
/* SHA-256 digests as text. */
#pragma once
#include "lib/attr.h"

enum { DIGEST_TEXT_SIZE = 65 }; /* 64 lower-case hex digits and NUL */

void digest_sha256(const void *bytes, size_t length, char text[DIGEST_TEXT_SIZE]);
/* `bytes` has the 32 bytes of a digest. */
void digest_print(const unsigned char *bytes, char text[DIGEST_TEXT_SIZE]);
/* Is it a digest as it is printed here? */
bool digest_is_text(const char *text);
