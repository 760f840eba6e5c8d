/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What Debian's maintainer scripts would have made that programs need. Scripts are not run: they want a whole system
 * around them. What they commonly do is done here, from what the packages say: each fix-up is one function over the
 * tree. None replaces a file that is there.
 */
#pragma once
#include "dory/base/error.h"
#include "dory/compose/package.h"
#include "dory/compose/tree.h"

struct fixup_package {
	const char *name, *version; /* may be NULL */
	const struct package *package;
};

struct fixup {
	struct tree *tree;
	const struct fixup_package *packages; /* in order of installation */
	size_t count;
};

/* Before any content: the links /bin, /lib, /lib64, /sbin into /usr, and the directories that every system has. */
int fixup_skeleton(struct tree *tree, struct dory_error *err) must_check;
/* After all content: where the guest mounts its own file systems, and what programs take for granted. */
int fixup_mount_points(struct tree *tree, struct dory_error *err) must_check;
/* How names of hosts are found: the name servers that the machine is told of stand in /proc/net/pnp, as on Linux. What is
 * there already stays, as an empty /etc/resolv.conf. */
int fixup_names(struct tree *tree, struct dory_error *err) must_check;
/* Then what the packages' scripts would have made. */
int fixup_apply(const struct fixup *fixup, struct dory_error *err) must_check;

/* The single fix-ups, in files of their names. */
int fixup_files(const struct fixup *fixup, struct dory_error *err) must_check;
int fixup_users(const struct fixup *fixup, struct dory_error *err) must_check;
int fixup_alternatives(const struct fixup *fixup, struct dory_error *err) must_check;
int fixup_certificates(const struct fixup *fixup, struct dory_error *err) must_check;
int fixup_loader_cache(const struct fixup *fixup, struct dory_error *err) must_check;
int fixup_status(const struct fixup *fixup, struct dory_error *err) must_check;

/* Adds a file, a link, or a directory unless there is something at the path. */
int fixup_add_text(struct tree *tree, const char *path, const char *text, struct dory_error *err) must_check;
int fixup_add_link(struct tree *tree, const char *path, const char *target, struct dory_error *err) must_check;
int fixup_add_directory(struct tree *tree, const char *path, unsigned permissions, uint32_t uid, uint32_t gid,
	struct dory_error *err) must_check;
