/* SPDX-License-Identifier: BSD-3-Clause */
/* The stack as an instance: turns, protocols, work that is put off. */
#include "kernel/net/core/net.h"

const struct net_tuning net_tuning_default = NET_TUNING_DEFAULT;

void net_stack_init(struct net_stack *stack, const struct net_environment *environment)
{
	memset(stack, 0, sizeof(*stack));
	stack->environment = environment;
	stack->tuning = environment->tuning ? environment->tuning : &net_tuning_default;
	stack->secret[0] = environment->random();
	stack->secret[1] = environment->random();
	stack->next_index = 1;
	stack->route_generation = 1;
	list_init(&stack->interfaces);
	list_init(&stack->looped);
	list_init(&stack->work);
	list_init(&stack->taps);
}

void net_begin(struct net_stack *stack, uint64_t now_ns)
{
	if (now_ns > stack->now_ns)
		stack->now_ns = now_ns;
}

static bool run_one_work(struct net_stack *stack)
{
	struct list *node = list_pop_front(&stack->work);
	struct net_work *work;

	if (!node)
		return false;
	work = container_of(node, struct net_work, link);
	work->run(work);
	return true;
}

static bool receive_one_looped(struct net_stack *stack)
{
	struct list *node = list_pop_front(&stack->looped);
	struct net_packet *packet;

	if (!node)
		return false;
	packet = container_of(node, struct net_packet, link);
	if (packet->flags & NET_PACKET_LOOPED)
		net_raw_link.input(packet->interface, packet); /* no header of the link */
	else
		net_interface_input(packet->interface, packet);
	return true;
}

/* Two programs that talk over loopback could keep one turn going for ever: but each answer needs a program, so what is here is bounded by windows. */
uint64_t net_end(struct net_stack *stack)
{
	while (run_one_work(stack) || receive_one_looped(stack))
		continue;
	return stack->first_timer ? stack->first_timer->at_ns : NET_NEVER;
}

void net_network_add(struct net_stack *stack, unsigned version, const struct net_network *network)
{
	stack->network[version] = network;
}

void net_transport_add(struct net_stack *stack, struct net_transport *transport)
{
	transport->next = stack->transports;
	stack->transports = transport;
}

void net_transport_remove(struct net_stack *stack, struct net_transport *transport)
{
	struct net_transport **link = &stack->transports;

	while (*link && *link != transport)
		link = &(*link)->next;
	if (*link)
		*link = transport->next;
}

const struct net_transport *net_transport_find(const struct net_stack *stack, uint8_t protocol)
{
	const struct net_transport *transport = stack->transports;

	while (transport && transport->protocol != protocol)
		transport = transport->next;
	return transport;
}

void net_observe(struct net_stack *stack, struct net_observer *observer)
{
	observer->next = stack->observers;
	stack->observers = observer;
}

void net_tell(struct net_stack *stack, enum net_object object, unsigned version, const void *of, bool is_removed)
{
	const struct net_change change = {.object = object, .version = version, .of = of, .is_removed = is_removed};

	for (struct net_observer *o = stack->observers; o; o = o->next)
		o->changed(stack, &change);
}

void net_put_off(struct net_stack *stack, struct net_work *work)
{
	if (list_empty(&work->link))
		list_push_back(&stack->work, &work->link);
}

void net_routes_changed(struct net_stack *stack)
{
	if (++stack->route_generation == 0)
		stack->route_generation = 1;
}

checksum_sum net_pseudo_sum(const struct net_flow *flow, uint8_t protocol, size_t len)
{
	const uint32_t *local = flow->local.word, *remote = flow->remote.word;
	uint8_t rest[8] = {[7] = protocol};
	uint32_t length, last;
	checksum_sum sum;

	wire_put32(rest, (uint32_t)len);
	memcpy(&length, rest, 4);
	memcpy(&last, rest + 4, 4);
	sum = (checksum_sum)local[3] + remote[3] + length + last;
	if (!net_address_is_ip4(&flow->remote))
		sum += (checksum_sum)local[0] + local[1] + local[2] + remote[0] + remote[1] + remote[2];
	return sum;
}
