/* SPDX-License-Identifier: BSD-3-Clause */
/* Sockets: made, sending, receiving. */
#include "kernel/net/core/library.h"
#include "kernel/net/udp/internal.h"

int udp_init(struct net_stack *stack)
{
	struct udp_stack *us = net_alloc_zero(stack, sizeof(*us));

	if (!us)
		return -ENOMEM;
	us->stack = stack;
	for (unsigned i = 0; i < UDP_PORTS; i++)
		list_init(&us->ports[i]);
	us->transport = (struct net_transport){.protocol = NET_PROTOCOL_UDP, .input = udp_input, .error = udp_error_input};
	stack->module[NET_MODULE_UDP] = us;
	net_transport_add(stack, &us->transport);
	return 0;
}

void udp_fini(struct net_stack *stack)
{
	struct udp_stack *us = udp_of(stack);

	if (!us)
		return;
	net_transport_remove(stack, &us->transport);
	stack->module[NET_MODULE_UDP] = NULL;
	net_free(stack, us);
}

struct udp_socket *udp_new(struct net_stack *stack, udp_event_fn *event, void *owner)
{
	struct udp_socket *udp = net_alloc_zero(stack, sizeof(*udp));

	if (!udp)
		return NULL;
	udp->stack = stack;
	udp->event = event;
	udp->owner = owner;
	udp->settings.receive_buffer = UDP_RECEIVE_BUFFER;
	list_init(&udp->port_link);
	list_init(&udp->queue);
	return udp;
}

void udp_close(struct udp_socket *udp)
{
	struct net_packet *packet, *next;

	if (!udp)
		return;
	list_for_each_safe(packet, next, &udp->queue, link)
		net_packet_free(packet);
	udp->stack->memory -= udp->queued;
	list_remove(&udp->port_link);
	net_free(udp->stack, udp);
}

static bool is_multicast(const struct net_address *address)
{
	return net_address_is_ip4(address) ? address->byte[12] >> 4 == 0xe : address->byte[0] == 0xff;
}

/* The flow to an end, with what the settings say. */
static int make_flow(struct udp_socket *udp, const struct net_address *remote, const struct udp_message *message, struct net_flow *flow)
{
	const struct net_network *network = net_network_of(udp->stack, remote);
	const struct udp_settings *s = &udp->settings;

	*flow = (struct net_flow){.remote = *remote, .bound = s->bound, .ttl = s->ttl, .traffic_class = s->traffic_class,
				  .may_fragment = !s->dont_fragment, .is_broadcast_allowed = s->may_broadcast,
				  .no_multicast_loop = s->no_multicast_loop};
	if (message)
		flow->traffic_class = message->traffic_class;
	if (message && message->ttl)
		flow->ttl = message->ttl;
	if (message && message->interface_index)
		flow->bound = net_interface_by_index(udp->stack, message->interface_index);
	if (message && !net_address_is_any(&message->local))
		flow->local = message->local;
	else if (!is_multicast(&udp->bound_address))
		flow->local = udp->bound_address;
	if (!net_address_is_any(&flow->local) && net_address_is_ip4(&flow->local) != net_address_is_ip4(remote))
		return -ENETUNREACH;
	if (is_multicast(remote)) {
		flow->ttl = s->multicast_ttl;
		flow->bound = flow->bound ? flow->bound : s->multicast_interface;
	}
	return network ? network->route(udp->stack, flow) : -ENETUNREACH;
}

int udp_connect(struct udp_socket *udp, const struct net_address *address, uint16_t port)
{
	struct net_flow flow;
	int error;

	if (!address) {
		udp->remote_port = 0;
		memset(&udp->flow, 0, sizeof(udp->flow));
		return 0;
	}
	error = make_flow(udp, address, NULL, &flow);
	if (!error)
		error = udp_choose_port(udp);
	if (error)
		return error;
	udp->flow = flow;
	udp->remote_port = port;
	return 0;
}

struct net_packet *udp_packet_new(struct net_stack *stack, size_t len)
{
	struct net_packet *packet = net_packet_new(stack, NET_HEAD_ROOM, len, 0);

	if (packet)
		(void)net_packet_append(packet, len);
	return packet;
}

static int put_header(struct udp_socket *udp, const struct net_flow *flow, uint16_t remote_port, struct net_packet *packet)
{
	uint8_t *h = packet->len > 65535 - UDP_HEADER ? NULL : net_packet_push(packet, UDP_HEADER);

	if (!h)
		return -EMSGSIZE;
	wire_put16(h, udp->local_port);
	wire_put16(h + 2, remote_port);
	wire_put16(h + 4, (uint16_t)packet->len);
	checksum_store(h + 6, (uint16_t)~checksum_fold(net_pseudo_sum(flow, NET_PROTOCOL_UDP, packet->len)));
	packet->checksum_from = h;
	packet->checksum_at = h + 6;
	packet->flags |= NET_PACKET_NEEDS_CHECKSUM;
	return 0;
}

