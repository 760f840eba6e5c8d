/* SPDX-License-Identifier: BSD-3-Clause */
/* Segments as they come and go, without any connection. */
#include "kernel/net/tcp/internal.h"

/* False: shorter than it says, or with options that cannot be. */
bool tcp_segment_parse(struct net_packet *packet, struct tcp_segment *segment)
{
	const uint8_t *h = net_packet_head(packet, TCP_HEADER);
	size_t header_len;

	if (!h)
		return false;
	header_len = (size_t)(h[12] >> 4) * 4;
	if (header_len < TCP_HEADER || header_len > packet->len)
		return false;
	h = net_packet_head(packet, header_len);
	if (!h)
		return false;
	*segment = (struct tcp_segment){
		.source_port = wire_get16(h), .destination_port = wire_get16(h + 2), .seq = wire_get32(h + 4), .ack = wire_get32(h + 8),
		.flags = h[13], .window = wire_get16(h + 14), .urgent = wire_get16(h + 18), .header_len = (uint8_t)header_len,
		.len = packet->len - (uint32_t)header_len, .is_ce = (packet->traffic_class & 3) == 3,
	};
	return tcp_options_parse(h + TCP_HEADER, header_len - TCP_HEADER, segment);
}

/* Puts the header in front of the payload (or of nothing, if NULL) and sends; takes the payload. */
int tcp_segment_send(struct net_stack *stack, struct net_flow *flow, uint16_t local_port, uint16_t remote_port, const struct tcp_out *out,
		     struct net_packet *payload, uint16_t segment_size)
{
	const struct net_network *network = net_network_of(stack, &flow->remote);
	struct net_packet *packet = payload ? payload : net_packet_new(stack, NET_HEAD_ROOM, 0, 0);
	uint8_t *h = packet ? net_packet_push(packet, TCP_HEADER + out->options_len) : NULL;
	int error = !h ? -ENOBUFS : net_flow_is_routed(stack, flow) ? 0 : network->route(stack, flow);

	if (error) {
		net_packet_free(packet);
		return error;
	}
	wire_put16(h, local_port);
	wire_put16(h + 2, remote_port);
	wire_put32(h + 4, out->seq);
	wire_put32(h + 8, out->flags & TCP_ACK ? out->ack : 0);
	h[12] = (uint8_t)((TCP_HEADER + out->options_len) / 4 << 4);
	h[13] = out->flags;
	wire_put16(h + 14, out->window);
	wire_put16(h + 18, out->urgent);
	memcpy(h + TCP_HEADER, out->options, out->options_len);
	/* The checksum field holds the pseudo-header's sum, not complemented; the rest is added by the device or by net_packet_finish_checksum. */
	checksum_store(h + 16, (uint16_t)~checksum_fold(net_pseudo_sum(flow, NET_PROTOCOL_TCP, packet->len)));
	packet->checksum_from = h;
	packet->checksum_at = h + 16;
	packet->flags |= NET_PACKET_NEEDS_CHECKSUM;
	packet->segment_size = segment_size;
	net_count(stack, NET_COUNT_TCP_OUT);
	return network->send(stack, flow, packet, NET_PROTOCOL_TCP);
}

/* For a segment that belongs nowhere (RFC 9293 §3.5.2, group 1). */
void tcp_send_reset_for(struct net_stack *stack, const struct net_flow *flow, const struct tcp_segment *segment)
{
	struct net_flow back = {.local = flow->local, .remote = flow->remote, .bound = flow->bound};
	struct tcp_out out = {.flags = TCP_RST};

	if (segment->flags & TCP_RST)
		return;
	if (segment->flags & TCP_ACK) {
		out.seq = segment->ack;
	} else {
		out.flags |= TCP_ACK;
		out.ack = segment->seq + segment->len + !!(segment->flags & TCP_SYN) + !!(segment->flags & TCP_FIN);
	}
	net_count(stack, NET_COUNT_TCP_RESET_OUT);
	(void)tcp_segment_send(stack, &back, segment->destination_port, segment->source_port, &out, NULL, 0);
}
