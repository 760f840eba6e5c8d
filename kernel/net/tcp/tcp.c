/* SPDX-License-Identifier: BSD-3-Clause */
/* Connections: made, established, ended. */
#include "kernel/net/core/library.h"
#include "kernel/net/tcp/internal.h"

#define BUCKETS_FIRST 16

static void settings_begin(uint32_t setting[TCP_NR_SETTINGS], const struct net_tuning *tuning)
{
	setting[TCP_SET_KEEP_IDLE_NS] = tuning->tcp_keep_idle * 1000;
	setting[TCP_SET_KEEP_INTERVAL_NS] = tuning->tcp_keep_interval * 1000;
	setting[TCP_SET_KEEP_COUNT] = tuning->tcp_keep_count;
	setting[TCP_SET_SEND_BUFFER] = tuning->tcp_send_buffer[1];
	setting[TCP_SET_RECEIVE_BUFFER] = tuning->tcp_receive_buffer[1];
	setting[TCP_SET_SYN_RETRIES] = tuning->tcp_syn_retries;
	setting[TCP_SET_ECN] = 2;
}

static void lists_init(struct list *lists, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		list_init(&lists[i]);
}

static struct net_transport *transport_new(struct net_stack *stack)
{
	struct net_transport *transport = net_alloc_zero(stack, sizeof(*transport));

	if (transport)
		*transport = (struct net_transport){.protocol = NET_PROTOCOL_TCP, .input = tcp_input, .error = tcp_error_input};
	return transport;
}

int tcp_init(struct net_stack *stack)
{
	struct tcp_stack *ts = net_alloc_zero(stack, sizeof(*ts));
	struct list *buckets = net_alloc(stack, BUCKETS_FIRST * sizeof(*buckets));
	struct net_transport *transport = transport_new(stack);

	if (!ts || !buckets || !transport) {
		net_free(stack, ts);
		net_free(stack, buckets);
		net_free(stack, transport);
		return -ENOMEM;
	}
	lists_init(buckets, BUCKETS_FIRST);
	lists_init(ts->ports, TCP_PORTS);
	lists_init(ts->listeners, TCP_LISTENERS);
	lists_init(ts->requests, TCP_REQUESTS);
	ts->stack = stack;
	tcp_time_wait_init(ts);
	ts->connections = buckets;
	ts->nr_buckets = BUCKETS_FIRST;
	stack->module[NET_MODULE_TCP] = ts;
	net_transport_add(stack, transport);
	return 0;
}

static void transport_remove(struct net_stack *stack)
{
	struct net_transport **link = &stack->transports, *transport;

	while (*link && (*link)->protocol != NET_PROTOCOL_TCP)
		link = &(*link)->next;
	transport = *link;
	if (transport)
		*link = transport->next;
	net_free(stack, transport);
}

/* Owners have closed before; what is left lives by itself. */
void tcp_fini(struct net_stack *stack)
{
	struct tcp_stack *ts = tcp_of(stack);
	struct tcp_connection *tcp, *next;

	if (!ts)
		return;
	for (size_t i = 0; i < ts->nr_buckets; i++)
		list_for_each_safe(tcp, next, &ts->connections[i], hash_link)
			tcp_reset_and_done(tcp, ECONNABORTED);
	net_end(stack);
	tcp_time_wait_fini(ts);
	transport_remove(stack);
	stack->module[NET_MODULE_TCP] = NULL;
	net_free(stack, ts->connections);
	net_free(stack, ts);
}

static void release_parts(struct tcp_connection *tcp)
{
	tcp_table_remove(tcp);
	net_timer_cancel(tcp->stack, &tcp->timer);
	tcp_queue_free(tcp);
	tcp_receive_free(tcp);
	tcp_listener_free(tcp);
	net_free(tcp->stack, tcp->sacked);
}

/* What was put off: to be freed, to acknowledge what came in this turn, or to send after the path has become narrower. */
static void run_work(struct net_work *work)
{
	struct tcp_connection *tcp = container_of(work, struct tcp_connection, work);

	if (tcp->state != TCP_CLOSED || tcp->is_owned || tcp->is_ready) {
		tcp->receive.must_ack |= tcp->receive.unacked_full >= 2;
		tcp_output(tcp);
		return;
	}
	release_parts(tcp);
	net_free(tcp->stack, tcp);
}

