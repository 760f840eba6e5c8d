/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv6 of a stack: addresses, routes, and how an interface configures itself (RFC 4862). All under the lock of the stack.
 *
 * Addresses that are only valid at one link (fe80::/10, ff02::) go with an interface: flow.bound, sin6_scope_id above.
 */
#pragma once
#include "kernel/net/core/net.h"

enum ip6_state {
	IP6_TENTATIVE,	/* perhaps somebody else's: nothing is sent from it, nothing received */
	IP6_OPTIMISTIC, /* the same, but it is used meanwhile (RFC 4429) */
	IP6_PREFERRED,
	IP6_DEPRECATED, /* not for new connections, if there is another */
	IP6_DUPLICATE,	/* somebody else's; stays to be shown, until it is removed */
};
enum ip6_origin { IP6_STATIC, IP6_LINK_LOCAL, IP6_ADVERTISED };

struct ip6_address {
	struct list link;
	struct net_interface *interface;
	struct net_address address;
	unsigned prefix;
	enum ip6_state state;
	enum ip6_origin origin;
	uint64_t valid_until_ns, preferred_until_ns; /* NET_NEVER: for ever */
	/* Of the probe (RFC 4862 §5.4): */
	bool is_probe_sent;
	uint8_t nonce[6]; /* tells our own probe from another's (RFC 7527) */
	struct net_timer probe_timer;
};

struct ip6_route {
	struct list link;
	struct net_address destination;
	unsigned prefix;
	struct net_address gateway; /* all zero: the destination is on the link */
	struct net_interface *interface;
	uint32_t metric;
	uint32_t mtu; /* 0: the interface's */
	int preference; /* among the same metric, more first (RFC 4191 §2.1): -1, 0, 1 */
	struct net_address source; /* preferred; all zero: by RFC 6724 */
	bool is_connected;  /* made with an address, goes with it */
	bool is_advertised; /* by a router */
	uint64_t until_ns;  /* 0 or NET_NEVER: for ever */
};

/* From router advertisements (RFC 8106). */
struct ip6_name_server {
	struct list link;
	struct net_interface *interface;
	struct net_address address;
	uint64_t until_ns;
};

enum ip6_event { IP6_ADDRESS_ADDED, IP6_ADDRESS_CHANGED, IP6_ADDRESS_REMOVED, IP6_ROUTES_CHANGED, IP6_NAME_SERVERS_CHANGED };
/* address: of IP6_ADDRESS_..., otherwise NULL. Must not call into the stack. */
typedef void ip6_event_fn(void *owner, enum ip6_event event, struct net_interface *interface, const struct ip6_address *address);

int ip6_init(struct net_stack *stack) must_check; /* -ENOMEM */
void ip6_fini(struct net_stack *stack);
void ip6_set_event(struct net_stack *stack, ip6_event_fn *event, void *owner);

/*
 * Starts the interface's own configuration: a link-local address of its hardware address, and looking for routers that tell the rest. The loopback
 * interface gets ::1. -ENOMEM; -EINVAL: its packets are too short for IPv6 (RFC 8200 §5).
 */
int ip6_interface_up(struct net_interface *interface) must_check;
/* Takes away what came by itself; what was set stays. */
void ip6_interface_down(struct net_interface *interface);

enum {
	IP6_NO_PROBE = 1,	/* nobody is asked whether the address is free */
	IP6_USE_MEANWHILE = 2, /* it is used before that is known */
};
/* A static address with the route to its network. -EEXIST, -EINVAL, -ENOMEM. */
int ip6_address_add(struct net_stack *stack, struct net_interface *interface, const struct net_address *address, unsigned prefix, unsigned flags) must_check;
int ip6_address_remove(struct net_stack *stack, struct net_interface *interface, const struct net_address *address); /* -EADDRNOTAVAIL */
/* Copies the route. -EEXIST, -EINVAL, -ENETUNREACH (gateway not on a link), -ENOMEM. */
int ip6_route_add(struct net_stack *stack, const struct ip6_route *route) must_check;
/* gateway NULL: whatever it is. -ESRCH. */
int ip6_route_remove(struct net_stack *stack, const struct net_address *destination, unsigned prefix, const struct net_address *gateway);
void ip6_route_drop(struct net_stack *stack, struct ip6_route *route); /* one of ip6_routes; frees it */
/* Lists to be read: of struct ip6_address; struct ip6_route, in the order in which they are tried; struct ip6_name_server. */
const struct list *ip6_addresses(struct net_stack *stack);
const struct list *ip6_routes(struct net_stack *stack);
const struct list *ip6_name_servers(struct net_stack *stack);
/* Multicast groups, counted. -EINVAL: no group; -ENODEV: no interface for it; -EADDRNOTAVAIL: not joined. interface NULL: by route. */
int ip6_group_join(struct net_stack *stack, struct net_interface *interface, const struct net_address *group) must_check;
int ip6_group_leave(struct net_stack *stack, struct net_interface *interface, const struct net_address *group);

/* How far an address reaches (RFC 4291 §2.7, RFC 6724 §3.1): 1 this host, 2 the link, 5 the site, 14 everywhere. */
unsigned ip6_scope(const struct net_address *address);

static inline bool ip6_is_multicast(const struct net_address *a)
{
	return a->byte[0] == 0xff;
}

static inline bool ip6_is_link_local(const struct net_address *a)
{
	return a->byte[0] == 0xfe && (a->byte[1] & 0xc0) == 0x80;
}

static inline bool ip6_is_unspecified(const struct net_address *a)
{
	return !(a->word[0] | a->word[1] | a->word[2] | a->word[3]);
}

static inline bool ip6_is_loopback(const struct net_address *a)
{
	return !(a->word[0] | a->word[1] | a->word[2]) && wire_get32(a->byte + 12) == 1;
}

/* Are the first `prefix` bits the same? */
static inline bool ip6_prefix_equal(const struct net_address *a, const struct net_address *b, unsigned prefix)
{
	unsigned bytes = prefix / 8, bits = prefix % 8;

	return memcmp(a, b, bytes) == 0 && (!bits || !((a->byte[bytes] ^ b->byte[bytes]) >> (8 - bits)));
}
