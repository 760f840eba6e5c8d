/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two instances joined by a wire, as guest and host: connections from the first packet to the last, streams and messages through small buffers with news
 * of room lost on the way, refusals, a peer that keeps no rule, no memory.
 */
#include "kernel/net/vsock/internal.h"
#include "tests/unit/test.h"

enum { GUEST = 3, PORT = 5000 };

static size_t nr_allocated;
static unsigned fail_one_of;

static void *allocate(size_t size)
{
	if (fail_one_of && test_random() % fail_one_of == 0)
		return NULL;
	nr_allocated++;
	return malloc(size);
}

static void release(void *memory)
{
	nr_allocated -= memory != NULL;
	free(memory);
}

static const struct vsock_environment environment = {.alloc = allocate, .free = release, .random = test_random};
static struct vsock side[2]; /* the guest, and a host */
static struct list wire[2];  /* on the way to it */
static unsigned lose_credit_one_of;

/* Whether the receiver of the packet has room to send, as far as it knows: then it can do without news. */
static bool can_do_without(struct vsock *vsock, const struct vsock_packet *packet)
{
	struct vsock_socket *s = vsock_find_connection(vsock, &packet->header);

	return s && vsock_has_room(s);
}

/* Through bytes, as a device would. Updates may get lost while they do not matter: they are made up for when there is no room left. */
static void transmit(struct vsock *vsock, struct vsock_packet *packet)
{
	unsigned to = vsock == &side[0];
	uint8_t bytes[VSOCK_HEADER];

	vsock_header_write(bytes, &packet->header);
	if (!vsock_header_read(bytes, &packet->header) || packet->header.len != packet->end - packet->start)
		abort();
	if (packet->header.operation == VSOCK_CREDIT_UPDATE && lose_credit_one_of && test_random() % lose_credit_one_of == 0 && can_do_without(&side[to], packet)) {
		vsock_packet_free(vsock, packet);
		return;
	}
	list_push_back(&wire[to], &packet->link);
}

static void setup(void)
{
	nr_allocated = 0;
	fail_one_of = lose_credit_one_of = 0;
	for (unsigned i = 0; i < 2; i++) {
		list_init(&wire[i]);
		vsock_init(&side[i], &environment);
		side[i].cid = i ? VSOCK_CID_HOST : GUEST;
		side[i].has_seqpacket = true;
		side[i].transmit = transmit;
	}
}

static bool step(unsigned i)
{
	struct list *node = list_pop_front(&wire[i]);

	if (node)
		vsock_input(&side[i], container_of(node, struct vsock_packet, link));
	vsock_end(&side[i]);
	return node;
}

static void run(void)
{
	while (step(0) || step(1))
		continue;
}

static struct vsock_socket *listener(enum vsock_type type)
{
	struct vsock_socket *s = vsock_socket_new(&side[1], type);

	if (!s || vsock_bind(s, (struct vsock_address){.cid = VSOCK_ANY, .port = PORT}) || vsock_listen(s, 8))
		abort();
	return s;
}

/* A connection from the guest to the host's listener; its end there in *server. */
static struct vsock_socket *connect_to(struct vsock_socket *from, struct vsock_socket **server)
{
	struct vsock_socket *s = vsock_socket_new(&side[0], from->type);

	if (!s || vsock_connect(s, (struct vsock_address){.cid = VSOCK_CID_HOST, .port = PORT}))
		abort();
	run();
	*server = vsock_accept(from);
	if (s->state != VSOCK_CONNECTED || !*server)
		abort();
	return s;
}

/* Sends up to len bytes that count up from *next; how many. */
static uint32_t send_some(struct vsock_socket *s, uint32_t len, uint8_t *next, uint32_t flags)
{
	struct vsock_packet *packet = vsock_packet_new(s->vsock, len);

	if (!packet)
		return 0;
	for (uint32_t i = 0; i < len; i++)
		packet->data[i] = (uint8_t)(*next + i);
	packet->end = len;
	len = vsock_send(s, packet, flags);
	*next = (uint8_t)(*next + len);
	return len;
}

