/* SPDX-License-Identifier: BSD-3-Clause */
/* timerfd_create(2): expirations of a timer, to be read. */
#include "kernel/file/timerfd.h"
#include "kernel/mem/heap.h"
#include "kernel/platform/platform.h"
#include "kernel/sched/clock_watch.h"
#include "kernel/sched/timer.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/poll.h"

struct timer_file {
	struct mutex set_lock; /* setting it, from the first to the last step */
	struct timer timer;
	struct spinlock lock; /* guards what follows, and arming */
	struct timerfd_setting set; /* deadline_ns: of the next expiration */
	struct clock_watch watch; /* of a time of day */
	bool is_watching, clock_was_set; /* not told yet */
	uint64_t expirations; /* not read yet, as far as counted */
	struct wait_queue wait;
	int clock;
};

static const struct file_ops timerfd_ops;

static uint64_t now_of(const struct timer_file *t)
{
	return t->set.is_of_day ? clock_realtime_ns() : clock_monotonic_ns();
}

static void arm_locked(struct timer_file *t)
{
	if (t->set.deadline_ns != UINT64_MAX)
		timer_arm(&t->timer, t->set.is_of_day ? clock_monotonic_at(t->set.deadline_ns) : t->set.deadline_ns);
}

/* Counts what expired up to now; true if there is any. */
static bool count_expired_locked(struct timer_file *t)
{
	struct timerfd_setting *set = &t->set;
	uint64_t now = now_of(t);

	if (set->deadline_ns <= now) {
		uint64_t periods = 1;

		if (set->interval_ns)
			periods += (now - set->deadline_ns) / set->interval_ns;
		t->expirations += periods;
		set->deadline_ns = set->interval_ns ? set->deadline_ns + periods * set->interval_ns : UINT64_MAX;
	}
	return t->expirations != 0;
}

static void fire(struct timer *timer)
{
	struct timer_file *t = container_of(timer, struct timer_file, timer);

	spin_lock(&t->lock);
	count_expired_locked(t);
	arm_locked(t);
	spin_unlock(&t->lock);
	wait_wake_all(&t->wait, POLLIN | POLLRDNORM);
}

static bool is_cancelled(const struct timer_file *t)
{
	return t->clock_was_set && t->set.ends_on_set;
}

static void clock_has_stepped(struct clock_watch *watch)
{
	struct timer_file *t = container_of(watch, struct timer_file, watch);

	spin_lock(&t->lock);
	t->clock_was_set = t->is_watching; /* not when the watch begins */
	t->is_watching = true;
	arm_locked(t);
	spin_unlock(&t->lock);
	wait_wake_all(&t->wait, POLLIN | POLLRDNORM);
}

/* True: there is something to tell. */
static bool take(struct timer_file *t, uint64_t *count, int *error)
{
	spin_lock(&t->lock);
	count_expired_locked(t);
	*error = is_cancelled(t) ? -ECANCELED : 0;
	*count = t->expirations;
	t->clock_was_set = false;
	t->expirations = 0;
	spin_unlock(&t->lock);
	return *count || *error;
}

static long timerfd_read(struct file *file, struct io_vector *io, uint64_t *position)
{
	struct timer_file *t = file->private_data;
	struct waiter waiter;
	int ret = 0, error;
	uint64_t count;

	if (io->left < sizeof(count))
		return -EINVAL;
	if (!take(t, &count, &error)) {
		if (file_is_nonblocking(file))
			return -EAGAIN;
		wait_begin(&waiter, &t->wait);
		while (!take(t, &count, &error) && !ret)
			ret = wait_sleep(WAIT_FOREVER, WAIT_INTERRUPTIBLE);
		wait_end(&waiter);
		if (!count && !error)
			return ret;
	}
	if (error)
		return error;
	return io_vector_put(io, &count, sizeof(count)) == sizeof(count) ? (long)sizeof(count) : -EFAULT;
}

static unsigned timerfd_poll(struct file *file, struct poll_table *table)
{
	struct timer_file *t = file->private_data;
	bool expired;

	if (table)
		table->add(table, &t->wait);
	spin_lock(&t->lock);
	expired = t->expirations || t->set.deadline_ns <= now_of(t) || is_cancelled(t);
	spin_unlock(&t->lock);
	return expired ? POLLIN | POLLRDNORM : 0;
}

/* Nothing is armed or told once it returns. */
static void stop(struct timer_file *t)
{
	spin_lock(&t->lock);
	t->set = (struct timerfd_setting){.deadline_ns = UINT64_MAX}; /* a function that runs now does not arm it again */
	spin_unlock(&t->lock);
	clock_watch_remove(&t->watch);
	timer_end(&t->timer);
}

static void timerfd_release(struct file *file)
{
	struct timer_file *t = file->private_data;

	stop(t);
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

int timerfd_set(struct file *file, const struct timerfd_setting *setting)
{
	struct timer_file *t = file->private_data;
	bool was_cancelled;

	mutex_lock(&t->set_lock);
	was_cancelled = t->clock_was_set && setting->ends_on_set;
	stop(t);
	spin_lock(&t->lock);
	t->set = *setting;
	t->expirations = 0;
	t->clock_was_set = t->is_watching = false;
	if (!setting->is_of_day)
		arm_locked(t);
	spin_unlock(&t->lock);
	if (setting->is_of_day)
		clock_watch_add(&t->watch);
	mutex_unlock(&t->set_lock);
	return was_cancelled ? -ECANCELED : 0;
}

void timerfd_get(struct file *file, uint64_t *left_ns, uint64_t *interval_ns)
{
	struct timer_file *t = file->private_data;

	spin_lock(&t->lock);
	count_expired_locked(t);
	*left_ns = t->set.deadline_ns == UINT64_MAX ? 0 : t->set.deadline_ns - now_of(t);
	*interval_ns = t->set.interval_ns;
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
	list_init(&t->watch.node);
	t->watch.stepped = clock_has_stepped;
	mutex_init(&t->set_lock);
	t->set.deadline_ns = UINT64_MAX;
	t->clock = clock;
	wait_queue_init(&t->wait);
	*file = file_new(&timerfd_ops, O_RDONLY | (flags & O_NONBLOCK), t);
	if (!*file)
		heap_free(t);
	return *file ? 0 : -ENOMEM;
}
