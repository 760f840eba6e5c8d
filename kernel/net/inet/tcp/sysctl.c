/* SPDX-License-Identifier: BSD-3-Clause */
/* /proc/sys/net/ipv4: which congestion control new connections start with, and which there are. */
#include "kernel/fs/proc/proc.h"
#include "kernel/net/system/system.h"
#include "kernel/net/tcp/tcp.h"
#include "kernel/uapi/errno.h"
#include "lib/string.h"

static void show_usual(struct proc_text *to)
{
	const char *name = tcp_usual_congestion(net_enter());

	net_leave();
	proc_print(to, "%s\n", name);
}

static int store_usual(const char *text, size_t len)
{
	int ret;

	while (len && (text[len - 1] == '\n' || text[len - 1] == ' '))
		len--;
	ret = tcp_set_usual_congestion(net_enter(), text, len);
	net_leave();
	return ret;
}
PROC_FILE(sys_net_congestion) = {.path = "sys/net/ipv4/tcp_congestion_control", .mode = 0644, .show = show_usual, .store = store_usual};

static void show_all(struct proc_text *to)
{
	const char *name;

	for (unsigned i = 0;; i++) {
		name = tcp_congestion_name(net_enter(), i);
		net_leave();
		if (!name)
			break;
		proc_print(to, i ? " %s" : "%s", name);
	}
	proc_print(to, "\n");
}
PROC_FILE(sys_net_congestions) = {.path = "sys/net/ipv4/tcp_available_congestion_control", .mode = 0444, .show = show_all};
PROC_FILE(sys_net_allowed_congestions) = {.path = "sys/net/ipv4/tcp_allowed_congestion_control", .mode = 0444, .show = show_all};
