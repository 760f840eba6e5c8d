/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Neighbours of both IP versions and their hardware addresses. Who is asked and how is the version's (ARP, or net_network's ask); when, how often and what
 * waits meanwhile is here. Neighbours are learnt from answers to what we asked, and from those who ask us; others that are not known are not believed.
 */
#include "kernel/net/ethernet/internal.h"

static struct list *bucket(struct ethernet *ethernet, const struct net_address *address)
{
	return &ethernet->buckets[net_hash(ethernet->interface->stack, address, sizeof(*address)) % NEIGHBOUR_BUCKETS];
}

static struct neighbour *find(struct ethernet *ethernet, const struct net_address *address)
{
	struct neighbour *n = ethernet->recent;
	struct list *head;

	if (n && net_address_equal(&n->address, address))
		return n;
	head = bucket(ethernet, address);
	list_for_each(n, head, link)
		if (net_address_equal(&n->address, address))
			return ethernet->recent = n;
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

	if (ethernet->recent == n)
		ethernet->recent = NULL;
	drop_waiting(n, NET_COUNT_ARP_UNRESOLVED);
	net_timer_cancel(ethernet->interface->stack, &n->timer);
	list_remove(&n->link);
	list_remove(&n->age_link);
	ethernet->nr--;
	net_free(ethernet->interface->stack, n);
}

/* Somebody known is asked without disturbing others, at first. */
static void ask(struct neighbour *n)
{
	struct net_interface *interface = n->ethernet->interface;
	const struct net_network *network = net_network_of(interface->stack, &n->address);
	bool is_known = n->is_known && n->asked == 0;

	n->is_asked = true;
	n->asked++;
	net_timer_set(interface->stack, &n->timer, interface->stack->now_ns + ASK_INTERVAL);
	if (network && network->ask)
		network->ask(interface, &n->address, is_known);
	else if (network)
		arp_ask(interface, &n->address, is_known ? n->hardware : NULL);
}

/* Who has sent what waits hears that it does not go. */
static void give_up(struct neighbour *n)
{
	struct net_interface *interface = n->ethernet->interface;
	const struct net_network *network = net_network_of(interface->stack, &n->address);
	struct net_packet *packet;

	if (!network || !network->give_up)
		return;
	list_for_each(packet, &n->waiting, link)
		network->give_up(interface->stack, interface, packet);
}

/* Nobody answered. The routes may lead another way now. */
static void fail(struct neighbour *n)
{
	struct net_stack *stack = n->ethernet->interface->stack;

	give_up(n);
	drop_waiting(n, NET_COUNT_ARP_UNRESOLVED);
	n->is_known = n->is_asked = false;
	n->is_failed = true;
	net_timer_set(stack, &n->timer, stack->now_ns + FAILED_TIME);
	net_routes_changed(stack);
}

static void ask_again(struct net_timer *timer)
{
	struct neighbour *n = container_of(timer, struct neighbour, timer);

	if (n->is_failed || n->asked == 0)
		forget(n);
	else if (n->asked < ASK_MAX)
		ask(n);
	else
		fail(n);
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

static uint16_t type_of(const struct neighbour *n)
{
	return net_address_is_ip4(&n->address) ? NET_ETHERTYPE_IP4 : NET_ETHERTYPE_IP6;
}

static void send_waiting(struct neighbour *n)
{
	struct list *node;

	while ((node = list_pop_front(&n->waiting)))
		(void)ethernet_send(n->ethernet->interface, container_of(node, struct net_packet, link), type_of(n), n->hardware);
	n->nr_waiting = 0;
}

/* It is known, and no longer asked for. */
static void know(struct neighbour *n, bool is_confirmed)
{
	struct net_stack *stack = n->ethernet->interface->stack;

	n->is_known = true;
	n->is_stale = !is_confirmed;
	n->is_asked = n->is_failed = false;
	n->asked = 0;
	if (is_confirmed)
		n->confirmed_ns = stack->now_ns;
	list_remove(&n->age_link);
	list_push_back(&n->ethernet->by_age, &n->age_link);
	net_timer_set(stack, &n->timer, stack->now_ns + FORGET_TIME);
	send_waiting(n);
}

void neighbour_learn(struct net_interface *interface, const struct net_address *address, const uint8_t *hardware, unsigned how)
{
	struct neighbour *n = find(ethernet_of(interface), address);
	bool is_new;

	if (!n && how & NET_LEARN_CREATE && hardware)
		n = make(ethernet_of(interface), address);
	if (!n || n->is_permanent || !(n->is_known || hardware))
		return;
	is_new = hardware && !(n->is_known && memcmp(n->hardware, hardware, 6) == 0);
	if (is_new && n->is_known && !(how & NET_LEARN_OVERRIDE)) {
		n->is_stale = true; /* one of the two is wrong: it is asked when it is used */
		return;
	}
	if (is_new)
		memcpy(n->hardware, hardware, 6);
	if (is_new || how & NET_LEARN_CONFIRMED)
		know(n, how & NET_LEARN_CONFIRMED);
}

bool neighbour_is_silent(struct net_interface *interface, const struct net_address *address)
{
	struct neighbour *n = find(ethernet_of(interface), address);

	return n && n->is_failed;
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

static bool is_to_be_asked(const struct neighbour *n)
{
	return !n->is_permanent && !n->is_asked && (n->is_stale || n->ethernet->interface->stack->now_ns - n->confirmed_ns > REACHABLE_TIME);
}

int neighbour_output(struct net_interface *interface, struct net_packet *packet, const struct net_address *next_hop)
{
	struct ethernet *ethernet = ethernet_of(interface);
	struct neighbour *n = find(ethernet, next_hop);

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
	if (is_to_be_asked(n))
		ask(n);
	return ethernet_send(interface, packet, type_of(n), n->hardware);
}

void neighbours_fini(struct ethernet *ethernet)
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
		*neighbour = (struct ethernet_neighbour){.address = n->address, .is_known = n->is_known, .is_permanent = n->is_permanent,
							 .is_reachable = n->is_known && !n->is_asked && !is_to_be_asked(n), .is_failed = n->is_failed};
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
	memcpy(n->hardware, hardware, 6);
	know(n, true);
	n->is_permanent = true;
	net_timer_cancel(interface->stack, &n->timer);
	return 0;
}

int ethernet_neighbour_remove(struct net_interface *interface, const struct net_address *address)
{
	struct neighbour *n = find(ethernet_of(interface), address);

	if (!n)
		return -ENOENT;
	forget(n);
	return 0;
}
