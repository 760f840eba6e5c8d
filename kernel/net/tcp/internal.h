/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Private to tcp. The header on the wire (RFC 9293 §3.1):
 *
 *	 0 source port | 2 destination port | 4 sequence number | 8 acknowledgment number
 *	12 header length in words << 4      | 13 CWR ECE URG ACK PSH RST SYN FIN
 *	14 window | 16 checksum | 18 urgent pointer | 20 options
 *
 * Names as in RFC 9293 §3.3.1: send.una, send.next, ... The bytes [queue_seq, queue_seq + queued) are in the send queue; the FIN, once wanted, is behind them.
 */
#pragma once
#include "kernel/net/tcp/tcp.h"

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16, TCP_URG = 32, TCP_ECE = 64, TCP_CWR = 128 };
enum { TCP_HEADER = 20, TCP_OPTIONS_MAX = 40, TCP_MSS_DEFAULT = 536, TCP_MSS_MIN = 88, TCP_SCALE_MAX = 14 };

#define TCP_RTO_FIRST NET_SECOND		   /* RFC 6298 §2.1 */
#define TCP_RTO_AFTER_LOST_SYN (3 * NET_SECOND) /* §5.7 */
#define TCP_RTO_MIN (200 * NET_MILLISECOND)	   /* as Linux; RFC 6298 §2.4 says a second, for clocks of its time */
#define TCP_RTO_MAX (120 * NET_SECOND)
#define TCP_DELAYED_ACK (40 * NET_MILLISECOND)
#define TCP_CORK_TIME (200 * NET_MILLISECOND)
#define TCP_TIME_WAIT_TIME (60 * NET_SECOND)	   /* as Linux: 2 MSL */
#define TCP_ORPHAN_RETRIES 8
#define TCP_CHALLENGES_PER_SECOND 1000
#define TCP_CHALLENGES_OF_ONE 10 /* each second */
#define TCP_BUFFER_MAX (64u << 20)
#define TCP_COPIED_MAX 256u /* bytes of payload that are not worth a fragment */
#define TCP_SACKS_MAX 4
#define TCP_ACKED_TOGETHER 32 /* full segments of one turn, at the most */
#define TCP_PACKET_OVERHEAD 512u /* what a queued packet takes beside its bytes, at the most */
#define TCP_RANGES_MAX 64
#define TCP_WINDOW_FIRST 10 /* segments (RFC 6928) */
#define TCP_PORTS 256
#define TCP_LISTENERS 64
#define TCP_REQUESTS 256
#define TCP_ORPHANS_MAX 4096

/* Sequence numbers wrap (RFC 9293 §3.4). */
static inline bool seq_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}
static inline bool seq_up_to(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) <= 0;
}
static inline uint32_t seq_max(uint32_t a, uint32_t b)
{
	return seq_before(a, b) ? b : a;
}
static inline uint32_t seq_min(uint32_t a, uint32_t b)
{
	return seq_before(a, b) ? a : b;
}

struct tcp_range {
	uint32_t start, end;
};

/* A received segment, parsed. */
struct tcp_segment {
	uint16_t source_port, destination_port;
	uint32_t seq, ack, len; /* payload */
	uint16_t window, urgent, mss;
	uint8_t flags, header_len, scale, nr_sacks;
	bool has_mss, has_scale, has_timestamp, sack_permitted, is_ce;
	uint32_t ts_value, ts_echo;
	struct tcp_range sack[4];
};

struct tcp_chunk {
	struct list link;
	struct net_block *block;
	uint8_t *bytes;
	uint32_t len;
	bool is_own; /* lies in the block's memory; bytes may be appended in the block, behind len */
};

/* Connections that are not yet: a SYN was answered. */
struct tcp_request {
	struct list hash_link, link;
	struct tcp_connection *listener;
	struct net_flow flow;
	uint16_t local_port, remote_port;
	uint32_t irs, iss;
	uint16_t mss, window;
	uint8_t scale, receive_scale, retries;
	bool has_scale, has_timestamps, has_sack, has_ecn, is_cookie;
	uint32_t ts_recent, ts_offset;
	struct net_timer timer;
	struct tcp_stack *tcp_stack;
};

struct tcp_listener {
	unsigned backlog, nr_requests, nr_ready;
	struct list requests, ready; /* ready: connections by queue_link */
	uint64_t cookies_until_ns;   /* cookies were sent: ACKs may be answers to them */
};

enum { TCP_SPURIOUS_NOT, TCP_SPURIOUS_SENT_AGAIN, TCP_SPURIOUS_NEW_SENT }; /* steps of spurious.c: no question is open */

