/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pipes and FIFOs (pipe(7), fifo(7)): a ring of pages. One mutex guards a pipe; copying from and to programs happens under it, since it
 * may fault. A wake-up is left out when nobody waits: whoever waits entered the queue before looking at the ring under the mutex.
 */
#include "kernel/file/pipe_ring.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/poll.h"
#include "kernel/uapi/termios.h"
#include "lib/format.h"
#include "lib/string.h"

enum { SLOTS_DEFAULT = 16 };

uint32_t pipe_size_max = 1u << 20;

static const struct file_ops pipe_ops;

static struct pipe *pipe_alloc(void)
{
	struct pipe *pipe = heap_alloc_zero(sizeof(*pipe));

	if (!pipe)
		return NULL;
	pipe->slots = heap_alloc_zero(SLOTS_DEFAULT * sizeof(struct pipe_slot));
	if (!pipe->slots) {
		heap_free(pipe);
		return NULL;
	}
	pipe->nr_slots = SLOTS_DEFAULT;
	mutex_init(&pipe->lock);
	wait_queue_init(&pipe->read_wait);
	wait_queue_init(&pipe->write_wait);
	return pipe;
}

static void pipe_free(struct pipe *pipe)
{
	for (unsigned i = 0; i < pipe->count; i++)
		page_put(pipe_slot(pipe, i)->page);
	if (pipe->spare)
		page_put(pipe->spare);
	heap_free(pipe->slots);
	heap_free(pipe);
}

void pipe_drop_first(struct pipe *pipe)
{
	struct pipe_slot *slot = pipe_slot(pipe, 0);

	if (!pipe->spare && pipe_owns(slot->page))
		pipe->spare = slot->page;
	else
		page_put(slot->page);
	slot->page = NULL;
	pipe->first = (pipe->first + 1) & (pipe->nr_slots - 1);
	pipe->count--;
}

/* Takes what is there. A fault ends it. */
static long take(struct pipe *pipe, struct io_vector *io)
{
	long done = 0;

	while (io->left && pipe->count) {
		struct pipe_slot *slot = pipe_slot(pipe, 0);
		size_t part = min_u64(slot->len, io->left);
		size_t copied = io_vector_put(io, (char *)page_virt(slot->page) + slot->offset, part);
		bool is_packet = slot->is_packet;

		slot->offset = (uint16_t)(slot->offset + copied);
		slot->len = (uint16_t)(slot->len - copied);
		done += (long)copied;
		if (copied < part)
			return done ? done : -EFAULT;
		if (!slot->len || is_packet) /* what did not fit of a packet is lost */
			pipe_drop_first(pipe);
		if (is_packet)
			break;
	}
	return done;
}

int pipe_wait_changed(struct pipe *pipe, struct waiter *waiter, bool *is_waiting, struct wait_queue *queue)
{
	int ret;

	if (!*is_waiting) { /* from here on no wake-up is lost: look once more before sleeping */
		wait_begin_exclusive(waiter, queue);
		*is_waiting = true;
		return 0;
	}
	mutex_unlock(&pipe->lock);
	ret = wait_sleep(WAIT_FOREVER, WAIT_INTERRUPTIBLE);
	mutex_lock(&pipe->lock);
	return ret;
}

static long pipe_read(struct file *file, struct io_vector *io, uint64_t *position)
{
	struct pipe *pipe = file->private_data;
	struct waiter waiter;
	bool is_waiting = false, was_full;
	long ret = 0;

	if (!io->left)
		return 0;
	mutex_lock(&pipe->lock);
	while (!pipe->count && !ret) {
		if (!pipe->writers)
			goto out;
		ret = file_is_nonblocking(file) ? -EAGAIN : pipe_wait_changed(pipe, &waiter, &is_waiting, &pipe->read_wait);
	}
	if (pipe->count) {
		was_full = pipe_is_full(pipe);
		ret = take(pipe, io);
		if (was_full && !pipe_is_full(pipe))
			pipe_wake(&pipe->write_wait, POLLOUT | POLLWRNORM);
		if (pipe->count && is_waiting) /* the next reader that sleeps: the wake-up was for one */
			pipe_wake(&pipe->read_wait, POLLIN | POLLRDNORM);
	}
out:
	mutex_unlock(&pipe->lock);
	if (is_waiting)
		wait_end(&waiter);
	return ret;
}

