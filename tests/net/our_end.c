/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/net/our_end.h"
#include <stdlib.h>
#include "kernel/net/cubic/cubic.h"
#include "kernel/net/tcp/internal.h"
#include "tests/net/linux_end.h"

enum { PAGE = 4096, HEAD_MAX = 128, FRAME_MAX = 65536 + 100 };

static uint64_t (*draw)(void);

static uint64_t environment_random(void)
{
	return draw();
}

static const struct net_environment environment = {.alloc = malloc, .free = free, .random = environment_random};

/* ---- Frames ---- */

/* Of a frame of Ethernet: its type says so. */
static bool is_ip6_frame(struct net_packet *packet)
{
	return wire_get16(net_packet_head(packet, 14) + 12) == NET_ETHERTYPE_IP6;
}

static int transmit(struct net_interface *interface, struct net_packet *packet)
{
	static uint8_t bytes[FRAME_MAX];
	struct end *end = interface->driver;
	struct device_header header = {0};

	if (packet->flags & NET_PACKET_NEEDS_CHECKSUM) {
		header.flags = DEVICE_NEEDS_CHECKSUM;
		header.checksum_start = (uint16_t)(packet->checksum_from - packet->data);
		header.checksum_offset = (uint16_t)(packet->checksum_at - packet->checksum_from);
	}
	if (packet->segment_size) {
		header.gso_type = (is_ip6_frame(packet) ? DEVICE_GSO_TCP6 : DEVICE_GSO_TCP4) | (packet->checksum_from[13] & TCP_CWR ? DEVICE_GSO_ECN : 0);
		header.gso_size = packet->segment_size;
		header.header_len = (uint16_t)(header.checksum_start + (packet->checksum_from[12] >> 4) * 4);
	}
	net_packet_copy(packet, 0, bytes, packet->len);
	relay_put(&end->relay, end->stack.now_ns, 1, &header, bytes, packet->len);
	net_packet_free(packet);
	return 0;
}

/* The head in linear memory, what follows in pages, as a device with merged buffers gives it. */
static struct net_packet *make_packet(struct net_stack *stack, const uint8_t *bytes, size_t len)
{
	size_t head = min_u64(len, HEAD_MAX), pages = (len - head + PAGE - 1) / PAGE;
	struct net_packet *packet = net_packet_new(stack, 0, HEAD_MAX, (unsigned)pages);

	memcpy(net_packet_append(packet, head), bytes, head);
	for (size_t at = head; at < len; at += PAGE) {
		size_t part = min_u64(PAGE, len - at);
		struct net_block *block = net_block_new(stack, PAGE);

		memcpy(block->bytes, bytes + at, part);
		if (!net_packet_add(packet, block, block->bytes, part))
			abort();
		net_block_put(block);
	}
	return packet;
}

static void receive(struct end *end, const struct relay_frame *frame)
{
	struct net_packet *packet = make_packet(&end->stack, frame->bytes, frame->len);

	if (frame->header.flags & (DEVICE_NEEDS_CHECKSUM | DEVICE_CHECKED))
		packet->flags |= NET_PACKET_CHECKED;
	net_interface_input(&end->interface, packet);
}

static void read_device(struct end *end, uint64_t now_ns)
{
	static uint8_t bytes[FRAME_MAX];
	struct device_header header;
	size_t len;

	while ((len = device_read(end->fd, end->flags & END_OFFLOADS, &header, bytes, sizeof(bytes))) != 0)
		relay_put(&end->relay, now_ns, 0, &header, bytes, len);
}

static void end_turn(struct end *end)
{
	struct relay_frame *frame;

	net_begin(&end->stack, device_now_ns());
	read_device(end, end->stack.now_ns);
	while ((frame = relay_take(&end->relay, end->stack.now_ns)) != NULL) {
		if (frame->to == 0)
			receive(end, frame);
		else
			device_write(end->fd, end->flags & END_OFFLOADS, &frame->header, frame->bytes, frame->len);
		free(frame);
	}
	net_tick(&end->stack);
	end->next_ns = net_end(&end->stack);
}

