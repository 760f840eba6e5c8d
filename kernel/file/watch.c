/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Watches on inodes. Each holds its inode, so that inode->watches stays valid. One spin lock guards all watches, and what those who are told keep of
 * events: they are few.
 */
#include "kernel/file/watch.h"
#include "kernel/file/dentry.h"
#include "lib/string.h"

unsigned watch_count;
struct spinlock watch_lock;
static struct list all_watches = LIST_INIT(all_watches);
static uint32_t last_cookie;

void watch_insert_locked(struct inode_watch *watch, struct inode *inode)
{
	inode_get(inode);
	watch->inode = inode;
	watch->next = inode->watches;
	inode->watches = watch;
	list_push_back(&all_watches, &watch->node);
	watch_count++;
}

void watch_take_locked(struct inode_watch *watch, struct inode_watch **dead)
{
	struct inode_watch **link = &watch->inode->watches;

	while (*link != watch)
		link = &(*link)->next;
	*link = watch->next;
	list_remove(&watch->node);
	watch_count--;
	watch->next = *dead;
	*dead = watch;
}

void watch_bury(struct inode_watch *dead)
{
	while (dead) {
		struct inode_watch *next = dead->next;

		inode_put(dead->inode);
		dead->ops->free(dead);
		dead = next;
	}
}

/* `exclude`: a flag of those that are not told. */
static void queue_event(struct inode *inode, const char *name, size_t len, uint32_t mask, uint32_t cookie, uint32_t exclude)
{
	struct watch_event event = {.name = name, .len = len, .mask = mask, .cookie = cookie};
	struct inode_watch *dead = NULL;
	void (*told)(void) = NULL;

	if (!inode->watches)
		return;
	spin_lock(&watch_lock);
	for (struct inode_watch *watch = inode->watches, *next; watch; watch = next) {
		next = watch->next;
		if ((watch->mask & exclude) || !(watch->mask & mask & (WATCH_ALL | WATCH_UNMOUNT | WATCH_RENAMED)))
			continue;
		told = watch->ops->told ? watch->ops->told : told;
		if (!watch->ops->tell(watch, &event))
			watch_take_locked(watch, &dead);
	}
	spin_unlock(&watch_lock);
	watch_bury(dead);
	if (told)
		told();
}

void watch_queue_event(struct inode *inode, const char *name, size_t len, uint32_t mask, uint32_t cookie)
{
	queue_event(inode, name, len, mask, cookie, 0);
}

void watch_queue_path(const struct path *path, uint32_t mask)
{
	struct dentry *dentry = path->dentry, *parent;
	struct dead_names dead = {0};
	struct inode *inode = dentry->inode;
	uint32_t exclude;
	char name[LINUX_NAME_MAX + 1];
	size_t len;

	if (inode_is_directory(inode))
		mask |= WATCH_IS_DIRECTORY;
	spin_lock(&name_lock);
	parent = dentry->parent;
	dentry_get_locked(parent);
	len = dentry->name_len;
	exclude = dentry->is_hashed ? 0 : WATCH_EXCLUDE_UNLINKED;
	memcpy(name, dentry->name, len);
	spin_unlock(&name_lock);
	if (parent != dentry && parent->inode)
		queue_event(parent->inode, name, len, mask, 0, exclude);
	watch_queue_event(inode, NULL, 0, mask, 0);
	spin_lock(&name_lock);
	dentry_put_locked(parent, &dead);
	spin_unlock(&name_lock);
	names_bury(&dead);
}

void watch_queue_moved(struct inode *from, const char *name, size_t len, struct inode *to, const char *new_name, size_t new_len, struct inode *moved)
{
	uint32_t cookie = __atomic_add_fetch(&last_cookie, 1, __ATOMIC_RELAXED), directory = inode_is_directory(moved) ? WATCH_IS_DIRECTORY : 0;

	if (from == to)
		watch_queue_event(from, name, len, WATCH_RENAMED | directory, 0);
	watch_queue_event(from, name, len, WATCH_MOVED_FROM | directory, cookie);
	watch_queue_event(to, new_name, new_len, WATCH_MOVED_TO | directory, cookie);
	watch_queue_event(moved, NULL, 0, WATCH_MOVE_SELF, 0); /* which, as Linux, does not say that it is a directory */
}

/* What was watched is gone: all who did so hear that they do no longer. */
static void end_watches_locked(struct inode *inode, struct inode_watch **dead)
{
	while (inode->watches) {
		struct inode_watch *watch = inode->watches;

		if (watch->ops->end)
			watch->ops->end(watch);
		watch_take_locked(watch, dead);
	}
}

void watch_queue_removed(struct inode *inode)
{
	struct inode_watch *dead = NULL;

	if (!inode->watches || (inode->links && !inode_is_directory(inode)))
		return;
	watch_queue_event(inode, NULL, 0, WATCH_DELETE_SELF, 0);
	spin_lock(&watch_lock);
	end_watches_locked(inode, &dead);
	spin_unlock(&watch_lock);
	watch_bury(dead);
}

static struct inode *next_of_fs_locked(const struct file_system *fs)
{
	struct inode_watch *watch;

	list_for_each(watch, &all_watches, node)
		if (watch->inode->fs == fs)
			return watch->inode;
	return NULL;
}

void watch_queue_unmounted(const struct file_system *fs)
{
	const struct watch_event event = {.mask = WATCH_UNMOUNT};
	struct inode_watch *dead = NULL;
	struct inode *inode;

	spin_lock(&watch_lock);
	while ((inode = next_of_fs_locked(fs))) {
		for (struct inode_watch *watch = inode->watches, *next; watch; watch = next) {
			next = watch->next;
			if (!watch->ops->tell(watch, &event)) /* all hear of it, whatever they asked for */
				watch_take_locked(watch, &dead);
		}
		end_watches_locked(inode, &dead);
	}
	spin_unlock(&watch_lock);
	watch_bury(dead);
}
