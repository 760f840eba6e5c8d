/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of this folder share. */
#pragma once
#include <ext2fs/ext2fs.h>
#include "dory/content/content.h"

struct content {
	ext2_filsys fs;
	char *path;
};

/* "WHAT of IMAGE: what libext2fs says"; returns -1. */
int content_fail(const struct content *content, errcode_t code, const char *what, struct dory_error *err);
/* The inode's number; a symlink at the end is not followed. */
int content_find(const struct content *content, const char *path, ext2_ino_t *inode, struct dory_error *err) must_check;
