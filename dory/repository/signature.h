/* SPDX-License-Identifier: BSD-3-Clause */
/* OpenPGP signatures of release files, verified by gpgv(1) against a keyring. */
#pragma once
#include "dory/base/error.h"

/*
 * Verifies `signed_path`, whose signature is in it (`detached` NULL: clear-signed) or in the file `detached`. With a clear-signed file
 * the text that was signed, and nothing else, is written to `text_path`, which is not used otherwise. `keyring` may be armoured; then a binary copy is made at
 * `keyring_copy`. UNTRUSTED if no key of the keyring signed it, or one did but not this:
 * then os_errno is EBADMSG.
 */
int signature_verify(const char *signed_path, const char *detached, const char *text_path, const char *keyring,
    const char *keyring_copy, struct dory_error *err) must_check;

/* What gpgv wrote to its status descriptor: is there a good signature, and no bad one? Pure; for tests. */
bool signature_status_is_good(const char *status);
