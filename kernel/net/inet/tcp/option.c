/* SPDX-License-Identifier: BSD-3-Clause */
/* Options of TCP sockets (tcp(7)), and what of other levels the connection has to know. */
#include "kernel/net/inet/tcp/socket.h"
#include "kernel/net/system/system.h"
#include "kernel/process/credentials.h"
#include "kernel/process/process.h"

/* Options that are a setting of the connection, in some unit. */
static const struct simple_option {
	int option;
	enum tcp_setting setting;
	uint64_t unit;
	bool is_flag;
} simple_options[] = {
	{LINUX_TCP_NODELAY, TCP_SET_NO_DELAY, 1, true},
	{LINUX_TCP_CORK, TCP_SET_CORK, 1, true},
	{LINUX_TCP_QUICKACK, TCP_SET_QUICK_ACK, 1, true},
	{LINUX_TCP_KEEPIDLE, TCP_SET_KEEP_IDLE_NS, NET_SECOND, false},
	{LINUX_TCP_KEEPINTVL, TCP_SET_KEEP_INTERVAL_NS, NET_SECOND, false},
	{LINUX_TCP_KEEPCNT, TCP_SET_KEEP_COUNT, 1, false},
	{LINUX_TCP_SYNCNT, TCP_SET_SYN_RETRIES, 1, false},
	{LINUX_TCP_USER_TIMEOUT, TCP_SET_USER_TIMEOUT_NS, NET_MILLISECOND, false},
};

static const struct simple_option *simple_find(int option)
{
	for (unsigned i = 0; i < ARRAY_SIZE(simple_options); i++)
		if (simple_options[i].option == option)
			return &simple_options[i];
	return NULL;
}

static int set(struct tcp_socket *t, enum tcp_setting setting, uint64_t value)
{
	int ret;

	net_enter();
	ret = tcp_set(t->tcp, setting, value);
	net_leave();
	return ret;
}

/* What was set at the socket is what the connection is to do. In a turn. */
void tcp_socket_apply(struct inet_socket *s)
{
	struct tcp_socket *t = tcp_socket_of(&s->socket);
	const struct {
		enum tcp_setting setting;
		uint64_t value;
	} values[] = {
		{TCP_SET_REUSE_ADDRESS, s->socket.reuse_address}, {TCP_SET_REUSE_PORT, s->socket.reuse_port}, {TCP_SET_KEEP_ALIVE, s->socket.keep_alive},
		{TCP_SET_TTL, s->set.ttl}, {TCP_SET_TRAFFIC_CLASS, s->set.traffic_class}, {TCP_SET_URGENT_INLINE, s->set.is_urgent_inline},
		{TCP_SET_IP6_ONLY, s->set.ip6_only}, {TCP_SET_FREE_BIND, inet_may_bind_any(s)}, {TCP_SET_SEND_BUFFER, s->socket.send_buffer}, {TCP_SET_RECEIVE_BUFFER, s->socket.receive_buffer},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(values); i++)
		if (tcp_get(t->tcp, values[i].setting) != values[i].value)
			(void)tcp_set(t->tcp, values[i].setting, values[i].value);
	tcp_bind_interface(t->tcp, s->set.bound_index ? net_interface_by_index(s->stack, s->set.bound_index) : NULL);
}

/* ---- Those with a meaning of their own ---- */

/* How often the third segment of the handshake may be without data: the time goes over to retries of the SYN-ACK, which come after 1, 2, 4 ... seconds. */
static unsigned retries_of_seconds(int seconds)
{
	unsigned retries = 0;

	for (int time = 0; seconds > 0 && time < seconds && retries < 255; retries++)
		time += 1 << (retries < 7 ? retries : 7);
	return retries;
}

static int seconds_of_retries(uint64_t retries)
{
	int seconds = 0;

	for (unsigned i = 0; i < retries; i++)
		seconds += 1 << (i < 7 ? i : 7);
	return seconds;
}

