/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * splice(2), tee(2): pages go into pipes and out of them without copies where the other end can have them so. What leaves a pipe is taken
 * out of it when the other end has it, with the pipe's lock held; that end is asked without waiting, and waited for without the lock.
 */
#include "kernel/file/pipe_ring.h"
#include "kernel/platform/platform.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/poll.h"
#include "lib/string.h"

enum { PAGES_AT_ONCE = 16, QUEUES_MAX = 4 };

static bool may_wait(bool nonblocking)
{
	return !nonblocking && !thread_current()->no_wait;
}

/* ---- Into a pipe ---- */

/* Free slots that are the caller's to fill, at most `wanted`; or -EPIPE, -EAGAIN, -EINTR. */
static long reserve(struct pipe *pipe, unsigned wanted, bool nonblocking)
{
	struct waiter waiter;
	bool is_waiting = false;
	long ret = 0;

	mutex_lock(&pipe->lock);
	while (pipe->readers && pipe_is_full(pipe) && !ret)
		ret = may_wait(nonblocking) ? pipe_wait_changed(pipe, &waiter, &is_waiting, &pipe->write_wait) : -EAGAIN;
	if (!pipe->readers)
		ret = -EPIPE;
	if (!ret) {
		ret = (long)min_u64(wanted, pipe->nr_slots - pipe->count - pipe->reserved);
		pipe->reserved += (unsigned)ret;
	}
	mutex_unlock(&pipe->lock);
	if (is_waiting)
		wait_end(&waiter);
	return ret;
}

/* Puts `bytes` of the pages, whose references it takes, into reserved slots; the slots that are not needed are free again. */
static void enter(struct pipe *pipe, struct page **pages, unsigned nr, unsigned reserved, size_t offset, size_t bytes)
{
	mutex_lock(&pipe->lock);
	pipe->reserved -= reserved;
	for (unsigned i = 0; i < nr; i++) {
		size_t len = min_u64(PAGE_SIZE - offset, bytes);

		if (len)
			*pipe_slot(pipe, pipe->count++) = (struct pipe_slot){.page = pages[i], .offset = (uint16_t)offset, .len = (uint16_t)len};
		else
			page_put(pages[i]);
		bytes -= len;
		offset = 0;
	}
	if (pipe->count)
		pipe_wake(&pipe->read_wait, POLLIN | POLLRDNORM);
	if (!pipe_is_full(pipe))
		pipe_wake(&pipe->write_wait, POLLOUT | POLLWRNORM);
	mutex_unlock(&pipe->lock);
}

/* Pages of the page cache. *nr: how many may be taken, then how many are. */
static long take_cached(struct file *from, uint64_t position, struct page **pages, unsigned *nr, uint64_t len)
{
	size_t bytes = min_u64(len, *nr * PAGE_SIZE - position % PAGE_SIZE);
	long ret = file_pages_get(from, position, *nr, pages, &bytes);

	*nr = ret > 0 ? (unsigned)ret : 0;
	return ret > 0 ? (long)bytes : ret;
}

/* New pages with what one read(2) gives. */
static long take_read(struct file *from, uint64_t *position, struct page **pages, unsigned *nr, uint64_t len)
{
	struct io_segment segments[PAGES_AT_ONCE];
	struct io_vector io = {.segments = segments, .is_kernel = true};

	for (; io.count < *nr && io.left < len; io.count++) {
		size_t part = min_u64(PAGE_SIZE, len - io.left);

		pages[io.count] = page_alloc(0);
		if (!pages[io.count])
			break;
		segments[io.count] = (struct io_segment){.base = (uint64_t)(uintptr_t)page_virt(pages[io.count]), .len = part};
		io.left += part;
	}
	*nr = (unsigned)io.count;
	return io.count ? file_read(from, &io, position) : -ENOMEM;
}

static bool has_cached_pages(const struct file *from)
{
	return from->ops == &data_file_ops && from->mode & MAY_READ && !(from->flags & O_DIRECT) && !thread_current()->no_wait;
}

