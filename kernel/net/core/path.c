/* SPDX-License-Identifier: BSD-3-Clause */
/* Narrow paths. Forgotten after ten minutes, to find out when they have become wider (RFC 1191 §6.3, RFC 8201 §4). */
#include "kernel/net/core/path.h"

#define PATH_TIME (600 * NET_SECOND)

struct path {
	struct list link;
	struct net_address destination;
	uint32_t mtu;
	uint64_t until_ns;
};

static struct path *find(struct net_paths *paths, const struct net_address *destination)
{
	struct path *path;

	list_for_each(path, &paths->list, link)
		if (net_address_equal(&path->destination, destination))
			return path;
	return NULL;
}

static void forget(struct net_stack *stack, struct net_paths *paths, struct path *path)
{
	list_remove(&path->link);
	paths->nr--;
	net_free(stack, path);
}

void net_paths_init(struct net_paths *paths)
{
	list_init(&paths->list);
	paths->nr = 0;
}

void net_path_set(struct net_stack *stack, struct net_paths *paths, const struct net_address *destination, uint32_t mtu)
{
	struct path *path = find(paths, destination);

	if (path && path->until_ns > stack->now_ns && path->mtu <= mtu)
		return;
	if (!path) {
		if (paths->nr == NET_PATHS_MAX)
			forget(stack, paths, container_of(paths->list.next, struct path, link));
		path = net_alloc_zero(stack, sizeof(*path));
		if (!path)
			return;
		list_init(&path->link);
		path->destination = *destination;
		paths->nr++;
	}
	path->mtu = mtu;
	path->until_ns = stack->now_ns + PATH_TIME;
	list_remove(&path->link);
	list_push_back(&paths->list, &path->link);
	net_routes_changed(stack);
}

uint32_t net_path_mtu(struct net_stack *stack, struct net_paths *paths, const struct net_address *destination)
{
	struct path *path = find(paths, destination);

	if (!path)
		return UINT32_MAX;
	if (path->until_ns <= stack->now_ns) {
		forget(stack, paths, path);
		return UINT32_MAX;
	}
	return path->mtu;
}

void net_paths_fini(struct net_stack *stack, struct net_paths *paths)
{
	while (!list_empty(&paths->list))
		forget(stack, paths, container_of(paths->list.next, struct path, link));
}
