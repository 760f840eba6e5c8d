/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Listeners: a SYN makes a small request, its acknowledgment a connection (RFC 9293 §3.10.7.2, and of §3.10.7.4 what concerns SYN-RECEIVED). With as many
 * requests as the backlog allows cookies are sent instead; with a full queue of ready ones SYNs are dropped, as Linux does.
 */
#include "kernel/net/tcp/internal.h"

#define REQUESTS_MIN 16u

static struct list *request_bucket(struct tcp_stack *ts, const struct net_flow *flow, uint16_t local_port, uint16_t remote_port)
{
	return &ts->requests[tcp_table_hash(ts->stack, flow, local_port, remote_port) % TCP_REQUESTS];
}

static struct tcp_request *find_request(struct tcp_stack *ts, const struct net_flow *flow, const struct tcp_segment *s)
{
	struct list *bucket = request_bucket(ts, flow, s->destination_port, s->source_port);
	struct tcp_request *r;

	list_for_each(r, bucket, hash_link)
		if (r->local_port == s->destination_port && r->remote_port == s->source_port && net_address_equal(&r->flow.remote, &flow->remote) &&
		    net_address_equal(&r->flow.local, &flow->local))
			return r;
	return NULL;
}

static void request_free(struct tcp_request *request)
{
	net_timer_cancel(request->tcp_stack->stack, &request->timer);
	list_remove(&request->hash_link);
	list_remove(&request->link);
	request->listener->listener->nr_requests--;
	request->tcp_stack->nr_requests--;
	net_free(request->tcp_stack->stack, request);
}

static uint32_t request_timestamp(struct net_stack *stack, const struct tcp_request *r)
{
	uint32_t clock = tcp_clock(stack), value;

	if (!r->is_cookie)
		return clock + r->ts_offset;
	value = (clock & ~63u) | (r->has_scale ? r->scale : 15u) | (uint32_t)r->has_sack << 4 | (uint32_t)r->has_ecn << 5;
	if ((int32_t)(value - clock) > 0)
		value -= 64; /* never of the future: later ones would look old */
	return value + r->ts_offset;
}

/* SYN and ACK. */
void tcp_request_send(struct net_stack *stack, struct tcp_request *r)
{
	const struct net_network *network = net_network_of(stack, &r->flow.remote);
	struct tcp_option_values values = {.sack_permitted = r->has_sack, .has_scale = r->has_scale, .scale = r->receive_scale,
					   .has_timestamp = r->has_timestamps, .ts_value = request_timestamp(stack, r), .ts_echo = r->ts_recent};
	uint64_t mss_max = r->listener->setting[TCP_SET_MSS_MAX];
	uint8_t options[TCP_OPTIONS_MAX];
	struct tcp_out out = {.seq = r->iss, .ack = r->irs + 1, .flags = TCP_SYN | TCP_ACK | (r->has_ecn ? TCP_ECE : 0), .options = options,
			      .window = (uint16_t)min_u64(r->listener->setting[TCP_SET_RECEIVE_BUFFER], 65535)};

	if (network->route(stack, &r->flow))
		return;
	values.mss = (uint16_t)min_u64(r->flow.mtu - network->header_len - TCP_HEADER, 65535);
	if (mss_max)
		values.mss = (uint16_t)min_u64(values.mss, mss_max);
	out.options_len = tcp_options_put(options, &values);
	(void)tcp_segment_send(stack, &r->flow, r->local_port, r->remote_port, &out, NULL, 0);
}

static void request_time_out(struct net_timer *timer)
{
	struct tcp_request *r = container_of(timer, struct tcp_request, timer);
	struct net_stack *stack = r->tcp_stack->stack;

	if (++r->retries > stack->tuning->tcp_syn_ack_retries) {
		request_free(r);
		return;
	}
	r->has_ecn = false; /* RFC 3168 §6.1.1.1 */
	net_timer_set(stack, timer, stack->now_ns + (TCP_RTO_FIRST << r->retries));
	tcp_request_send(stack, r);
}

