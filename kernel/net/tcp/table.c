/* SPDX-License-Identifier: BSD-3-Clause */
/* Which connection is meant: by the four-tuple, by listener, by port. Hashes are keyed, so that nobody outside can fill one bucket. */
#include "kernel/net/tcp/internal.h"

uint64_t tcp_tuple_hash(const struct net_stack *stack, const struct net_flow *flow, uint16_t local_port, uint16_t remote_port, uint64_t extra)
{
	struct {
		struct net_address local, remote;
		uint16_t local_port, remote_port;
		uint32_t zero;
		uint64_t extra;
	} key = {flow->local, flow->remote, local_port, remote_port, 0, extra};

	return net_hash(stack, &key, sizeof(key));
}

/* RFC 6528: a clock of 4 us and a keyed hash of the connection. */
uint32_t tcp_first_seq(struct net_stack *stack, const struct net_flow *flow, uint16_t local_port, uint16_t remote_port)
{
	return (uint32_t)tcp_tuple_hash(stack, flow, local_port, remote_port, 1) + (uint32_t)(stack->now_ns / 4000);
}

/* Per pair of addresses, so that it does not tell the uptime (RFC 7323 §5.4) and goes on for a port that is used again. */
uint32_t tcp_timestamp_offset(struct net_stack *stack, const struct net_flow *flow, uint16_t local_port, uint16_t remote_port)
{
	return (uint32_t)tcp_tuple_hash(stack, flow, 0, 0, 2);
}

/* For tables: the four-tuple, of IPv4 in two words. */
uint64_t tcp_table_hash(const struct net_stack *stack, const struct net_flow *flow, uint16_t local_port, uint16_t remote_port)
{
	uint64_t words[5] = {(uint64_t)local_port << 16 | remote_port};

	if (net_address_is_ip4(&flow->remote)) {
		words[1] = (uint64_t)flow->local.word[3] << 32 | flow->remote.word[3];
		return net_hash_words(stack, words, 2);
	}
	memcpy(words + 1, &flow->local, sizeof(flow->local));
	memcpy(words + 3, &flow->remote, sizeof(flow->remote));
	return net_hash_words(stack, words, 5);
}

static struct list *bucket(struct tcp_stack *ts, const struct net_flow *flow, uint16_t local_port, uint16_t remote_port)
{
	return &ts->connections[tcp_table_hash(ts->stack, flow, local_port, remote_port) & (ts->nr_buckets - 1)];
}

struct tcp_connection *tcp_find(struct tcp_stack *ts, const struct net_flow *flow, uint16_t local_port, uint16_t remote_port)
{
	struct list *head = bucket(ts, flow, local_port, remote_port);
	struct tcp_connection *tcp;

	list_for_each(tcp, head, hash_link)
		if (tcp->remote_port == remote_port && tcp->local_port == local_port && net_address_equal(&tcp->flow.remote, &flow->remote) &&
		    net_address_equal(&tcp->flow.local, &flow->local))
			return tcp;
	return NULL;
}

/* 0: does not match; higher for one that is bound to the address. */
static int match(const struct tcp_connection *l, const struct net_flow *flow, uint16_t port)
{
	if (l->local_port != port || (l->flow.bound && l->flow.bound != flow->interface))
		return 0;
	if (net_address_equal(&l->flow.local, &flow->local))
		return 3;
	if (!net_address_is_any(&l->flow.local))
		return 0;
	if (net_address_is_ip4(&l->flow.local) == net_address_is_ip4(&flow->local))
		return 2;
	return net_address_is_ip4(&flow->local) && !l->setting[TCP_SET_IP6_ONLY];
}

/* Among several of one port (SO_REUSEPORT) the hash of the connection chooses, the same one each time. */
struct tcp_connection *tcp_find_listener(struct tcp_stack *ts, const struct net_flow *flow, const struct tcp_segment *segment)
{
	struct tcp_connection *best = NULL, *l;
	int best_match = 0;
	uint64_t best_hash = 0;

	list_for_each(l, &ts->listeners[segment->destination_port % TCP_LISTENERS], listener_link) {
		int m = match(l, flow, segment->destination_port);
		uint64_t hash = m && l->setting[TCP_SET_REUSE_PORT]
					? tcp_tuple_hash(ts->stack, flow, segment->destination_port, segment->source_port, (uintptr_t)l) : 0;

		if (m > best_match || (m && m == best_match && hash > best_hash)) {
			best = l;
			best_match = m;
			best_hash = hash;
		}
	}
	return best;
}

static void grow(struct tcp_stack *ts)
{
	size_t nr = ts->nr_buckets * 4, old_nr = ts->nr_buckets;
	struct list *table = net_alloc(ts->stack, nr * sizeof(*table)), *old = ts->connections;
	struct tcp_connection *tcp, *next;

	if (!table)
		return; /* longer chains, then */
	for (size_t i = 0; i < nr; i++)
		list_init(&table[i]);
	ts->connections = table;
	ts->nr_buckets = nr;
	for (size_t i = 0; i < old_nr; i++) {
		list_for_each_safe(tcp, next, &old[i], hash_link) {
			list_remove(&tcp->hash_link);
			list_push_back(bucket(ts, &tcp->flow, tcp->local_port, tcp->remote_port), &tcp->hash_link);
		}
	}
	net_free(ts->stack, old);
}

