/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who has which address (RFC 826, RFC 1122 §2.3.2). Neighbours are learnt from answers to what we asked, and from those who ask us; others that are not known
 * are not believed. Packets wait, a few, until the answer is there.
 */
#include "kernel/net/ethernet/internal.h"

static const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static struct list *bucket(struct ethernet *ethernet, const struct net_address *address)
{
	return &ethernet->buckets[net_hash(ethernet->interface->stack, address, sizeof(*address)) % NEIGHBOUR_BUCKETS];
}

static struct neighbour *find(struct ethernet *ethernet, const struct net_address *address)
{
	struct neighbour *n;

	list_for_each(n, bucket(ethernet, address), link)
		if (net_address_equal(&n->address, address))
			return n;
	return NULL;
}

static void drop_waiting(struct neighbour *n, enum net_counter reason)
{
	struct list *node;

	while ((node = list_pop_front(&n->waiting)))
		net_drop(container_of(node, struct net_packet, link), reason);
	n->nr_waiting = 0;
}

static void forget(struct neighbour *n)
{
	struct ethernet *ethernet = n->ethernet;

	drop_waiting(n, NET_COUNT_ARP_UNRESOLVED);
	net_timer_cancel(ethernet->interface->stack, &n->timer);
	list_remove(&n->link);
	list_remove(&n->age_link);
	ethernet->nr--;
	net_free(ethernet->interface->stack, n);
}

static void send_arp(struct net_interface *interface, uint16_t operation, const uint8_t to[6], const uint8_t *sender, const uint8_t *target_hardware,
		     const uint8_t *target)
{
	struct net_packet *packet = net_packet_new(interface->stack, NET_HEAD_ROOM, ARP_PACKET, 0);
	uint8_t *p;

	if (!packet)
		return;
	p = net_packet_append(packet, ARP_PACKET);
	memcpy(p, "\x00\x01\x08\x00\x06\x04", 6);
	wire_put16(p + 6, operation);
	memcpy(p + 8, interface->hardware, 6);
	memcpy(p + 14, sender, 4);
	memcpy(p + 18, target_hardware, 6);
	memcpy(p + 24, target, 4);
	(void)ethernet_send(interface, packet, NET_ETHERTYPE_ARP, to);
}

/* From which address: that which the route to the neighbour would choose. Somebody known is asked without disturbing others. */
static void ask(struct neighbour *n)
{
	static const uint8_t nobody[6];
	struct net_interface *interface = n->ethernet->interface;
	const struct net_network *network = interface->stack->network[NET_IP4];
	struct net_flow flow = {.remote = n->address, .bound = interface};

	n->is_asked = true;
	n->asked++;
	net_timer_set(interface->stack, &n->timer, interface->stack->now_ns + ASK_INTERVAL);
	if (network && network->route(interface->stack, &flow) == 0)
		send_arp(interface, ARP_REQUEST, n->is_known && n->asked == 1 ? n->hardware : everybody, flow.local.byte + 12, nobody,
			 n->address.byte + 12);
}

static void ask_again(struct net_timer *timer)
{
	struct neighbour *n = container_of(timer, struct neighbour, timer);

	if (n->is_failed || n->asked == 0) {
		forget(n);
		return;
	}
	if (n->asked < ASK_MAX) {
		ask(n);
		return;
	}
	drop_waiting(n, NET_COUNT_ARP_UNRESOLVED);
	n->is_known = n->is_asked = false;
	n->is_failed = true;
	net_timer_set(n->ethernet->interface->stack, timer, n->ethernet->interface->stack->now_ns + FAILED_TIME);
}

static struct neighbour *make(struct ethernet *ethernet, const struct net_address *address)
{
	struct net_stack *stack = ethernet->interface->stack;
	struct neighbour *n;

	if (ethernet->nr >= NEIGHBOURS_MAX) {
		list_for_each(n, &ethernet->by_age, age_link)
			if (!n->is_permanent)
				break;
		if (&n->age_link == &ethernet->by_age)
			return NULL;
		net_count(stack, NET_COUNT_ARP_TABLE_FULL);
		forget(n);
	}
	n = net_alloc_zero(stack, sizeof(*n));
	if (!n)
		return NULL;
	n->ethernet = ethernet;
	n->address = *address;
	n->timer.fire = ask_again;
	list_init(&n->waiting);
	list_push_back(bucket(ethernet, address), &n->link);
	list_push_back(&ethernet->by_age, &n->age_link);
	ethernet->nr++;
	return n;
}

static void send_waiting(struct neighbour *n)
{
	struct list *node;

	while ((node = list_pop_front(&n->waiting)))
		(void)ethernet_send(n->ethernet->interface, container_of(node, struct net_packet, link), NET_ETHERTYPE_IP4, n->hardware);
	n->nr_waiting = 0;
}

static void confirm(struct neighbour *n, const uint8_t hardware[6])
{
	struct net_stack *stack = n->ethernet->interface->stack;

	if (n->is_permanent)
		return;
	memcpy(n->hardware, hardware, 6);
	n->is_known = true;
	n->is_asked = n->is_failed = false;
	n->asked = 0;
	n->confirmed_ns = stack->now_ns;
	list_remove(&n->age_link);
	list_push_back(&n->ethernet->by_age, &n->age_link);
	net_timer_set(stack, &n->timer, stack->now_ns + FORGET_TIME);
	send_waiting(n);
}