/* Room at the end of the last slot: small writes share a page. */
static size_t room_in_last(struct pipe *pipe)
{
	struct pipe_slot *last;

	if (!pipe->count)
		return 0;
	last = pipe_slot(pipe, pipe->count - 1);
	return last->is_packet || !pipe_owns(last->page) ? 0 : PAGE_SIZE - last->offset - last->len;
}

static long add_to_last(struct pipe *pipe, struct io_vector *io, size_t part)
{
	struct pipe_slot *last = pipe_slot(pipe, pipe->count - 1);
	size_t copied = io_vector_get(io, (char *)page_virt(last->page) + last->offset + last->len, part);

	last->len = (uint16_t)(last->len + copied);
	return copied < part && !copied ? -EFAULT : (long)copied;
}

static long add_slot(struct pipe *pipe, struct io_vector *io, bool is_packet)
{
	struct pipe_slot *slot = pipe_slot(pipe, pipe->count);
	struct page *page = pipe->spare ? pipe->spare : page_alloc(0);
	size_t part = min_u64(PAGE_SIZE, io->left), copied;

	if (!page)
		return -ENOMEM;
	pipe->spare = NULL;
	copied = io_vector_get(io, page_virt(page), part);
	if (!copied) {
		pipe->spare = page;
		return -EFAULT;
	}
	*slot = (struct pipe_slot){.page = page, .len = (uint16_t)copied, .is_packet = is_packet};
	pipe->count++;
	return (long)copied;
}

/* Puts in what fits now. */
static long put(struct pipe *pipe, struct io_vector *io, bool is_packet)
{
	uint64_t wanted = io->left;
	size_t room = is_packet ? 0 : room_in_last(pipe);
	long done = 0, ret;

	/* PIPE_BUF: up to that many bytes go in at once or not at all; a page's worth always fits in a free slot. */
	if (room && (wanted <= room || wanted > LINUX_PIPE_BUF || !pipe_is_full(pipe))) {
		ret = add_to_last(pipe, io, min_u64(room, wanted));
		if (ret < 0)
			return ret;
		done += ret;
	}
	while (io->left && !pipe_is_full(pipe)) {
		ret = add_slot(pipe, io, is_packet);
		if (ret < 0)
			return done ? done : ret;
		done += ret;
	}
	return done;
}

static long pipe_write(struct file *file, struct io_vector *io, uint64_t *position)
{
	struct pipe *pipe = file->private_data;
	struct waiter waiter;
	bool is_waiting = false;
	long done = 0, ret = 0;

	if (!io->left)
		return 0;
	mutex_lock(&pipe->lock);
	for (;;) {
		if (!pipe->readers) {
			ret = -EPIPE;
			break;
		}
		ret = put(pipe, io, file->flags & O_DIRECT);
		if (ret < 0)
			break;
		if (ret) {
			done += ret;
			pipe_wake(&pipe->read_wait, POLLIN | POLLRDNORM);
		}
		if (!io->left)
			break;
		ret = file_is_nonblocking(file) ? -EAGAIN : pipe_wait_changed(pipe, &waiter, &is_waiting, &pipe->write_wait);
		if (ret)
			break;
	}
	if (is_waiting && !pipe_is_full(pipe))
		pipe_wake(&pipe->write_wait, POLLOUT | POLLWRNORM); /* the next writer that sleeps */
	mutex_unlock(&pipe->lock);
	if (is_waiting)
		wait_end(&waiter);
	return done ? done : ret;
}

static unsigned pipe_poll(struct file *file, struct poll_table *table)
{
	struct pipe *pipe = file->private_data;
	unsigned events = 0;

	if (table && (file->mode & MAY_READ))
		table->add(table, &pipe->read_wait);
	if (table && (file->mode & MAY_WRITE))
		table->add(table, &pipe->write_wait);
	mutex_lock(&pipe->lock);
	if (file->mode & MAY_READ) {
		if (pipe->count)
			events |= POLLIN | POLLRDNORM;
		if (!pipe->writers && pipe->nr_opened_writers)
			events |= POLLHUP;
	}
	if (file->mode & MAY_WRITE) {
		if (!pipe_is_full(pipe))
			events |= POLLOUT | POLLWRNORM;
		if (!pipe->readers)
			events |= POLLERR;
	}
	mutex_unlock(&pipe->lock);
	return events;
}

