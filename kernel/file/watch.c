/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * inotify(7). A watch ties an inode to an instance; it holds the inode, so that inode->watches stays valid. One spin lock guards all
 * watches and queues: events are few. An instance that falls behind gets IN_Q_OVERFLOW once.
 */
#include "kernel/file/watch.h"
#include "kernel/file/dentry.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/poll.h"
#include "kernel/uapi/termios.h"
#include "lib/string.h"

enum { QUEUED_MAX = 16384, NAME_ALIGN = 16 };
enum { ADD_MASK_CREATE = 0x10000000, ADD_MASK_ADD = 0x20000000, ADD_ONESHOT = (int)0x80000000u, ADD_ONLY_DIRECTORY = 0x01000000, ADD_NO_FOLLOW = 0x02000000, ADD_EXCLUDE_UNLINKED = 0x04000000 };

struct instance {
	struct list watches, events;
	unsigned nr_events;
	size_t bytes;
	int last_descriptor;
	struct wait_queue wait;
};

struct watch {
	struct watch *next; /* on the inode */
	struct list node;   /* on the instance */
	struct instance *instance;
	struct inode *inode; /* counted */
	uint32_t mask;
	int descriptor;
};

struct linux_inotify_event {
	int32_t wd;
	uint32_t mask, cookie, len;
};

struct event {
	struct list node;
	struct linux_inotify_event head;
	char name[];
};

unsigned watch_count;
static struct spinlock lock;
static uint32_t last_cookie;
static const struct file_ops inotify_ops;

static bool is_repetition(const struct instance *instance, const struct event *event)
{
	const struct event *last;

	if (list_empty(&instance->events))
		return false;
	last = container_of(instance->events.prev, struct event, node);
	return !memcmp(&last->head, &event->head, sizeof(event->head)) && !memcmp(last->name, event->name, event->head.len);
}

static void enqueue(struct instance *instance, int descriptor, const char *name, size_t len, uint32_t mask, uint32_t cookie)
{
	size_t padded = name && len ? align_up(len + 1, NAME_ALIGN) : 0;
	struct event *event = heap_alloc_zero(sizeof(*event) + padded);

	if (!event)
		return;
	if (instance->nr_events >= QUEUED_MAX) {
		descriptor = -1;
		mask = WATCH_OVERFLOW;
		padded = 0;
	}
	event->head = (struct linux_inotify_event){.wd = descriptor, .mask = mask, .cookie = cookie, .len = (uint32_t)padded};
	if (padded)
		memcpy(event->name, name, len);
	if (is_repetition(instance, event)) {
		heap_free(event);
		return;
	}
	list_push_back(&instance->events, &event->node);
	instance->nr_events++;
	instance->bytes += sizeof(event->head) + padded;
	wait_wake_all(&instance->wait, POLLIN | POLLRDNORM);
}

/* Takes it off both lists; the caller puts the inode and frees it. */
static void unlink_watch(struct watch *watch)
{
	struct watch **link = (struct watch **)&watch->inode->watches;

	while (*link != watch)
		link = &(*link)->next;
	*link = watch->next;
	list_remove(&watch->node);
	watch_count--;
}

static void watch_free_all(struct watch *dead)
{
	while (dead) {
		struct watch *next = dead->next;

		inode_put(dead->inode);
		heap_free(dead);
		dead = next;
	}
}

/* Tells those who watch the inode; returns one-shot watches that are spent. */
static struct watch *tell_locked(struct inode *inode, const char *name, size_t len, uint32_t mask, uint32_t cookie)
{
	struct watch *dead = NULL;

	for (struct watch *watch = inode->watches, *next; watch; watch = next) {
		next = watch->next;
		if (!(watch->mask & mask & (WATCH_ALL | WATCH_UNMOUNT)))
			continue;
		enqueue(watch->instance, watch->descriptor, name, len, mask, cookie);
		if (!(watch->mask & (uint32_t)ADD_ONESHOT))
			continue;
		enqueue(watch->instance, watch->descriptor, NULL, 0, WATCH_IGNORED, 0);
		unlink_watch(watch);
		watch->next = dead;
		dead = watch;
	}
	return dead;
}