/* Reads up to len bytes, which must count up. */
static uint32_t receive_some(struct vsock_socket *s, uint32_t len, uint8_t *next)
{
	struct vsock_packet *packet = vsock_first(s);

	if (!packet)
		return 0;
	len = (uint32_t)min_u64(len, packet->end - packet->start);
	for (uint32_t i = 0; i < len; i++)
		if (packet->data[packet->start + i] != (*next)++)
			abort();
	vsock_take(s, len);
	return len;
}

TEST(life_of_a_connection)
{
	struct vsock_socket *listening, *client, *server;
	uint8_t sent = 0, got = 0;

	setup();
	listening = listener(VSOCK_STREAM);
	client = connect_to(listening, &server);
	CHECK_EQ(client->local.cid, GUEST);
	CHECK_EQ(server->remote.port, client->local.port);
	CHECK_EQ(vsock_connect(client, (struct vsock_address){.cid = 2, .port = PORT}), -EISCONN);
	CHECK_EQ(send_some(client, 100, &sent, 0), 100);
	run();
	CHECK(vsock_is_readable(server));
	CHECK_EQ(receive_some(server, 1000, &got), 100);
	CHECK_EQ(vsock_shutdown(client, VSOCK_NO_SEND), 0);
	run();
	CHECK_EQ(server->peer_shutdown, VSOCK_NO_SEND);
	got = sent = 0;
	CHECK_EQ(send_some(server, 50, &sent, 0), 50);
	run();
	CHECK_EQ(receive_some(client, 1000, &got), 50);
	vsock_socket_release(client);
	run();
	CHECK_EQ(server->state, VSOCK_ENDED);
	vsock_socket_release(server);
	vsock_socket_release(listening);
	run();
	CHECK_EQ(nr_allocated, 0);
}

TEST(refused)
{
	struct vsock_socket *s, *other;

	setup();
	s = vsock_socket_new(&side[0], VSOCK_STREAM);
	CHECK_EQ(vsock_connect(s, (struct vsock_address){.cid = VSOCK_CID_HOST, .port = PORT}), 0);
	CHECK_EQ(vsock_connect(s, (struct vsock_address){.cid = VSOCK_CID_HOST, .port = PORT}), -EALREADY);
	run();
	CHECK_EQ(s->state, VSOCK_IDLE);
	CHECK_EQ(s->error, ECONNRESET);
	CHECK_EQ(vsock_listen(s, 1), 0); /* it was bound by connect */
	CHECK_EQ(vsock_connect(s, (struct vsock_address){.cid = VSOCK_CID_HOST, .port = PORT}), -EINVAL);
	other = vsock_socket_new(&side[0], VSOCK_STREAM);
	CHECK_EQ(vsock_listen(other, 1), -EINVAL);
	CHECK_EQ(vsock_bind(other, (struct vsock_address){.cid = VSOCK_ANY, .port = s->local.port}), -EADDRINUSE);
	CHECK_EQ(vsock_bind(other, (struct vsock_address){.cid = 77, .port = 1}), -EADDRNOTAVAIL);
	CHECK_EQ(vsock_bind(other, (struct vsock_address){.cid = GUEST, .port = VSOCK_ANY}), 0);
	side[0].transmit = NULL;
	CHECK_EQ(vsock_connect(other, (struct vsock_address){.cid = VSOCK_CID_HOST, .port = PORT}), -ENODEV);
	vsock_socket_release(s);
	vsock_socket_release(other);
	CHECK_EQ(nr_allocated, 0);
}

