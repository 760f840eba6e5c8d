/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Composition: survey the sources; if nothing changed since the manifest, that was all. Otherwise gather the content
 * tree, and either update the image (little changed, nobody uses it) or write a new one beside it and rename it.
 *
 * Beside the image stand, under its name and a suffix: .manifest (what it holds), .journal (an update that is to be
 * finished), and .new of each while it is written. The directory is locked meanwhile, so what a killed composition left
 * is known to be debris.
 */
#include "dory/compose/compose.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dory/base/progress.h"
#include "dory/base/text.h"
#include "dory/compose/ext4_image.h"
#include "dory/compose/gather.h"
#include "dory/compose/image_lock.h"
#include "dory/compose/journal.h"
#include "dory/compose/manifest.h"

enum { FREE_BYTES_MIN = 1 << 30 }; /* sparse: what is not used costs nothing */

struct composition {
	const struct compose_request *request;
	char *new_path, *manifest_path, *journal_path;
	int directory; /* holds the lock */
	int image;     /* the image that is there, -1 if none */
	struct manifest manifest;
	bool has_manifest;
	struct gathering *gathering;
	struct tree *tree;
	struct ext4_options options;
};

static void remove_debris(struct composition *c)
{
	const char *const names[] = {c->manifest_path, c->journal_path};

	unlink(c->new_path);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char *name = text_format("%s.new", names[i]);

		unlink(name);
		free(name);
	}
}

static int open_image(struct composition *c, struct dory_error *err)
{
	const char *path = c->request->image_path;

	c->image = open(path, O_RDWR | O_CLOEXEC);
	if (c->image < 0) {
		if (errno != ENOENT)
			return error_set_errno(err, DORY_ERROR_IO, "opening %s", path);
		unlink(c->journal_path);
		return 0;
	}
	if (image_finish_update(c->image, c->journal_path, err) < 0) {
		if (err->kind != DORY_ERROR_FORMAT)
			return -1;
		unlink(c->manifest_path); /* what the image holds is not known: a new one is made */
		return 0;
	}
	c->has_manifest = manifest_open(c->manifest_path, c->image, &c->manifest);
	return 0;
}

static bool is_unchanged(const struct composition *c)
{
	static const uint8_t nothing[32];
	const uint8_t *digest = gathering_digest(c->gathering);

	return c->has_manifest && memcmp(digest, nothing, sizeof(nothing)) != 0 &&
	       memcmp(digest, c->manifest.digest, sizeof(nothing)) == 0;
}

static void choose_options(struct composition *c)
{
	struct tree_totals totals = gathering_finish(c->tree);

	c->options.total_bytes = c->request->total_bytes;
	c->options.free_bytes = c->request->free_bytes;
	if (!c->options.free_bytes)
		c->options.free_bytes = max_u64(FREE_BYTES_MIN, totals.bytes / 2);
	c->options.timestamp = totals.newest;
	memcpy(c->options.uuid, totals.uuid, sizeof(totals.uuid));
}

/* *is_done stays false where a new image has to be made. */
static int update_image(struct composition *c, bool *is_done, struct dory_error *err)
{
	struct dory_error failure = {0};
	bool is_possible, was_there;

	if (!c->has_manifest || !image_lock_for_change(c->image))
		return 0;
	unlink(c->manifest_path); /* it is no longer true as soon as a block is written */
	if (ext4_image_update(c->image, c->tree, &c->manifest, &c->options, c->journal_path, &is_possible, &failure) <
		0) {
		if (failure.kind == DORY_ERROR_NO_SPACE && failure.os_errno)
			return *err = failure, -1;
		return 0; /* the image cannot take it, or is damaged: a new one can */
	}
	if (!is_possible)
		return 0;
	if (journal_apply(c->journal_path, c->image, &was_there, err) < 0)
		return -1;
	if (manifest_write(c->manifest_path, c->image, c->tree, gathering_digest(c->gathering), err) < 0)
		return -1;
	unlink(c->journal_path);
	*is_done = true;
	return 0;
}

static int write_new_image(struct composition *c, int fd, struct dory_error *err)
{
	if (ext4_image_create(fd, c->tree, &c->options, err) < 0)
		return -1;
	unlink(c->manifest_path);
	unlink(c->journal_path);
	if (rename(c->new_path, c->request->image_path) < 0)
		return error_set_errno(err, DORY_ERROR_IO, "renaming %s", c->new_path);
	return manifest_write(c->manifest_path, fd, c->tree, gathering_digest(c->gathering), err);
}

static int make_image(struct composition *c, struct dory_error *err)
{
	int fd = open(c->new_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), result;

	if (fd < 0)
		return error_set_errno(err, DORY_ERROR_IO, "making %s", c->new_path);
	result = write_new_image(c, fd, err);
	if (result < 0)
		unlink(c->new_path);
	close(fd);
	return result;
}

static int compose(struct composition *c, struct dory_error *err)
{
	bool is_done = false;

	if (image_lock_directory(c->request->image_path, &c->directory, err) < 0)
		return -1;
	remove_debris(c);
	if (open_image(c, err) < 0 || gathering_survey(c->request, &c->gathering, err) < 0)
		return -1;
	if (is_unchanged(c))
		return 0;
	if (gathering_tree(c->gathering, &c->tree, err) < 0)
		return -1;
	choose_options(c);
	if (update_image(c, &is_done, err) < 0)
		return -1;
	return is_done ? 0 : make_image(c, err);
}

int compose_image(const struct compose_request *request, struct dory_error *err)
{
	struct composition c = {.request = request, .directory = -1, .image = -1};
	int result;

	c.new_path = text_format("%s.new", request->image_path);
	c.manifest_path = text_format("%s.manifest", request->image_path);
	c.journal_path = text_format("%s.journal", request->image_path);
	result = compose(&c, err);
	manifest_close(&c.manifest);
	tree_free(c.tree);
	gathering_free(c.gathering);
	if (c.image >= 0)
		close(c.image);
	if (c.directory >= 0)
		close(c.directory);
	free(c.new_path);
	free(c.manifest_path);
	free(c.journal_path);
	if (result < 0 && err->kind == DORY_ERROR_NO_SPACE && !err->hint[0])
		error_hint(err,
			"Make room on the disk that holds %s, or remove images that are no longer needed (dory rmi).",
			request->image_path);
	return result < 0 ? error_wrap(err, "composing %s", request->image_path) : 0;
}