void watch_queue_event(struct inode *inode, const char *name, size_t len, uint32_t mask, uint32_t cookie)
{
	struct watch *dead;

	if (!inode->watches)
		return;
	spin_lock(&lock);
	dead = tell_locked(inode, name, len, mask, cookie);
	spin_unlock(&lock);
	watch_free_all(dead);
}

void watch_queue_path(const struct path *path, uint32_t mask)
{
	struct dentry *dentry = path->dentry, *parent;
	struct dead_names dead = {0};
	struct inode *inode = dentry->inode;
	char name[LINUX_NAME_MAX + 1];
	size_t len;

	if (inode_is_directory(inode))
		mask |= WATCH_IS_DIRECTORY;
	spin_lock(&name_lock);
	parent = dentry->parent;
	dentry_get_locked(parent);
	len = dentry->name_len;
	memcpy(name, dentry->name, len);
	spin_unlock(&name_lock);
	if (parent != dentry && parent->inode)
		watch_queue_event(parent->inode, name, len, mask, 0);
	watch_queue_event(inode, NULL, 0, mask, 0);
	spin_lock(&name_lock);
	dentry_put_locked(parent, &dead);
	spin_unlock(&name_lock);
	names_bury(&dead);
}

void watch_queue_moved(struct inode *from, const char *name, size_t len, struct inode *to, const char *new_name, size_t new_len, struct inode *moved)
{
	uint32_t cookie = __atomic_add_fetch(&last_cookie, 1, __ATOMIC_RELAXED), directory = inode_is_directory(moved) ? WATCH_IS_DIRECTORY : 0;

	watch_queue_event(from, name, len, WATCH_MOVED_FROM | directory, cookie);
	watch_queue_event(to, new_name, new_len, WATCH_MOVED_TO | directory, cookie);
	watch_queue_event(moved, NULL, 0, WATCH_MOVE_SELF | directory, 0);
}

void watch_queue_removed(struct inode *inode)
{
	struct watch *dead = NULL;

	if (!inode->watches)
		return;
	watch_queue_event(inode, NULL, 0, WATCH_ATTRIBUTES, 0);
	if (inode->links && !inode_is_directory(inode))
		return;
	watch_queue_event(inode, NULL, 0, WATCH_DELETE_SELF, 0);
	spin_lock(&lock);
	while (inode->watches) {
		struct watch *watch = inode->watches;

		enqueue(watch->instance, watch->descriptor, NULL, 0, WATCH_IGNORED, 0);
		unlink_watch(watch);
		watch->next = dead;
		dead = watch;
	}
	spin_unlock(&lock);
	watch_free_all(dead);
}

/* ---- inotify_add_watch(2) ---- */

static struct watch *find_watch(const struct instance *instance, const struct inode *inode)
{
	for (struct watch *watch = inode->watches; watch; watch = watch->next)
		if (watch->instance == instance)
			return watch;
	return NULL;
}

int inotify_add(struct file *file, const struct path *path, uint32_t mask)
{
	struct instance *instance = file->private_data;
	struct inode *inode = path_inode(path);
	struct watch *made = heap_alloc_zero(sizeof(*made)), *watch;
	int ret;

	if (!made)
		return -ENOMEM;
	spin_lock(&lock);
	watch = find_watch(instance, inode);
	if (watch && (mask & ADD_MASK_CREATE)) {
		ret = -EEXIST;
	} else if (watch) {
		watch->mask = (mask & ADD_MASK_ADD ? watch->mask : 0) | mask;
		ret = watch->descriptor;
	} else {
		*made = (struct watch){.next = inode->watches, .instance = instance, .inode = inode, .mask = mask, .descriptor = ++instance->last_descriptor};
		inode_get(inode);
		inode->watches = made;
		list_push_back(&instance->watches, &made->node);
		watch_count++;
		ret = made->descriptor;
		made = NULL;
	}
	spin_unlock(&lock);
	heap_free(made);
	return ret;
}

