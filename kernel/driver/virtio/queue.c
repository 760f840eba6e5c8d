/* SPDX-License-Identifier: BSD-3-Clause */
/* Split virtqueues. What the device writes (the used ring) is never trusted: a wrong id breaks the queue, not the kernel. */
#include "kernel/driver/virtio/queue.h"
#include "kernel/arch/cpu.h"
#include "kernel/uapi/errno.h"

enum { AVAIL_NO_INTERRUPT = 1, USED_NO_NOTIFY = 1 };
enum { DESCRIPTOR_NEXT = 1, DESCRIPTOR_WRITE = 2, DESCRIPTOR_INDIRECT = 4 };

size_t virtqueue_avail_offset(unsigned size)
{
	return sizeof(struct virtqueue_descriptor) * size;
}

size_t virtqueue_used_offset(unsigned size, unsigned align)
{
	return align_up(virtqueue_avail_offset(size) + 6 + 2 * size, align);
}

size_t virtqueue_bytes(unsigned size, unsigned align)
{
	return virtqueue_used_offset(size, align) + align_up(6 + 8 * size, align);
}

void virtqueue_init(struct virtqueue *queue, unsigned size, unsigned align, void *memory, void **tokens)
{
	*queue = (struct virtqueue){
	    .size = size,
	    .nr_free = (uint16_t)size,
	    .descriptors = memory,
	    .avail = (uint16_t *)((char *)memory + virtqueue_avail_offset(size)),
	    .used = (volatile uint16_t *)((char *)memory + virtqueue_used_offset(size, align)),
	    .tokens = tokens,
	};
	for (unsigned i = 0; i < size; i++)
		queue->descriptors[i].next = (uint16_t)(i + 1);
}

static void fill_table(struct virtqueue_descriptor *table, const struct virtqueue_segment *segments, unsigned nr_out, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		table[i] = (struct virtqueue_descriptor){
		    .address = segments[i].address,
		    .len = segments[i].len,
		    .flags = (uint16_t)((i >= nr_out ? DESCRIPTOR_WRITE : 0) | (i + 1 < count ? DESCRIPTOR_NEXT : 0)),
		    .next = (uint16_t)(i + 1),
		};
}

/* The free descriptors are a list through `next`; a chain takes the first ones as they stand. Returns the last one's number. */
static uint16_t fill_chain(struct virtqueue *queue, const struct virtqueue_segment *segments, unsigned nr_out, unsigned count)
{
	uint16_t at = queue->first_free, last = at;

	for (unsigned i = 0; i < count; i++) {
		struct virtqueue_descriptor *descriptor = &queue->descriptors[at];

		descriptor->address = segments[i].address;
		descriptor->len = segments[i].len;
		descriptor->flags = (uint16_t)((i >= nr_out ? DESCRIPTOR_WRITE : 0) | (i + 1 < count ? DESCRIPTOR_NEXT : 0));
		last = at;
		at = descriptor->next;
	}
	return last;
}

int virtqueue_add(struct virtqueue *queue, const struct virtqueue_segment *segments, unsigned nr_out, unsigned nr_in, void *token,
		  struct virtqueue_descriptor *table, uint64_t table_address)
{
	unsigned count = nr_out + nr_in;
	unsigned needed = table ? 1 : count;
	uint16_t first = queue->first_free, last;

	if (!count || needed > queue->nr_free || queue->is_broken)
		return -ENOSPC;
	if (table) {
		fill_table(table, segments, nr_out, count);
		queue->descriptors[first].address = table_address;
		queue->descriptors[first].len = (uint32_t)(count * sizeof(*table));
		queue->descriptors[first].flags = DESCRIPTOR_INDIRECT;
		last = first;
	} else {
		last = fill_chain(queue, segments, nr_out, count);
	}
	queue->first_free = queue->descriptors[last].next;
	queue->nr_free = (uint16_t)(queue->nr_free - needed);
	queue->tokens[first] = token;
	queue->avail[2 + (queue->avail_index++ & (queue->size - 1))] = first;
	return 0;
}

void virtqueue_publish(struct virtqueue *queue)
{
	__atomic_store_n(&queue->avail[1], queue->avail_index, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/*
 * What was stored before is seen before what is loaded after. The fence says so to real CPUs, and to emulators of several. With one CPU, QEMU leaves
 * the fence out although the device runs on another thread; but there, reading the cycle counter takes and releases a lock, whose exchange
 * instruction does it. (Measured of 7.2 on x86; elsewhere the drivers' timers remain.)
 */
static void virtqueue_fence(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	(void)cpu_cycles();
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* The 16 bits behind each ring (§2.7.6, §2.7.8), which count when events were agreed on. */
static volatile uint16_t *used_event(struct virtqueue *queue)
{
	return &queue->avail[2 + queue->size];
}

static uint16_t avail_event(const struct virtqueue *queue)
{
	return queue->used[2 + 4 * queue->size];
}

bool virtqueue_show(struct virtqueue *queue)
{
	uint16_t old = queue->avail[1], new = queue->avail_index;

	__atomic_store_n(&queue->avail[1], new, __ATOMIC_RELEASE);
	virtqueue_fence();
	if (queue->has_events)
		return (uint16_t)(new - avail_event(queue) - 1) < (uint16_t)(new - old);
	return !(queue->used[0] & USED_NO_NOTIFY);
}

/* An event that lies just behind comes after a whole round of the index, and each call moves it on. */
void virtqueue_silence(struct virtqueue *queue)
{
	if (queue->has_events)
		*used_event(queue) = (uint16_t)(queue->used_index - 1);
	else
		*(volatile uint16_t *)queue->avail = AVAIL_NO_INTERRUPT;
}

bool virtqueue_listen(struct virtqueue *queue, unsigned after)
{
	if (queue->has_events)
		*used_event(queue) = (uint16_t)(queue->used_index + after - 1);
	else
		*(volatile uint16_t *)queue->avail = 0;
	virtqueue_fence();
	return virtqueue_nr_used(queue) < after;
}

static void give_back(struct virtqueue *queue, uint16_t first)
{
	uint16_t last = first;

	queue->nr_free++;
	while (queue->descriptors[last].flags & DESCRIPTOR_NEXT) {
		last = queue->descriptors[last].next;
		queue->nr_free++;
	}
	queue->descriptors[last].next = queue->first_free;
	queue->first_free = first;
}

void *virtqueue_take(struct virtqueue *queue, uint32_t *len)
{
	volatile uint32_t *entry;
	uint32_t id;
	void *token;

	if (queue->is_broken || __atomic_load_n(&queue->used[1], __ATOMIC_ACQUIRE) == queue->used_index)
		return NULL;
	entry = (volatile uint32_t *)(queue->used + 2) + 2 * (queue->used_index & (queue->size - 1));
	id = entry[0];
	if (id >= queue->size || !queue->tokens[id]) {
		queue->is_broken = true;
		return NULL;
	}
	*len = entry[1];
	token = queue->tokens[id];
	queue->tokens[id] = NULL;
	queue->used_index++;
	give_back(queue, (uint16_t)id);
	return token;
}
