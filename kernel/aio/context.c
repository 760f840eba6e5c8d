/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Contexts. The head of the ring is the program's word too (libaio takes events by itself): it is read once and brought into range, and says no
 * more than which events are free. A context lives until its process destroys it, executes another program or ends.
 */
#include "kernel/aio/internal.h"
#include "kernel/fs/proc/proc.h"
#include "kernel/mem/heap.h"
#include "kernel/platform/platform.h"
#include "kernel/process/process.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/mman.h"
#include "lib/format.h"
#include "lib/string.h"

enum { CONTEXTS_MAX = 4096, AT_ONCE = 16 };

static struct spinlock contexts_lock;
static unsigned events_max = 65536;
static unsigned nr_asked_all; /* events of all contexts; guarded by it */
PROC_SYSCTL(aio_max_nr, "fs/aio-max-nr", &events_max, 0, 1 << 24);
PROC_FILE(sys_aio_nr) = {.path = "sys/fs/aio-nr", .mode = 0444, .number = &nr_asked_all};

struct process_contexts {
	struct list list;
	unsigned count;
};

/* ---- The ring ---- */

static struct linux_aio_ring *ring_of(const struct aio_context *context)
{
	return page_virt(context->pages[0]);
}

static struct linux_io_event *event_at(const struct aio_context *context, uint32_t index)
{
	uint64_t offset = sizeof(struct linux_aio_ring) + index * sizeof(struct linux_io_event);

	return (struct linux_io_event *)((char *)page_virt(context->pages[offset >> PAGE_SHIFT]) + offset % PAGE_SIZE);
}

static uint32_t head_of(const struct aio_context *context)
{
	return __atomic_load_n(&ring_of(context)->head, __ATOMIC_ACQUIRE) % context->nr_events;
}

unsigned aio_nr_ready_locked(const struct aio_context *context)
{
	return (context->tail + context->nr_events - head_of(context)) % context->nr_events;
}

void aio_post(struct aio_context *context, const struct linux_io_event *event)
{
	spin_lock(&context->lock);
	*event_at(context, context->tail) = *event;
	context->tail = (context->tail + 1) % context->nr_events;
	__atomic_store_n(&ring_of(context)->tail, context->tail, __ATOMIC_RELEASE);
	context->nr_reserved--;
	spin_unlock(&context->lock);
	wait_wake_all(&context->wait, 0);
}

/* Takes up to max events from the ring. */
static unsigned take(struct aio_context *context, struct linux_io_event *events, unsigned max)
{
	unsigned count, head;

	spin_lock(&context->lock);
	head = head_of(context);
	count = (unsigned)min_u64(aio_nr_ready_locked(context), max);
	for (unsigned i = 0; i < count; i++)
		events[i] = *event_at(context, (head + i) % context->nr_events);
	__atomic_store_n(&ring_of(context)->head, (head + count) % context->nr_events, __ATOMIC_RELEASE);
	spin_unlock(&context->lock);
	return count;
}

/* Several threads may take: one at a time, so that what cannot be copied out stays. */
static int64_t take_to_user(struct aio_context *context, uint64_t max, uint64_t address)
{
	struct linux_io_event events[AT_ONCE];
	uint64_t done = 0;
	unsigned count;

	mutex_lock(&context->taking);
	while (done < max && (count = take(context, events, (unsigned)min_u64(max - done, AT_ONCE)))) {
		if (copy_to_user(address + done * sizeof(events[0]), events, count * sizeof(events[0]))) {
			mutex_unlock(&context->taking);
			return done ? (int64_t)done : -EFAULT;
		}
		done += count;
		cpu_poll();
	}
	mutex_unlock(&context->taking);
	return (int64_t)done;
}

