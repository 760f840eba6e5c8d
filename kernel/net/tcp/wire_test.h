/* SPDX-License-Identifier: BSD-3-Clause */
/* For tests: two hosts, each a stack with one interface, and a wire between them that loses, doubles, reorders and delays by a seed. */
#pragma once
#include "kernel/net/cubic/cubic.h"
#include "kernel/net/ip4/ip4.h"
#include "kernel/net/ip6/ip6.h"
#include "kernel/net/tcp/internal.h"
#include "tests/unit/test.h"

struct wire;

struct host {
	struct net_stack stack;
	struct net_interface interface, loopback;
	struct host *peer;
	struct wire *wire;
	uint32_t address;
	struct net_address address6;
	uint64_t next_ns;
	unsigned events;
	bool turn_goes_on; /* what comes next belongs to the same turn */
};

struct frame {
	struct frame *next;
	uint64_t at_ns;
	struct host *to;
	size_t len;
	uint8_t bytes[];
};

struct wire {
	struct host host[2];
	struct frame *frames, *last_frame; /* by time */
	uint64_t now_ns, delay_ns, jitter_ns;
	unsigned lost, doubled; /* of 1000 */
	bool is_cut;
	bool is_ip6; /* streams are of IPv6 */
	unsigned nr_frames, nr_lost, mark_ce;
	size_t path_mtu; /* 0: a router in between takes all */
};

static inline uint64_t wire_random(void)
{
	return test_random();
}

static unsigned wire_failing; /* allocations of the stacks, of 1000 */
static size_t wire_allocated; /* pieces of memory that the stacks hold */

static inline void *wire_alloc(size_t size)
{
	if (wire_failing && test_random() % 1000 < wire_failing)
		return NULL;
	wire_allocated++;
	return malloc(size);
}

static inline void wire_free(void *memory)
{
	wire_allocated -= memory != NULL;
	free(memory);
}

static const struct net_environment wire_environment = {.alloc = wire_alloc, .free = wire_free, .random = wire_random};

static void wire_put(struct wire *wire, struct host *to, const struct net_packet *packet)
{
	struct frame *frame = malloc(sizeof(*frame) + packet->len), **link = &wire->frames;

	frame->to = to;
	frame->len = packet->len;
	net_packet_copy(packet, 0, frame->bytes, packet->len);
	frame->at_ns = wire->now_ns + wire->delay_ns + (wire->jitter_ns ? test_random() % wire->jitter_ns : 0);
	if (wire->frames && wire->last_frame->at_ns <= frame->at_ns)
		link = &wire->last_frame->next;
	while (*link && (*link)->at_ns <= frame->at_ns)
		link = &(*link)->next;
	frame->next = *link;
	*link = frame;
	if (!frame->next)
		wire->last_frame = frame;
	wire->nr_frames++;
}

static inline bool wire_is_ip6(const uint8_t *ip)
{
	return ip[0] >> 4 == 6;
}

static inline size_t wire_ip_header(const uint8_t *ip)
{
	return wire_is_ip6(ip) ? 40 : 20;
}

static inline struct net_flow wire_flow(const uint8_t *ip)
{
	struct net_flow flow = {.local = net_address_of_ip4(wire_get32(ip + 12)), .remote = net_address_of_ip4(wire_get32(ip + 16))};

	if (wire_is_ip6(ip)) {
		memcpy(&flow.local, ip + 8, 16);
		memcpy(&flow.remote, ip + 24, 16);
	}
	return flow;
}

/* The length of the whole, and IPv4's checksum. */
static inline void wire_set_len(uint8_t *ip, size_t len)
{
	if (wire_is_ip6(ip)) {
		wire_put16(ip + 4, (uint16_t)(len - 40));
		return;
	}
	wire_put16(ip + 2, (uint16_t)len);
	wire_put16(ip + 10, 0);
	checksum_store(ip + 10, checksum_fold(checksum_add(0, ip, 20)));
}

