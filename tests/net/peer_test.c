/* SPDX-License-Identifier: BSD-3-Clause */
/* Our stack and Linux's at the two ends of a tap device; the relay between them makes the wire as bad as the seed says. Another seed may be given as argument. */
#include "kernel/net/tcp/internal.h"
#include "tests/net/linux_end.h"
#include "tests/net/our_end.h"
#include "tests/unit/test.h"

#define PATIENCE (20 * NET_SECOND)

static struct end ends[2];
static unsigned nr_ends;
static uint16_t next_port = 2000; /* each test has its own: Linux keeps ports for a minute */

static void close_ends(void)
{
	for (unsigned i = 0; i < nr_ends; i++)
		end_close(&ends[i]);
	nr_ends = 0;
}

static void open_end_of(unsigned flags, unsigned mtu)
{
	static unsigned nr_devices;
	const char *error = device_namespace();
	char name[16];

	close_ends(); /* of a test that failed */
	snprintf(name, sizeof(name), "dory%u", nr_devices++);
	if (!error)
		error = end_open(&ends[0], name, flags | END_TAP, OUR_ADDRESS, LINUX_ADDRESS, mtu, test_random);
	if (error)
		printf("# %s\n", error);
	CHECK(!error);
	nr_ends = 1;
}

static void spoil(unsigned lost, unsigned doubled, unsigned damaged, uint64_t delay_ns, uint64_t jitter_ns)
{
	struct relay *relay = &ends[0].relay;

	relay->lost = lost;
	relay->doubled = doubled;
	relay->damaged = damaged;
	relay->delay_ns = delay_ns;
	relay->jitter_ns = jitter_ns;
}

static void report(const char *name, const struct linux_stream *theirs, const struct stream *ours)
{
	const uint64_t *count = ends[0].stack.count;

	if (theirs->error)
		printf("# Linux: %s: error %d\n", theirs->error, theirs->error_number);
	printf("# %s: sent %llu, received %llu, error %d; %llu in, %llu out, retransmits %llu, timeouts %llu, out of order %llu\n", name, (unsigned long long)ours->sent,
	       (unsigned long long)ours->received, ours->error, (unsigned long long)count[NET_COUNT_TCP_IN], (unsigned long long)count[NET_COUNT_TCP_OUT],
	       (unsigned long long)count[NET_COUNT_TCP_RETRANSMIT], (unsigned long long)count[NET_COUNT_TCP_TIMEOUT], (unsigned long long)count[NET_COUNT_TCP_OUT_OF_ORDER]);
}

/* Runs one stream of ours against one of Linux until both have ended; false: one did not. */
static bool run_streams(struct linux_stream *theirs, struct stream *ours)
{
	struct tcp_connection *listener = theirs->flags & LINUX_CONNECTS ? end_listen(&ends[0], theirs->port) : NULL;
	uint64_t until = device_now_ns() + PATIENCE;
	bool done = false;

	linux_stream_start(theirs);
	if (!listener)
		stream_connect(&ends[0], ours, LINUX_ADDRESS, theirs->port);
	while (!done && device_now_ns() < until) {
		ends_turn(ends, nr_ends, device_now_ns() + 20 * NET_MILLISECOND);
		if (listener && !ours->tcp && !ours->has_ended)
			(void)stream_accept(&ends[0], ours, listener);
		stream_turn(&ends[0], ours);
		done = ours->has_ended && !ours->tcp && theirs->has_ended;
	}
	if (ours->tcp)
		end_tcp_close(&ends[0], ours->tcp);
	if (listener)
		end_tcp_close(&ends[0], listener);
	if (!done) /* its thread ends by its own patience, or ours; meanwhile the stack answers */
		tcp_fini(&ends[0].stack);
	linux_stream_join(theirs);
	return done;
}

