/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mounts (mount(2), umount2(2)): a list in the order they were made. A file system lives as long as a mount shows it; a mount
 * lives as long as something is open below it, so that a lazily detached one goes when the last user does.
 */
#include "kernel/file/dentry.h"
#include "kernel/file/device.h"
#include "kernel/file/watch.h"
#include "kernel/log/log.h"
#include "kernel/mem/heap.h"
#include "kernel/platform/platform.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/mount.h"
#include "lib/format.h"
#include "lib/string.h"

struct list all_mounts = LIST_INIT(all_mounts);
struct mount anonymous_mount = {.references = 1, .node = LIST_INIT(anonymous_mount.node)};
static uint64_t last_id;
static struct mutex complete_lock; /* held while a lazy mount's file system is made */

LINKER_SET_DECLARE(file_system, struct file_system_type);

struct mount *mount_on_locked(const struct path *place)
{
	struct mount *mount;

	list_for_each(mount, &all_mounts, node)
		if (mount->at.dentry == place->dentry && mount->at.mount == place->mount)
			return mount;
	return NULL;
}

struct mount *mount_new(struct file_system *fs, struct dentry *root, unsigned flags, const char *source)
{
	struct mount *mount = heap_alloc_zero(sizeof(*mount));

	if (!mount)
		return NULL;
	mount->source = heap_copy_string(source);
	if (!mount->source) {
		heap_free(mount);
		return NULL;
	}
	mount->fs = fs;
	mount->root = root;
	mount->flags = flags & MOUNT_FLAGS_KEPT;
	mount->references = 1;
	list_init(&mount->node);
	return mount;
}

void mount_begin_locked(struct mount *mount)
{
	mount->id = ++last_id;
	if (mount->root) {
		mount->root->references++;
		mount->fs->nr_mounts++;
	}
}

void mount_enter_locked(struct mount *mount)
{
	if (mount->at.dentry)
		mount->at.dentry->nr_mounts++;
	mount->is_attached = true;
	list_push_back(&all_mounts, &mount->node);
}

/* Both for a new one. */
static void attach_locked(struct mount *mount)
{
	mount_begin_locked(mount);
	mount_enter_locked(mount);
}

/* `at` is counted for it already; NULL: the root. */
static void attach(struct mount *mount, const struct path *at)
{
	spin_lock(&name_lock);
	if (at)
		mount->at = *at;
	attach_locked(mount);
	spin_unlock(&name_lock);
}

/* With the lock: takes it off its place. The list's reference and the place's go to the caller. */
static void detach_locked(struct mount *mount, struct dead_names *dead)
{
	struct path at = mount->at, self = {.mount = mount, .dentry = mount->root};

	list_remove(&mount->node);
	mount->is_attached = false;
	if (at.dentry)
		at.dentry->nr_mounts--;
	mount->at = (struct path){0};
	path_put_locked(&at, dead);
	self.dentry->references++; /* for path_put_locked to take: the mount's own goes in mount_bury */
	path_put_locked(&self, dead);
}

void mount_bury(struct mount *mount)
{
	struct file_system *fs = mount->fs;
	struct dead_names dead = {0};
	struct dentry *root = NULL;

	spin_lock(&name_lock);
	dentry_put_locked(mount->root, &dead);
	if (--fs->nr_mounts == 0) {
		root = fs->root_dentry;
		fs->root_dentry = NULL;
	}
	spin_unlock(&name_lock);
	names_bury(&dead);
	if (root) {
		watch_unmounted(fs);
		dentry_prune(fs);
		spin_lock(&name_lock);
		dentry_put_locked(root, &dead);
		spin_unlock(&name_lock);
		names_bury(&dead);
		if (fs->unmount)
			fs->unmount(fs);
	}
	heap_free(mount->source);
	heap_free(mount);
}

static int make_root_dentry(struct file_system *fs)
{
	if (fs->root_dentry)
		return 0;
	inode_get(fs->root);
	fs->root_dentry = dentry_new_root(fs->root, "/", fs);
	return fs->root_dentry ? 0 : -ENOMEM;
}

