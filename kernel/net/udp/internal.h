/* SPDX-License-Identifier: BSD-3-Clause */
/* Private to udp. The header: 0 source port | 2 destination port | 4 length with header | 6 checksum, 0: none (IPv4 only). */
#pragma once
#include "kernel/net/udp/udp.h"

enum { UDP_HEADER = 8, UDP_PORTS = 128, UDP_RECEIVE_BUFFER = 208 << 10, UDP_OVERHEAD = 512 };

struct udp_socket {
	struct list port_link;
	struct net_stack *stack;
	struct net_flow flow; /* local as bound; remote if connected */
	struct net_address bound_address;
	uint16_t local_port, remote_port; /* remote_port 0: not connected */
	udp_event_fn *event;
	void *owner;
	int error;
	struct udp_error report;
	bool has_report;
	struct list queue; /* packets; mark: see input.c */
	size_t queued;	   /* bytes, each packet with UDP_OVERHEAD */
	struct udp_settings settings;
};

struct udp_stack {
	struct net_stack *stack;
	struct net_transport transport;
	struct list ports[UDP_PORTS];
};

static inline struct udp_stack *udp_of(struct net_stack *stack)
{
	return stack->module[NET_MODULE_UDP];
}

/* What a queued packet carries in front of its payload. */
struct udp_arrival {
	struct net_address local, remote;
};

/* port.c */
int udp_choose_port(struct udp_socket *udp);
/* input.c */
void udp_input(struct net_stack *stack, const struct net_flow *flow, struct net_packet *packet);
bool udp_error_input(struct net_stack *stack, const struct net_flow *flow, const uint8_t *header, size_t len, const struct net_error *error);
