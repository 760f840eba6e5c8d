/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Write-back of dirty pages: when asked (fsync, sync), and by a kernel thread when they have been dirty for long or are
 * many. A page is marked clean first, then made read-only where programs map it, then written; so a change at any time
 * is either written or marks it again.
 */
#include "kernel/log/log.h"
#include "kernel/platform/platform.h"
#include "kernel/uapi/errno.h"
#include "kernel/vm/internal.h"

#define RUN_MAX 64u             /* pages of one request */
#define EXPIRE_NS 5000000000ull /* dirty for so long: written */
#define TICK_NS 1000000000ull
#define THROTTLE_NS 100000000ull /* who writes much waits for the writer at most this long at a time */
#define ROOM_PAUSE_NS 10000000ull
#define ROOM_TRIES 8
#define HELP_NS 20000000ull

static struct list dirty_caches = LIST_INIT(dirty_caches); /* guarded by cache_list_lock */
static struct wait_queue writer_wait, done_wait;
static int64_t nr_dirty; /* of all caches; atomic */
static struct thread *writer; /* begins when there is something to write first */
static bool has_begun; /* atomic */
static bool wants_room; /* atomic */
static uint64_t last_room_ns;
static bool is_kicked;   /* atomic */
static int64_t nr_total; /* pages of memory */

static void wake_writer(void)
{
	wait_wake_all(&writer_wait, 0);
	if (unlikely(!__atomic_load_n(&has_begun, __ATOMIC_RELAXED)))
		thread_wake(writer);
}

/* ---- Runs ---- */

static bool can_write(const struct page *page)
{
	return page && (page->flags & (PAGE_IS_DIRTY | PAGE_IS_WRITEBACK)) == PAGE_IS_DIRTY;
}

static void take_page(struct page_cache *cache, struct page *page)
{
	page_cache_clean_locked(cache, page);
	page->flags |= PAGE_IS_WRITEBACK;
	cache->nr_writeback++;
	page_get(page);
}

/* The dirty pages on both sides of one that is, in order, marked as being written. */
static size_t take_run(struct page_cache *cache, uint64_t middle, uint64_t first, uint64_t last, struct page **pages)
{
	uint64_t from = middle, to = middle;

	while (from > first && middle - from < RUN_MAX / 2 && can_write(cache_tree_find(cache, from - 1)))
		from--;
	while (to < last && to - from < RUN_MAX - 1 && can_write(cache_tree_find(cache, to + 1)))
		to++;
	for (uint64_t index = from; index <= to; index++) {
		pages[index - from] = cache_tree_find(cache, index);
		take_page(cache, pages[index - from]);
	}
	return to - from + 1;
}

static void finish_run(struct page_cache *cache, struct page **pages, size_t nr)
{
	spin_lock(&cache->lock);
	for (size_t i = 0; i < nr; i++)
		pages[i]->flags &= (uint16_t)~PAGE_IS_WRITEBACK;
	cache->nr_writeback -= nr;
	spin_unlock(&cache->lock);
	wait_wake_all(&cache->wait, 0);
	for (size_t i = 0; i < nr; i++)
		page_put(pages[i]);
}

/* The page that has been dirty longest, of those in the range that are not being written. Lock held. */
static struct page *oldest_dirty(struct page_cache *cache, uint64_t first, uint64_t last)
{
	struct page *page;

	list_for_each(page, &cache->dirty_pages,
		list) if (page->index >= first && page->index <= last && can_write(page)) return page;
	return NULL;
}

/* Lock held, released while it writes. */
static int write_run_locked(struct page_cache *cache, struct page *page, uint64_t first, uint64_t last)
{
	struct page *pages[RUN_MAX];
	size_t nr = take_run(cache, page->index, first, last, pages);
	int ret;

	spin_unlock(&cache->lock);
	mapping_protect(cache, pages[0]->index, pages[nr - 1]->index);
	ret = cache->ops->write_pages(cache, pages, nr);
	if (ret)
		log_line(LOG_ERROR, "writing %zu pages of a file failed: error %d", nr, -ret);
	finish_run(cache, pages, nr);
	spin_lock(&cache->lock);
	return ret;
}

static int flush(struct page_cache *cache, uint64_t first, uint64_t last)
{
	struct page *page;
	uint64_t tries;
	int ret = 0, one;

	if (page_cache_is_memory(cache) || !cache->ops->write_pages)
		return 0;
	spin_lock(&cache->lock);
	/* Those that are dirty now; not for ever those that become so meanwhile. */
	for (tries = cache->nr_dirty; tries && (page = oldest_dirty(cache, first, last)); tries--) {
		one = write_run_locked(cache, page, first, last);
		if (one && !ret)
			ret = one;
	}
	while (cache->nr_writeback)
		page_cache_wait(cache);
	spin_unlock(&cache->lock);
	return ret;
}

int page_cache_flush(struct page_cache *cache, uint64_t first, uint64_t last)
{
	int ret = flush(cache, first, last), earlier = 0;

	if (unlikely(__atomic_load_n(&cache->write_error, __ATOMIC_RELAXED)))
		earlier = __atomic_exchange_n(&cache->write_error, 0, __ATOMIC_ACQ_REL);
	return ret ? ret : earlier;
}

/* ---- The list of dirty caches ---- */

void writeback_note_dirty_locked(struct page_cache *cache)
{
	bool was_empty;

	cache->dirty_since_ns = clock_monotonic_ns();
	spin_lock(&cache_list_lock);
	was_empty = list_empty(&dirty_caches);
	if (list_empty(&cache->dirty_node))
		list_push_back(&dirty_caches, &cache->dirty_node);
	spin_unlock(&cache_list_lock);
	if (was_empty)
		wake_writer();
}

