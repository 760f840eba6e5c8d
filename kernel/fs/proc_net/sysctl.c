/* SPDX-License-Identifier: BSD-3-Clause */
/* /proc/sys/net: what programs look up of the network, as this stack has it. */
#include "kernel/fs/proc/proc.h"

#define SYSCTL_TEXT(n, p, t)                                                                                         \
	static void show_##n(struct proc_text *to)                                                                  \
	{                                                                                                           \
		proc_print(to, "%s\n", t);                                                                          \
	}                                                                                                           \
	PROC_FILE(sys_net_##n) = {.path = "sys/net/" p, .mode = 0444, .show = show_##n}

SYSCTL_TEXT(rmem_default, "core/rmem_default", "212992");
SYSCTL_TEXT(rmem_max, "core/rmem_max", "4194304");
SYSCTL_TEXT(wmem_default, "core/wmem_default", "212992");
SYSCTL_TEXT(wmem_max, "core/wmem_max", "4194304");
SYSCTL_TEXT(optmem_max, "core/optmem_max", "20480");
SYSCTL_TEXT(netdev_max_backlog, "core/netdev_max_backlog", "1000");
SYSCTL_TEXT(ip_local_port_range, "ipv4/ip_local_port_range", "32768\t60999");
SYSCTL_TEXT(ip_unprivileged_port_start, "ipv4/ip_unprivileged_port_start", "1024");
SYSCTL_TEXT(ip_nonlocal_bind, "ipv4/ip_nonlocal_bind", "0");
SYSCTL_TEXT(ip_forward, "ipv4/ip_forward", "0");
SYSCTL_TEXT(ip_default_ttl, "ipv4/ip_default_ttl", "64");
SYSCTL_TEXT(ping_group_range, "ipv4/ping_group_range", "0\t2147483647");
SYSCTL_TEXT(tcp_max_syn_backlog, "ipv4/tcp_max_syn_backlog", "4096");
SYSCTL_TEXT(tcp_fin_timeout, "ipv4/tcp_fin_timeout", "60");
SYSCTL_TEXT(tcp_keepalive_time, "ipv4/tcp_keepalive_time", "7200");
SYSCTL_TEXT(tcp_keepalive_intvl, "ipv4/tcp_keepalive_intvl", "75");
SYSCTL_TEXT(tcp_keepalive_probes, "ipv4/tcp_keepalive_probes", "9");
SYSCTL_TEXT(tcp_retries1, "ipv4/tcp_retries1", "3");
SYSCTL_TEXT(tcp_retries2, "ipv4/tcp_retries2", "15");
SYSCTL_TEXT(tcp_syn_retries, "ipv4/tcp_syn_retries", "6");
SYSCTL_TEXT(tcp_synack_retries, "ipv4/tcp_synack_retries", "5");
SYSCTL_TEXT(tcp_syncookies, "ipv4/tcp_syncookies", "1");
SYSCTL_TEXT(tcp_tw_reuse, "ipv4/tcp_tw_reuse", "2");
SYSCTL_TEXT(tcp_max_tw_buckets, "ipv4/tcp_max_tw_buckets", "8192");
SYSCTL_TEXT(tcp_timestamps, "ipv4/tcp_timestamps", "1");
SYSCTL_TEXT(tcp_sack, "ipv4/tcp_sack", "1");
SYSCTL_TEXT(tcp_window_scaling, "ipv4/tcp_window_scaling", "1");
SYSCTL_TEXT(tcp_fastopen, "ipv4/tcp_fastopen", "0");
SYSCTL_TEXT(tcp_ecn, "ipv4/tcp_ecn", "0");
SYSCTL_TEXT(tcp_abort_on_overflow, "ipv4/tcp_abort_on_overflow", "0");
SYSCTL_TEXT(tcp_rmem, "ipv4/tcp_rmem", "4096\t524288\t8388608");
SYSCTL_TEXT(tcp_wmem, "ipv4/tcp_wmem", "4096\t262144\t8388608");
SYSCTL_TEXT(all_forwarding, "ipv4/conf/all/forwarding", "0");
SYSCTL_TEXT(all_rp_filter, "ipv4/conf/all/rp_filter", "0");
SYSCTL_TEXT(all_accept_local, "ipv4/conf/all/accept_local", "0");
SYSCTL_TEXT(default_forwarding, "ipv4/conf/default/forwarding", "0");