static void begin(struct tcp_connection *tcp, struct tcp_stack *ts)
{
	memset(tcp, 0, sizeof(*tcp));
	tcp->tcp_stack = ts;
	tcp->stack = ts->stack;
	list_init(&tcp->hash_link);
	list_init(&tcp->port_link);
	list_init(&tcp->listener_link);
	list_init(&tcp->queue_link);
	list_init(&tcp->send.queue);
	list_init(&tcp->receive.queue);
	list_init(&tcp->receive.out_of_order_queue);
	list_init(&tcp->work.link);
	tcp->work.run = run_work;
	tcp->timer.fire = tcp_timer_fire;
	tcp->rto_ns = TCP_RTO_FIRST;
}

struct tcp_connection *tcp_make(struct tcp_stack *ts, struct tcp_connection *like)
{
	struct tcp_connection *tcp = net_alloc(ts->stack, sizeof(*tcp));

	if (!tcp) {
		net_count(ts->stack, NET_COUNT_TCP_NO_MEMORY);
		return NULL;
	}
	begin(tcp, ts);
	if (like) {
		memcpy(tcp->setting, like->setting, sizeof(tcp->setting));
		tcp->congestion_ops = like->congestion_ops;
		tcp->send.is_sized = like->send.is_sized;
		tcp->receive.is_sized = like->receive.is_sized;
	} else {
		settings_begin(tcp->setting, ts->stack->tuning);
	}
	return tcp;
}

struct tcp_connection *tcp_new(struct net_stack *stack, tcp_event_fn *event, void *owner)
{
	struct tcp_connection *tcp = tcp_make(tcp_of(stack), NULL);

	if (tcp) {
		tcp->is_owned = true;
		tcp_set_owner(tcp, event, owner);
	}
	return tcp;
}

void tcp_disconnect(struct tcp_connection *tcp)
{
	struct tcp_connection old;

	if (tcp->state != TCP_CLOSED)
		tcp_reset_and_done(tcp, 0);
	release_parts(tcp);
	list_remove(&tcp->work.link);
	old = *tcp;
	begin(tcp, old.tcp_stack);
	tcp_set_owner(tcp, old.event, old.owner);
	tcp->is_owned = true;
	tcp->congestion_ops = old.congestion_ops;
	memcpy(tcp->setting, old.setting, sizeof(tcp->setting));
	tcp->flow.bound = old.flow.bound;
	tcp->flow.local = tcp->bound_address = old.bound_address;
	tcp->local_port = tcp->bound_port = old.bound_port;
	if (tcp->local_port)
		list_push_back(&tcp->tcp_stack->ports[tcp->local_port % TCP_PORTS], &tcp->port_link);
}

void tcp_free_if_unused(struct tcp_connection *tcp)
{
	if (tcp->state == TCP_CLOSED && !tcp->is_owned && !tcp->is_ready)
		net_put_off(tcp->stack, &tcp->work);
}

uint8_t tcp_receive_scale(const struct tcp_connection *tcp)
{
	uint64_t most = max_u64(tcp->setting[TCP_SET_RECEIVE_BUFFER], tcp->stack->tuning->tcp_receive_buffer[2]);
	uint8_t scale = 0;

	while (scale < TCP_SCALE_MAX && (65535ull << scale) < most)
		scale++;
	return scale;
}

/* RFC 9293 §3.7.1: what both the peer and the path take. */
void tcp_set_mss(struct tcp_connection *tcp)
{
	uint32_t headers = net_network_of(tcp->stack, &tcp->flow.remote)->header_len + TCP_HEADER;
	uint32_t mss = (uint32_t)min_u64(tcp->send.peer_mss, tcp->flow.mtu > headers ? tcp->flow.mtu - headers : 0);

	if (tcp->setting[TCP_SET_MSS_MAX])
		mss = (uint32_t)min_u64(mss, tcp->setting[TCP_SET_MSS_MAX]);
	tcp->send.mss = (uint32_t)max_u64(mss, TCP_MSS_MIN);
}