int inotify_remove(struct file *file, int descriptor)
{
	struct instance *instance;
	struct watch *watch, *found = NULL;

	if (file->ops != &inotify_ops)
		return -EINVAL;
	instance = file->private_data;
	spin_lock(&lock);
	list_for_each(watch, &instance->watches, node)
		if (watch->descriptor == descriptor)
			found = watch;
	if (found) {
		enqueue(instance, descriptor, NULL, 0, WATCH_IGNORED, 0);
		unlink_watch(found);
		found->next = NULL;
	}
	spin_unlock(&lock);
	watch_free_all(found);
	return found ? 0 : -EINVAL;
}

/* ---- The instance as a file. ---- */

static struct event *pop_event(struct instance *instance, size_t room)
{
	struct event *event = NULL;

	spin_lock(&lock);
	if (!list_empty(&instance->events)) {
		event = container_of(instance->events.next, struct event, node);
		if (sizeof(event->head) + event->head.len <= room) {
			list_remove(&event->node);
			instance->nr_events--;
			instance->bytes -= sizeof(event->head) + event->head.len;
		} else {
			event = NULL;
		}
	}
	spin_unlock(&lock);
	return event;
}

static long read_events(struct instance *instance, struct io_vector *io)
{
	struct event *event;
	long done = 0;

	while ((event = pop_event(instance, io->left))) {
		size_t len = sizeof(event->head) + event->head.len;
		size_t copied = io_vector_put(io, &event->head, len);

		heap_free(event);
		if (copied < len)
			return -EFAULT;
		done += (long)len;
	}
	if (!done && instance->nr_events)
		return -EINVAL; /* the buffer is too small for the next one */
	return done;
}

static long inotify_read(struct file *file, struct io_vector *io, uint64_t *position)
{
	struct instance *instance = file->private_data;
	struct waiter waiter;
	long done = read_events(instance, io);
	int ret = 0;

	if (done)
		return done;
	if (file_is_nonblocking(file))
		return -EAGAIN;
	wait_begin(&waiter, &instance->wait);
	while (!(done = read_events(instance, io)) && !ret)
		ret = wait_sleep(WAIT_FOREVER, WAIT_INTERRUPTIBLE);
	wait_end(&waiter);
	return done ? done : ret;
}

static unsigned inotify_poll(struct file *file, struct poll_table *table)
{
	struct instance *instance = file->private_data;

	if (table)
		table->add(table, &instance->wait);
	return __atomic_load_n(&instance->nr_events, __ATOMIC_SEQ_CST) ? POLLIN | POLLRDNORM : 0;
}

static long inotify_ioctl(struct file *file, unsigned command, uint64_t argument)
{
	struct instance *instance = file->private_data;
	int bytes = (int)instance->bytes;

	return command == FIONREAD ? copy_to_user(argument, &bytes, sizeof(bytes)) : -ENOTTY;
}

static void inotify_release(struct file *file)
{
	struct instance *instance = file->private_data;
	struct watch *dead = NULL;
	struct event *event, *next;

	spin_lock(&lock);
	while (!list_empty(&instance->watches)) {
		struct watch *watch = container_of(instance->watches.next, struct watch, node);

		unlink_watch(watch);
		watch->next = dead;
		dead = watch;
	}
	spin_unlock(&lock);
	watch_free_all(dead);
	list_for_each_safe(event, next, &instance->events, node)
		heap_free(event);
	heap_free(instance);
}

static const struct file_ops inotify_ops = {
    .read = inotify_read,
    .poll = inotify_poll,
    .ioctl = inotify_ioctl,
    .release = inotify_release,
    .anonymous_name = "anon_inode:inotify",
};

int inotify_new(int flags, struct file **file)
{
	struct instance *instance = heap_alloc_zero(sizeof(*instance));

	if (!instance)
		return -ENOMEM;
	list_init(&instance->watches);
	list_init(&instance->events);
	wait_queue_init(&instance->wait);
	*file = file_new(&inotify_ops, O_RDONLY | (flags & O_NONBLOCK), instance);
	if (!*file)
		heap_free(instance);
	return *file ? 0 : -ENOMEM;
}

/* For inotify_add_watch's file argument. */
bool file_is_inotify(const struct file *file)
{
	return file->ops == &inotify_ops;
}
