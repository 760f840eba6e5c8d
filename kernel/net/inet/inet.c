/* SPDX-License-Identifier: BSD-3-Clause */
/* The families: choosing the protocol, and what all protocols share (ip(7), ipv6(7)). */
#include "kernel/net/inet/inet.h"
#include "kernel/mem/heap.h"
#include "kernel/net/system/system.h"
#include "kernel/platform/platform.h"
#include "kernel/process/credentials.h"
#include "kernel/process/process.h"
#include "kernel/vm/user_memory.h"

LINKER_SET_DECLARE(inet_protocol, struct inet_protocol);

struct inet_limits inet_limits = {.first_free_port = 1024};

static const struct socket_family socket_family_inet, socket_family_inet6; /* what SOCKET_FAMILY below defines */

/* Like Linux: a type that nothing has is another error than a protocol that the type does not have. */
static int protocol_find(int type, int number, unsigned family_bit, const struct inet_protocol **found)
{
	bool has_type = false;

	if (number < 0 || number >= LINUX_IPPROTO_MAX)
		return -EINVAL;
	for (const struct inet_protocol *const *p = LINKER_SET_BEGIN(inet_protocol); p < LINKER_SET_END(inet_protocol); p++) {
		if ((*p)->type != type || !((*p)->families & family_bit))
			continue;
		has_type = true;
		if (number ? !(*p)->protocol || (*p)->protocol == number : (*p)->is_default) {
			*found = *p;
			return 0;
		}
	}
	return has_type ? -EPROTONOSUPPORT : -ESOCKTNOSUPPORT;
}

static int create(int type, int number, bool is_ip6, struct socket **socket)
{
	const struct inet_protocol *protocol;
	struct inet_socket *s;
	int ret = protocol_find(type, number, is_ip6 ? INET_FOR_6 : INET_FOR_4, &protocol);

	if (!ret)
		ret = protocol->create(protocol, type, number ? number : protocol->protocol, &s);
	if (ret)
		return ret;
	s->is_ip6 = is_ip6;
	s->socket.family = is_ip6 ? &socket_family_inet6 : &socket_family_inet;
	*socket = &s->socket;
	return 0;
}

static int create4(int type, int number, struct socket **socket)
{
	return create(type, number, false, socket);
}

static int create6(int type, int number, struct socket **socket)
{
	bool has_ip6 = net_enter()->network[NET_IP6] != NULL;

	net_leave();
	return has_ip6 ? create(type, number, true, socket) : -EAFNOSUPPORT;
}

void inet_init(struct inet_socket *s, const struct inet_protocol *protocol, int type, int number)
{
	static uint64_t last_cookie;

	s->cookie = __atomic_add_fetch(&last_cookie, 1, __ATOMIC_RELAXED);
	socket_init(&s->socket, protocol->ops, &socket_family_inet, type, number);
	s->protocol = protocol;
	s->set = (struct inet_settings){.loops_multicast = true, .gives_all_groups = true, .incoming_cpu = -1, .peek_offset = -1, .multicast_ttl = 1, .mtu_discover = LINUX_IP_PMTUDISC_WANT, .receive_low = 1};
	wait_queue_init(&s->wait);
	list_init(&s->groups);
}

size_t inet_peek_offset(const struct inet_socket *s, int flags)
{
	int offset = __atomic_load_n(&s->set.peek_offset, __ATOMIC_RELAXED);

	return flags & LINUX_MSG_PEEK && offset > 0 ? (size_t)offset : 0;
}

void inet_peek_moved(struct inet_socket *s, int flags, size_t taken)
{
	int offset = __atomic_load_n(&s->set.peek_offset, __ATOMIC_RELAXED);

	if (offset < 0)
		return;
	offset = flags & LINUX_MSG_PEEK ? (int)min_u64(offset + taken, INT32_MAX) : offset - (int)min_u64((uint64_t)offset, taken);
	__atomic_store_n(&s->set.peek_offset, offset, __ATOMIC_RELAXED);
}

void inet_inherit(struct inet_socket *to, const struct inet_socket *from)
{
	socket_inherit(&to->socket, &from->socket);
	to->stack = from->stack;
	to->is_ip6 = from->is_ip6;
	to->is_bound = true;
	to->set = from->set;
}

/* ---- Waiting ---- */

uint64_t inet_deadline(uint64_t timeout_ns)
{
	return timeout_ns == WAIT_FOREVER ? WAIT_FOREVER : clock_monotonic_ns() + timeout_ns;
}

/* A call with a timeout is not restarted (signal(7)). */
int inet_wait_result(int result, uint64_t timeout_ns)
{
	if (result == -ETIMEDOUT)
		return -EAGAIN;
	if (result == -EINTR && timeout_ns == WAIT_FOREVER)
		return -ERESTART_SYS;
	return result;
}

/* ---- bind(2), getsockname(2) ---- */

static bool is_multicast(const struct net_address *address)
{
	return net_address_is_ip4(address) ? address->byte[12] >> 4 == 0xe : address->byte[0] == 0xff;
}

static int check_address(const struct inet_socket *s, const struct inet_end *end)
{
	bool is_mapped = net_address_is_ip4(&end->address);

	if (!s->is_ip6)
		return 0;
	if (is_multicast(&end->address) && s->socket.type == LINUX_SOCK_STREAM)
		return -EINVAL;
	return is_mapped && s->set.ip6_only ? -EINVAL : 0;
}

