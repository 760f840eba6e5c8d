/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The index of a repository of packages, JSON:
 *
 *   {"format": "dory-packages 1", "serial": N,
 *    "packages": [{"name", "title", "author", "version", "created", "platform", "architecture", "require": [...],
 *                  "provides": [...], "conflicts": [...], "file", "size", "sha256"}, ...]}
 *
 * `serial` grows with every change of the index: it is the time of the change in seconds since 1970, or one more than before. Who has seen a signed
 * index takes none that is older (serial.h).
 *
 * `file` is relative to the index, or a URL; size and sha256 are those of the archive, absent where a foreign repository does not tell them.
 * index.json.sig beside it holds the Ed25519 signature (RFC 8032) of its bytes in 128 hexadecimal digits. It may have several lines: one must hold.
 * Who replaces the index on a server puts the new signature above the old one first, so that at no time an index is there without one.
 */
#pragma once
#include "dory/package/source.h"

#define HUB_INDEX_NAME     "index.json"
#define HUB_SIGNATURE_NAME "index.json.sig"
#define HUB_KEY_NAME       "key.pub"
enum { HUB_INDEX_SIZE_MAX = 64 << 20 };

struct hub_index; /* being written */
struct hub_index *hub_index_new(void);
/* `size` 0 and `sha256` NULL or "": not known. */
void hub_index_add(struct hub_index *index, const struct package_manifest *manifest, const char *file, uint64_t size,
	const char *sha256);
/* The text, owned; releases the index. `former`: the text of the index before it, whose serial stays if the packages are the same; or NULL. */
char *hub_index_finish(struct hub_index *index, const char *former);
/* The serial of an index's text; 0: it has none. */
uint64_t hub_index_serial(const char *text, size_t length);

/*
 * The index with one more package; NULL and *is_there if it has this archive already. CONFLICT: it has another archive of that name and version.
 * Returns owned in *changed.
 */
int hub_index_extend(const char *text, size_t length, const struct package_manifest *manifest, const char *file,
	uint64_t size, const char *sha256, char **changed, bool *is_there, struct dory_error *err) must_check;

/* Reads the text of an index; entries have the file as their stem. `name`: for messages. FORMAT. */
int hub_index_parse(const char *name, const char *text, size_t length, struct package_source *source,
	struct package_list *list, struct dory_error *err) must_check;

/*
 * Makes the index of a directory of packages in Capstan's layout (NAME.yaml beside NAME.mpm or NAME.dory, there or in its folder packages), and
 * writes it there; a signature that was there no longer holds, and goes. *count: packages.
 */
int hub_index_directory(const char *directory, size_t *count, struct dory_error *err) must_check;
/* Signs the index of a directory, and puts the public key beside it. */
int hub_index_sign(const char *directory, const char *key_path, struct dory_error *err) must_check;
