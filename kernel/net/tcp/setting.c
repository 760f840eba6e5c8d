/* SPDX-License-Identifier: BSD-3-Clause */
/* Settings of a connection, and its report. */
#include "kernel/net/tcp/internal.h"

struct limits {
	uint64_t min, max;
};

static const struct limits limits[TCP_NR_SETTINGS] = {
	[TCP_SET_NO_DELAY] = {0, 1}, [TCP_SET_CORK] = {0, 1}, [TCP_SET_QUICK_ACK] = {0, 1}, [TCP_SET_KEEP_ALIVE] = {0, 1},
	[TCP_SET_KEEP_IDLE_NS] = {NET_SECOND, 32767 * NET_SECOND}, [TCP_SET_KEEP_INTERVAL_NS] = {NET_SECOND, 32767 * NET_SECOND},
	[TCP_SET_KEEP_COUNT] = {1, 127}, [TCP_SET_USER_TIMEOUT_NS] = {0, UINT32_MAX * NET_MILLISECOND}, [TCP_SET_MSS_MAX] = {TCP_MSS_MIN, 32767},
	[TCP_SET_SEND_BUFFER] = {4096, TCP_BUFFER_MAX}, [TCP_SET_RECEIVE_BUFFER] = {2048, TCP_BUFFER_MAX}, [TCP_SET_REUSE_ADDRESS] = {0, 1},
	[TCP_SET_REUSE_PORT] = {0, 1}, [TCP_SET_ECN] = {0, 2}, [TCP_SET_URGENT_INLINE] = {0, 1}, [TCP_SET_TTL] = {0, 255},
	[TCP_SET_TRAFFIC_CLASS] = {0, 255}, [TCP_SET_DEFER_ACCEPT] = {0, 255}, [TCP_SET_SYN_RETRIES] = {1, 127}, [TCP_SET_LINGER_ABORT] = {0, 1},
	[TCP_SET_IP6_ONLY] = {0, 1}, [TCP_SET_FREE_BIND] = {0, 1},
};

static bool is_time(enum tcp_setting setting)
{
	return setting == TCP_SET_KEEP_IDLE_NS || setting == TCP_SET_KEEP_INTERVAL_NS || setting == TCP_SET_USER_TIMEOUT_NS;
}

int tcp_set(struct tcp_connection *tcp, enum tcp_setting setting, uint64_t value)
{
	if (setting >= TCP_NR_SETTINGS || value < limits[setting].min || value > limits[setting].max)
		return -EINVAL;
	tcp->setting[setting] = (uint32_t)(is_time(setting) ? (value + NET_MILLISECOND - 1) / NET_MILLISECOND : value);
	tcp->send.is_sized |= setting == TCP_SET_SEND_BUFFER;
	tcp->receive.is_sized |= setting == TCP_SET_RECEIVE_BUFFER;
	if (setting == TCP_SET_CORK || setting == TCP_SET_NO_DELAY) {
		tcp->send.more = false;
		tcp->cork_at_ns = 0;
	}
	if (setting == TCP_SET_TTL)
		tcp->flow.ttl = (uint8_t)value;
	if (setting >= TCP_SET_KEEP_ALIVE && setting <= TCP_SET_KEEP_COUNT && tcp->state >= TCP_ESTABLISHED && tcp->state != TCP_TIME_WAIT)
		tcp_keep_alive_start(tcp);
	tcp_output(tcp);
	return 0;
}

uint64_t tcp_get(const struct tcp_connection *tcp, enum tcp_setting setting)
{
	return is_time(setting) ? tcp_setting_ns(tcp, setting) : tcp->setting[setting];
}

void tcp_bind_interface(struct tcp_connection *tcp, struct net_interface *interface)
{
	tcp->flow.bound = interface;
	tcp->flow.generation = 0;
}

void tcp_report(const struct tcp_connection *tcp, struct tcp_report *report)
{
	*report = (struct tcp_report){
		.state = (enum tcp_state)tcp->state, .has_timestamps = tcp->ts.is_on, .has_sack = tcp->has_sack, .has_scaling = tcp->has_scale,
		.has_ecn = tcp->ecn.is_on, .send_scale = tcp->send.scale, .receive_scale = tcp->receive.scale, .mss = tcp->send.mss,
		.cwnd = tcp->congestion.cwnd, .ssthresh = tcp->congestion.ssthresh, .send_window = tcp->send.window,
		.receive_window = tcp->receive.edge - tcp->receive.next, .in_flight = tcp->send.next - tcp->send.una,
		.retransmits = tcp->nr_retransmits, .rtt_ns = tcp->srtt_ns, .rtt_variation_ns = tcp->rttvar_ns, .rto_ns = tcp->rto_ns,
		.bytes_acked = tcp->bytes_acked, .bytes_received = tcp->bytes_received,
		.congestion = tcp->congestion_ops ? tcp->congestion_ops->name : tcp_usual_congestion(tcp->stack),
	};
}
