/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * After the end: late segments of a connection that is over are answered for two segment lifetimes (RFC 9293 §3.6, RFC 1337), by a record that is much smaller
 * than the connection. All wait equally long, so that the oldest is first to go and one timer serves all.
 */
#include "kernel/net/tcp/internal.h"

#define BUCKETS 1024u

struct tcp_time_wait {
	struct list hash_link, age_link;
	struct net_flow flow;
	uint64_t until_ns;
	uint32_t receive_next, send_next, ts_recent, ts_offset;
	uint16_t local_port, remote_port, window;
	bool has_timestamps, may_reuse_address, may_reuse_port;
};

static struct list *bucket(struct tcp_stack *ts, const struct net_flow *flow, uint16_t local_port, uint16_t remote_port)
{
	return &ts->time_wait_table[tcp_table_hash(ts->stack, flow, local_port, remote_port) % BUCKETS];
}

static struct tcp_time_wait *find(struct tcp_stack *ts, const struct net_flow *flow, uint16_t local_port, uint16_t remote_port)
{
	struct tcp_time_wait *w;
	struct list *head;

	if (!ts->nr_time_waits)
		return NULL;
	head = bucket(ts, flow, local_port, remote_port);
	list_for_each(w, head, hash_link)
		if (w->remote_port == remote_port && w->local_port == local_port && net_address_equal(&w->flow.remote, &flow->remote) &&
		    net_address_equal(&w->flow.local, &flow->local))
			return w;
	return NULL;
}

bool tcp_time_wait_has(struct tcp_stack *ts, const struct net_flow *flow, uint16_t local_port, uint16_t remote_port)
{
	return find(ts, flow, local_port, remote_port) != NULL;
}

/* socket(7): with SO_REUSEADDR or SO_REUSEPORT of both, a port that only waits may be bound. */
bool tcp_time_wait_has_port(const struct tcp_connection *tcp, const struct net_address *address, uint16_t port)
{
	const struct tcp_time_wait *w;

	list_for_each(w, &tcp->tcp_stack->time_waits, age_link) {
		if (w->local_port != port || !(net_address_is_any(address) || net_address_equal(address, &w->flow.local)))
			continue;
		if (!(tcp->setting[TCP_SET_REUSE_ADDRESS] && w->may_reuse_address) && !(tcp->setting[TCP_SET_REUSE_PORT] && w->may_reuse_port))
			return true;
	}
	return false;
}

static void end(struct tcp_stack *ts, struct tcp_time_wait *w)
{
	list_remove(&w->hash_link);
	list_remove(&w->age_link);
	ts->nr_time_waits--;
	net_free(ts->stack, w);
}

static struct tcp_time_wait *oldest(struct tcp_stack *ts)
{
	return list_empty(&ts->time_waits) ? NULL : container_of(ts->time_waits.next, struct tcp_time_wait, age_link);
}

static void expire(struct net_timer *timer)
{
	struct tcp_stack *ts = container_of(timer, struct tcp_stack, time_wait_timer);
	struct tcp_time_wait *w;

	while ((w = oldest(ts)) && w->until_ns <= ts->stack->now_ns)
		end(ts, w);
	if (w)
		net_timer_set(ts->stack, timer, w->until_ns);
}

void tcp_time_wait_init(struct tcp_stack *ts)
{
	list_init(&ts->time_waits);
	ts->time_wait_timer.fire = expire;
}

void tcp_time_wait_fini(struct tcp_stack *ts)
{
	while (oldest(ts))
		end(ts, oldest(ts));
	net_timer_cancel(ts->stack, &ts->time_wait_timer);
	net_free(ts->stack, ts->time_wait_table);
	ts->time_wait_table = NULL;
}

static bool make_table(struct tcp_stack *ts)
{
	if (ts->time_wait_table)
		return true;
	ts->time_wait_table = net_alloc(ts->stack, BUCKETS * sizeof(*ts->time_wait_table));
	for (unsigned i = 0; ts->time_wait_table && i < BUCKETS; i++)
		list_init(&ts->time_wait_table[i]);
	return ts->time_wait_table;
}

