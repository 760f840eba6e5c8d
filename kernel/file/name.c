/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Making, linking, removing and renaming names (mkdir(2), mknod(2), symlink(2), link(2), unlink(2), rmdir(2), rename(2)).
 * Order of locks: rename_lock, then directories from the root downwards, unrelated ones by address.
 */
#include "kernel/file/dentry.h"
#include "kernel/file/name.h"
#include "kernel/file/watch.h"
#include "kernel/platform/platform.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "lib/string.h"

static struct mutex rename_lock;

/* The last component of a path: its directory, locked, and its dentry, both counted. */
struct last_name {
	struct path parent;
	struct inode *directory;
	struct dentry *dentry;
	const char *name;
	size_t len;
	bool wants_directory;
};

static bool is_dot(const char *name, size_t len)
{
	return !len || (name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')));
}

/* walk_flags: of openat2(2). */
static int last_find(const struct path *start, const char *name, unsigned walk_flags, struct last_name *last)
{
	int ret;

	memset(last, 0, sizeof(*last));
	ret = path_walk_parent(start, name, walk_flags, &last->parent, &last->name, &last->len, &last->wants_directory);
	if (!ret)
		last->directory = path_inode(&last->parent);
	return ret;
}

static int last_lookup(struct last_name *last)
{
	if (last->len > LINUX_NAME_MAX)
		return -ENAMETOOLONG;
	return dentry_lookup(last->parent.dentry, last->name, last->len, &last->dentry);
}

static void dentry_put(struct dentry *dentry)
{
	struct dead_names dead = {0};

	if (!dentry)
		return;
	spin_lock(&name_lock);
	dentry_put_locked(dentry, &dead);
	spin_unlock(&name_lock);
	names_bury(&dead);
}

static void last_put(struct last_name *last)
{
	dentry_put(last->dentry);
	path_put(&last->parent);
}

/* Finds the directory and locks it for a change of the entry. */
static int last_begin_walk(const struct path *start, const char *name, unsigned walk_flags, struct last_name *last)
{
	int ret = last_find(start, name, walk_flags, last);

	if (ret)
		return ret;
	mutex_lock(&last->directory->lock);
	if (is_dot(last->name, last->len))
		return 0; /* the callers say what that means */
	ret = last_lookup(last);
	if (ret) {
		mutex_unlock(&last->directory->lock);
		last_put(last);
	}
	return ret;
}

static int last_begin(const struct path *start, const char *name, struct last_name *last)
{
	return last_begin_walk(start, name, 0, last);
}

static void last_end(struct last_name *last)
{
	mutex_unlock(&last->directory->lock);
	last_put(last);
}

/* May an entry be made there? */
static int may_create(const struct last_name *last, bool is_directory)
{
	int ret;

	if (is_dot(last->name, last->len) || last->dentry->inode)
		return -EEXIST;
	if (last->wants_directory && !is_directory)
		return -ENOENT;
	if (!last->directory->links)
		return -ENOENT;
	ret = path_may_change(&last->parent);
	return ret ? ret : inode_permission(last->directory, MAY_WRITE | MAY_EXEC);
}

uint32_t name_new_gid(const struct inode *directory, uint32_t *mode)
{
	const struct credentials *cred = credentials_current();
	uint32_t asked = *mode;

	*mode &= ~fs_context_current()->umask;
	if (!(directory->mode & S_ISGID))
		return cred->fsgid;
	if ((asked & S_IFMT) == S_IFDIR)
		*mode |= S_ISGID;
	else if (asked & 010 && !credentials_in_group(cred, directory->gid) && !credentials_have(cred, CAPABILITY_FSETID))
		*mode &= ~(uint32_t)S_ISGID; /* nobody makes programs of a group that he is not in */
	return directory->gid;
}

static void created(struct last_name *last, struct inode *made, uint32_t event)
{
	dentry_instantiate(last->dentry, made);
	inode_touch(last->directory, TOUCH_MTIME | TOUCH_CTIME);
	watch_entry_event(last->directory, last->name, last->len, event, made);
}

static int create_entry(struct last_name *last, uint32_t mode, uint64_t device)
{
	struct inode *directory = last->directory, *made;
	int ret = may_create(last, (mode & S_IFMT) == S_IFDIR);
	uint32_t gid;

	if (ret)
		return ret;
	if (!directory->ops->create)
		return -EPERM;
	gid = name_new_gid(directory, &mode);
	ret = directory->ops->create(directory, last->name, last->len, mode, credentials_current()->fsuid, gid, device, &made);
	if (!ret)
		created(last, made, WATCH_CREATE);
	return ret;
}

static int create(const struct path *start, const char *name, uint32_t mode, uint64_t device)
{
	struct last_name last;
	int ret = last_begin(start, name, &last);

	if (ret)
		return ret;
	ret = create_entry(&last, mode, device);
	last_end(&last);
	return ret;
}

int name_create_open(const struct path *start, const char *name, uint32_t mode, unsigned walk_flags, struct path *made)
{
	struct last_name last;
	int ret = last_begin_walk(start, name, walk_flags, &last);

	if (ret)
		return ret;
	if (is_dot(last.name, last.len))
		ret = -EEXIST;
	else if (last.wants_directory)
		ret = -EISDIR;
	else
		ret = create_entry(&last, mode, 0);
	mutex_unlock(&last.directory->lock);
	if (!ret) {
		path_get(&last.parent);
		made->mount = last.parent.mount;
		made->dentry = last.dentry;
		spin_lock(&name_lock); /* the parent's count becomes the child's, which counts its parent */
		last.parent.dentry->references--;
		spin_unlock(&name_lock);
		last.dentry = NULL;
	}
	last_put(&last);
	return ret;
}

int path_mknod(const struct path *start, const char *name, uint32_t mode, uint64_t device)
{
	uint32_t type = mode & S_IFMT;

	if (!type)
		mode |= type = S_IFREG;
	if (type == S_IFDIR)
		return -EPERM;
	if (type != S_IFREG && type != S_IFCHR && type != S_IFBLK && type != S_IFIFO && type != S_IFSOCK)
		return -EINVAL;
	if ((type == S_IFCHR || type == S_IFBLK) && !credentials_have(credentials_current(), CAPABILITY_MKNOD))
		return -EPERM;
	return create(start, name, mode, type == S_IFCHR || type == S_IFBLK ? device : 0);
}

int path_mkdir(const struct path *start, const char *name, uint32_t mode)
{
	return create(start, name, S_IFDIR | (mode & 01777), 0);
}

int path_symlink(const char *target, const struct path *start, const char *name)
{
	struct last_name last;
	struct inode *made;
	uint32_t mode = S_IFLNK | 0777;
	int ret = target[0] ? last_begin(start, name, &last) : -ENOENT;

	if (ret)
		return ret;
	ret = may_create(&last, false);
	if (!ret && !last.directory->ops->symlink)
		ret = -EPERM;
	if (!ret)
		ret = last.directory->ops->symlink(last.directory, last.name, last.len, target, credentials_current()->fsuid, name_new_gid(last.directory, &mode), &made);
	if (!ret)
		created(&last, made, WATCH_CREATE);
	last_end(&last);
	return ret;
}

/* proc(5), protected_hardlinks: one may only link what one owns, or an ordinary file that one can read and write. */
static int may_link(const struct inode *inode)
{
	const struct credentials *cred = credentials_current();

	if (cred->fsuid == inode->uid || credentials_have(cred, CAPABILITY_FOWNER))
		return 0;
	if ((inode->mode & S_IFMT) != S_IFREG || (inode->mode & S_ISUID) || (inode->mode & (S_ISGID | 010)) == (S_ISGID | 010))
		return -EPERM;
	return inode_permission(inode, MAY_READ | MAY_WRITE) ? -EPERM : 0;
}

int path_link(const struct path *old_start, const char *old_name, const struct path *new_start, const char *new_name, int flags)
{
	struct last_name last;
	struct path old;
	struct inode *inode;
	int ret = path_walk(old_start, old_name, (flags & AT_SYMLINK_FOLLOW ? WALK_FOLLOW : 0) | (flags & AT_EMPTY_PATH ? WALK_EMPTY : 0), &old);

	if (ret)
		return ret;
	inode = path_inode(&old);
	ret = last_begin(new_start, new_name, &last);
	if (ret)
		goto out;
	ret = may_create(&last, false);
	if (!ret)
		ret = may_link(inode);
	if (!ret && (old.mount->fs != last.parent.mount->fs || old.mount != last.parent.mount))
		ret = -EXDEV;
	if (!ret && inode_is_directory(inode))
		ret = -EPERM;
	if (!ret && !last.directory->ops->link)
		ret = -EPERM;
	if (!ret)
		ret = last.directory->ops->link(last.directory, last.name, last.len, inode);
	if (!ret) {
		inode_get(inode);
		inode_touch(inode, TOUCH_CTIME);
		created(&last, inode, WATCH_CREATE);
	}
	last_end(&last);
out:
	path_put(&old);
	return ret;
}

/* May the entry be removed? (unlink(2): the sticky bit) */
static int may_remove(const struct path *parent, const struct inode *directory, const struct dentry *dentry)
{
	const struct credentials *cred = credentials_current();
	const struct inode *victim = dentry->inode;
	int ret;

	if (!victim)
		return -ENOENT;
	ret = path_may_change(parent);
	if (!ret)
		ret = inode_permission(directory, MAY_WRITE | MAY_EXEC);
	if (ret)
		return ret;
	if ((directory->mode & S_ISVTX) && cred->fsuid != victim->uid && cred->fsuid != directory->uid && !credentials_have(cred, CAPABILITY_FOWNER))
		return -EPERM;
	return dentry->nr_mounts ? -EBUSY : 0;
}

static void removed(struct inode *directory, const char *name, size_t len, struct dentry *dentry)
{
	struct dead_names dead = {0};
	struct inode *inode = dentry->inode;
	bool is_directory = inode_is_directory(inode);

	if (is_directory)
		dentry_forget_children(dentry);
	spin_lock(&name_lock);
	dentry_unhash_locked(dentry, &dead);
	spin_unlock(&name_lock);
	names_bury(&dead);
	inode_touch(directory, TOUCH_MTIME | TOUCH_CTIME);
	inode_touch(inode, TOUCH_CTIME);
	if (!is_directory)
		watch_event(inode, WATCH_ATTRIBUTES);
	watch_removed(inode);
	watch_entry_event(directory, name, len, WATCH_DELETE, inode);
}

int path_unlink(const struct path *start, const char *name)
{
	struct last_name last;
	struct inode *inode;
	int ret = last_begin(start, name, &last);

	if (ret)
		return ret;
	ret = is_dot(last.name, last.len) ? -EISDIR : may_remove(&last.parent, last.directory, last.dentry);
	if (!ret) {
		inode = last.dentry->inode;
		if (inode_is_directory(inode))
			ret = -EISDIR;
		else if (last.wants_directory)
			ret = -ENOTDIR;
		else
			ret = last.directory->ops->unlink ? last.directory->ops->unlink(last.directory, last.name, last.len, inode) : -EPERM;
	}
	if (!ret)
		removed(last.directory, last.name, last.len, last.dentry);
	last_end(&last);
	return ret;
}

int path_rmdir(const struct path *start, const char *name)
{
	struct last_name last;
	struct inode *inode;
	int ret = last_begin(start, name, &last);

	if (ret)
		return ret;
	if (is_dot(last.name, last.len))
		ret = !last.len ? -EBUSY : last.len == 1 ? -EINVAL : -ENOTEMPTY;
	else
		ret = may_remove(&last.parent, last.directory, last.dentry);
	if (!ret && !inode_is_directory(last.dentry->inode))
		ret = -ENOTDIR;
	if (!ret) {
		inode = last.dentry->inode;
		mutex_lock(&inode->lock);
		ret = last.directory->ops->rmdir ? last.directory->ops->rmdir(last.directory, last.name, last.len, inode) : -EPERM;
		mutex_unlock(&inode->lock);
	}
	if (!ret)
		removed(last.directory, last.name, last.len, last.dentry);
	last_end(&last);
	return ret;
}

/* ---- rename(2) ---- */

static bool is_below(const struct dentry *dentry, const struct dentry *ancestor)
{
	bool below;

	spin_lock(&name_lock);
	below = dentry_is_below_locked(dentry, ancestor);
	spin_unlock(&name_lock);
	return below;
}

static void lock_both(struct last_name *from, struct last_name *to)
{
	struct inode *first = from->directory, *second = to->directory;

	if (first == second) {
		mutex_lock(&first->lock);
		return;
	}
	mutex_lock(&rename_lock); /* the tree's shape stays: who is above whom can be told */
	if (is_below(from->parent.dentry, to->parent.dentry) || (!is_below(to->parent.dentry, from->parent.dentry) && (uintptr_t)second < (uintptr_t)first)) {
		first = to->directory;
		second = from->directory;
	}
	mutex_lock(&first->lock);
	mutex_lock(&second->lock);
}

static void unlock_both(struct last_name *from, struct last_name *to)
{
	mutex_unlock(&from->directory->lock);
	if (from->directory != to->directory) {
		mutex_unlock(&to->directory->lock);
		mutex_unlock(&rename_lock);
	}
}

static int check_types(const struct last_name *from, const struct last_name *to, unsigned flags)
{
	bool moved_is_directory = inode_is_directory(from->dentry->inode);
	const struct inode *replaced = to->dentry->inode;

	if (!replaced || (flags & RENAME_EXCHANGE))
		return 0;
	if (moved_is_directory && !inode_is_directory(replaced))
		return -ENOTDIR;
	return !moved_is_directory && inode_is_directory(replaced) ? -EISDIR : 0;
}

static int may_rename(struct last_name *from, struct last_name *to, unsigned flags)
{
	int ret;

	if (!from->dentry->inode)
		return -ENOENT;
	if ((flags & RENAME_NOREPLACE) && to->dentry->inode)
		return -EEXIST;
	if ((flags & RENAME_EXCHANGE) && !to->dentry->inode)
		return -ENOENT;
	if ((flags & RENAME_EXCHANGE) && to->wants_directory && !inode_is_directory(to->dentry->inode))
		return -ENOTDIR;
	if (!inode_is_directory(from->dentry->inode) && (from->wants_directory || (to->wants_directory && !(flags & RENAME_EXCHANGE))))
		return -ENOTDIR;
	ret = may_remove(&from->parent, from->directory, from->dentry);
	if (!ret)
		ret = to->dentry->inode ? may_remove(&to->parent, to->directory, to->dentry) : may_create(to, inode_is_directory(from->dentry->inode));
	if (ret)
		return ret;
	if (inode_is_directory(from->dentry->inode) && is_below(to->parent.dentry, from->dentry))
		return -EINVAL;
	if (to->dentry->inode && inode_is_directory(to->dentry->inode) && is_below(from->parent.dentry, to->dentry))
		return flags & RENAME_EXCHANGE ? -EINVAL : -ENOTEMPTY;
	return check_types(from, to, flags);
}

static void renamed(struct last_name *from, struct last_name *to, bool exchange)
{
	struct inode *moved = from->dentry->inode, *replaced = to->dentry->inode;
	struct dead_names dead = {0};

	watch_moved(from->directory, from->name, from->len, to->directory, to->name, to->len, moved);
	if (exchange) {
		watch_moved(to->directory, to->name, to->len, from->directory, from->name, from->len, replaced);
		dentry_exchange(from->dentry, to->dentry);
	} else {
		spin_lock(&name_lock);
		dentry_unhash_locked(to->dentry, &dead);
		spin_unlock(&name_lock);
		dentry_move(from->dentry, to->parent.dentry, to->name, to->len);
		if (replaced) {
			if (inode_is_directory(replaced))
				dentry_forget_children(to->dentry);
			inode_touch(replaced, TOUCH_CTIME);
			if (!inode_is_directory(replaced))
				watch_event(replaced, WATCH_ATTRIBUTES);
			watch_removed(replaced);
		}
	}
	inode_touch(from->directory, TOUCH_MTIME | TOUCH_CTIME);
	if (to->directory != from->directory)
		inode_touch(to->directory, TOUCH_MTIME | TOUCH_CTIME);
	inode_touch(moved, TOUCH_CTIME);
}

static int rename_locked(struct last_name *from, struct last_name *to, unsigned flags)
{
	struct inode *moved, *replaced;
	int ret = last_lookup(from);

	if (!ret)
		ret = last_lookup(to);
	if (!ret)
		ret = may_rename(from, to, flags);
	if (ret)
		return ret;
	moved = from->dentry->inode;
	replaced = to->dentry->inode;
	if (moved == replaced)
		return 0; /* two links to one file: rename(2) does nothing */
	if (!from->directory->ops->rename)
		return -EPERM;
	if (replaced && inode_is_directory(replaced))
		mutex_lock(&replaced->lock);
	ret = from->directory->ops->rename(from->directory, from->name, from->len, moved, to->directory, to->name, to->len, replaced, flags & RENAME_EXCHANGE);
	if (replaced && inode_is_directory(replaced))
		mutex_unlock(&replaced->lock);
	if (!ret)
		renamed(from, to, flags & RENAME_EXCHANGE);
	return ret;
}

int path_rename(const struct path *old_start, const char *old_name, const struct path *new_start, const char *new_name, unsigned flags)
{
	struct last_name from, to;
	int ret;

	if ((flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE)) || flags == (RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	ret = last_find(old_start, old_name, 0, &from);
	if (ret)
		return ret;
	ret = last_find(new_start, new_name, 0, &to);
	if (ret) {
		last_put(&from);
		return ret;
	}
	if (from.parent.mount != to.parent.mount)
		ret = -EXDEV;
	else if (is_dot(from.name, from.len))
		ret = -EBUSY;
	else if (is_dot(to.name, to.len))
		ret = flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
	if (!ret) {
		lock_both(&from, &to);
		ret = rename_locked(&from, &to, flags);
		unlock_both(&from, &to);
	}
	last_put(&from);
	last_put(&to);
	return ret;
}

/* ---- Attributes ---- */

static bool is_owner(const struct inode *inode, const struct credentials *cred)
{
	return cred->fsuid == inode->uid || credentials_have(cred, CAPABILITY_FOWNER);
}

static int may_chown(const struct inode *inode, const struct credentials *cred, const struct inode_attributes *a)
{
	if (credentials_have(cred, CAPABILITY_CHOWN))
		return 0;
	if (cred->fsuid != inode->uid || ((a->valid & ATTRIBUTE_UID) && a->uid != inode->uid))
		return -EPERM;
	return (a->valid & ATTRIBUTE_GID) && a->gid != inode->gid && !credentials_in_group(cred, a->gid) ? -EPERM : 0;
}

static int may_change_attributes(const struct inode *inode, const struct inode_attributes *a)
{
	const struct credentials *cred = credentials_current();
	int ret = 0;

	if ((a->valid & ATTRIBUTE_MODE) && !is_owner(inode, cred))
		return -EPERM;
	if (a->valid & (ATTRIBUTE_UID | ATTRIBUTE_GID))
		ret = may_chown(inode, cred, a);
	if (!ret && (a->valid & (ATTRIBUTE_ATIME | ATTRIBUTE_MTIME)) && !is_owner(inode, cred))
		ret = a->valid & ATTRIBUTE_TIMES_NOW ? inode_permission(inode, MAY_WRITE) : -EPERM;
	if (!ret && (a->valid & ATTRIBUTE_SIZE))
		ret = inode_permission(inode, MAY_WRITE);
	return ret;
}

/* chown(2) takes the set-user-ID and set-group-ID bits away; chmod(2) the latter, from one not of the group. */
static void drop_privilege_bits(const struct inode *inode, struct inode_attributes *a)
{
	const struct credentials *cred = credentials_current();

	if ((a->valid & (ATTRIBUTE_UID | ATTRIBUTE_GID)) && !inode_is_directory(inode) && (inode->mode & (S_ISUID | S_ISGID)) && !(a->valid & ATTRIBUTE_MODE)) {
		a->valid |= ATTRIBUTE_MODE;
		a->mode = inode->mode & ~(uint32_t)(S_ISUID | (inode->mode & 010 ? S_ISGID : 0));
	}
	if ((a->valid & ATTRIBUTE_MODE) && !credentials_in_group(cred, inode->gid) && !credentials_have(cred, CAPABILITY_FSETID))
		a->mode &= ~(uint32_t)S_ISGID;
}

int inode_set(struct inode *inode, const struct inode_attributes *attributes)
{
	int ret;

	if (!inode->ops->set_attributes)
		return -EPERM;
	ret = inode->ops->set_attributes(inode, attributes);
	if (!ret)
		inode_touch(inode, TOUCH_CTIME | (attributes->valid & ATTRIBUTE_SIZE ? TOUCH_MTIME : 0));
	return ret;
}

int inode_change(const struct path *path, const struct inode_attributes *attributes)
{
	struct inode *inode = path_inode(path);
	struct inode_attributes a = *attributes;
	int ret = path_may_change(path);

	if (ret)
		return ret;
	mutex_lock(&inode->lock);
	ret = may_change_attributes(inode, &a);
	if (!ret) {
		drop_privilege_bits(inode, &a);
		ret = inode_set(inode, &a);
	}
	mutex_unlock(&inode->lock);
	if (!ret)
		watch_path_event(path, WATCH_NO_PLACE | (a.valid & ATTRIBUTE_SIZE ? WATCH_MODIFY : WATCH_ATTRIBUTES));
	return ret;
}

static void name_start(void)
{
	mutex_init(&rename_lock);
}
INITCALL(name, INIT_CORE, name_start);
