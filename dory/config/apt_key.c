/* SPDX-License-Identifier: BSD-3-Clause */
/* ASCII armour (RFC 9580 §6) taken off, and the first packet of what was in it looked up in a keyring. */
#include "apt_key.h"
#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>
#include "dory/base/file.h"
#include "dory/base/text.h"

enum { KEYRING_MAX = 16 << 20 };

/* The base64 text stands between the armour's headers and its checksum or end. */
unsigned char *apt_key_decode(const char *armoured, size_t *length)
{
	const char *body = strstr(armoured, "\n\n"), *end = body;
	EVP_ENCODE_CTX *decoder;
	unsigned char *bytes;
	int first = 0, last = 0, status = 0;

	if (!body)
		return NULL;
	body += 2;
	while (*end && !(end[0] == '\n' && (end[1] == '=' || end[1] == '-')))
		end++;
	if (end < body)
		return NULL;
	bytes = malloc((size_t)(end - body) + 1);
	decoder = EVP_ENCODE_CTX_new();
	if (bytes && decoder) {
		EVP_DecodeInit(decoder);
		status = EVP_DecodeUpdate(decoder, bytes, &first, (const unsigned char *)body, (int)(end - body));
		if (status >= 0)
			status = EVP_DecodeFinal(decoder, bytes + first, &last);
	} else {
		status = -1;
	}
	EVP_ENCODE_CTX_free(decoder);
	if (status < 0) {
		free(bytes);
		return NULL;
	}
	*length = (size_t)(first + last);
	return bytes;
}

/* RFC 9580 §4.2: the length of the packet's header and body, 0 if they do not fit. */
static size_t packet_length(const unsigned char *bytes, size_t length)
{
	size_t header, body;

	if (length < 6 || !(bytes[0] & 0x80))
		return 0;
	if (bytes[0] & 0x40) {
		header = bytes[1] < 192 ? 2 : bytes[1] < 224 ? 3 : 6;
		body = header == 2   ? bytes[1]
		       : header == 3 ? ((size_t)(bytes[1] - 192) << 8) + bytes[2] + 192
				     : (size_t)bytes[2] << 24 | (size_t)bytes[3] << 16 | (size_t)bytes[4] << 8 | bytes[5];
	} else {
		header = (size_t[]){2, 3, 5, 1}[bytes[0] & 3];
		body = header == 2   ? bytes[1]
		       : header == 3 ? (size_t)bytes[1] << 8 | bytes[2]
		       : header == 5 ? (size_t)bytes[1] << 24 | (size_t)bytes[2] << 16 | (size_t)bytes[3] << 8 | bytes[4]
				     : length - 1;
	}
	return body <= length - header ? header + body : 0;
}

bool apt_key_is_in_keyring(const char *armoured, const char *keyring_path)
{
	struct dory_error ignored;
	size_t length = 0, packet, keyring_length;
	unsigned char *key = apt_key_decode(armoured, &length);
	char *keyring;
	bool is_in = false;

	packet = key ? packet_length(key, length) : 0;
	if (packet > 16 && file_read(keyring_path, KEYRING_MAX, &keyring, &keyring_length, &ignored) == 0) {
		is_in = memmem(keyring, keyring_length, key, packet) != NULL;
		free(keyring);
	}
	free(key);
	return is_in;
}