struct tcp_connection {
	struct list hash_link, port_link, listener_link, queue_link;
	struct tcp_stack *tcp_stack;
	struct net_stack *stack;
	struct net_flow flow;
	uint16_t local_port, remote_port, bound_port; /* bound_port: asked for by tcp_bind; 0: none */
	struct net_address bound_address;
	uint8_t state;
	uint32_t memory; /* counted in stack->memory */
	bool is_owned, is_hashed, is_ready, is_orphan; /* ready: in a listener's queue */
	tcp_event_fn *event;
	void *owner;
	int error, soft_error;
	struct net_work work; /* see run_work */
	struct tcp_listener *listener;
	uint32_t setting[TCP_NR_SETTINGS]; /* times in ms */

	struct {
		uint32_t una, next, iss, window, wl1, wl2, max_window;
		uint32_t queue_seq, queued, small_end; /* small_end: end of the last segment below MSS (Nagle) */
		uint32_t urgent;			/* behind the urgent byte */
		bool has_urgent, fin_wanted, is_shut, more, is_sized, is_pressed; /* pressed: what fits the window goes, however small */
		uint8_t scale;
		uint32_t mss; /* payload of a full segment, without options of each */
		uint16_t peer_mss;
		uint64_t sent_at_ns; /* the last new bytes */
		struct list queue; /* tcp_chunk */
	} send;
	struct {
		uint32_t next, irs, edge, urgent, acked; /* edge: the right one told; acked: next as last told */
		uint32_t queued, out_of_order, nr_packets;
		uint32_t full_size, unacked_full; /* largest segment seen; segments since the last ACK */
		bool has_fin, is_shut, is_sized, has_urgent, urgent_ready, urgent_read, urgent_passed, must_ack;
		uint8_t scale, urgent_byte, quick;
		uint32_t fin_seq;
		struct list queue, out_of_order_queue; /* packets: mark[0] = seq of the first byte */
		struct tcp_range range[TCP_SACKS_MAX], duplicate; /* out of order, newest first; came twice, to be told once (RFC 2883) */
		unsigned nr_ranges;
		uint64_t came_at_ns;		     /* the last data */
		uint64_t read_since_ns, read;	     /* bytes that the owner has read since then */
	} receive;
	struct {
		bool is_on;
		uint32_t recent, offset;
		uint64_t recent_at_ns;
	} ts;
	struct {
		bool is_on, echo, send_cwr;
		uint32_t reduced_until;
	} ecn;
	bool has_sack, has_scale;
	/* Loss recovery (RFC 6675). */
	struct tcp_range *sacked; /* sorted, disjoint, above una */
	unsigned nr_sacked;
	uint32_t nr_duplicate_acks, recover, lost_to, retransmitted_to;
	bool is_recovering, is_in_timeout;
	struct {
		uint8_t step;
		uint32_t cwnd, ssthresh; /* before the timeout */
	} spurious;
	/* RFC 6298 */
	uint64_t srtt_ns, rttvar_ns, rto_ns, timed_at_ns;
	uint32_t timed_seq;
	bool is_timed;
	unsigned backoff;
	struct {
		uint64_t at_ns; /* 0: none is to go */
		uint32_t end;	/* of the probe */
		bool is_out, is_again; /* again: of the last bytes, otherwise of new ones */
	} tail;
	/* Deadlines; 0: none. */
	uint64_t retransmit_at_ns, ack_at_ns, persist_at_ns, keep_at_ns, end_at_ns, cork_at_ns;
	uint64_t first_unanswered_ns, last_heard_ns;
	uint32_t challenge_second;
	uint8_t nr_challenges;
	unsigned nr_probes, nr_unheard_probes, nr_keep_alives; /* probes: of the closed window; those that nobody answered */
	struct net_timer timer;
	struct tcp_congestion congestion;
	const struct tcp_congestion_ops *congestion_ops;
	uint32_t nr_retransmits;
	uint64_t bytes_acked, bytes_received;
};

struct tcp_stack {
	struct net_stack *stack;
	struct list *connections; /* by the four-tuple */
	size_t nr_buckets, nr_connections;
	struct list ports[TCP_PORTS], listeners[TCP_LISTENERS], requests[TCP_REQUESTS];
	struct list time_waits, *time_wait_table; /* oldest first; NULL until the first */
	struct net_timer time_wait_timer;
	unsigned nr_time_waits, nr_requests, nr_orphans;
	uint64_t challenge_second;
	unsigned challenges_left;
	const struct tcp_congestion_ops *congestions[8];
	unsigned nr_congestions;
	const struct tcp_congestion_ops *usual_congestion; /* NULL: New Reno */
};

static inline struct tcp_stack *tcp_of(struct net_stack *stack)
{
	return stack->module[NET_MODULE_TCP];
}