TEST(backlog)
{
	struct vsock_socket *listening, *s[12];
	unsigned connected = 0;

	setup();
	listening = listener(VSOCK_STREAM);
	for (unsigned i = 0; i < 12; i++) {
		s[i] = vsock_socket_new(&side[0], VSOCK_STREAM);
		CHECK_EQ(vsock_connect(s[i], (struct vsock_address){.cid = VSOCK_CID_HOST, .port = PORT}), 0);
		run();
		connected += s[i]->state == VSOCK_CONNECTED;
	}
	CHECK_EQ(connected, 9); /* as listen(2): one more than asked for */
	vsock_socket_release(listening);
	run();
	for (unsigned i = 0; i < 12; i++) {
		CHECK(s[i]->state != VSOCK_CONNECTED);
		vsock_socket_release(s[i]);
	}
	run();
	CHECK_EQ(nr_allocated, 0);
}

TEST(loopback)
{
	struct vsock_socket *listening, *client, *server;
	uint8_t sent = 0, got = 0;

	setup();
	side[1].transmit = NULL;
	side[1].cid = VSOCK_ANY; /* no device: only to ourselves */
	listening = listener(VSOCK_STREAM);
	client = vsock_socket_new(&side[1], VSOCK_STREAM);
	CHECK_EQ(vsock_connect(client, (struct vsock_address){.cid = VSOCK_CID_LOCAL, .port = PORT}), 0);
	run();
	CHECK_EQ(client->state, VSOCK_CONNECTED);
	server = vsock_accept(listening);
	CHECK_EQ(server->remote.cid, VSOCK_CID_LOCAL);
	CHECK_EQ(send_some(server, 9, &sent, 0), 9);
	run();
	CHECK_EQ(receive_some(client, 9, &got), 9);
	vsock_socket_release(server);
	run();
	CHECK_EQ(client->state, VSOCK_ENDED);
	vsock_socket_release(client);
	vsock_socket_release(listening);
	CHECK_EQ(nr_allocated, 0);
}

/* Both ways at once, with steps of the wire between; each byte arrives, in order. */
static void exchange(unsigned buffer, unsigned lose)
{
	struct vsock_socket *listening, *end[2];
	uint8_t sent[2] = {0}, got[2] = {0};
	uint32_t nr_sent[2] = {0}, nr_got[2] = {0};
	unsigned idle = 0;

	setup();
	lose_credit_one_of = lose;
	listening = listener(VSOCK_STREAM);
	end[0] = connect_to(listening, &end[1]);
	vsock_set_buffer(end[0], buffer);
	vsock_set_buffer(end[1], buffer);
	run();
	for (unsigned i = 0; i < 2; i++) { /* smaller buffers than were told of: what is under way may still come */
		end[i]->peer_buffer = buffer;
	}
	while ((nr_got[0] < 200000 || nr_got[1] < 200000) && idle < 1000) {
		unsigned i = test_random() % 2;
		uint32_t n = 0;

		if (test_random() % 2 && vsock_room(end[i]))
			n = send_some(end[i], 1 + test_random() % 3000, &sent[i], 0);
		nr_sent[i] += n;
		idle = n ? 0 : idle + 1;
		step(test_random() % 2);
		if (test_random() % 2) {
			n = receive_some(end[!i], 1 + test_random() % 3000, &got[!i]);
			nr_got[!i] += n;
			idle = n ? 0 : idle;
		}
		CHECK(end[i]->queued <= buffer);
	}
	CHECK(nr_got[0] >= 200000 && nr_got[1] >= 200000);
	vsock_socket_release(end[0]);
	vsock_socket_release(end[1]);
	vsock_socket_release(listening);
	run();
	CHECK_EQ(nr_allocated, 0);
}

TEST(streams)
{
	exchange(BUFFER_DEFAULT, 0);
	exchange(1000, 0);
	exchange(1, 0);
	exchange(777, 2);
	exchange(5000, 1);
}

