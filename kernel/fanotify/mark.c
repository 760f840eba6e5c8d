/* SPDX-License-Identifier: BSD-3-Clause */
/* Marks: what a group wants to hear of. One on an inode is a watch of it (file/watch.h); mounts and file systems do not know of theirs, which are few. */
#include "kernel/fanotify/internal.h"
#include "kernel/file/device.h"
#include "kernel/fs/proc/proc.h"
#include "kernel/mem/heap.h"
#include "kernel/process/credentials.h"
#include "kernel/uapi/errno.h"
#include "lib/format.h"

enum { ALL_KINDS = MARK_FILE_SYSTEM + 1, KIND_FLAGS = FAN_MARK_MOUNT | FAN_MARK_FILESYSTEM };
enum {
	KNOWN_FLAGS = FAN_MARK_ADD | FAN_MARK_REMOVE | FAN_MARK_DONT_FOLLOW | FAN_MARK_ONLYDIR | KIND_FLAGS | FAN_MARK_IGNORED_MASK | FAN_MARK_IGNORED_SURV_MODIFY | FAN_MARK_FLUSH |
	    FAN_MARK_EVICTABLE | FAN_MARK_IGNORE,
	IGNORING = FAN_MARK_IGNORED_MASK | FAN_MARK_IGNORE,
};

static unsigned nr_marks; /* guarded by watch_lock */

static enum mark_kind kind_of(unsigned flags)
{
	return flags & FAN_MARK_MOUNT ? MARK_MOUNT : flags & FAN_MARK_FILESYSTEM ? MARK_FILE_SYSTEM : MARK_INODE;
}

/* ---- As a watch of an inode ---- */

static bool mark_tell(struct inode_watch *watch, const struct watch_event *event)
{
	return true; /* the observer tells the group */
}

static void unlink_locked(struct mark *mark)
{
	list_remove(&mark->node);
	nr_marks--;
}

static void mark_end(struct inode_watch *watch)
{
	unlink_locked(container_of(watch, struct mark, watch));
}

static void mark_free(struct inode_watch *watch)
{
	heap_free(container_of(watch, struct mark, watch));
}

/* Its mask is empty: no watch's event concerns it. */
static const struct watch_ops mark_ops = {.tell = mark_tell, .end = mark_end, .free = mark_free};

/* ---- Finding them ---- */

static bool is_on(const struct mark *mark, enum mark_kind kind, const struct path *path)
{
	return mark->kind == kind && (kind == MARK_MOUNT ? mark->mount == mount_id(path->mount) : mark->fs == path_inode(path)->fs);
}

static struct mark *of_inode_locked(const struct group *group, const struct inode *inode)
{
	for (struct inode_watch *watch = inode->watches; watch; watch = watch->next) {
		struct mark *mark = container_of(watch, struct mark, watch);

		if (watch->ops == &mark_ops && mark->group == group)
			return mark;
	}
	return NULL;
}

static struct mark *find_locked(const struct group *group, enum mark_kind kind, const struct path *path)
{
	struct mark *mark;

	if (kind == MARK_INODE)
		return of_inode_locked(group, path_inode(path));
	list_for_each(mark, &group->marks, node) {
		if (mark->kind == MARK_INODE)
			break; /* the others stand before these */
		if (is_on(mark, kind, path))
			return mark;
	}
	return NULL;
}

static void visit_inode_locked(struct group *group, const struct inode *inode, bool is_parent, struct mark_visit *visit)
{
	struct mark *mark = inode && inode->watches ? of_inode_locked(group, inode) : NULL;

	if (mark)
		visit->visit(visit, mark, is_parent);
}

void marks_visit_locked(struct group *group, const struct watch_notice *notice, struct mark_visit *visit)
{
	bool is_of_entry = notice->mask & EVENTS_OF_ENTRIES;
	const struct file_system *fs = (is_of_entry ? notice->directory : notice->inode)->fs;
	struct mark *mark;

	if (!is_of_entry)
		visit_inode_locked(group, notice->inode, false, visit);
	visit_inode_locked(group, notice->directory, !is_of_entry, visit);
	if (notice->new_directory != notice->directory)
		visit_inode_locked(group, notice->new_directory, false, visit);
	list_for_each(mark, &group->marks, node) {
		if (mark->kind == MARK_INODE)
			break;
		if (mark->kind == MARK_FILE_SYSTEM ? mark->fs == fs : notice->path && mark->mount == mount_id(notice->path->mount))
			visit->visit(visit, mark, false);
	}
}

/* ---- Taking them away ---- */

static void drop_locked(struct mark *mark, struct inode_watch **dead)
{
	unlink_locked(mark);
	if (mark->kind == MARK_INODE) {
		watch_take_locked(&mark->watch, dead);
	} else {
		watch_count--;
		heap_free(mark);
	}
}

