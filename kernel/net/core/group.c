/* SPDX-License-Identifier: BSD-3-Clause */
/* Groups: membership, reports over time, the device's filter. */
#include "kernel/net/core/group.h"

#define ROBUSTNESS 2		       /* RFC 3376 §8.1, RFC 3810 §9.1: a change is told so often */
#define UNSOLICITED_INTERVAL NET_SECOND /* §8.11, §9.11 */
#define OLD_QUERIER_TIME (400 * NET_SECOND) /* RFC 3376 §8.12: robustness x query interval + a response */

static unsigned version_of(const struct net_address *address)
{
	return net_address_is_ip4(address) ? NET_IP4 : NET_IP6;
}

static struct net_group *find(const struct net_interface *interface, const struct net_address *address)
{
	struct net_group *g;

	list_for_each(g, &interface->groups, link)
		if (net_address_equal(&g->address, address))
			return g;
	return NULL;
}

/* 224.0.0.1; ff02::1 and all of scope 0 and 1 (RFC 3376 §5, RFC 3810 §6). */
static bool is_for_every_host(const struct net_address *a)
{
	static const struct net_address all_nodes = {.byte = {0xff, 0x02, [15] = 1}};

	if (net_address_is_ip4(a))
		return net_address_ip4(a) == 0xe0000001;
	return net_address_equal(a, &all_nodes);
}

static bool is_reported(const struct net_interface *interface, const struct net_address *a)
{
	if ((interface->flags & (NET_IS_LOOPBACK | NET_HAS_MULTICAST)) != NET_HAS_MULTICAST || is_for_every_host(a) || !interface->stack->report_group[version_of(a)])
		return false;
	return net_address_is_ip4(a) || (a->byte[1] & 15) > 1;
}

bool net_group_is_joined(const struct net_interface *interface, const struct net_address *group)
{
	struct net_group *g = find(interface, group);

	return is_for_every_host(group) || (g && g->users);
}

static void group_free(struct net_group *g)
{
	struct net_stack *stack = g->interface->stack;

	net_timer_cancel(stack, &g->timer);
	list_remove(&g->link);
	net_free(stack, g);
}

static uint64_t within(struct net_stack *stack, uint64_t ns)
{
	return stack->now_ns + 1 + stack->environment->random() % (ns ? ns : 1);
}

/* Reports what there is to say, and again if it was a change. */
static void report(struct net_timer *timer)
{
	struct net_group *g = container_of(timer, struct net_group, timer);
	struct net_stack *stack = g->interface->stack;
	unsigned version = version_of(&g->address);
	net_group_report_fn *tell = stack->report_group[version];
	enum net_group_report what = !g->users ? NET_GROUP_LEFT : g->changes ? NET_GROUP_JOINED : NET_GROUP_IS_JOINED;

	if (tell)
		tell(g->interface, &g->address, what, g->interface->old_querier_until_ns[version] > stack->now_ns);
	if (g->changes && --g->changes)
		net_timer_set(stack, timer, within(stack, UNSOLICITED_INTERVAL));
	else if (!g->users)
		group_free(g);
}

static void changed(struct net_group *g)
{
	net_groups_tell_device(g->interface);
	if (is_reported(g->interface, &g->address)) {
		g->changes = ROBUSTNESS;
		report(&g->timer);
	} else if (!g->users) {
		group_free(g);
	}
}

int net_group_join(struct net_interface *interface, const struct net_address *group)
{
	struct net_group *g = find(interface, group);

	if (!g) {
		g = net_alloc_zero(interface->stack, sizeof(*g));
		if (!g)
			return -ENOMEM;
		g->interface = interface;
		g->address = *group;
		g->timer.fire = report;
		list_push_back(&interface->groups, &g->link);
	}
	if (g->users++ == 0)
		changed(g);
	return 0;
}

int net_group_leave(struct net_interface *interface, const struct net_address *group)
{
	struct net_group *g = find(interface, group);

	if (!g || !g->users)
		return -EADDRNOTAVAIL;
	if (--g->users == 0)
		changed(g);
	return 0;
}

void net_groups_forget(struct net_interface *interface, unsigned version)
{
	struct net_group *g, *next;

	list_for_each_safe(g, next, &interface->groups, link)
		if (version_of(&g->address) == version)
			group_free(g);
}

/* One that is sooner anyway stays (RFC 3376 §5.2 rule 1). */
static void report_within(struct net_group *g, uint64_t max_delay_ns)
{
	struct net_stack *stack = g->interface->stack;
	uint64_t at = within(stack, max_delay_ns);

	if (!g->timer.is_set || g->timer.at_ns > at)
		net_timer_set(stack, &g->timer, at);
}

void net_group_query(struct net_interface *interface, unsigned version, const struct net_address *group, uint64_t max_delay_ns, bool is_old)
{
	struct net_group *g;

	if (is_old)
		interface->old_querier_until_ns[version] = interface->stack->now_ns + OLD_QUERIER_TIME;
	list_for_each(g, &interface->groups, link)
		if (version_of(&g->address) == version && is_reported(interface, &g->address) && (!group || net_address_equal(&g->address, group)))
			report_within(g, max_delay_ns);
}

/* Without memory for the list the device is told to hand up all groups; what is not wanted is dropped later. */
void net_groups_tell_device(struct net_interface *interface)
{
	static const struct net_address all_hosts[NET_NR_NETWORKS] = {
		[NET_IP4] = {.byte = {[10] = 0xff, 0xff, 224, 0, 0, 1}}, [NET_IP6] = {.byte = {0xff, 2, [15] = 1}},
	};
	bool (*to_hardware)(const struct net_address *, uint8_t *) = interface->link_ops->group_hardware;
	uint8_t(*hardware)[6];
	size_t room = NET_NR_NETWORKS, nr = 0;
	struct net_group *g;

	if (!interface->set_groups || !to_hardware)
		return;
	list_for_each(g, &interface->groups, link)
		room++;
	hardware = net_alloc(interface->stack, room * sizeof(*hardware));
	for (unsigned i = 0; hardware && i < NET_NR_NETWORKS; i++)
		if (interface->stack->network[i])
			nr += to_hardware(&all_hosts[i], hardware[nr]);
	list_for_each(g, &interface->groups, link)
		if (hardware && g->users)
			nr += to_hardware(&g->address, hardware[nr]);
	interface->set_groups(interface, (const uint8_t(*)[6])hardware, nr);
	net_free(interface->stack, hardware);
}

void net_group_loop(const struct net_flow *flow, const struct net_packet *packet)
{
	struct net_packet *copy;

	if (flow->interface->flags & NET_IS_LOOPBACK || flow->no_multicast_loop || !net_group_is_joined(flow->interface, &flow->remote))
		return;
	copy = net_packet_copy_part(packet, 0, packet->len);
	if (!copy)
		return;
	copy->interface = flow->interface;
	copy->flags = NET_PACKET_CHECKED | NET_PACKET_LOOPED;
	list_push_back(&packet->stack->looped, &copy->link);
}
