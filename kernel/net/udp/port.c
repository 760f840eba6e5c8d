/* SPDX-License-Identifier: BSD-3-Clause */
/* Ports: who may have one (socket(7): SO_REUSEADDR, SO_REUSEPORT). */
#include "kernel/net/udp/internal.h"

static bool clash(const struct udp_socket *a, const struct udp_socket *b, const struct net_address *address)
{
	const struct net_address *x = &a->bound_address;

	if (a->settings.bound && b->settings.bound && a->settings.bound != b->settings.bound)
		return false;
	if ((a->settings.reuse_address && b->settings.reuse_address) || (a->settings.reuse_port && b->settings.reuse_port))
		return false;
	if (net_address_is_ip4(x) != net_address_is_ip4(address)) {
		bool six_is_a = !net_address_is_ip4(x);

		return net_address_is_any(six_is_a ? x : address) && !(six_is_a ? a : b)->settings.ip6_only;
	}
	return net_address_is_any(x) || net_address_is_any(address) || net_address_equal(x, address);
}

static bool is_taken(struct udp_socket *udp, const struct net_address *address, uint16_t port)
{
	struct udp_socket *other;

	list_for_each(other, &udp_of(udp->stack)->ports[port % UDP_PORTS], port_link)
		if (other != udp && other->local_port == port && clash(other, udp, address))
			return true;
	return false;
}

static int find_free(struct udp_socket *udp, const struct net_address *address, uint16_t *port)
{
	unsigned nr = net_nr_ports(udp->stack), first = (unsigned)(udp->stack->environment->random() % nr);

	for (unsigned i = 0; i < nr; i++) {
		*port = net_port(udp->stack, first + i);
		if (!is_taken(udp, address, *port))
			return 0;
	}
	return -EADDRINUSE;
}

static void take(struct udp_socket *udp, uint16_t port)
{
	udp->local_port = port;
	list_push_back(&udp_of(udp->stack)->ports[port % UDP_PORTS], &udp->port_link);
}

int udp_choose_port(struct udp_socket *udp)
{
	uint16_t port;
	int error;

	if (udp->local_port)
		return 0;
	error = find_free(udp, &udp->bound_address, &port);
	if (error)
		return error == -EADDRINUSE ? -EAGAIN : error;
	take(udp, port);
	return 0;
}

static bool may_have(struct udp_socket *udp, const struct net_address *address)
{
	const struct net_network *network = net_network_of(udp->stack, address);
	uint8_t first = net_address_is_ip4(address) ? address->byte[12] : address->byte[0];

	if (net_address_is_any(address) || (network && network->is_local(udp->stack, address)))
		return true;
	return net_address_is_ip4(address) ? first >> 4 == 0xe || net_address_ip4(address) == 0xffffffff : first == 0xff;
}

int udp_bind(struct udp_socket *udp, const struct net_address *address, uint16_t port)
{
	int error;

	if (udp->local_port)
		return -EINVAL;
	if (!udp->settings.free_bind && !may_have(udp, address))
		return -EADDRNOTAVAIL;
	if (!port) {
		error = find_free(udp, address, &port);
		if (error)
			return error;
	} else if (is_taken(udp, address, port)) {
		return -EADDRINUSE;
	}
	udp->bound_address = *address;
	take(udp, port);
	return 0;
}