int64_t aio_get_events(struct aio_context *context, uint64_t min, uint64_t max, uint64_t address, uint64_t deadline_ns)
{
	int64_t done = take_to_user(context, max, address);
	struct async_group *group = async_group_current();
	struct waiter waiter;
	int ret = 0;

	if (done < 0 || (uint64_t)done >= min)
		return done;
	wait_begin(&waiter, &context->wait);
	async_owner_begin(group);
	while (!ret) {
		int64_t more;

		async_run_ready(group);
		more = take_to_user(context, max - (uint64_t)done, address + (uint64_t)done * sizeof(struct linux_io_event));
		if (more < 0) {
			done = done ? done : more;
			break;
		}
		done += more;
		if ((uint64_t)done >= min)
			break;
		ret = __atomic_load_n(&context->is_dead, __ATOMIC_ACQUIRE) ? -EINVAL : wait_sleep(deadline_ns, WAIT_INTERRUPTIBLE);
	}
	async_owner_end(group);
	wait_end(&waiter);
	return done || ret == -ETIMEDOUT ? done : ret;
}

/* ---- Life ---- */

struct aio_context *aio_context_get(uint64_t number)
{
	struct process_contexts *of = process_current()->async_io;
	struct aio_context *context, *found = NULL;

	if (!of)
		return NULL;
	spin_lock(&contexts_lock);
	list_for_each(context, &of->list, node) {
		if (context->number != number)
			continue;
		__atomic_fetch_add(&context->references, 1, __ATOMIC_RELAXED);
		found = context;
		break;
	}
	spin_unlock(&contexts_lock);
	return found;
}

void aio_context_put(struct aio_context *context)
{
	if (__atomic_sub_fetch(&context->references, 1, __ATOMIC_ACQ_REL))
		return;
	spin_lock(&contexts_lock);
	nr_asked_all -= context->nr_asked;
	spin_unlock(&contexts_lock);
	for (unsigned i = 0; i < context->nr_pages; i++)
		page_put(context->pages[i]);
	page_cache_fini(&context->cache);
	heap_free(context->pages);
	heap_free(context);
}

static uint64_t mapped_size(void *context)
{
	return (uint64_t)((struct aio_context *)context)->nr_pages << PAGE_SHIFT;
}

static void mapped_get(void *context)
{
	__atomic_fetch_add(&((struct aio_context *)context)->references, 1, __ATOMIC_RELAXED);
}

static void mapped_put(void *context)
{
	aio_context_put(context);
}

static long mapped_describe(void *context, char *path, size_t size)
{
	return format_text(path, size, "/[aio] (deleted)");
}

static int map(struct aio_context *context)
{
	const struct mapped_file file = {
		.cache = &context->cache,
		.size = mapped_size,
		.get = mapped_get,
		.put = mapped_put,
		.describe = mapped_describe,
		.file = context,
		.device = 1,
	};
	int64_t ret = address_space_map(process_current()->space, 0, mapped_size(context), LINUX_PROT_READ | LINUX_PROT_WRITE, LINUX_MAP_SHARED, &file, 0);

	if (ret < 0)
		return (int)ret;
	context->number = (uint64_t)ret;
	return 0;
}

/* As Linux: room for twice as many as asked for, and for all that the last page holds. */
static int make_ring(struct aio_context *context, unsigned nr_events)
{
	uint64_t bytes = sizeof(struct linux_aio_ring) + (nr_events * 2ull + 2) * sizeof(struct linux_io_event), nr = align_up(bytes, PAGE_SIZE) >> PAGE_SHIFT;
	struct linux_aio_ring *ring;
	int ret = 0;

	context->pages = heap_alloc(nr * sizeof(*context->pages));
	if (!context->pages)
		return -ENOMEM;
	while (!ret && context->nr_pages < nr) {
		ret = page_cache_get(&context->cache, context->nr_pages, nr, &context->pages[context->nr_pages]);
		context->nr_pages += !ret;
	}
	if (ret)
		return ret;
	context->nr_events = (unsigned)((nr * PAGE_SIZE - sizeof(*ring)) / sizeof(struct linux_io_event));
	ring = ring_of(context);
	ring->nr = context->nr_events;
	ring->magic = LINUX_AIO_RING_MAGIC;
	ring->compat_features = 1;
	ring->header_length = sizeof(*ring);
	return 0;
}

static int count_in(unsigned nr_events)
{
	int ret = 0;

	spin_lock(&contexts_lock);
	if (nr_events > events_max || nr_asked_all + nr_events > events_max)
		ret = -EAGAIN;
	else
		nr_asked_all += nr_events;
	spin_unlock(&contexts_lock);
	return ret;
}

static struct process_contexts *contexts_of(struct process *process)
{
	struct process_contexts *made = heap_alloc_zero(sizeof(*made)), *there;

