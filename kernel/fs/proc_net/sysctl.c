/* SPDX-License-Identifier: BSD-3-Clause */
/* /proc/sys/net: what the network is told to do; and what programs look up of it, as this stack has it. */
#include "kernel/fs/proc/proc.h"
#include "kernel/net/inet/inet.h"
#include "kernel/net/socket/socket.h"
#include "kernel/net/system/system.h"
#include "kernel/uapi/errno.h"
#include "lib/string.h"

enum { BUFFER_LEAST = 2304, TCP_BUFFER_LEAST = 4096, BUFFER_MOST = 64 << 20, TIME_MOST = 32767, RETRIES_MOST = 127, PORT_MOST = 65535 };

/* ---- What holds from now on ---- */

PROC_SYSCTL(somaxconn, "net/core/somaxconn", &socket_limits.backlog, 0, INT32_MAX);
PROC_SYSCTL(rmem_default, "net/core/rmem_default", &socket_limits.receive_default, BUFFER_LEAST, BUFFER_MOST);
PROC_SYSCTL(rmem_max, "net/core/rmem_max", &socket_limits.receive_max, BUFFER_LEAST, INT32_MAX);
PROC_SYSCTL(wmem_default, "net/core/wmem_default", &socket_limits.send_default, BUFFER_LEAST, BUFFER_MOST);
PROC_SYSCTL(wmem_max, "net/core/wmem_max", &socket_limits.send_max, BUFFER_LEAST, INT32_MAX);
PROC_SYSCTL(unprivileged_port_start, "net/ipv4/ip_unprivileged_port_start", &inet_limits.first_free_port, 0, PORT_MOST);
PROC_SYSCTL(nonlocal_bind, "net/ipv4/ip_nonlocal_bind", &inet_limits.may_bind_any, 0, 1);
PROC_SYSCTL(tcp_keepalive_time, "net/ipv4/tcp_keepalive_time", &net_machine_tuning.tcp_keep_idle, 1, TIME_MOST);
PROC_SYSCTL(tcp_keepalive_intvl, "net/ipv4/tcp_keepalive_intvl", &net_machine_tuning.tcp_keep_interval, 1, TIME_MOST);
PROC_SYSCTL(tcp_keepalive_probes, "net/ipv4/tcp_keepalive_probes", &net_machine_tuning.tcp_keep_count, 1, RETRIES_MOST);
PROC_SYSCTL(tcp_syn_retries, "net/ipv4/tcp_syn_retries", &net_machine_tuning.tcp_syn_retries, 1, RETRIES_MOST);
PROC_SYSCTL(tcp_synack_retries, "net/ipv4/tcp_synack_retries", &net_machine_tuning.tcp_syn_ack_retries, 0, 31);
PROC_SYSCTL(tcp_retries2, "net/ipv4/tcp_retries2", &net_machine_tuning.tcp_retries, 1, 255);
PROC_SYSCTL(tcp_fin_timeout, "net/ipv4/tcp_fin_timeout", &net_machine_tuning.tcp_fin_timeout, 1, TIME_MOST);
PROC_SYSCTL(tcp_max_syn_backlog, "net/ipv4/tcp_max_syn_backlog", &net_machine_tuning.tcp_requests, 1, 1 << 20);
PROC_SYSCTL(tcp_max_tw_buckets, "net/ipv4/tcp_max_tw_buckets", &net_machine_tuning.tcp_time_waits, 1, 1 << 20);
PROC_FILE(sys_net_tcp_rmem) = {.path = "sys/net/ipv4/tcp_rmem", .mode = 0644, .number = net_machine_tuning.tcp_receive_buffer, .nr_numbers = 3, .least = TCP_BUFFER_LEAST, .most = BUFFER_MOST};
PROC_FILE(sys_net_tcp_wmem) = {.path = "sys/net/ipv4/tcp_wmem", .mode = 0644, .number = net_machine_tuning.tcp_send_buffer, .nr_numbers = 3, .least = TCP_BUFFER_LEAST, .most = BUFFER_MOST};

static void show_ports(struct proc_text *to)
{
	unsigned first, last;

	net_enter();
	first = net_machine_tuning.port_range[0];
	last = net_machine_tuning.port_range[1];
	net_leave();
	proc_print(to, "%u\t%u\n", first, last);
}

static int store_ports(const char *text, size_t len)
{
	unsigned range[2];
	int ret;

	net_enter();
	memcpy(range, net_machine_tuning.port_range, sizeof(range));
	ret = proc_parse_numbers(text, range, ARRAY_SIZE(range), 1, PORT_MOST);
	if (!ret && range[0] > range[1])
		ret = -EINVAL;
	if (!ret)
		memcpy(net_machine_tuning.port_range, range, sizeof(range));
	net_leave();
	return ret;
}
PROC_FILE(sys_net_ports) = {.path = "sys/net/ipv4/ip_local_port_range", .mode = 0644, .show = show_ports, .store = store_ports};