void marks_drop(struct group *group, unsigned kind)
{
	struct inode_watch *dead = NULL;
	struct mark *mark, *next;

	spin_lock(&watch_lock);
	list_for_each_safe(mark, next, &group->marks, node)
		if (kind == ALL_KINDS || mark->kind == kind)
			drop_locked(mark, &dead);
	spin_unlock(&watch_lock);
	watch_bury(dead);
}

/* Those on inodes end as watches. */
void marks_unmounted(const struct file_system *fs)
{
	struct inode_watch *dead = NULL;
	struct group *group;
	struct mark *mark, *next;

	spin_lock(&watch_lock);
	list_for_each(group, &fanotify_groups, node)
		list_for_each_safe(mark, next, &group->marks, node)
			if (mark->kind != MARK_INODE && mark->fs == fs)
				drop_locked(mark, &dead);
	spin_unlock(&watch_lock);
	watch_bury(dead);
}

void fanotify_mark_flush(struct file *file, unsigned flags)
{
	marks_drop(file->private_data, kind_of(flags));
}

/* ---- fanotify_mark(2): what can be asked for ---- */

static bool is_one_of(unsigned flags, unsigned of)
{
	unsigned set = flags & of;

	return set && !(set & (set - 1));
}

int fanotify_mark_check(const struct file *file, unsigned flags, uint64_t mask)
{
	const struct group *group = file->private_data;
	enum mark_kind kind = kind_of(flags);

	if (mask & ~(uint64_t)(EVENTS | EVENT_FLAGS) || flags & ~(unsigned)KNOWN_FLAGS || (flags & KIND_FLAGS) == KIND_FLAGS)
		return -EINVAL;
	if (!is_one_of(flags, FAN_MARK_ADD | FAN_MARK_REMOVE | FAN_MARK_FLUSH) || (flags & IGNORING) == IGNORING)
		return -EINVAL;
	if (flags & FAN_MARK_FLUSH ? flags & ~(unsigned)(KIND_FLAGS | FAN_MARK_FLUSH) : !mask)
		return -EINVAL;
	if (kind != MARK_INODE && !task_is_capable(CAPABILITY_SYS_ADMIN))
		return -EPERM;
	if (((mask & QUESTIONS) && !group->class) || ((flags & FAN_MARK_EVICTABLE) && kind != MARK_INODE))
		return -EINVAL;
	if ((mask & (EVENTS_OF_ENTRIES | EVENTS_OF_INODES)) && (!group_has_handles(group) || kind == MARK_MOUNT))
		return -EINVAL;
	return (mask & WATCH_RENAMED) && !(group->flags & FAN_REPORT_NAME) ? -EINVAL : 0;
}

/* What depends on the file that is marked. */
static int check_place(const struct group *group, unsigned flags, uint32_t mask, const struct inode *inode)
{
	bool is_of_inode = kind_of(flags) == MARK_INODE, is_directory = inode_is_directory(inode);
	bool is_strict = group->flags & FAN_REPORT_TARGET_FID || mask & WATCH_RENAMED || flags & FAN_MARK_IGNORE;

	if (!is_of_inode && (!inode->fs || !inode->fs->root))
		return -EINVAL; /* pipes, and what else is nowhere */
	if ((flags & FAN_MARK_ADD) && is_strict && is_of_inode && !is_directory && (mask & (EVENTS_OF_ENTRIES | EVENT_FLAGS)))
		return -ENOTDIR;
	if (group_has_handles(group) && (!inode->fs || !inode->fs->find_inode))
		return -EOPNOTSUPP;
	if ((flags & FAN_MARK_ADD) && (flags & FAN_MARK_IGNORE) && !(flags & FAN_MARK_IGNORED_SURV_MODIFY) && (!is_of_inode || is_directory))
		return is_of_inode ? -EISDIR : -EINVAL;
	return 0;
}

/* ---- Adding to one, and taking from it ---- */

static int check_change(const struct mark *mark, unsigned flags)
{
	if ((flags & FAN_MARK_EVICTABLE) && !mark->is_evictable)
		return -EEXIST;
	if ((flags & FAN_MARK_IGNORED_MASK) && mark->ignores_flags_too)
		return -EEXIST;
	return (flags & FAN_MARK_IGNORE) && !(flags & FAN_MARK_IGNORED_SURV_MODIFY) && mark->ignores_for_long ? -EEXIST : 0;
}

static void add_to_mask(struct mark *mark, unsigned flags, uint32_t mask)
{
	if (!(flags & FAN_MARK_EVICTABLE))
		mark->is_evictable = false;
	if (!(flags & IGNORING)) {
		mark->mask |= mask;
		return;
	}
	mark->ignored |= mask;
	mark->ignores_for_long |= (flags & FAN_MARK_IGNORED_SURV_MODIFY) != 0;
	mark->ignores_flags_too |= (flags & FAN_MARK_IGNORE) != 0;
}