void ends_turn(struct end *ends, unsigned nr, uint64_t until_ns)
{
	uint64_t next_ns = until_ns, now_ns = device_now_ns();
	int fds[4];

	for (unsigned i = 0; i < nr; i++) {
		next_ns = min_u64(next_ns, min_u64(ends[i].next_ns, relay_next_ns(&ends[i].relay)));
		fds[i] = ends[i].fd;
	}
	if (next_ns > now_ns)
		device_wait(fds, nr, next_ns - now_ns);
	for (unsigned i = 0; i < nr; i++)
		end_turn(&ends[i]);
}

static struct net_address end_address6(uint32_t address)
{
	struct net_address six = {.byte = {0xfd, 9}};

	wire_put32(six.byte + 12, address);
	return six;
}

const char *end_open(struct end *end, const char *name, unsigned flags, uint32_t address, uint32_t linux_address, unsigned mtu, uint64_t (*random)(void))
{
	struct net_stack *stack = &end->stack;
	struct net_address local6;
	struct ip4_route out = {.gateway = linux_address, .interface = &end->interface};

	*end = (struct end){.address = address, .linux_address = linux_address, .flags = flags, .relay = {.random = random}};
	draw = random;
	end->relay.ip_offset = flags & END_TAP ? 14 : 0;
	end->fd = device_open(name, (flags & END_TAP ? DEVICE_TAP : 0) | (flags & END_OFFLOADS ? DEVICE_OFFLOADS : 0), linux_address, mtu);
	if (end->fd < 0)
		return "a tap device cannot be made";
	net_stack_init(stack, &environment);
	if (ip4_init(stack) || ip6_init(stack) || udp_init(stack) || tcp_init(stack) || cubic_init(stack))
		return "no memory";
	end->interface = (struct net_interface){.name = "eth0", .mtu = mtu, .flags = NET_IS_UP, .transmit = transmit, .driver = end, .link_ops = &net_raw_link,
						.hardware = {0x02, 0, 0, 0, 0, (uint8_t)address}};
	if (flags & END_OFFLOADS)
		end->interface.offloads = NET_OFFLOAD_CHECKSUM | NET_OFFLOAD_TSO4 | NET_OFFLOAD_TSO6 | NET_OFFLOAD_TSO_ECN;
	if (flags & END_TAP && ethernet_attach(stack, &end->interface))
		return "no memory";
	net_begin(stack, device_now_ns());
	net_loopback_init(stack, &end->loopback);
	net_interface_add(stack, &end->interface);
	local6 = end_address6(address);
	if (flags & END_TAP && ip6_address_add(stack, &end->interface, &local6, 120, IP6_NO_PROBE))
		return "no address of IPv6";
	return ip4_address_add(stack, &end->interface, address, 24) || ip4_route_add(stack, &out) ? "no address" : NULL;
}

void end_close(struct end *end)
{
	if (end->echo)
		udp_close(end->echo);
	tcp_fini(&end->stack);
	udp_fini(&end->stack);
	net_interface_remove(&end->interface);
	net_end(&end->stack);
	ip6_fini(&end->stack);
	ip4_fini(&end->stack);
	relay_clear(&end->relay);
	device_close(end->fd);
}

/* ---- TCP ---- */

struct tcp_connection *end_listen(struct end *end, uint16_t port)
{
	struct net_address any = {0}; /* of both versions */
	struct tcp_connection *listener = tcp_new(&end->stack, NULL, NULL);

	if (tcp_set(listener, TCP_SET_REUSE_ADDRESS, 1) || tcp_bind(listener, &any, port) || tcp_listen(listener, 1000))
		abort();
	return listener;
}

