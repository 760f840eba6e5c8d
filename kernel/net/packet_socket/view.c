/* SPDX-License-Identifier: BSD-3-Clause */
/* What is known of a frame, and its bytes. */
#include "kernel/net/packet_socket/view.h"
#include "kernel/net/core/interface_flags.h"

static uint8_t type_of(const struct net_interface *interface, const uint8_t *to, bool is_outgoing)
{
	static const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	if (is_outgoing)
		return LINUX_PACKET_OUTGOING;
	if (memcmp(to, everybody, sizeof(everybody)) == 0)
		return LINUX_PACKET_BROADCAST;
	if (to[0] & 1)
		return LINUX_PACKET_MULTICAST;
	return memcmp(to, interface->hardware, 6) == 0 ? LINUX_PACKET_HOST : LINUX_PACKET_OTHERHOST;
}

static uint32_t checksum_status(const struct net_packet *packet)
{
	if (packet->flags & NET_PACKET_NEEDS_CHECKSUM)
		return LINUX_TP_STATUS_CSUMNOTREADY;
	return packet->flags & NET_PACKET_CHECKED ? LINUX_TP_STATUS_CSUM_VALID : 0;
}

/* The link header, or what it would be: of loopback, zeros and the type of what follows. */
static bool get_header(const struct net_packet *packet, bool has_header, uint8_t header[PACKET_LINK_HEADER])
{
	uint8_t first;

	if (has_header)
		return net_packet_copy(packet, 0, header, PACKET_LINK_HEADER);
	if (!net_packet_copy(packet, 0, &first, 1))
		return false;
	memset(header, 0, PACKET_LINK_HEADER);
	wire_put16(header + 12, first >> 4 == 6 ? NET_ETHERTYPE_IP6 : NET_ETHERTYPE_IP4);
	return true;
}

bool packet_view_init(struct packet_view *view, const struct net_interface *interface, const struct net_packet *packet, bool is_outgoing, bool is_raw)
{
	bool has_header = interface->link_ops->header_len == PACKET_LINK_HEADER;
	uint16_t hardware_type = (uint16_t)net_interface_linux_type(interface);
	uint8_t header[PACKET_LINK_HEADER];

	if (!get_header(packet, has_header, header))
		return false;
	*view = (struct packet_view){.packet = packet, .skip = has_header && !is_raw ? PACKET_LINK_HEADER : 0, .status = checksum_status(packet)};
	if (is_raw && !has_header && hardware_type == LINUX_ARPHRD_LOOPBACK) {
		view->head_len = PACKET_LINK_HEADER;
		memcpy(view->head, header, sizeof(header));
	}
	view->len = view->head_len + packet->len - view->skip;
	view->network_offset = is_raw && (has_header || view->head_len) ? PACKET_LINK_HEADER : 0;
	view->from = (struct linux_sockaddr_ll){
	    .family = LINUX_AF_PACKET, .index = (int32_t)interface->index, .hatype = hardware_type, .pkttype = type_of(interface, header, is_outgoing),
	    .halen = hardware_type == LINUX_ARPHRD_NONE ? 0 : 6,
	};
	memcpy(&view->from.protocol, header + 12, sizeof(view->from.protocol));
	memcpy(view->from.addr, header + 6, view->from.halen);
	return true;
}

void packet_view_read(const struct packet_view *view, uint32_t offset, void *to, size_t len)
{
	uint8_t *out = to;

	if (offset < view->head_len) {
		size_t part = min_u64(len, view->head_len - offset);

		memcpy(out, view->head + offset, part);
		out += part;
		offset += (uint32_t)part;
		len -= part;
	}
	if (len)
		net_packet_copy(view->packet, view->skip + offset - view->head_len, out, len);
}

static void read_for_program(const struct bpf_packet *packet, uint32_t offset, void *to, size_t len)
{
	packet_view_read(packet->of, offset, to, len);
}

uint32_t packet_view_filter(const struct packet_view *view, const struct bpf_instruction *program, uint32_t random)
{
	const struct bpf_packet packet = {
	    .len = view->len, .network_offset = view->network_offset, .protocol = wire_get16((const uint8_t *)&view->from.protocol), .packet_type = view->from.pkttype,
	    .interface = (uint32_t)view->from.index, .hardware_type = view->from.hatype, .random = random, .read = read_for_program, .of = view,
	};

	return bpf_run(program, &packet);
}