static long pipe_ioctl(struct file *file, unsigned command, uint64_t argument)
{
	struct pipe *pipe = file->private_data;
	int bytes = 0;

	if (command != FIONREAD)
		return -ENOTTY;
	mutex_lock(&pipe->lock);
	for (unsigned i = 0; i < pipe->count; i++)
		bytes += pipe_slot(pipe, i)->len;
	mutex_unlock(&pipe->lock);
	return copy_to_user(argument, &bytes, sizeof(bytes));
}

/* An end goes; the others hear of it. */
static void pipe_release(struct file *file)
{
	struct pipe *pipe = file->private_data;
	struct inode *inode = pipe->inode;
	bool is_last;

	mutex_lock(&inode->lock);
	mutex_lock(&pipe->lock);
	if (file->mode & MAY_READ)
		pipe->readers--;
	if (file->mode & MAY_WRITE)
		pipe->writers--;
	is_last = --pipe->references == 0;
	if (is_last)
		inode->pipe = NULL;
	mutex_unlock(&pipe->lock);
	if (!is_last) {
		wait_wake_all(&pipe->read_wait, POLLIN | POLLHUP | POLLRDNORM);
		wait_wake_all(&pipe->write_wait, POLLOUT | POLLERR | POLLWRNORM);
	}
	mutex_unlock(&inode->lock); /* until here the last end cannot go */
	if (is_last)
		pipe_free(pipe);
}

static const struct file_ops pipe_ops = {
    .read = pipe_read,
    .write = pipe_write,
    .poll = pipe_poll,
    .ioctl = pipe_ioctl,
    .release = pipe_release,
    .anonymous_name = "pipe:[%llu]",
};

struct pipe *file_pipe(struct file *file)
{
	return file->ops == &pipe_ops ? file->private_data : NULL;
}

/* ---- pipe(2): an inode without a name. ---- */

static void pipe_inode_release(struct inode *inode)
{
	heap_free(inode);
}

/* What /proc/PID/fd/N leads to when it is opened. */
static const struct inode_ops pipe_inode_ops = {.release = pipe_inode_release};
static struct file_system pipe_fs;

static struct inode *pipe_inode_new(void)
{
	static uint64_t last_number;
	const struct credentials *cred = credentials_current();
	struct inode *inode = heap_alloc(sizeof(*inode));

	if (!inode)
		return NULL;
	if (!pipe_fs.device)
		pipe_fs.device = device_number_anonymous();
	inode_init(inode, &pipe_fs, &pipe_inode_ops, NULL);
	inode->number = __atomic_add_fetch(&last_number, 1, __ATOMIC_RELAXED) + 1000;
	inode->mode = S_IFIFO | 0600;
	inode->uid = cred->fsuid;
	inode->gid = cred->fsgid;
	inode->atime = inode->mtime = inode->ctime = time_stamp_now();
	return inode;
}

static struct file *end_new(struct pipe *pipe, int flags)
{
	struct file *file = file_new(&pipe_ops, flags, pipe);

	if (!file)
		return NULL;
	inode_get(pipe->inode);
	file->inode = pipe->inode;
	return file;
}

int pipe_new(int flags, struct file **reader, struct file **writer)
{
	struct pipe *pipe = pipe_alloc();
	struct inode *inode = pipe_inode_new();
	struct file *in = NULL, *out = NULL;

	flags &= O_NONBLOCK | O_DIRECT;
	if (pipe && inode) {
		pipe->inode = inode;
		in = end_new(pipe, flags | O_RDONLY);
		out = end_new(pipe, flags | O_WRONLY);
	}
	if (!in || !out) {
		if (in)
			inode_put(inode);
		heap_free(in);
		if (inode)
			inode_put(inode);
		if (pipe)
			pipe_free(pipe);
		return -ENOMEM;
	}
	pipe->readers = pipe->writers = pipe->nr_opened_readers = pipe->nr_opened_writers = 1;
	pipe->references = 2;
	inode->pipe = pipe;
	inode_put(inode);
	*reader = in;
	*writer = out;
	return 0;
}

/* ---- fifo(7) ---- */

