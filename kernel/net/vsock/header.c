/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The header on the wire (virtio 1.2 §5.10.6), little-endian:
 *
 *	0 source CID | 8 destination CID | 16 source port | 20 destination port | 24 length | 28 type | 30 operation | 32 flags | 36 buf_alloc | 40 fwd_cnt
 */
#include "kernel/net/vsock/internal.h"

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t get32(const uint8_t *p)
{
	return get16(p) | (uint32_t)get16(p + 2) << 16;
}

static void put16(uint8_t *p, uint16_t value)
{
	p[0] = (uint8_t)value;
	p[1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *p, uint32_t value)
{
	put16(p, (uint16_t)value);
	put16(p + 2, (uint16_t)(value >> 16));
}

bool vsock_header_read(const uint8_t *bytes, struct vsock_header *header)
{
	*header = (struct vsock_header){
	    .from = {.cid = get32(bytes), .port = get32(bytes + 16)}, .to = {.cid = get32(bytes + 8), .port = get32(bytes + 20)}, .len = get32(bytes + 24),
	    .type = get16(bytes + 28), .operation = get16(bytes + 30), .flags = get32(bytes + 32), .buffer = get32(bytes + 36), .taken = get32(bytes + 40),
	};
	return !get32(bytes + 4) && !get32(bytes + 12);
}

void vsock_header_write(uint8_t *bytes, const struct vsock_header *header)
{
	memset(bytes, 0, VSOCK_HEADER);
	put32(bytes, header->from.cid);
	put32(bytes + 8, header->to.cid);
	put32(bytes + 16, header->from.port);
	put32(bytes + 20, header->to.port);
	put32(bytes + 24, header->len);
	put16(bytes + 28, header->type);
	put16(bytes + 30, header->operation);
	put32(bytes + 32, header->flags);
	put32(bytes + 36, header->buffer);
	put32(bytes + 40, header->taken);
}
