/* SPDX-License-Identifier: BSD-3-Clause */
/* virtio network devices (virtio 1.2 §5.1): what is agreed on, and the interface that comes of it. */
#include "kernel/driver/virtio_net/card.h"
#include "kernel/file/random.h"
#include "kernel/log/log.h"
#include "kernel/mem/heap.h"
#include "kernel/mem/page.h"
#include "kernel/net/system/system.h"
#include "kernel/platform/acpi.h"

enum { QUEUE_SIZE = 256, CONTROL_SIZE = 16, ETHERNET_MAX = 18, STATUS_LINK_UP = 1, MTU = 1500, MTU_MIN = 576 };
/* Frames of the usual size fit half a page; where the device joins segments, a page each is filled. */
enum { BUFFER_SMALL = 2048, BUFFER_LARGE = 4096 };
enum { BUFFERS_MIN = 32, MEMORY_SHARE = 64 }; /* of the memory at most one part in so many */

#define GUEST_TSO (FEATURE_GUEST_TSO4 | FEATURE_GUEST_TSO6 | FEATURE_GUEST_ECN)
#define HOST_TSO  (FEATURE_HOST_TSO4 | FEATURE_HOST_TSO6 | FEATURE_HOST_ECN)

/* Some hang on others (§5.1.3.1). Long frames without merged buffers would need 64 KiB for each buffer. */
static uint64_t choose(uint64_t offered)
{
	uint64_t wanted = FEATURE_CHECKSUM | FEATURE_GUEST_CHECKSUM | FEATURE_MTU | FEATURE_MAC | FEATURE_MERGED_BUFFERS | FEATURE_STATUS |
			  FEATURE_CONTROL | VIRTIO_F_INDIRECT | VIRTIO_F_EVENT_IDX;

	if (!(offered & VIRTIO_F_VERSION_1))
		wanted |= VIRTIO_F_ANY_LAYOUT;
	if (offered & FEATURE_CHECKSUM)
		wanted |= HOST_TSO;
	if (offered & FEATURE_GUEST_CHECKSUM && offered & FEATURE_MERGED_BUFFERS)
		wanted |= GUEST_TSO;
	if (offered & FEATURE_CONTROL)
		wanted |= FEATURE_CONTROL_RECEIVE | FEATURE_PAIRS;
	return wanted;
}

static uint32_t offloads_of(const struct virtio_device *virtio)
{
	static const struct {
		uint64_t feature;
		uint32_t offload;
	} table[] = {
	    {FEATURE_CHECKSUM, NET_OFFLOAD_CHECKSUM},
	    {FEATURE_HOST_TSO4, NET_OFFLOAD_TSO4},
	    {FEATURE_HOST_TSO6, NET_OFFLOAD_TSO6},
	    {FEATURE_HOST_ECN, NET_OFFLOAD_TSO_ECN},
	};
	uint32_t offloads = 0;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (virtio_has(virtio, table[i].feature))
			offloads |= table[i].offload;
	return offloads;
}

/* ---- Configuration ---- */

static bool link_is_up(struct virtio_device *virtio)
{
	uint16_t status = STATUS_LINK_UP;

	if (virtio_has(virtio, FEATURE_STATUS))
		virtio_config_read(virtio, CONFIG_STATUS, &status, sizeof(status));
	return status & STATUS_LINK_UP;
}

static void config_changed(struct virtio_device *virtio)
{
	struct card *card = virtio->driver_data;
	bool is_up = link_is_up(virtio);

	log_line(LOG_INFO, "%s: the link is %s", card->interface.name, is_up ? "up" : "down");
	net_device_set_link(&card->interface, is_up);
}

/* A random address that says so of itself, and of one station (IEEE 802 §8.4). */
static void choose_address(uint8_t hardware[6])
{
	uint64_t random = random_u64();

	memcpy(hardware, &random, 6);
	hardware[0] = (uint8_t)((hardware[0] & ~1) | 2);
}

static void read_config(struct card *card)
{
	struct net_interface *interface = &card->interface;
	uint16_t mtu = MTU;

	if (virtio_has(card->virtio, FEATURE_MAC))
		virtio_config_read(card->virtio, CONFIG_MAC, interface->hardware, sizeof(interface->hardware));
	else
		choose_address(interface->hardware);
	if (virtio_has(card->virtio, FEATURE_MTU))
		virtio_config_read(card->virtio, CONFIG_MTU, &mtu, sizeof(mtu));
	interface->mtu = mtu < MTU_MIN ? MTU : mtu;
	interface->offloads = offloads_of(card->virtio);
	if (link_is_up(card->virtio))
		interface->flags |= NET_IS_UP;
}

/* ---- Queues ---- */

static uint32_t header_len_of(const struct virtio_device *virtio)
{
	return virtio_has(virtio, VIRTIO_F_VERSION_1) || virtio_has(virtio, FEATURE_MERGED_BUFFERS) ? VIRTIO_NET_HEADER_LEN : VIRTIO_NET_HEADER_LEN_OLD;
}

static uint32_t buffer_size_of(const struct card *card)
{
	if (virtio_has(card->virtio, GUEST_TSO))
		return BUFFER_LARGE;
	if (virtio_has(card->virtio, FEATURE_MERGED_BUFFERS))
		return BUFFER_SMALL;
	return (uint32_t)max_u64(BUFFER_SMALL, align_up(VIRTIO_NET_HEADER_LEN + ETHERNET_MAX + card->interface.mtu, 64));
}

