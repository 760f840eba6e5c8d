/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Images in the store: <root>/images/NAME/ (a '/' in the name is written '%') with disk.raw (the file system),
 * image.json (what it is) and what composition keeps beside the disk for the next time. A directory becomes visible
 * under its name by one rename when whole; names with a leading '.' are locks, and drafts that nobody sees.
 */
#pragma once
#include "dory/base/error.h"

struct image {
	char *name;
	char *disk_path;
	char *created;         /* ISO 8601, UTC */
	uint64_t size;         /* bytes of the file system */
	uint64_t used;         /* bytes allocated on the host */
	char *origin;          /* for people: "deb:sqlite3 (12 packages)" */
	char *fingerprint;     /* digest of what it was composed from (debian_fingerprint ...), empty if not known */
	char *default_command; /* what `dory run` without -e runs, empty if none */
	char *run_config;      /* the text of its run configuration (abi/run_config.h); NULL: not known */
	char *disk_uuid;       /* of the file system that it describes */
	char *boot;            /* its configurations (dory/runtime/boot.h) as JSON; NULL: none */
};

/* Whether its disk is still the one that it describes: a composition may have put another there since. */
bool image_is_current(const struct image *image);

/* Letters, digits and . _ + : @ - ; not starting with . or - ; parts separated by one '/', at most two; at most 128
 * bytes. */
int image_name_check(const char *name, struct dory_error *err) must_check;

int image_find(const char *root, const char *name, struct image *image,
	struct dory_error *err) must_check; /* NOT_FOUND with near names in the hint */
int image_list(const char *root, struct image **images, size_t *count,
	struct dory_error *err) must_check; /* sorted by name; returns owned */
int image_remove(const char *root, const char *name, struct dory_error *err) must_check;
void image_release(struct image *image);

/* Takes the image's lock (waits for another composition of the same image), and gives the directory to compose in. */
struct image_draft;
int image_draft_open(const char *root, const char *name, struct image_draft **draft, struct dory_error *err) must_check;
const char *image_draft_disk(
	const struct image_draft *draft); /* the disk.raw to give to compose_image; may hold the former image */
/* Makes the image visible with its description; the draft is gone. */
int image_draft_commit(struct image_draft *draft, const struct image *description, struct dory_error *err) must_check;
void image_draft_discard(struct image_draft *draft); /* accepts NULL */
