/* SPDX-License-Identifier: BSD-3-Clause */
/* eventfd(2): a counter to wait for. */
#include "kernel/file/file.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/poll.h"
#include "lib/format.h"

struct event {
	struct spinlock lock;
	uint64_t count;
	bool is_semaphore;
	struct wait_queue read_wait, write_wait;
};

static const uint64_t COUNT_MAX = UINT64_MAX - 1;

static bool take(struct event *event, uint64_t *value)
{
	bool taken;

	spin_lock(&event->lock);
	taken = event->count != 0;
	*value = event->is_semaphore ? taken : event->count;
	event->count -= *value;
	spin_unlock(&event->lock);
	if (taken && !list_empty(&event->write_wait.waiters))
		wait_wake_all(&event->write_wait, POLLOUT | POLLWRNORM);
	return taken;
}

static bool add(struct event *event, uint64_t value)
{
	bool added;

	spin_lock(&event->lock);
	added = event->count <= COUNT_MAX && COUNT_MAX - event->count >= value;
	if (added)
		event->count += value;
	spin_unlock(&event->lock);
	if (added)
		wait_wake(&event->read_wait, 1, POLLIN | POLLRDNORM);
	return added;
}

/* Tries until it works, a signal comes, or at once if the file says so. */
static int attempt(struct file *file, struct wait_queue *queue, uint64_t *value, bool (*try)(struct event *, uint64_t *))
{
	struct event *event = file->private_data;
	struct waiter waiter;
	int ret = 0;

	if (try(event, value))
		return 0;
	if (file_is_nonblocking(file))
		return -EAGAIN;
	wait_begin_exclusive(&waiter, queue);
	while (!try(event, value)) {
		ret = wait_sleep(WAIT_FOREVER, WAIT_INTERRUPTIBLE);
		if (ret)
			break;
	}
	wait_end(&waiter);
	return ret;
}

static bool try_add(struct event *event, uint64_t *value)
{
	return add(event, *value);
}

static long eventfd_read(struct file *file, struct io_vector *io, uint64_t *position)
{
	struct event *event = file->private_data;
	uint64_t value;
	int ret;

	if (io->left < sizeof(value))
		return -EINVAL;
	ret = attempt(file, &event->read_wait, &value, take);
	if (ret)
		return ret;
	return io_vector_put(io, &value, sizeof(value)) == sizeof(value) ? (long)sizeof(value) : -EFAULT;
}

static long eventfd_write(struct file *file, struct io_vector *io, uint64_t *position)
{
	struct event *event = file->private_data;
	uint64_t value;
	int ret;

	if (io->left < sizeof(value))
		return -EINVAL;
	if (io_vector_get(io, &value, sizeof(value)) != sizeof(value))
		return -EFAULT;
	if (value == UINT64_MAX)
		return -EINVAL;
	ret = attempt(file, &event->write_wait, &value, try_add);
	return ret ? ret : (long)sizeof(value);
}

static unsigned eventfd_poll(struct file *file, struct poll_table *table)
{
	struct event *event = file->private_data;
	uint64_t count;

	if (table) {
		table->add(table, &event->read_wait);
		table->add(table, &event->write_wait);
	}
	count = __atomic_load_n(&event->count, __ATOMIC_SEQ_CST);
	return (count ? POLLIN | POLLRDNORM : 0) | (count == UINT64_MAX ? POLLERR : 0) | (count < COUNT_MAX ? POLLOUT | POLLWRNORM : 0);
}

static void eventfd_release(struct file *file)
{
	heap_free(file->private_data);
}

static int eventfd_describe(struct file *file, char *to, size_t size)
{
	struct event *event = file->private_data;

	return format_text(to, size, "eventfd-count: %16llx\n", (unsigned long long)event->count);
}

static const struct file_ops eventfd_ops = {
    .read = eventfd_read,
    .write = eventfd_write,
    .poll = eventfd_poll,
    .release = eventfd_release,
    .describe = eventfd_describe,
    .anonymous_name = "anon_inode:[eventfd]",
};

bool file_is_eventfd(const struct file *file)
{
	return file->ops == &eventfd_ops;
}

void eventfd_signal(struct file *file)
{
	struct event *event = file->private_data;

	spin_lock(&event->lock);
	event->count += event->count != UINT64_MAX;
	spin_unlock(&event->lock);
	wait_wake(&event->read_wait, 1, POLLIN | POLLRDNORM);
}

int eventfd_new(uint64_t value, int flags, struct file **file)
{
	struct event *event = heap_alloc_zero(sizeof(*event));

	if (!event)
		return -ENOMEM;
	event->count = value;
	event->is_semaphore = flags & EFD_SEMAPHORE;
	wait_queue_init(&event->read_wait);
	wait_queue_init(&event->write_wait);
	*file = file_new(&eventfd_ops, O_RDWR | (flags & O_NONBLOCK), event);
	if (!*file)
		heap_free(event);
	return *file ? 0 : -ENOMEM;
}