TEST(messages_stay_whole)
{
	struct vsock_socket *listening, *client, *server;
	uint8_t sent = 0, got = 0;

	setup();
	listening = listener(VSOCK_SEQPACKET);
	client = connect_to(listening, &server);
	CHECK_EQ(send_some(client, 100, &sent, 0), 100); /* half of one */
	run();
	CHECK(!vsock_is_readable(server));
	CHECK_EQ(send_some(client, 50, &sent, VSOCK_END_OF_MESSAGE), 50);
	CHECK_EQ(send_some(client, 0, &sent, VSOCK_END_OF_MESSAGE), 0);
	run();
	CHECK_EQ(server->nr_messages, 2);
	CHECK_EQ(receive_some(server, 1000, &got), 100);
	CHECK_EQ(receive_some(server, 1000, &got), 50);
	CHECK_EQ(server->nr_messages, 1);
	CHECK(vsock_first(server));
	CHECK_EQ(receive_some(server, 1000, &got), 0);
	CHECK_EQ(server->nr_messages, 0);
	CHECK(!vsock_first(server));
	vsock_socket_release(client);
	vsock_socket_release(server);
	vsock_socket_release(listening);
	run();
	CHECK_EQ(nr_allocated, 0);
}

/* A sender without room asks once, and is not told of nothing. */
static unsigned nr_events;

static void count_event(struct vsock_socket *s, unsigned events)
{
	(void)s;
	nr_events += (events & VSOCK_EVENT_WRITABLE) != 0;
}

TEST(full_buffer_is_quiet)
{
	struct vsock_socket *listening, *client, *server;
	uint8_t next = 0;

	setup();
	listening = listener(VSOCK_STREAM);
	client = connect_to(listening, &server);
	client->event = count_event;
	while (vsock_room(client))
		send_some(client, 10000, &next, 0);
	for (unsigned i = 0; i < 100; i++) {
		run();
		CHECK_EQ(vsock_room(client), 0);
	}
	CHECK_EQ(nr_events, 0);
	CHECK(list_empty(&wire[0]) && list_empty(&wire[1]));
	next = 0;
	while (server->queued > BUFFER_DEFAULT / 2)
		receive_some(server, 10000, &next);
	run();
	CHECK_EQ(nr_events, 1);
	CHECK(vsock_room(client) >= BUFFER_DEFAULT / 4);
	vsock_socket_release(client);
	vsock_socket_release(server);
	vsock_socket_release(listening);
	run();
	CHECK_EQ(nr_allocated, 0);
}

TEST(peer_that_sends_too_much)
{
	struct vsock_socket *listening, *client, *server;
	uint8_t next = 0;

	setup();
	listening = listener(VSOCK_STREAM);
	client = connect_to(listening, &server);
	client->peer_buffer = BUFFER_DEFAULT + 1000;
	CHECK_EQ(send_some(client, BUFFER_DEFAULT + 1, &next, 0), BUFFER_DEFAULT + 1);
	run();
	CHECK_EQ(server->state, VSOCK_ENDED);
	CHECK_EQ(server->error, ECONNRESET);
	CHECK_EQ(client->state, VSOCK_ENDED);
	vsock_socket_release(client);
	vsock_socket_release(server);
	vsock_socket_release(listening);
	CHECK_EQ(nr_allocated, 0);
}

/* What the peer was told of it may use, whatever the buffer has become since; then the smaller one counts. */
TEST(buffer_becomes_smaller)
{
	struct vsock_socket *listening, *client, *server;
	uint8_t next = 0, got = 0;

	setup();
	listening = listener(VSOCK_STREAM);
	client = connect_to(listening, &server);
	vsock_set_buffer(server, 500);
	CHECK_EQ(send_some(client, 100000, &next, 0), 100000);
	run();
	CHECK_EQ(server->state, VSOCK_CONNECTED);
	CHECK_EQ(server->queued, 100000);
	while (receive_some(server, 3000, &got))
		run();
	CHECK_EQ(client->peer_buffer, 500);
	CHECK_EQ(vsock_room(client), 500);
	vsock_socket_release(client);
	vsock_socket_release(server);
	vsock_socket_release(listening);
	run();
	CHECK_EQ(nr_allocated, 0);
}

