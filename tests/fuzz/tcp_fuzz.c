/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP as a state machine under fire: two stacks with many connections, whose segments are changed on their way so that they stay valid enough to get deep (checksums
 * are set right again), come again later, or are cut; the owners meanwhile do what owners do, time passes, and memory fails. Whatever comes of it, queues and
 * counts agree with each other after each turn, and at the end nothing is left. Usage: tcp_fuzz [SEED [ROUNDS]]
 */
#include "kernel/net/tcp/wire_test.h"

enum { CONNECTIONS = 12, TURNS = 400, OLD_FRAMES = 64, PORTS = 3 };

struct old_frame {
	size_t len;
	unsigned to;
	uint8_t bytes[2000];
};

static struct wire wire;
static struct tcp_connection *listener[2][PORTS], *held[2][CONNECTIONS];
static struct old_frame old[OLD_FRAMES];
static unsigned rounds = 1000;

/* ---- What happens to frames ---- */

static void set_checksums(uint8_t *ip, size_t len)
{
	size_t header_len = (size_t)(ip[0] & 15) * 4;
	struct net_flow flow;

	if (len < header_len + 20 || header_len < 20)
		return;
	wire_put16(ip + 2, (uint16_t)len);
	wire_put16(ip + 10, 0);
	checksum_store(ip + 10, checksum_fold(checksum_add(0, ip, header_len)));
	flow.local = net_address_of_ip4(wire_get32(ip + 12));
	flow.remote = net_address_of_ip4(wire_get32(ip + 16));
	wire_put16(ip + header_len + 16, 0);
	checksum_store(ip + header_len + 16,
		       checksum_fold(checksum_add(net_pseudo_sum(&flow, NET_PROTOCOL_TCP, len - header_len), ip + header_len, len - header_len)));
}

/* A number near what it was, or near an end of what there is. */
static uint32_t nearby(uint32_t value)
{
	static const uint32_t steps[] = {1, 2, 3, 8, 100, 536, 1000, 1460, 2920, 65535, 65536, 100000, 1u << 20, 1u << 30, 1u << 31};
	uint32_t step = steps[test_below(ARRAY_SIZE(steps))];

	return test_below(2) ? value + step : value - step;
}

static void change_options(uint8_t *tcp, size_t len)
{
	size_t options = (size_t)(tcp[12] >> 4) * 4;

	if (options <= 20 || options > len)
		return;
	tcp[20 + test_below(options - 20)] = test_below(2) ? (uint8_t)test_below(16) : (uint8_t)test_random();
}

static size_t change(uint8_t *ip, size_t len)
{
	uint8_t *tcp = ip + 20;

	if (len < 40)
		return len;
	switch (test_below(12)) {
	case 0:
		wire_put32(tcp + 4, nearby(wire_get32(tcp + 4)));
		break;
	case 1:
		wire_put32(tcp + 8, nearby(wire_get32(tcp + 8)));
		break;
	case 2:
		tcp[13] ^= (uint8_t)(1u << test_below(8));
		break;
	case 3:
		tcp[13] = (uint8_t)test_random();
		break;
	case 4:
		wire_put16(tcp + 14, test_below(2) ? 0 : (uint16_t)test_random());
		break;
	case 5:
		wire_put16(tcp + 18, (uint16_t)test_below(3000));
		tcp[13] |= TCP_URG;
		break;
	case 6:
	case 7:
		change_options(tcp, len - 20);
		break;
	case 8:
		tcp[12] = (uint8_t)(test_below(16) << 4);
		break;
	case 9:
		len = 40 + test_below(len - 39);
		break;
	case 10:
		wire_put16(tcp + 2 * test_below(2), (uint16_t)(80 + test_below(PORTS)));
		break;
	default:
		ip[1] |= 3;
	}
	set_checksums(ip, len);
	return len;
}

static void put_frame(unsigned to, const uint8_t *bytes, size_t len)
{
	struct frame *frame = malloc(sizeof(*frame) + len);

	*frame = (struct frame){.to = &wire.host[to], .len = len, .at_ns = wire.now_ns, .next = wire.frames};
	memcpy(frame->bytes, bytes, len);
	if (!wire.frames)
		wire.last_frame = frame;
	wire.frames = frame;
}

