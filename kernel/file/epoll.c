/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * epoll(7). An item stands in the wait queues of its file with a callback that puts it on the set's ready list; epoll_wait asks the
 * items of that list what they are ready for, and drops those that are not.
 *
 * Locks, in order: registry (sleeping, of all sets: which files are watched), set->lock (sleeping: the items), then the file's own
 * inside its poll; set->ready_lock (spin: the ready list) is taken last, by callbacks under the lock of the file's wait queue.
 */
#include "kernel/file/epoll.h"
#include "kernel/mem/heap.h"
#include "kernel/platform/platform.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "lib/format.h"
#include "lib/rbtree.h"

enum { QUEUES_MAX = 3, NESTING_MAX = 4 /* sets above and below one that is added, and itself */ };

struct epoll_set {
	struct file *file; /* borrowed: it owns the set */
	struct mutex lock;
	struct rb_tree items; /* by descriptor and file */
	unsigned nr_items;
	struct spinlock ready_lock;
	struct list ready;
	struct wait_queue wait;
};

struct epoll_item;
struct item_waiter {
	struct waiter waiter;
	struct epoll_item *item;
};

struct epoll_item {
	struct rb_node node;
	struct list file_node; /* file->epoll_items; guarded by registry */
	struct list ready_node;
	struct epoll_set *set;
	struct file *file; /* borrowed: it forgets us before it goes */
	int fd;
	uint32_t events; /* POLL* and EPOLL*; no POLL* after a one-shot fired */
	uint64_t data;
	unsigned nr_waiters;
	struct item_waiter waiters[QUEUES_MAX];
};

static const struct file_ops epoll_ops;
static struct mutex registry;

bool file_is_epoll(const struct file *file)
{
	return file->ops == &epoll_ops;
}

/* ---- The ready list. ---- */

static void make_ready(struct epoll_item *item)
{
	struct epoll_set *set = item->set;

	spin_lock(&set->ready_lock);
	if (list_empty(&item->ready_node))
		list_push_back(&set->ready, &item->ready_node);
	spin_unlock(&set->ready_lock);
}

/* The file's queue was woken: any context, under the queue's lock. Events 0: it did not say which. */
static void file_changed(struct waiter *waiter, unsigned events)
{
	struct epoll_item *item = container_of(waiter, struct item_waiter, waiter)->item;
	uint32_t wanted = __atomic_load_n(&item->events, __ATOMIC_RELAXED);

	if (!(wanted & ~(EPOLLEXCLUSIVE | EPOLLWAKEUP | EPOLLONESHOT | EPOLLET)))
		return;
	if (events && !(events & (wanted | POLLERR | POLLHUP)))
		return;
	make_ready(item);
	waiter->woken = wait_wake(&item->set->wait, 1, POLLIN | POLLRDNORM) != 0;
}

struct registration {
	struct poll_table table;
	struct epoll_item *item;
};

static void enter_queue(struct poll_table *table, struct wait_queue *queue)
{
	struct epoll_item *item = container_of(table, struct registration, table)->item;

	if (item->nr_waiters == QUEUES_MAX)
		return; /* no kind of file has more */
	item->waiters[item->nr_waiters].item = item;
	if (item->events & EPOLLEXCLUSIVE)
		wait_begin_exclusive_callback(&item->waiters[item->nr_waiters++].waiter, queue, file_changed);
	else
		wait_begin_callback(&item->waiters[item->nr_waiters++].waiter, queue, file_changed);
}

/* What an item is ready for now. */
static unsigned ask(struct epoll_item *item, struct poll_table *table)
{
	return file_poll(item->file, table) & (item->events | POLLERR | POLLHUP);
}

static bool is_disabled(const struct epoll_item *item)
{
	return !(item->events & ~(EPOLLEXCLUSIVE | EPOLLWAKEUP | EPOLLONESHOT | EPOLLET));
}

/* ---- epoll_ctl(2) ---- */