static int bind_in_turn(struct inet_socket *s, const struct inet_end *end)
{
	const struct net_network *network = net_network_of(s->stack, &end->address);

	/* The address before the port, as Linux. */
	if (!net_address_is_any(&end->address) && !is_multicast(&end->address) && !inet_may_bind_any(s) && net_address_ip4(&end->address) != 0xffffffff &&
	    !(network && network->is_local(s->stack, &end->address)))
		return -EADDRNOTAVAIL;
	if (end->port && end->port < inet_limits.first_free_port && s->socket.type != LINUX_SOCK_RAW && !task_is_capable(CAPABILITY_NET_BIND_SERVICE))
		return -EACCES;
	if (end->scope && !net_interface_by_index(s->stack, end->scope))
		return -ENODEV;
	if (!end->scope && inet_has_scope(&end->address) && !is_multicast(&end->address) && !s->set.bound_index)
		return -EINVAL; /* which link? */
	return s->protocol->bind(s, end);
}

int inet_bind(struct socket *socket, const void *address, size_t len)
{
	struct inet_socket *s = inet_of(socket);
	struct inet_end end;
	struct linux_sockaddr_in copy;
	int ret;

	if (!s->is_ip6 && len >= sizeof(copy) && inet_family_of(address, len) == LINUX_AF_UNSPEC) { /* allowed for "any" (ip(7)) */
		memcpy(&copy, address, sizeof(copy));
		if (wire_get32(copy.address))
			return -EAFNOSUPPORT;
		copy.family = LINUX_AF_INET;
		address = &copy;
	}
	ret = inet_address_read(s, address, len, &end);
	if (!ret)
		ret = check_address(s, &end);
	if (ret)
		return ret;
	net_enter();
	ret = bind_in_turn(s, &end);
	if (!ret) {
		s->is_bound = true;
		s->bound_scope = end.scope;
	}
	net_leave();
	return ret;
}

int inet_bind_automatically(struct inet_socket *s)
{
	struct inet_end any = {.address = s->is_ip6 ? (struct net_address){0} : net_address_of_ip4(0)};
	int ret;

	if (s->is_bound)
		return 0;
	ret = s->protocol->bind(s, &any);
	s->is_bound = !ret;
	return ret;
}

/* An address of a socket that is not bound is the family's own "any". */
static struct inet_end shown(const struct inet_socket *s, const struct inet_end *end)
{
	struct inet_end result = *end;

	if (net_address_is_any(&end->address) && s->is_ip6)
		result.address = (struct net_address){0};
	return result;
}

long inet_name(struct socket *socket, bool of_peer, void *address)
{
	struct inet_socket *s = inet_of(socket);
	struct inet_end local, remote;

	net_enter();
	s->protocol->ends(s, &local, &remote);
	net_leave();
	if (of_peer && !remote.port)
		return -ENOTCONN;
	local = shown(s, of_peer ? &remote : &local);
	return (long)inet_address_write(s, &local, address);
}

long inet_ioctl(struct socket *socket, unsigned command, uint64_t argument)
{
	struct inet_socket *s = inet_of(socket);

	return s->protocol->ioctl ? s->protocol->ioctl(s, command, argument) : -ENOTTY;
}

/* ---- Listing ---- */

void inet_listing_of(const struct inet_socket *s, struct inet_listing *listing)
{
	const struct file *file = s->socket.file;

	listing->is_ip6 = s->is_ip6;
	listing->is_ip6_only = s->set.ip6_only;
	listing->traffic_class = s->set.traffic_class;
	listing->bound_index = s->set.bound_index;
	listing->cookie = s->cookie;
	if (!file || !file->inode)
		return;
	listing->uid = file->inode->uid;
	listing->inode = file->inode->number;
}

struct collection {
	struct inet_listing *to;
	size_t nr, room;
};

static void collect(void *context, const struct inet_listing *listing)
{
	struct collection *c = context;

	if (c->nr < c->room)
		c->to[c->nr] = *listing;
	c->nr++;
}

/* Allocates outside of a turn: until there is room for as many as there are. */
static long list_all(const struct inet_protocol *protocol, struct inet_listing **listings)
{
	struct collection c = {.room = 16};
	struct net_stack *stack;

	for (;;) {
		c.nr = 0;
		c.to = heap_alloc(c.room * sizeof(*c.to));
		if (!c.to)
			return -ENOMEM;
		stack = net_enter();
		protocol->list(stack, collect, &c);
		net_leave();
		if (c.nr <= c.room)
			break;
		heap_free(c.to);
		c.room = c.nr + c.nr / 8;
	}
	*listings = c.to;
	return (long)c.nr;
}

const struct inet_protocol *inet_lister(int type, int number)
{
	for (const struct inet_protocol *const *p = LINKER_SET_BEGIN(inet_protocol); p < LINKER_SET_END(inet_protocol); p++)
		if ((*p)->type == type && (!number || (*p)->protocol == number) && (*p)->list)
			return *p;
	return NULL;
}

long inet_list(int type, int number, struct inet_listing **listings)
{
	const struct inet_protocol *protocol = inet_lister(type, number);

	return protocol ? list_all(protocol, listings) : -ENOENT;
}

SOCKET_FAMILY(inet) = {.family = LINUX_AF_INET, .create = create4};
SOCKET_FAMILY(inet6) = {.family = LINUX_AF_INET6, .create = create6};
