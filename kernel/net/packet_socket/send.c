/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames that programs make. */
#include "kernel/net/packet_socket/internal.h"

const struct packet_socket *packet_socket_sending;

/* Where a frame goes and what it is. */
struct destination {
	uint32_t index;
	uint16_t protocol;
	uint8_t hardware[6];
};

static int find_destination(const struct packet_socket *s, const struct socket_message *message, struct destination *to)
{
	struct linux_sockaddr_ll name;

	*to = (struct destination){.index = s->index, .protocol = s->protocol};
	if (!message->name_len)
		return 0;
	if (message->name_len < sizeof(name))
		return -EINVAL;
	memcpy(&name, message->name, sizeof(name));
	if (name.family != LINUX_AF_PACKET || name.halen > sizeof(name.addr))
		return -EINVAL;
	to->index = (uint32_t)name.index;
	to->protocol = wire_get16((const uint8_t *)&name.protocol);
	memcpy(to->hardware, name.addr, sizeof(to->hardware));
	return 0;
}

/* Puts the link header in front, or checks that which the program made; loopback's goes no further. */
static int finish_frame(const struct packet_socket *s, const struct net_interface *interface, const struct destination *to, struct net_packet *packet)
{
	bool has_header = interface->link_ops->header_len == PACKET_LINK_HEADER, is_raw = s->socket.type == LINUX_SOCK_RAW;
	uint8_t *h;

	if (is_raw && (has_header || interface->flags & NET_IS_LOOPBACK)) {
		if (packet->len < PACKET_LINK_HEADER)
			return -EINVAL;
		if (packet->len > interface->mtu + PACKET_LINK_HEADER)
			return -EMSGSIZE;
		if (!has_header)
			net_packet_pull(packet, PACKET_LINK_HEADER);
		return 0;
	}
	if (packet->len > interface->mtu)
		return -EMSGSIZE;
	if (!has_header)
		return 0;
	h = net_packet_push(packet, PACKET_LINK_HEADER);
	memcpy(h, to->hardware, 6);
	memcpy(h + 6, interface->hardware, 6);
	wire_put16(h + 12, to->protocol);
	return 0;
}

static int transmit(struct net_stack *stack, const struct packet_socket *s, const struct destination *to, struct net_packet *packet)
{
	struct net_interface *interface = net_interface_by_index(stack, to->index);
	int error = -ENXIO;

	if (interface)
		error = interface->flags & NET_IS_UP ? finish_frame(s, interface, to, packet) : -ENETDOWN;
	if (error) {
		net_packet_free(packet);
		return error;
	}
	packet_socket_sending = s;
	error = net_interface_transmit(interface, packet);
	packet_socket_sending = NULL;
	return error;
}

/* The packet is made outside of the turn: user memory is not touched in one. */
long packet_socket_send(struct socket *socket, struct socket_message *message)
{
	struct packet_socket *s = packet_socket_of(socket);
	size_t len = message->io->left;
	struct net_packet *packet;
	struct destination to;
	int error = find_destination(s, message, &to);

	if (error)
		return error;
	if (len > 65536 + PACKET_LINK_HEADER)
		return -EMSGSIZE;
	packet = net_packet_new(net_enter(), NET_HEAD_ROOM, len, 0);
	net_leave();
	if (!packet)
		return -ENOBUFS;
	if (io_vector_get(message->io, net_packet_append(packet, len), len) != len) {
		net_enter();
		net_packet_free(packet);
		error = -EFAULT;
	} else {
		error = transmit(net_enter(), s, &to, packet);
	}
	net_leave();
	return error ? error : (long)len;
}
