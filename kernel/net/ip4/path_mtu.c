/* SPDX-License-Identifier: BSD-3-Clause */
/* What is known of paths narrower than our links (RFC 1191). Forgotten after ten minutes, to find out when they have become wider (§6.3). */
#include "kernel/net/ip4/internal.h"

#define PATH_TIME (600 * NET_SECOND)

struct path {
	struct list link;
	uint32_t destination, mtu;
	uint64_t until_ns;
};

static struct path *find(struct ip4 *ip, uint32_t destination)
{
	struct path *path;

	list_for_each(path, &ip->paths, link)
		if (path->destination == destination)
			return path;
	return NULL;
}

static void forget(struct ip4 *ip, struct path *path)
{
	list_remove(&path->link);
	ip->nr_paths--;
	net_free(ip->stack, path);
}

void ip4_path_set(struct ip4 *ip, uint32_t destination, uint32_t mtu)
{
	struct path *path = find(ip, destination);

	if (path && path->until_ns > ip->stack->now_ns && path->mtu <= mtu)
		return;
	if (!path) {
		if (ip->nr_paths == IP4_PATHS_MAX)
			forget(ip, container_of(ip->paths.next, struct path, link));
		path = net_alloc_zero(ip->stack, sizeof(*path));
		if (!path)
			return;
		list_init(&path->link);
		path->destination = destination;
		ip->nr_paths++;
	}
	path->mtu = mtu;
	path->until_ns = ip->stack->now_ns + PATH_TIME;
	list_remove(&path->link);
	list_push_back(&ip->paths, &path->link);
	net_routes_changed(ip->stack);
}

uint32_t ip4_path_mtu(struct ip4 *ip, uint32_t destination)
{
	struct path *path = find(ip, destination);

	if (!path)
		return UINT32_MAX;
	if (path->until_ns <= ip->stack->now_ns) {
		forget(ip, path);
		return UINT32_MAX;
	}
	return path->mtu;
}

void ip4_paths_fini(struct ip4 *ip)
{
	while (!list_empty(&ip->paths))
		forget(ip, container_of(ip->paths.next, struct path, link));
}