static int set_congestion(struct tcp_socket *t, const void *value, size_t len)
{
	const char *name = value;
	int ret;

	if (!len)
		return -EINVAL;
	len = min_u64(len, 15);
	for (size_t i = 0; i < len; i++)
		if (!name[i])
			len = i;
	net_enter();
	ret = tcp_set_congestion(t->tcp, name, len);
	net_leave();
	return ret;
}

static int set_own(struct tcp_socket *t, int option, int v)
{
	switch (option) {
	case LINUX_TCP_MAXSEG:
		return v && (v < 88 || v > 32767) ? -EINVAL : v ? set(t, TCP_SET_MSS_MAX, (uint64_t)v) : 0;
	case LINUX_TCP_DEFER_ACCEPT:
		return set(t, TCP_SET_DEFER_ACCEPT, retries_of_seconds(v));
	case LINUX_TCP_LINGER2:
		t->linger2_s = v < 0 ? -1 : v;
		return 0;
	case LINUX_TCP_WINDOW_CLAMP:
		t->window_clamp = v;
		return 0;
	case LINUX_TCP_NOTSENT_LOWAT:
		t->not_sent_low = v;
		return 0;
	case LINUX_TCP_FASTOPEN: /* the queue's length of a listener: nothing comes with the SYN, which is allowed (RFC 7413 §4.2.2) */
		if (v < 0 || !(tcp_state(t->tcp) == TCP_CLOSED || tcp_state(t->tcp) == TCP_LISTEN))
			return -EINVAL;
		t->fast_open = v;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

static int set_of_socket_level(struct tcp_socket *t, int option, const void *value, size_t len)
{
	int v, ret;

	if (option != LINUX_SO_OOBINLINE)
		return -ENOPROTOOPT;
	ret = inet_option_int(value, len, &v);
	if (ret)
		return ret;
	t->inet.set.is_urgent_inline = v != 0;
	return set(t, TCP_SET_URGENT_INLINE, v != 0);
}

int tcp_socket_set_option(struct inet_socket *s, int level, int option, const void *value, size_t len)
{
	struct tcp_socket *t = tcp_socket_of(&s->socket);
	const struct simple_option *simple;
	int v, ret;

	if (level == LINUX_SOL_SOCKET)
		return set_of_socket_level(t, option, value, len);
	if (level != LINUX_IPPROTO_TCP)
		return -ENOPROTOOPT;
	if (option == LINUX_TCP_CONGESTION)
		return set_congestion(t, value, len);
	if (len < sizeof(int))
		return -EINVAL;
	memcpy(&v, value, sizeof(v));
	simple = simple_find(option);
	if (!simple)
		return set_own(t, option, v);
	if (!simple->is_flag && v < (option == LINUX_TCP_USER_TIMEOUT ? 0 : 1))
		return -EINVAL;
	ret = set(t, simple->setting, simple->is_flag ? v != 0 : (uint64_t)v * simple->unit);
	return ret;
}

/* ---- Reading ---- */

/* Linux numbers the states from 1 in another order (netinet/tcp.h). */
uint8_t tcp_linux_state(enum tcp_state state)
{
	static const uint8_t numbers[] = {
		[TCP_CLOSED] = 7, [TCP_LISTEN] = 10, [TCP_SYN_SENT] = 2, [TCP_SYN_RECEIVED] = 3, [TCP_ESTABLISHED] = 1, [TCP_FIN_WAIT_1] = 4,
		[TCP_FIN_WAIT_2] = 5, [TCP_CLOSE_WAIT] = 8, [TCP_CLOSING] = 11, [TCP_LAST_ACK] = 9, [TCP_TIME_WAIT] = 7 /* not a socket's: CLOSE */,
	};

	return numbers[state];
}

static uint32_t microseconds(uint64_t ns)
{
	return (uint32_t)min_u64(ns / 1000, UINT32_MAX);
}

const char *tcp_fill_info(const struct tcp_connection *tcp, struct linux_tcp_info *info)
{
	struct tcp_report r;

	tcp_report(tcp, &r);
	*info = (struct linux_tcp_info){
		.state = tcp_linux_state(r.state),
		.options = (uint8_t)((r.has_timestamps ? LINUX_TCPI_OPT_TIMESTAMPS : 0) | (r.has_sack ? LINUX_TCPI_OPT_SACK : 0) |
				     (r.has_scaling ? LINUX_TCPI_OPT_WSCALE : 0) | (r.has_ecn ? LINUX_TCPI_OPT_ECN : 0)),
		.scales = (uint8_t)(r.send_scale | r.receive_scale << 4), .rto = microseconds(r.rto_ns), .snd_mss = r.mss, .rcv_mss = r.mss, .advmss = r.mss,
		.unacked = r.mss ? (r.in_flight + r.mss - 1) / r.mss : 0, .pmtu = tcp_path_mtu(tcp), .rtt = microseconds(r.rtt_ns),
		.rttvar = microseconds(r.rtt_variation_ns), .snd_ssthresh = r.mss ? r.ssthresh / r.mss : 0, .snd_cwnd = r.mss ? r.cwnd / r.mss : 10,
		.reordering = 3, .rcv_space = r.receive_window, .total_retrans = r.retransmits, .bytes_acked = r.bytes_acked,
		.bytes_received = r.bytes_received, .snd_wnd = r.send_window,
	};
	return r.congestion;
}

static long get_congestion(struct tcp_socket *t, void *value, size_t size)
{
	char name[16] = "";
	struct tcp_report r;
	size_t len;

	net_enter();
	tcp_report(t->tcp, &r);
	net_leave();
	len = min_u64(strlen(r.congestion), sizeof(name) - 1);
	memcpy(name, r.congestion, len);
	len = min_u64(size, sizeof(name));
	memcpy(value, name, len);
	return (long)len;
}

static int get_own(struct tcp_socket *t, int option)
{
	struct tcp_report r;

	switch (option) {
	case LINUX_TCP_MAXSEG:
		net_enter();
		tcp_report(t->tcp, &r);
		net_leave();
		return r.state == TCP_CLOSED || r.state == TCP_LISTEN ? (int)(tcp_get(t->tcp, TCP_SET_MSS_MAX) ? tcp_get(t->tcp, TCP_SET_MSS_MAX) : 536) : (int)r.mss;
	case LINUX_TCP_DEFER_ACCEPT:
		return seconds_of_retries(tcp_get(t->tcp, TCP_SET_DEFER_ACCEPT));
	case LINUX_TCP_LINGER2:
		return t->linger2_s ? t->linger2_s : 60;
	case LINUX_TCP_WINDOW_CLAMP:
		return t->window_clamp;
	case LINUX_TCP_NOTSENT_LOWAT:
		return t->not_sent_low;
	case LINUX_TCP_FASTOPEN:
		return t->fast_open;
	default:
		return -ENOPROTOOPT;
	}
}

long tcp_socket_get_option(struct inet_socket *s, int level, int option, void *value, size_t size)
{
	struct tcp_socket *t = tcp_socket_of(&s->socket);
	const struct simple_option *simple;
	struct linux_tcp_info info;
	int v;

	if (level == LINUX_SOL_SOCKET && option == LINUX_SO_OOBINLINE)
		return inet_option_give_int(value, size, s->set.is_urgent_inline);
	if (level != LINUX_IPPROTO_TCP)
		return -ENOPROTOOPT;
	if (option == LINUX_TCP_INFO) {
		net_enter();
		tcp_fill_info(t->tcp, &info);
		net_leave();
		memcpy(value, &info, min_u64(size, sizeof(info)));
		return (long)min_u64(size, sizeof(info));
	}
	if (option == LINUX_TCP_CONGESTION)
		return get_congestion(t, value, size);
	simple = simple_find(option);
	v = simple ? (int)(tcp_get(t->tcp, simple->setting) / simple->unit) : get_own(t, option);
	return v == -ENOPROTOOPT ? v : inet_option_give_int(value, size, v);
}
