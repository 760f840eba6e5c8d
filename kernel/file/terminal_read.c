/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading from a terminal: lines, or as VMIN and VTIME want it. */
#include "kernel/file/terminal_internal.h"
#include "kernel/platform/platform.h"

enum { NS_PER_TENTH = 100000000 };

static bool is_readable(const struct terminal *t)
{
	return t->settings.lflag & ICANON ? t->nr_ends != 0 : t->ready != t->head;
}

/* Takes up to len bytes, in canonical mode at most to the end of the line. *ended: nothing more may be added to this read. */
static size_t take(struct terminal *t, char *to, size_t len, bool *ended)
{
	bool is_canonical;
	size_t n = 0;

	spin_lock(&t->lock);
	is_canonical = t->settings.lflag & ICANON;
	while (n < len && t->head != t->ready && !*ended) {
		bool is_end = terminal_ends_at(t, t->head);
		char c = t->input[t->head++ % TERMINAL_INPUT];

		if (is_end && t->nr_ends)
			t->nr_ends--;
		*ended = is_canonical && is_end;
		if (!is_end || c)
			to[n++] = c;
	}
	/* An end of file right behind the data that fill the buffer belongs to this read. */
	if (is_canonical && n == len && n && !*ended && t->head != t->ready && terminal_ends_at(t, t->head) && !t->input[t->head % TERMINAL_INPUT]) {
		t->head++;
		t->nr_ends--;
		*ended = true;
	}
	spin_unlock(&t->lock);
	return n;
}

static long take_all(struct terminal *t, struct io_vector *io)
{
	char buffer[256];
	bool ended = false;
	long done = 0;

	while (io->left && !ended) {
		size_t len = take(t, buffer, min_u64(io->left, sizeof(buffer)), &ended);

		if (!len)
			break;
		if (io_vector_put(io, buffer, len) < len)
			return -EFAULT;
		done += (long)len;
	}
	return done;
}

struct read_limits {
	unsigned wanted;      /* bytes; canonical: a line */
	uint64_t deadline_ns; /* for the first byte */
	uint64_t between_ns;  /* after each byte; 0: no limit */
};

static struct read_limits read_limits(const struct terminal *t, uint64_t len)
{
	unsigned min = t->settings.cc[VMIN];
	uint64_t time = t->settings.cc[VTIME] * (uint64_t)NS_PER_TENTH;
	struct read_limits limits = {.wanted = 1, .deadline_ns = WAIT_FOREVER};

	if (t->settings.lflag & ICANON)
		return limits;
	limits.wanted = (unsigned)min_u64(min, len);
	if (!min)
		limits.deadline_ns = time ? clock_monotonic_ns() + time : 0;
	else
		limits.between_ns = time;
	return limits;
}

static bool has_enough(const struct terminal *t, const struct read_limits *limits)
{
	if (t->is_hung_up)
		return true;
	if (t->settings.lflag & ICANON)
		return t->nr_ends != 0;
	return t->ready - t->head >= max_u64(limits->wanted, 1);
}

static int wait_readable(struct file *file, struct terminal *t, uint64_t len)
{
	struct read_limits limits = read_limits(t, len);
	struct waiter waiter;
	uint64_t deadline = limits.deadline_ns;
	unsigned seen;
	int ret = 0;

	if (has_enough(t, &limits))
		return 0;
	if (file_is_nonblocking(file))
		return is_readable(t) ? 0 : -EAGAIN;
	if (!limits.deadline_ns)
		return 0;
	wait_begin(&waiter, &t->read_wait);
	seen = t->head; /* whatever is there already counts as just come */
	while (!has_enough(t, &limits) && !ret) {
		if (limits.between_ns && seen != t->tail) {
			seen = t->tail;
			deadline = clock_monotonic_ns() + limits.between_ns;
		}
		ret = terminal_check_foreground(t, LINUX_SIGTTIN);
		if (!ret)
			ret = wait_sleep(deadline, WAIT_INTERRUPTIBLE);
	}
	wait_end(&waiter);
	return ret == -ETIMEDOUT || (ret == -EINTR && is_readable(t)) ? 0 : ret;
}

long terminal_read(struct file *file, struct io_vector *io, uint64_t *position)
{
	struct terminal *t = file->private_data;
	long ret;

	if (!io->left || t->is_hung_up)
		return 0;
	terminal_flush_echo(t);
	ret = terminal_check_foreground(t, LINUX_SIGTTIN);
	if (ret)
		return ret;
	mutex_lock(&t->read_lock);
	ret = wait_readable(file, t, io->left);
	if (!ret)
		ret = take_all(t, io);
	mutex_unlock(&t->read_lock);
	terminal_flush_echo(t);
	return ret;
}

unsigned terminal_poll(struct file *file, struct poll_table *table)
{
	struct terminal *t = file->private_data;
	unsigned events = 0;

	if (table) {
		table->add(table, &t->read_wait);
		table->add(table, &t->write_wait);
	}
	if (is_readable(t))
		events |= POLLIN | POLLRDNORM;
	if (t->is_hung_up)
		return POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM | POLLERR | POLLHUP;
	if (!t->is_stopped)
		events |= POLLOUT | POLLWRNORM;
	return events;
}
