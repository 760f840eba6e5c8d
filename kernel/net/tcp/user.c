/* SPDX-License-Identifier: BSD-3-Clause */
/* What the owner of a connection does: open, send, receive (RFC 9293 §3.10.1 to §3.10.3). */
#include "kernel/net/tcp/internal.h"

/* A chunk of ours with its block and bytes is one piece of memory, of a size that the heap has. */
#define CHUNK_MIN 512u
#define CHUNK_MAX 16384u

void tcp_set_owner(struct tcp_connection *tcp, tcp_event_fn *event, void *owner)
{
	tcp->event = event;
	tcp->owner = owner;
}

static void start_sequence(struct tcp_connection *tcp)
{
	struct net_stack *stack = tcp->stack;

	tcp->send.iss = tcp_first_seq(stack, &tcp->flow, tcp->local_port, tcp->remote_port);
	tcp->send.una = tcp->send.iss;
	tcp->send.next = tcp->send.queue_seq = tcp->send.small_end = tcp->send.iss + 1;
	tcp->ts.offset = tcp_timestamp_offset(stack, &tcp->flow, tcp->local_port, tcp->remote_port);
	tcp->receive.scale = tcp_receive_scale(tcp);
	tcp->timed_at_ns = stack->now_ns;
}

int tcp_connect(struct tcp_connection *tcp, const struct net_address *address, uint16_t port)
{
	const struct net_network *network = net_network_of(tcp->stack, address);
	struct net_flow flow = tcp->flow;
	int error;

	if (tcp->state != TCP_CLOSED || tcp->remote_port)
		return tcp->state == TCP_SYN_SENT ? -EALREADY : -EISCONN;
	if (!network || (!net_address_is_any(&flow.local) && net_address_is_ip4(&flow.local) != net_address_is_ip4(address)))
		return -ENETUNREACH;
	if (!port)
		return -EADDRNOTAVAIL;
	flow.remote = *address;
	flow.generation = 0;
	flow.ttl = (uint8_t)tcp->setting[TCP_SET_TTL];
	error = network->route(tcp->stack, &flow);
	if (error)
		return error;
	tcp->flow = flow;
	tcp->remote_port = port;
	error = tcp->local_port ? 0 : tcp_choose_port(tcp);
	error = error ? error : tcp_table_add(tcp);
	if (error) {
		tcp->remote_port = 0;
		return error;
	}
	start_sequence(tcp);
	tcp->state = TCP_SYN_SENT;
	net_count(tcp->stack, NET_COUNT_TCP_ACTIVE_OPEN);
	tcp_retransmit_start(tcp);
	(void)tcp_send_syn(tcp); /* what stands in its way may be gone when it is sent again */
	tcp_timer_update(tcp);
	return 0;
}

size_t tcp_send_room(const struct tcp_connection *tcp)
{
	uint64_t size = tcp->setting[TCP_SET_SEND_BUFFER];

	return size > tcp->send.queued && tcp_memory_may_send(tcp) ? size - tcp->send.queued : 0;
}

/* As select and epoll have it: a third is free. */
bool tcp_is_writable(const struct tcp_connection *tcp)
{
	return tcp_send_room(tcp) >= tcp->setting[TCP_SET_SEND_BUFFER] / 3;
}

static int may_send(struct tcp_connection *tcp)
{
	if (tcp->error)
		return -tcp_error(tcp);
	if (tcp->send.is_shut || tcp->send.fin_wanted)
		return -EPIPE;
	if (tcp->state == TCP_SYN_SENT || tcp->state == TCP_SYN_RECEIVED)
		return -EAGAIN;
	if (tcp->state != TCP_ESTABLISHED && tcp->state != TCP_CLOSE_WAIT)
		return -ENOTCONN;
	return tcp_send_room(tcp) ? 0 : -EAGAIN;
}

static void append_chunk(struct tcp_connection *tcp, struct tcp_chunk *chunk)
{
	list_push_back(&tcp->send.queue, &chunk->link);
	tcp->send.queued += chunk->len;
}

struct own_chunk {
	struct net_block block;
	struct tcp_chunk chunk;
	uint8_t bytes[];
};