static void meddle(void)
{
	struct frame *frame = wire.frames;
	struct old_frame *o = &old[test_below(OLD_FRAMES)];

	for (unsigned skip = test_below(8); frame && skip; skip--)
		frame = frame->next;
	if (frame && frame->len <= sizeof(o->bytes)) {
		o->len = frame->len;
		o->to = frame->to == &wire.host[1];
		memcpy(o->bytes, frame->bytes, frame->len);
		for (unsigned n = test_below(3); n; n--)
			frame->len = change(frame->bytes, frame->len);
	}
	o = &old[test_below(OLD_FRAMES)];
	if (test_below(4) == 0 && o->len) {
		uint8_t bytes[2000];
		size_t len = o->len;

		memcpy(bytes, o->bytes, len);
		for (unsigned n = test_below(3); n; n--)
			len = change(bytes, len);
		put_frame(o->to, bytes, len);
	}
}

/* ---- What owners do ---- */

static void hold(int side, struct tcp_connection *tcp)
{
	struct tcp_connection **place = &held[side][test_below(CONNECTIONS)];

	if (*place)
		tcp_close(*place);
	*place = tcp;
	if (tcp)
		tcp_set_owner(tcp, host_event, &wire.host[side]);
}

static void open_one(int side)
{
	struct net_address to = net_address_of_ip4(wire.host[!side].address);
	struct tcp_connection *tcp = tcp_new(&wire.host[side].stack, NULL, NULL);

	if (!tcp)
		return;
	(void)tcp_set(tcp, TCP_SET_ECN, test_below(3));
	if (test_below(3) == 0)
		(void)tcp_bind(tcp, &(struct net_address){.byte = {[10] = 0xff, [11] = 0xff}}, (uint16_t)(1000 + test_below(6)));
	if (tcp_connect(tcp, &to, (uint16_t)(test_below(6) ? 80 + test_below(PORTS) : 1000 + test_below(6))))
		tcp_close(tcp);
	else
		hold(side, tcp);
}

static void set_something(struct tcp_connection *tcp)
{
	static const struct {
		enum tcp_setting setting;
		uint64_t value;
	} settings[] = {{TCP_SET_NO_DELAY, 1}, {TCP_SET_CORK, 1}, {TCP_SET_CORK, 0}, {TCP_SET_QUICK_ACK, 1}, {TCP_SET_KEEP_ALIVE, 1}, {TCP_SET_KEEP_IDLE_NS, NET_SECOND},
			{TCP_SET_USER_TIMEOUT_NS, NET_SECOND}, {TCP_SET_RECEIVE_BUFFER, 2048}, {TCP_SET_SEND_BUFFER, 4096}, {TCP_SET_URGENT_INLINE, 1},
			{TCP_SET_LINGER_ABORT, 1}, {TCP_SET_MSS_MAX, 88}, {TCP_SET_DEFER_ACCEPT, 1}};
	unsigned i = test_below(ARRAY_SIZE(settings));

	(void)tcp_set(tcp, settings[i].setting, settings[i].value);
}

static void use(int side, struct tcp_connection **place)
{
	static uint8_t bytes[20000];
	struct tcp_connection *tcp = *place;
	struct tcp_report report;
	uint8_t urgent;

	switch (tcp ? test_below(12) : 0) {
	case 0:
		if (test_below(3))
			hold(side, tcp_accept(listener[side][test_below(PORTS)]));
		else
			open_one(side);
		break;
	case 1:
	case 2:
	case 3:
		(void)tcp_send(tcp, bytes, test_below(2) ? 1 + test_below(100) : 1 + test_below(sizeof(bytes)), test_below(8) ? test_below(2) * TCP_MORE : TCP_OUT_OF_BAND);
		break;
	case 4:
	case 5:
	case 6:
		(void)host_read(tcp, bytes, 1 + test_below(sizeof(bytes)));
		break;
	case 7:
		(void)tcp_shutdown(tcp, test_below(4) == 0, test_below(3) == 0);
		break;
	case 8:
		set_something(tcp);
		break;
	case 9:
		(void)tcp_receive_urgent(tcp, &urgent, test_below(2));
		(void)tcp_poll(tcp);
		tcp_report(tcp, &report);
		break;
	case 10:
		if (test_below(3) == 0)
			tcp_abort(tcp);
		break;
	default:
		if (test_below(3) == 0) {
			tcp_close(tcp);
			*place = NULL;
		}
	}
}

/* ---- What must hold ---- */

