/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * gpgv's answer is read from its status lines (GnuPG's doc/DETAILS), not from its exit status: a release file is signed by several
 * keys, of which a keyring need not know all.
 */
#include "signature.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dory/base/child.h"
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "dory/config/apt_key.h"

enum { KEYRING_MAX = 16 << 20 };

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/*
 * Each signature has one of GOODSIG, EXPSIG, EXPKEYSIG, REVKEYSIG, BADSIG, ERRSIG; VALIDSIG follows where the mathematics hold, so it
 * counts only behind GOODSIG.
 */
bool signature_status_is_good(const char *status)
{
	static const char prefix[] = "[GNUPG:] ";
	bool is_good = false, was_good = false;

	for (const char *line = status; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!starts_with(line, prefix))
			continue;
		line += sizeof(prefix) - 1;
		if (starts_with(line, "BADSIG "))
			return false;
		if (starts_with(line, "NEWSIG"))
			was_good = false;
		else if (starts_with(line, "GOODSIG "))
			was_good = true;
		else if (starts_with(line, "VALIDSIG ") && was_good)
			is_good = true;
	}
	return is_good;
}

/* gpgv takes binary keyrings only; apt takes armoured ones, too. Returns the one to use, NULL on failure. */
static const char *binary_keyring(const char *keyring, const char *copy, struct dory_error *err)
{
	size_t length, key_length;
	const char *use = keyring;
	unsigned char *key;
	char *content;

	if (file_read(keyring, KEYRING_MAX, &content, &length, err) < 0) {
		error_wrap(err, "the keyring that the archive must be signed with");
		error_hint(err, "install the package debian-archive-keyring, or name a keyring with --keyring");
		return NULL;
	}
	if (starts_with(content, "-----BEGIN")) {
		key = apt_key_decode(content, &key_length);
		if (!key) {
			error_set(err, DORY_ERROR_FORMAT, "the keyring %s is not one", keyring);
			use = NULL;
		} else {
			use = file_replace(copy, key, key_length, err) < 0 ? NULL : copy;
		}
		free(key);
	}
	free(content);
	return use;
}

static int judge(const struct child_result *result, const char *signed_path, const char *keyring, struct dory_error *err)
{
	if (signature_status_is_good(result->output))
		return 0;
	if (strstr(result->output, "[GNUPG:] BADSIG ")) {
		error_set(err, DORY_ERROR_UNTRUSTED, "the signature of %s is wrong: the file was changed after it was signed", signed_path);
		err->os_errno = EBADMSG;
		return -1;
	}
	if (strstr(result->output, "[GNUPG:] NO_PUBKEY "))
		error_set(err, DORY_ERROR_UNTRUSTED, "%s is signed with a key that is not in %s", signed_path, keyring);
	else if (strstr(result->output, "KEYSIG ") || strstr(result->output, "EXPSIG "))
		error_set(err, DORY_ERROR_UNTRUSTED, "%s is signed with a key that has expired or was revoked", signed_path);
	else
		error_set(err, DORY_ERROR_UNTRUSTED, "%s has no signature that holds", signed_path);
	return error_hint(err, "the package debian-archive-keyring has Debian's keys; --keyring names another keyring");
}

int signature_verify(const char *signed_path, const char *detached, const char *text_path, const char *keyring,
    const char *keyring_copy, struct dory_error *err)
{
	const char *binary = binary_keyring(keyring, keyring_copy, err);
	const char *clear[] = {"gpgv", "--status-fd", "1", "--keyring", binary, "--output", text_path, "--", signed_path, NULL};
	const char *apart[] = {"gpgv", "--status-fd", "1", "--keyring", binary, "--", detached, signed_path, NULL};
	struct child_result result;
	int status;

	if (!binary)
		return -1;
	if (!detached)
		unlink(text_path); /* gpgv does not write over a file */
	if (child_run(detached ? apart : clear, &result, err) < 0) {
		if (err->kind == DORY_ERROR_NOT_FOUND)
			error_hint(err, "install the package gpgv");
		return error_wrap(err, "verifying the archive's signature");
	}
	status = judge(&result, signed_path, keyring, err);
	child_result_release(&result);
	return status;
}