void tcp_established(struct tcp_connection *tcp)
{
	tcp->state = tcp->send.fin_wanted ? TCP_FIN_WAIT_1 : TCP_ESTABLISHED;
	tcp->retransmit_at_ns = 0;
	tcp->first_unanswered_ns = 0;
	if (tcp->backoff && !tcp->srtt_ns)
		tcp->rto_ns = TCP_RTO_AFTER_LOST_SYN;
	tcp->backoff = 0;
	tcp->is_timed = false;
	tcp->send.max_window = (uint32_t)max_u64(tcp->send.max_window, tcp->send.window);
	tcp->lost_to = tcp->retransmitted_to = tcp->recover = tcp->send.una;
	tcp->ecn.reduced_until = tcp->send.una;
	tcp->receive.quick = 4; /* the peer's slow start needs the answers */
	tcp->last_heard_ns = tcp->stack->now_ns;
	tcp_set_mss(tcp);
	tcp_congestion_start(tcp);
	tcp_keep_alive_start(tcp);
	tcp_timer_update(tcp);
}

/* The end. What was received stays for the owner to read. */
void tcp_done(struct tcp_connection *tcp, int error)
{
	bool was_open = tcp->state != TCP_CLOSED;

	tcp->state = TCP_CLOSED;
	if (tcp->is_orphan)
		tcp->tcp_stack->nr_orphans--;
	tcp->is_orphan = false;
	if (error)
		tcp->error = error;
	tcp_table_remove(tcp);
	net_timer_cancel(tcp->stack, &tcp->timer);
	tcp_queue_free(tcp);
	tcp->send.is_shut = tcp->receive.is_shut = true;
	if (was_open)
		tcp_tell(tcp, TCP_READABLE | TCP_WRITABLE | TCP_READ_CLOSED | TCP_HANGUP | (error ? TCP_ERROR : 0));
	tcp_free_if_unused(tcp);
}

void tcp_reset_and_done(struct tcp_connection *tcp, int error)
{
	if (tcp->state >= TCP_SYN_RECEIVED && tcp->state != TCP_TIME_WAIT)
		tcp_send_reset(tcp);
	tcp_done(tcp, error);
}

/* The owner hears that all is over; a record of the connection stays to answer late segments (RFC 9293 §3.6). */
void tcp_enter_time_wait(struct tcp_connection *tcp)
{
	if (tcp->receive.must_ack)
		tcp_send_ack(tcp);
	tcp_time_wait_add(tcp);
	if (!tcp->is_owned && !tcp->is_ready) {
		tcp_done(tcp, 0);
		return;
	}
	tcp->state = TCP_TIME_WAIT;
	tcp_table_remove(tcp);
	tcp->retransmit_at_ns = tcp->persist_at_ns = tcp->keep_at_ns = tcp->cork_at_ns = tcp->ack_at_ns = tcp->end_at_ns = tcp->tail.at_ns = 0;
	tcp_timer_update(tcp);
}

/* Sends again what did not fit the path, once the path's size is known. */
static void path_is_narrower(struct tcp_connection *tcp)
{
	if (tcp->state < TCP_ESTABLISHED || tcp->state == TCP_TIME_WAIT)
		return;
	tcp->lost_to = tcp->send.next;
	tcp->retransmitted_to = tcp->send.una;
	tcp->spurious.step = TCP_SPURIOUS_NOT;
	tcp->is_timed = false;
	net_put_off(tcp->stack, &tcp->work);
}

/* An ICMP error about a segment of ours: it must be about what is on its way (RFC 5927 §4.1), and ends only what is not yet open (§5.2). */
bool tcp_error_input(struct net_stack *stack, const struct net_flow *flow, const uint8_t *header, size_t len, const struct net_error *error)
{
	struct tcp_connection *tcp = tcp_find(tcp_of(stack), flow, wire_get16(header), wire_get16(header + 2));
	uint32_t seq = wire_get32(header + 4);

	if (!tcp || seq_before(seq, tcp->send.una) || !seq_before(seq, tcp->send.next))
		return false;
	if (error->error == EMSGSIZE) {
		if (error->mtu >= tcp->flow.mtu)
			return false;
		path_is_narrower(tcp);
		return true;
	}
	if (tcp->state == TCP_SYN_SENT) /* as Linux, for any of them (RFC 5461 §4.1): another address may do */
		tcp_done(tcp, error->error);
	else
		tcp->soft_error = error->error;
	return true;
}

NET_LIBRARY(tcp) = {.name = "tcp", .order = NET_ORDER_TRANSPORT, .init = tcp_init};
