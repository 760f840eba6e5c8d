/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio block devices (virtio 1.2 §5.2). Each request is one chain: header, data segments, status byte. It lives in a slot, which also
 * holds its indirect table; slots are made as they are needed, one for each entry of the queue at the most. Requests beyond wait in a list.
 */
#include "kernel/arch/page_table.h"
#include "kernel/block/block.h"
#include "kernel/driver/virtio/virtio.h"
#include "kernel/log/log.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"
#include "lib/string.h"

#define FEATURE_SEG_MAX	  (1ull << 2)
#define FEATURE_READ_ONLY (1ull << 5)
#define FEATURE_FLUSH	  (1ull << 9)
#define FEATURE_DISCARD	  (1ull << 13)

enum { TYPE_IN = 0, TYPE_OUT = 1, TYPE_FLUSH = 4, TYPE_DISCARD = 11 };
enum { CONFIG_CAPACITY = 0, CONFIG_SEG_MAX = 12, CONFIG_MAX_DISCARD_SECTORS = 36 };
enum { QUEUE_SIZE = 64, SEGMENTS_MAX = 64, SECTOR = 512 };

struct request_header {
	uint32_t type, reserved;
	uint64_t sector;
};

struct discard_range { /* §5.2.6 */
	uint64_t sector;
	uint32_t nr_sectors, flags;
};

struct slot {
	struct request_header header;
	struct discard_range discard;
	uint8_t status;
	struct block_request *request;
	struct slot *next_free;
	struct virtqueue_descriptor table[] aligned_to(16);
};

struct disk {
	struct block_device block;
	struct virtio_device *virtio;
	char name[8];
	uint32_t discard_max; /* bytes */
	struct spinlock lock; /* guards the queue and what follows */
	struct slot *free_slots;
	struct list waiting; /* requests that found no room */
};

static struct virtio_queue *queue_of(struct disk *disk)
{
	return &disk->virtio->queues[0];
}

static struct slot *slot_get(struct disk *disk)
{
	struct slot *slot = disk->free_slots;

	if (slot)
		disk->free_slots = slot->next_free;
	else
		slot = heap_alloc(sizeof(*slot) + (disk->block.max_segments + 2) * sizeof(slot->table[0]));
	return slot;
}

static void slot_put(struct disk *disk, struct slot *slot)
{
	slot->next_free = disk->free_slots;
	disk->free_slots = slot;
}

static uint32_t type_of(const struct block_request *request)
{
	static const uint32_t types[] = {[BLOCK_READ] = TYPE_IN, [BLOCK_WRITE] = TYPE_OUT, [BLOCK_FLUSH] = TYPE_FLUSH, [BLOCK_DISCARD] = TYPE_DISCARD};

	return types[request->operation];
}

/* The chain's data: neighbours in memory become one segment. */
static unsigned add_data(const struct block_request *request, struct virtqueue_segment *segments, unsigned count)
{
	unsigned first = count;

	for (size_t i = 0; i < request->count; i++) {
		uint64_t address = virt_to_phys(request->segments[i].data);
		struct virtqueue_segment *last = &segments[count - 1];

		if (count > first && last->address + last->len == address)
			last->len += request->segments[i].len;
		else
			segments[count++] = (struct virtqueue_segment){.address = address, .len = request->segments[i].len};
	}
	return count;
}

/* False: no room now. */
static bool start_locked(struct disk *disk, struct block_request *request)
{
	struct virtqueue_segment segments[SEGMENTS_MAX + 2];
	struct virtqueue *ring = &queue_of(disk)->ring;
	struct slot *slot = ring->nr_free ? slot_get(disk) : NULL;
	struct virtqueue_descriptor *table;
	unsigned count = 1, nr_out;

	if (!slot)
		return false;
	slot->request = request;
	slot->status = 0xff;
	slot->header = (struct request_header){.type = type_of(request), .sector = request->operation == BLOCK_DISCARD ? 0 : request->offset / SECTOR};
	segments[0] = (struct virtqueue_segment){.address = virt_to_phys(&slot->header), .len = sizeof(slot->header)};
	if (request->operation == BLOCK_DISCARD) {
		slot->discard = (struct discard_range){.sector = request->offset / SECTOR, .nr_sectors = (uint32_t)(request->length / SECTOR)};
		segments[count++] = (struct virtqueue_segment){.address = virt_to_phys(&slot->discard), .len = sizeof(slot->discard)};
	} else {
		count = add_data(request, segments, count);
	}
	nr_out = request->operation == BLOCK_READ ? 1 : count;
	segments[count++] = (struct virtqueue_segment){.address = virt_to_phys(&slot->status), .len = 1};
	table = virtio_has(disk->virtio, VIRTIO_F_INDIRECT) ? slot->table : NULL;
	if (virtqueue_add(ring, segments, nr_out, count - nr_out, slot, table, table ? virt_to_phys(table) : 0)) {
		slot_put(disk, slot);
		return false;
	}
	return true;
}

static bool is_acceptable(const struct disk *disk, const struct block_request *request)
{
	if (request->operation == BLOCK_DISCARD)
		return disk->block.can_discard && request->length && request->length <= disk->discard_max;
	return request->count <= disk->block.max_segments && (request->count || request->operation == BLOCK_FLUSH);
}

