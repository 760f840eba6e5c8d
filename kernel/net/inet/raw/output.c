/* SPDX-License-Identifier: BSD-3-Clause */
/* What raw and echo sockets send. */
#include "kernel/net/inet/raw/raw.h"
#include "kernel/net/system/system.h"
#include "kernel/vm/user_memory.h"

static bool is_multicast(const struct net_address *a)
{
	return net_address_is_ip4(a) ? a->byte[12] >> 4 == 0xe : a->byte[0] == 0xff;
}

static void make_flow(const struct raw_socket *r, const struct inet_end *to, const struct inet_route *route, struct net_flow *flow)
{
	const struct inet_settings *set = &r->inet.set;
	unsigned index = set->bound_index ? set->bound_index : route->interface_index ? route->interface_index : to->scope;

	if (!index && is_multicast(&to->address))
		index = set->multicast_index;
	*flow = (struct net_flow){
		.remote = to->address, .local = net_address_is_any(&route->source) ? r->local.address : route->source,
		.bound = index ? net_interface_by_index(r->inet.stack, index) : NULL,
		.ttl = route->ttl ? route->ttl : is_multicast(&to->address) ? set->multicast_ttl : set->ttl, .traffic_class = route->traffic_class,
		.may_fragment = set->mtu_discover != LINUX_IP_PMTUDISC_DO && set->mtu_discover != LINUX_IP_PMTUDISC_PROBE,
		.is_broadcast_allowed = r->inet.socket.broadcast, .no_multicast_loop = !set->loops_multicast,
	};
	if (net_address_is_any(&flow->local))
		memset(&flow->local, 0, sizeof(flow->local));
}

/* The packet begins with an IP header of the program's (IP_HDRINCL): what it says is done; identification and checksum are the stack's. */
static int take_header(struct net_packet *packet, struct net_flow *flow, uint8_t *protocol)
{
	const uint8_t *h = packet->data;
	size_t len;

	if (packet->len < IP4_HEADER_LEN || h[0] >> 4 != 4)
		return -EINVAL;
	len = (h[0] & 15) * 4u;
	if (len < IP4_HEADER_LEN || len > packet->len)
		return -EINVAL;
	flow->traffic_class = h[1];
	flow->may_fragment = !(h[6] & 0x40);
	flow->ttl = h[8];
	*protocol = h[9];
	if (wire_get32(h + 12))
		flow->local = net_address_of_ip4(wire_get32(h + 12));
	net_packet_pull(packet, len);
	return 0;
}

/* An echo request with the socket's identifier. */
static int complete_echo(struct raw_socket *r, struct net_packet *packet)
{
	uint8_t *icmp = packet->data;
	int ret = r->local.port ? 0 : raw_take_identifier(r, 0);

	if (ret)
		return ret;
	wire_put16(icmp + 4, r->local.port);
	wire_put16(icmp + 2, 0);
	if (!r->inet.is_ip6)
		checksum_store(icmp + 2, checksum_fold(net_packet_sum(packet, 0, 0)));
	return 0;
}

/* Takes the packet. In a turn. */
static int send_in_turn(struct raw_socket *r, struct net_flow *flow, struct net_packet *packet)
{
	const struct net_network *network = net_network_of(r->inet.stack, &flow->remote);
	uint8_t protocol = r->number;
	int ret = 0;

	if (r->inet.set.has_header)
		ret = take_header(packet, flow, &protocol);
	else if (r->is_echo)
		ret = complete_echo(r, packet);
	if (!ret)
		ret = network ? network->route(r->inet.stack, flow) : -ENETUNREACH;
	if (!ret && r->inet.is_ip6 && protocol == NET_PROTOCOL_ICMP6 && packet->len >= 4) { /* always the kernel's (RFC 3542 §3.1) */
		wire_put16(packet->data + 2, 0);
		checksum_store(packet->data + 2, checksum_fold(net_packet_sum(packet, 0, net_pseudo_sum(flow, protocol, packet->len))));
	}
	if (!ret)
		return network->send(r->inet.stack, flow, packet, protocol);
	net_packet_free(packet);
	return ret;
}

static int check_echo(const struct raw_socket *r, const struct net_packet *packet)
{
	if (packet->len < ICMP_HEADER_LEN)
		return -EINVAL;
	return packet->data[0] == (r->inet.is_ip6 ? ICMP6_REQUEST : ICMP_REQUEST) && !packet->data[1] ? 0 : -EINVAL;
}

static int copy_in(const struct raw_socket *r, struct io_vector *io, struct net_packet **made)
{
	size_t len = io->left;
	struct net_packet *packet = net_packet_new(r->inet.stack, NET_HEAD_ROOM, len, 0);
	int ret;

	if (!packet)
		return -ENOBUFS;
	ret = io_vector_get(io, net_packet_append(packet, len), len) == len ? 0 : -EFAULT;
	if (!ret && r->is_echo)
		ret = check_echo(r, packet);
	if (ret)
		net_packet_free(packet); /* nobody else knows it */
	else
		*made = packet;
	return ret;
}

long raw_send(struct socket *socket, struct socket_message *message)
{
	struct raw_socket *r = raw_of(socket);
	size_t len = message->io->left;
	struct net_packet *packet;
	struct inet_route route;
	struct net_flow flow;
	struct inet_end to;
	bool is_given;
	int ret;

	if (len > 65535)
		return -EMSGSIZE;
	if (message->flags & LINUX_MSG_OOB)
		return -EOPNOTSUPP;
	ret = inet_destination_read(&r->inet, message, &to, &is_given);
	if (!ret)
		ret = inet_route_read(&r->inet, message, &route);
	if (!ret && !is_given && !r->remote.port)
		ret = -EDESTADDRREQ;
	if (!ret)
		ret = copy_in(r, message->io, &packet);
	if (ret)
		return ret;
	net_enter();
	make_flow(r, is_given ? &to : &r->remote, &route, &flow);
	ret = send_in_turn(r, &flow, packet);
	net_leave();
	return ret ? ret : (long)len;
}
