/* SPDX-License-Identifier: BSD-3-Clause */
/* Room on the disk: what can be made, or fetched, again. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "dory/image_tools.h"
#include "dory/parts.h"

struct pruning {
	const struct dory_config *config;
	const struct dory_prune *prune;
	uint64_t freed;
};

/* Bytes that the file, or the directory with all in it, takes on the disk. */
static uint64_t usage(int directory, const char *name)
{
	const struct dirent *entry;
	uint64_t bytes;
	struct stat st;
	DIR *stream;
	int fd;

	if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	bytes = (uint64_t)st.st_blocks * 512;
	if (!S_ISDIR(st.st_mode))
		return st.st_nlink > 1 ? 0 : bytes; /* another name of it stays */
	fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	stream = fd < 0 ? NULL : fdopendir(fd);
	while (stream && (entry = readdir(stream))) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			bytes += usage(dirfd(stream), entry->d_name);
	}
	if (stream)
		closedir(stream);
	else if (fd >= 0)
		close(fd);
	return bytes;
}

static void note(struct pruning *p, const char *what, uint64_t bytes)
{
	p->freed += bytes;
	if (p->prune->report)
		p->prune->report(p->prune->context, what, bytes);
}

/* A machine runs on the image, or a composition works on it. */
static bool is_in_use(const struct image *image)
{
	int fd = open(image->disk_path, O_RDONLY | O_CLOEXEC);
	bool is_free = fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0;

	if (fd >= 0)
		close(fd);
	return !is_free;
}

/* An instance, running or not, is started of it. */
static bool is_of_an_instance(const struct image *image, const struct instance *instances, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (instances[i].spec.image && strcmp(instances[i].spec.image, image->name) == 0)
			return true;
	}
	return false;
}

/* Made by `dory run` for itself, under these names and with a fingerprint. */
static bool is_made_by_run(const struct image *image)
{
	static const char *const kinds[] = {"deb/", "file/", "disk/"};
	bool has_kind = false;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		has_kind |= strncmp(image->name, kinds[i], strlen(kinds[i])) == 0;
	return has_kind && *image->fingerprint;
}

static int prune_image(struct pruning *p, const struct image *image, struct dory_error *err)
{
	char *directory = text_copy_n(image->disk_path, (size_t)(strrchr(image->disk_path, '/') - image->disk_path));
	char *what = text_format("image %s", image->name);
	uint64_t bytes = usage(AT_FDCWD, directory);
	int result = p->prune->dry_run ? 0 : image_remove(p->config->root, image->name, err);

	if (result == 0)
		note(p, what, bytes);
	else if (err->kind == DORY_ERROR_NOT_FOUND) /* another process was quicker */
		result = 0;
	free(directory);
	free(what);
	return result;
}

static int prune_images(struct pruning *p, struct dory_error *err)
{
	struct instance *instances;
	struct image *images;
	size_t count, instance_count;
	int result = 0;

	if (instance_list(p->config->root, &instances, &instance_count, err) < 0)
		return -1;
	if (image_list(p->config->root, &images, &count, err) < 0) {
		instance_list_free(instances, instance_count);
		return -1;
	}
	for (size_t i = 0; i < count; i++) {
		if (result == 0 && is_made_by_run(&images[i]) && !is_in_use(&images[i]) &&
			!is_of_an_instance(&images[i], instances, instance_count))
			result = prune_image(p, &images[i], err);
		image_release(&images[i]);
	}
	free(images);
	instance_list_free(instances, instance_count);
	return result;
}

static bool has_ending(const char *name, const char *ending)
{
	size_t length = strlen(name), n = strlen(ending);

	return length > n && strcmp(name + length - n, ending) == 0;
}

/* ".NAME.draft" or ".NAME.removed": whose lock nobody holds is what a killed process left. */
static int prune_debris(struct pruning *p, int images, const char *directory, const char *name, struct dory_error *err)
{
	char *lock_path = text_format("%s/%.*s.lock", directory, (int)(strrchr(name, '.') - name), name);
	char *path = text_format("%s/%s", directory, name), *what = text_format("rest of a composition that was killed, %s", name);
	uint64_t bytes = usage(images, name);
	int lock = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0666), result = 0;

	if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0) {
		result = p->prune->dry_run ? 0 : file_remove_tree(path, err);
		if (result == 0)
			note(p, what, bytes);
	}
	if (lock >= 0)
		close(lock);
	free(lock_path);
	free(path);
	free(what);
	return result;
}

static int prune_all_debris(struct pruning *p, struct dory_error *err)
{
	char *directory = text_format("%s/images", p->config->root);
	DIR *stream = opendir(directory);
	const struct dirent *entry;
	int result = 0;

	while (stream && result == 0 && (entry = readdir(stream))) {
		if (entry->d_name[0] == '.' && (has_ending(entry->d_name, ".draft") || has_ending(entry->d_name, ".removed")))
			result = prune_debris(p, dirfd(stream), directory, entry->d_name, err);
	}
	if (stream)
		closedir(stream);
	free(directory);
	return result;
}

/* Empties a folder of the cache. It stays, and so does its lock: another process may be about to use them. */
static int prune_cache(struct pruning *p, const char *folder, const char *what, struct dory_error *err)
{
	char *path = text_format("%s/cache/%s", p->config->root, folder);
	DIR *stream = opendir(path);
	const struct dirent *entry;
	uint64_t bytes = 0;
	int result = 0;

	while (stream && result == 0 && (entry = readdir(stream))) {
		char *name;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 || strcmp(entry->d_name, "lock") == 0)
			continue;
		name = text_format("%s/%s", path, entry->d_name);
		bytes += usage(dirfd(stream), entry->d_name);
		if (!p->prune->dry_run)
			result = file_remove_tree(name, err);
		free(name);
	}
	if (stream)
		closedir(stream);
	free(path);
	if (result == 0 && bytes)
		note(p, what, bytes);
	return result;
}

/* Under the lock of those who download. */
static int prune_downloads(struct pruning *p, struct dory_error *err)
{
	char *lock_path = text_format("%s/cache/debian/packages/lock", p->config->root);
	int lock = -1, result = 0;

	if (access(lock_path, F_OK) == 0)
		result = file_lock(lock_path, NULL, &lock, err);
	if (result == 0)
		result = prune_cache(p, "debian/packages", "downloaded packages", err);
	if (lock >= 0)
		close(lock);
	free(lock_path);
	return result;
}

int dory_prune(const struct dory_config *config, const struct dory_prune *prune, uint64_t *freed, struct dory_error *err)
{
	struct pruning p = {.config = config, .prune = prune};

	if (prune_images(&p, err) < 0 || prune_all_debris(&p, err) < 0 || prune_cache(&p, "unpacked", "unpacked packages", err) < 0 ||
		prune_cache(&p, "bases", "unpacked base images", err) < 0 ||
		prune_cache(&p, "resolved", "resolutions", err) < 0 || prune_cache(&p, "run", "packages' run.yaml", err) < 0 ||
		(prune->all && (prune_downloads(&p, err) < 0 || prune_cache(&p, "archives", "downloaded archives", err) < 0)))
		return -1;
	*freed = p.freed;
	return 0;
}
