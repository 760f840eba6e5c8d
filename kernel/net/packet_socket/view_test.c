/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames as packet sockets show them: with their header, without, and with one that is made up; taps see what passes. */
#include "kernel/net/packet_socket/view.h"
#include "tests/unit/test.h"

static const struct net_environment environment = {.alloc = malloc, .free = free, .random = test_random};
static const struct net_link ethernet_like = {.header_len = PACKET_LINK_HEADER};
static const uint8_t frame_bytes[] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9, 8, 6, 'a', 'b', 'c', 'd'};
static struct net_stack stack;
static struct net_interface loopback, ethernet;

static struct net_packet *packet_of(const uint8_t *bytes, size_t len)
{
	struct net_packet *packet = net_packet_new(&stack, NET_HEAD_ROOM, len, 0);

	memcpy(net_packet_append(packet, len), bytes, len);
	return packet;
}

static void setup(void)
{
	net_stack_init(&stack, &environment);
	net_loopback_init(&stack, &loopback);
	ethernet = (struct net_interface){.name = "eth0", .mtu = 1500, .flags = NET_IS_UP, .hardware = {2, 0, 0, 0, 0, 1}, .link_ops = &ethernet_like};
	net_interface_add(&stack, &ethernet);
}

static bool shows(const struct packet_view *view, const void *bytes, uint32_t len)
{
	uint8_t got[64];

	if (view->len != len)
		return false;
	packet_view_read(view, 0, got, len);
	for (uint32_t i = 0; i < len; i++) { /* in any pieces */
		uint8_t one;

		packet_view_read(view, i, &one, 1);
		if (one != got[i])
			return false;
	}
	return memcmp(got, bytes, len) == 0;
}

TEST(ethernet_frames)
{
	struct packet_view view;
	struct net_packet *packet;

	setup();
	packet = packet_of(frame_bytes, sizeof(frame_bytes));
	CHECK(packet_view_init(&view, &ethernet, packet, false, true));
	CHECK(shows(&view, frame_bytes, sizeof(frame_bytes)));
	CHECK_EQ(view.network_offset, 14);
	CHECK_EQ(view.from.pkttype, LINUX_PACKET_HOST);
	CHECK_EQ(view.from.addr[5], 9);
	CHECK_EQ(wire_get16((uint8_t *)&view.from.protocol), 0x806);
	CHECK(packet_view_init(&view, &ethernet, packet, true, false));
	CHECK(shows(&view, "abcd", 4));
	CHECK_EQ(view.network_offset, 0);
	CHECK_EQ(view.from.pkttype, LINUX_PACKET_OUTGOING);
	packet->data[0] = 3;
	CHECK(packet_view_init(&view, &ethernet, packet, false, true));
	CHECK_EQ(view.from.pkttype, LINUX_PACKET_MULTICAST);
	packet->data[0] = 4;
	CHECK(packet_view_init(&view, &ethernet, packet, false, true));
	CHECK_EQ(view.from.pkttype, LINUX_PACKET_OTHERHOST);
	memset(packet->data, 0xff, 6);
	CHECK(packet_view_init(&view, &ethernet, packet, false, true));
	CHECK_EQ(view.from.pkttype, LINUX_PACKET_BROADCAST);
	net_packet_trim(packet, 13);
	CHECK(!packet_view_init(&view, &ethernet, packet, false, true));
	net_packet_free(packet);
}

TEST(loopback_has_a_header_made_up)
{
	static const uint8_t whole[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x86, 0xdd, 0x60, 1, 2};
	const struct bpf_instruction is_ip6[] = {
	    {.code = BPF_LD | BPF_H | BPF_ABS, .k = 12}, {.code = BPF_JMP | BPF_JEQ, .k = 0x86dd, .if_false = 1}, {.code = BPF_RET, .k = 16}, {.code = BPF_RET, .k = 0},
	};
	struct packet_view view;
	struct net_packet *packet;

	setup();
	packet = packet_of(whole + 14, 3);
	CHECK(packet_view_init(&view, &loopback, packet, false, true));
	CHECK(shows(&view, whole, sizeof(whole)));
	CHECK_EQ(view.from.hatype, 772);
	CHECK_EQ(packet_view_filter(&view, is_ip6, 0), 16);
	CHECK(packet_view_init(&view, &loopback, packet, false, false));
	CHECK(shows(&view, whole + 14, 3));
	CHECK_EQ(packet_view_filter(&view, is_ip6, 0), 0);
	net_packet_trim(packet, 0);
	CHECK(!packet_view_init(&view, &loopback, packet, false, true));
	net_packet_free(packet);
}

static unsigned seen[2];

static void see(struct net_tap *tap, struct net_interface *interface, const struct net_packet *packet, bool is_outgoing)
{
	(void)tap;
	if (interface != &loopback || packet->len != 3)
		abort();
	seen[is_outgoing]++;
}

TEST(taps_see_both_ways)
{
	static const uint8_t bytes[] = {0x45, 0, 0};
	struct net_tap tap = {.see = see};

	setup();
	seen[0] = seen[1] = 0;
	list_push_back(&stack.taps, &tap.link);
	CHECK_EQ(net_interface_transmit(&loopback, packet_of(bytes, 3)), 0);
	net_end(&stack);
	CHECK_EQ(seen[0], 1);
	CHECK_EQ(seen[1], 1);
	list_remove(&tap.link);
	CHECK_EQ(net_interface_transmit(&loopback, packet_of(bytes, 3)), 0);
	net_end(&stack);
	CHECK_EQ(seen[0] + seen[1], 2);
}

TEST_MAIN()
