/* SPDX-License-Identifier: BSD-3-Clause */
/* Ed25519 keys (RFC 8032) of repositories: the private one a PEM file as openssl genpkey writes it, the public one 64 hexadecimal digits. */
#pragma once
#include "dory/base/error.h"

enum { HUB_KEY_TEXT_SIZE = 65, HUB_SIGNATURE_TEXT_SIZE = 129 };

/* 64 hexadecimal digits, which may stand behind "ed25519:". Returns them in lower case. USAGE. */
int hub_key_parse(const char *text, char key[HUB_KEY_TEXT_SIZE], struct dory_error *err) must_check;
/* A new private key in a file that only its owner reads. CONFLICT: the file exists. */
int hub_key_generate(const char *path, char key[HUB_KEY_TEXT_SIZE], struct dory_error *err) must_check;
/* Signs with the private key in the file; also returns its public half. */
int hub_key_sign(const char *path, const void *bytes, size_t length, char signature[HUB_SIGNATURE_TEXT_SIZE],
	char key[HUB_KEY_TEXT_SIZE], struct dory_error *err) must_check;
/* Whether the signature's text, which may end with a line's end, is one of the bytes with the key. */
bool hub_key_verifies(const char *key, const void *bytes, size_t length, const char *signature);
/* That of the first lines which is a signature of the bytes; returns owned, NULL if none is. */
char *hub_key_find(const char *key, const void *bytes, size_t length, const char *signatures);