static int wait(struct neighbour *n, struct net_packet *packet)
{
	if (n->nr_waiting == WAITING_MAX) { /* the newest is kept: RFC 1122 §2.3.2.2 asks for one at least */
		net_drop(container_of(list_pop_front(&n->waiting), struct net_packet, link), NET_COUNT_ARP_QUEUE_FULL);
		n->nr_waiting--;
	}
	net_packet_finish_checksum(packet);
	list_push_back(&n->waiting, &packet->link);
	n->nr_waiting++;
	return 0;
}

int arp_output(struct net_interface *interface, struct net_packet *packet, const struct net_address *next_hop)
{
	static const uint8_t all_ones[4] = {0xff, 0xff, 0xff, 0xff};
	struct ethernet *ethernet = ethernet_of(interface);
	struct neighbour *n;

	if (memcmp(next_hop->byte + 12, all_ones, 4) == 0 || memcmp(packet->data + 16, all_ones, 4) == 0)
		return ethernet_send(interface, packet, NET_ETHERTYPE_IP4, everybody);
	n = find(ethernet, next_hop);
	if (!n)
		n = make(ethernet, next_hop);
	if (!n) {
		net_drop(packet, NET_COUNT_LINK_NO_MEMORY);
		return -ENOBUFS;
	}
	if (n->is_failed) {
		net_drop(packet, NET_COUNT_ARP_UNRESOLVED);
		return -EHOSTUNREACH;
	}
	if (!n->is_known) {
		if (!n->is_asked)
			ask(n);
		return wait(n, packet);
	}
	if (!n->is_permanent && !n->is_asked && interface->stack->now_ns - n->confirmed_ns > REACHABLE_TIME)
		ask(n);
	return ethernet_send(interface, packet, NET_ETHERTYPE_IP4, n->hardware);
}

static bool is_arp_good(const uint8_t *p)
{
	return memcmp(p, "\x00\x01\x08\x00\x06\x04", 6) == 0 && !(p[8] & 1) && p[14] != 127 && p[14] >> 4 != 0xe && p[14] >> 4 != 0xf;
}

void arp_input(struct net_interface *interface, struct net_packet *packet)
{
	const uint8_t *p = net_packet_head(packet, ARP_PACKET);
	const struct net_network *network = interface->stack->network[NET_IP4];
	struct net_address sender, target;
	struct neighbour *n;
	bool is_for_us;

	if (!p || !is_arp_good(p) || !network) {
		net_drop(packet, NET_COUNT_ARP_BAD);
		return;
	}
	sender = net_address_of_ip4(wire_get32(p + 14));
	target = net_address_of_ip4(wire_get32(p + 24));
	is_for_us = network->is_local(interface->stack, &target) && p[24] != 127;
	n = find(ethernet_of(interface), &sender);
	if (!n && is_for_us && !net_address_is_any(&sender) && !network->is_local(interface->stack, &sender) && wire_get16(p + 6) == ARP_REQUEST)
		n = make(ethernet_of(interface), &sender);
	if (n && (n->is_asked || n->is_known || is_for_us))
		confirm(n, p + 8);
	if (is_for_us && wire_get16(p + 6) == ARP_REQUEST)
		send_arp(interface, ARP_REPLY, p + 8, p + 24, p + 8, p + 14);
	net_packet_free(packet);
}

/* A gratuitous request (RFC 5227 §2.3): neighbours that know the address under another hardware address learn of ours. */
void arp_announce(struct net_interface *interface, const struct net_address *address)
{
	static const uint8_t nobody[6];

	if (net_address_is_ip4(address) && interface->flags & NET_IS_UP)
		send_arp(interface, ARP_REQUEST, everybody, address->byte + 12, nobody, address->byte + 12);
}

void arp_fini(struct ethernet *ethernet)
{
	while (!list_empty(&ethernet->by_age))
		forget(container_of(ethernet->by_age.next, struct neighbour, age_link));
}

bool ethernet_neighbour_get(struct net_interface *interface, unsigned i, struct ethernet_neighbour *neighbour)
{
	struct neighbour *n;

	list_for_each(n, &ethernet_of(interface)->by_age, age_link) {
		if (i-- > 0)
			continue;
		*neighbour = (struct ethernet_neighbour){.address = n->address, .is_known = n->is_known, .is_permanent = n->is_permanent};
		memcpy(neighbour->hardware, n->hardware, 6);
		return true;
	}
	return false;
}

int ethernet_neighbour_set(struct net_interface *interface, const struct net_address *address, const uint8_t hardware[6])
{
	struct neighbour *n = find(ethernet_of(interface), address);

	if (!n)
		n = make(ethernet_of(interface), address);
	if (!n)
		return -ENOMEM;
	n->is_permanent = false;
	confirm(n, hardware);
	n->is_permanent = true;
	net_timer_cancel(interface->stack, &n->timer);
	return 0;
}
