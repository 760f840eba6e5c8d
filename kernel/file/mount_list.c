/* SPDX-License-Identifier: BSD-3-Clause */
/* The list of mounts: all of them in turn, and what is told of each. */
#include "kernel/file/dentry.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/mount.h"
#include "lib/format.h"

/* The n-th mount's file system, kept alive by a reference on the mount; false after the last. */
static bool mount_nth(unsigned n, struct path *place)
{
	struct mount *mount;
	bool found = false;

	spin_lock(&name_lock);
	list_for_each(mount, &all_mounts, node) {
		if (!mount->root || n--)
			continue; /* those that are not made yet have nothing in them */
		*place = (struct path){.mount = mount, .dentry = mount->root};
		mount->references++;
		mount->root->references++;
		found = true;
		break;
	}
	spin_unlock(&name_lock);
	return found;
}

int mount_sync_all(void)
{
	struct path place;
	int ret = page_cache_flush_all();

	for (unsigned n = 0; mount_nth(n, &place); n++) {
		struct file_system *fs = place.mount->fs;
		int error = fs->sync && !fs->is_read_only ? fs->sync(fs) : 0;

		ret = ret ? ret : error;
		path_put(&place);
	}
	return ret;
}

void mount_unmount_all(void)
{
	struct path place;

	(void)mount_sync_all();
	/* Programs may still have files open: every file system that can be written is made read-only instead of taken away. */
	for (unsigned n = 0; mount_nth(n, &place); n++) {
		struct file_system *fs = place.mount->fs;

		if (!fs->is_read_only && fs->remount && !fs->remount(fs, true))
			fs->is_read_only = true;
		path_put(&place);
	}
}

/* Walks to every lazy mount's folder, which makes it. */
static void complete_all(void)
{
	struct path place;

	for (;;) {
		struct lazy_mount *first = lazy_mounts;

		if (!first || path_walk(NULL, first->target, WALK_FOLLOW, &place))
			return;
		path_put(&place);
		if (lazy_mounts == first)
			return;
	}
}

void mount_walk(void (*visit)(void *context, const struct mount *mount), void *context)
{
	struct path place;

	complete_all();
	for (unsigned n = 0; mount_nth(n, &place); n++) {
		visit(context, place.mount);
		path_put(&place);
	}
}

const char *mount_source(const struct mount *mount)
{
	return mount->source;
}

struct file_system *mount_file_system(const struct mount *mount)
{
	return mount->fs;
}

uint64_t mount_id(const struct mount *mount)
{
	return mount->id;
}

unsigned mount_flags(const struct mount *mount)
{
	return mount->flags | (mount->fs && mount->fs->is_read_only ? MS_RDONLY : 0);
}

uint64_t mount_parent_id(const struct mount *mount)
{
	uint64_t id;

	spin_lock(&name_lock);
	id = mount->at.mount ? mount->at.mount->id : mount->id;
	spin_unlock(&name_lock);
	return id;
}

int mount_find(uint64_t id, struct path *root)
{
	struct path place;

	complete_all();
	for (unsigned n = 0; mount_nth(n, &place); n++) {
		if (place.mount->id == id) {
			*root = place;
			return 0;
		}
		path_put(&place);
	}
	return -ENOENT;
}

bool mount_is_below(const struct mount *mount, const struct mount *above)
{
	spin_lock(&name_lock);
	while (mount && mount != above)
		mount = mount->at.mount;
	spin_unlock(&name_lock);
	return mount;
}

/* ---- As text ---- */

static const struct {
	unsigned flag;
	const char *word;
} words[] = {{MS_NOSUID, ",nosuid"}, {MS_NODEV, ",nodev"}, {MS_NOEXEC, ",noexec"}, {MS_NOATIME, ",noatime"}, {MS_NODIRATIME, ",nodiratime"}, {MS_NOSYMFOLLOW, ",nosymfollow"}};

void mount_options_text(const struct mount *mount, char *to, size_t size)
{
	unsigned flags = mount_flags(mount);
	int len = format_text(to, size, "%s", flags & MS_RDONLY ? "ro" : "rw");

	for (size_t i = 0; i < ARRAY_SIZE(words) && (size_t)len < size; i++)
		if (flags & words[i].flag)
			len += format_text(to + len, size - (size_t)len, "%s", words[i].word);
	if (!(flags & (MS_NOATIME | MS_STRICTATIME)) && (size_t)len < size)
		format_text(to + len, size - (size_t)len, "%s", ",relatime");
}
