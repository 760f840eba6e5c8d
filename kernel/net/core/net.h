/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The network stack: an instance with interfaces, protocols and timers, and no global state. It knows neither devices nor the time: both are handed in.
 *
 * The lock: everything of a stack is called under one lock of the caller's, which need not be held between calls. A turn of the caller is
 *
 *	lock; net_begin(stack, now); ... any calls: input, sends, timers ...; next = net_end(stack); unlock
 *
 * and `next` is when net_begin, net_tick, net_end must run at the latest. Callbacks (transmit, events) come during any call, under the lock; they may
 * not call into the stack, but only note what happened and wake.
 *
 * Addresses of transports are 16 bytes for both IP versions; those of IPv4 stand in their mapped form ::ffff:a.b.c.d (RFC 4291 §2.5.5.2).
 */
#pragma once
#include "kernel/net/core/counter.h"
#include "kernel/net/core/packet.h"
#include "kernel/uapi/errno.h"
#include "lib/rbtree.h"

#define NET_SECOND 1000000000ull
#define NET_MILLISECOND 1000000ull
#define NET_NEVER UINT64_MAX

/* What the stack is given. */
/* What who runs the machine may set at any time: ip(7), tcp(7), "/proc interfaces". Times are seconds, sizes bytes. */
struct net_tuning {
	unsigned port_range[2]; /* from which ports are chosen, both included */
	unsigned tcp_keep_idle, tcp_keep_interval, tcp_keep_count, tcp_syn_retries, tcp_syn_ack_retries, tcp_retries, tcp_fin_timeout;
	unsigned tcp_requests, tcp_time_waits;			/* how many there are at the most */
	unsigned tcp_send_buffer[3], tcp_receive_buffer[3]; /* the least, the first, and as far as they grow by themselves */
};
#define NET_TUNING_DEFAULT                                                                                                              \
	{.port_range = {32768, 60999}, .tcp_keep_idle = 7200, .tcp_keep_interval = 75, .tcp_keep_count = 9, .tcp_syn_retries = 6,    \
	 .tcp_syn_ack_retries = 5, .tcp_retries = 15, .tcp_fin_timeout = 60, .tcp_requests = 4096, .tcp_time_waits = 8192,                      \
	 .tcp_send_buffer = {4096, 256 << 10, 4 << 20}, .tcp_receive_buffer = {4096, 512 << 10, 4 << 20}}
extern const struct net_tuning net_tuning_default;

struct net_environment {
	void *(*alloc)(size_t size); /* NULL: no memory */
	void (*free)(void *memory);
	uint64_t (*random)(void); /* unpredictable to others */
	const struct net_tuning *tuning; /* NULL: net_tuning_default */
};

struct net_address {
	union {
		uint8_t byte[16];
		uint32_t word[4]; /* as bytes in memory: network order */
	};
};

/* ---- Timers ---- */

struct net_timer {
	struct rb_node node;
	uint64_t at_ns;
	bool is_set;
	void (*fire)(struct net_timer *timer); /* it is no longer set; may set it again, or free what contains it */
};

void net_timer_set(struct net_stack *stack, struct net_timer *timer, uint64_t at_ns);
void net_timer_cancel(struct net_stack *stack, struct net_timer *timer);

/* ---- Interfaces ---- */

enum {
	NET_OFFLOAD_CHECKSUM = 1, /* the device stores the checksums of TCP and UDP */
	NET_OFFLOAD_TSO4 = 2,	  /* and cuts TCP over IPv4 to segments */
	NET_OFFLOAD_TSO6 = 4,
	NET_OFFLOAD_TSO_ECN = 8, /* also of segments with CWR */
};

/* NET_IS_UP: packets pass; neither is it disabled (by the administrator) nor is there no cable. */
enum { NET_IS_UP = 1, NET_IS_LOOPBACK = 2, NET_HAS_BROADCAST = 4, NET_HAS_MULTICAST = 8, NET_IS_DISABLED = 16, NET_HAS_NO_CABLE = 32 };

struct net_interface;