int mount_root(struct file_system *fs)
{
	int ret = make_root_dentry(fs);
	struct mount *mount = ret ? NULL : mount_new(fs, fs->root_dentry, fs->is_read_only ? MS_RDONLY : 0, "/dev/root");
	struct path place;

	if (!mount)
		return -ENOMEM;
	attach(mount, NULL);
	place = (struct path){.mount = mount, .dentry = mount->root};
	fs_context_set_root(fs_context_current(), &place);
	fs_context_set_cwd(fs_context_current(), &place);
	return 0;
}

static const struct file_system_type *type_find(const char *name)
{
	for (const struct file_system_type *const *p = LINKER_SET_BEGIN(file_system); p < LINKER_SET_END(file_system); p++)
		if (!strcmp((*p)->name, name))
			return *p;
	return NULL;
}

/* What the file system is on is named, and no other kind of file. What is not there the file system says. */
static int check_device(const char *source)
{
	struct path path;
	int ret;

	if (!source)
		return -EINVAL;
	ret = path_walk(NULL, source, WALK_FOLLOW, &path);
	if (ret)
		return ret == -ENOENT ? 0 : ret;
	ret = (path_inode(&path)->mode & S_IFMT) == S_IFBLK ? 0 : -ENOTBLK;
	path_put(&path);
	return ret;
}

/* A mount of a file system of that kind, which is nowhere yet. */
static int mount_make(const char *source, const char *type_name, unsigned flags, const char *options, struct mount **made)
{
	const struct file_system_type *type = type_find(type_name);
	struct file_system *fs;
	struct mount *mount;
	int ret;

	if (!type)
		return -ENODEV;
	ret = type->needs_device ? check_device(source) : 0;
	if (!ret)
		ret = type->mount(source, options ? options : "", flags & MS_RDONLY, &fs);
	if (ret)
		return ret;
	fs->type = type;
	ret = make_root_dentry(fs);
	mount = ret ? NULL : mount_new(fs, fs->root_dentry, flags, source && *source ? source : "none");
	if (!mount) {
		if (fs->root_dentry)
			inode_put(fs->root);
		heap_free(fs->root_dentry);
		fs->unmount(fs);
		return -ENOMEM;
	}
	*made = mount;
	return 0;
}

static int mount_new_fs(const char *source, const struct path *at, const char *type, unsigned flags, const char *options)
{
	struct mount *mount;
	int ret = mount_make(source, type, flags, options, &mount);

	if (ret)
		return ret;
	path_get(at);
	attach(mount, at);
	return 0;
}

int mount_new_detached(const char *source, const char *type, unsigned flags, const char *options, struct path *root)
{
	struct mount *mount;
	int ret = mount_make(source, type, flags, options, &mount);

	if (ret)
		return ret;
	spin_lock(&name_lock);
	mount_begin_locked(mount);
	mount->root->references++;
	*root = (struct path){.mount = mount, .dentry = mount->root};
	spin_unlock(&name_lock);
	return 0;
}

struct lazy_mount *lazy_mounts; /* guarded by name_lock */

int mount_add_lazily(const char *target, const char *type_name, const char *options)
{
	const struct file_system_type *type = type_find(type_name);
	struct lazy_mount *lazy = type ? heap_alloc(sizeof(*lazy)) : NULL;

	if (!lazy)
		return type ? -ENOMEM : -ENODEV;
	spin_lock(&name_lock);
	*lazy = (struct lazy_mount){.next = lazy_mounts, .type = type, .target = target, .options = options};
	lazy_mounts = lazy;
	spin_unlock(&name_lock);
	return 0;
}

/* Whether the place's path from the very root is `target`. */
static bool is_at_locked(struct path place, const char *target)
{
	const char *end = target + strlen(target);

	for (;;) {
		size_t len;

		while (place.dentry == place.mount->root) {
			if (!place.mount->at.dentry)
				return end == target;
			place = place.mount->at;
		}
		len = place.dentry->name_len;
		if ((size_t)(end - target) < len + 1 || end[-(long)len - 1] != '/' || memcmp(end - len, place.dentry->name, len))
			return false;
		end -= len + 1;
		place.dentry = place.dentry->parent;
	}
}

static struct lazy_mount **lazy_at_locked(const struct path *place)
{
	for (struct lazy_mount **link = &lazy_mounts; *link; link = &(*link)->next)
		if (is_at_locked(*place, (*link)->target))
			return link;
	return NULL;
}

const char *mount_lazy_target_locked(const struct path *place)
{
	struct lazy_mount **link = lazy_at_locked(place);

	return link ? (*link)->target : NULL;
}