static void check_streams(const char *name, struct linux_stream *theirs, struct stream *ours)
{
	bool done;

	theirs->port = next_port++;
	theirs->expected = ours->to_send;
	ours->expected = theirs->to_send;
	done = run_streams(theirs, ours);
	if (!done || theirs->error || ours->is_wrong)
		report(name, theirs, ours);
	CHECK(done);
	CHECK(!theirs->error);
	CHECK(!ours->is_wrong);
}

/* All bytes of both directions arrive; whoever opens. */
static void transfer(const char *name, unsigned flags, uint64_t there, uint64_t back)
{
	struct linux_stream theirs = {.flags = flags, .to_send = back};
	struct stream ours = {.to_send = there, .flags = flags & LINUX_IP6 ? STREAM_IP6 : 0};

	check_streams(name, &theirs, &ours);
	CHECK_EQ(ours.error, 0);
	CHECK_EQ(ours.received, back);
	CHECK_EQ(theirs.received, there);
}

/* After a while nothing is left but what waits out its time. */
static void check_nothing_is_left(void)
{
	uint64_t until = device_now_ns() + 5 * NET_SECOND;

	while (end_nr_connections(&ends[0]) && device_now_ns() < until)
		ends_turn(ends, nr_ends, device_now_ns() + 50 * NET_MILLISECOND);
	CHECK_EQ(end_nr_connections(&ends[0]), 0);
}

static void run_echo(struct linux_echo *echo)
{
	uint64_t until = device_now_ns() + 2 * PATIENCE;

	linux_echo_start(echo);
	while (!echo->has_ended && device_now_ns() < until)
		ends_turn(ends, nr_ends, device_now_ns() + 20 * NET_MILLISECOND);
	linux_echo_join(echo);
	if (echo->error)
		printf("# %s of %u bytes: %s\n", echo->is_icmp ? "ICMP" : "UDP", echo->failed_size, echo->error);
	CHECK(!echo->error);
}

TEST(bulk)
{
	open_end_of(0, 1500);
	transfer("to Linux", 0, 8000000, 0);
	transfer("from Linux", 0, 0, 8000000);
	transfer("both ways", LINUX_CONNECTS, 4000000, 4000000);
	check_nothing_is_left();
	CHECK_EQ(ends[0].stack.count[NET_COUNT_TCP_TIMEOUT], 0);
	close_ends();
}

TEST(bulk_with_offloads)
{
	open_end_of(END_OFFLOADS, 1500);
	transfer("to Linux", LINUX_CONNECTS, 30000000, 0);
	transfer("from Linux", 0, 0, 30000000);
	transfer("both ways", 0, 8000000, 8000000);
	CHECK(ends[0].stack.count[NET_COUNT_TCP_OUT] < 30000000 / 1448); /* or nothing was cut by the device */
	check_nothing_is_left();
	close_ends();
}

TEST(ip6)
{
	struct linux_echo ping = {.is_ip6 = true, .is_icmp = true, .from = 0, .to = 65000, .step = 611}, udp = {.is_ip6 = true, .port = 7, .from = 0, .to = 65000, .step = 997};

	open_end_of(0, 1500);
	end_echo_udp(&ends[0], 7);
	transfer("to Linux", LINUX_IP6, 4000000, 0);
	transfer("from Linux", LINUX_IP6 | LINUX_CONNECTS, 0, 4000000);
	run_echo(&ping);
	run_echo(&udp);
	spoil(20, 20, 0, NET_MILLISECOND, NET_MILLISECOND);
	transfer("both ways", LINUX_IP6, 500000, 500000);
	check_nothing_is_left();
	close_ends();
	open_end_of(END_OFFLOADS, 1500);
	transfer("large segments", LINUX_IP6, 10000000, 10000000);
	close_ends();
}