/* The link's protocol, as Ethernet. */
struct net_link {
	uint8_t header_len;
	void (*input)(struct net_interface *interface, struct net_packet *packet); /* takes the packet */
	/* Sends towards a neighbour; takes the packet. -EHOSTUNREACH: it does not answer. */
	int (*output)(struct net_interface *interface, struct net_packet *packet, uint16_t ethertype, const struct net_address *next_hop);
	void (*detach)(struct net_interface *interface);
	/* An address is ours now: the neighbours are told. */
	void (*announce)(struct net_interface *interface, const struct net_address *address);
	/* A protocol heard of a neighbour; hardware NULL: nothing new. NULL itself: the link has no hardware addresses. */
	void (*learn)(struct net_interface *interface, const struct net_address *address, const uint8_t *hardware, unsigned how);
	/* Was a neighbour asked, and did not answer? */
	bool (*is_silent)(struct net_interface *interface, const struct net_address *address);
	/* The hardware address of a group; false: it is none. */
	bool (*group_hardware)(const struct net_address *group, uint8_t hardware[6]);
};

/* How a neighbour is learnt (RFC 4861 §7.2.5). */
enum {
	NET_LEARN_CREATE = 1,	 /* also if nobody has asked for it */
	NET_LEARN_CONFIRMED = 2, /* it answers us: it can be reached */
	NET_LEARN_OVERRIDE = 4,	 /* another hardware address than is known takes its place */
};

struct net_interface_count {
	uint64_t packets_in, packets_out, bytes_in, bytes_out, drops_in, drops_out, errors_in, errors_out;
	uint64_t interrupts, notifications, watches; /* the driver's: from the device, to the device, and its timer's looks that make sure */
};

/* The driver's; zeroed, then filled, then net_interface_add. */
struct net_interface {
	struct list link; /* set by net_interface_add */
	struct net_stack *stack;
	char name[16];
	unsigned index; /* from 1 */
	uint32_t mtu;	/* of IP packets */
	uint32_t mtu_max; /* that the device can; 0: the mtu that it is added with */
	uint32_t offloads, flags;
	uint32_t segment_max; /* bytes of payload in one packet to be cut (TSO); 0: 65,000 */
	uint8_t hardware[6];
	const struct net_link *link_ops;
	void *link_state;
	/* Sends; takes the packet. Whatever of checksum and TSO is not among the offloads is done already. -ENOBUFS: dropped, the queue is full. */
	int (*transmit)(struct net_interface *interface, struct net_packet *packet);
	/* Tells which groups are wanted at the link, by their hardware addresses; group NULL: all there are. May be NULL itself. */
	void (*set_groups)(struct net_interface *interface, const uint8_t (*group)[6], size_t nr);
	void *driver;
	struct net_interface_count count;
	struct list groups;		  /* of core/group.h, as the next; set by net_interface_add */
	uint64_t old_querier_until_ns[2]; /* by IP version: so long, group reports are in the older form */
};

/* Borrows the interface until net_interface_remove. link_ops and so on are set before. */
void net_interface_add(struct net_stack *stack, struct net_interface *interface);
void net_interface_remove(struct net_interface *interface);
/* The cable is plugged in or pulled; the networks are told when the interface comes up by it. */
void net_interface_set_up(struct net_interface *interface, bool is_up);
/* What the administrator wants (`ip link set up`), whatever the cable. */
void net_interface_set_enabled(struct net_interface *interface, bool is_enabled);
#define NET_MTU_MIN 68 /* RFC 791 §3.2 */
int net_interface_set_mtu(struct net_interface *interface, uint32_t mtu); /* -EINVAL: under NET_MTU_MIN, over mtu_max */
struct net_interface *net_interface_find(struct net_stack *stack, const char *name);
struct net_interface *net_interface_by_index(struct net_stack *stack, unsigned index);
/* A packet came from the device, link header first; takes it. */
void net_interface_input(struct net_interface *interface, struct net_packet *packet);
/* For links: hands a complete frame to the device. */
int net_interface_transmit(struct net_interface *interface, struct net_packet *packet);
/* The link of interfaces that carry IP packets without any header, as loopback and tunnels do. */
extern const struct net_link net_raw_link;
/* A loopback interface of the stack, NULL: none. */
struct net_interface *net_loopback_find(struct net_stack *stack);
/* The loopback interface: what is sent is received at net_end. The caller owns the struct. */
void net_loopback_init(struct net_stack *stack, struct net_interface *interface);