void mount_attach_lazy_locked(const struct path *place)
{
	struct lazy_mount **link = lazy_at_locked(place), *lazy;
	struct mount *mount;

	if (!link)
		return;
	lazy = *link;
	mount = mount_new(NULL, NULL, 0, lazy->type->name);
	if (!mount)
		return; /* the next that looks may have more luck */
	*link = lazy->next;
	mount->pending_type = lazy->type;
	mount->pending_options = lazy->options;
	mount->at = *place;
	place->dentry->references++;
	place->mount->references++;
	attach_locked(mount);
	heap_free(lazy);
}

bool mount_is_lazy(const char *target)
{
	struct lazy_mount *lazy;

	spin_lock(&name_lock);
	for (lazy = lazy_mounts; lazy && strcmp(lazy->target, target); lazy = lazy->next)
		;
	spin_unlock(&name_lock);
	return lazy;
}

/* Whether the caller's paths begin at the very root. */
static bool is_root_original_locked(const struct path *root)
{
	return root->dentry == root->mount->root && !root->mount->at.dentry;
}

int mount_peek_link(const char *name, char **target)
{
	const struct file_system_type *type = NULL;
	const char *place = NULL;

	if (!lazy_mounts)
		return -EAGAIN;
	spin_lock(&name_lock);
	for (struct lazy_mount *lazy = lazy_mounts; lazy && !type; lazy = lazy->next) {
		size_t len = strlen(lazy->target);

		if (strncmp(name, lazy->target, len) || name[len] != '/' || !is_root_original_locked(&fs_context_current()->root))
			continue;
		type = lazy->type;
		place = name + len + 1;
	}
	spin_unlock(&name_lock);
	return type && type->peek_link ? type->peek_link(place, target) : -EAGAIN;
}

int mount_complete(struct mount *mount)
{
	struct file_system *fs;
	int ret = 0;
	bool is_new;

	mutex_lock(&complete_lock);
	is_new = !mount->root;
	if (is_new) {
		ret = mount->pending_type->mount(mount->source, mount->pending_options, false, &fs);
		if (!ret) {
			fs->type = mount->pending_type;
			ret = make_root_dentry(fs);
		}
		if (!ret) {
			spin_lock(&name_lock);
			fs->root_dentry->references++;
			fs->nr_mounts++;
			mount->fs = fs;
			mount->root = fs->root_dentry;
			spin_unlock(&name_lock);
		}
	}
	mutex_unlock(&complete_lock);
	if (!ret && is_new && !strcmp(mount->pending_type->name, "devtmpfs"))
		early_files_place(mount);
	return ret;
}

static int mount_bind(const char *source, const struct path *at, unsigned flags)
{
	struct path from;
	struct mount *mount;
	int ret = path_walk(NULL, source, WALK_FOLLOW, &from);

	if (ret)
		return ret;
	ret = inode_is_directory(path_inode(&from)) != inode_is_directory(path_inode(at)) ? -ENOTDIR : 0;
	if ((path_inode(at)->mode & S_IFMT) == S_IFLNK) /* found by way of /proc/PID/fd */
		ret = -ENOENT;
	if (ret) {
		path_put(&from);
		return ret;
	}
	mount = mount_new(from.mount->fs, from.dentry, from.mount->flags | flags, from.mount->source);
	if (mount) {
		path_get(at);
		attach(mount, at);
	}
	path_put(&from);
	return mount ? 0 : -ENOMEM;
}

int mount_reconfigure(const struct path *at, unsigned flags)
{
	struct mount *mount = at->mount;
	struct file_system *fs = mount->fs;
	bool read_only = flags & MS_RDONLY;
	int ret = 0;

	if (at->dentry != mount->root)
		return -EINVAL;
	if (!(flags & MS_BIND) && fs->is_read_only != read_only) {
		if (read_only && __atomic_load_n(&fs->nr_writers, __ATOMIC_RELAXED))
			return -EBUSY;
		ret = fs->remount ? fs->remount(fs, read_only) : 0;
		if (!ret)
			fs->is_read_only = read_only;
	}
	if (!ret)
		mount->flags = flags & MOUNT_FLAGS_KEPT;
	return ret;
}