/* ---- What is kept, and changes nothing ---- */

PROC_SYSCTL_KEPT(optmem_max, "net/core/optmem_max", 131072, 0, INT32_MAX);
PROC_SYSCTL_KEPT(netdev_max_backlog, "net/core/netdev_max_backlog", 1000, 0, INT32_MAX);
PROC_SYSCTL_KEPT(netdev_budget, "net/core/netdev_budget", 300, 0, INT32_MAX);
PROC_SYSCTL_KEPT(busy_poll, "net/core/busy_poll", 0, 0, INT32_MAX);
PROC_SYSCTL_KEPT(busy_read, "net/core/busy_read", 0, 0, INT32_MAX);
PROC_SYSCTL_KEPT(tcp_retries1, "net/ipv4/tcp_retries1", 3, 0, 255);
PROC_SYSCTL_KEPT(tcp_tw_reuse, "net/ipv4/tcp_tw_reuse", 2, 0, 2);
PROC_SYSCTL_KEPT(tcp_abort_on_overflow, "net/ipv4/tcp_abort_on_overflow", 0, 0, 1);
PROC_SYSCTL_KEPT(tcp_slow_start_after_idle, "net/ipv4/tcp_slow_start_after_idle", 1, 0, 1);
PROC_SYSCTL_KEPT(tcp_no_metrics_save, "net/ipv4/tcp_no_metrics_save", 1, 0, 1);
PROC_SYSCTL_KEPT(tcp_mtu_probing, "net/ipv4/tcp_mtu_probing", 0, 0, 2);
PROC_SYSCTL_KEPT(tcp_max_orphans, "net/ipv4/tcp_max_orphans", 4096, 0, INT32_MAX);
PROC_SYSCTL_KEPT(tcp_fastopen, "net/ipv4/tcp_fastopen", 0, 0, 0xffff);
PROC_SYSCTL_KEPT(tcp_notsent_lowat, "net/ipv4/tcp_notsent_lowat", UINT32_MAX, 0, UINT32_MAX);
PROC_SYSCTL_KEPT(all_rp_filter, "net/ipv4/conf/all/rp_filter", 0, 0, 2);
PROC_SYSCTL_KEPT(default_rp_filter, "net/ipv4/conf/default/rp_filter", 0, 0, 2);
PROC_SYSCTL_KEPT(all_accept_redirects, "net/ipv4/conf/all/accept_redirects", 0, 0, 1);
PROC_SYSCTL_KEPT(default_accept_redirects, "net/ipv4/conf/default/accept_redirects", 0, 0, 1);
PROC_SYSCTL_KEPT(all_send_redirects, "net/ipv4/conf/all/send_redirects", 0, 0, 1);
PROC_SYSCTL_KEPT(default_send_redirects, "net/ipv4/conf/default/send_redirects", 0, 0, 1);
PROC_SYSCTL_KEPT(all_accept_source_route, "net/ipv4/conf/all/accept_source_route", 0, 0, 1);
PROC_SYSCTL_KEPT(icmp_echo_ignore_broadcasts, "net/ipv4/icmp_echo_ignore_broadcasts", 1, 0, 1);
PROC_SYSCTL_KEPT(max_dgram_qlen, "net/unix/max_dgram_qlen", 512, 0, INT32_MAX);

/* ---- What cannot be otherwise ---- */

PROC_SYSCTL_TEXT(ip_forward, "net/ipv4/ip_forward", "0");
PROC_SYSCTL_TEXT(ping_group_range, "net/ipv4/ping_group_range", "0\t2147483647");
PROC_SYSCTL_TEXT(all_forwarding, "net/ipv4/conf/all/forwarding", "0");
PROC_SYSCTL_TEXT(all_accept_local, "net/ipv4/conf/all/accept_local", "0");
PROC_SYSCTL_TEXT(default_forwarding, "net/ipv4/conf/default/forwarding", "0");
/* Writing what they are is no error. */
PROC_SYSCTL_KEPT(ip_default_ttl, "net/ipv4/ip_default_ttl", 64, 64, 64);
PROC_SYSCTL_KEPT(tcp_syncookies, "net/ipv4/tcp_syncookies", 1, 1, 1);
PROC_SYSCTL_KEPT(tcp_timestamps, "net/ipv4/tcp_timestamps", 1, 1, 1);
PROC_SYSCTL_KEPT(tcp_sack, "net/ipv4/tcp_sack", 1, 1, 1);
PROC_SYSCTL_KEPT(tcp_window_scaling, "net/ipv4/tcp_window_scaling", 1, 1, 1);
PROC_SYSCTL_KEPT(tcp_ecn, "net/ipv4/tcp_ecn", 2, 2, 2);