TEST(losses)
{
	open_end_of(0, 1500);
	spoil(20, 0, 0, NET_MILLISECOND, 0);
	transfer("to Linux", 0, 2000000, 0);
	transfer("from Linux", LINUX_CONNECTS, 0, 2000000);
	spoil(80, 20, 0, NET_MILLISECOND, 0);
	transfer("both ways", 0, 200000, 200000);
	check_nothing_is_left();
	close_ends();
}

TEST(losses_with_offloads)
{
	open_end_of(END_OFFLOADS, 1500);
	spoil(20, 10, 0, NET_MILLISECOND, NET_MILLISECOND);
	transfer("both ways", 0, 3000000, 3000000);
	check_nothing_is_left();
	close_ends();
}

TEST(reordering_and_duplicates)
{
	open_end_of(0, 1500);
	spoil(0, 50, 0, NET_MILLISECOND, 4 * NET_MILLISECOND);
	transfer("to Linux", LINUX_CONNECTS, 2000000, 0);
	transfer("from Linux", 0, 0, 2000000);
	check_nothing_is_left();
	close_ends();
}

TEST(damaged_frames)
{
	open_end_of(0, 1500);
	spoil(0, 0, 20, NET_MILLISECOND, 0);
	transfer("both ways", 0, 500000, 500000);
	CHECK(ends[0].stack.count[NET_COUNT_TCP_BAD_CHECKSUM] + ends[0].stack.count[NET_COUNT_IP_BAD_CHECKSUM] > 0);
	close_ends();
}

TEST(congestion_marks)
{
	open_end_of(0, 1500);
	ends[0].relay.marked = 20;
	ends[0].relay.delay_ns = NET_MILLISECOND;
	transfer("both ways", 0, 1500000, 1500000);
	CHECK(ends[0].stack.count[NET_COUNT_TCP_ECN_REDUCED] > 0);
	CHECK_EQ(ends[0].stack.count[NET_COUNT_TCP_RETRANSMIT], 0);
	close_ends();
}

TEST(half_close)
{
	static struct linux_stream theirs = {.flags = LINUX_CLOSES_FIRST};
	struct stream ours = {.to_send = 1000000};

	open_end_of(0, 1500);
	check_streams("Linux closes first", &theirs, &ours);
	CHECK_EQ(theirs.received, 1000000);
	transfer("we close first", LINUX_CONNECTS, 0, 1000000);
	check_nothing_is_left();
	close_ends();
}

TEST(resets)
{
	static struct linux_stream theirs = {.flags = LINUX_RESETS}, dropped = {.flags = LINUX_CONNECTS, .to_send = 20000000};
	struct stream ours = {.to_send = 20000000}, drops = {.flags = STREAM_RESETS, .to_send = 1000};

	open_end_of(0, 1500);
	check_streams("Linux resets", &theirs, &ours);
	CHECK(ours.error == ECONNRESET || ours.error == EPIPE);
	dropped.port = next_port++;
	dropped.expected = 1000;
	drops.expected = 20000000;
	CHECK(run_streams(&dropped, &drops));
	CHECK(dropped.error);
	CHECK(dropped.error_number == ECONNRESET || dropped.error_number == EPIPE);
	check_nothing_is_left();
	close_ends();
}

TEST(slow_reader)
{
	static struct linux_stream theirs = {.flags = LINUX_READS_SLOWLY};
	struct stream ours = {.to_send = 300000};

	open_end_of(0, 1500);
	check_streams("slow reader", &theirs, &ours);
	CHECK_EQ(theirs.received, 300000);
	check_nothing_is_left();
	close_ends();
}