static int compare(int fd, const struct file *file, const struct epoll_item *item)
{
	if (fd != item->fd)
		return fd < item->fd ? -1 : 1;
	return file == item->file ? 0 : (uintptr_t)file < (uintptr_t)item->file ? -1 : 1;
}

static struct epoll_item *item_find(struct epoll_set *set, int fd, const struct file *file, struct rb_node **parent, struct rb_node ***link)
{
	*parent = NULL;
	*link = &set->items.root;
	while (**link) {
		struct epoll_item *item = container_of(**link, struct epoll_item, node);
		int order = compare(fd, file, item);

		if (!order)
			return item;
		*parent = **link;
		*link = order < 0 ? &item->node.left : &item->node.right;
	}
	return NULL;
}

/* With registry and set->lock held. */
static void item_remove(struct epoll_item *item)
{
	for (unsigned i = 0; i < item->nr_waiters; i++)
		wait_end(&item->waiters[i].waiter);
	spin_lock(&item->set->ready_lock);
	list_remove(&item->ready_node);
	spin_unlock(&item->set->ready_lock);
	rb_remove(&item->set->items, &item->node);
	item->set->nr_items--;
	list_remove(&item->file_node);
	heap_free(item);
}

/* How deep sets stand in `file`, and whether `target` is one of them. With registry held. */
static int nesting(struct file *file, const struct file *target, int depth)
{
	struct epoll_set *set = file->private_data;
	int deepest = 0;

	if (file == target || depth > NESTING_MAX + 1)
		return -ELOOP;
	for (struct rb_node *n = rb_first(&set->items); n; n = rb_next(n)) {
		struct epoll_item *item = container_of(n, struct epoll_item, node);
		int below;

		if (!file_is_epoll(item->file))
			continue;
		below = nesting(item->file, target, depth + 1);
		if (below < 0)
			return below;
		deepest = below + 1 > deepest ? below + 1 : deepest;
	}
	return deepest;
}

/* How deep it stands in others. With registry held. */
static int nesting_above(const struct file *file, int depth)
{
	const struct epoll_item *item;
	int most = 0;

	if (depth > NESTING_MAX)
		return depth;
	list_for_each(item, &file->epoll_items, file_node) {
		int above = 1 + nesting_above(item->set->file, depth + 1);

		most = above > most ? above : most;
	}
	return most;
}

static int check_nesting(struct file *epoll, struct file *added)
{
	int below = nesting(added, epoll, 1);

	if (below < 0)
		return below;
	return nesting_above(epoll, 0) + 1 + below > NESTING_MAX ? -ELOOP : 0;
}

static void check_ready(struct epoll_item *item, struct poll_table *table)
{
	if (!ask(item, table))
		return;
	make_ready(item);
	wait_wake(&item->set->wait, 1, POLLIN | POLLRDNORM);
}

static int item_add(struct epoll_set *set, int fd, struct file *file, const struct linux_epoll_event *event, struct rb_node *parent, struct rb_node **link)
{
	struct epoll_item *item = heap_alloc_zero(sizeof(*item));
	struct registration registration = {.table = {.add = enter_queue}, .item = item};

	if (!item)
		return -ENOMEM;
	item->set = set;
	item->fd = fd;
	item->file = file;
	item->events = event->events;
	item->data = event->data;
	list_init(&item->ready_node);
	list_push_back(&file->epoll_items, &item->file_node);
	rb_insert(&set->items, &item->node, parent, link);
	set->nr_items++;
	check_ready(item, &registration.table);
	return 0;
}

static int item_change(struct epoll_item *item, const struct linux_epoll_event *event)
{
	if ((event->events | item->events) & EPOLLEXCLUSIVE)
		return -EINVAL;
	__atomic_store_n(&item->events, event->events, __ATOMIC_RELAXED);
	item->data = event->data;
	check_ready(item, NULL);
	return 0;
}

