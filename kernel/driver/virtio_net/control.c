/* SPDX-License-Identifier: BSD-3-Clause */
/* The control queue (virtio 1.2 §5.1.6.5): which groups are wanted, how many pairs are used. */
#include "kernel/arch/page_table.h"
#include "kernel/driver/virtio_net/card.h"
#include "kernel/log/log.h"
#include "kernel/net/system/system.h"

enum { CLASS_RECEIVE = 0, CLASS_MAC = 1, CLASS_PAIRS = 4 };
enum { RECEIVE_PROMISCUOUS = 0, RECEIVE_ALL_GROUPS = 1, MAC_TABLE = 0, PAIRS_SET = 0 };
enum { ACK_OK = 0, ACK_NONE = 0xff, GROUPS_MAX = 60 };

struct command {
	uint8_t ack; /* the device's answer */
	uint8_t class, number; /* from here on what it reads */
	uint8_t data[];
};

static void finish(struct card *card, const struct command *command)
{
	if (command->ack != ACK_OK)
		log_line(LOG_WARNING, "%s: the device refuses command %u of class %u", card->interface.name, command->number, command->class);
	else if (command->class == CLASS_PAIRS)
		card->nr_active = card->nr_pairs;
}

static void reap(struct card *card)
{
	struct command *command;
	uint32_t len;

	while ((command = virtqueue_take(&card->control->ring, &len))) {
		finish(card, command);
		net_free(card->interface.stack, command);
	}
}

void control_interrupt(struct virtio_queue *queue)
{
	if (!virtqueue_nr_used(&queue->ring))
		return;
	net_enter();
	reap(queue->driver_data);
	net_leave();
}

static struct command *command_new(struct card *card, uint8_t class, uint8_t number, size_t len)
{
	struct command *command = net_alloc_zero(card->interface.stack, sizeof(*command) + len);

	if (command)
		*command = (struct command){.ack = ACK_NONE, .class = class, .number = number};
	return command;
}

static void post(struct card *card, struct command *command, size_t len)
{
	struct virtqueue_segment segments[2];

	if (command) {
		segments[0] = (struct virtqueue_segment){.address = virt_to_phys(&command->class), .len = (uint32_t)(2 + len)};
		segments[1] = (struct virtqueue_segment){.address = virt_to_phys(&command->ack), .len = 1};
		reap(card);
		if (virtqueue_add(&card->control->ring, segments, 1, 1, command, NULL, 0) == 0) {
			virtio_notify(card->control);
			return;
		}
		net_free(card->interface.stack, command);
	}
	log_line(LOG_ERROR, "%s: a command to the device is lost", card->interface.name);
}

static void set_mode(struct card *card, uint8_t number, bool is_on)
{
	struct command *command = command_new(card, CLASS_RECEIVE, number, 1);

	if (command)
		command->data[0] = is_on;
	post(card, command, 1);
}

/* Two tables, each a number and so many addresses: single stations, of which our own needs no entry, and groups. */
static void set_table(struct card *card, const uint8_t (*group)[6], size_t nr)
{
	uint32_t count = (uint32_t)nr;
	size_t len = 2 * sizeof(count) + nr * sizeof(*group);
	struct command *command = command_new(card, CLASS_MAC, MAC_TABLE, len);

	if (command) {
		memcpy(command->data + sizeof(count), &count, sizeof(count));
		memcpy(command->data + 2 * sizeof(count), group, nr * sizeof(*group));
	}
	post(card, command, len);
}

/* Until somebody tells which groups are wanted, the device hands up all that it sees. */
void control_set_groups(struct net_interface *interface, const uint8_t (*group)[6], size_t nr)
{
	struct card *card = interface->driver;
	bool wants_all = !group || nr > GROUPS_MAX;

	if (!wants_all)
		set_table(card, group, nr);
	set_mode(card, RECEIVE_ALL_GROUPS, wants_all);
	if (!card->is_filtering)
		set_mode(card, RECEIVE_PROMISCUOUS, false);
	card->is_filtering = true;
}

void control_use_pairs(struct card *card)
{
	uint16_t nr = (uint16_t)card->nr_pairs;
	struct command *command = command_new(card, CLASS_PAIRS, PAIRS_SET, sizeof(nr));

	if (command)
		memcpy(command->data, &nr, sizeof(nr));
	post(card, command, sizeof(nr));
}
