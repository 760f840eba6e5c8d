/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Serving a pair of queues. Interrupts of the receive queue are off while frames are taken, those of the transmit queue always but when frames wait
 * for room: what was sent is freed in the next turn that looks. The device is notified at the end of a turn, once, and only if it wants to be.
 *
 * Nothing depends on that alone: after each activity a timer, the watch, looks at both rings once more. It frees what was sent last, takes
 * frames whose interrupt got lost, tells the device again of frames that it has not taken, and tries again to find memory for
 * buffers. It is set again only while something is unfinished, at growing distances, so that an idle machine sleeps.
 */
#include "kernel/arch/cpu.h"
#include "kernel/driver/virtio_net/card.h"
#include "kernel/log/log.h"
#include "kernel/net/system/system.h"

enum { RECEIVE_AT_ONCE = 256 };		    /* frames in a turn; then programs get some time to read them */
#define RECEIVE_PAUSE (NET_MILLISECOND / 10)
#define WATCH_FIRST   (5 * NET_MILLISECOND)
#define WATCH_MAX     NET_SECOND

static struct virtqueue *ring_of(struct virtio_queue *queue)
{
	return &queue->ring;
}

static void watch_within(struct pair *pair, uint64_t ns)
{
	struct net_stack *stack = pair->card->interface.stack;

	if (!pair->watch.is_set || pair->watch.at_ns > stack->now_ns + ns)
		net_timer_set(stack, &pair->watch, stack->now_ns + ns);
}

static void notify(struct pair *pair, struct virtio_queue *queue)
{
	pair->card->interface.count.notifications++;
	queue->device->transport->notify(queue);
}

/* ---- Sending ---- */

static void put_off_notify(struct pair *pair)
{
	net_put_off(pair->card->interface.stack, &pair->notify);
}

/* Work that was put off later may send, too: let it come first, once. */
static void run_notify(struct net_work *work)
{
	struct pair *pair = container_of(work, struct pair, notify);

	if (!pair->notify_is_late && !list_empty(&pair->card->interface.stack->work)) {
		pair->notify_is_late = true;
		put_off_notify(pair);
		return;
	}
	pair->notify_is_late = false;
	if (virtqueue_show(ring_of(pair->transmit_side)))
		notify(pair, pair->transmit_side);
	watch_within(pair, pair->watch_ns);
}

/* Frees what was sent. With frames that wait, the device is to tell of it when half of what it has is sent. */
static void serve_transmit(struct pair *pair)
{
	struct virtqueue *ring = ring_of(pair->transmit_side);

	do {
		if (transmit_reap(&pair->transmit))
			put_off_notify(pair);
		if (!pair->transmit.nr_waiting) {
			virtqueue_silence(ring);
			return;
		}
	} while (!ring->is_broken && !virtqueue_listen(ring, pair->transmit.nr_with_device / 2 + 1));
}

static void tell_broken(struct card *card)
{
	if (card->has_told_broken)
		return;
	card->has_told_broken = true;
	log_line(LOG_ERROR, "%s: the device wrote nonsense and is not used any more", card->interface.name);
}

/*
 * Each CPU sends through a pair of its own; the device answers through that one, too. The others come into use when a second CPU sends for the first
 * time: the machine's start knows of one CPU only, and many machines need no more.
 */
static struct pair *pair_of_this_cpu(struct card *card)
{
	unsigned cpu = cpu_id();

	if (cpu && card->nr_pairs > 1 && !card->is_spreading) {
		card->is_spreading = true;
		net_put_off(card->interface.stack, &card->spread);
	}
	return &card->pairs[cpu % card->nr_active];
}

static void run_spread(struct net_work *work)
{
	struct card *card = container_of(work, struct card, spread);

	for (unsigned i = 1; i < card->nr_pairs; i++) {
		virtio_queue_route(card->pairs[i].receive_side, i);
		pair_start(&card->pairs[i]);
	}
	control_use_pairs(card);
}

void pairs_init(struct card *card)
{
	card->nr_active = 1;
	card->spread.run = run_spread;
	list_init(&card->spread.link);
}

int pair_transmit(struct net_interface *interface, struct net_packet *packet)
{
	struct card *card = interface->driver;
	struct pair *pair = pair_of_this_cpu(card);
	unsigned had_to_wait = pair->transmit.nr_waiting;
	int error;

	if (transmit_is_full(&pair->transmit))
		serve_transmit(pair);
	error = transmit_send(&pair->transmit, packet);
	if (error == -EIO)
		tell_broken(card);
	if (error)
		return error;
	put_off_notify(pair);
	if (pair->transmit.nr_waiting > had_to_wait)
		serve_transmit(pair);
	return 0;
}

