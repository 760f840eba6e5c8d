/* SPDX-License-Identifier: BSD-3-Clause */
/* Finding, making, listing and removing instances. */
#include "dory/instances/store.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dory/base/file.h"
#include "dory/base/near_names.h"
#include "dory/base/text.h"
#include "dory/network/plan.h"

enum { INSTANCES_OF_A_NAME = 10000 };

static char *store_path(const char *root, const char *name)
{
	return text_format("%s/instances%s%s", root, *name ? "/" : "", name);
}

/* The lock of all directories, to be closed. */
static int lock_store(const char *root, int *fd, struct dory_error *err)
{
	char *directory = store_path(root, ""), *lock = store_path(root, ".lock");
	int result = access(directory, F_OK) == 0 ? 0 : file_make_directories(directory, err);

	if (result == 0)
		result = file_lock(lock, NULL, fd, err);
	free(directory);
	free(lock);
	return result;
}

void instance_release(struct instance *instance)
{
	free(instance->name);
	instance_spec_release(&instance->spec);
	instance_state_release(&instance->state);
	if (instance->directory >= 0)
		close(instance->directory);
	*instance = (struct instance){.directory = -1};
}

static int open_directory(const char *root, const char *name)
{
	char *path = store_path(root, name);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	free(path);
	return fd;
}

/* Of a process that was killed. */
static void explain_loss(struct instance_state *state)
{
	char *boot_id = host_boot_id();
	bool is_other_boot = state->boot_id && strcmp(state->boot_id, boot_id) != 0;

	free(boot_id);
	state->status = STATUS_LOST;
	state->health = HEALTH_NONE;
	state->supervisor = state->hypervisor = 0;
	state->exit_status = -1;
	text_replace(&state->end, text_copy(is_other_boot ? "this computer was started anew"
							  : "the process that looked after it was killed, and the machine with it"));
	text_replace(&state->hint, NULL);
}

/* 0; -1: it is half made or half removed, or not there. */
static int read_instance(const char *root, const char *name, struct instance *instance, struct dory_error *err)
{
	*instance = (struct instance){.name = text_copy(name), .directory = open_directory(root, name)};
	if (instance->directory < 0) {
		error_set_errno(err, errno == ENOENT || errno == ENOTDIR ? DORY_ERROR_NOT_FOUND : DORY_ERROR_IO, "the instance %s", name);
		goto fail;
	}
	if (instance_spec_read(instance->directory, &instance->spec, err) < 0 ||
		instance_state_read(instance->directory, &instance->state, err) < 0)
		goto fail;
	/* Looked at behind the state: who ends writes the state before the lock is free. */
	if (instance_status_is_live(instance->state.status) && !place_is_locked(instance->directory)) {
		instance_state_release(&instance->state);
		if (instance_state_read(instance->directory, &instance->state, err) < 0)
			goto fail;
		if (instance_status_is_live(instance->state.status))
			explain_loss(&instance->state);
	}
	return 0;
fail:
	instance_release(instance);
	return -1;
}

/* Nobody has it, and nothing in it is worth keeping. */
static bool is_debris(const struct instance *instance)
{
	return !place_is_locked(instance->directory) &&
	       (instance->state.starts == 0 || (instance->spec.is_removed_at_end && !instance_status_is_live(instance->state.status)));
}

static int remove_directory(const char *root, const char *name, struct dory_error *err)
{
	char *path = store_path(root, name);
	int result = file_remove_tree(path, err);

	free(path);
	return result;
}

