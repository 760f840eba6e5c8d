/* SPDX-License-Identifier: BSD-3-Clause */
/* poll(2), ppoll(2), select(2), pselect6(2). */
#include "kernel/file/poll.h"
#include "kernel/syscall/arguments.h"
#include "kernel/syscall/clock.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/time.h"
#include "lib/string.h"

enum { FEW = 16, SELECT_MAX = 1 << 16 };

static uint64_t deadline_after(uint64_t ns)
{
	return ns ? clock_deadline(LINUX_CLOCK_MONOTONIC, ns, false) : 0;
}

static int64_t poll_user(uint64_t address, uint64_t count, uint64_t deadline_ns)
{
	struct linux_pollfd few[FEW], *entries = few;
	int64_t ret;

	if (count > process_current()->limits[LINUX_RLIMIT_NOFILE].soft && count > 1024)
		return -EINVAL;
	if (count > FEW && !(entries = heap_alloc(count * sizeof(*entries))))
		return -ENOMEM;
	ret = copy_from_user(entries, address, count * sizeof(*entries));
	if (!ret)
		ret = poll_wait(entries, count, deadline_ns);
	if (ret >= 0 && copy_to_user(address, entries, count * sizeof(*entries)))
		ret = -EFAULT;
	if (entries != few)
		heap_free(entries);
	return ret;
}

SYSCALL(poll, 3, "pud")
{
	int timeout = (int)a->v[2];
	uint64_t deadline = task_deadline(timeout < 0 ? WAIT_FOREVER : deadline_after((uint64_t)timeout * 1000000));
	int64_t ret = poll_user(a->v[0], (uint32_t)a->v[1], deadline);

	return ret == -EINTR ? -ERESTART_RESUME : ret;
}

/* A signal mask for the length of the call (ppoll(2)): put back after the handler of a signal that ends it. */
static int mask_begin(uint64_t address, uint64_t size)
{
	uint64_t mask;

	if (!address)
		return 0;
	if (size != sizeof(mask))
		return -EINVAL;
	if (copy_from_user(&mask, address, sizeof(mask)))
		return -EFAULT;
	signal_mask_begin(mask);
	return 0;
}

static void mask_end(uint64_t address, int64_t ret)
{
	if (address)
		signal_mask_end(ret == -EINTR);
}

static int64_t timeout_of(uint64_t address, uint64_t *deadline_ns)
{
	uint64_t ns;
	int ret;

	*deadline_ns = WAIT_FOREVER;
	if (!address)
		return 0;
	ret = syscall_copy_timespec(address, &ns);
	if (!ret)
		*deadline_ns = deadline_after(ns);
	return ret;
}

/* Linux writes back what is left of the time. */
static void put_left(uint64_t address, uint64_t deadline_ns, int64_t ret)
{
	uint64_t now;

	if (!address || deadline_ns == WAIT_FOREVER || ret == -EFAULT || process_current()->personality & PERSONALITY_STICKY_TIMEOUTS)
		return;
	now = clock_monotonic_ns();
	(void)!syscall_put_timespec(address, deadline_ns > now ? deadline_ns - now : 0);
}

SYSCALL(ppoll, 5, "putpu")
{
	uint64_t deadline;
	int64_t ret = timeout_of(a->v[2], &deadline);

	if (!ret)
		ret = mask_begin(a->v[3], a->v[4]);
	if (ret)
		return ret;
	ret = poll_user(a->v[0], (uint32_t)a->v[1], deadline);
	mask_end(a->v[3], ret);
	put_left(a->v[2], deadline, ret);
	return ret == -EINTR ? -ERESTART_NO_HANDLER : ret;
}

/* ---- select(2): translated to poll and back. ---- */

struct selection {
	uint64_t *sets[3]; /* read, write, except; results are put in the same place */
	size_t words;
	struct linux_pollfd *entries;
	size_t count;
};

static const int16_t wanted[3] = {POLLIN | POLLRDNORM | POLLRDBAND, POLLOUT | POLLWRNORM | POLLWRBAND, POLLPRI};
static const int16_t counts_as[3] = {POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR, POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR, POLLPRI};

static int selection_init(struct selection *s, int nr, const uint64_t addresses[3])
{
	s->words = ((size_t)nr + 63) / 64;
	s->sets[0] = heap_alloc_zero(3 * (s->words + 1) * 8);
	if (!s->sets[0])
		return -ENOMEM;
	s->sets[1] = s->sets[0] + s->words;
	s->sets[2] = s->sets[1] + s->words;
	for (unsigned i = 0; i < 3; i++)
		if (addresses[i] && copy_from_user(s->sets[i], addresses[i], s->words * 8))
			return -EFAULT;
	return 0;
}

