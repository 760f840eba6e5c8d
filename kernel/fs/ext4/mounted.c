/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is mounted, for those who go over all of it: the page allocator when memory runs out, and a thread that writes metadata some
 * seconds after it changed. The thread is there only while there is something to write.
 */
#include "kernel/fs/ext4/ext4.h"
#include "kernel/mem/page.h"

#define WRITE_AFTER_NS 5000000000ull

static struct mutex walk_mutex;	     /* whoever holds it may sleep while it uses a member of the list */
static struct spinlock mounted_lock; /* for changes, with walk_mutex too; for reclaim, alone */
static struct ext4 *mounted;
static bool is_writing; /* the thread exists; atomic */

static size_t reclaim(size_t nr_pages)
{
	size_t given = 0;

	spin_lock(&mounted_lock);
	for (struct ext4 *fs = mounted; fs && given < nr_pages * PAGE_SIZE; fs = fs->next_mounted) {
		if (!mutex_try_lock(&fs->lock))
			continue;
		given += ext4_buffers_drop_clean(fs, nr_pages * PAGE_SIZE - given);
		mutex_unlock(&fs->lock);
	}
	spin_unlock(&mounted_lock);
	return given / PAGE_SIZE;
}

static void start(void)
{
	static struct page_reclaimer reclaimer = {.reclaim = reclaim};

	mutex_init(&walk_mutex);
	page_add_reclaimer(&reclaimer);
}
INITCALL(ext4_mounted, INIT_CORE, start);

void ext4_mounted_add(struct ext4 *fs)
{
	mutex_lock(&walk_mutex);
	spin_lock(&mounted_lock);
	fs->next_mounted = mounted;
	mounted = fs;
	spin_unlock(&mounted_lock);
	mutex_unlock(&walk_mutex);
}

void ext4_mounted_remove(struct ext4 *fs)
{
	mutex_lock(&walk_mutex);
	spin_lock(&mounted_lock);
	for (struct ext4 **link = &mounted; *link; link = &(*link)->next_mounted)
		if (*link == fs) {
			*link = fs->next_mounted;
			break;
		}
	spin_unlock(&mounted_lock);
	mutex_unlock(&walk_mutex);
}

bool ext4_is_mounted(const struct block_device *device)
{
	bool found = false;

	mutex_lock(&walk_mutex);
	for (struct ext4 *fs = mounted; fs; fs = fs->next_mounted)
		found |= fs->device == device;
	mutex_unlock(&walk_mutex);
	return found;
}

/* ---- The writer ---- */

static void sleep_a_while(void)
{
	struct wait_queue nobody;
	struct waiter waiter;

	wait_queue_init(&nobody);
	wait_begin(&waiter, &nobody);
	while (wait_sleep(clock_monotonic_ns() + WRITE_AFTER_NS, WAIT_UNINTERRUPTIBLE) == 0)
		;
	wait_end(&waiter);
}

/* True: there was something. */
static bool write_all(void)
{
	bool any = false;

	mutex_lock(&walk_mutex);
	for (struct ext4 *fs = mounted; fs; fs = fs->next_mounted) {
		ext4_lock(fs);
		if (fs->nr_dirty && !fs->fs.is_read_only) {
			any = true;
			if (ext4_sync_locked(fs))
				(void)ext4_corrupt(fs, COMPLAIN_IO, 0, "metadata cannot be written");
		}
		mutex_unlock(&fs->lock);
	}
	mutex_unlock(&walk_mutex);
	return any;
}

static void write_later(void *argument)
{
	do {
		sleep_a_while();
	} while (write_all());
	__atomic_store_n(&is_writing, false, __ATOMIC_RELEASE);
}

void ext4_writer_wake(void)
{
	if (__atomic_load_n(&is_writing, __ATOMIC_RELAXED) || __atomic_exchange_n(&is_writing, true, __ATOMIC_ACQ_REL))
		return;
	if (thread_spawn("ext4 writer", write_later, NULL))
		__atomic_store_n(&is_writing, false, __ATOMIC_RELEASE); /* no memory: the next change tries again */
}