/* Capstan keeps its own instances one folder deeper, by hypervisor; ours hold no folders. */
static bool is_foreign(int directory)
{
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	bool has_folder = false;
	struct stat st;

	while (stream && !has_folder && (entry = readdir(stream)))
		has_folder = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
			     fstatat(directory, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
	if (stream)
		closedir(stream);
	else if (fd >= 0)
		close(fd);
	return has_folder;
}

/*
 * Under the store's lock. What is not whole and not locked was left by a kill; what is whole and lost is written down as
 * that, for those who read the file.
 */
static void tidy_one(const char *root, const char *name)
{
	struct instance_place place = INSTANCE_PLACE_NONE;
	struct dory_error ignored;
	struct instance instance;
	bool is_left;

	if (read_instance(root, name, &instance, &ignored) < 0) {
		int fd = open_directory(root, name);

		is_left = fd >= 0 && !place_is_locked(fd) && !is_foreign(fd);
		if (fd >= 0)
			close(fd);
	} else {
		is_left = is_debris(&instance);
		place.directory = dup(instance.directory);
		if (!is_left && instance.state.status == STATUS_LOST && place_lock(&place) &&
			instance_state_write(place.directory, &instance.state, false, &ignored) < 0)
			is_left = false; /* it stays as it is */
		instance_place_close(&place);
		instance_release(&instance);
	}
	if (is_left && remove_directory(root, name, &ignored) < 0)
		return;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names of all directories, sorted; returns owned. */
static int list_names(const char *root, struct text_list *names, struct dory_error *err)
{
	char *path = store_path(root, "");
	DIR *directory = opendir(path);
	const struct dirent *entry;
	int result = 0;

	*names = (struct text_list){0};
	if (!directory && errno != ENOENT)
		result = error_set_errno(err, DORY_ERROR_IO, "reading the directory %s", path);
	while (directory && (entry = readdir(directory))) {
		if (entry->d_name[0] != '.')
			text_list_add(names, entry->d_name);
	}
	if (directory)
		closedir(directory);
	free(path);
	if (names->count > 1)
		qsort(names->items, names->count, sizeof(*names->items), compare_names);
	return result;
}

static int explain_missing(const char *root, const char *name, struct dory_error *err)
{
	struct near_names near = {0};
	struct dory_error ignored;
	struct text_list names;

	error_set(err, DORY_ERROR_NOT_FOUND, "there is no instance %s", name);
	if (list_names(root, &names, &ignored) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++)
		near_names_offer(&near, name, names.items[i]);
	if (near.count > 0) {
		char *text = near_names_text(&near);

		error_hint(err, "Did you mean %s?", text);
		free(text);
	} else {
		error_hint(err, "`dory ps -a` lists the instances.");
	}
	text_list_release(&names);
	return -1;
}

static int explain_use(const struct instance *instance, const char *name, struct dory_error *err)
{
	bool is_live = !instance || place_is_locked(instance->directory);

	error_set(err, DORY_ERROR_CONFLICT, "the name %s is in use by an instance that %s", name, is_live ? "runs" : "was stopped");
	return error_hint(err, is_live ? "Choose another --name, or remove that one: dory rm -f %s"
				       : "Start that one (dory start %s), remove it (dory rm), or choose another --name.",
		name);
}

static int write_new(const char *root, const char *name, const struct instance_spec *spec, struct instance_place *place, struct dory_error *err)
{
	struct instance_state state = {.status = STATUS_CREATED, .exit_status = -1};

	place->directory = open_directory(root, name);
	if (place->directory < 0 || !place_lock(place))
		return error_set_errno(err, DORY_ERROR_IO, "opening the directory of the instance %s", name);
	if (instance_spec_write(place->directory, spec, spec->is_detached, err) < 0)
		return -1;
	return instance_state_write(place->directory, &state, false, err);
}

/* 0; 1: the name is in use; -1. Under the store's lock. */
static int create(const char *root, const char *name, const struct instance_spec *spec, struct instance_place *place, struct dory_error *err)
{
	char *path = store_path(root, name);
	struct dory_error ignored;
	int made;

	if (access(path, F_OK) == 0)
		tidy_one(root, name);
	made = mkdir(path, 0700);
	if (made < 0 && errno != EEXIST)
		error_set_errno(err, DORY_ERROR_IO, "making the directory %s", path);
	free(path);
	if (made < 0)
		return errno == EEXIST ? 1 : -1;
	if (write_new(root, name, spec, place, err) == 0)
		return 0;
	instance_place_close(place);
	if (remove_directory(root, name, &ignored) < 0)
		error_hint(err, "%.400s", ignored.message);
	return -1;
}

static int create_free(const char *root, const char *name, const struct instance_spec *spec, struct instance_place *place, char **chosen,
	struct dory_error *err)
{
	struct instance other;
	struct dory_error ignored;
	int result;

	*chosen = text_copy(name);
	result = create(root, *chosen, spec, place, err);
	for (unsigned i = 2; result == 1 && !spec->is_name_chosen && i < INSTANCES_OF_A_NAME; i++) {
		text_replace(chosen, text_format("%.58s-%u", name, i));
		result = create(root, *chosen, spec, place, err);
	}
	if (result == 1 && read_instance(root, *chosen, &other, &ignored) == 0) {
		result = explain_use(&other, *chosen, err);
		instance_release(&other);
	} else if (result == 1) {
		result = explain_use(NULL, *chosen, err);
	}
	return result;
}

int instance_create(const char *root, const char *name, const struct instance_spec *spec, struct instance_place *place, char **chosen,
	struct dory_error *err)
{
	int lock, result;

	*place = INSTANCE_PLACE_NONE;
	if (instance_name_check(name, err) < 0 || lock_store(root, &lock, err) < 0)
		return -1;
	result = create_free(root, name, spec, place, chosen, err);
	close(lock);
	if (result < 0)
		text_replace(chosen, NULL);
	return result;
}

int instance_find(const char *root, const char *name, struct instance *instance, struct dory_error *err)
{
	if (instance_name_check(name, err) < 0)
		return -1;
	if (read_instance(root, name, instance, err) == 0)
		return 0;
	return err->kind == DORY_ERROR_NOT_FOUND ? explain_missing(root, name, err) : -1;
}

int instance_take(const char *root, const char *name, struct instance *instance, struct instance_place *place, struct dory_error *err)
{
	int lock, result;

	*place = INSTANCE_PLACE_NONE;
	if (lock_store(root, &lock, err) < 0)
		return -1;
	result = instance_find(root, name, instance, err);
	if (result == 0) {
		place->directory = dup(instance->directory);
		if (!place_lock(place)) {
			result = error_set(err, DORY_ERROR_CONFLICT, "the instance %s runs", name);
			instance_place_close(place);
			instance_release(instance);
		}
	}
	close(lock);
	return result;
}

static int tidy(const char *root, struct dory_error *err)
{
	struct text_list names;
	int lock, result;

	if (lock_store(root, &lock, err) < 0)
		return -1;
	result = list_names(root, &names, err);
	for (size_t i = 0; i < names.count; i++)
		tidy_one(root, names.items[i]);
	text_list_release(&names);
	close(lock);
	return result;
}

int instance_list(const char *root, struct instance **instances, size_t *count, struct dory_error *err)
{
	char *path = store_path(root, "");
	bool is_there = access(path, F_OK) == 0;
	struct dory_error ignored;
	struct text_list names;

	free(path);
	*instances = NULL;
	*count = 0;
	if (!is_there)
		return 0;
	if (tidy(root, err) < 0)
		return -1;
	if (list_names(root, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		struct instance instance;

		if (read_instance(root, names.items[i], &instance, &ignored) == 0) /* else removed since */
			*(struct instance *)array_push(instances, count, sizeof(instance)) = instance;
	}
	text_list_release(&names);
	return 0;
}

void instance_list_free(struct instance *instances, size_t count)
{
	for (size_t i = 0; i < count; i++)
		instance_release(&instances[i]);
	free(instances);
}

int instance_remove(const char *root, const char *name, struct dory_error *err)
{
	struct instance_place place;
	struct dory_error ignored;
	struct instance instance;
	int lock, result;

	if (instance_name_check(name, err) < 0 || lock_store(root, &lock, err) < 0)
		return -1;
	place = (struct instance_place){.directory = open_directory(root, name), .lock = -1};
	if (place.directory < 0)
		result = explain_missing(root, name, err);
	else if (!place_lock(&place))
		result = error_set(err, DORY_ERROR_CONFLICT, "the instance %s runs", name);
	else
		result = remove_directory(root, name, err);
	instance_place_close(&place);
	if (result < 0 && read_instance(root, name, &instance, &ignored) == 0) {
		if (place_is_locked(instance.directory))
			error_hint(err, "Stop it first (dory stop %s), or have it killed: dory rm -f %s", name, name);
		instance_release(&instance);
	}
	close(lock);
	return result;
}

int instance_remove_locked(const char *root, struct instance_place *place, struct dory_error *err)
{
	struct text_list names;
	struct stat own, st;
	int lock, result;

	if (lock_store(root, &lock, err) < 0)
		return -1;
	result = list_names(root, &names, err);
	for (size_t i = 0; i < names.count && result == 0 && fstat(place->directory, &own) == 0; i++) {
		char *path = store_path(root, names.items[i]);

		if (lstat(path, &st) == 0 && st.st_ino == own.st_ino && st.st_dev == own.st_dev)
			result = file_remove_tree(path, err);
		free(path);
	}
	text_list_release(&names);
	close(lock);
	return result;
}

/* Under the store's lock. */
static int rename_directory(const char *root, const char *from, const char *to, struct dory_error *err)
{
	char *old = store_path(root, from), *new = store_path(root, to);
	int result = 0;

	if (access(old, F_OK) < 0)
		result = explain_missing(root, from, err);
	else if (access(new, F_OK) == 0)
		tidy_one(root, to);
	if (result == 0 && access(new, F_OK) == 0) {
		error_set(err, DORY_ERROR_CONFLICT, "the name %s is in use by another instance", to);
		result = error_hint(err, "Choose another name, or remove that one: dory rm %s", to);
	}
	if (result == 0 && rename(old, new) < 0)
		result = error_set_errno(err, DORY_ERROR_IO, "renaming the instance %s", from);
	free(old);
	free(new);
	return result;
}

int instance_rename(const char *root, const char *from, const char *to, struct dory_error *err)
{
	int lock, result;

	if (instance_name_check(from, err) < 0 || instance_name_check(to, err) < 0 || lock_store(root, &lock, err) < 0)
		return -1;
	result = rename_directory(root, from, to, err);
	close(lock);
	return result;
}