static void own_chunk_release(struct net_block *block)
{
	net_free(block->stack, container_of(block, struct own_chunk, block));
}

/* An empty one with room for `wanted` bytes, or as many as there may be at once; NULL: no memory. */
static struct tcp_chunk *own_chunk_new(struct tcp_connection *tcp, size_t wanted)
{
	size_t size = CHUNK_MIN;
	struct own_chunk *own;

	while (size < CHUNK_MAX && size - sizeof(*own) < wanted)
		size *= 2;
	own = net_alloc(tcp->stack, size);
	if (!own)
		return NULL;
	own->block = (struct net_block){.references = 1, .size = (uint32_t)(size - sizeof(*own)), .bytes = own->bytes, .stack = tcp->stack, .release = own_chunk_release};
	own->chunk = (struct tcp_chunk){.block = &own->block, .bytes = own->bytes, .is_own = true};
	return &own->chunk;
}

/* Room behind the last bytes of a block of ours. */
static size_t fill_last(struct tcp_connection *tcp, const uint8_t *bytes, size_t len)
{
	struct tcp_chunk *last = container_of(tcp->send.queue.prev, struct tcp_chunk, link);
	uint8_t *end;

	if (list_empty(&tcp->send.queue) || !last->is_own)
		return 0;
	end = last->bytes + last->len;
	len = min_u64(len, (size_t)(last->block->bytes + last->block->size - end));
	memcpy(end, bytes, len);
	last->len += (uint32_t)len;
	tcp->send.queued += (uint32_t)len;
	return len;
}

static size_t copy_to_queue(struct tcp_connection *tcp, const uint8_t *bytes, size_t len)
{
	size_t done = fill_last(tcp, bytes, len);

	while (done < len) {
		struct tcp_chunk *chunk = own_chunk_new(tcp, len - done);

		if (!chunk)
			break;
		chunk->len = (uint32_t)min_u64(len - done, chunk->block->size);
		memcpy(chunk->bytes, bytes + done, chunk->len);
		done += chunk->len;
		append_chunk(tcp, chunk);
	}
	return done;
}

static void after_queueing(struct tcp_connection *tcp, unsigned flags)
{
	tcp_memory_update(tcp);
	tcp->send.more = flags & TCP_MORE;
	if (flags & TCP_OUT_OF_BAND) {
		tcp->send.has_urgent = true;
		tcp->send.urgent = tcp_fin_seq(tcp);
	}
	tcp_output(tcp);
}

long tcp_send(struct tcp_connection *tcp, const uint8_t *bytes, size_t len, unsigned flags)
{
	int error = may_send(tcp);
	size_t taken;

	if (error)
		return error;
	taken = copy_to_queue(tcp, bytes, min_u64(len, tcp_send_room(tcp)));
	if (!taken && len)
		return -ENOBUFS;
	after_queueing(tcp, taken == len ? flags : flags & ~(unsigned)TCP_OUT_OF_BAND);
	return (long)taken;
}

/* As many of its bytes as there is room for; false: no memory. */
static bool queue_piece(struct tcp_connection *tcp, const struct tcp_piece *piece, size_t *queued)
{
	struct tcp_chunk *chunk = net_alloc(tcp->stack, sizeof(*chunk));

	if (!chunk)
		return false;
	*queued = min_u64(piece->len, tcp_send_room(tcp));
	*chunk = (struct tcp_chunk){.block = piece->block, .bytes = piece->bytes, .len = (uint32_t)*queued};
	net_block_get(piece->block);
	append_chunk(tcp, chunk);
	return true;
}

long tcp_send_pieces(struct tcp_connection *tcp, const struct tcp_piece *pieces, size_t nr, unsigned flags)
{
	int error = may_send(tcp);
	size_t sent = 0;

	if (error)
		return error;
	for (size_t i = 0; i < nr && tcp_send_room(tcp); i++) {
		size_t queued;

		if (!queue_piece(tcp, &pieces[i], &queued))
			break;
		sent += queued;
		if (queued < pieces[i].len)
			break;
	}
	if (!sent && nr && pieces[0].len)
		return -ENOBUFS;
	after_queueing(tcp, flags);
	return (long)sent;
}

