/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What routers tell (RFC 4861 §6.3, RFC 4862 §5.5, RFC 8106). The advertisement:
 *
 *	 0 type | 1 code | 2 checksum | 4 hop limit | 5 flags | 6 lifetime as a default router, s | 8 reachable time | 12 retransmission time | 16 options
 *
 * The two times are not taken over: the link's own are as good, and nobody outside is to choose how often we ask.
 */
#include "kernel/net/ip6/internal.h"

#define ROUTER_METRIC 1024 /* Linux's */
#define PREFIX_METRIC 256
#define TWO_HOURS (7200 * NET_SECOND)
#define ASK_INTERVAL_MAX (3600 * NET_SECOND) /* RFC 7559 §2 */
enum { RA_HEADER = 16, PREFIX_ON_LINK = 0x80, PREFIX_AUTONOMOUS = 0x40, PREFIX_OPTION = 32, MTU_OPTION = 8, RDNSS_OPTION = 24 };

/* Asks for routers until one answers, ever more seldom (RFC 7559). Before there is an address, from none. */
void ip6_router_ask(struct net_timer *timer)
{
	struct ip6_interface *i = container_of(timer, struct ip6_interface, ask_timer);
	const struct ip6_address *source = ip6_link_local(i->ip, i->interface);
	struct net_flow flow = {.interface = i->interface, .remote = ip6_all_routers};
	uint8_t message[8] = {ND_RS};

	if (source)
		flow.local = source->address;
	ip6_nd_send(i->ip, &flow, message, sizeof(message), source && !ip6_is_probing(source) ? ND_SOURCE_LINK : 0);
	net_timer_set(i->ip->stack, timer, i->ip->stack->now_ns + i->ask_interval_ns);
	i->ask_interval_ns = min_u64(i->ask_interval_ns * 2, ASK_INTERVAL_MAX);
}

struct advertisement {
	struct ip6 *ip;
	struct ip6_interface *at;
	const struct net_address *router;
};

static uint64_t until(const struct ip6 *ip, uint32_t seconds)
{
	return seconds == UINT32_MAX ? NET_NEVER : ip->stack->now_ns + seconds * NET_SECOND;
}

static struct ip6_route *find_route(struct ip6 *ip, const struct ip6_route *like, unsigned *nr)
{
	struct ip6_route *r, *found = NULL;

	*nr = 0;
	list_for_each(r, &ip->routes, link) {
		*nr += r->is_advertised;
		if (r->is_advertised && r->interface == like->interface && r->prefix == like->prefix && net_address_equal(&r->destination, &like->destination) &&
		    net_address_equal(&r->gateway, &like->gateway))
			found = r;
	}
	return found;
}

/* A new one, or new times for one that is there; the times may be over. */
static void set_route(struct ip6 *ip, const struct ip6_route *route)
{
	unsigned nr;
	struct ip6_route *r = find_route(ip, route, &nr);

	if (r && r->preference == route->preference && route->until_ns > ip->stack->now_ns) {
		r->until_ns = route->until_ns;
		return;
	}
	if (r)
		ip6_route_free(ip, r);
	else if (nr >= IP6_ADVERTISED_ROUTES_MAX)
		net_count(ip->stack, NET_COUNT_ND_LIMIT);
	if (route->until_ns > ip->stack->now_ns && (r || nr < IP6_ADVERTISED_ROUTES_MAX))
		(void)ip6_route_add(ip->stack, route);
}

void ip6_router_is_gone(struct ip6 *ip, struct net_interface *interface, const struct net_address *router)
{
	struct ip6_route *r, *next;

	list_for_each_safe(r, next, &ip->routes, link)
		if (r->is_advertised && r->interface == interface && net_address_equal(&r->gateway, router))
			ip6_route_free(ip, r);
}

/* RFC 4191 §2.2: two bits, of which 10 means nothing. */
static void take_default_router(const struct advertisement *ra, const uint8_t *message)
{
	static const int preferences[4] = {0, 1, 0, -1};
	struct ip6_route route = {.interface = ra->at->interface, .gateway = *ra->router, .metric = ROUTER_METRIC, .is_advertised = true,
				  .preference = preferences[message[5] >> 3 & 3]};

	route.until_ns = until(ra->ip, wire_get16(message + 6));
	set_route(ra->ip, &route);
}

/* RFC 4862 §5.5.3 (e): nobody may end an address within two hours by a forged message. */
static void renew(struct ip6 *ip, struct ip6_address *a, uint64_t valid_until, uint64_t preferred_until)
{
	uint64_t soonest = ip->stack->now_ns + TWO_HOURS;

	if (valid_until > soonest || valid_until > a->valid_until_ns)
		a->valid_until_ns = valid_until;
	else if (a->valid_until_ns > soonest)
		a->valid_until_ns = soonest;
	a->preferred_until_ns = preferred_until;
}

static unsigned nr_advertised(struct ip6 *ip, const struct net_interface *interface)
{
	struct ip6_address *a;
	unsigned nr = 0;

	list_for_each(a, &ip->addresses, link)
		nr += a->interface == interface && a->origin == IP6_ADVERTISED;
	return nr;
}

