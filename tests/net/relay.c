/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/net/relay.h"
#include <stdlib.h>
#include <string.h>

static bool happens(struct relay *relay, unsigned of_1000)
{
	return of_1000 && relay->random() % 1000 < of_1000;
}

/* Congestion experienced, as a router marks it (RFC 3168 §5), with the checksum of the header updated (RFC 1624). */
static void mark(struct relay *relay, uint8_t *frame, size_t len)
{
	uint8_t *ip = frame + relay->ip_offset;
	uint32_t sum;

	if (len < relay->ip_offset + 20u || ip[0] != 0x45 || !(ip[1] & 3) || (ip[1] & 3) == 3)
		return;
	sum = (uint16_t)~(ip[10] << 8 | ip[11]) + (uint32_t)(uint16_t)~ip[1] + (ip[1] | 3u);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	ip[1] |= 3;
	ip[10] = (uint8_t)(~sum >> 8);
	ip[11] = (uint8_t)~sum;
}

static void put_once(struct relay *relay, uint64_t now_ns, unsigned to, const struct device_header *header, const uint8_t *bytes, size_t len)
{
	struct relay_frame *frame = malloc(sizeof(*frame) + len), **link = &relay->frames;

	*frame = (struct relay_frame){.to = to, .len = len, .header = *header};
	memcpy(frame->bytes, bytes, len);
	frame->at_ns = now_ns + relay->delay_ns + (relay->jitter_ns ? relay->random() % relay->jitter_ns : 0);
	if (happens(relay, relay->damaged) && len > relay->ip_offset)
		frame->bytes[relay->ip_offset + relay->random() % (len - relay->ip_offset)] ^= (uint8_t)(1u << relay->random() % 8);
	if (happens(relay, relay->marked))
		mark(relay, frame->bytes, len);
	while (*link && (*link)->at_ns <= frame->at_ns)
		link = &(*link)->next;
	frame->next = *link;
	*link = frame;
	relay->nr_frames++;
}

void relay_put(struct relay *relay, uint64_t now_ns, unsigned to, const struct device_header *header, const uint8_t *bytes, size_t len)
{
	if (happens(relay, relay->lost)) {
		relay->nr_lost++;
		return;
	}
	put_once(relay, now_ns, to, header, bytes, len);
	if (happens(relay, relay->doubled))
		put_once(relay, now_ns, to, header, bytes, len);
}

struct relay_frame *relay_take(struct relay *relay, uint64_t now_ns)
{
	struct relay_frame *frame = relay->frames;

	if (!frame || frame->at_ns > now_ns)
		return NULL;
	relay->frames = frame->next;
	return frame;
}

uint64_t relay_next_ns(const struct relay *relay)
{
	return relay->frames ? relay->frames->at_ns : UINT64_MAX;
}

void relay_clear(struct relay *relay)
{
	struct relay_frame *frame;

	while ((frame = relay_take(relay, UINT64_MAX)) != NULL)
		free(frame);
}
