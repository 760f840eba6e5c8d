/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets and blocks. */
#include "kernel/net/core/packet.h"
#include "kernel/net/core/net.h"

struct net_packet *net_packet_new(struct net_stack *stack, size_t head_room, size_t tail_room, unsigned fragments)
{
	size_t head = align_up(sizeof(struct net_packet) + fragments * sizeof(struct net_fragment), 16);
	struct net_packet *packet = net_alloc(stack, head + head_room + tail_room);

	if (!packet)
		return NULL;
	memset(packet, 0, sizeof(*packet));
	list_init(&packet->link);
	packet->stack = stack;
	packet->buffer = (uint8_t *)packet + head;
	packet->data = packet->buffer + head_room;
	packet->capacity = (uint32_t)(head_room + tail_room);
	packet->fragments_max = (uint8_t)fragments;
	return packet;
}

void net_packet_free(struct net_packet *packet)
{
	if (!packet)
		return;
	for (unsigned i = 0; i < packet->nr_fragments; i++)
		net_block_put(packet->fragment[i].block);
	list_remove(&packet->link);
	net_free(packet->stack, packet);
}

uint8_t *net_packet_push(struct net_packet *packet, size_t n)
{
	if (n > (size_t)(packet->data - packet->buffer))
		return NULL;
	packet->data -= n;
	packet->linear += (uint32_t)n;
	packet->len += (uint32_t)n;
	return packet->data;
}

static void drop_empty_fragments(struct net_packet *packet)
{
	unsigned empty = 0;

	while (empty < packet->nr_fragments && packet->fragment[empty].len == 0)
		net_block_put(packet->fragment[empty++].block);
	if (!empty)
		return;
	packet->nr_fragments = (uint8_t)(packet->nr_fragments - empty);
	memmove(packet->fragment, packet->fragment + empty, packet->nr_fragments * sizeof(struct net_fragment));
}

/* Takes n bytes from the front of the fragments; `to` may be NULL. */
static void take_from_fragments(struct net_packet *packet, uint8_t *to, size_t n)
{
	for (unsigned i = 0; n && i < packet->nr_fragments; i++) {
		struct net_fragment *f = &packet->fragment[i];
		uint32_t part = (uint32_t)min_u64(n, f->len);

		if (to) {
			memcpy(to, f->bytes, part);
			to += part;
		}
		f->bytes += part;
		f->len -= part;
		n -= part;
	}
	drop_empty_fragments(packet);
}

uint8_t *net_packet_gather(struct net_packet *packet, size_t n)
{
	size_t missing = n - packet->linear;

	if (n > packet->len || n > (size_t)(packet->buffer + packet->capacity - packet->data))
		return NULL;
	take_from_fragments(packet, packet->data + packet->linear, missing);
	packet->linear = (uint32_t)n;
	return packet->data;
}

void net_packet_pull_fragments(struct net_packet *packet, size_t n)
{
	uint32_t linear = packet->linear;

	n = min_u64(n, packet->len);
	packet->data += linear;
	packet->linear = 0;
	packet->len -= (uint32_t)n;
	take_from_fragments(packet, NULL, n - linear);
}

void net_packet_trim(struct net_packet *packet, size_t n)
{
	size_t kept = min_u64(n, packet->linear);

	if (n >= packet->len)
		return;
	packet->linear = (uint32_t)kept;
	packet->len = (uint32_t)n;
	for (unsigned i = 0; i < packet->nr_fragments; i++) {
		packet->fragment[i].len = (uint32_t)min_u64(packet->fragment[i].len, n - kept);
		kept += packet->fragment[i].len;
	}
	while (packet->nr_fragments && packet->fragment[packet->nr_fragments - 1].len == 0)
		net_block_put(packet->fragment[--packet->nr_fragments].block);
}

uint8_t *net_packet_append(struct net_packet *packet, size_t n)
{
	uint8_t *end = packet->data + packet->linear;

	if (packet->nr_fragments || n > (size_t)(packet->buffer + packet->capacity - end))
		return NULL;
	packet->linear += (uint32_t)n;
	packet->len += (uint32_t)n;
	return end;
}

bool net_packet_add(struct net_packet *packet, struct net_block *block, uint8_t *bytes, size_t len)
{
	struct net_fragment *last = packet->nr_fragments ? &packet->fragment[packet->nr_fragments - 1] : NULL;

	if (last && last->block == block && last->bytes + last->len == bytes) {
		last->len += (uint32_t)len;
	} else {
		if (packet->nr_fragments == packet->fragments_max)
			return false;
		net_block_get(block);
		packet->fragment[packet->nr_fragments++] = (struct net_fragment){.block = block, .bytes = bytes, .len = (uint32_t)len};
	}
	packet->len += (uint32_t)len;
	return true;
}

size_t net_packet_piece(const struct net_packet *packet, size_t offset, uint8_t **bytes)
{
	if (offset < packet->linear) {
		*bytes = packet->data + offset;
		return packet->linear - offset;
	}
	offset -= packet->linear;
	for (unsigned i = 0; i < packet->nr_fragments; i++) {
		const struct net_fragment *f = &packet->fragment[i];

		if (offset < f->len) {
			*bytes = f->bytes + offset;
			return f->len - offset;
		}
		offset -= f->len;
	}
	return 0;
}

bool net_packet_copy(const struct net_packet *packet, size_t offset, void *to, size_t len)
{
	uint8_t *out = to, *bytes;

	if (offset > packet->len || len > packet->len - offset)
		return false;
	while (len) {
		size_t part = min_u64(net_packet_piece(packet, offset, &bytes), len);

		memcpy(out, bytes, part);
		out += part;
		offset += part;
		len -= part;
	}
	return true;
}

checksum_sum net_packet_sum(const struct net_packet *packet, size_t offset, checksum_sum sum)
{
	size_t start = offset, part;
	uint8_t *bytes;

	while ((part = net_packet_piece(packet, offset, &bytes)) != 0) {
		sum = checksum_add_at(sum, bytes, part, offset - start);
		offset += part;
	}
	return sum;
}

struct net_packet *net_packet_copy_part(const struct net_packet *packet, size_t offset, size_t len)
{
	struct net_packet *copy;

	if (offset > packet->len || len > packet->len - offset)
		return NULL;
	copy = net_packet_new(packet->stack, NET_HEAD_ROOM, len, 0);
	if (copy)
		net_packet_copy(packet, offset, net_packet_append(copy, len), len);
	return copy;
}

void net_packet_finish_checksum(struct net_packet *packet)
{
	checksum_sum sum;
	uint16_t folded;

	if (!(packet->flags & NET_PACKET_NEEDS_CHECKSUM))
		return;
	sum = net_packet_sum(packet, (size_t)(packet->checksum_from - packet->data), 0);
	folded = checksum_fold(sum);
	checksum_store(packet->checksum_at, folded ? folded : 0xffff); /* 0 means "none" to UDP (RFC 768); to TCP both are the same number */
	packet->flags &= (uint8_t)~NET_PACKET_NEEDS_CHECKSUM;
}

static void release_own(struct net_block *block)
{
	net_free(block->stack, block);
}

struct net_block *net_block_new(struct net_stack *stack, size_t size)
{
	struct net_block *block = net_alloc(stack, sizeof(*block) + size);

	if (!block)
		return NULL;
	*block = (struct net_block){.references = 1, .size = (uint32_t)size, .bytes = (uint8_t *)(block + 1), .stack = stack, .release = release_own};
	return block;
}

void net_block_get(struct net_block *block)
{
	block->references++;
}

void net_block_put(struct net_block *block)
{
	if (block && --block->references == 0)
		block->release(block);
}