static void enter_locked(struct group *group, struct mark *mark, const struct path *path)
{
	mark->fs = path_inode(path)->fs;
	mark->mount = mark->kind == MARK_MOUNT ? mount_id(path->mount) : 0;
	nr_marks++;
	if (mark->kind == MARK_INODE) {
		watch_insert_locked(&mark->watch, path_inode(path));
		list_push_back(&group->marks, &mark->node);
	} else {
		watch_count++;
		list_push_front(&group->marks, &mark->node);
	}
}

static int add(struct group *group, unsigned flags, uint32_t mask, const struct path *path)
{
	enum mark_kind kind = kind_of(flags);
	struct mark *made = heap_alloc_zero(sizeof(*made)), *mark;
	int ret = 0;

	if (!made)
		return -ENOMEM;
	*made = (struct mark){.watch.ops = &mark_ops, .group = group, .kind = kind, .is_evictable = flags & FAN_MARK_EVICTABLE};
	spin_lock(&watch_lock);
	mark = find_locked(group, kind, path);
	if (mark) {
		ret = check_change(mark, flags);
	} else if (nr_marks >= fanotify_limits.marks && !(group->flags & FAN_UNLIMITED_MARKS)) {
		ret = -ENOSPC;
	} else {
		mark = made;
		made = NULL;
		enter_locked(group, mark, path);
	}
	if (!ret)
		add_to_mask(mark, flags, mask);
	spin_unlock(&watch_lock);
	heap_free(made);
	return ret;
}

static int take_away(struct group *group, unsigned flags, uint32_t mask, uint32_t kept, const struct path *path)
{
	struct inode_watch *dead = NULL;
	struct mark *mark;

	spin_lock(&watch_lock);
	mark = find_locked(group, kind_of(flags), path);
	if (mark) {
		if (flags & IGNORING)
			mark->ignored &= ~mask;
		else
			mark->mask &= ~mask;
		if (!((mark->mask | mark->ignored) & ~kept))
			drop_locked(mark, &dead);
	}
	spin_unlock(&watch_lock);
	watch_bury(dead);
	return mark ? 0 : -ENOENT;
}

int fanotify_mark_change(struct file *file, unsigned flags, uint32_t mask, const struct path *path)
{
	struct group *group = file->private_data;
	struct inode *inode = path_inode(path);
	uint32_t without = flags & FAN_MARK_IGNORED_MASK ? EVENT_FLAGS : 0; /* which mean nothing there */
	int ret = check_place(group, flags, mask, inode);

	if (ret)
		return ret;
	if (flags & (FAN_MARK_MOUNT | FAN_MARK_FILESYSTEM) || !inode_is_directory(inode))
		without |= FAN_EVENT_ON_CHILD;
	mask &= ~without;
	if (flags & FAN_MARK_REMOVE)
		return take_away(group, flags, mask, without, path);
	/* A file that is open for writing will be modified, so nothing of it is ignored until then. */
	if (kind_of(flags) == MARK_INODE && (flags & FAN_MARK_IGNORED_MASK) && !(flags & FAN_MARK_IGNORED_SURV_MODIFY) && __atomic_load_n(&inode->writers, __ATOMIC_RELAXED) > 0)
		return 0;
	return add(group, flags, mask, path);
}

/* ---- /proc ---- */

PROC_FILE(fanotify_marks) = {.path = "sys/fs/fanotify/max_user_marks", .mode = 0644, .number = &fanotify_limits.marks, .most = INT32_MAX};

static int describe(const struct mark *mark, char *to, size_t size)
{
	unsigned long long device = mark->fs ? (unsigned long long)device_major(mark->fs->device) << 20 | device_minor(mark->fs->device) : 0;
	unsigned flags = (mark->ignores_for_long ? FAN_MARK_IGNORED_SURV_MODIFY : 0) | (mark->is_evictable ? FAN_MARK_EVICTABLE : 0) | (mark->ignores_flags_too ? FAN_MARK_IGNORE : 0);
	char subject[64];

	if (mark->kind == MARK_INODE)
		format_text(subject, sizeof(subject), "ino:%llx sdev:%llx", (unsigned long long)mark->watch.inode->number, device);
	else if (mark->kind == MARK_MOUNT)
		format_text(subject, sizeof(subject), "mnt_id:%llx", (unsigned long long)mark->mount);
	else
		format_text(subject, sizeof(subject), "sdev:%llx", device);
	return format_text(to, size, "fanotify %s mflags:%x mask:%x ignored_mask:%x\n", subject, flags, mark->mask, mark->ignored);
}

int marks_describe(struct group *group, char *to, size_t size)
{
	struct mark *mark;
	int len = 0;

	spin_lock(&watch_lock);
	list_for_each(mark, &group->marks, node) {
		int line = describe(mark, to + len, size - (size_t)len);

		if (line < 0 || (size_t)(len + line) >= size)
			break;
		len += line;
	}
	spin_unlock(&watch_lock);
	return len;
}