void writeback_add(int64_t nr)
{
	__atomic_fetch_add(&nr_dirty, nr, __ATOMIC_RELAXED);
}

uint64_t page_cache_nr_dirty(void)
{
	return (uint64_t)__atomic_load_n(&nr_dirty, __ATOMIC_RELAXED);
}

static bool is_due(const struct page_cache *cache, bool all)
{
	return all || clock_monotonic_ns() - cache->dirty_since_ns >= EXPIRE_NS;
}

/* The next cache to be written, busy; each at most once a round. Clean ones leave the list. */
static struct page_cache *next_dirty(bool all, unsigned *left)
{
	struct page_cache *cache = NULL;

	spin_lock(&cache_list_lock);
	while (*left && !cache && !list_empty(&dirty_caches)) {
		cache = container_of(list_pop_front(&dirty_caches), struct page_cache, dirty_node);
		--*left;
		if (!__atomic_load_n(&cache->nr_dirty, __ATOMIC_RELAXED)) {
			cache = NULL;
			continue;
		}
		list_push_back(&dirty_caches, &cache->dirty_node);
		if (is_due(cache, all))
			cache->nr_busy++;
		else
			cache = NULL;
	}
	spin_unlock(&cache_list_lock);
	return cache;
}

static unsigned count_dirty(void)
{
	struct list *node;
	unsigned nr = 0;

	spin_lock(&cache_list_lock);
	for (node = dirty_caches.next; node != &dirty_caches; node = node->next)
		nr++;
	spin_unlock(&cache_list_lock);
	return nr;
}

static int write_caches(bool all)
{
	unsigned left = count_dirty();
	struct page_cache *cache;
	int ret = 0, one;

	while ((cache = next_dirty(all, &left))) {
		one = flush(cache, 0, UINT64_MAX);
		if (one)
			__atomic_store_n(&cache->write_error, one, __ATOMIC_RELEASE);
		if (one && !ret)
			ret = one;
		cache_leave(cache);
	}
	return ret;
}

int page_cache_flush_all(void)
{
	return write_caches(true);
}

/* ---- The writer ---- */

bool writeback_is_me(void)
{
	return thread_current() == writer;
}

/* Memory runs low: the writer's thread sees to it that there is some for those who cannot wait. */
static void note_low_memory(void)
{
	uint64_t now = clock_monotonic_ns();

	if (__atomic_load_n(&wants_room, __ATOMIC_RELAXED) || now - last_room_ns < ROOM_PAUSE_NS)
		return;
	last_room_ns = now;
	__atomic_store_n(&wants_room, true, __ATOMIC_RELEASE);
	wake_writer();
}

static void make_room(void)
{
	if (!__atomic_exchange_n(&wants_room, false, __ATOMIC_ACQ_REL))
		return;
	for (unsigned tries = 0; tries < ROOM_TRIES && page_is_low() && page_cache_make_room(); tries++)
		;
}

void writeback_kick(void)
{
	__atomic_store_n(&is_kicked, true, __ATOMIC_RELEASE);
	wake_writer();
}

/* Until kicked, or for a second while anything is dirty. */
static void sleep_until_work(void)
{
	uint64_t deadline = WAIT_FOREVER;
	struct waiter waiter;
	int ret = 0;

	wait_begin(&waiter, &writer_wait);
	while (!__atomic_load_n(&is_kicked, __ATOMIC_ACQUIRE) && !__atomic_load_n(&wants_room, __ATOMIC_ACQUIRE) &&
		ret == 0) {
		if (deadline == WAIT_FOREVER && !list_empty(&dirty_caches))
			deadline = clock_monotonic_ns() + TICK_NS;
		ret = wait_sleep(deadline, WAIT_UNINTERRUPTIBLE);
	}
	wait_end(&waiter);
}

static void write_for_ever(void *argument)
{
	__atomic_store_n(&has_begun, true, __ATOMIC_RELAXED);
	for (;;) {
		bool all;

		sleep_until_work();
		make_room();
		all = __atomic_exchange_n(&is_kicked, false, __ATOMIC_ACQ_REL);
		(void)write_caches(all); /* errors were logged; who asks for them flushes itself */
		wait_wake_all(&done_wait, 0);
	}
}

/* Lets the writer work, for at most that long. */
static void wait_for_writer(uint64_t ns)
{
	struct waiter waiter;

	if (writeback_is_me())
		return;
	wait_begin(&waiter, &done_wait);
	writeback_kick();
	(void)wait_sleep(clock_monotonic_ns() + ns, WAIT_UNINTERRUPTIBLE);
	wait_end(&waiter);
}

void page_cache_limit_dirty(void)
{
	int64_t dirty = __atomic_load_n(&nr_dirty, __ATOMIC_RELAXED);

	if (likely(dirty < nr_total / 8))
		return;
	if (dirty < nr_total / 4)
		writeback_kick();
	else
		wait_for_writer(THROTTLE_NS);
}

bool writeback_is_behind(void)
{
	return __atomic_load_n(&nr_dirty, __ATOMIC_RELAXED) > nr_total / 16;
}

bool writeback_help(void)
{
	if (__atomic_load_n(&nr_dirty, __ATOMIC_RELAXED) <= 0 || writeback_is_me())
		return false;
	wait_for_writer(HELP_NS);
	return true;
}

static void start_writer(void)
{
	struct page_counts counts;

	page_count(&counts);
	nr_total = (int64_t)counts.total;
	wait_queue_init(&writer_wait);
	wait_queue_init(&done_wait);
	page_set_low_hook(note_low_memory);
	writer = thread_spawn_asleep("writeback", write_for_ever, NULL);
	if (!writer)
		panic("no memory for the writer's thread");
}
INITCALL(writeback, INIT_CORE, start_writer);