	if (made)
		list_init(&made->list);
	spin_lock(&contexts_lock);
	there = process->async_io;
	if (!there) {
		process->async_io = there = made;
		made = NULL;
	}
	spin_unlock(&contexts_lock);
	heap_free(made);
	return there;
}

static int add(struct process_contexts *of, struct aio_context *context)
{
	int ret = 0;

	spin_lock(&contexts_lock);
	if (of->count >= CONTEXTS_MAX) {
		ret = -EAGAIN;
	} else {
		of->count++;
		list_push_back(&of->list, &context->node);
	}
	spin_unlock(&contexts_lock);
	return ret;
}

int aio_context_new(unsigned nr_events, uint64_t *number)
{
	struct process_contexts *of = process_current()->async_io;
	struct aio_context *context;
	int ret;

	if (!of)
		of = contexts_of(process_current());
	ret = of ? count_in(nr_events) : -ENOMEM;
	if (ret)
		return ret;
	context = heap_alloc_zero(sizeof(*context));
	if (!context) {
		spin_lock(&contexts_lock);
		nr_asked_all -= nr_events;
		spin_unlock(&contexts_lock);
		return -ENOMEM;
	}
	context->references = 1;
	context->nr_asked = nr_events;
	page_cache_init(&context->cache, NULL);
	list_init(&context->requests);
	list_init(&context->node);
	wait_queue_init(&context->wait);
	mutex_init(&context->taking);
	ret = make_ring(context, nr_events);
	if (!ret)
		ret = map(context);
	*number = context->number;
	if (!ret)
		ret = add(of, context);
	if (ret) {
		if (context->number)
			(void)!address_space_unmap(process_current()->space, context->number, mapped_size(context));
		aio_context_put(context);
	}
	return ret;
}

/* ---- The end ---- */

/* True if none is left. */
static bool cancel_requests(struct aio_context *context)
{
	struct aio_request *request;
	bool is_empty;

	spin_lock(&context->lock);
	is_empty = list_empty(&context->requests);
	list_for_each(request, &context->requests, node) {
		if ((!request->perform || aio_waits_for_others(request)) && !async_is_cancelled(&request->async))
			(void)async_cancel(&request->async);
	}
	spin_unlock(&context->lock);
	return is_empty;
}

static void end_requests(struct aio_context *context)
{
	struct async_group *group = async_group_current();
	struct waiter waiter;

	__atomic_store_n(&context->is_dead, true, __ATOMIC_RELEASE);
	wait_wake_all(&context->wait, 0);
	wait_begin(&waiter, &context->wait);
	async_owner_begin(group);
	while (!cancel_requests(context)) {
		async_run_ready(group);
		if (!list_empty(&context->requests))
			(void)wait_sleep(WAIT_FOREVER, WAIT_UNINTERRUPTIBLE);
	}
	async_owner_end(group);
	wait_end(&waiter);
}

/* False: it was not in its process's list any more. */
static bool leave_list(struct process *process, struct aio_context *context)
{
	struct process_contexts *of = process->async_io;
	bool was_there;

	spin_lock(&contexts_lock);
	was_there = !list_empty(&context->node);
	list_remove(&context->node);
	of->count -= was_there;
	spin_unlock(&contexts_lock);
	return was_there;
}

static bool is_ring(const struct mapped_file *file)
{
	return file->put == mapped_put;
}

int aio_context_destroy(struct aio_context *context)
{
	struct process *process = process_current();

	if (!leave_list(process, context))
		return -EINVAL;
	end_requests(context);
	(void)!address_space_unmap_file(process->space, context->number, is_ring);
	aio_context_put(context);
	return 0;
}

/* The last task's: nobody else makes or finds contexts of the process. What is mapped goes with the memory. */
static void process_ends(struct process *process)
{
	struct process_contexts *of = process->async_io;
	struct list *node;

	if (!of)
		return;
	process->async_io = NULL;
	while ((node = list_pop_front(&of->list))) {
		struct aio_context *context = container_of(node, struct aio_context, node);

		end_requests(context);
		aio_context_put(context);
	}
	heap_free(of);
}

PROCESS_END(aio) = {.process_ends = process_ends};