/* ---- Protocols ---- */

enum { NET_PROTOCOL_ICMP = 1, NET_PROTOCOL_IGMP = 2, NET_PROTOCOL_TCP = 6, NET_PROTOCOL_UDP = 17, NET_PROTOCOL_ICMP6 = 58 };
enum { NET_ETHERTYPE_IP4 = 0x0800, NET_ETHERTYPE_ARP = 0x0806, NET_ETHERTYPE_IP6 = 0x86dd };

/* Two ends, and how packets go from one to the other. */
struct net_flow {
	struct net_address local, remote; /* local all zero: to be chosen by route */
	struct net_interface *bound;	  /* only through this one; NULL: any */
	uint8_t ttl, traffic_class;	  /* ttl 0: the default */
	bool may_fragment, is_broadcast_allowed;
	bool no_multicast_loop; /* members of the group on this host hear nothing of it */
	/* Set by route. */
	struct net_interface *interface;
	struct net_address next_hop;
	uint32_t mtu;
	uint32_t generation; /* of the routes; 0: none yet */
};

/* A version of IP, below transports. */
struct net_network {
	uint8_t header_len;
	uint16_t ethertype;
	uint32_t tso_offload;
	/* Finds the way and the local address. -ENETUNREACH, -EACCES (broadcast without leave), -EADDRNOTAVAIL. Cheap if it is known already. */
	int (*route)(struct net_stack *stack, struct net_flow *flow);
	/* Sends the transport's packet along a routed flow; takes the packet. -EMSGSIZE, -ENOBUFS and so on. */
	int (*send)(struct net_stack *stack, const struct net_flow *flow, struct net_packet *packet, uint8_t protocol);
	/* Is the address one of ours? (Broadcast and multicast are not.) */
	bool (*is_local)(struct net_stack *stack, const struct net_address *address);
	/* A link's packet of this ethertype; takes it. */
	void (*input)(struct net_interface *interface, struct net_packet *packet);
	/* Answers a packet that nobody listens for (port unreachable); borrows it; its IP header is at network_offset. May be NULL. */
	void (*refuse)(struct net_stack *stack, struct net_packet *packet);
	/* A packet of ours, IP header first, does not go as its neighbour is silent: its transport is told (EHOSTUNREACH). Borrows it. */
	void (*give_up)(struct net_stack *stack, struct net_interface *interface, struct net_packet *packet);
	/* Multicast groups, counted; interface NULL: by route. -EINVAL: no group; -ENODEV; -ENOMEM; -EADDRNOTAVAIL: not joined. */
	int (*group_join)(struct net_stack *stack, struct net_interface *interface, const struct net_address *group);
	int (*group_leave)(struct net_stack *stack, struct net_interface *interface, const struct net_address *group);
	void (*detach)(struct net_interface *interface);
	/* The interface has come up: it may look for addresses by itself, as IPv6 does. May be NULL. */
	void (*up)(struct net_interface *interface);
	/* The i-th of the interface's addresses that others may be told; false: there are fewer. */
	bool (*address_at)(const struct net_interface *interface, unsigned i, struct net_address *address);
	/* A static address; the default route if there is a gateway (may be NULL). -EINVAL, -EEXIST, -ENETUNREACH, -ENOMEM. */
	int (*configure)(struct net_interface *interface, const struct net_address *address, unsigned prefix, const struct net_address *gateway);
	/* Asks at the link for a neighbour's hardware address; is_known: only whether it is still there. NULL: the link has a protocol for it (ARP). */
	void (*ask)(struct net_interface *interface, const struct net_address *address, bool is_known);
};

