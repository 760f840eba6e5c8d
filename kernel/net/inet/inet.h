/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The families AF_INET and AF_INET6 over the machine's network stack (net/system). Protocols, in folders of their own, register themselves by type and
 * number; one that is not linked answers EPROTONOSUPPORT.
 *
 * The stack's lock (net_enter) guards what the libraries keep, and their events come under it: these only note and wake. User memory is copied outside of it.
 * Addresses within are those of the libraries: 16 bytes, IPv4 in mapped form, so that one code serves both families.
 */
#pragma once
#include "kernel/net/core/net.h"
#include "kernel/net/socket/socket.h"
#include "kernel/uapi/inet.h"

struct inet_socket;

/* /proc/sys/net/ipv4: ip_unprivileged_port_start, ip_nonlocal_bind. */
extern struct inet_limits {
	unsigned first_free_port;
	unsigned may_bind_any;
} inet_limits;

struct inet_end {
	struct net_address address;
	uint16_t port;
	uint32_t scope; /* of addresses that are valid at one link: its interface; 0: not said */
};

/* What /proc/net and sock_diag(7) tell of a socket. */
struct inet_listing {
	struct inet_end local, remote;
	bool is_ip6, is_ip6_only;
	uint8_t state; /* as Linux numbers them (netinet/tcp.h) */
	uint8_t traffic_class;
	uint32_t unsent, unread, uid; /* unread, of a listener: connections to accept, of as many as */
	uint32_t backlog, bound_index;
	uint64_t inode, cookie; /* 0: the protocol's own, without a file */
	const void *object; /* the protocol's own, for its report; not to be used after the turn */
};
typedef void inet_list_fn(void *context, const struct inet_listing *listing);

struct inet_protocol {
	int type;     /* SOCK_* */
	int protocol; /* IPPROTO_*; 0: any of this type */
	bool is_default; /* what protocol 0 means for the type */
	uint16_t families; /* bit 0: AF_INET, bit 1: AF_INET6 */
	const struct socket_ops *ops;
	/* A new socket, zeroed and with inet_init done. -ENOMEM, -EPERM, -EACCES. */
	int (*create)(const struct inet_protocol *protocol, int type, int number, struct inet_socket **socket);
	/* The library's half of bind(2): the address was checked. In a turn. */
	int (*bind)(struct inet_socket *socket, const struct inet_end *end);
	void (*ends)(struct inet_socket *socket, struct inet_end *local, struct inet_end *remote); /* remote port 0: none. In a turn */
	/* A setting below has changed: hands it to the library. In a turn. */
	void (*apply)(struct inet_socket *socket);
	/* Its own level of options, and of SOL_SOCKET what it has to know: -ENOPROTOOPT if unknown. May be NULL. */
	int (*set_option)(struct inet_socket *socket, int level, int option, const void *value, size_t len);
	long (*get_option)(struct inet_socket *socket, int level, int option, void *value, size_t size);
	long (*ioctl)(struct inet_socket *socket, unsigned command, uint64_t argument);
	void (*list)(struct net_stack *stack, inet_list_fn *give, void *context); /* in a turn; may be NULL */
	/* TCP's numbers, and its congestion control's name, of a listing of this turn; false: it has none. May be NULL. */
	bool (*report)(const struct inet_listing *listing, struct linux_tcp_info *info, const char **congestion);
	uint32_t (*mtu)(struct inet_socket *socket); /* of the path to the connected end; 0: not connected. In a turn */
};
#define INET_PROTOCOL(n) LINKER_SET_MEMBER(inet_protocol, struct inet_protocol, n)
enum { INET_FOR_4 = 1, INET_FOR_6 = 2, INET_FOR_BOTH = 3 };

/* A group that was joined by this socket. */
struct inet_group {
	struct list link;
	struct net_address group;
	struct net_interface *interface;
};

/* What is set by options, and goes over to accepted connections. */
struct inet_settings {
	bool ip6_only, free_bind, has_header, is_urgent_inline;
	bool gives_info, gives_ttl, gives_traffic_class, gives_errors; /* of IPPROTO_IP; those of IPPROTO_IPV6: */
	bool gives_info6, gives_hop_limit, gives_traffic_class6;
	bool gives_options, gives_options_back; /* packets with options have none to show: they are not kept */
	bool loops_multicast, gives_all_groups, binds_late, dont_fragment6, gives_time, gives_time_ns;
	uint8_t traffic_class, ttl /* 0: the default */, multicast_ttl, mtu_discover;
	uint8_t multicast_address[4]; /* as IP_MULTICAST_IF had it */
	int mark, priority, receive_low, busy_poll, incoming_cpu;
	int peek_offset; /* SO_PEEK_OFF: where the next look begins; negative: always at what is unread */
	unsigned bound_index, multicast_index; /* interfaces; 0: any */
};