/* The peer reads nothing for a time: the window closes, probes go, and all goes on when it opens. */
TEST(closed_window)
{
	static struct linux_stream theirs = {.flags = LINUX_WAITS | LINUX_READS_SLOWLY, .expected = 200000};
	struct stream ours = {.to_send = 200000};
	uint64_t until;

	open_end_of(0, 1500);
	theirs.port = next_port++;
	linux_stream_start(&theirs);
	stream_connect(&ends[0], &ours, LINUX_ADDRESS, theirs.port);
	for (until = device_now_ns() + 2 * NET_SECOND; device_now_ns() < until;) {
		ends_turn(ends, nr_ends, device_now_ns() + 20 * NET_MILLISECOND);
		stream_turn(&ends[0], &ours);
	}
	CHECK(ends[0].stack.count[NET_COUNT_TCP_PROBE] >= 2);
	theirs.may_end = true;
	for (until = device_now_ns() + PATIENCE; (ours.tcp || !theirs.has_ended) && device_now_ns() < until;) {
		ends_turn(ends, nr_ends, device_now_ns() + 20 * NET_MILLISECOND);
		stream_turn(&ends[0], &ours);
	}
	linux_stream_join(&theirs);
	if (theirs.error || ours.tcp)
		report("closed window", &theirs, &ours);
	CHECK(!theirs.error);
	CHECK_EQ(ours.error, 0);
	close_ends();
}

TEST(keep_alive)
{
	static struct linux_stream theirs = {.flags = LINUX_WAITS};
	struct stream ours = {.flags = STREAM_IS_IDLE};
	uint64_t until;

	open_end_of(0, 1500);
	theirs.port = next_port++;
	linux_stream_start(&theirs);
	stream_connect(&ends[0], &ours, LINUX_ADDRESS, theirs.port);
	CHECK_EQ(tcp_set(ours.tcp, TCP_SET_KEEP_IDLE_NS, NET_SECOND), 0);
	CHECK_EQ(tcp_set(ours.tcp, TCP_SET_KEEP_INTERVAL_NS, NET_SECOND), 0);
	CHECK_EQ(tcp_set(ours.tcp, TCP_SET_KEEP_COUNT, 1), 0);
	CHECK_EQ(tcp_set(ours.tcp, TCP_SET_KEEP_ALIVE, 1), 0);
	for (until = device_now_ns() + 3500 * NET_MILLISECOND; device_now_ns() < until;)
		ends_turn(ends, nr_ends, device_now_ns() + 20 * NET_MILLISECOND);
	CHECK_EQ(tcp_state(ours.tcp), TCP_ESTABLISHED);
	CHECK(ends[0].stack.count[NET_COUNT_TCP_KEEP_ALIVE] >= 2);
	ends[0].relay.lost = 1000; /* Linux vanishes */
	for (until = device_now_ns() + 4 * NET_SECOND; tcp_state(ours.tcp) != TCP_CLOSED && device_now_ns() < until;)
		ends_turn(ends, nr_ends, device_now_ns() + 20 * NET_MILLISECOND);
	CHECK_EQ(tcp_error(ours.tcp), ETIMEDOUT);
	ends[0].relay.lost = 0;
	end_tcp_close(&ends[0], ours.tcp);
	theirs.may_end = true;
	while (!theirs.has_ended) /* its FIN is answered by a reset */
		ends_turn(ends, nr_ends, device_now_ns() + 20 * NET_MILLISECOND);
	linux_stream_join(&theirs);
	close_ends();
}