long splice_to_pipe(struct file *from, uint64_t *position, struct pipe *to, uint64_t len, bool nonblocking)
{
	struct page *pages[PAGES_AT_ONCE];
	bool is_cached = has_cached_pages(from);
	uint64_t *at = position ? position : &from->position;
	size_t offset = is_cached ? *at % PAGE_SIZE : 0;
	long reserved, ret;
	unsigned nr;

	if (!is_cached && !from->ops->read)
		return -EINVAL;
	reserved = reserve(to, (unsigned)min_u64(PAGES_AT_ONCE, (offset + len + PAGE_SIZE - 1) / PAGE_SIZE), nonblocking);
	if (reserved < 0)
		return reserved;
	nr = (unsigned)reserved;
	ret = is_cached ? take_cached(from, *at, pages, &nr, len) : take_read(from, position, pages, &nr, len);
	enter(to, pages, nr, (unsigned)reserved, offset, ret > 0 ? (size_t)ret : 0);
	if (is_cached && ret > 0)
		*at += (uint64_t)ret;
	return ret;
}

long splice_vector(struct file *to, struct io_vector *io, bool nonblocking)
{
	struct thread *thread = thread_current();
	struct pipe *pipe = file_pipe(to);
	bool saved = thread->no_wait;
	long ret;

	do {
		ret = reserve(pipe, 1, nonblocking);
		if (ret < 0)
			return ret;
		enter(pipe, NULL, 0, 1, 0, 0);
		thread->no_wait = true;
		ret = file_write(to, io, NULL);
		thread->no_wait = saved;
	} while (ret == -EAGAIN && may_wait(nonblocking)); /* somebody else took the room */
	return ret;
}

/* ---- Out of a pipe ---- */

struct room_wait {
	struct poll_table table;
	struct waiter waiters[QUEUES_MAX];
	unsigned nr;
};

static void enter_queue(struct poll_table *table, struct wait_queue *queue)
{
	struct room_wait *wait = container_of(table, struct room_wait, table);

	if (wait->nr < QUEUES_MAX)
		wait_begin(&wait->waiters[wait->nr++], queue);
}

static int wait_for_room(struct file *to)
{
	struct room_wait wait = {.table = {.add = enter_queue}};
	int ret = 0;

	if (!(file_poll(to, &wait.table) & (POLLOUT | POLLERR | POLLHUP)))
		while (!ret && !(file_poll(to, NULL) & (POLLOUT | POLLERR | POLLHUP)))
			ret = wait_sleep(WAIT_FOREVER, WAIT_INTERRUPTIBLE);
	for (unsigned i = 0; i < wait.nr; i++)
		wait_end(&wait.waiters[i]);
	return ret;
}

/* One slot's bytes to the file, by reference if it takes pages. */
static long give(const struct pipe_slot *slot, struct file *to, uint64_t *position, size_t len, bool more)
{
	struct page *page = slot->page;
	struct io_vector io;
	long ret = to->ops->write_pages ? to->ops->write_pages(to, &page, slot->offset, len, more) : -EOPNOTSUPP;

	if (ret != -EOPNOTSUPP)
		return ret;
	io_vector_init_kernel(&io, (char *)page_virt(page) + slot->offset, len);
	return file_write(to, &io, position);
}

/* What is in the pipe, until the file would have to be waited for. With the lock. */
static long give_some(struct pipe *from, struct file *to, uint64_t *position, uint64_t len, bool more)
{
	bool was_full = pipe_is_full(from);
	uint64_t done = 0;
	long ret = 0;

	while (done < len && from->count) {
		struct pipe_slot *slot = pipe_slot(from, 0);
		size_t part = min_u64(slot->len, len - done);

		ret = give(slot, to, position, part, more || (done + part < len && from->count > 1));
		if (ret <= 0)
			break;
		slot->offset = (uint16_t)(slot->offset + ret);
		slot->len = (uint16_t)(slot->len - ret);
		done += (uint64_t)ret;
		if (!slot->len)
			pipe_drop_first(from);
		cpu_poll();
	}
	if (was_full && !pipe_is_full(from))
		pipe_wake(&from->write_wait, POLLOUT | POLLWRNORM);
	return done ? (long)done : ret;
}

/* As give_some, but waits for the pipe's first byte if it may. */
static long give_next(struct pipe *from, struct file *to, uint64_t *position, uint64_t len, bool more, bool waits)
{
	struct thread *thread = thread_current();
	struct waiter waiter;
	bool is_waiting = false, saved = thread->no_wait;
	long ret = 0;

	mutex_lock(&from->lock);
	while (!from->count && from->writers && !ret)
		ret = waits ? pipe_wait_changed(from, &waiter, &is_waiting, &from->read_wait) : -EAGAIN;
	if (from->count) {
		thread->no_wait = true;
		ret = give_some(from, to, position, len, more);
		thread->no_wait = saved;
		if (from->count && is_waiting)
			pipe_wake(&from->read_wait, POLLIN | POLLRDNORM);
	}
	mutex_unlock(&from->lock);
	if (is_waiting)
		wait_end(&waiter);
	return ret;
}