struct inet_socket {
	struct socket socket;
	const struct inet_protocol *protocol;
	struct net_stack *stack;
	struct wait_queue wait;
	bool is_ip6, is_bound;
	uint32_t bound_scope; /* of the address that it is bound to */
	struct inet_settings set;
	struct list groups;
	uint64_t cookie; /* SO_COOKIE */
};

static inline struct inet_socket *inet_of(struct socket *socket)
{
	return container_of(socket, struct inet_socket, socket);
}

/* ---- inet.c ---- */
/* SO_PEEK_OFF: how many bytes a call with these flags (MSG_*) passes over, and what it has taken. */
size_t inet_peek_offset(const struct inet_socket *s, int flags);
void inet_peek_moved(struct inet_socket *s, int flags, size_t taken);
void inet_init(struct inet_socket *s, const struct inet_protocol *protocol, int type, int number);
/* Options and settings go over to an accepted connection. */
void inet_inherit(struct inet_socket *to, const struct inet_socket *from);
int inet_bind(struct socket *socket, const void *address, size_t len);
long inet_name(struct socket *socket, bool of_peer, void *address);
long inet_ioctl(struct socket *socket, unsigned command, uint64_t argument);
int inet_wait_result(int result, uint64_t timeout_ns); /* of wait_sleep: -EAGAIN, -EINTR or -ERESTART_SYS */
uint64_t inet_deadline(uint64_t timeout_ns);
/* Binds to the family's own "any" with a port of the library's choice, unless it is bound. In a turn. */
int inet_bind_automatically(struct inet_socket *s);

/* All sockets of a protocol as it lists them, in memory of the heap. The number, or -ENOMEM, -ENOENT: not linked. */
long inet_list(int type, int protocol, struct inet_listing **listings);
/* The protocol that lists such sockets, NULL: it is not linked. */
const struct inet_protocol *inet_lister(int type, int protocol);
void inet_listing_of(const struct inet_socket *s, struct inet_listing *listing); /* fills what all sockets have */

/* ---- address.c ---- */
/* Reads a socket address of the socket's family. -EINVAL: too short; -EAFNOSUPPORT. */
int inet_address_read(const struct inet_socket *s, const void *address, size_t len, struct inet_end *end) must_check;
/* Writes it as the family has it; the length. */
size_t inet_address_write(const struct inet_socket *s, const struct inet_end *end, void *address);
/* Is the address valid at one link only (fe80::/10, ff02::/16)? */
static inline bool inet_has_scope(const struct net_address *a)
{
	return (a->byte[0] == 0xfe && (a->byte[1] & 0xc0) == 0x80) || (a->byte[0] == 0xff && (a->byte[1] & 15) <= 2);
}
static inline uint16_t inet_family_of(const void *address, size_t len)
{
	uint16_t family = 0;

	if (len >= sizeof(family))
		memcpy(&family, address, sizeof(family));
	return family;
}

/* Also addresses that are not this machine's. */
static inline bool inet_may_bind_any(const struct inet_socket *s)
{
	return s->set.free_bind || inet_limits.may_bind_any;
}

/* ---- datagram.c: what sockets of datagrams share ---- */

/* How a datagram is to go: what control messages say. */
struct inet_route {
	struct net_address source; /* all zero: as bound */
	unsigned interface_index;  /* 0: any */
	uint8_t ttl, traffic_class; /* ttl 0: as set */
};
int inet_route_read(const struct inet_socket *s, const struct socket_message *message, struct inet_route *route) must_check; /* -EINVAL */
/* The name of a message to send. -EINVAL, -EAFNOSUPPORT, -ENETUNREACH. */
int inet_destination_read(const struct inet_socket *s, const struct socket_message *message, struct inet_end *end, bool *is_given) must_check;

/* How one came. */
struct inet_arrival {
	struct net_address local;
	unsigned interface_index;
	uint8_t ttl, traffic_class;
};
void inet_note_arrival(struct inet_socket *s, struct socket_message *message, const struct inet_arrival *arrival);
/* Answers MSG_ERRQUEUE with an error that came back for what was sent to an end; 0. */
long inet_give_error(struct inet_socket *s, struct socket_message *message, const struct net_error *error, const struct inet_end *to);

/* ---- option.c, group.c ---- */
int inet_set_option(struct socket *socket, int level, int option, const void *value, size_t len);
long inet_get_option(struct socket *socket, int level, int option, void *value, size_t size);
int inet_option_changed(struct socket *socket, int option);
int inet_option_int(const void *value, size_t len, int *to) must_check; /* as Linux: a byte will do. -EINVAL */
long inet_option_give_int(void *value, size_t size, int from);
int inet_group_option(struct inet_socket *s, int level, int option, const void *value, size_t len) must_check;
/* The interface that a number, else an address of it, means; NULL: neither is given, or -ENODEV. In a turn. */
struct net_interface *inet_interface_for_group(struct net_stack *stack, const uint8_t address[4], int index, int *error);
void inet_groups_leave(struct inet_socket *s); /* in a turn */
