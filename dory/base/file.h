/* SPDX-License-Identifier: BSD-3-Clause */
/* The dangerous habits with files, once: reading a whole file, replacing one, making directories, locking. */
#pragma once
#include "dory/base/error.h"

/*
 * Reads a whole file of at most `limit` bytes; returns owned, with a NUL behind the last byte that `length` does not count.
 * A file that is not there is NOT_FOUND, a larger one FORMAT.
 */
int file_read(const char *path, size_t limit, char **content, size_t *length, struct dory_error *err) must_check;

/* Writes content to a new file beside `path`, then renames it there: readers see the old file or the new one, whole. */
int file_replace(const char *path, const void *content, size_t length, struct dory_error *err) must_check;

/* Copies the bytes of a file of any size to `to`, in the same way; NOT_FOUND if there is none at `from`. */
int file_copy(const char *from, const char *to, struct dory_error *err) must_check;

/* Adds the names in a directory, but "." and "..", and sorts the list; a directory that is not there has none. */
struct text_list;
int file_list_names(const char *path, struct text_list *names, struct dory_error *err) must_check;

/* As mkdir -p. */
int file_make_directories(const char *path, struct dory_error *err) must_check;

/*
 * Takes the lock of the file at `path`, which is made if need be; waits for other processes (after calling `waiting`, if given,
 * once). The lock is held until the descriptor is closed or the process ends.
 */
int file_lock(const char *path, void (*waiting)(const char *path), int *fd, struct dory_error *err) must_check;

/* As rm -rf: a file, or a directory with all in it; symlinks are not followed. What is not there is no error. */
int file_remove_tree(const char *path, struct dory_error *err) must_check;