long splice_from_pipe(struct pipe *from, struct file *to, uint64_t *position, uint64_t len, bool more, bool nonblocking)
{
	uint64_t done = 0;
	long ret = 0;

	while (done < len) {
		bool is_empty;

		ret = give_next(from, to, position, len - done, more, may_wait(nonblocking) && !done);
		done += ret > 0 ? (uint64_t)ret : 0;
		is_empty = !__atomic_load_n(&from->count, __ATOMIC_RELAXED);
		if (ret == 0 || is_empty || (ret < 0 && ret != -EAGAIN) || done >= len)
			break;
		if (file_is_nonblocking(to)) /* it has taken what it could */
			break;
		ret = wait_for_room(to);
		if (!ret && thread_pause()) /* a file may claim room that is too little for it */
			ret = -EINTR;
		if (ret)
			break;
	}
	return done ? (long)done : ret;
}

/* ---- From pipe to pipe ---- */

static void lock_both(struct pipe *a, struct pipe *b)
{
	mutex_lock(a < b ? &a->lock : &b->lock);
	mutex_lock(a < b ? &b->lock : &a->lock);
}

static void move_slot(struct pipe *from, struct pipe *to, unsigned n, size_t len, bool keeps)
{
	struct pipe_slot *slot = pipe_slot(from, n), *new = pipe_slot(to, to->count++);

	*new = *slot;
	new->len = (uint16_t)len;
	page_get(new->page);
	if (keeps)
		return;
	slot->offset = (uint16_t)(slot->offset + len);
	slot->len = (uint16_t)(slot->len - len);
	if (!slot->len)
		pipe_drop_first(from);
}

/* With both locks: as much as there is and fits. */
static long move_some(struct pipe *from, struct pipe *to, uint64_t len, bool keeps)
{
	bool was_full = pipe_is_full(from);
	uint64_t done = 0;

	for (unsigned n = 0; done < len && n < from->count && !pipe_is_full(to); n += keeps) {
		size_t part = min_u64(pipe_slot(from, n)->len, len - done);

		move_slot(from, to, n, part, keeps);
		done += part;
	}
	if (done)
		pipe_wake(&to->read_wait, POLLIN | POLLRDNORM);
	if (was_full && !pipe_is_full(from))
		pipe_wake(&from->write_wait, POLLOUT | POLLWRNORM);
	return (long)done;
}

/* Until there is something to read, or somebody who reads. 0: look again; 1: there is nothing more. */
static int wait_either(struct pipe *pipe, struct wait_queue *queue, bool for_data)
{
	struct waiter waiter;
	bool is_waiting = false;
	int ret = 0;

	mutex_lock(&pipe->lock);
	while (!ret && (for_data ? !pipe->count && pipe->writers : pipe->readers && pipe_is_full(pipe)))
		ret = pipe_wait_changed(pipe, &waiter, &is_waiting, queue);
	if (!ret)
		ret = for_data ? !pipe->count && !pipe->writers : 0;
	if (is_waiting && for_data && pipe->count) /* it is still there, for the next */
		pipe_wake(&pipe->read_wait, POLLIN | POLLRDNORM);
	if (is_waiting && !for_data && !pipe_is_full(pipe))
		pipe_wake(&pipe->write_wait, POLLOUT | POLLWRNORM);
	mutex_unlock(&pipe->lock);
	if (is_waiting)
		wait_end(&waiter);
	return ret;
}

long splice_pipes(struct pipe *from, struct pipe *to, uint64_t len, bool keeps, bool nonblocking)
{
	long ret;

	for (;;) {
		bool is_empty, is_over, has_reader;

		lock_both(from, to);
		has_reader = to->readers;
		is_empty = !from->count;
		is_over = is_empty && !from->writers;
		ret = has_reader ? move_some(from, to, len, keeps) : -EPIPE;
		mutex_unlock(&from->lock);
		mutex_unlock(&to->lock);
		if (ret || is_over)
			return ret;
		if (!may_wait(nonblocking))
			return -EAGAIN;
		ret = is_empty ? wait_either(from, &from->read_wait, true) : wait_either(to, &to->write_wait, false);
		if (ret)
			return ret == 1 ? 0 : ret;
	}
}