void stream_connect(struct end *end, struct stream *stream, uint32_t address, uint16_t port)
{
	struct net_address to = stream->flags & STREAM_IP6 ? end_address6(address) : net_address_of_ip4(address);

	stream->tcp = tcp_new(&end->stack, NULL, NULL);
	if (tcp_set(stream->tcp, TCP_SET_ECN, 1))
		abort();
	net_begin(&end->stack, device_now_ns());
	stream->error = -tcp_connect(stream->tcp, &to, port);
	net_end(&end->stack);
}

bool stream_accept(struct end *end, struct stream *stream, struct tcp_connection *listener)
{
	stream->tcp = tcp_accept(listener);
	return stream->tcp != NULL;
}

static void send_some(struct stream *s)
{
	static uint8_t bytes[30000];

	while (s->sent < s->to_send) {
		size_t len = min_u64(s->to_send - s->sent, 1 + draw() % sizeof(bytes));
		long n;

		for (size_t i = 0; i < len; i++)
			bytes[i] = linux_pattern(s->sent + i);
		n = tcp_send(s->tcp, bytes, len, 0);
		if (n < 0 && n != -EAGAIN && n != -ENOTCONN)
			s->error = (int)-n;
		if (n <= 0)
			return;
		s->sent += (uint64_t)n;
	}
}

static long check_bytes(void *context, const uint8_t *bytes, size_t len)
{
	struct stream *s = context;

	for (size_t i = 0; i < len; i++)
		s->is_wrong |= bytes[i] != linux_pattern(s->received + i);
	s->received += len;
	return (long)len;
}

static void receive_some(struct stream *s)
{
	long n;

	while ((n = tcp_receive(s->tcp, check_bytes, s, 1 + draw() % 50000, 0)) > 0)
		continue;
	if (n < 0 && n != -EAGAIN && n != -ENOTCONN)
		s->error = (int)-n;
	s->has_ended |= n == 0 || s->error;
}

static void finish(struct stream *s)
{
	if (s->flags & STREAM_RESETS && s->received >= s->expected / 2) {
		tcp_abort(s->tcp);
		s->has_ended = true;
	} else if (!s->has_ended || (s->sent < s->to_send && !s->error)) {
		return;
	}
	tcp_close(s->tcp);
	s->tcp = NULL;
}

void stream_turn(struct end *end, struct stream *s)
{
	if (!s->tcp || s->flags & STREAM_IS_IDLE)
		return;
	net_begin(&end->stack, device_now_ns());
	if (tcp_state(s->tcp) != TCP_SYN_SENT) {
		if (!s->to_send && !s->is_shut) {
			s->is_shut = true;
			(void)tcp_shutdown(s->tcp, false, true);
		}
		send_some(s);
		if (s->sent == s->to_send && !s->is_shut) {
			s->is_shut = true;
			(void)tcp_shutdown(s->tcp, false, true);
		}
		receive_some(s);
		finish(s);
	}
	end->next_ns = net_end(&end->stack);
}

void end_tcp_close(struct end *end, struct tcp_connection *tcp)
{
	net_begin(&end->stack, device_now_ns());
	tcp_close(tcp);
	net_end(&end->stack);
}

size_t end_nr_connections(const struct end *end)
{
	const struct tcp_stack *ts = end->stack.module[NET_MODULE_TCP];

	return ts->nr_connections;
}

/* ---- UDP ---- */

static void echo(void *owner, unsigned events)
{
	struct end *end = owner;
	struct udp_message message;
	struct net_packet *packet;

	while ((packet = udp_receive(end->echo, &message)) != NULL) {
		struct net_packet *answer = udp_packet_new(&end->stack, packet->len);

		net_packet_copy(packet, 0, answer->data, packet->len);
		net_packet_free(packet);
		(void)udp_send(end->echo, &message, answer);
	}
}

void end_echo_udp(struct end *end, uint16_t port)
{
	struct net_address any = {0};

	end->echo = udp_new(&end->stack, echo, end);
	if (udp_bind(end->echo, &any, port))
		abort();
}