/* Tells the routers of a link about a group, in the form of IGMP or MLD; is_old: the older form. */
enum net_group_report { NET_GROUP_IS_JOINED, NET_GROUP_JOINED, NET_GROUP_LEFT };
typedef void net_group_report_fn(struct net_interface *interface, const struct net_address *group, enum net_group_report what, bool is_old);

/* An error that came back by ICMP. */
struct net_error {
	int error;	/* positive errno */
	bool is_hard;	/* RFC 1122 §4.2.3.9: connections may end by it */
	uint32_t mtu;	/* EMSGSIZE: of the path; otherwise 0 */
	uint8_t type, code;
};

struct net_transport {
	uint8_t protocol;
	/* flow: local is the destination, remote the source. Takes the packet, transport header first. */
	void (*input)(struct net_stack *stack, const struct net_flow *flow, struct net_packet *packet);
	/* header: the first 8 bytes at least of what we sent. False: we never did; the error is to be ignored. */
	bool (*error)(struct net_stack *stack, const struct net_flow *flow, const uint8_t *header, size_t len, const struct net_error *error);
	struct net_transport *next; /* set by net_transport_add */
};

enum net_module { NET_MODULE_IP4, NET_MODULE_IP6, NET_MODULE_UDP, NET_MODULE_TCP, NET_MODULE_IGMP, NET_NR_MODULES };
enum { NET_IP4, NET_IP6, NET_NR_NETWORKS };

/* ---- Who watches ---- */

enum net_object { NET_LINK, NET_ADDRESS, NET_ROUTE };

/* What was added or changed, or is about to go. */
struct net_change {
	enum net_object object;
	unsigned version;  /* NET_IP4, NET_IP6; of links: 0 */
	const void *of;	   /* struct net_interface; the version's own address or route */
	bool is_removed;
};

/* Told of changes of configuration, during the call that makes them; may only read. */
struct net_observer {
	void (*changed)(struct net_stack *stack, const struct net_change *change);
	struct net_observer *next;
};
void net_observe(struct net_stack *stack, struct net_observer *observer); /* for good */
void net_tell(struct net_stack *stack, enum net_object object, unsigned version, const void *of, bool is_removed);

/* Sees the frames of all interfaces, link header first, that come in and that go out; may only read. */
struct net_tap {
	struct list link; /* in net_stack.taps */
	void (*see)(struct net_tap *tap, struct net_interface *interface, const struct net_packet *packet, bool is_outgoing);
};

/* Work that is put off to net_end. */
struct net_work {
	struct list link; /* list_init before the first use */
	void (*run)(struct net_work *work);
};

/* Sees each packet that comes for this host, transport header first, its IP header at network_offset: borrows it. True: somebody takes what comes so. */
typedef bool net_tap_fn(struct net_stack *stack, const struct net_flow *flow, const struct net_packet *packet, uint8_t protocol);

struct net_stack {
	const struct net_environment *environment;
	const struct net_tuning *tuning;
	net_tap_fn *tap; /* NULL: none */
	uint64_t now_ns;
	uint64_t secret[2];
	struct list interfaces;
	unsigned next_index;
	struct rb_tree timers;
	struct net_timer *first_timer;
	size_t memory, memory_limit; /* bytes in queues of sockets; how many there should be at the most, 0: no limit */
	struct list looped; /* packets on their way through loopback */
	struct list work;
	const struct net_network *network[NET_NR_NETWORKS];
	net_group_report_fn *report_group[NET_NR_NETWORKS]; /* NULL: there are no such reports */
	struct net_transport *transports;
	struct net_observer *observers;
	struct list taps; /* struct net_tap */
	void *module[NET_NR_MODULES];
	uint32_t route_generation; /* changes with routes, addresses and interfaces; never 0 */
	uint64_t count[NET_NR_COUNTERS];
};