static void check_connection(const struct tcp_connection *tcp)
{
	const struct net_packet *packet;
	const struct tcp_chunk *chunk;
	uint32_t queued = 0, out_of_order = 0, sent = 0, nr = 0, end;

	list_for_each(chunk, &tcp->send.queue, link)
		sent += chunk->len;
	CHECK_EQ(sent, tcp->send.queued);
	list_for_each(packet, &tcp->receive.queue, link) {
		queued += packet->len;
		nr++;
	}
	CHECK_EQ(queued, tcp->receive.queued);
	end = tcp->receive.next;
	list_for_each(packet, &tcp->receive.out_of_order_queue, link) {
		CHECK(packet->len);
		CHECK(seq_up_to(end, packet->mark[0])); /* in order, without overlaps */
		end = packet->mark[0] + packet->len;
		out_of_order += packet->len;
		nr++;
	}
	CHECK_EQ(out_of_order, tcp->receive.out_of_order);
	CHECK_EQ(nr, tcp->receive.nr_packets);
	if (tcp->state < TCP_ESTABLISHED)
		return;
	CHECK(seq_up_to(tcp->send.una, tcp->send.next));
	CHECK(seq_up_to(tcp->send.next, tcp_fin_seq(tcp) + tcp->send.fin_wanted));
	CHECK(seq_up_to(tcp->receive.next, tcp->receive.edge));
	for (unsigned i = 0; i < tcp->nr_sacked; i++) {
		CHECK(seq_before(tcp->sacked[i].start, tcp->sacked[i].end));
		CHECK(seq_before(i ? tcp->sacked[i - 1].end : tcp->send.una, tcp->sacked[i].start));
		CHECK(seq_up_to(tcp->sacked[i].end, tcp->send.next));
	}
}

static void check_all(void)
{
	for (int side = 0; side < 2; side++) {
		const struct tcp_stack *ts = tcp_of(&wire.host[side].stack);
		const struct tcp_connection *tcp;
		size_t nr = 0;

		for (size_t i = 0; i < ts->nr_buckets; i++) {
			list_for_each(tcp, &ts->connections[i], hash_link) {
				check_connection(tcp);
				nr++;
			}
		}
		CHECK_EQ(nr, ts->nr_connections);
	}
}

static void turn(void)
{
	int side = (int)test_below(2);

	host_begin(&wire.host[side]);
	use(side, &held[side][test_below(CONNECTIONS)]);
	host_end(&wire.host[side]);
	if (test_below(2))
		meddle();
	for (unsigned n = test_below(6); n; n--)
		(void)wire_step(&wire, wire.now_ns + (test_below(20) ? 10 * NET_MILLISECOND : 100 * NET_SECOND));
	check_all();
}

static void one_round(void)
{
	wire_init(&wire, test_below(2) ? 1500 : 576, test_below(2) ? NET_OFFLOAD_TSO4 : 0);
	wire.lost = test_below(50);
	wire.doubled = test_below(50);
	wire.jitter_ns = test_below(3) * 4 * NET_MILLISECOND;
	memset(old, 0, sizeof(old));
	for (int side = 0; side < 2; side++) {
		if (test_below(2))
			CHECK_EQ(cubic_init(&wire.host[side].stack), 0);
		for (unsigned i = 0; i < PORTS; i++)
			listener[side][i] = host_listen(&wire.host[side], (uint16_t)(80 + i), test_below(4));
		wire.host[side].stack.memory_limit = test_below(3) ? 0 : 50000;
	}
	wire_failing = test_below(3) ? 0 : test_below(60);
	for (unsigned i = 0; i < TURNS; i++)
		turn();
	wire_failing = 0;
	for (int side = 0; side < 2; side++) {
		host_begin(&wire.host[side]);
		for (unsigned i = 0; i < CONNECTIONS; i++)
			hold(side, NULL);
		for (unsigned i = 0; i < CONNECTIONS; i++) {
			if (held[side][i])
				tcp_close(held[side][i]);
			held[side][i] = NULL;
		}
		for (unsigned i = 0; i < PORTS; i++)
			tcp_close(listener[side][i]);
		host_end(&wire.host[side]);
	}
	wire_run(&wire, 3000 * NET_SECOND);
	for (int side = 0; side < 2; side++) {
		CHECK_EQ(tcp_of(&wire.host[side].stack)->nr_connections, 0);
		CHECK_EQ(tcp_of(&wire.host[side].stack)->nr_orphans, 0);
		CHECK_EQ(tcp_of(&wire.host[side].stack)->nr_requests, 0);
		CHECK_EQ(wire.host[side].stack.memory, 0);
		CHECK(!wire.host[side].stack.first_timer);
	}
	wire_fini(&wire);
	CHECK_EQ(wire_allocated, 0);
}

TEST(changed_segments_of_live_connections)
{
	for (unsigned i = 0; i < rounds; i++)
		one_round();
}

int main(int argc, char **argv)
{
	if (argc > 2)
		rounds = (unsigned)strtoul(argv[2], NULL, 0);
	return test_main(argc, argv);
}