static unsigned buffers_max(unsigned nr_pairs, uint32_t buffer_size)
{
	struct page_counts counts;

	page_count(&counts);
	return (unsigned)max_u64(BUFFERS_MIN, min_u64(QUEUE_SIZE, counts.total * (PAGE_SIZE / MEMORY_SHARE) / nr_pairs / buffer_size));
}

static int open_pair(struct card *card, unsigned i)
{
	struct pair *pair = &card->pairs[i];
	int ret = virtio_queue_open(card->virtio, 2 * i, QUEUE_SIZE, pair_interrupt, pair);

	/* No function of its own for the interrupt: whatever comes, the pair is served through the receive queue's. */
	if (!ret)
		ret = virtio_queue_open(card->virtio, 2 * i + 1, QUEUE_SIZE, NULL, pair);
	pair->receive_side = &card->virtio->queues[2 * i];
	pair->transmit_side = &card->virtio->queues[2 * i + 1];
	return ret;
}

/* How many pairs the device has (§5.1.4), of which we use as many as there are CPUs. */
static unsigned pairs_of_device(struct virtio_device *virtio)
{
	uint16_t nr = 1;

	if (virtio_has(virtio, FEATURE_PAIRS))
		virtio_config_read(virtio, CONFIG_PAIRS_MAX, &nr, sizeof(nr));
	return nr ? nr : 1;
}

static unsigned pairs_wanted(unsigned offered)
{
	uint32_t ids[CPU_MAX];

	return offered == 1 ? 1 : (unsigned)max_u64(1, min_u64(offered, acpi_cpus(ids, CPU_MAX)));
}

/* The queues stand in the order receive, transmit of each pair, then the control queue, behind all pairs that the device has (§5.1.2). */
static int open_queues(struct card *card, unsigned pairs_offered)
{
	unsigned control = 2 * pairs_offered;
	int ret = virtio_queues_new(card->virtio, control + 1);

	for (unsigned i = 0; i < card->nr_pairs && !ret; i++) {
		if (i)
			virtio_queues_separate(card->virtio, 2 * i, 2);
		ret = open_pair(card, i);
	}
	if (ret || !virtio_has(card->virtio, FEATURE_CONTROL))
		return ret;
	ret = virtio_queue_open(card->virtio, control, CONTROL_SIZE, control_interrupt, card);
	if (!ret)
		card->control = &card->virtio->queues[control];
	return ret;
}

static void init_pair(struct card *card, struct pair *pair)
{
	uint32_t size = buffer_size_of(card);

	pair_init(pair, card, buffers_max(card->nr_pairs, size), size);
	pair->receive.is_merging = virtio_has(card->virtio, FEATURE_MERGED_BUFFERS);
	pair->receive.device_checks = virtio_has(card->virtio, FEATURE_GUEST_CHECKSUM);
	pair->receive.header_len = pair->transmit.header_len = header_len_of(card->virtio);
	pair->transmit.has_indirect = virtio_has(card->virtio, VIRTIO_F_INDIRECT);
}

static int start_card(struct card *card, unsigned pairs_offered)
{
	int ret = open_queues(card, pairs_offered);

	if (ret)
		return ret;
	read_config(card);
	card->virtio->driver_data = card;
	card->interface.stack = net_enter();
	virtio_start(card->virtio);
	pairs_init(card);
	for (unsigned i = 0; i < card->nr_pairs; i++)
		init_pair(card, &card->pairs[i]);
	pair_start(&card->pairs[0]);
	net_leave();
	return 0;
}

static int add_interface(struct card *card)
{
	struct net_interface *interface = &card->interface;
	int ret;

	interface->transmit = pair_transmit;
	if (card->control && virtio_has(card->virtio, FEATURE_CONTROL_RECEIVE))
		interface->set_groups = control_set_groups;
	interface->driver = card;
	ret = net_device_add(interface);
	if (ret)
		return ret;
	card->virtio->config_changed = config_changed;
	log_line(LOG_INFO, "%s: %02x:%02x:%02x:%02x:%02x:%02x, link %s, features %llx", interface->name, interface->hardware[0], interface->hardware[1],
		 interface->hardware[2], interface->hardware[3], interface->hardware[4], interface->hardware[5],
		 interface->flags & NET_IS_UP ? "up" : "down", (unsigned long long)card->virtio->features);
	return 0;
}

static int net_probe(struct device *device)
{
	struct virtio_device *virtio;
	unsigned offered, nr_pairs;
	struct card *card;
	int ret = virtio_open_choosing(device, VIRTIO_NETWORK, choose, &virtio);

	if (ret)
		return ret;
	if (virtio->is_legacy && !virtio_has(virtio, VIRTIO_F_ANY_LAYOUT)) {
		log_line(LOG_WARNING, "virtio-net: the device wants its headers apart, as none does since 2013");
		virtio_fail(virtio);
		return -EOPNOTSUPP;
	}
	offered = pairs_of_device(virtio);
	nr_pairs = pairs_wanted(offered);
	card = heap_alloc_zero(sizeof(*card) + nr_pairs * sizeof(struct pair));
	if (!card)
		return -ENOMEM;
	card->virtio = virtio;
	card->nr_pairs = nr_pairs;
	ret = start_card(card, offered);
	if (!ret)
		ret = add_interface(card);
	if (ret)
		virtio_fail(virtio);
	return ret;
}

/* Whoever opens a socket needs it first (net_enter). */
static bool net_may_wait(void)
{
	return true;
}

DRIVER(virtio_net) = {.name = "virtio-net", .probe = net_probe, .may_wait = net_may_wait};