/* Reading has come to the urgent byte, where it stops once (tcp(7)). */
static bool is_at_mark(const struct tcp_connection *tcp, uint32_t seq)
{
	return tcp->receive.has_urgent && !tcp->receive.urgent_passed && tcp->receive.urgent == seq;
}

/* How many bytes of the queue may be read at once: up to the urgent one, which is not part of the stream unless it is to be. */
static size_t readable_run(const struct tcp_connection *tcp, uint32_t seq, size_t len, bool *skips)
{
	*skips = is_at_mark(tcp, seq) && !tcp->setting[TCP_SET_URGENT_INLINE];
	if (*skips)
		return 1;
	if (!tcp->receive.has_urgent || tcp->receive.urgent_passed || seq_up_to(tcp->receive.urgent, seq))
		return len;
	return min_u64(len, tcp->receive.urgent - seq);
}

struct reading {
	struct tcp_connection *tcp;
	tcp_sink_fn *sink;
	void *context;
	size_t left;
	uint32_t seq;
	long taken, error;
};

/* Gives the bytes of one packet; false: no more is wanted. */
static bool read_packet(struct reading *r, const struct net_packet *packet, size_t *used)
{
	uint8_t *bytes;
	size_t piece;

	for (*used = 0; r->left && (piece = net_packet_piece(packet, *used, &bytes)) != 0;) {
		bool skips;
		long took = 1;

		if (r->taken && is_at_mark(r->tcp, r->seq))
			return false;
		piece = readable_run(r->tcp, r->seq, min_u64(piece, r->left), &skips);
		if (!skips) {
			took = r->sink(r->context, bytes, piece);
			if (took < 0) {
				r->error = took;
				return false;
			}
			r->taken += took;
			r->left -= (size_t)took;
		}
		*used += (size_t)took;
		r->seq += (uint32_t)took;
		if (!skips && (size_t)took < piece)
			return false;
	}
	return r->left != 0;
}

static void read_queue(struct reading *r, bool peek)
{
	struct tcp_connection *tcp = r->tcp;
	struct net_packet *packet, *next;
	size_t used;

	list_for_each_safe(packet, next, &tcp->receive.queue, link) {
		size_t len = packet->len;
		bool goes_on = read_packet(r, packet, &used);

		if (!peek) {
			if (tcp->receive.has_urgent && seq_before(tcp->receive.urgent, r->seq))
				tcp->receive.urgent_passed = true; /* the number may come again, 4 GiB later */
			tcp->receive.queued -= (uint32_t)used;
			if (used == len) {
				net_packet_free(packet);
				tcp->receive.nr_packets--;
			} else {
				net_packet_pull(packet, used);
			}
		}
		if (!goes_on)
			return;
	}
}

/* The sequence number of what is read next. */
static uint32_t read_seq(const struct tcp_connection *tcp)
{
	return tcp->receive.next - (tcp->receive.has_fin && tcp->receive.next == tcp->receive.fin_seq + 1) - tcp->receive.queued;
}

bool tcp_reading_is_at_mark(const struct tcp_connection *tcp)
{
	return is_at_mark(tcp, read_seq(tcp));
}

static long nothing_to_read(struct tcp_connection *tcp)
{
	if (tcp->error)
		return -tcp_error(tcp);
	if (tcp->receive.is_shut || (tcp->receive.has_fin && tcp->receive.next == tcp->receive.fin_seq + 1))
		return 0;
	if (tcp->state == TCP_CLOSED || tcp->state == TCP_LISTEN)
		return -ENOTCONN;
	return -EAGAIN;
}

long tcp_receive(struct tcp_connection *tcp, tcp_sink_fn *sink, void *context, size_t len, unsigned flags)
{
	struct reading r = {.tcp = tcp, .sink = sink, .context = context, .left = len, .seq = read_seq(tcp)};

	if (!len)
		return 0;
	read_queue(&r, flags & TCP_PEEK);
	if (!r.taken && r.error)
		return r.error;
	if (!r.taken)
		return nothing_to_read(tcp);
	if (!(flags & TCP_PEEK)) {
		tcp_memory_update(tcp);
		tcp_receive_grow(tcp, (uint32_t)r.taken);
		tcp_window_update(tcp);
	}
	return r.taken;
}

