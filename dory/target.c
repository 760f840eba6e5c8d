/* SPDX-License-Identifier: BSD-3-Clause */
/* What a person named, and the name of its image. */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dory/base/text.h"
#include "dory/disk/disk.h"
#include "dory/parts.h"

#define DEBIAN_PREFIX "deb:"

static bool has_prefix(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_path(const char *word)
{
	if (word[0] == '/' || has_prefix(word, "./") || has_prefix(word, "../"))
		return true;
	return strchr(word, '/') && access(word, F_OK) == 0;
}

/* Debian Policy 5.6.1: lower-case letters, digits, + - . ; perhaps a version behind '='. */
static int check_package(const char *name, struct dory_error *err)
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789+-.");

	if (length >= 2 && (name[length] == '\0' || (name[length] == '=' && name[length + 1])))
		return 0;
	error_set(err, DORY_ERROR_USAGE, "'%s' is not the name of a Debian package", name);
	return error_hint(err, "Write deb:NAME or deb:NAME=VERSION, as in deb:sqlite3.");
}

static int add_package(struct dory_target *target, const char *word, struct dory_error *err)
{
	const char *name = has_prefix(word, DEBIAN_PREFIX) ? word + strlen(DEBIAN_PREFIX) : word;

	if (check_package(name, err) < 0)
		return -1;
	*(const char **)array_push(&target->packages, &target->package_count, sizeof(*target->packages)) = name;
	return 0;
}

static uint32_t digest_words(uint32_t digest, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *c = words[i];

		do /* FNV-1a, with the NUL as separator */
			digest = (digest ^ (unsigned char)*c) * 0x01000193u;
		while (*c++);
	}
	return digest;
}

static bool has_suffix(const char *text, const char *suffix)
{
	size_t length = strlen(text), n = strlen(suffix);

	return length > n && strcasecmp(text + length - n, suffix) == 0;
}

bool target_is_jar(const struct dory_target *target)
{
	return target->kind == DORY_TARGET_FILE && has_suffix(target->name, ".jar");
}

/* A program is none, whatever its bytes are where a disk has its marks. */
static bool is_disk(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char start[4] = "";
	struct stat st;
	bool is_it = false;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && pread(fd, start, sizeof(start), 0) == sizeof(start))
		is_it = memcmp(start, "\x7f" "ELF", 4) != 0 && memcmp(start, "#!", 2) != 0 && disk_recognize(fd);
	close(fd);
	return is_it;
}

/* "KIND/NAME-DIGEST", of letters that an image's name may have. */
static char *derived_name(const struct dory_target *target, const char *kind, const char *name, const char *path)
{
	uint32_t digest = digest_words(0x811c9dc5u, target->packages, target->package_count);
	char *result;
	size_t length = strcspn(name, "=");

	if (path)
		digest = digest_words(digest, &path, 1);
	if (length > 80)
		length = 80;
	result = text_format("%s/%.*s-%08x", kind, (int)length, name, digest);
	for (char *c = strchr(result, '/') + 1; *c; c++) {
		bool is_plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
				strchr("._+-", *c);

		if (!is_plain || (c[-1] == '/' && strchr(".-+", *c)))
			*c = '_';
	}
	return result;
}

int dory_target_init(struct dory_target *target, const char *word, bool is_file, const char *const *with,
	size_t with_count, struct dory_error *err)
{
	*target = (struct dory_target){.kind = DORY_TARGET_IMAGE};
	if (!is_file && has_prefix(word, DEBIAN_PREFIX)) {
		target->kind = DORY_TARGET_DEBIAN;
		if (add_package(target, word, err) < 0)
			goto fail;
	} else if (is_file || is_path(word)) {
		target->kind = is_disk(word) ? DORY_TARGET_DISK : DORY_TARGET_FILE;
		if (target->kind == DORY_TARGET_FILE && has_suffix(word, ".jar") && with_count == 0 &&
			add_package(target, "deb:default-jre-headless", err) < 0)
			goto fail;
	} else if (with_count > 0) {
		error_set(err, DORY_ERROR_USAGE, "packages cannot be added to the image '%s' while it is run", word);
		error_hint(err, "Compose it anew: dory compose %s --deb %s ...", word, with[0]);
		goto fail;
	}
	if (target->kind == DORY_TARGET_DISK && with_count > 0) {
		error_set(err, DORY_ERROR_USAGE, "packages cannot be added to the disk %s", word);
		goto fail;
	}
	for (size_t i = 0; i < with_count; i++) {
		if (add_package(target, with[i], err) < 0)
			goto fail;
	}
	target->name = text_copy(target->kind == DORY_TARGET_DEBIAN ? target->packages[0] : word);
	if (target->kind == DORY_TARGET_DEBIAN)
		target->image_name = derived_name(target, "deb", target->name, NULL);
	if (target->kind == DORY_TARGET_IMAGE)
		target->image_name = text_copy(word);
	return 0;
fail:
	dory_target_release(target);
	return -1;
}

void dory_target_release(struct dory_target *target)
{
	free(target->name);
	free(target->packages);
	free(target->image_name);
	*target = (struct dory_target){0};
}

int target_name_disk(struct dory_target *target, struct dory_error *err)
{
	char *path = realpath(target->name, NULL), *state;
	struct stat st;

	if (!path || stat(path, &st) < 0) {
		free(path);
		return error_set_errno(err, DORY_ERROR_NOT_FOUND, "%s", target->name);
	}
	state = text_format("%s %llx %llx %llx %llx.%lx", path, (unsigned long long)st.st_dev, (unsigned long long)st.st_ino,
		(unsigned long long)st.st_size, (unsigned long long)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
	text_replace(&target->image_name, derived_name(target, "disk", strrchr(path, '/') + 1, state));
	free(state);
	free(path);
	return 0;
}

/* Takes the path. */
static void add_jar(struct elf_closure *closure, char *path)
{
	*closure = (struct elf_closure){0};
	*(struct elf_file *)array_push(&closure->files, &closure->count, sizeof(*closure->files)) =
		(struct elf_file){.host_path = path, .guest_path = text_copy(strrchr(path, '/'))};
}

int target_closure(struct dory_target *target, struct elf_closure *closure, struct dory_error *err)
{
	char *path = realpath(target->name, NULL);
	struct stat st;

	if (!path)
		return error_set_errno(err, DORY_ERROR_NOT_FOUND, "%s", target->name);
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		free(path);
		error_set(err, DORY_ERROR_NOT_EXECUTABLE, "%s is %s, not a program", target->name,
			S_ISDIR(st.st_mode) ? "a directory" : "a special file");
		return error_hint(
			err, "A directory becomes part of an image with: dory compose IMAGE %s", target->name);
	}
	free(target->image_name);
	target->image_name = derived_name(target, "file", strrchr(path, '/') + 1, path);
	if (target_is_jar(target)) {
		add_jar(closure, path);
		return 0;
	}
	free(path);
	if (elf_closure_find(target->name, closure, err) < 0)
		return -1;
	if (closure->is_script && target->package_count == 0) {
		char *package = interpreter_package(closure->interpreter);

		error_set(err, DORY_ERROR_NOT_FOUND, "%s is a script for %s, which the image has to hold too",
			target->name, closure->interpreter);
		error_hint(err, "Add its package: dory run --with deb:%s %s", package, target->name);
		free(package);
		elf_closure_release(closure);
		return -1;
	}
	return 0;
}
