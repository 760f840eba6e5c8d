/* SPDX-License-Identifier: BSD-3-Clause */
/* For those who have something to show in sysfs: folders that are made when they are first looked into, files whose text is made when they are opened. */
#pragma once
#include "kernel/file/inode.h"
#include "lib/linkerset.h"

struct sysfs_folder {
	const char *path; /* below the root */
	/* Makes its entries, by the functions below; the folder is locked. */
	int (*fill)(const struct sysfs_folder *self, struct inode *folder);
};
#define SYSFS_FOLDER(n) LINKER_SET_MEMBER(sysfs_folder, struct sysfs_folder, n)

struct sysfs_file {
	const char *name;
	/* Writes the text, with its newline, to `size` bytes; its length, or -errno, which open(2) answers. */
	long (*show)(const struct sysfs_file *file, void *subject, char *to, size_t size);
};
int sysfs_add_folder(struct inode *parent, const char *name, struct inode **folder) must_check;
/* One that is filled when it is first looked into; `late` is borrowed for good, and its path is its name. */
int sysfs_add_late_folder(struct inode *parent, const struct sysfs_folder *late) must_check;
int sysfs_add_text(struct inode *folder, const char *name, const char *text) must_check; /* a file that stays as it is */
/* `file` and `subject` are borrowed for good. */
int sysfs_add_file(struct inode *folder, const struct sysfs_file *file, void *subject) must_check;