/* ---- Receiving ---- */

static void refill(struct pair *pair)
{
	if (!receive_refill(&pair->receive))
		return;
	pair->receive_is_unsure = !virtqueue_show(ring_of(pair->receive_side));
	if (!pair->receive_is_unsure)
		notify(pair, pair->receive_side);
}

static unsigned take_frames(struct pair *pair, unsigned max)
{
	struct net_packet *packet;
	unsigned nr = 0;

	while (nr < max && (packet = receive_take(&pair->receive))) {
		nr++;
		net_interface_input(&pair->card->interface, packet);
		if (receive_is_low(&pair->receive))
			refill(pair);
	}
	return nr;
}

/* How many frames came. */
static unsigned serve_receive(struct pair *pair)
{
	struct virtqueue *ring = ring_of(pair->receive_side);
	unsigned nr = 0;

	virtqueue_silence(ring);
	do {
		nr += take_frames(pair, RECEIVE_AT_ONCE - nr);
		refill(pair);
		if (nr == RECEIVE_AT_ONCE) {
			watch_within(pair, RECEIVE_PAUSE);
			return nr;
		}
	} while (!ring->is_broken && !virtqueue_listen(ring, 1));
	if (ring->is_broken)
		tell_broken(pair->card);
	return nr;
}

static unsigned serve(struct pair *pair)
{
	struct net_interface_count *count = &pair->card->interface.count;
	uint64_t dropped = pair->receive.nr_no_memory, bad = pair->receive.nr_bad;
	unsigned nr;

	serve_transmit(pair);
	nr = serve_receive(pair);
	count->drops_in += pair->receive.nr_no_memory - dropped;
	count->errors_in += pair->receive.nr_bad - bad;
	return nr;
}

void pair_interrupt(struct virtio_queue *queue)
{
	struct pair *pair = queue->driver_data;

	/* The line is shared with other queues; a look that is wrong because another CPU is at it just now costs nothing, as that one looks again. */
	if (!virtqueue_nr_used(ring_of(pair->receive_side)) && !virtqueue_nr_used(ring_of(pair->transmit_side)))
		return;
	net_enter();
	pair->card->interface.count.interrupts++;
	(void)serve(pair);
	pair->watch_ns = WATCH_FIRST;
	watch_within(pair, pair->watch_ns);
	net_leave();
}

/* ---- The watch ---- */

static bool is_unfinished(const struct pair *pair)
{
	return !pair->transmit.ring->is_broken && (pair->transmit.nr_with_device || pair->transmit.nr_waiting || receive_is_short(&pair->receive));
}

static void watch_fire(struct net_timer *timer)
{
	struct pair *pair = container_of(timer, struct pair, watch);
	bool is_stuck = pair->transmit.nr_with_device && !virtqueue_nr_used(ring_of(pair->transmit_side));
	bool has_come = virtqueue_nr_used(ring_of(pair->receive_side)) != 0;

	pair->card->interface.count.watches++;
	if (is_stuck)
		notify(pair, pair->transmit_side);
	if (pair->receive_is_unsure)
		notify(pair, pair->receive_side);
	pair->receive_is_unsure = false;
	has_come |= serve(pair) != 0;
	pair->watch_ns = is_stuck && !has_come ? min_u64(pair->watch_ns * 2, WATCH_MAX) : WATCH_FIRST;
	if (has_come || is_unfinished(pair))
		watch_within(pair, pair->watch_ns);
}

void pair_init(struct pair *pair, struct card *card, unsigned buffers_max, uint32_t buffer_size)
{
	struct net_stack *stack = card->interface.stack;

	pair->card = card;
	pair->watch_ns = WATCH_FIRST;
	pair->watch.fire = watch_fire;
	pair->notify.run = run_notify;
	list_init(&pair->notify.link);
	receive_init(&pair->receive, ring_of(pair->receive_side), stack, buffer_size, buffers_max);
	transmit_init(&pair->transmit, ring_of(pair->transmit_side), stack);
}

void pair_start(struct pair *pair)
{
	virtqueue_silence(ring_of(pair->transmit_side));
	refill(pair);
	(void)virtqueue_listen(ring_of(pair->receive_side), 1); /* nothing can have come: the device was not told of buffers before */
	if (receive_is_short(&pair->receive))
		watch_within(pair, pair->watch_ns);
}