static void request_fill(struct tcp_connection *listener, const struct net_flow *flow, const struct tcp_segment *s, struct tcp_request *r)
{
	struct net_stack *stack = listener->stack;

	*r = (struct tcp_request){
		.tcp_stack = listener->tcp_stack, .listener = listener,
		.flow = {.local = flow->local, .remote = flow->remote, .bound = flow->bound ? flow->bound : listener->flow.bound},
		.local_port = s->destination_port, .remote_port = s->source_port, .irs = s->seq, .window = s->window,
		.mss = s->has_mss ? s->mss : TCP_MSS_DEFAULT, .scale = s->scale, .receive_scale = tcp_receive_scale(listener), .has_scale = s->has_scale,
		.has_timestamps = s->has_timestamp, .ts_recent = s->ts_value, .has_sack = s->sack_permitted,
		.has_ecn = (s->flags & (TCP_ECE | TCP_CWR)) == (TCP_ECE | TCP_CWR) && listener->setting[TCP_SET_ECN],
	};
	r->flow.ttl = (uint8_t)listener->setting[TCP_SET_TTL];
	r->ts_offset = tcp_timestamp_offset(stack, flow, s->destination_port, s->source_port);
	r->iss = tcp_first_seq(stack, flow, s->destination_port, s->source_port);
	list_init(&r->hash_link);
	list_init(&r->link);
}

static void send_cookie(struct tcp_connection *listener, struct tcp_request *r)
{
	struct net_stack *stack = listener->stack;

	r->is_cookie = true;
	r->iss = tcp_cookie_make(stack, r);
	if (!r->has_timestamps) { /* no place to remember these */
		r->has_scale = r->has_sack = r->has_ecn = false;
	}
	listener->listener->cookies_until_ns = stack->now_ns + 128 * NET_SECOND;
	net_count(stack, NET_COUNT_TCP_COOKIE_SENT);
	tcp_request_send(stack, r);
}

static void take_syn(struct tcp_connection *listener, const struct net_flow *flow, const struct tcp_segment *s)
{
	struct net_stack *stack = listener->stack;
	struct tcp_listener *l = listener->listener;
	struct tcp_request filled, *r;

	if (l->nr_ready > l->backlog) {
		net_count(stack, NET_COUNT_TCP_BACKLOG_FULL);
		return;
	}
	request_fill(listener, flow, s, &filled);
	r = l->nr_requests >= max_u64(l->backlog, REQUESTS_MIN) || listener->tcp_stack->nr_requests >= stack->tuning->tcp_requests ? NULL : net_alloc(stack, sizeof(*r));
	if (!r) {
		send_cookie(listener, &filled);
		return;
	}
	*r = filled;
	list_init(&r->hash_link);
	list_init(&r->link);
	r->timer.fire = request_time_out;
	list_push_back(request_bucket(listener->tcp_stack, flow, r->local_port, r->remote_port), &r->hash_link);
	list_push_back(&l->requests, &r->link);
	l->nr_requests++;
	listener->tcp_stack->nr_requests++;
	net_timer_set(stack, &r->timer, stack->now_ns + TCP_RTO_FIRST);
	tcp_request_send(stack, r);
}

static void fill_connection(struct tcp_connection *tcp, const struct tcp_request *r)
{
	tcp->flow = r->flow;
	tcp->flow.generation = 0;
	tcp->local_port = r->local_port;
	tcp->remote_port = r->remote_port;
	tcp->receive.irs = r->irs;
	tcp->receive.next = tcp->receive.acked = r->irs + 1;
	tcp->receive.edge = tcp->receive.next + (uint32_t)min_u64(tcp->setting[TCP_SET_RECEIVE_BUFFER], 65535);
	tcp->receive.scale = r->has_scale ? r->receive_scale : 0;
	tcp->send.scale = r->has_scale ? r->scale : 0;
	tcp->has_scale = r->has_scale;
	tcp->has_sack = r->has_sack;
	tcp->ecn.is_on = r->has_ecn;
	tcp->send.iss = r->iss;
	tcp->send.una = tcp->send.next = tcp->send.queue_seq = tcp->send.small_end = r->iss + 1;
	tcp->send.wl1 = r->irs;
	tcp->send.wl2 = r->iss + 1;
	tcp->send.window = tcp->send.max_window = r->window;
	tcp->send.peer_mss = r->mss;
	tcp->ts.is_on = r->has_timestamps;
	tcp->ts.offset = r->ts_offset;
	tcp->ts.recent = r->ts_recent;
	tcp->ts.recent_at_ns = tcp->stack->now_ns;
}

