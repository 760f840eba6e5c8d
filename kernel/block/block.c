/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The list of block devices, and waiting for requests. Completions come by interrupt; who waits looks at the device itself for a
 * short while first, since most requests are done sooner than a sleep and its wake-up take.
 */
#include "kernel/block/block.h"
#include "kernel/arch/cpu.h"
#include "kernel/mem/heap.h"
#include "kernel/sched/wait.h"
#include "kernel/uapi/errno.h"
#include "lib/string.h"

enum { POLL_ROUNDS = 1000, SECTOR = 512 };

static struct list devices = LIST_INIT(devices); /* filled while one CPU runs; only grows */

void block_device_register(struct block_device *device)
{
	list_push_back(&devices, &device->node);
}

struct block_device *block_device_next(struct block_device *device)
{
	struct list *next = device ? device->node.next : devices.next;

	return next == &devices ? NULL : container_of(next, struct block_device, node);
}

struct block_device *block_device_find(const char *name)
{
	struct block_device *device = NULL;

	while ((device = block_device_next(device)))
		if (!strcmp(device->name, name))
			return device;
	return NULL;
}

/* ---- Waiting. ---- */

/* Counts requests under way. Its lock is held around the wake-up: who then takes the lock knows that nobody uses the struct any more. */
struct completion {
	struct spinlock lock; /* guards the rest */
	struct wait_queue queue;
	size_t pending;
	int status;
};

static void completion_init(struct completion *completion)
{
	*completion = (struct completion){0};
	wait_queue_init(&completion->queue);
}

static void request_done(struct block_request *request, int status)
{
	struct completion *completion = request->context;

	spin_lock(&completion->lock);
	if (status && !completion->status)
		completion->status = status;
	if (--completion->pending == 0)
		wait_wake_all(&completion->queue, 0);
	spin_unlock(&completion->lock);
}

static bool is_complete(struct completion *completion)
{
	bool complete;

	spin_lock(&completion->lock);
	complete = completion->pending == 0;
	spin_unlock(&completion->lock);
	return complete;
}

static int completion_wait(struct completion *completion, struct block_device *device)
{
	struct waiter waiter;

	/* Without cpu_relax: an emulator leaves the guest's code there, and takes a lock that the device needs. */
	for (unsigned i = 0; device->poll && i < POLL_ROUNDS; i++) {
		device->poll(device);
		if (is_complete(completion))
			return completion->status;
	}
	wait_begin(&waiter, &completion->queue);
	while (!is_complete(completion))
		(void)wait_sleep(WAIT_FOREVER, WAIT_UNINTERRUPTIBLE);
	wait_end(&waiter);
	return completion->status;
}

static int check_range(const struct block_device *device, enum block_operation operation, uint64_t offset, uint64_t len)
{
	if (offset % SECTOR || len % SECTOR || offset > device->size || len > device->size - offset)
		return -EIO;
	return operation != BLOCK_READ && device->is_read_only ? -EROFS : 0;
}

static uint64_t total_len(const struct block_segment *segments, size_t count)
{
	uint64_t len = 0;

	for (size_t i = 0; i < count; i++)
		len += segments[i].len;
	return len;
}

static void submit(struct block_device *device, struct block_request *request)
{
	if (request->operation <= BLOCK_WRITE) {
		struct block_counter *counter = &device->counters[request->operation];

		__atomic_fetch_add(&counter->requests, 1, __ATOMIC_RELAXED);
		__atomic_fetch_add(&counter->bytes, total_len(request->segments, request->count), __ATOMIC_RELAXED);
	}
	device->submit(device, request);
}

static int run(struct block_device *device, struct block_request *request)
{
	struct completion completion;

	completion_init(&completion);
	completion.pending = 1;
	request->done = request_done;
	request->context = &completion;
	submit(device, request);
	return completion_wait(&completion, device);
}

int block_transfer(struct block_device *device, enum block_operation operation, uint64_t offset, struct block_segment *segments, size_t count)
{
	int ret = check_range(device, operation, offset, total_len(segments, count));

	while (!ret && count) {
		size_t part = min_u64(count, device->max_segments);
		struct block_request request = {.operation = operation, .offset = offset, .segments = segments, .count = part};

		ret = run(device, &request);
		offset += total_len(segments, part);
		segments += part;
		count -= part;
	}
	return ret;
}

int block_read(struct block_device *device, uint64_t offset, void *to, size_t len)
{
	struct block_segment segment = {.data = to, .len = (uint32_t)len};

	return block_transfer(device, BLOCK_READ, offset, &segment, 1);
}

int block_write(struct block_device *device, uint64_t offset, const void *from, size_t len)
{
	struct block_segment segment = {.data = (void *)(uintptr_t)from, .len = (uint32_t)len};

	return block_transfer(device, BLOCK_WRITE, offset, &segment, 1);
}

int block_flush(struct block_device *device)
{
	struct block_request request = {.operation = BLOCK_FLUSH};

	return run(device, &request);
}

int block_discard(struct block_device *device, uint64_t offset, uint64_t length)
{
	struct block_request request = {.operation = BLOCK_DISCARD, .offset = offset, .length = length};
	int ret = device->can_discard ? check_range(device, BLOCK_DISCARD, offset, length) : -EOPNOTSUPP;

	return ret ? ret : run(device, &request);
}

/* ---- Batches. ---- */

struct batch_request {
	struct block_request request;
	struct batch_request *next;
};

struct block_batch {
	struct block_device *device;
	struct completion completion;
	struct batch_request *requests;
};

struct block_batch *block_batch_new(struct block_device *device)
{
	struct block_batch *batch = heap_alloc_zero(sizeof(*batch));

	if (!batch)
		return NULL;
	batch->device = device;
	completion_init(&batch->completion);
	return batch;
}

static int start_one(struct block_batch *batch, enum block_operation operation, uint64_t offset, struct block_segment *segments, size_t count)
{
	struct batch_request *entry = heap_alloc_zero(sizeof(*entry) + count * sizeof(*segments));

	if (!entry)
		return -ENOMEM;
	memcpy(entry + 1, segments, count * sizeof(*segments));
	entry->request = (struct block_request){
	    .operation = operation, .offset = offset, .segments = (struct block_segment *)(entry + 1), .count = count,
	    .done = request_done, .context = &batch->completion};
	entry->next = batch->requests;
	batch->requests = entry;
	spin_lock(&batch->completion.lock);
	batch->completion.pending++;
	spin_unlock(&batch->completion.lock);
	submit(batch->device, &entry->request);
	return 0;
}

int block_batch_add(struct block_batch *batch, enum block_operation operation, uint64_t offset, struct block_segment *segments, size_t count)
{
	int ret = check_range(batch->device, operation, offset, total_len(segments, count));

	while (!ret && count) {
		size_t part = min_u64(count, batch->device->max_segments);

		ret = start_one(batch, operation, offset, segments, part);
		offset += total_len(segments, part);
		segments += part;
		count -= part;
	}
	return ret;
}

int block_batch_finish(struct block_batch *batch)
{
	int status = completion_wait(&batch->completion, batch->device);

	for (struct batch_request *entry = batch->requests, *next; entry; entry = next) {
		next = entry->next;
		heap_free(entry);
	}
	heap_free(batch);
	return status;
}