static void make_address(const struct advertisement *ra, const struct net_address *prefix, uint64_t valid_until, uint64_t preferred_until)
{
	struct net_interface *interface = ra->at->interface;
	struct ip6_address a = {.interface = interface, .address = ip6_of_hardware(prefix, interface->hardware), .prefix = 64, .origin = IP6_ADVERTISED,
				.valid_until_ns = valid_until, .preferred_until_ns = preferred_until};
	struct ip6_address *known = ip6_address_find(ra->ip, interface, &a.address);

	if (known && known->origin == IP6_ADVERTISED)
		renew(ra->ip, known, valid_until, preferred_until);
	else if (!known && nr_advertised(ra->ip, interface) >= IP6_ADVERTISED_ADDRESSES_MAX)
		net_count(ra->ip->stack, NET_COUNT_ND_LIMIT);
	else if (!known && valid_until > ra->ip->stack->now_ns)
		(void)ip6_address_make(ra->ip, &a, 0);
}

/* 2 length | 3 flags | 4 valid, s | 8 preferred, s | 16 prefix (RFC 4861 §4.6.2) */
static void take_prefix(const struct advertisement *ra, const uint8_t *option)
{
	unsigned len = option[2];
	uint64_t valid_until = until(ra->ip, wire_get32(option + 4)), preferred_until = until(ra->ip, wire_get32(option + 8));
	struct ip6_route route = {.prefix = len, .interface = ra->at->interface, .metric = PREFIX_METRIC, .is_advertised = true, .until_ns = valid_until};

	for (unsigned i = 0; len <= 128 && i < 16; i++)
		route.destination.byte[i] = option[16 + i] & (uint8_t)~(0xff >> (len > i * 8 ? min_u64(len - i * 8, 8) : 0));
	if (len > 128 || ip6_is_link_local(&route.destination) || ip6_is_multicast(&route.destination) || preferred_until > valid_until)
		return;
	if (option[3] & PREFIX_ON_LINK)
		set_route(ra->ip, &route);
	if (option[3] & PREFIX_AUTONOMOUS && len == 64 && ra->at->interface->link_ops->learn)
		make_address(ra, &route.destination, valid_until, preferred_until);
}

static void take_mtu(const struct advertisement *ra, const uint8_t *option)
{
	uint32_t mtu = wire_get32(option + 4);

	if (mtu < IP6_MTU_MIN || mtu > ra->at->interface->mtu || mtu == ra->at->mtu)
		return;
	ra->at->mtu = mtu;
	net_routes_changed(ra->ip->stack);
}

static void set_name_server(const struct advertisement *ra, const struct net_address *address, uint64_t until_ns)
{
	struct ip6 *ip = ra->ip;
	struct ip6_name_server *s;
	unsigned nr = 0;

	list_for_each(s, &ip->name_servers, link) {
		nr++;
		if (s->interface == ra->at->interface && net_address_equal(&s->address, address)) {
			s->until_ns = until_ns;
			return;
		}
	}
	s = nr < IP6_NAME_SERVERS_MAX && until_ns > ip->stack->now_ns ? net_alloc(ip->stack, sizeof(*s)) : NULL;
	if (!s)
		return;
	*s = (struct ip6_name_server){.interface = ra->at->interface, .address = *address, .until_ns = until_ns};
	list_push_back(&ip->name_servers, &s->link);
	ip6_tell(ip, IP6_NAME_SERVERS_CHANGED, ra->at->interface, NULL);
}

/* 4 lifetime, s | 8 addresses (RFC 8106 §5.1) */
static void take_name_servers(const struct advertisement *ra, const uint8_t *option)
{
	for (size_t at = 8; at + 16 <= option[1] * 8u; at += 16) {
		struct net_address address;

		memcpy(&address, option + at, 16);
		if (!ip6_is_multicast(&address) && !ip6_is_unspecified(&address) && !net_address_is_ip4(&address))
			set_name_server(ra, &address, until(ra->ip, wire_get32(option + 4)));
	}
}

static void take_link(const struct advertisement *ra, const uint8_t *option)
{
	struct net_interface *interface = ra->at->interface;

	if (interface->link_ops->learn)
		interface->link_ops->learn(interface, ra->router, option + 2, NET_LEARN_CREATE | NET_LEARN_OVERRIDE);
}

static const struct {
	uint8_t type;
	size_t min_len;
	void (*take)(const struct advertisement *ra, const uint8_t *option);
} kinds[] = {
	{ND_SOURCE_LINK, 8, take_link}, {ND_PREFIX, PREFIX_OPTION, take_prefix}, {ND_MTU, MTU_OPTION, take_mtu},
	{ND_RDNSS, RDNSS_OPTION, take_name_servers},
};

static void take_option(void *context, const uint8_t *option, size_t len)
{
	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].type == option[0] && len >= kinds[i].min_len)
			kinds[i].take(context, option);
}

void ip6_router_input(struct ip6 *ip, struct net_interface *interface, const uint8_t *message, size_t len, const struct ip6_header *header)
{
	struct advertisement ra = {.ip = ip, .at = ip6_interface_find(ip, interface), .router = &header->source};

	if (!ra.at || !ip6_is_link_local(&header->source)) {
		net_count(ip->stack, NET_COUNT_ND_IGNORED);
		return;
	}
	net_timer_cancel(ip->stack, &ra.at->ask_timer);
	if (message[4])
		ra.at->hop_limit = message[4];
	take_default_router(&ra, message);
	ip6_nd_options(message + RA_HEADER, len - RA_HEADER, take_option, &ra);
	ip6_lifetimes_update(ip);
}
