/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The machine's network stack: the one instance of kernel/net/core, with the kernel's lock, clock, timer and memory around it, and its interfaces.
 *
 *	stack = net_enter(); ... calls of kernel/net's libraries ...; net_leave();
 *
 * The lock is a spin lock: nothing between the two sleeps, and no user memory is touched. Interrupt handlers enter, too.
 * The stack is made when it is first entered, by a driver or a socket, so that a machine without a network spends nothing on it;
 * and network devices begin when it is first entered, or a moment after the start.
 */
#pragma once
#include "kernel/net/core/net.h"
#include "lib/linkerset.h"

/* Takes the lock and begins a turn. */
struct net_stack *net_enter(void);
/* Ends the turn: runs what was put off, sets the timer, releases the lock. */
void net_leave(void);

/* Of that stack, for /proc/sys/net. What must be consistent in itself (port_range) is changed in a turn. */
extern struct net_tuning net_machine_tuning;

/* ---- Interfaces of devices ---- */

/*
 * A driver gives its interface, filled but for the name (ethN by order), the index and the link (Ethernet); it borrows it for good. It is configured by the
 * words "ip=" of the command line, else by the first way to find addresses that is linked (DHCP). Flags say whether the link is up. -ENOMEM.
 */
int net_device_add(struct net_interface *interface) must_check;
/* The device says that the cable is plugged in or pulled: outside of a turn. */
void net_device_set_link(struct net_interface *interface, bool is_up);

/* ---- Ways to find an address: DHCP registers itself ---- */

struct net_autoconf {
	const char *name;
	/* In a turn, the link is up. host_name may be NULL. -ENOMEM. */
	int (*start)(struct net_interface *interface, const char *host_name);
};
#define NET_AUTOCONF(n) LINKER_SET_MEMBER(net_autoconf, struct net_autoconf, n)

/* ---- Names ---- */

#define NET_NAME_SERVERS_MAX 8
#define NET_DOMAIN_MAX	     255

/* Who told of a name server; what each tells lives by itself. */
enum net_teller { NET_TOLD_BY_OWNER, NET_TOLD_BY_DHCP, NET_TOLD_BY_ROUTER };

struct net_names {
	struct net_address server[NET_NAME_SERVERS_MAX];
	unsigned interface_index[NET_NAME_SERVERS_MAX]; /* that told of it; 0: a resolver in this machine */
	enum net_teller teller[NET_NAME_SERVERS_MAX];
	unsigned nr;
	char domain[NET_DOMAIN_MAX + 1];
};

/* All in a turn. What programs are to ask (/proc/net/pnp, resolv.conf(5)): the resolver in this machine if there is one, else those that were told. */
const struct net_names *net_names(void);
const struct net_names *net_names_told(void);
/* Those that the same teller told of before for the interface are forgotten. domain may be NULL: not told. */
void net_names_set(const struct net_interface *interface, enum net_teller teller, const struct net_address *servers, unsigned nr, const char *domain);
void net_names_set_resolver(const struct net_address *address);

/* A way to be found by name on a link, and to find others: multicast DNS registers itself. */
struct net_naming {
	void (*start)(struct net_interface *interface, const char *host_name); /* in a turn */
};
#define NET_NAMING(n) LINKER_SET_MEMBER(net_naming, struct net_naming, n)