long tcp_receive_urgent(struct tcp_connection *tcp, uint8_t *byte, bool peek)
{
	if (!tcp->receive.has_urgent || tcp->receive.urgent_read || tcp->receive.urgent_passed || tcp->setting[TCP_SET_URGENT_INLINE])
		return -EINVAL;
	if (!tcp->receive.urgent_ready)
		return -EAGAIN;
	*byte = tcp->receive.urgent_byte;
	tcp->receive.urgent_read = !peek;
	return 1;
}

/* The urgent byte at the front, which reading passes over. */
static uint32_t skipped(const struct tcp_connection *tcp)
{
	return tcp->receive.has_urgent && !tcp->setting[TCP_SET_URGENT_INLINE] && tcp_reading_is_at_mark(tcp);
}

unsigned tcp_poll(const struct tcp_connection *tcp)
{
	unsigned ready = tcp->error ? TCP_ERROR | TCP_READABLE | TCP_WRITABLE : 0;
	bool read_end = tcp->receive.is_shut || tcp->receive.has_fin;

	if (tcp->state == TCP_LISTEN) {
		const struct tcp_listener *listener = __atomic_load_n(&tcp->listener, __ATOMIC_RELAXED); /* gone, if the lock is not held */

		return !listener || list_empty(&listener->ready) ? 0 : TCP_READABLE;
	}
	if (tcp->receive.queued > skipped(tcp) || (read_end && tcp->receive.queued == 0 && (tcp->receive.is_shut || tcp->receive.next == tcp->receive.fin_seq + 1)))
		ready |= TCP_READABLE;
	if (tcp->receive.is_shut || (tcp->receive.has_fin && tcp->receive.next == tcp->receive.fin_seq + 1))
		ready |= TCP_READ_CLOSED;
	if (tcp->state == TCP_CLOSED || (ready & TCP_READ_CLOSED && tcp->send.is_shut))
		ready |= TCP_HANGUP | TCP_WRITABLE;
	if (tcp->send.is_shut)
		ready |= TCP_WRITABLE; /* it fails at once */
	else if ((tcp->state == TCP_ESTABLISHED || tcp->state == TCP_CLOSE_WAIT) && tcp_is_writable(tcp))
		ready |= TCP_WRITABLE;
	if (tcp->receive.has_urgent && tcp->receive.urgent_ready && !tcp->receive.urgent_read && !tcp->receive.urgent_passed)
		ready |= TCP_URGENT;
	return ready;
}

size_t tcp_readable(const struct tcp_connection *tcp)
{
	uint32_t before_mark = tcp->receive.urgent - read_seq(tcp);

	if (!tcp->receive.has_urgent || tcp->receive.urgent_passed || tcp->setting[TCP_SET_URGENT_INLINE])
		return tcp->receive.queued;
	return min_u64(tcp->receive.queued, before_mark);
}

size_t tcp_unsent(const struct tcp_connection *tcp)
{
	return tcp->send.queued;
}

unsigned tcp_interface_index(const struct tcp_connection *tcp)
{
	const struct net_interface *interface = tcp->flow.interface ? tcp->flow.interface : tcp->flow.bound;

	return interface ? interface->index : 0;
}

uint32_t tcp_path_mtu(const struct tcp_connection *tcp)
{
	return tcp->state >= TCP_SYN_SENT ? tcp->flow.mtu : 0;
}

int tcp_error(struct tcp_connection *tcp)
{
	int error = tcp->error;

	tcp->error = 0;
	return error;
}

enum tcp_state tcp_state(const struct tcp_connection *tcp)
{
	return (enum tcp_state)tcp->state;
}

void tcp_local(const struct tcp_connection *tcp, struct net_address *address, uint16_t *port)
{
	*address = tcp->flow.local;
	*port = tcp->local_port;
}

void tcp_remote(const struct tcp_connection *tcp, struct net_address *address, uint16_t *port)
{
	*address = tcp->flow.remote;
	*port = tcp->remote_port;
}