/* What a device with TSO does: cuts a packet to segments, each with its own headers. */
static void wire_cut(struct wire *wire, struct host *to, struct net_packet *packet)
{
	size_t ip = wire_ip_header(packet->data), headers = ip + (packet->data[ip + 12] >> 4) * 4u, total = packet->len;

	for (size_t at = headers; at < total; at += packet->segment_size) {
		size_t len = min_u64(packet->segment_size, total - at);
		struct net_packet *part = net_packet_new(packet->stack, 0, headers + len, 0);
		struct net_flow flow = wire_flow(packet->data);
		uint8_t *h, *tcp;

		if (!part)
			continue;
		h = net_packet_append(part, headers + len);
		tcp = h + ip;
		net_packet_copy(packet, 0, h, headers);
		net_packet_copy(packet, at, h + headers, len);
		wire_set_len(h, headers + len);
		wire_put32(tcp + 4, wire_get32(tcp + 4) + (uint32_t)(at - headers));
		if (at + len < total)
			tcp[13] &= (uint8_t)~(TCP_FIN | TCP_PSH);
		wire_put16(tcp + 16, 0);
		checksum_store(tcp + 16, checksum_fold(checksum_add(net_pseudo_sum(&flow, 6, headers - ip + len), tcp, headers - ip + len)));
		if (test_random() % 1000 >= wire->lost)
			wire_put(wire, to, part);
		else
			wire->nr_lost++;
		net_packet_free(part);
	}
}

/* The same of IPv6: packet too big (RFC 4443 §3.2). */
static void wire_refuse6(struct wire *wire, struct host *from, const struct net_packet *packet)
{
	enum { ABOUT = 40 + 20, LEN = 40 + 8 + ABOUT };
	struct net_packet *answer = net_packet_new(packet->stack, 0, LEN, 0);
	struct net_flow flow = {.local = {.byte = {0x20, 1, 0xd, 0xb8, [15] = 0xfe}}, .remote = from->address6};
	uint8_t *h = net_packet_append(answer, LEN);

	memset(h, 0, LEN);
	h[0] = 0x60;
	h[6] = NET_PROTOCOL_ICMP6;
	h[7] = 64;
	wire_set_len(h, LEN);
	memcpy(h + 8, &flow.local, 16);
	memcpy(h + 24, &flow.remote, 16);
	h[40] = 2;
	wire_put32(h + 44, (uint32_t)wire->path_mtu);
	net_packet_copy(packet, 0, h + 48, ABOUT);
	checksum_store(h + 42, checksum_fold(checksum_add(net_pseudo_sum(&flow, NET_PROTOCOL_ICMP6, LEN - 40), h + 40, LEN - 40)));
	wire_put(wire, from, answer);
	net_packet_free(answer);
}

/* The router's answer to what does not fit: fragmentation needed (RFC 1191 §4). It is taken by the sender at once, in its next turn. */
static void wire_refuse(struct wire *wire, struct host *from, const struct net_packet *packet)
{
	struct net_packet *answer = net_packet_new(packet->stack, 0, 56, 0);
	uint8_t *h = net_packet_append(answer, 56);

	memset(h, 0, 56);
	h[0] = 0x45;
	wire_put16(h + 2, 56);
	h[8] = 64;
	h[9] = NET_PROTOCOL_ICMP;
	wire_put32(h + 12, 0x0a0000feu);
	wire_put32(h + 16, from->address);
	checksum_store(h + 10, checksum_fold(checksum_add(0, h, 20)));
	h[20] = 3;
	h[21] = 4;
	wire_put16(h + 26, (uint16_t)wire->path_mtu);
	net_packet_copy(packet, 0, h + 28, 28);
	checksum_store(h + 22, checksum_fold(checksum_add(0, h + 20, 36)));
	wire_put(wire, from, answer);
	net_packet_free(answer);
}

static int wire_transmit(struct net_interface *interface, struct net_packet *packet)
{
	struct host *host = interface->driver;
	struct wire *wire = host->wire;

	if (packet->segment_size) {
		wire_cut(wire, host->peer, packet);
	} else if (wire->path_mtu && packet->len > wire->path_mtu) {
		(wire_is_ip6(packet->data) ? wire_refuse6 : wire_refuse)(wire, host, packet);
	} else if (wire->is_cut || test_random() % 1000 < wire->lost) {
		wire->nr_lost++;
	} else {
		wire_put(wire, host->peer, packet);
		if (test_random() % 1000 < wire->doubled)
			wire_put(wire, host->peer, packet);
	}
	net_packet_free(packet);
	return 0;
}