static inline uint32_t tcp_fin_seq(const struct tcp_connection *tcp)
{
	return tcp->send.queue_seq + tcp->send.queued;
}

static inline bool tcp_fin_is_sent(const struct tcp_connection *tcp)
{
	return tcp->send.fin_wanted && seq_before(tcp_fin_seq(tcp), tcp->send.next);
}

static inline uint64_t tcp_setting_ns(const struct tcp_connection *tcp, enum tcp_setting setting)
{
	return tcp->setting[setting] * NET_MILLISECOND;
}

static inline void tcp_tell(struct tcp_connection *tcp, unsigned events)
{
	if (tcp->event)
		tcp->event(tcp->owner, events);
}

static inline uint32_t tcp_clock(const struct net_stack *stack)
{
	return (uint32_t)(stack->now_ns / NET_MILLISECOND);
}

/* tcp.c */
struct tcp_connection *tcp_make(struct tcp_stack *ts, struct tcp_connection *like);
void tcp_done(struct tcp_connection *tcp, int error);
void tcp_reset_and_done(struct tcp_connection *tcp, int error);
void tcp_free_if_unused(struct tcp_connection *tcp);
void tcp_enter_time_wait(struct tcp_connection *tcp);
void tcp_established(struct tcp_connection *tcp);
void tcp_set_mss(struct tcp_connection *tcp);
uint8_t tcp_receive_scale(const struct tcp_connection *tcp);
bool tcp_error_input(struct net_stack *stack, const struct net_flow *flow, const uint8_t *header, size_t len, const struct net_error *error);
/* table.c */
struct tcp_connection *tcp_find(struct tcp_stack *ts, const struct net_flow *flow, uint16_t local_port, uint16_t remote_port);
struct tcp_connection *tcp_find_listener(struct tcp_stack *ts, const struct net_flow *flow, const struct tcp_segment *segment);
int tcp_table_add(struct tcp_connection *tcp);
void tcp_table_remove(struct tcp_connection *tcp);
int tcp_choose_port(struct tcp_connection *tcp);
uint32_t tcp_first_seq(struct net_stack *stack, const struct net_flow *flow, uint16_t local_port, uint16_t remote_port);
uint32_t tcp_timestamp_offset(struct net_stack *stack, const struct net_flow *flow, uint16_t local_port, uint16_t remote_port);
uint64_t tcp_table_hash(const struct net_stack *stack, const struct net_flow *flow, uint16_t local_port, uint16_t remote_port);
uint64_t tcp_tuple_hash(const struct net_stack *stack, const struct net_flow *flow, uint16_t local_port, uint16_t remote_port, uint64_t extra);
/* segment.c */
bool tcp_segment_parse(struct net_packet *packet, struct tcp_segment *segment);
struct tcp_out {
	uint32_t seq, ack;
	uint16_t window, urgent;
	uint8_t flags;
	const uint8_t *options;
	size_t options_len;
};
int tcp_segment_send(struct net_stack *stack, struct net_flow *flow, uint16_t local_port, uint16_t remote_port, const struct tcp_out *out,
		     struct net_packet *payload, uint16_t segment_size);