static int16_t events_of(const struct selection *s, int fd)
{
	int16_t events = 0;

	for (unsigned i = 0; i < 3; i++)
		if (s->sets[i][fd / 64] >> (fd % 64) & 1)
			events |= wanted[i];
	return events;
}

static int selection_entries(struct selection *s, int nr)
{
	size_t count = 0;

	for (int fd = 0; fd < nr; fd++)
		count += events_of(s, fd) != 0;
	s->entries = heap_alloc((count + 1) * sizeof(*s->entries));
	if (!s->entries)
		return -ENOMEM;
	for (int fd = 0; fd < nr; fd++) {
		int16_t events = events_of(s, fd);

		if (events)
			s->entries[s->count++] = (struct linux_pollfd){.fd = fd, .events = events};
	}
	return 0;
}

static int64_t selection_result(struct selection *s)
{
	int64_t bits = 0;

	for (size_t n = 0; n < s->count; n++) {
		int fd = s->entries[n].fd;

		if (s->entries[n].revents & POLLNVAL)
			return -EBADF;
		for (unsigned i = 0; i < 3; i++) {
			uint64_t bit = 1ull << (fd % 64);

			if (!(s->sets[i][fd / 64] & bit))
				continue;
			if (s->entries[n].revents & counts_as[i])
				bits++;
			else
				s->sets[i][fd / 64] &= ~bit;
		}
	}
	return bits;
}

static int64_t select_user(int nr, const uint64_t addresses[3], uint64_t deadline_ns)
{
	struct selection s = {.words = 0};
	int64_t ret;

	if (nr < 0)
		return -EINVAL;
	nr = nr > SELECT_MAX ? SELECT_MAX : nr;
	ret = selection_init(&s, nr, addresses);
	if (!ret)
		ret = selection_entries(&s, nr);
	if (!ret)
		ret = poll_wait(s.entries, s.count, deadline_ns);
	if (ret >= 0)
		ret = selection_result(&s);
	for (unsigned i = 0; i < 3 && ret >= 0; i++)
		if (addresses[i] && copy_to_user(addresses[i], s.sets[i], s.words * 8))
			ret = -EFAULT;
	heap_free(s.sets[0]);
	heap_free(s.entries);
	return ret;
}

SYSCALL(select, 5, "dpppp")
{
	const uint64_t addresses[3] = {a->v[1], a->v[2], a->v[3]};
	struct linux_timeval timeout;
	uint64_t deadline = WAIT_FOREVER, now;
	int64_t ret;

	if (a->v[4]) {
		if (copy_from_user(&timeout, a->v[4], sizeof(timeout)))
			return -EFAULT;
		if (timeout.seconds < 0 || timeout.microseconds < 0)
			return -EINVAL;
		deadline = deadline_after(min_u64((uint64_t)timeout.seconds, 1ull << 32) * NS_PER_SECOND + (uint64_t)timeout.microseconds * 1000);
	}
	ret = select_user((int)a->v[0], addresses, deadline);
	if (a->v[4] && !(process_current()->personality & PERSONALITY_STICKY_TIMEOUTS)) {
		now = clock_monotonic_ns();
		now = deadline > now ? deadline - now : 0;
		timeout = (struct linux_timeval){.seconds = (int64_t)(now / NS_PER_SECOND), .microseconds = (int64_t)(now % NS_PER_SECOND / 1000)};
		(void)!copy_to_user(a->v[4], &timeout, sizeof(timeout));
	}
	return ret == -EINTR ? -ERESTART_NO_HANDLER : ret;
}

SYSCALL(pselect6, 6, "dppptp")
{
	const uint64_t addresses[3] = {a->v[1], a->v[2], a->v[3]};
	struct {
		uint64_t address, size;
	} mask = {0};
	uint64_t deadline;
	int64_t ret = timeout_of(a->v[4], &deadline);

	if (!ret && a->v[5] && copy_from_user(&mask, a->v[5], sizeof(mask)))
		ret = -EFAULT;
	if (!ret)
		ret = mask_begin(mask.address, mask.size);
	if (ret)
		return ret;
	ret = select_user((int)a->v[0], addresses, deadline);
	mask_end(mask.address, ret);
	put_left(a->v[4], deadline, ret);
	return ret == -EINTR ? -ERESTART_NO_HANDLER : ret;
}
