/* SPDX-License-Identifier: BSD-3-Clause */
#include "dory/hub/key.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dory/base/text.h"

enum { KEY_SIZE = 32, SIGNATURE_SIZE = 64 };

static void print_hex(const unsigned char *bytes, size_t count, char *text)
{
	for (size_t i = 0; i < count; i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
}

static bool read_hex(const char *text, unsigned char *bytes, size_t count)
{
	for (size_t i = 0; i < 2 * count; i++)
		if (!isxdigit((unsigned char)text[i]))
			return false;
	for (size_t i = 0; i < count; i++) {
		unsigned value;

		sscanf(text + 2 * i, "%2x", &value);
		bytes[i] = (unsigned char)value;
	}
	return text[2 * count + strspn(text + 2 * count, "\r\n")] == '\0';
}

int hub_key_parse(const char *text, char key[HUB_KEY_TEXT_SIZE], struct dory_error *err)
{
	const char *digits = strncmp(text, "ed25519:", 8) == 0 ? text + 8 : text;
	unsigned char bytes[KEY_SIZE];

	if (!read_hex(digits, bytes, KEY_SIZE)) {
		error_set(err, DORY_ERROR_USAGE, "'%s' is not a public key", text);
		return error_hint(err, "It is ed25519: and 64 hexadecimal digits, as `dory repo sign` prints them.");
	}
	print_hex(bytes, KEY_SIZE, key);
	return 0;
}

static int print_public(const EVP_PKEY *pair, char key[HUB_KEY_TEXT_SIZE], const char *path, struct dory_error *err)
{
	unsigned char bytes[KEY_SIZE];
	size_t size = sizeof(bytes);

	if (EVP_PKEY_get_raw_public_key(pair, bytes, &size) != 1 || size != KEY_SIZE)
		return error_set(err, DORY_ERROR_FORMAT, "%s holds no Ed25519 key", path);
	print_hex(bytes, KEY_SIZE, key);
	return 0;
}

int hub_key_generate(const char *path, char key[HUB_KEY_TEXT_SIZE], struct dory_error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), result;
	EVP_PKEY *pair;
	FILE *file;
	bool is_written;

	if (fd < 0 && errno == EEXIST)
		return error_set(err, DORY_ERROR_CONFLICT, "%s exists already", path);
	if (fd < 0)
		return error_set_errno(err, DORY_ERROR_IO, "making %s", path);
	file = fdopen(fd, "w");
	pair = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	if (!file || !pair) {
		if (file)
			fclose(file);
		else
			close(fd);
		EVP_PKEY_free(pair);
		unlink(path);
		return error_set(err, DORY_ERROR_MEMORY, "making a key");
	}
	result = print_public(pair, key, path, err);
	is_written = PEM_write_PrivateKey(file, pair, NULL, NULL, 0, NULL, NULL) == 1;
	is_written = fflush(file) == 0 && fsync(fd) == 0 && is_written;
	is_written = fclose(file) == 0 && is_written;
	EVP_PKEY_free(pair);
	if (result == 0 && !is_written)
		result = error_set_errno(err, DORY_ERROR_IO, "writing %s", path);
	if (result < 0)
		unlink(path);
	return result;
}

static int sign_with(EVP_PKEY *pair, const void *bytes, size_t length, char signature[HUB_SIGNATURE_TEXT_SIZE],
	struct dory_error *err)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char raw[SIGNATURE_SIZE];
	size_t size = sizeof(raw);
	bool is_signed = context && EVP_DigestSignInit(context, NULL, NULL, NULL, pair) == 1 &&
		EVP_DigestSign(context, raw, &size, bytes, length) == 1 && size == SIGNATURE_SIZE;

	EVP_MD_CTX_free(context);
	if (!is_signed)
		return error_set(err, DORY_ERROR_FORMAT, "the key cannot sign");
	print_hex(raw, SIGNATURE_SIZE, signature);
	return 0;
}

int hub_key_sign(const char *path, const void *bytes, size_t length, char signature[HUB_SIGNATURE_TEXT_SIZE],
	char key[HUB_KEY_TEXT_SIZE], struct dory_error *err)
{
	FILE *file = fopen(path, "re");
	EVP_PKEY *pair;
	int result;

	if (!file)
		return error_set_errno(
			err, errno == ENOENT ? DORY_ERROR_NOT_FOUND : DORY_ERROR_IO, "reading the key %s", path);
	pair = PEM_read_PrivateKey(file, NULL, NULL, (void *)""); /* no passphrase is asked for */
	fclose(file);
	if (!pair) {
		error_set(err, DORY_ERROR_FORMAT, "%s holds no private key", path);
		return error_hint(err, "`dory repo sign --new-key FILE` makes one.");
	}
	result = print_public(pair, key, path, err);
	if (result == 0)
		result = sign_with(pair, bytes, length, signature, err);
	EVP_PKEY_free(pair);
	return result;
}

bool hub_key_verifies(const char *key, const void *bytes, size_t length, const char *signature)
{
	unsigned char public[KEY_SIZE], raw[SIGNATURE_SIZE];
	EVP_PKEY *pair;
	EVP_MD_CTX *context;
	bool holds;

	if (!read_hex(key, public, KEY_SIZE) || !read_hex(signature, raw, SIGNATURE_SIZE))
		return false;
	pair = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public, KEY_SIZE);
	context = EVP_MD_CTX_new();
	holds = pair && context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, pair) == 1 &&
		EVP_DigestVerify(context, raw, SIGNATURE_SIZE, bytes, length) == 1;
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(pair);
	return holds;
}

char *hub_key_find(const char *key, const void *bytes, size_t length, const char *signatures)
{
	enum { LINES_MAX = 4 };

	for (unsigned i = 0; i < LINES_MAX && *signatures; i++) {
		size_t line = strcspn(signatures, "\n");
		char *signature = text_copy_n(signatures, line);

		if (hub_key_verifies(key, bytes, length, signature))
			return signature;
		free(signature);
		signatures += line + (signatures[line] == '\n');
	}
	return NULL;
}
