/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Watches on inodes. Each holds its inode, so that inode->watches stays valid. One spin lock guards all watches, and what those who are told keep of
 * events: they are few.
 */
#include "kernel/file/watch.h"
#include "kernel/file/dentry.h"
#include "lib/string.h"

unsigned watch_count;
const struct watch_observer *watch_observer;
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

static out_of_line void observe(const struct watch_notice *notice)
{
	if (watch_observer)
		watch_observer->tell(notice);
}

void watch_queue_event(struct inode *inode, uint32_t mask)
{
	/* Who watches only the inode itself knows what it is. */
	observe(&(struct watch_notice){.mask = mask | (inode_is_directory(inode) ? WATCH_IS_DIRECTORY : 0), .inode = inode});
	queue_event(inode, NULL, 0, mask, 0, 0);
}

void watch_queue_entry(struct inode *directory, const char *name, size_t len, uint32_t mask, struct inode *inode)
{
	mask |= inode_is_directory(inode) ? WATCH_IS_DIRECTORY : 0;
	observe(&(struct watch_notice){.mask = mask, .inode = inode, .directory = directory, .name = name, .len = len});
	queue_event(directory, name, len, mask, 0, 0);
}

/* The entry by which a file was found: its folder, with a reference, and its name. */
struct entry {
	struct dentry *parent;
	struct inode *directory; /* NULL: none */
	size_t len;
	bool has_name; /* still */
	char name[LINUX_NAME_MAX + 1];
};

static out_of_line void entry_get(struct dentry *dentry, struct entry *entry)
{
	spin_lock(&name_lock);
	entry->parent = dentry->parent;
	dentry_get_locked(entry->parent);
	entry->directory = entry->parent == dentry ? NULL : entry->parent->inode;
	entry->len = dentry->name_len;
	entry->has_name = dentry->is_hashed;
	memcpy(entry->name, dentry->name, entry->len);
	spin_unlock(&name_lock);
}

static out_of_line void entry_put(struct entry *entry)
{
	struct dead_names dead = {0};

	spin_lock(&name_lock);
	dentry_put_locked(entry->parent, &dead);
	spin_unlock(&name_lock);
	names_bury(&dead);
}

static out_of_line struct watch_notice notice_of(const struct path *path, const struct entry *entry, uint32_t mask)
{
	struct inode *inode = path_inode(path);

	return (struct watch_notice){
	    .mask = (mask & ~(uint32_t)WATCH_NO_PLACE) | (inode_is_directory(inode) ? WATCH_IS_DIRECTORY : 0),
	    .inode = inode,
	    .path = mask & WATCH_NO_PLACE ? NULL : path,
	    .directory = entry->directory,
	    .name = entry->name,
	    .len = entry->len,
	};
}

void watch_queue_path(const struct path *path, uint32_t mask)
{
	struct entry entry;
	struct watch_notice notice;

	entry_get(path->dentry, &entry);
	notice = notice_of(path, &entry, mask);
	observe(&notice);
	mask = notice.mask & (WATCH_ALL | WATCH_IS_DIRECTORY);
	if (entry.directory)
		queue_event(entry.directory, entry.name, entry.len, mask, 0, entry.has_name ? 0 : WATCH_EXCLUDE_UNLINKED);
	queue_event(notice.inode, NULL, 0, mask, 0, 0);
	entry_put(&entry);
}

void watch_queue_moved(struct inode *from, const char *name, size_t len, struct inode *to, const char *new_name, size_t new_len, struct inode *moved)
{
	uint32_t cookie = __atomic_add_fetch(&last_cookie, 1, __ATOMIC_RELAXED), directory = inode_is_directory(moved) ? WATCH_IS_DIRECTORY : 0;

	observe(&(struct watch_notice){.mask = WATCH_RENAMED | directory, .inode = moved, .directory = from, .name = name, .len = len,
	    .new_directory = to, .new_name = new_name, .new_len = new_len});
	observe(&(struct watch_notice){.mask = WATCH_MOVED_FROM | directory, .inode = moved, .directory = from, .name = name, .len = len});
	observe(&(struct watch_notice){.mask = WATCH_MOVED_TO | directory, .inode = moved, .directory = to, .name = new_name, .len = new_len});
	if (from == to)
		queue_event(from, name, len, WATCH_RENAMED | directory, 0, 0);
	queue_event(from, name, len, WATCH_MOVED_FROM | directory, cookie, 0);
	queue_event(to, new_name, new_len, WATCH_MOVED_TO | directory, cookie, 0);
	watch_queue_event(moved, WATCH_MOVE_SELF); /* which, as Linux, does not say that it is a directory */
}

void watch_queue_file(const struct file *file, uint32_t mask)
{
	if (!file->is_unwatched && file->path.dentry)
		watch_queue_path(&file->path, mask);
}

int watch_ask(const struct path *path, uint32_t mask)
{
	struct entry entry;
	struct watch_notice notice;
	int ret;

	if (!watch_observer)
		return 0;
	entry_get(path->dentry, &entry);
	notice = notice_of(path, &entry, mask);
	ret = watch_observer->ask(&notice);
	entry_put(&entry);
	return ret;
}

int watch_ask_file(const struct file *file, uint32_t mask)
{
	return file->is_unwatched || !file->path.dentry ? 0 : watch_ask(&file->path, mask);
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

	if (inode->links && !inode_is_directory(inode))
		return;
	watch_queue_event(inode, WATCH_DELETE_SELF);
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

	if (watch_observer)
		watch_observer->unmounted(fs);
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