static void start_waiting(struct tcp_stack *ts, struct tcp_time_wait *w)
{
	w->until_ns = ts->stack->now_ns + TCP_TIME_WAIT_TIME;
	list_remove(&w->age_link);
	list_push_back(&ts->time_waits, &w->age_link);
	if (!ts->time_wait_timer.is_set)
		net_timer_set(ts->stack, &ts->time_wait_timer, w->until_ns);
}

void tcp_time_wait_add(struct tcp_connection *tcp)
{
	struct tcp_stack *ts = tcp->tcp_stack;
	struct tcp_time_wait *w = make_table(ts) ? net_alloc_zero(ts->stack, sizeof(*w)) : NULL;

	if (!w)
		return;
	w->flow = tcp->flow;
	w->local_port = tcp->local_port;
	w->remote_port = tcp->remote_port;
	w->receive_next = tcp->receive.next;
	w->send_next = tcp->send.next;
	w->window = (uint16_t)((tcp->receive.edge - tcp->receive.next) >> tcp->receive.scale);
	w->has_timestamps = tcp->ts.is_on;
	w->ts_recent = tcp->ts.recent;
	w->ts_offset = tcp->ts.offset;
	w->may_reuse_address = tcp->setting[TCP_SET_REUSE_ADDRESS];
	w->may_reuse_port = tcp->setting[TCP_SET_REUSE_PORT];
	list_init(&w->age_link);
	list_push_back(bucket(ts, &w->flow, w->local_port, w->remote_port), &w->hash_link);
	start_waiting(ts, w);
	if (++ts->nr_time_waits > ts->stack->tuning->tcp_time_waits) {
		net_count(ts->stack, NET_COUNT_TCP_TIME_WAIT_RECYCLED);
		end(ts, oldest(ts));
	}
}

static void answer(struct tcp_stack *ts, struct tcp_time_wait *w)
{
	struct tcp_option_values values = {.has_timestamp = w->has_timestamps, .ts_value = tcp_clock(ts->stack) + w->ts_offset, .ts_echo = w->ts_recent};
	struct tcp_out out = {.seq = w->send_next, .ack = w->receive_next, .window = w->window, .flags = TCP_ACK};
	uint8_t options[TCP_OPTIONS_MAX];

	if (!tcp_may_challenge(ts))
		return;
	out.options = options;
	out.options_len = tcp_options_put(options, &values);
	(void)tcp_segment_send(ts->stack, &w->flow, w->local_port, w->remote_port, &out, NULL, 0);
}

/* May a SYN begin anew? (RFC 9293 §3.6.1, RFC 6191) */
static bool is_new_connection(const struct tcp_time_wait *w, const struct tcp_segment *s)
{
	if ((s->flags & (TCP_SYN | TCP_ACK | TCP_RST)) != TCP_SYN)
		return false;
	if (w->has_timestamps && s->has_timestamp && s->ts_value != w->ts_recent)
		return seq_before(w->ts_recent, s->ts_value);
	return seq_before(w->receive_next, s->seq);
}

bool tcp_time_wait_input(struct tcp_stack *ts, const struct net_flow *flow, const struct tcp_segment *s)
{
	struct tcp_time_wait *w = find(ts, flow, s->destination_port, s->source_port);

	if (!w)
		return false;
	if (is_new_connection(w, s)) {
		net_count(ts->stack, NET_COUNT_TCP_TIME_WAIT_REUSED);
		end(ts, w);
		return false;
	}
	if (s->flags & TCP_RST) /* RFC 1337: not ended by it */
		return true;
	if (s->flags & TCP_FIN && s->seq + s->len + 1 == w->receive_next)
		start_waiting(ts, w);
	if (s->seq != w->receive_next || s->len || s->flags & (TCP_SYN | TCP_FIN))
		answer(ts, w);
	return true;
}

void tcp_time_wait_visit(struct tcp_stack *ts, tcp_visit_record_fn *visit, void *context)
{
	const struct tcp_time_wait *w;

	list_for_each(w, &ts->time_waits, age_link) {
		const struct tcp_record record = {w->flow.local, w->flow.remote, w->local_port, w->remote_port, TCP_TIME_WAIT};

		visit(context, &record);
	}
}
