/* SPDX-License-Identifier: BSD-3-Clause */
/* All netlink sockets, their ports and groups: who gets what (netlink(7), "Address formats"). */
#include "kernel/net/netlink/internal.h"
#include "kernel/mem/heap.h"
#include "kernel/process/process.h"

static struct spinlock table_lock;
static struct list sockets = LIST_INIT(sockets);
static uint32_t last_automatic = ~0u - 4096; /* ports that are no process's number count down from here */

void netlink_table_add(struct netlink_socket *s)
{
	spin_lock(&table_lock);
	list_push_back(&sockets, &s->node);
	spin_unlock(&table_lock);
}

void netlink_table_remove(struct netlink_socket *s)
{
	spin_lock(&table_lock);
	list_remove(&s->node);
	spin_unlock(&table_lock);
}

static struct netlink_socket *find_locked(int protocol, uint32_t port)
{
	struct netlink_socket *s;

	list_for_each(s, &sockets, node)
		if (s->port == port && s->socket.protocol == protocol)
			return s;
	return NULL;
}

/* The process's number, as programs expect; the second socket of a process gets another. */
static uint32_t choose_locked(int protocol)
{
	uint32_t port = (uint32_t)process_current()->pid;

	while (!port || find_locked(protocol, port))
		port = last_automatic--;
	return port;
}

int netlink_bind_port(struct netlink_socket *s, uint32_t port)
{
	int error = 0;

	spin_lock(&table_lock);
	if (s->port)
		error = port && port != s->port ? -EINVAL : 0;
	else if (port && find_locked(s->socket.protocol, port))
		error = -EADDRINUSE;
	else
		s->port = port ? port : choose_locked(s->socket.protocol);
	spin_unlock(&table_lock);
	return error;
}

static int copy_address(struct linux_sockaddr_nl *to, const void *address, size_t len)
{
	if (len < sizeof(*to))
		return -EINVAL;
	memcpy(to, address, sizeof(*to));
	return to->family == LINUX_AF_NETLINK ? 0 : -EINVAL;
}

int netlink_bind(struct socket *socket, const void *address, size_t len)
{
	struct netlink_socket *s = netlink_of(socket);
	struct linux_sockaddr_nl name;
	int error = copy_address(&name, address, len);

	if (!error)
		error = netlink_bind_port(s, name.pid);
	if (error)
		return error;
	spin_lock(&table_lock);
	s->groups = (s->groups & ~(uint64_t)~0u) | name.groups;
	spin_unlock(&table_lock);
	return 0;
}

int netlink_connect(struct socket *socket, const void *address, size_t len)
{
	struct netlink_socket *s = netlink_of(socket);
	struct linux_sockaddr_nl name;
	int error;

	if (len >= 2 && *(const uint16_t *)address == LINUX_AF_UNSPEC) {
		s->to_port = s->to_groups = 0;
		return 0;
	}
	error = copy_address(&name, address, len);
	if (!error && (name.pid || name.groups) && !task_is_capable(CAPABILITY_NET_ADMIN))
		error = -EPERM;
	if (!error)
		error = netlink_bind_port(s, 0);
	if (error)
		return error;
	s->to_port = name.pid;
	s->to_groups = name.groups;
	return 0;
}

long netlink_get_name(struct socket *socket, bool of_peer, void *address)
{
	const struct netlink_socket *s = netlink_of(socket);
	const struct linux_sockaddr_nl name = {
	    .family = LINUX_AF_NETLINK, .pid = of_peer ? s->to_port : s->port, .groups = of_peer ? s->to_groups : (uint32_t)s->groups,
	};

	memcpy(address, &name, sizeof(name));
	return sizeof(name);
}

int netlink_join(struct netlink_socket *s, uint32_t group, bool joins)
{
	uint64_t bit;

	if (!group || group > LINUX_RTNLGRP_MAX)
		return -EINVAL;
	bit = 1ull << (group - 1);
	spin_lock(&table_lock);
	s->groups = joins ? s->groups | bit : s->groups & ~bit;
	spin_unlock(&table_lock);
	return 0;
}

int netlink_send_to_port(int protocol, uint32_t port, struct netlink_piece *piece)
{
	struct netlink_socket *s;

	spin_lock(&table_lock);
	s = find_locked(protocol, port);
	if (s)
		netlink_enqueue(s, piece);
	spin_unlock(&table_lock);
	if (!s)
		heap_free(piece);
	return s ? 0 : -ECONNREFUSED;
}

/* ---- Notices of the stack, under its lock ---- */

static bool listens(const struct netlink_socket *s, uint32_t group)
{
	return s->socket.protocol == LINUX_NETLINK_ROUTE && s->groups >> (group - 1) & 1;
}

static bool wants(uint32_t group)
{
	struct netlink_socket *s;
	bool is_wanted = false;

	spin_lock(&table_lock);
	list_for_each(s, &sockets, node)
		is_wanted |= listens(s, group);
	spin_unlock(&table_lock);
	return is_wanted;
}

static void deliver(struct net_stack *stack, struct netlink_piece *piece)
{
	struct netlink_socket *s;

	spin_lock(&table_lock);
	list_for_each(s, &sockets, node) {
		struct netlink_piece *copy = listens(s, piece->group) ? net_alloc(stack, sizeof(*copy) + piece->len) : NULL;

		if (!copy)
			continue;
		memcpy(copy, piece, sizeof(*copy) + piece->len);
		copy->capacity = copy->len;
		netlink_enqueue(s, copy);
	}
	spin_unlock(&table_lock);
	net_free(stack, piece);
}

void netlink_listen_to_stack(void)
{
	netlink_set_listener(wants, deliver);
}
