/* SPDX-License-Identifier: BSD-3-Clause */
/* timerfd_create(2): expirations of a timer, to be read. */
#include "kernel/file/timerfd.h"
#include "kernel/mem/heap.h"
#include "kernel/platform/platform.h"
#include "kernel/sched/timer.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/poll.h"

struct timer_file {
	struct timer timer;
	struct spinlock lock; /* guards what follows */
	uint64_t deadline_ns; /* of the next expiration; UINT64_MAX: disarmed */
	uint64_t interval_ns;
	uint64_t expirations; /* not read yet, as far as counted */
	struct wait_queue wait;
	int clock;
};

static const struct file_ops timerfd_ops;

/* Counts what expired up to now; true if there is any. Arms the timer for the next one only if somebody may wait. */
static bool count_expired(struct timer_file *t, uint64_t now)
{
	if (t->deadline_ns <= now) {
		uint64_t periods = 1;

		if (t->interval_ns)
			periods += (now - t->deadline_ns) / t->interval_ns;
		t->expirations += periods;
		t->deadline_ns = t->interval_ns ? t->deadline_ns + periods * t->interval_ns : UINT64_MAX;
	}
	return t->expirations != 0;
}

static void fire(struct timer *timer)
{
	struct timer_file *t = container_of(timer, struct timer_file, timer);
	uint64_t next;

	spin_lock(&t->lock);
	count_expired(t, clock_monotonic_ns());
	next = t->deadline_ns;
	spin_unlock(&t->lock);
	if (next != UINT64_MAX)
		timer_arm(timer, next);
	wait_wake_all(&t->wait, POLLIN | POLLRDNORM);
}

static bool take(struct timer_file *t, uint64_t *count)
{
	spin_lock(&t->lock);
	count_expired(t, clock_monotonic_ns());
	*count = t->expirations;
	t->expirations = 0;
	spin_unlock(&t->lock);
	return *count != 0;
}

static long timerfd_read(struct file *file, struct io_vector *io, uint64_t *position)
{
	struct timer_file *t = file->private_data;
	struct waiter waiter;
	uint64_t count;
	int ret = 0;

	if (io->left < sizeof(count))
		return -EINVAL;
	if (!take(t, &count)) {
		if (file_is_nonblocking(file))
			return -EAGAIN;
		wait_begin(&waiter, &t->wait);
		while (!take(t, &count) && !ret)
			ret = wait_sleep(WAIT_FOREVER, WAIT_INTERRUPTIBLE);
		wait_end(&waiter);
		if (!count)
			return ret;
	}
	return io_vector_put(io, &count, sizeof(count)) == sizeof(count) ? (long)sizeof(count) : -EFAULT;
}

static unsigned timerfd_poll(struct file *file, struct poll_table *table)
{
	struct timer_file *t = file->private_data;
	bool expired;

	if (table)
		table->add(table, &t->wait);
	spin_lock(&t->lock);
	expired = t->expirations || t->deadline_ns <= clock_monotonic_ns();
	spin_unlock(&t->lock);
	return expired ? POLLIN | POLLRDNORM : 0;
}

static void timerfd_release(struct file *file)
{
	struct timer_file *t = file->private_data;

	spin_lock(&t->lock);
	t->deadline_ns = UINT64_MAX;
	t->interval_ns = 0;
	spin_unlock(&t->lock);
	timer_cancel(&t->timer);
	heap_free(t);
}

bool file_is_timerfd(const struct file *file)
{
	return file->ops == &timerfd_ops;
}

int timerfd_clock(const struct file *file)
{
	return ((struct timer_file *)file->private_data)->clock;
}

void timerfd_set(struct file *file, const struct timerfd_setting *setting)
{
	struct timer_file *t = file->private_data;

	spin_lock(&t->lock);
	t->deadline_ns = UINT64_MAX; /* a handler that runs now does not arm again */
	spin_unlock(&t->lock);
	timer_cancel(&t->timer);
	spin_lock(&t->lock);
	t->deadline_ns = setting->deadline_ns;
	t->interval_ns = setting->interval_ns;
	t->expirations = 0;
	spin_unlock(&t->lock);
	if (setting->deadline_ns != UINT64_MAX)
		timer_arm(&t->timer, setting->deadline_ns);
}

void timerfd_get(struct file *file, uint64_t *left_ns, uint64_t *interval_ns)
{
	struct timer_file *t = file->private_data;
	uint64_t now = clock_monotonic_ns();

	spin_lock(&t->lock);
	count_expired(t, now);
	*left_ns = t->deadline_ns == UINT64_MAX ? 0 : t->deadline_ns - now;
	*interval_ns = t->interval_ns;
	spin_unlock(&t->lock);
}

static const struct file_ops timerfd_ops = {
    .read = timerfd_read,
    .poll = timerfd_poll,
    .release = timerfd_release,
    .anonymous_name = "anon_inode:[timerfd]",
};

int timerfd_new(int clock, int flags, struct file **file)
{
	struct timer_file *t = heap_alloc_zero(sizeof(*t));

	if (!t)
		return -ENOMEM;
	timer_init(&t->timer, fire);
	t->deadline_ns = UINT64_MAX;
	t->clock = clock;
	wait_queue_init(&t->wait);
	*file = file_new(&timerfd_ops, O_RDONLY | (flags & O_NONBLOCK), t);
	if (!*file)
		heap_free(t);
	return *file ? 0 : -ENOMEM;
}
