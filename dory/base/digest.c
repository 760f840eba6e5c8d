/* SPDX-License-Identifier: BSD-3-Clause */
/* SHA-256 through libcrypto. */
#include "dory/base/digest.h"
#include <openssl/sha.h>
#include <string.h>

void digest_print(const unsigned char *bytes, char text[DIGEST_TEXT_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < SHA256_DIGEST_LENGTH; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	text[DIGEST_TEXT_SIZE - 1] = '\0';
}

void digest_sha256(const void *bytes, size_t length, char text[DIGEST_TEXT_SIZE])
{
	unsigned char digest[SHA256_DIGEST_LENGTH];

	SHA256(bytes, length, digest);
	digest_print(digest, text);
}

bool digest_is_text(const char *text)
{
	return strspn(text, "0123456789abcdef") == DIGEST_TEXT_SIZE - 1 && !text[DIGEST_TEXT_SIZE - 1];
}
