/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages to programs: made in the writer, then appended to the last piece, or to a new one. */
#include "kernel/net/netlink/netlink.h"

struct netlink_writer *netlink_writer_new(struct net_stack *stack)
{
	struct netlink_writer *writer = net_alloc(stack, sizeof(*writer));

	if (!writer)
		return NULL;
	memset(writer, 0, offsetof(struct netlink_writer, message));
	writer->stack = stack;
	writer->piece_size = NETLINK_PIECE_MIN;
	list_init(&writer->pieces);
	return writer;
}

void netlink_pieces_free(struct net_stack *stack, struct list *pieces)
{
	struct list *node;

	while ((node = list_pop_front(pieces)))
		net_free(stack, container_of(node, struct netlink_piece, link));
}

void netlink_writer_free(struct netlink_writer *writer)
{
	if (!writer)
		return;
	netlink_pieces_free(writer->stack, &writer->pieces);
	net_free(writer->stack, writer);
}

/* Room for `len` bytes of the message, padded with zeros; NULL: it is full. */
static uint8_t *extend(struct netlink_writer *writer, size_t len)
{
	size_t padded = align_up(len, 4);
	uint8_t *to = writer->message + writer->used;

	if (padded > sizeof(writer->message) - writer->used) {
		writer->error = -EMSGSIZE;
		return NULL;
	}
	memset(to, 0, padded);
	writer->used += padded;
	return to;
}

void *netlink_begin(struct netlink_writer *writer, uint16_t type, size_t len)
{
	struct linux_nlmsghdr header = {.type = type, .flags = writer->flags, .seq = writer->sequence, .pid = writer->port};

	writer->used = 0;
	memcpy(extend(writer, sizeof(header)), &header, sizeof(header));
	return extend(writer, len);
}

void netlink_put_raw(struct netlink_writer *writer, const void *data, size_t len)
{
	uint8_t *to = extend(writer, len);

	if (to && len)
		memcpy(to, data, len);
}

void netlink_put(struct netlink_writer *writer, uint16_t attribute, const void *data, size_t len)
{
	struct linux_nlattr head = {.len = (uint16_t)(sizeof(head) + len), .type = attribute};
	uint8_t *to = extend(writer, sizeof(head) + len);

	if (!to)
		return;
	memcpy(to, &head, sizeof(head));
	if (len)
		memcpy(to + sizeof(head), data, len);
}

void netlink_put_u8(struct netlink_writer *writer, uint16_t attribute, uint8_t value)
{
	netlink_put(writer, attribute, &value, sizeof(value));
}

void netlink_put_u32(struct netlink_writer *writer, uint16_t attribute, uint32_t value)
{
	netlink_put(writer, attribute, &value, sizeof(value));
}

void netlink_put_text(struct netlink_writer *writer, uint16_t attribute, const char *text)
{
	netlink_put(writer, attribute, text, strlen(text) + 1);
}

size_t netlink_nest(struct netlink_writer *writer, uint16_t attribute)
{
	size_t nest = writer->used;

	netlink_put(writer, attribute, NULL, 0);
	return nest;
}

void netlink_unnest(struct netlink_writer *writer, size_t nest)
{
	uint16_t len = (uint16_t)(writer->used - nest);

	if (!writer->error)
		memcpy(writer->message + nest, &len, sizeof(len));
}

static struct netlink_piece *piece_with_room(struct netlink_writer *writer, size_t len)
{
	struct netlink_piece *last = list_empty(&writer->pieces) ? NULL : container_of(writer->pieces.prev, struct netlink_piece, link);
	size_t capacity = max_u64(len, writer->piece_size);

	if (last && last->capacity - last->len >= len)
		return last;
	last = net_alloc(writer->stack, sizeof(*last) + capacity);
	if (!last)
		return NULL;
	*last = (struct netlink_piece){.capacity = (uint32_t)capacity};
	list_push_back(&writer->pieces, &last->link);
	return last;
}

void netlink_end(struct netlink_writer *writer)
{
	uint32_t len = (uint32_t)writer->used;
	struct netlink_piece *piece;

	if (writer->error)
		return;
	memcpy(writer->message, &len, sizeof(len));
	piece = piece_with_room(writer, len);
	if (!piece) {
		writer->error = -ENOMEM;
		return;
	}
	memcpy(piece->data + piece->len, writer->message, len);
	piece->is_dump |= !!(writer->flags & LINUX_NLM_F_MULTI);
	piece->len += len;
}
