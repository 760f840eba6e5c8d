/* SPDX-License-Identifier: BSD-3-Clause */
/* Mounts that change their place, or have none yet (open_tree(2), move_mount(2)). */
#include "kernel/file/dentry.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"

int mount_clone_detached(const struct path *from, struct path *root)
{
	struct mount *mount = mount_new(from->mount->fs, from->dentry, from->mount->flags, from->mount->source);

	if (!mount)
		return -ENOMEM;
	spin_lock(&name_lock);
	mount_begin_locked(mount);
	mount->root->references++;
	*root = (struct path){.mount = mount, .dentry = mount->root};
	spin_unlock(&name_lock);
	return 0;
}

/* Whether the place lies below the mount, however many are between. */
static bool is_below_locked(const struct path *place, const struct mount *mount)
{
	const struct mount *at = place->mount;

	while (at && at != mount)
		at = at->at.mount;
	return at;
}

static void take_off_locked(struct mount *mount, struct path *old)
{
	*old = mount->at;
	old->dentry->nr_mounts--;
	list_remove(&mount->node);
}

int mount_place(const struct path *from, const struct path *at)
{
	struct mount *mount = from->mount;
	struct dead_names dead = {0};
	struct path old = {0};
	int ret = 0;

	if (from->dentry != mount->root)
		return -EINVAL;
	if (inode_is_directory(path_inode(from)) != inode_is_directory(path_inode(at)))
		return -EINVAL;
	spin_lock(&name_lock);
	if ((mount->is_attached && !mount->at.dentry) || !at->mount->is_attached)
		ret = -EINVAL; /* it is the very first, or the place is of one that stands nowhere */
	else if (is_below_locked(at, mount))
		ret = -ELOOP;
	if (!ret) {
		if (mount->is_attached)
			take_off_locked(mount, &old);
		else
			mount->references++; /* the list's */
		at->dentry->references++;
		at->mount->references++;
		mount->at = *at;
		mount_enter_locked(mount);
	}
	path_put_locked(&old, &dead);
	spin_unlock(&name_lock);
	names_bury(&dead);
	return ret;
}

static int check_pivot_locked(const struct path *root, const struct path *new_root, const struct path *put_old)
{
	struct mount *old = root->mount, *new = new_root->mount;

	if (new == old || put_old->mount == old)
		return -EBUSY;
	if (root->dentry != old->root || new_root->dentry != new->root || !old->is_attached || !new->is_attached || !new->at.dentry)
		return -EINVAL;
	return is_below_locked(put_old, new) && is_below_locked(new_root, old) ? 0 : -EINVAL;
}

int mount_pivot(const struct path *new_root, const struct path *put_old)
{
	struct mount *new = new_root->mount;
	struct dead_names dead = {0};
	struct path root, place = {0};
	int ret;

	fs_context_get_root(fs_context_current(), &root);
	spin_lock(&name_lock);
	ret = check_pivot_locked(&root, new_root, put_old);
	if (!ret) {
		place = new->at;
		place.dentry->nr_mounts--;
		new->at = root.mount->at; /* with its references, and its count of mounts */
		put_old->dentry->references++;
		put_old->mount->references++;
		put_old->dentry->nr_mounts++;
		root.mount->at = *put_old;
	}
	path_put_locked(&place, &dead);
	path_put_locked(&root, &dead);
	spin_unlock(&name_lock);
	names_bury(&dead);
	return ret;
}

int mount_change_flags(const struct path *root, unsigned clear, unsigned set)
{
	struct mount *mount = root->mount;

	if (root->dentry != mount->root)
		return -EINVAL;
	spin_lock(&name_lock);
	mount->flags = ((mount->flags & ~clear) | set) & MOUNT_FLAGS_KEPT;
	spin_unlock(&name_lock);
	return 0;
}
