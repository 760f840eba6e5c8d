/* SPDX-License-Identifier: BSD-3-Clause */
/* inotify(7): instances and their queues of events. An instance that falls behind gets IN_Q_OVERFLOW once. The lock of all watches guards all of it. */
#include "kernel/file/watch.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/poll.h"
#include "kernel/uapi/termios.h"
#include "lib/format.h"
#include "lib/string.h"

enum { NAME_ALIGN = 16 };

struct inotify_limits inotify_limits = {.instances = 128, .watches = 65536, .events = 16384};
static uint32_t nr_instances, nr_watches; /* the former atomic; the latter guarded by watch_lock */
enum { ADD_MASK_CREATE = 0x10000000, ADD_MASK_ADD = 0x20000000, ADD_ONESHOT = (int)0x80000000u, ADD_ONLY_DIRECTORY = 0x01000000, ADD_NO_FOLLOW = 0x02000000 };

struct instance {
	struct list watches, events;
	unsigned nr_events, events_max;
	size_t bytes;
	int last_descriptor;
	struct wait_queue wait;
};

struct watch {
	struct inode_watch base;
	struct list node; /* on the instance */
	struct instance *instance;
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
	if (instance->nr_events >= instance->events_max) {
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

/* ---- What an instance hears ---- */

static void tell_ignored(struct watch *watch)
{
	enqueue(watch->instance, watch->descriptor, NULL, 0, WATCH_IGNORED, 0);
	list_remove(&watch->node);
	nr_watches--;
}

static bool watch_tell(struct inode_watch *base, const struct watch_event *event)
{
	struct watch *watch = container_of(base, struct watch, base);

	enqueue(watch->instance, watch->descriptor, event->name, event->len, event->mask, event->cookie);
	if (!(base->mask & (uint32_t)ADD_ONESHOT))
		return true;
	tell_ignored(watch);
	return false;
}

static void watch_end(struct inode_watch *base)
{
	tell_ignored(container_of(base, struct watch, base));
}

static void watch_free(struct inode_watch *base)
{
	heap_free(container_of(base, struct watch, base));
}

static const struct watch_ops watch_ops = {.tell = watch_tell, .end = watch_end, .free = watch_free};

/* ---- inotify_add_watch(2) ---- */

static struct watch *find_watch(const struct instance *instance, const struct inode *inode)
{
	for (struct inode_watch *base = inode->watches; base; base = base->next) {
		struct watch *watch = container_of(base, struct watch, base);

		if (base->ops == &watch_ops && watch->instance == instance)
			return watch;
	}
	return NULL;
}

int inotify_add(struct file *file, const struct path *path, uint32_t mask)
{
	struct instance *instance = file->private_data;
	struct inode *inode = path_inode(path);
	uint32_t events = mask & (WATCH_ALL | WATCH_UNMOUNT | WATCH_EXCLUDE_UNLINKED | (uint32_t)ADD_ONESHOT);
	struct watch *made = heap_alloc_zero(sizeof(*made)), *watch;
	int ret;

	if (!made)
		return -ENOMEM;
	spin_lock(&watch_lock);
	watch = find_watch(instance, inode);
	if (watch && (mask & ADD_MASK_CREATE)) {
		ret = -EEXIST;
	} else if (!watch && nr_watches >= inotify_limits.watches) {
		ret = -ENOSPC;
	} else if (watch) {
		watch->base.mask = (mask & ADD_MASK_ADD ? watch->base.mask : 0) | events;
		ret = watch->descriptor;
	} else {
		*made = (struct watch){.base = {.ops = &watch_ops, .mask = events}, .instance = instance, .descriptor = ++instance->last_descriptor};
		watch_insert_locked(&made->base, inode);
		list_push_back(&instance->watches, &made->node);
		nr_watches++;
		ret = made->descriptor;
		made = NULL;
	}
	spin_unlock(&watch_lock);
	heap_free(made);
	return ret;
}

int inotify_remove(struct file *file, int descriptor)
{
	struct instance *instance;
	struct watch *watch, *found = NULL;
	struct inode_watch *dead = NULL;

	if (file->ops != &inotify_ops)
		return -EINVAL;
	instance = file->private_data;
	spin_lock(&watch_lock);
	list_for_each(watch, &instance->watches, node)
		if (watch->descriptor == descriptor)
			found = watch;
	if (found) {
		tell_ignored(found);
		watch_take_locked(&found->base, &dead);
	}
	spin_unlock(&watch_lock);
	watch_bury(dead);
	return found ? 0 : -EINVAL;
}

/* ---- The instance as a file. ---- */

static struct event *pop_event(struct instance *instance, size_t room)
{
	struct event *event = NULL;

	spin_lock(&watch_lock);
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
	spin_unlock(&watch_lock);
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
	struct inode_watch *dead = NULL;
	struct event *event, *next;

	spin_lock(&watch_lock);
	while (!list_empty(&instance->watches)) {
		struct watch *watch = container_of(instance->watches.next, struct watch, node);

		list_remove(&watch->node);
		nr_watches--;
		watch_take_locked(&watch->base, &dead);
	}
	spin_unlock(&watch_lock);
	watch_bury(dead);
	__atomic_fetch_sub(&nr_instances, 1, __ATOMIC_RELAXED);
	list_for_each_safe(event, next, &instance->events, node)
		heap_free(event);
	heap_free(instance);
}

/* A line for each watch (proc_pid_fdinfo(5)), without the part of it that a file handle would be. */
static int inotify_describe(struct file *file, char *to, size_t size)
{
	struct instance *instance = file->private_data;
	struct watch *watch;
	int len = 0;

	spin_lock(&watch_lock);
	list_for_each(watch, &instance->watches, node) {
		const struct inode *inode = watch->base.inode;
		int line = format_text(to + len, size - (size_t)len, "inotify wd:%x ino:%llx sdev:%llx mask:%x ignored_mask:0\n", (unsigned)watch->descriptor,
		    (unsigned long long)inode->number, (unsigned long long)(inode->fs ? (uint64_t)device_major(inode->fs->device) << 20 | device_minor(inode->fs->device) : 0),
		    (unsigned)watch->base.mask);

		if (line < 0 || (size_t)(len + line) >= size)
			break;
		len += line;
	}
	spin_unlock(&watch_lock);
	return len;
}

static const struct file_ops inotify_ops = {
    .describe = inotify_describe,
    .read = inotify_read,
    .poll = inotify_poll,
    .ioctl = inotify_ioctl,
    .release = inotify_release,
    .anonymous_name = "anon_inode:inotify",
};

int inotify_new(int flags, struct file **file)
{
	struct instance *instance;

	if (__atomic_add_fetch(&nr_instances, 1, __ATOMIC_RELAXED) > inotify_limits.instances) {
		__atomic_fetch_sub(&nr_instances, 1, __ATOMIC_RELAXED);
		return -EMFILE;
	}
	instance = heap_alloc_zero(sizeof(*instance));
	*file = instance ? file_new(&inotify_ops, O_RDONLY | (flags & O_NONBLOCK), instance) : NULL;
	if (!*file) {
		__atomic_fetch_sub(&nr_instances, 1, __ATOMIC_RELAXED);
		heap_free(instance);
		return -ENOMEM;
	}
	instance->events_max = inotify_limits.events;
	list_init(&instance->watches);
	list_init(&instance->events);
	wait_queue_init(&instance->wait);
	return 0;
}

/* For inotify_add_watch's file argument. */
bool file_is_inotify(const struct file *file)
{
	return file->ops == &inotify_ops;
}
