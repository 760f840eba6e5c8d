/* SPDX-License-Identifier: BSD-3-Clause */
/* Finds images that are up to date. This is on the path of every run: stat calls and small files only. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "dory/base/text.h"
#include "dory/parts.h"

/* Which file of this disk went into an image: changed content shows in one of these (the kernel keeps ctime). */
static int add_file_state(struct text_buffer *state, const char *path, struct dory_error *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return error_set_errno(err, DORY_ERROR_NOT_FOUND, "%s", path);
	text_append_format(state, "%s %llx %llx %llx %llx.%lx %llx.%lx %x\n", path, (unsigned long long)st.st_dev,
		(unsigned long long)st.st_ino, (unsigned long long)st.st_size, (unsigned long long)st.st_mtim.tv_sec,
		st.st_mtim.tv_nsec, (unsigned long long)st.st_ctim.tv_sec, st.st_ctim.tv_nsec, st.st_mode);
	return 0;
}

/* 128 bits by two FNV-1a of different starts: tells states apart, proves nothing. */
static void add_digest(struct text_buffer *fingerprint, const struct text_buffer *state)
{
	uint64_t a = 0xcbf29ce484222325u, b = 0x9ae16a3b2f90404fu;

	for (size_t i = 0; i < state->length; i++) {
		a = (a ^ (unsigned char)state->text[i]) * 0x100000001b3u;
		b = (b ^ (unsigned char)state->text[i]) * 0x100000001b3u;
	}
	text_append_format(fingerprint, "%016llx%016llx ", (unsigned long long)a, (unsigned long long)b);
}

int target_fingerprint(const struct dory_config *config, const struct dory_target *target,
	const struct elf_closure *closure, char **fingerprint, struct dory_error *err)
{
	struct text_buffer result = {0}, state = {0};
	char digest[65];

	if (target->package_count > 0) {
		if (debian_fingerprint(config, target->packages, target->package_count, digest, err) < 0)
			return -1;
		text_append_format(&result, "%s ", digest);
	}
	for (size_t i = 0; i < closure->count; i++) {
		if (add_file_state(&state, closure->files[i].host_path, err) < 0)
			goto fail;
	}
	if (state.length > 0)
		add_digest(&result, &state);
	/* Another version of Dory may compose another image from the same. */
	text_append_format(&result, "dory-%s.%d%s", DORY_VERSION, COMPOSE_FORMAT_VERSION, config->with_documentation ? " documentation" : "");
	free(state.text);
	*fingerprint = result.text;
	return 0;
fail:
	free(state.text);
	free(result.text);
	return -1;
}

/* A person who writes the name of a file that lies here means the file. */
static int explain_missing_image(const struct dory_target *target, struct dory_error *err)
{
	struct stat st;

	if (err->kind == DORY_ERROR_NOT_FOUND && stat(target->name, &st) == 0 && S_ISREG(st.st_mode))
		error_hint(err, "To run the file that lies here: dory run ./%s", target->name);
	else if (err->kind == DORY_ERROR_NOT_FOUND && !err->hint[0])
		error_hint(
			err, "To run a Debian package: dory run deb:%s. `dory images` lists the images.", target->name);
	return -1;
}

/* Finds the image and compares what it was made from; 0, 1 or -1 as dory_image_find. */
static int find_current(const struct dory_config *config, const struct dory_target *target, const char *fingerprint,
	struct image *image, struct dory_error *err)
{
	struct dory_error missing;

	if (image_find(config->root, target->image_name, image, &missing) < 0) {
		if (missing.kind == DORY_ERROR_NOT_FOUND)
			return 1;
		*err = missing;
		return -1;
	}
	if (!fingerprint || strcmp(image->fingerprint, fingerprint) == 0)
		return 0;
	image_release(image);
	return 1;
}

static int find_made(const struct dory_config *config, struct dory_target *target, enum dory_refresh refresh,
	struct image *image, struct dory_error *err)
{
	struct elf_closure closure = {0};
	struct dory_error unknown;
	char *fingerprint = NULL;
	int result;

	if (target->kind == DORY_TARGET_DISK)
		return target_name_disk(target, err) < 0 ? -1 : find_current(config, target, NULL, image, err);
	if (target->kind == DORY_TARGET_FILE && target_closure(target, &closure, err) < 0)
		return -1;
	result = target_fingerprint(config, target, &closure, &fingerprint, &unknown);
	elf_closure_release(&closure);
	if (result < 0 && unknown.kind != DORY_ERROR_NOT_FOUND) {
		*err = unknown;
		return -1;
	}
	/* Without indices it is not known whether the image is up to date; whoever asks for no network takes it as it
	 * is. */
	if (result == 0 || refresh == DORY_REFRESH_NEVER)
		result = find_current(config, target, fingerprint, image, err);
	else
		result = 1;
	free(fingerprint);
	return result;
}

int dory_image_find(const struct dory_config *config, struct dory_target *target, enum dory_refresh refresh,
	struct image *image, struct dory_error *err)
{
	if (target->kind == DORY_TARGET_IMAGE) {
		if (image_name_check(target->image_name, err) < 0)
			return -1;
		return image_find(config->root, target->image_name, image, err) < 0 ? explain_missing_image(target, err)
										    : 0;
	}
	if (refresh == DORY_REFRESH_NOW && target->package_count > 0)
		return 1;
	return find_made(config, target, refresh, image, err);
}