static void disk_submit(struct block_device *block, struct block_request *request)
{
	struct disk *disk = block->driver_data;
	bool started = false, is_broken;

	if (request->operation == BLOCK_FLUSH && !virtio_has(disk->virtio, FEATURE_FLUSH)) {
		request->done(request, 0); /* what was written is on the medium (§5.2.5.2) */
		return;
	}
	if (!is_acceptable(disk, request)) {
		request->done(request, -EIO);
		return;
	}
	spin_lock(&disk->lock);
	is_broken = queue_of(disk)->ring.is_broken;
	if (!is_broken) {
		started = list_empty(&disk->waiting) && start_locked(disk, request);
		if (started)
			virtio_notify(queue_of(disk));
		else
			list_push_back(&disk->waiting, &request->node);
	}
	spin_unlock(&disk->lock);
	if (is_broken)
		request->done(request, -EIO);
	else if (!started && virtqueue_is_idle(&queue_of(disk)->ring))
		disk->block.poll(&disk->block); /* no memory for a slot and nothing under way that would bring one back */
}

static void start_waiting_locked(struct disk *disk)
{
	bool any = false;

	while (!list_empty(&disk->waiting)) {
		struct block_request *request = container_of(disk->waiting.next, struct block_request, node);

		if (!start_locked(disk, request))
			break;
		list_remove(&request->node);
		any = true;
	}
	if (any)
		virtio_notify(queue_of(disk));
}

/* Takes what the device is done with; `done` lists the requests, their status in `offset`. */
static void collect_locked(struct disk *disk, struct list *done)
{
	struct virtqueue *ring = &queue_of(disk)->ring;
	struct slot *slot;
	uint32_t len;

	while ((slot = virtqueue_take(ring, &len))) {
		slot->request->offset = slot->status ? (uint64_t)-EIO : 0;
		list_push_back(done, &slot->request->node);
		slot_put(disk, slot);
	}
	start_waiting_locked(disk);
	/* Nothing is under way, so nothing would ever start those that wait: there is no memory for a slot, or the device is broken. */
	while (virtqueue_is_idle(ring) && !list_empty(&disk->waiting)) {
		struct block_request *request = container_of(list_pop_front(&disk->waiting), struct block_request, node);

		request->offset = (uint64_t)-EIO;
		list_push_back(done, &request->node);
	}
}

static void disk_poll(struct block_device *block)
{
	struct disk *disk = block->driver_data;
	struct list done = LIST_INIT(done), *node;

	spin_lock(&disk->lock);
	collect_locked(disk, &done);
	spin_unlock(&disk->lock);
	while ((node = list_pop_front(&done))) {
		struct block_request *request = container_of(node, struct block_request, node);

		request->done(request, (int)request->offset);
	}
}

static void disk_interrupt(struct virtio_queue *queue)
{
	struct disk *disk = queue->driver_data;

	disk_poll(&disk->block);
}

static void read_limits(struct disk *disk)
{
	struct virtio_device *virtio = disk->virtio;
	uint64_t capacity;
	uint32_t value = SEGMENTS_MAX;

	virtio_config_read(virtio, CONFIG_CAPACITY, &capacity, sizeof(capacity));
	if (virtio_has(virtio, FEATURE_SEG_MAX))
		virtio_config_read(virtio, CONFIG_SEG_MAX, &value, sizeof(value));
	if (!virtio_has(virtio, VIRTIO_F_INDIRECT))
		value = (uint32_t)min_u64(value, queue_of(disk)->ring.size - 2);
	disk->block.size = min_u64(capacity, UINT64_MAX / SECTOR / 2) * SECTOR;
	disk->block.max_segments = (uint32_t)max_u64(1, min_u64(value, SEGMENTS_MAX));
	disk->block.is_read_only = virtio_has(virtio, FEATURE_READ_ONLY);
	if (virtio_has(virtio, FEATURE_DISCARD)) {
		virtio_config_read(virtio, CONFIG_MAX_DISCARD_SECTORS, &value, sizeof(value));
		disk->discard_max = (uint32_t)min_u64(value, UINT32_MAX / SECTOR) * SECTOR;
		disk->block.can_discard = disk->discard_max != 0;
	}
}

static int start_disk(struct disk *disk)
{
	int ret = virtio_queues_new(disk->virtio, 1);

	if (!ret)
		ret = virtio_queue_open(disk->virtio, 0, QUEUE_SIZE, disk_interrupt, disk);
	if (ret)
		return ret;
	read_limits(disk);
	virtio_start(disk->virtio);
	return 0;
}

/* vda .. vdz, vdaa ..: as Linux names them. */
static void set_name(struct disk *disk, unsigned number)
{
	char *to = disk->name;

	*to++ = 'v';
	*to++ = 'd';
	if (number >= 26)
		*to++ = (char)('a' + (number / 26 - 1) % 26);
	*to++ = (char)('a' + number % 26);
	*to = '\0';
}

static int block_probe(struct device *device)
{
	static unsigned nr_disks;
	uint64_t wanted = FEATURE_SEG_MAX | FEATURE_READ_ONLY | FEATURE_FLUSH | FEATURE_DISCARD | VIRTIO_F_INDIRECT;
	struct virtio_device *virtio;
	struct disk *disk;
	int ret = virtio_open(device, VIRTIO_BLOCK, wanted, &virtio);

	if (ret)
		return ret;
	disk = heap_alloc_zero(sizeof(*disk));
	if (!disk)
		return -ENOMEM;
	disk->virtio = virtio;
	list_init(&disk->waiting);
	disk->block.submit = disk_submit;
	disk->block.poll = disk_poll;
	disk->block.driver_data = disk;
	disk->block.name = disk->name;
	ret = start_disk(disk);
	if (ret) {
		virtio_fail(virtio);
		return ret;
	}
	set_name(disk, nr_disks++);
	block_device_register(&disk->block);
	log_line(LOG_INFO, "%s: %llu KiB%s", disk->name, (unsigned long long)(disk->block.size >> 10), disk->block.is_read_only ? ", read-only" : "");
	return 0;
}

DRIVER(virtio_block) = {.name = "virtio-blk", .probe = block_probe};