static int control_locked(struct epoll_set *set, int operation, int fd, struct file *file, const struct linux_epoll_event *event)
{
	struct rb_node *parent, **link;
	struct epoll_item *item = item_find(set, fd, file, &parent, &link);

	switch (operation) {
	case EPOLL_CTL_ADD:
		return item ? -EEXIST : item_add(set, fd, file, event, parent, link);
	case EPOLL_CTL_MOD:
		return item ? item_change(item, event) : -ENOENT;
	case EPOLL_CTL_DEL:
		if (!item)
			return -ENOENT;
		item_remove(item);
		return 0;
	default:
		return -EINVAL;
	}
}

/* EPOLLEXCLUSIVE goes with few other flags, with addition only, and not with sets (epoll_ctl(2)). */
static int check_exclusive(int operation, const struct file *file, const struct linux_epoll_event *event)
{
	const uint32_t allowed = EPOLLEXCLUSIVE | EPOLLWAKEUP | EPOLLET | POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDNORM | POLLWRNORM;

	if (operation == EPOLL_CTL_DEL || !(event->events & EPOLLEXCLUSIVE))
		return 0;
	if (operation == EPOLL_CTL_MOD)
		return -EINVAL;
	return operation == EPOLL_CTL_ADD && (file_is_epoll(file) || (event->events & ~allowed)) ? -EINVAL : 0;
}

int epoll_control(struct file *epoll, int operation, int fd, struct file *file, const struct linux_epoll_event *event)
{
	struct epoll_set *set = epoll->private_data;
	int ret = 0;

	if (!file->ops->poll)
		return -EPERM; /* regular files and directories */
	if (file == epoll)
		return -EINVAL;
	ret = check_exclusive(operation, file, event);
	if (ret)
		return ret;
	mutex_lock(&registry);
	if (operation == EPOLL_CTL_ADD && file_is_epoll(file))
		ret = check_nesting(epoll, file);
	if (!ret) {
		mutex_lock(&set->lock);
		ret = control_locked(set, operation, fd, file, event);
		mutex_unlock(&set->lock);
	}
	mutex_unlock(&registry);
	return ret;
}

void epoll_forget_file(struct file *file)
{
	mutex_lock(&registry);
	while (!list_empty(&file->epoll_items)) {
		struct epoll_item *item = container_of(file->epoll_items.next, struct epoll_item, file_node);
		struct epoll_set *set = item->set;

		mutex_lock(&set->lock);
		item_remove(item);
		mutex_unlock(&set->lock);
	}
	mutex_unlock(&registry);
}

/* ---- epoll_wait(2) ---- */