/* Short connections after each other, opened by either side, over a wire that is not good. */
static void many(unsigned flags, unsigned count)
{
	struct linux_stream theirs = {.port = next_port++, .flags = flags, .count = count, .to_send = 700, .expected = 300};
	struct tcp_connection *listener = flags & LINUX_CONNECTS ? end_listen(&ends[0], theirs.port) : NULL;
	uint64_t until = device_now_ns() + PATIENCE;
	struct stream ours = {0};
	unsigned ended = 0;

	linux_stream_start(&theirs);
	while (ended < count && device_now_ns() < until) {
		if (!ours.tcp) {
			ours = (struct stream){.to_send = 300, .expected = 700};
			if (listener)
				(void)stream_accept(&ends[0], &ours, listener);
			else
				stream_connect(&ends[0], &ours, LINUX_ADDRESS, theirs.port);
		}
		stream_turn(&ends[0], &ours);
		ends_turn(ends, nr_ends, device_now_ns() + 20 * NET_MILLISECOND);
		if (ours.has_ended && !ours.tcp) {
			CHECK(!ours.is_wrong);
			CHECK_EQ(ours.error, 0);
			CHECK_EQ(ours.received, 700);
			ended++;
		}
	}
	while (!theirs.has_ended && device_now_ns() < until)
		ends_turn(ends, nr_ends, device_now_ns() + 20 * NET_MILLISECOND);
	if (listener)
		end_tcp_close(&ends[0], listener);
	linux_stream_join(&theirs);
	if (theirs.error)
		printf("# %u of %u with flags %u\n", ended, count, flags);
	if (theirs.error)
		report("many", &theirs, &ours);
	CHECK(!theirs.error);
	CHECK_EQ(ended, count);
	CHECK_EQ(theirs.received, 300ull * count);
}

TEST(many_connections)
{
	open_end_of(0, 1500);
	many(LINUX_CONNECTS, 1000);
	many(0, 1000);
	spoil(10, 10, 0, NET_MILLISECOND / 2, NET_MILLISECOND);
	many(LINUX_CONNECTS, 50);
	many(0, 50);
	check_nothing_is_left();
	close_ends();
}

TEST(echo_of_all_sizes)
{
	struct linux_echo ping = {.is_icmp = true, .from = 0, .to = 3000, .step = 7}, large_ping = {.is_icmp = true, .from = 3001, .to = 65507, .step = 997};
	struct linux_echo udp = {.port = 7, .from = 0, .to = 3000, .step = 11}, large_udp = {.port = 7, .from = 3001, .to = 65507, .step = 1501};

	open_end_of(0, 1500);
	end_echo_udp(&ends[0], 7);
	run_echo(&ping);
	run_echo(&large_ping);
	run_echo(&udp);
	run_echo(&large_udp);
	CHECK(ends[0].stack.count[NET_COUNT_IP_REASSEMBLED] > 0);
	spoil(5, 20, 5, 0, NET_MILLISECOND); /* fragments are lost, doubled, damaged and out of order */
	large_udp.step = large_ping.step = 9001;
	large_udp.has_ended = large_ping.has_ended = false;
	run_echo(&large_ping);
	run_echo(&large_udp);
	close_ends();
}

/* Linux is a router between two of our stacks, and the second link is narrow: its ICMP tells, and all arrives. */
TEST(narrow_path)
{
	struct stream ours = {.to_send = 1000000, .expected = 1000000}, far = {.to_send = 1000000, .expected = 1000000};
	uint64_t until = device_now_ns() + PATIENCE;
	struct tcp_connection *listener;

	open_end_of(0, 1500);
	CHECK(!end_open(&ends[1], "narrow", 0, 0x0a090102, 0x0a090101, 1000, test_random));
	nr_ends = 2;
	ends[1].interface.mtu = 1500; /* this side does not know either */
	listener = end_listen(&ends[1], 80);
	stream_connect(&ends[0], &ours, 0x0a090102, 80);
	while ((ours.tcp || far.tcp || !far.has_ended) && device_now_ns() < until) {
		ends_turn(ends, nr_ends, device_now_ns() + 20 * NET_MILLISECOND);
		if (!far.tcp && !far.has_ended)
			(void)stream_accept(&ends[1], &far, listener);
		stream_turn(&ends[0], &ours);
		stream_turn(&ends[1], &far);
	}
	end_tcp_close(&ends[1], listener);
	CHECK_EQ(ours.received, 1000000);
	CHECK_EQ(far.received, 1000000);
	CHECK(!ours.is_wrong && !far.is_wrong);
	CHECK(ends[0].stack.count[NET_COUNT_ICMP_IN] > 0);
	close_ends();
}

TEST_MAIN()