void tcp_send_reset_for(struct net_stack *stack, const struct net_flow *flow, const struct tcp_segment *segment);
/* option.c */
struct tcp_option_values {
	uint16_t mss; /* 0: none, and so on */
	bool has_scale, sack_permitted, has_timestamp;
	uint8_t scale;
	uint32_t ts_value, ts_echo;
	const struct tcp_range *sack;
	unsigned nr_sacks;
};
size_t tcp_options_put(uint8_t *to, const struct tcp_option_values *values);
bool tcp_options_parse(const uint8_t *options, size_t len, struct tcp_segment *segment);
/* input.c */
void tcp_input(struct net_stack *stack, const struct net_flow *flow, struct net_packet *packet);
void tcp_segment_arrives(struct tcp_connection *tcp, struct tcp_segment *segment, struct net_packet *packet);
bool tcp_may_challenge(struct tcp_stack *ts); /* counts it */
void tcp_challenge(struct tcp_connection *tcp);
/* acknowledge.c */
bool tcp_process_ack(struct tcp_connection *tcp, const struct tcp_segment *segment);
void tcp_measure_rtt(struct tcp_connection *tcp, uint64_t rtt_ns);
/* scoreboard.c */
bool tcp_sacked_add(struct tcp_connection *tcp, uint32_t start, uint32_t end);
void tcp_sacked_forget(struct tcp_connection *tcp);
void tcp_sacked_advance(struct tcp_connection *tcp);
void tcp_find_lost(struct tcp_connection *tcp);
uint32_t tcp_pipe(const struct tcp_connection *tcp);
bool tcp_next_hole(const struct tcp_connection *tcp, struct tcp_range *hole);
/* receive.c */
void tcp_queue_payload(struct tcp_connection *tcp, struct tcp_segment *segment, struct net_packet *packet);
void tcp_receive_free(struct tcp_connection *tcp);
uint32_t tcp_receive_window(const struct tcp_connection *tcp);
void tcp_receive_grow(struct tcp_connection *tcp, uint32_t read);
void tcp_note_duplicate(struct tcp_connection *tcp, uint32_t start, uint32_t end);
unsigned tcp_sack_blocks(struct tcp_connection *tcp, struct tcp_range *to, unsigned max);
/* output.c */
void tcp_output(struct tcp_connection *tcp);
void tcp_window_update(struct tcp_connection *tcp);
void tcp_send_ack(struct tcp_connection *tcp);
int tcp_send_syn(struct tcp_connection *tcp); /* -EHOSTUNREACH: the neighbour is known to be silent, and so on */
void tcp_send_probe(struct tcp_connection *tcp);
void tcp_send_keep_alive(struct tcp_connection *tcp);
void tcp_send_reset(struct tcp_connection *tcp);
uint32_t tcp_send_one_new(struct tcp_connection *tcp); /* a segment beyond the congestion window; sequence numbers */
uint32_t tcp_send_again(struct tcp_connection *tcp, uint32_t seq, uint32_t len);
void tcp_queue_free(struct tcp_connection *tcp);
void tcp_queue_drop(struct tcp_connection *tcp, uint32_t bytes);
uint32_t tcp_payload_max(const struct tcp_connection *tcp);
/* user.c */
bool tcp_is_writable(const struct tcp_connection *tcp);
/* timer.c */
void tcp_timer_update(struct tcp_connection *tcp);
void tcp_timer_fire(struct net_timer *timer);
void tcp_retransmit_start(struct tcp_connection *tcp);
void tcp_keep_alive_start(struct tcp_connection *tcp);
/* time_wait.c */
void tcp_time_wait_init(struct tcp_stack *ts);
void tcp_time_wait_fini(struct tcp_stack *ts);
void tcp_time_wait_add(struct tcp_connection *tcp);
bool tcp_time_wait_has(struct tcp_stack *ts, const struct net_flow *flow, uint16_t local_port, uint16_t remote_port);
bool tcp_time_wait_has_port(const struct tcp_connection *tcp, const struct net_address *address, uint16_t port);
/* True: the segment is of a connection that is over, and was answered. */
bool tcp_time_wait_input(struct tcp_stack *ts, const struct net_flow *flow, const struct tcp_segment *segment);
void tcp_time_wait_visit(struct tcp_stack *ts, tcp_visit_record_fn *visit, void *context);
/* memory.c */
void tcp_memory_update(struct tcp_connection *tcp); /* after any change of a queue */
bool tcp_memory_may_send(const struct tcp_connection *tcp);
bool tcp_memory_may_receive(const struct tcp_connection *tcp);
bool tcp_memory_may_be_orphan(const struct tcp_connection *tcp);
/* tail.c */
void tcp_tail_start(struct tcp_connection *tcp);
void tcp_tail_probe(struct tcp_connection *tcp);
void tcp_tail_acked(struct tcp_connection *tcp, const struct tcp_segment *segment);
bool tcp_tail_tells_loss(const struct tcp_connection *tcp);
/* spurious.c */
void tcp_spurious_start(struct tcp_connection *tcp);
void tcp_spurious_progress(struct tcp_connection *tcp);
void tcp_spurious_duplicate(struct tcp_connection *tcp);
/* listen.c */
void tcp_listen_input(struct tcp_connection *listener, const struct net_flow *flow, struct tcp_segment *segment, struct net_packet *packet);
bool tcp_request_input(struct tcp_stack *ts, const struct net_flow *flow, struct tcp_segment *segment, struct net_packet *packet);
void tcp_listener_free(struct tcp_connection *tcp);
void tcp_requests_visit(struct tcp_stack *ts, tcp_visit_record_fn *visit, void *context);
void tcp_request_send(struct net_stack *stack, struct tcp_request *request);
/* cookie.c */
uint32_t tcp_cookie_make(struct net_stack *stack, struct tcp_request *request);
bool tcp_cookie_check(struct net_stack *stack, const struct tcp_segment *segment, struct tcp_request *request);
/* congestion.c */
void tcp_congestion_start(struct tcp_connection *tcp);
uint32_t tcp_first_window(const struct tcp_connection *tcp);
void tcp_congestion_acked(struct tcp_connection *tcp, uint32_t bytes);
void tcp_congestion_reduce(struct tcp_connection *tcp);
