/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Drafts: a new image is made in a hidden directory and renamed when it is whole; an image that exists is composed
 * where it is, since composition replaces its disk atomically. The lock of the name is held from beginning to end.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dory/base/file.h"
#include "dory/base/progress.h"
#include "dory/base/text.h"
#include "dory/image/store.h"

struct image_draft {
	char *directory, *final; /* the same if the image exists */
	char *disk;
	int lock;
};

static void say_waiting(const char *path)
{
	progress_note("waiting for another composition of the same image");
}

int store_lock(const char *root, const char *name, int *fd, struct dory_error *err)
{
	char *images = store_directory(root), *path = store_path(root, ".", name, ".lock");
	int result = file_make_directories(images, err);

	if (result == 0)
		result = file_lock(path, say_waiting, fd, err);
	free(images);
	free(path);
	return result;
}

static void draft_free(struct image_draft *draft)
{
	if (draft->lock >= 0)
		close(draft->lock);
	free(draft->directory);
	free(draft->final);
	free(draft->disk);
	free(draft);
}

/* What killed processes left: the lock is ours, so nobody works there. */
static int remove_debris(const char *root, const char *name, struct dory_error *err)
{
	static const char *const suffixes[] = {".draft", ".removed"};

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		char *path = store_path(root, ".", name, suffixes[i]);
		int result = file_remove_tree(path, err);

		free(path);
		if (result < 0)
			return -1;
	}
	return 0;
}

static int choose_directory(struct image_draft *draft, const char *root, const char *name, struct dory_error *err)
{
	draft->final = store_path(root, "", name, "");
	if (access(draft->final, F_OK) == 0) {
		draft->directory = text_copy(draft->final);
	} else {
		draft->directory = store_path(root, ".", name, ".draft");
		if (mkdir(draft->directory, 0777) < 0)
			return error_set_errno(err, DORY_ERROR_IO, "making the directory %s", draft->directory);
	}
	draft->disk = text_format("%s/disk.raw", draft->directory);
	return 0;
}

int image_draft_open(const char *root, const char *name, struct image_draft **draft, struct dory_error *err)
{
	struct image_draft *d;

	if (image_name_check(name, err) < 0)
		return -1;
	d = calloc(1, sizeof(*d));
	if (!d)
		abort();
	d->lock = -1;
	if (store_lock(root, name, &d->lock, err) < 0 || remove_debris(root, name, err) < 0 ||
		choose_directory(d, root, name, err) < 0) {
		draft_free(d);
		return -1;
	}
	*draft = d;
	return 0;
}

const char *image_draft_disk(const struct image_draft *draft)
{
	return draft->disk;
}

int image_draft_commit(struct image_draft *draft, const struct image *description, struct dory_error *err)
{
	int result = description_write(draft->directory, description, err);

	if (result == 0 && strcmp(draft->directory, draft->final) != 0 && rename(draft->directory, draft->final) < 0)
		result = error_set_errno(err, DORY_ERROR_IO, "renaming %s", draft->directory);
	if (result < 0) {
		image_draft_discard(draft);
		return -1;
	}
	draft_free(draft);
	return 0;
}

void image_draft_discard(struct image_draft *draft)
{
	struct dory_error ignored;

	if (!draft)
		return;
	/* What cannot be removed now is removed by the next draft. */
	if (strcmp(draft->directory, draft->final) != 0 && file_remove_tree(draft->directory, &ignored) < 0)
		progress_warning("%s", ignored.message);
	draft_free(draft);
}