static int mount_move(const char *source, const struct path *at)
{
	struct path from;
	int ret = path_walk(NULL, source, WALK_FOLLOW, &from);

	if (ret)
		return ret;
	ret = mount_place(&from, at);
	path_put(&from);
	return ret;
}

int mount_add(const char *source, const char *target, const char *type, unsigned long long_flags, const char *options)
{
	unsigned flags = (unsigned)long_flags;
	struct path at;
	int ret = path_walk(NULL, target, WALK_FOLLOW, &at);

	if (ret)
		return ret;
	if (!at.mount->is_attached)
		ret = -EINVAL;
	else if (flags & MS_REMOUNT)
		ret = mount_reconfigure(&at, flags);
	else if (flags & MS_BIND)
		ret = source ? mount_bind(source, &at, flags) : -EINVAL;
	else if (flags & (MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE))
		ret = 0; /* there is one mount namespace: nothing propagates */
	else if (flags & MS_MOVE)
		ret = source ? mount_move(source, &at) : -EINVAL;
	else if (!inode_is_directory(path_inode(&at)))
		ret = -ENOTDIR;
	else
		ret = type ? mount_new_fs(source, &at, type, flags, options) : -EINVAL;
	path_put(&at);
	return ret;
}

static struct mount *mount_above_locked(const struct mount *mount)
{
	struct mount *other;

	list_for_each(other, &all_mounts, node)
		if (other->at.mount == mount)
			return other;
	return NULL;
}

/* With all that is mounted in it, what is deepest first. */
static void detach_tree_locked(struct mount *mount, struct dead_names *dead)
{
	struct mount *at = mount;

	for (;;) {
		struct mount *above = mount_above_locked(at), *parent = at->at.mount;

		if (above) {
			at = above;
			continue;
		}
		detach_locked(at, dead);
		if (at == mount)
			return;
		at = parent;
	}
}

int mount_remove(const char *target, int flags)
{
	struct dead_names dead = {0};
	struct path at;
	int ret = path_walk(NULL, target, flags & UMOUNT_NOFOLLOW ? 0 : WALK_FOLLOW, &at);
	struct mount *mount;
	bool is_marked;

	if (ret)
		return ret;
	mount = at.mount;
	if (at.dentry != mount->root || !mount->at.dentry)
		ret = at.dentry != mount->root ? -EINVAL : -EBUSY;
	if (!ret && !(flags & MNT_DETACH) && mount->fs->nr_mounts == 1)
		dentry_prune(mount->fs);
	spin_lock(&name_lock);
	if (!ret && !(flags & MNT_EXPIRE))
		mount->is_expiring = false;
	/* References of a mount in peace: the list's and our own. */
	if (!ret && !(flags & MNT_DETACH) && (mount->references > 2 || mount_above_locked(mount)))
		ret = -EBUSY;
	if (!ret && !mount->is_attached)
		ret = -EINVAL;
	if (!ret && flags & MNT_EXPIRE && !mount->is_expiring)
		ret = -EAGAIN;
	if (!ret)
		detach_tree_locked(mount, &dead);
	is_marked = ret == -EAGAIN;
	path_put_locked(&at, &dead);
	if (is_marked) /* behind our own use of it */
		mount->is_expiring = true;
	spin_unlock(&name_lock);
	names_bury(&dead);
	return ret;
}

int path_new_anonymous(struct inode *inode, const char *name, struct path *path)
{
	struct dentry *dentry = dentry_new_root(inode, name, NULL);

	if (!dentry)
		return -ENOMEM;
	spin_lock(&name_lock);
	anonymous_mount.references++;
	spin_unlock(&name_lock);
	path->mount = &anonymous_mount;
	path->dentry = dentry;
	return 0;
}

int path_new_unnamed(const struct path *directory, struct inode *inode, struct path *path)
{
	char name[24];
	struct dentry *dentry;
	int len = format_text(name, sizeof(name), "#%llu", (unsigned long long)inode->number);

	dentry = dentry_new(directory->dentry, name, (size_t)len, inode, false);
	if (!dentry)
		return -ENOMEM;
	spin_lock(&name_lock);
	directory->mount->references++;
	spin_unlock(&name_lock);
	path->mount = directory->mount;
	path->dentry = dentry;
	return 0;
}

static void mount_start(void)
{
	mutex_init(&complete_lock);
}
INITCALL(mount, INIT_CORE, mount_start);