/* They count for few bytes, and are the reader's to fetch: no reason to end the connection. */
TEST(many_small_messages)
{
	struct vsock_socket *listening, *client, *server;
	uint8_t next = 0;

	setup();
	listening = listener(VSOCK_SEQPACKET);
	client = connect_to(listening, &server);
	for (unsigned i = 0; i < 10000; i++)
		CHECK_EQ(send_some(client, 1, &next, VSOCK_END_OF_MESSAGE), 1);
	run();
	CHECK_EQ(server->state, VSOCK_CONNECTED);
	CHECK_EQ(server->nr_messages, 10000);
	vsock_socket_release(client);
	vsock_socket_release(server);
	vsock_socket_release(listening);
	run();
	CHECK_EQ(nr_allocated, 0);
}

TEST(peer_that_does_not_agree_to_close)
{
	struct vsock_socket *listening, *client, *server;
	struct list *node;

	setup();
	listening = listener(VSOCK_STREAM);
	client = connect_to(listening, &server);
	side[0].now_ns = 1000;
	vsock_socket_release(client);
	CHECK_EQ(vsock_end(&side[0]), 1000 + VSOCK_CLOSE_NS);
	while ((node = list_pop_front(&wire[1])))
		vsock_packet_free(&side[1], container_of(node, struct vsock_packet, link));
	side[0].now_ns += VSOCK_CLOSE_NS;
	CHECK_EQ(vsock_end(&side[0]), UINT64_MAX);
	run();
	CHECK_EQ(server->state, VSOCK_ENDED);
	vsock_socket_release(server);
	vsock_socket_release(listening);
	CHECK_EQ(nr_allocated, 0);
}

TEST(peer_that_does_not_answer)
{
	struct vsock_socket *s;

	setup();
	s = vsock_socket_new(&side[0], VSOCK_STREAM);
	CHECK_EQ(vsock_connect(s, (struct vsock_address){.cid = VSOCK_CID_HOST, .port = PORT}), 0);
	CHECK_EQ(vsock_end(&side[0]), VSOCK_CONNECT_NS);
	side[0].now_ns = VSOCK_CONNECT_NS;
	CHECK_EQ(vsock_end(&side[0]), UINT64_MAX);
	CHECK_EQ(s->state, VSOCK_IDLE);
	CHECK_EQ(s->error, ETIMEDOUT);
	vsock_socket_release(s);
	run();
	CHECK_EQ(nr_allocated, 0);
}

TEST(device_is_reset)
{
	struct vsock_socket *listening, *client, *server;

	setup();
	listening = listener(VSOCK_STREAM);
	client = connect_to(listening, &server);
	vsock_reset_transport(&side[0], 9);
	CHECK_EQ(client->state, VSOCK_ENDED);
	CHECK_EQ(client->error, ECONNRESET);
	CHECK_EQ(side[0].cid, 9);
	vsock_socket_release(client);
	vsock_socket_release(server);
	vsock_socket_release(listening);
	side[0].cid = GUEST;
	run();
	side[1].now_ns += VSOCK_CLOSE_NS;
	run();
	CHECK_EQ(nr_allocated, 0);
}

/* Anything, mostly aimed at what is there. */
static struct vsock_packet *hostile_packet(const struct vsock_socket *at)
{
	uint32_t len = test_random() % 3 ? 0 : test_random() % 700;
	struct vsock_packet *packet = vsock_packet_new(&side[0], len);
	static const uint32_t numbers[] = {0, 1, 2, GUEST, PORT, 0x7fffffff, 0x80000000, 0xffffffff};

	packet->end = len;
	memset(packet->data, 0, len);
	packet->header = (struct vsock_header){
	    .from = at->remote, .to = at->local, .len = len, .type = test_random() % 9 ? (uint16_t)at->type : (uint16_t)test_random(), .flags = test_random() % 4,
	    .operation = test_random() % 9 ? (uint16_t)(test_random() % 9) : (uint16_t)test_random(), .buffer = numbers[test_random() % 8], .taken = numbers[test_random() % 8],
	};
	if (test_random() % 8 == 0)
		packet->header.from.cid = numbers[test_random() % 8];
	if (test_random() % 8 == 0)
		packet->header.from.port = numbers[test_random() % 8];
	if (test_random() % 16 == 0)
		packet->header.to.port = numbers[test_random() % 8];
	return packet;
}