static void list_move_all(struct list *from, struct list *to)
{
	if (list_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}

static struct epoll_item *batch_pop(struct epoll_set *set, struct list *batch)
{
	struct list *node;

	spin_lock(&set->ready_lock);
	node = list_pop_front(batch);
	spin_unlock(&set->ready_lock);
	return node ? container_of(node, struct epoll_item, ready_node) : NULL;
}

static bool report(struct epoll_item *item, struct linux_epoll_event *event)
{
	unsigned events;

	if (is_disabled(item))
		return false;
	events = ask(item, NULL);
	if (!events)
		return false;
	*event = (struct linux_epoll_event){.events = events, .data = item->data};
	if (item->events & EPOLLONESHOT)
		__atomic_store_n(&item->events, item->events & (EPOLLEXCLUSIVE | EPOLLWAKEUP | EPOLLONESHOT | EPOLLET), __ATOMIC_RELAXED);
	else if (!(item->events & EPOLLET))
		make_ready(item); /* level-triggered: asked again next time */
	return true;
}

static int harvest(struct epoll_set *set, struct linux_epoll_event *events, int max)
{
	struct list batch = LIST_INIT(batch);
	struct epoll_item *item;
	int count = 0;
	bool is_rest;

	mutex_lock(&set->lock);
	spin_lock(&set->ready_lock);
	list_move_all(&set->ready, &batch);
	spin_unlock(&set->ready_lock);
	while (count < max && (item = batch_pop(set, &batch)))
		count += report(item, &events[count]);
	spin_lock(&set->ready_lock);
	list_move_all(&set->ready, &batch); /* those not asked yet come first */
	list_move_all(&batch, &set->ready);
	is_rest = !list_empty(&set->ready);
	spin_unlock(&set->ready_lock);
	mutex_unlock(&set->lock);
	if (is_rest && count && !list_empty(&set->wait.waiters))
		wait_wake(&set->wait, 1, POLLIN | POLLRDNORM);
	return count;
}

unsigned epoll_count(struct file *epoll)
{
	struct epoll_set *set = epoll->private_data;

	return __atomic_load_n(&set->nr_items, __ATOMIC_RELAXED);
}

int epoll_wait_events(struct file *epoll, struct linux_epoll_event *events, int max, uint64_t deadline_ns)
{
	struct epoll_set *set = epoll->private_data;
	struct waiter waiter;
	int count = list_empty(&set->ready) ? 0 : harvest(set, events, max), ret = 0;

	if (count || !deadline_ns)
		return count;
	wait_begin_exclusive(&waiter, &set->wait);
	for (;;) {
		count = list_empty(&set->ready) ? 0 : harvest(set, events, max);
		if (count || ret)
			break;
		ret = wait_sleep(deadline_ns, WAIT_INTERRUPTIBLE);
	}
	wait_end(&waiter);
	return count ? count : ret == -ETIMEDOUT ? 0 : ret;
}

/* A set is readable if one of its items is ready: for sets in sets, and poll(2). */
static unsigned epoll_poll(struct file *file, struct poll_table *table)
{
	struct epoll_set *set = file->private_data;
	struct list batch = LIST_INIT(batch);
	struct epoll_item *item;
	bool found = false;

	if (table)
		table->add(table, &set->wait);
	if (list_empty(&set->ready))
		return 0;
	mutex_lock(&set->lock);
	spin_lock(&set->ready_lock);
	list_move_all(&set->ready, &batch);
	spin_unlock(&set->ready_lock);
	while (!found && (item = batch_pop(set, &batch))) {
		found = !is_disabled(item) && ask(item, NULL);
		if (found)
			make_ready(item);
	}
	spin_lock(&set->ready_lock);
	list_move_all(&batch, &set->ready);
	spin_unlock(&set->ready_lock);
	mutex_unlock(&set->lock);
	return found ? POLLIN | POLLRDNORM : 0;
}

static void epoll_release(struct file *file)
{
	struct epoll_set *set = file->private_data;
	struct rb_node *node;

	mutex_lock(&registry);
	mutex_lock(&set->lock);
	while ((node = rb_first(&set->items)))
		item_remove(container_of(node, struct epoll_item, node));
	mutex_unlock(&set->lock);
	mutex_unlock(&registry);
	heap_free(set);
}

/* /proc/PID/fdinfo/N (proc(5)). */
static int epoll_describe(struct file *file, char *to, size_t size)
{
	struct epoll_set *set = file->private_data;
	int len = 0;

	mutex_lock(&set->lock);
	for (struct rb_node *n = rb_first(&set->items); n && (size_t)len < size; n = rb_next(n)) {
		struct epoll_item *item = container_of(n, struct epoll_item, node);

		len += format_text(to + len, size - (size_t)len, "tfd: %8d events: %8x data: %16llx\n", item->fd, item->events, (unsigned long long)item->data);
	}
	mutex_unlock(&set->lock);
	return len;
}

static const struct file_ops epoll_ops = {
    .poll = epoll_poll,
    .release = epoll_release,
    .describe = epoll_describe,
    .anonymous_name = "anon_inode:[eventpoll]",
};

int epoll_new(struct file **file)
{
	struct epoll_set *set = heap_alloc_zero(sizeof(*set));

	if (!set)
		return -ENOMEM;
	mutex_init(&set->lock);
	list_init(&set->ready);
	wait_queue_init(&set->wait);
	*file = set->file = file_new(&epoll_ops, O_RDWR, set);
	if (!*file)
		heap_free(set);
	return *file ? 0 : -ENOMEM;
}

static void epoll_start(void)
{
	mutex_init(&registry);
}
INITCALL(epoll, INIT_CORE, epoll_start);
