/* SPDX-License-Identifier: BSD-3-Clause */
/* A frame as a packet socket shows it: with a link header, which is made up for links that have none, or without any. */
#pragma once
#include "kernel/bpf/bpf.h"
#include "kernel/net/core/net.h"
#include "kernel/uapi/packet.h"

enum { PACKET_LINK_HEADER = 14 };

struct packet_view {
	const struct net_packet *packet;
	uint32_t skip;			    /* bytes of the packet that are not shown */
	uint32_t head_len;		    /* of bytes shown in front that the packet does not have */
	uint8_t head[PACKET_LINK_HEADER];
	uint32_t len, network_offset;	    /* of what is shown */
	struct linux_sockaddr_ll from;
	uint32_t status;		    /* TP_STATUS_* of checksums */
};

/* Borrows the packet. is_raw: with the link header. False: it is too short to have one. */
bool packet_view_init(struct packet_view *view, const struct net_interface *interface, const struct net_packet *packet, bool is_outgoing, bool is_raw);
/* Copies bytes that lie within len. */
void packet_view_read(const struct packet_view *view, uint32_t offset, void *to, size_t len);
/* How many bytes the program wants. */
uint32_t packet_view_filter(const struct packet_view *view, const struct bpf_instruction *program, uint32_t random);