static void hostile_round(enum vsock_type type)
{
	struct vsock_socket *listening, *s[4];
	struct list *node;
	uint8_t next = 0;

	setup();
	listening = vsock_socket_new(&side[0], type);
	CHECK_EQ(vsock_bind(listening, (struct vsock_address){.cid = VSOCK_ANY, .port = PORT}), 0);
	CHECK_EQ(vsock_listen(listening, 3), 0);
	for (unsigned i = 0; i < 4; i++) {
		s[i] = vsock_socket_new(&side[0], type);
		CHECK_EQ(vsock_connect(s[i], (struct vsock_address){.cid = VSOCK_CID_HOST, .port = PORT}), 0);
	}
	for (unsigned n = 0; n < 300; n++) {
		struct vsock_socket *at = test_random() % 6 ? s[test_random() % 4] : listening;

		vsock_input(&side[0], hostile_packet(at));
		if (at != listening && at->state == VSOCK_CONNECTED) {
			send_some(at, test_random() % 300, &next, 0);
			vsock_room(at);
			if (vsock_first(at))
				vsock_take(at, test_random() % 2 ? vsock_first(at)->end - vsock_first(at)->start : 0);
		}
		vsock_end(&side[0]);
	}
	for (unsigned i = 0; i < 4; i++)
		vsock_socket_release(s[i]);
	vsock_socket_release(listening);
	side[0].now_ns += VSOCK_CLOSE_NS;
	vsock_end(&side[0]);
	while ((node = list_pop_front(&wire[1])))
		vsock_packet_free(&side[1], container_of(node, struct vsock_packet, link));
	CHECK_EQ(nr_allocated, 0);
}

TEST(hostile_peer)
{
	for (unsigned round = 0; round < 400; round++)
		hostile_round(round % 2 ? VSOCK_STREAM : VSOCK_SEQPACKET);
}

/* The smallest packets do not take more memory than they count for, but for a bounded number. */
TEST(many_small_packets)
{
	struct vsock_socket *listening, *client, *server;
	uint8_t next = 0;

	setup();
	listening = listener(VSOCK_STREAM);
	client = connect_to(listening, &server);
	for (unsigned i = 0; i < 20000; i++)
		CHECK_EQ(send_some(client, 1, &next, 0), 1);
	run();
	CHECK_EQ(server->queued, 20000);
	CHECK(server->nr_received < 60);
	next = 0;
	while (receive_some(server, 300, &next))
		continue;
	vsock_socket_release(client);
	vsock_socket_release(server);
	vsock_socket_release(listening);
	run();
	CHECK_EQ(nr_allocated, 0);
}

TEST(no_memory)
{
	for (unsigned round = 0; round < 500; round++) {
		struct vsock_socket *listening, *client, *server;
		struct list *node;
		uint8_t next = 0;

		setup();
		listening = listener(VSOCK_STREAM);
		client = vsock_socket_new(&side[0], VSOCK_STREAM);
		fail_one_of = 3;
		CHECK_EQ(vsock_connect(client, (struct vsock_address){.cid = VSOCK_CID_HOST, .port = PORT}), 0);
		run();
		server = vsock_accept(listening);
		for (unsigned i = 0; i < 20; i++) {
			send_some(client, 100, &next, 0);
			run();
		}
		vsock_socket_release(client);
		if (server)
			vsock_socket_release(server);
		vsock_socket_release(listening);
		run();
		fail_one_of = 0;
		for (unsigned i = 0; i < 2; i++) {
			side[i].now_ns += VSOCK_CLOSE_NS;
			vsock_end(&side[i]);
		}
		for (unsigned i = 0; i < 2; i++)
			while ((node = list_pop_front(&wire[i])))
				vsock_packet_free(&side[i], container_of(node, struct vsock_packet, link));
		CHECK_EQ(nr_allocated, 0);
	}
}

TEST_MAIN()