/* Of pipe(2), opened by way of /proc/PID/fd: that never waits. */
static bool is_anonymous(const struct inode *inode)
{
	return inode->ops == &pipe_inode_ops;
}

/* Until `present`, or one came and went since `before` of them were `opened`. */
static int fifo_wait(struct pipe *pipe, const unsigned *opened, unsigned before, const unsigned *present, struct wait_queue *queue)
{
	struct waiter waiter;
	int ret = 0;

	wait_begin(&waiter, queue);
	mutex_lock(&pipe->lock);
	while (!*present && *opened == before && !ret) {
		mutex_unlock(&pipe->lock);
		ret = wait_sleep(WAIT_FOREVER, WAIT_INTERRUPTIBLE);
		mutex_lock(&pipe->lock);
	}
	mutex_unlock(&pipe->lock);
	wait_end(&waiter);
	return ret;
}

static int fifo_wait_for_other(struct file *file, struct pipe *pipe, unsigned readers_before, unsigned writers_before)
{
	if (file->mode == (MAY_READ | MAY_WRITE) || (file->flags & O_NONBLOCK) || is_anonymous(file->inode))
		return 0;
	if (file->mode == MAY_READ)
		return fifo_wait(pipe, &pipe->nr_opened_writers, writers_before, &pipe->writers, &pipe->read_wait);
	return fifo_wait(pipe, &pipe->nr_opened_readers, readers_before, &pipe->readers, &pipe->write_wait);
}

int pipe_open(struct inode *inode, struct file *file)
{
	unsigned readers = 0, writers = 0;
	struct pipe *pipe;
	int ret = 0;

	mutex_lock(&inode->lock);
	pipe = inode->pipe;
	if (file->mode == MAY_WRITE && (file->flags & O_NONBLOCK) && (!pipe || !pipe->readers) && !is_anonymous(inode))
		ret = -ENXIO;
	if (!ret && !pipe) {
		pipe = pipe_alloc();
		if (pipe)
			pipe->inode = inode; /* each open file holds it */
		else
			ret = -ENOMEM;
	}
	if (!ret) {
		inode->pipe = pipe;
		mutex_lock(&pipe->lock);
		pipe->references++;
		pipe->readers += !!(file->mode & MAY_READ);
		readers = pipe->nr_opened_readers += !!(file->mode & MAY_READ);
		pipe->writers += !!(file->mode & MAY_WRITE);
		writers = pipe->nr_opened_writers += !!(file->mode & MAY_WRITE);
		mutex_unlock(&pipe->lock);
	}
	mutex_unlock(&inode->lock);
	if (ret)
		return ret;
	file->ops = &pipe_ops;
	file->private_data = pipe;
	file->inode = inode;
	wait_wake_all(&pipe->read_wait, 0);
	wait_wake_all(&pipe->write_wait, 0);
	ret = fifo_wait_for_other(file, pipe, readers, writers);
	if (ret)
		pipe_release(file);
	return ret;
}

/* ---- For fcntl(2) and splice(2). ---- */

size_t pipe_size(struct pipe *pipe)
{
	return pipe->nr_slots * PAGE_SIZE;
}

int pipe_set_size(struct pipe *pipe, size_t bytes)
{
	unsigned nr = 1;
	struct pipe_slot *slots;
	int ret = 0;

	if (bytes > 1u << 31)
		return -EINVAL;
	if (bytes > pipe_size_max && !credentials_have(credentials_current(), CAPABILITY_SYS_RESOURCE))
		return -EPERM;
	while (nr * PAGE_SIZE < bytes)
		nr *= 2;
	slots = heap_alloc_zero(nr * sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	mutex_lock(&pipe->lock);
	if (pipe->count + pipe->reserved > nr) {
		ret = -EBUSY;
	} else {
		struct pipe_slot *old = pipe->slots;

		for (unsigned i = 0; i < pipe->count; i++)
			slots[i] = *pipe_slot(pipe, i);
		pipe->slots = slots;
		pipe->first = 0;
		pipe->nr_slots = nr;
		slots = old;
	}
	mutex_unlock(&pipe->lock);
	heap_free(slots);
	wait_wake_all(&pipe->write_wait, POLLOUT | POLLWRNORM);
	return ret ? ret : (int)(nr * PAGE_SIZE);
}