static struct tcp_connection *make_connection(struct tcp_connection *listener, const struct tcp_request *r)
{
	struct tcp_connection *tcp = tcp_make(listener->tcp_stack, listener);

	if (!tcp)
		return NULL;
	fill_connection(tcp, r);
	if (net_network_of(tcp->stack, &tcp->flow.remote)->route(tcp->stack, &tcp->flow) || tcp_table_add(tcp)) {
		tcp->state = TCP_CLOSED;
		tcp_free_if_unused(tcp);
		return NULL;
	}
	tcp->backoff = r->retries;
	tcp_established(tcp);
	tcp->is_ready = true;
	list_push_back(&listener->listener->ready, &tcp->queue_link);
	listener->listener->nr_ready++;
	net_count(tcp->stack, NET_COUNT_TCP_PASSIVE_OPEN);
	tcp_tell(listener, TCP_READABLE);
	return tcp;
}

static bool cookies_are_about(const struct tcp_connection *listener)
{
	return listener->listener->cookies_until_ns > listener->stack->now_ns;
}

static void take_cookie(struct tcp_connection *listener, const struct net_flow *flow, struct tcp_segment *s, struct net_packet *packet)
{
	struct tcp_connection *tcp = NULL;
	struct tcp_request r;

	request_fill(listener, flow, s, &r);
	r.has_ecn = r.has_sack = r.has_scale = r.has_timestamps = false;
	if (!cookies_are_about(listener) || !tcp_cookie_check(listener->stack, s, &r)) {
		net_count(listener->stack, NET_COUNT_TCP_COOKIE_BAD);
		tcp_send_reset_for(listener->stack, flow, s);
	} else if (listener->listener->nr_ready <= listener->listener->backlog) {
		net_count(listener->stack, NET_COUNT_TCP_COOKIE_GOOD);
		tcp = make_connection(listener, &r);
	}
	if (tcp)
		tcp_segment_arrives(tcp, s, packet);
	else
		net_packet_free(packet);
}

/* Takes the packet, whose TCP header is pulled. */
void tcp_listen_input(struct tcp_connection *listener, const struct net_flow *flow, struct tcp_segment *segment, struct net_packet *packet)
{
	if (segment->flags & TCP_ACK && !(segment->flags & (TCP_RST | TCP_SYN))) {
		take_cookie(listener, flow, segment, packet);
		return;
	}
	if ((segment->flags & (TCP_RST | TCP_ACK)) == TCP_ACK)
		tcp_send_reset_for(listener->stack, flow, segment);
	else if ((segment->flags & (TCP_SYN | TCP_RST | TCP_FIN)) == TCP_SYN)
		take_syn(listener, flow, segment);
	else
		net_count(listener->stack, NET_COUNT_TCP_SYN_DROPPED);
	net_packet_free(packet);
}

/* The third segment of the handshake has come, or something that looks like it; the connection, or NULL. */
static struct tcp_connection *complete(struct tcp_request *r, const struct tcp_segment *s)
{
	struct tcp_connection *listener = r->listener, *tcp;

	if (listener->listener->nr_ready > listener->listener->backlog) {
		net_count(listener->stack, NET_COUNT_TCP_BACKLOG_FULL);
		return NULL; /* it will be sent again */
	}
	if (listener->setting[TCP_SET_DEFER_ACCEPT] && !s->len && r->retries < listener->setting[TCP_SET_DEFER_ACCEPT])
		return NULL;
	tcp = make_connection(listener, r);
	if (!tcp)
		return NULL;
	if (!r->retries)
		tcp_measure_rtt(tcp, tcp->stack->now_ns - (r->timer.at_ns - TCP_RTO_FIRST));
	request_free(r);
	return tcp;
}

static bool request_window_has(const struct tcp_request *r, const struct tcp_segment *s)
{
	return s->seq - (r->irs + 1) < 65535;
}