int tcp_table_add(struct tcp_connection *tcp)
{
	struct tcp_stack *ts = tcp->tcp_stack;

	if (tcp_find(ts, &tcp->flow, tcp->local_port, tcp->remote_port) || tcp_time_wait_has(ts, &tcp->flow, tcp->local_port, tcp->remote_port))
		return -EADDRINUSE;
	if (ts->nr_connections >= ts->nr_buckets * 2)
		grow(ts);
	list_push_front(bucket(ts, &tcp->flow, tcp->local_port, tcp->remote_port), &tcp->hash_link);
	tcp->is_hashed = true;
	ts->nr_connections++;
	if (list_empty(&tcp->port_link))
		list_push_back(&ts->ports[tcp->local_port % TCP_PORTS], &tcp->port_link);
	return 0;
}

void tcp_table_remove(struct tcp_connection *tcp)
{
	if (tcp->is_hashed)
		tcp->tcp_stack->nr_connections--;
	tcp->is_hashed = false;
	list_remove(&tcp->hash_link);
	list_remove(&tcp->port_link);
	list_remove(&tcp->listener_link);
}

static bool addresses_clash(const struct tcp_connection *a, const struct net_address *b, bool b_ip6_only)
{
	const struct net_address *x = &a->flow.local;

	if (net_address_is_ip4(x) != net_address_is_ip4(b)) {
		const struct net_address *six = net_address_is_ip4(x) ? b : x;

		return net_address_is_any(six) && !(six == b ? b_ip6_only : a->setting[TCP_SET_IP6_ONLY]);
	}
	return net_address_is_any(x) || net_address_is_any(b) || net_address_equal(x, b);
}

/* socket(7): SO_REUSEADDR lets a port be bound unless somebody listens there; SO_REUSEPORT shares it if all say so. */
static bool port_is_taken(struct tcp_connection *tcp, const struct net_address *address, uint16_t port)
{
	struct tcp_connection *other;

	list_for_each(other, &tcp->tcp_stack->ports[port % TCP_PORTS], port_link) {
		if (other == tcp || other->local_port != port || !addresses_clash(other, address, tcp->setting[TCP_SET_IP6_ONLY]))
			continue;
		if (other->flow.bound && tcp->flow.bound && other->flow.bound != tcp->flow.bound)
			continue;
		if (tcp->setting[TCP_SET_REUSE_PORT] && other->setting[TCP_SET_REUSE_PORT])
			continue;
		if (tcp->setting[TCP_SET_REUSE_ADDRESS] && other->setting[TCP_SET_REUSE_ADDRESS] && other->state != TCP_LISTEN)
			continue;
		return true;
	}
	return tcp_time_wait_has_port(tcp, address, port);
}

static int find_free_port(struct tcp_connection *tcp, const struct net_address *address, uint16_t *port)
{
	unsigned nr = net_nr_ports(tcp->stack), first = (unsigned)(tcp->stack->environment->random() % nr);

	for (unsigned i = 0; i < nr; i++) {
		*port = net_port(tcp->stack, first + i);
		if (!port_is_taken(tcp, address, *port))
			return 0;
	}
	return -EADDRINUSE;
}

int tcp_bind(struct tcp_connection *tcp, const struct net_address *address, uint16_t port)
{
	const struct net_network *network = net_network_of(tcp->stack, address);
	int error;

	if (tcp->state != TCP_CLOSED || tcp->local_port)
		return -EINVAL;
	if (!net_address_is_any(address) && !tcp->setting[TCP_SET_FREE_BIND] && !(network && network->is_local(tcp->stack, address)))
		return -EADDRNOTAVAIL;
	if (!port) {
		error = find_free_port(tcp, address, &port);
		if (error)
			return error;
	} else if (port_is_taken(tcp, address, port)) {
		return -EADDRINUSE;
	}
	tcp->flow.local = tcp->bound_address = *address;
	tcp->local_port = tcp->bound_port = port;
	list_push_back(&tcp->tcp_stack->ports[port % TCP_PORTS], &tcp->port_link);
	return 0;
}

/* A port of somebody who is only connected elsewhere may be used for another remote end: the four-tuple is what counts (RFC 6056 §3.3.3). */
static bool port_serves(struct tcp_connection *tcp, uint16_t port)
{
	struct tcp_connection *other;

	if (tcp_find(tcp->tcp_stack, &tcp->flow, port, tcp->remote_port) || tcp_time_wait_has(tcp->tcp_stack, &tcp->flow, port, tcp->remote_port))
		return false;
	list_for_each(other, &tcp->tcp_stack->listeners[port % TCP_LISTENERS], listener_link)
		if (other->local_port == port)
			return false;
	return true;
}

int tcp_choose_port(struct tcp_connection *tcp)
{
	unsigned nr = net_nr_ports(tcp->stack), first = (unsigned)(tcp->stack->environment->random() % nr);

	for (unsigned i = 0; i < nr; i++) {
		uint16_t port = net_port(tcp->stack, first + i);

		if (port_serves(tcp, port)) {
			tcp->local_port = port;
			return 0;
		}
	}
	return -EADDRNOTAVAIL;
}

void tcp_visit(struct net_stack *stack, tcp_visit_fn *visit, void *context)
{
	struct tcp_stack *ts = tcp_of(stack);
	struct tcp_connection *tcp;

	for (unsigned i = 0; i < TCP_LISTENERS; i++)
		list_for_each(tcp, &ts->listeners[i], listener_link)
			visit(context, tcp, tcp->owner);
	for (size_t i = 0; i < ts->nr_buckets; i++)
		list_for_each(tcp, &ts->connections[i], hash_link)
			visit(context, tcp, tcp->owner);
}

void tcp_visit_records(struct net_stack *stack, tcp_visit_record_fn *visit, void *context)
{
	tcp_requests_visit(tcp_of(stack), visit, context);
	tcp_time_wait_visit(tcp_of(stack), visit, context);
}
