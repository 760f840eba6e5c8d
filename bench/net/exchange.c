/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two stacks that talk to each other without a device, for counting instructions: all that belongs to a stack runs below functions named stack_..., which is
 * where callgrind is told to count; what a device does (bytes from one memory to the other) is not. Usage: exchange open|request|bulk|bulk-tso|idle COUNT
 *
 * Prints packets, and bytes of memory where they are asked for.
 */
#include <stdio.h>
#include <stdlib.h>
#include "kernel/net/cubic/cubic.h"
#include "kernel/net/ip4/ip4.h"
#include "kernel/net/tcp/tcp.h"

#define NOINLINE __attribute__((noinline))
enum { PAGE = 4096, HEAD = 256, REQUEST = 50, PORT = 80, WRITE = 65536 };

struct host {
	struct net_stack stack;
	struct net_interface interface;
	struct list sent;
	uint64_t nr_packets;
};

static struct host hosts[2]; /* client, server */
static struct tcp_connection *listener;
static uint64_t now_ns = NET_SECOND, allocated;

static uint64_t draw(void)
{
	static uint64_t state = 88172645463325252u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* A length stands in front of each piece, for the sum. */
static void *counted_alloc(size_t size)
{
	size_t *memory = malloc(size + 16);

	if (!memory)
		return NULL;
	*memory = size;
	allocated += size;
	return memory + 2;
}

static void counted_free(void *memory)
{
	if (!memory)
		return;
	allocated -= ((size_t *)memory)[-2];
	free((size_t *)memory - 2);
}

static const struct net_environment environment = {.alloc = counted_alloc, .free = counted_free, .random = draw};

static int transmit(struct net_interface *interface, struct net_packet *packet)
{
	struct host *h = interface->driver;

	list_push_back(&h->sent, &packet->link);
	h->nr_packets++;
	return 0;
}

/* ---- What is counted ---- */

static NOINLINE void stack_input(struct host *h, struct net_packet *packet)
{
	net_begin(&h->stack, now_ns);
	net_interface_input(&h->interface, packet);
	net_end(&h->stack);
}

static NOINLINE void stack_tick(struct host *h)
{
	net_begin(&h->stack, now_ns);
	net_tick(&h->stack);
	net_end(&h->stack);
}

static NOINLINE long stack_send(struct host *h, struct tcp_connection *tcp, const uint8_t *bytes, size_t len)
{
	long n;

	net_begin(&h->stack, now_ns);
	n = tcp_send(tcp, bytes, len, 0);
	net_end(&h->stack);
	return n;
}

static long take(void *context, const uint8_t *bytes, size_t len)
{
	return (long)len;
}

static NOINLINE long stack_receive(struct host *h, struct tcp_connection *tcp, size_t len)
{
	long n;

	net_begin(&h->stack, now_ns);
	n = tcp_receive(tcp, take, NULL, len, 0);
	net_end(&h->stack);
	return n;
}

static NOINLINE struct tcp_connection *stack_connect(struct host *h)
{
	struct net_address to = net_address_of_ip4(0x0a000002);
	struct tcp_connection *tcp;

	net_begin(&h->stack, now_ns);
	tcp = tcp_new(&h->stack, NULL, NULL);
	if (!tcp || tcp_connect(tcp, &to, PORT))
		abort();
	net_end(&h->stack);
	return tcp;
}

static NOINLINE struct tcp_connection *stack_accept(void)
{
	return tcp_accept(listener);
}

static NOINLINE void stack_close(struct host *h, struct tcp_connection *tcp)
{
	net_begin(&h->stack, now_ns);
	tcp_close(tcp);
	net_end(&h->stack);
}

/* ---- The device ---- */

static struct net_packet *received(struct host *to, const struct net_packet *packet)
{
	size_t head = min_u64(packet->len, 128), pages = (packet->len - head + PAGE - 1) / PAGE;
	struct net_packet *copy = net_packet_new(&to->stack, 0, HEAD, (unsigned)pages);

	net_packet_copy(packet, 0, net_packet_append(copy, head), head);
	for (size_t at = head; at < packet->len; at += PAGE) {
		size_t part = min_u64(PAGE, packet->len - at);
		struct net_block *block = net_block_new(&to->stack, PAGE);

		net_packet_copy(packet, at, block->bytes, part);
		if (!net_packet_add(copy, block, block->bytes, part))
			abort();
		net_block_put(block);
	}
	copy->flags = NET_PACKET_CHECKED;
	return copy;
}

static bool carry(void)
{
	bool moved = false;

	for (int i = 0; i < 2; i++) {
		struct list *node;

		while ((node = list_pop_front(&hosts[i].sent)) != NULL) {
			struct net_packet *packet = container_of(node, struct net_packet, link), *copy = received(&hosts[!i], packet);

			net_packet_free(packet);
			now_ns += 1000;
			stack_input(&hosts[!i], copy);
			moved = true;
		}
	}
	return moved;
}

static void settle(void)
{
	while (carry())
		continue;
}

static void pass(uint64_t ns)
{
	now_ns += ns;
	for (int i = 0; i < 2; i++)
		stack_tick(&hosts[i]);
	settle();
}

static void setup(uint32_t offloads)
{
	struct net_address any = net_address_of_ip4(0);

	for (int i = 0; i < 2; i++) {
		struct host *h = &hosts[i];

		net_stack_init(&h->stack, &environment);
		list_init(&h->sent);
		h->interface = (struct net_interface){.name = "eth0", .mtu = 1500, .flags = NET_IS_UP, .offloads = NET_OFFLOAD_CHECKSUM | offloads,
						      .link_ops = &net_raw_link, .transmit = transmit, .driver = h};
		if (ip4_init(&h->stack) || tcp_init(&h->stack) || cubic_init(&h->stack))
			abort();
		net_interface_add(&h->stack, &h->interface);
		net_begin(&h->stack, now_ns);
		if (ip4_address_add(&h->stack, &h->interface, 0x0a000001u + (uint32_t)i, 8))
			abort();
	}
	listener = tcp_new(&hosts[1].stack, NULL, NULL);
	if (tcp_bind(listener, &any, PORT) || tcp_listen(listener, 1000))
		abort();
}

static void open_one(struct tcp_connection **client, struct tcp_connection **server)
{
	*client = stack_connect(&hosts[0]);
	settle();
	*server = stack_accept();
	if (!*server)
		abort();
}

/* The client closes first. */
static void close_both(struct tcp_connection *client, struct tcp_connection *server)
{
	stack_close(&hosts[0], client);
	settle();
	stack_close(&hosts[1], server);
	settle();
}

static void run_open(unsigned long count)
{
	struct tcp_connection *client, *server;
	uint64_t before = 0;

	setup(0);
	while (count--) {
		open_one(&client, &server);
		close_both(client, server);
		pass(3 * NET_MILLISECOND);
		if (!before)
			before = allocated; /* tables are made with the first */
	}
	pass(61 * NET_SECOND);
	if (allocated > before)
		printf("%llu bytes are left\n", (unsigned long long)(allocated - before));
}

static void exchange(struct tcp_connection *client, struct tcp_connection *server)
{
	static const uint8_t bytes[REQUEST];

	if (stack_send(&hosts[0], client, bytes, REQUEST) != REQUEST)
		abort();
	settle();
	if (stack_receive(&hosts[1], server, 4096) != REQUEST || stack_send(&hosts[1], server, bytes, REQUEST) != REQUEST)
		abort();
	settle();
	if (stack_receive(&hosts[0], client, 4096) != REQUEST)
		abort();
	settle();
}

static void run_request(unsigned long count)
{
	struct tcp_connection *client, *server;

	setup(0);
	open_one(&client, &server);
	while (count--) {
		exchange(client, server);
		pass(100000);
	}
}

static void run_bulk(unsigned long mega_bytes, uint32_t offloads)
{
	static const uint8_t bytes[WRITE];
	struct tcp_connection *client, *server;
	uint64_t left = mega_bytes << 20;

	setup(offloads);
	open_one(&client, &server);
	while (left) {
		long n = stack_send(&hosts[0], client, bytes, left < WRITE ? left : WRITE);

		left -= n > 0 ? (uint64_t)n : 0;
		while (carry())
			while (stack_receive(&hosts[1], server, WRITE) > 0)
				continue;
		pass(50000);
	}
}

/* Connections that have exchanged something and rest. */
static void run_idle(unsigned long count)
{
	uint64_t before;

	setup(0);
	before = allocated;
	for (unsigned long i = 0; i < count; i++) {
		struct tcp_connection *client, *server;

		open_one(&client, &server);
		exchange(client, server);
	}
	pass(NET_SECOND);
	printf("%.1f bytes each, both ends\n", (double)(allocated - before) / (double)count);
}

int main(int argc, char **argv)
{
	const char *what = argc == 3 ? argv[1] : "";
	unsigned long count = argc == 3 ? strtoul(argv[2], NULL, 0) : 0;

	if (strcmp(what, "open") == 0)
		run_open(count);
	else if (strcmp(what, "request") == 0)
		run_request(count);
	else if (strcmp(what, "bulk") == 0)
		run_bulk(count, 0);
	else if (strcmp(what, "bulk-tso") == 0)
		run_bulk(count, NET_OFFLOAD_TSO4);
	else if (strcmp(what, "idle") == 0)
		run_idle(count);
	else
		return 2;
	printf("%llu packets there, %llu back\n", (unsigned long long)hosts[0].nr_packets, (unsigned long long)hosts[1].nr_packets);
	return 0;
}