/* The flow and port to send to. */
static int find_way(struct udp_socket *udp, const struct udp_message *message, struct net_flow *flow, uint16_t *port)
{
	if (udp->error)
		return -udp_error(udp);
	if (message) {
		*port = message->remote_port;
		return *port ? make_flow(udp, &message->remote, message, flow) : -EINVAL;
	}
	if (!udp->remote_port)
		return -EDESTADDRREQ;
	*port = udp->remote_port;
	if (udp->flow.generation != udp->stack->route_generation) {
		int error = make_flow(udp, &udp->flow.remote, NULL, flow);

		if (error)
			return error;
		flow->local = udp->flow.local; /* stays as it was told when it was connected */
		udp->flow = *flow;
	}
	*flow = udp->flow;
	flow->traffic_class = udp->settings.traffic_class;
	return 0;
}

int udp_send(struct udp_socket *udp, const struct udp_message *message, struct net_packet *packet)
{
	struct net_flow flow;
	uint16_t port;
	int error = find_way(udp, message, &flow, &port);

	if (!error)
		error = udp_choose_port(udp);
	if (!error)
		error = put_header(udp, &flow, port, packet);
	if (error) {
		net_packet_free(packet);
		return error;
	}
	net_count(udp->stack, NET_COUNT_UDP_OUT);
	return net_network_of(udp->stack, &flow.remote)->send(udp->stack, &flow, packet, NET_PROTOCOL_UDP);
}

static void describe(const struct net_packet *packet, struct udp_message *message)
{
	struct udp_arrival arrival;

	memcpy(&arrival, packet->data - sizeof(arrival), sizeof(arrival));
	*message = (struct udp_message){.remote = arrival.remote, .local = arrival.local, .remote_port = (uint16_t)packet->mark[2],
					.interface_index = packet->mark[3], .ttl = packet->ttl, .traffic_class = packet->traffic_class};
}

struct net_packet *udp_look(struct udp_socket *udp, struct udp_message *message, size_t *offset)
{
	struct net_packet *packet;

	list_for_each(packet, &udp->queue, link) {
		if (*offset >= packet->len && *offset) {
			*offset -= packet->len;
			continue;
		}
		describe(packet, message);
		return packet;
	}
	return NULL;
}

struct net_packet *udp_receive(struct udp_socket *udp, struct udp_message *message)
{
	struct list *node = list_pop_front(&udp->queue);
	struct net_packet *packet = node ? container_of(node, struct net_packet, link) : NULL;

	if (!packet)
		return NULL;
	describe(packet, message);
	udp->queued -= packet->len + UDP_OVERHEAD;
	udp->stack->memory -= packet->len + UDP_OVERHEAD;
	return packet;
}

unsigned udp_poll(const struct udp_socket *udp)
{
	return (list_empty(&udp->queue) ? 0 : UDP_READABLE) | (udp->error ? UDP_ERROR | UDP_READABLE : 0);
}

int udp_error(struct udp_socket *udp)
{
	int error = udp->error;

	udp->error = 0;
	return error;
}

bool udp_error_report(struct udp_socket *udp, struct udp_error *report)
{
	bool is_there = udp->has_report;

	*report = udp->report;
	udp->has_report = false;
	return is_there;
}

uint32_t udp_path_mtu(const struct udp_socket *udp)
{
	return udp->remote_port ? udp->flow.mtu : 0;
}

void udp_local(const struct udp_socket *udp, struct net_address *address, uint16_t *port)
{
	*address = udp->remote_port ? udp->flow.local : udp->bound_address;
	*port = udp->local_port;
}

bool udp_remote(const struct udp_socket *udp, struct net_address *address, uint16_t *port)
{
	*address = udp->flow.remote;
	*port = udp->remote_port;
	return udp->remote_port;
}

size_t udp_first_len(const struct udp_socket *udp)
{
	return list_empty(&udp->queue) ? 0 : container_of(udp->queue.next, struct net_packet, link)->len;
}

struct udp_settings *udp_settings(struct udp_socket *udp)
{
	return &udp->settings;
}

void udp_visit(struct net_stack *stack, udp_visit_fn *visit, void *context)
{
	struct udp_socket *udp;

	for (unsigned i = 0; i < UDP_PORTS; i++)
		list_for_each(udp, &udp_of(stack)->ports[i], port_link)
			visit(context, udp, udp->owner);
}

size_t udp_queued(const struct udp_socket *udp)
{
	return udp->queued;
}

udp_event_fn *udp_event_of(const struct udp_socket *udp)
{
	return udp->event;
}

NET_LIBRARY(udp) = {.name = "udp", .order = NET_ORDER_TRANSPORT, .init = udp_init};
