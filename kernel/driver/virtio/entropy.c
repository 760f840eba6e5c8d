/* SPDX-License-Identifier: BSD-3-Clause */
/* virtio entropy devices (virtio 1.2 §5.4): some bytes are asked for at the start and stirred in when they come; nobody waits for them. */
#include "kernel/arch/page_table.h"
#include "kernel/driver/virtio/virtio.h"
#include "kernel/file/random.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"
#include "lib/string.h"

enum { ENTROPY_LEN = 64 };

static void entropy_interrupt(struct virtio_queue *queue)
{
	uint32_t len;
	char *bytes = virtqueue_take(&queue->ring, &len);

	if (!bytes)
		return;
	random_add(bytes, min_u64(len, ENTROPY_LEN));
	memset(bytes, 0, ENTROPY_LEN);
	heap_free(bytes);
}

static int start(struct virtio_device *virtio)
{
	char *bytes = heap_alloc(ENTROPY_LEN);
	struct virtqueue_segment segment = {.address = virt_to_phys(bytes), .len = ENTROPY_LEN};
	int ret = bytes ? virtio_queues_new(virtio, 1) : -ENOMEM;

	if (!ret)
		ret = virtio_queue_open(virtio, 0, 2, entropy_interrupt, NULL);
	if (ret)
		return ret;
	virtio_start(virtio);
	ret = virtqueue_add(&virtio->queues[0].ring, &segment, 0, 1, bytes, NULL, 0);
	if (!ret)
		virtio_notify(&virtio->queues[0]);
	return ret;
}

static int entropy_probe(struct device *device)
{
	struct virtio_device *virtio;
	int ret = virtio_open(device, VIRTIO_ENTROPY, 0, &virtio);

	if (ret)
		return ret;
	ret = start(virtio);
	if (ret)
		virtio_fail(virtio);
	return ret;
}

/* Where the CPU has a source of its own, this one is stirred in later. */
static bool entropy_may_wait(void)
{
	uint64_t value;

	return cpu_random(&value);
}

DRIVER(virtio_entropy) = {.name = "virtio-rng", .probe = entropy_probe, .may_wait = entropy_may_wait};