void net_stack_init(struct net_stack *stack, const struct net_environment *environment);
void net_begin(struct net_stack *stack, uint64_t now_ns);
/* Runs the timers that are due. */
void net_tick(struct net_stack *stack);
/* Runs what was put off; when the next timer is due, NET_NEVER if there is none. */
uint64_t net_end(struct net_stack *stack);
void net_network_add(struct net_stack *stack, unsigned version, const struct net_network *network);
void net_transport_add(struct net_stack *stack, struct net_transport *transport);
void net_transport_remove(struct net_stack *stack, struct net_transport *transport);
const struct net_transport *net_transport_find(const struct net_stack *stack, uint8_t protocol);
void net_put_off(struct net_stack *stack, struct net_work *work);
void net_routes_changed(struct net_stack *stack);

/* The ports that are chosen from: how many, and one of them by any number. */
static inline unsigned net_nr_ports(const struct net_stack *stack)
{
	return stack->tuning->port_range[1] - stack->tuning->port_range[0] + 1;
}

static inline uint16_t net_port(const struct net_stack *stack, unsigned n)
{
	return (uint16_t)(stack->tuning->port_range[0] + n % net_nr_ports(stack));
}

/* Does the flow know its way? Otherwise its network's route has to find it. */
static inline bool net_flow_is_routed(const struct net_stack *stack, const struct net_flow *flow)
{
	return flow->generation == stack->route_generation;
}

/* Queues that have something may not grow. */
static inline bool net_memory_is_short(const struct net_stack *stack)
{
	return stack->memory_limit && stack->memory >= stack->memory_limit;
}

static inline void *net_alloc(struct net_stack *stack, size_t size)
{
	return stack->environment->alloc(size);
}

static inline void *net_alloc_zero(struct net_stack *stack, size_t size)
{
	void *memory = stack->environment->alloc(size);

	if (memory)
		memset(memory, 0, size);
	return memory;
}

static inline void net_free(struct net_stack *stack, void *memory)
{
	stack->environment->free(memory);
}

static inline void net_count(struct net_stack *stack, enum net_counter counter)
{
	stack->count[counter]++;
}

/* Counts the reason and frees. */
static inline void net_drop(struct net_packet *packet, enum net_counter reason)
{
	net_count(packet->stack, reason);
	net_packet_free(packet);
}

/* A keyed hash (SipHash-2-4) with the stack's secret. */
uint64_t net_hash(const struct net_stack *stack, const void *bytes, size_t len);
/* A cheaper one for tables, of few words whose number is always the same for a table (SipHash-1-3 without the length). */
uint64_t net_hash_words(const struct net_stack *stack, const uint64_t *words, size_t nr);

/* ---- Addresses ---- */

static inline bool net_address_equal(const struct net_address *a, const struct net_address *b)
{
	return ((a->word[0] ^ b->word[0]) | (a->word[1] ^ b->word[1]) | (a->word[2] ^ b->word[2]) | (a->word[3] ^ b->word[3])) == 0;
}

static inline bool net_address_is_ip4(const struct net_address *a)
{
	return a->word[0] == 0 && a->word[1] == 0 && wire_get32(a->byte + 8) == 0xffff;
}

/* :: or ::ffff:0.0.0.0 */
static inline bool net_address_is_any(const struct net_address *a)
{
	return a->word[0] == 0 && a->word[1] == 0 && a->word[3] == 0 && (a->word[2] == 0 || net_address_is_ip4(a));
}

static inline struct net_address net_address_of_ip4(uint32_t host_order)
{
	struct net_address a = {.byte = {[10] = 0xff, [11] = 0xff}};

	wire_put32(a.byte + 12, host_order);
	return a;
}

static inline uint32_t net_address_ip4(const struct net_address *a)
{
	return wire_get32(a->byte + 12);
}

static inline const struct net_network *net_network_of(const struct net_stack *stack, const struct net_address *address)
{
	return stack->network[net_address_is_ip4(address) ? NET_IP4 : NET_IP6];
}

/* The sum of the pseudo-header (RFC 9293 §3.1, RFC 8200 §8.1). */
checksum_sum net_pseudo_sum(const struct net_flow *flow, uint8_t protocol, size_t len);
