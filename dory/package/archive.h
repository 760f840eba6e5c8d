/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packages as files. Two formats, both tar archives that hold the package's directory tree with its folder meta:
 *
 *   NAME.mpm    Capstan's: gzip, names start with "/", entries in the order of names
 *   NAME.dory   ours: zstd, names without a leading "/", meta first, owners kept
 *
 * Both are reproducible: owner root, names in order, times of the files. Either is read whatever its name and however it
 * is compressed.
 */
#pragma once
#include "dory/base/digest.h"
#include "dory/base/error.h"
#include "dory/manifest/ignore.h"
#include "dory/manifest/package_manifest.h"

enum archive_format { ARCHIVE_MPM, ARCHIVE_DORY };
const char *archive_suffix(enum archive_format format); /* ".mpm" */

struct archive_facts {
	char sha256[DIGEST_TEXT_SIZE];
	uint64_t size;
	size_t files;
};

/*
 * Writes the tree at `directory` to the new file `path`, which is replaced when it is whole. What `rules` leave out stays
 * out, but meta stays in. `manifest`, if not NULL, stands for meta/package.yaml. FORMAT for what packages cannot hold.
 */
int archive_write_tree(const char *directory, const struct ignore_rules *rules, const struct package_manifest *manifest,
	enum archive_format format, const char *path, struct archive_facts *facts, struct dory_error *err) must_check;

/*
 * Writes what a composition would hold, with the files of meta/ before it: for packages made of others. `takes` may
 * leave names out.
 */
struct compose_request;
struct compose_entry;
struct archive_texts {
	const char *package, *run; /* run may be NULL */
};
int archive_write_composition(const struct compose_request *request, const struct archive_texts *texts,
	bool (*takes)(const struct compose_entry *entry), const char *path, struct archive_facts *facts,
	struct dory_error *err) must_check;

/* The texts of meta/, each NULL if the package has none; owned. */
struct archive_meta {
	char *package, *run, *readme, *doc;
};
/* Reads no further than it has to. FORMAT if it is no package. */
int archive_read_meta(const char *path, struct archive_meta *meta, struct dory_error *err) must_check;
void archive_meta_release(struct archive_meta *meta);

/* Reads the whole archive: its checksums hold, no name leads out of it; its facts. */
int archive_check(const char *path, struct archive_facts *facts, struct dory_error *err) must_check;

/* Each entry but those of meta/ as Capstan lists them: "-rw-r--r--  0 0      0           2 21 Nov 26 01:46 UTC /a". */
int archive_list(const char *path, void (*line)(void *context, const char *text), void *context,
	struct dory_error *err) must_check;

/* Unpacks everything, meta too, below the directory `to`, which is made. */
int archive_unpack(const char *path, const char *to, struct dory_error *err) must_check;
/* Packs the package at `from` anew, in the other format, at `to`: names, times and modes stay, owners become root. */
int archive_convert(const char *from, enum archive_format format, const char *to, struct dory_error *err) must_check;
