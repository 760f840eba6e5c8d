/* SPDX-License-Identifier: BSD-3-Clause */
/* OpenPGP keys in ASCII armour, as Signed-By of apt's sources may hold one. */
#pragma once
#include "lib/attr.h"

/* The bytes that an armoured text holds; NULL if it holds none. Returns owned. */
unsigned char *apt_key_decode(const char *armoured, size_t *length);

/* Is the armoured key one of those in the (binary) keyring? Compares the primary key's packet, RFC 9580 §4.2 and §5.5. */
bool apt_key_is_in_keyring(const char *armoured, const char *keyring_path);