/* False: there is no request of these ends. Otherwise takes the packet. */
bool tcp_request_input(struct tcp_stack *ts, const struct net_flow *flow, struct tcp_segment *s, struct net_packet *packet)
{
	struct tcp_request *r = find_request(ts, flow, s);
	struct tcp_connection *tcp = NULL;

	if (!r)
		return false;
	if (s->flags & TCP_RST) {
		if (s->seq == r->irs + 1) /* RFC 5961 §3.2 */
			request_free(r);
	} else if (s->flags & TCP_SYN) { /* again; or of a peer that has begun anew, whose reset of what it does not know ends this request */
		tcp_request_send(ts->stack, r);
	} else if (!(s->flags & TCP_ACK)) {
		net_count(ts->stack, NET_COUNT_TCP_BAD);
	} else if (s->ack != r->iss + 1) {
		tcp_send_reset_for(ts->stack, flow, s);
	} else if (!request_window_has(r, s) || (r->has_timestamps && s->has_timestamp && seq_before(s->ts_value, r->ts_recent))) {
		tcp_request_send(ts->stack, r);
	} else {
		tcp = complete(r, s);
	}
	if (tcp)
		tcp_segment_arrives(tcp, s, packet);
	else
		net_packet_free(packet);
	return true;
}

int tcp_listen(struct tcp_connection *tcp, unsigned backlog)
{
	struct tcp_connection *other;

	if (tcp->state == TCP_LISTEN) {
		tcp->listener->backlog = backlog;
		return 0;
	}
	if (tcp->state != TCP_CLOSED)
		return -EINVAL;
	if (!tcp->local_port) {
		struct net_address any = tcp->flow.local;
		int error = tcp_bind(tcp, &any, 0);

		if (error)
			return error;
	}
	list_for_each(other, &tcp->tcp_stack->listeners[tcp->local_port % TCP_LISTENERS], listener_link)
		if (other->local_port == tcp->local_port && net_address_equal(&other->flow.local, &tcp->flow.local) && other->flow.bound == tcp->flow.bound &&
		    !(other->setting[TCP_SET_REUSE_PORT] && tcp->setting[TCP_SET_REUSE_PORT]))
			return -EADDRINUSE;
	tcp->listener = net_alloc_zero(tcp->stack, sizeof(*tcp->listener));
	if (!tcp->listener)
		return -ENOMEM;
	tcp->listener->backlog = backlog;
	list_init(&tcp->listener->requests);
	list_init(&tcp->listener->ready);
	list_push_back(&tcp->tcp_stack->listeners[tcp->local_port % TCP_LISTENERS], &tcp->listener_link);
	tcp->state = TCP_LISTEN;
	return 0;
}

struct tcp_connection *tcp_accept(struct tcp_connection *listener)
{
	struct list *node = listener->listener ? list_pop_front(&listener->listener->ready) : NULL;
	struct tcp_connection *tcp;

	if (!node)
		return NULL;
	tcp = container_of(node, struct tcp_connection, queue_link);
	listener->listener->nr_ready--;
	tcp->is_ready = false;
	tcp->is_owned = true;
	return tcp;
}

/* Nobody will accept: those that are ready are reset. */
void tcp_listener_free(struct tcp_connection *tcp)
{
	struct tcp_request *r, *next;
	struct tcp_connection *ready;

	if (!tcp->listener)
		return;
	list_for_each_safe(r, next, &tcp->listener->requests, link)
		request_free(r);
	while ((ready = tcp_accept(tcp))) {
		tcp_reset_and_done(ready, 0);
		tcp_close(ready);
	}
	net_free(tcp->stack, tcp->listener);
	tcp->listener = NULL;
}

unsigned tcp_backlog(const struct tcp_connection *tcp, unsigned *nr_ready)
{
	*nr_ready = tcp->listener ? tcp->listener->nr_ready : 0;
	return tcp->listener ? tcp->listener->backlog : 0;
}

void tcp_requests_visit(struct tcp_stack *ts, tcp_visit_record_fn *visit, void *context)
{
	const struct tcp_request *r;

	for (unsigned i = 0; i < TCP_REQUESTS; i++) {
		list_for_each(r, &ts->requests[i], hash_link) {
			const struct tcp_record record = {r->flow.local, r->flow.remote, r->local_port, r->remote_port, TCP_SYN_RECEIVED};

			visit(context, &record);
		}
	}
}