static void wire_init(struct wire *wire, uint32_t mtu, uint32_t offloads)
{
	memset(wire, 0, sizeof(*wire));
	wire->now_ns = NET_SECOND;
	wire->delay_ns = 5 * NET_MILLISECOND;
	for (int i = 0; i < 2; i++) {
		struct host *h = &wire->host[i];

		net_stack_init(&h->stack, &wire_environment);
		if (ip4_init(&h->stack) || ip6_init(&h->stack) || tcp_init(&h->stack))
			abort();
		h->peer = &wire->host[!i];
		h->wire = wire;
		h->address = 0x0a000001u + (uint32_t)i;
		h->address6 = (struct net_address){.byte = {0x20, 1, 0xd, 0xb8, [15] = (uint8_t)(i + 1)}};
		h->next_ns = NET_NEVER;
		h->interface = (struct net_interface){.name = "eth0", .mtu = mtu, .flags = NET_IS_UP, .offloads = offloads, .link_ops = &net_raw_link,
						      .transmit = wire_transmit, .driver = h};
		net_loopback_init(&h->stack, &h->loopback);
		net_interface_add(&h->stack, &h->interface);
		net_begin(&h->stack, wire->now_ns);
		if (ip4_address_add(&h->stack, &h->interface, h->address, 24) ||
		    ip6_address_add(&h->stack, &h->interface, &h->address6, 64, IP6_NO_PROBE))
			abort();
	}
}

static void host_begin(struct host *h)
{
	net_begin(&h->stack, h->wire->now_ns);
}

static void host_end(struct host *h)
{
	if (!h->turn_goes_on)
		h->next_ns = net_end(&h->stack);
}

/* Congestion experienced, of a packet that says that it may be marked (RFC 3168 §5). */
static inline void wire_mark(uint8_t *ip)
{
	if (wire_is_ip6(ip) && ip[1] & 0x30) {
		ip[1] |= 0x30;
	} else if (!wire_is_ip6(ip) && ip[1] & 3) {
		ip[1] |= 3;
		wire_set_len(ip, wire_get16(ip + 2));
	}
}

static void host_receive(struct host *h, const uint8_t *bytes, size_t len, bool is_ce)
{
	struct net_packet *packet = net_packet_new(&h->stack, 0, len + 64, 0);

	if (!packet)
		return; /* as a device does without memory */
	memcpy(net_packet_append(packet, len), bytes, len);
	if (is_ce)
		wire_mark(packet->data);
	host_begin(h);
	net_interface_input(&h->interface, packet);
	host_end(h);
}

/* Goes on to what happens next, if it is before `until`; false: nothing does. */
static bool wire_step(struct wire *wire, uint64_t until_ns)
{
	struct frame *frame = wire->frames;
	uint64_t at = frame ? frame->at_ns : NET_NEVER;

	for (int i = 0; i < 2; i++)
		at = min_u64(at, wire->host[i].next_ns);
	if (at > until_ns) {
		wire->now_ns = max_u64(wire->now_ns, until_ns);
		return false;
	}
	wire->now_ns = max_u64(wire->now_ns, at);
	if (frame && frame->at_ns <= wire->now_ns) {
		wire->frames = frame->next;
		host_receive(frame->to, frame->bytes, frame->len, wire->mark_ce && test_random() % 1000 < wire->mark_ce);
		free(frame);
	}
	for (int i = 0; i < 2; i++) {
		host_begin(&wire->host[i]);
		net_tick(&wire->host[i].stack);
		host_end(&wire->host[i]);
	}
	return true;
}

static inline void wire_run(struct wire *wire, uint64_t ns)
{
	uint64_t until = wire->now_ns + ns;

	while (wire_step(wire, until))
		continue;
}

static void wire_fini(struct wire *wire)
{
	while (wire->frames) {
		struct frame *frame = wire->frames;

		wire->frames = frame->next;
		free(frame);
	}
	for (int i = 0; i < 2; i++) {
		tcp_fini(&wire->host[i].stack);
		net_end(&wire->host[i].stack);
		ip6_fini(&wire->host[i].stack);
		ip4_fini(&wire->host[i].stack);
		while (wire->frames) {
			struct frame *frame = wire->frames;

			wire->frames = frame->next;
			free(frame);
		}
	}
}

static void host_event(void *owner, unsigned events)
{
	((struct host *)owner)->events |= events;
}

struct taken {
	uint8_t *to;
	size_t room;
};

static long take_bytes(void *context, const uint8_t *bytes, size_t len)
{
	struct taken *t = context;

	len = min_u64(len, t->room);
	memcpy(t->to, bytes, len);
	t->to += len;
	t->room -= len;
	return (long)len;
}

static inline long host_read(struct tcp_connection *tcp, void *to, size_t len)
{
	struct taken t = {to, len};

	return tcp_receive(tcp, take_bytes, &t, len, 0);
}

/* A listener on host 1 and a connection from host 0 to it. */
static inline struct tcp_connection *host_listen(struct host *h, uint16_t port, unsigned backlog)
{
	struct net_address any = {0}; /* of both versions */
	struct tcp_connection *l = tcp_new(&h->stack, host_event, h);

	if (tcp_bind(l, &any, port) || tcp_listen(l, backlog))
		abort();
	return l;
}
