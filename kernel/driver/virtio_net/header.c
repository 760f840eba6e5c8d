/* SPDX-License-Identifier: BSD-3-Clause */
/* The header of frames, both ways. Its numbers are little-endian (§5.1.6.1), as are the CPUs of this kernel. */
#include "kernel/driver/virtio_net/header.h"

enum { FLAG_NEEDS_CHECKSUM = 1, FLAG_DATA_VALID = 2 };
enum { SEGMENTS_NONE = 0, SEGMENTS_TCP4 = 1, SEGMENTS_TCP6 = 4, SEGMENTS_ECN = 0x80 };
enum { ETHERTYPE_AT = 12, TCP_LEN_AT = 12, TCP_FLAGS_AT = 13, TCP_FLAG_CWR = 0x80 };

/* A frame whose TCP header begins at checksum_from and lies in the linear bytes, as all headers do. */
static void put_segmentation(const struct net_packet *packet, struct virtio_net_header *header)
{
	const uint8_t *tcp = packet->checksum_from;

	header->segmentation = wire_get16(packet->data + ETHERTYPE_AT) == NET_ETHERTYPE_IP6 ? SEGMENTS_TCP6 : SEGMENTS_TCP4;
	if (tcp[TCP_FLAGS_AT] & TCP_FLAG_CWR && packet->interface->offloads & NET_OFFLOAD_TSO_ECN)
		header->segmentation |= SEGMENTS_ECN;
	header->headers_len = (uint16_t)(tcp - packet->data + (tcp[TCP_LEN_AT] >> 4) * 4);
	header->segment_size = packet->segment_size;
}

struct virtio_net_header virtio_net_header_of(const struct net_packet *packet)
{
	struct virtio_net_header header = {0};

	if (!(packet->flags & NET_PACKET_NEEDS_CHECKSUM))
		return header;
	header.flags = FLAG_NEEDS_CHECKSUM;
	header.checksum_start = (uint16_t)(packet->checksum_from - packet->data);
	header.checksum_offset = (uint16_t)(packet->checksum_at - packet->checksum_from);
	if (packet->segment_size)
		put_segmentation(packet, &header);
	return header;
}

bool virtio_net_header_take(const struct virtio_net_header *header, struct net_packet *packet, bool device_checks)
{
	uint8_t segmentation = header->segmentation & (uint8_t)~SEGMENTS_ECN;

	if (segmentation != SEGMENTS_NONE && segmentation != SEGMENTS_TCP4 && segmentation != SEGMENTS_TCP6)
		return false;
	if (!device_checks)
		return header->segmentation == SEGMENTS_NONE && !(header->flags & FLAG_NEEDS_CHECKSUM);
	if (header->flags & FLAG_NEEDS_CHECKSUM && (uint32_t)header->checksum_start + header->checksum_offset + 2 > packet->len)
		return false;
	if (header->flags & (FLAG_NEEDS_CHECKSUM | FLAG_DATA_VALID))
		packet->flags |= NET_PACKET_CHECKED;
	return true;
}
