/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fanotify(7). A group is an open file. It has marks, on inodes, mounts and file systems, which say what it wants to hear of, and a queue of events. Events
 * come with a descriptor of the file, opened for the reader when he reads, or (FAN_REPORT_*FID) with handles that name the file and its folder. A group of a
 * class for content may be asked, too, whether something is permitted; who wants to do it sleeps until the answer is written to the group.
 */
#pragma once
#include "kernel/file/file.h"
#include "kernel/uapi/fanotify.h"

/* fanotify_init(2). `event_flags`: of the descriptors in events. -EPERM, -EINVAL, -EMFILE, -ENOMEM. */
int fanotify_new(unsigned flags, unsigned event_flags, struct file **file) must_check;
bool file_is_fanotify(const struct file *file);

/* fanotify_mark(2), as far as it does not depend on the file that is marked: flags and mask that do not fit the group. -EINVAL, -EPERM. */
int fanotify_mark_check(const struct file *group, unsigned flags, uint64_t mask) must_check;
/* FAN_MARK_ADD, FAN_MARK_REMOVE, of what mask_check took. -ENOENT, -ENOSPC, -ENOMEM, -EEXIST, -EISDIR, -ENOTDIR, -EINVAL, -EOPNOTSUPP. */
int fanotify_mark_change(struct file *group, unsigned flags, uint32_t mask, const struct path *path) must_check;
/* FAN_MARK_FLUSH. */
void fanotify_mark_flush(struct file *group, unsigned flags);
