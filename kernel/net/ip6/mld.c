/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * MLD's messages: version 2 (RFC 3810 §5), and version 1 (RFC 2710 §3) where a querier speaks it. Query and version 1: 0 type | 4 delay | 8 group.
 * Report of version 2: 0 type | 6 number of records | 8 kind | 10 number of sources, 0 | 12 group.
 */
#include "kernel/net/ip6/internal.h"

enum { MLD_1 = 24, MLD_2_QUERY = 28, MLD_REPORT = 28, HOP_BY_HOP = 8 };

static const struct net_address all_mld_routers = {.byte = {0xff, 2, [15] = 0x16}};

/* The hop-by-hop header with the router alert option (RFC 2711): routers look at what is not for them. */
static void push_router_alert(struct net_packet *packet)
{
	static const uint8_t header[HOP_BY_HOP] = {NET_PROTOCOL_ICMP6, 0, 5, 2, 0, 0, 1, 0};
	uint8_t *h = net_packet_push(packet, HOP_BY_HOP);

	if (h)
		memcpy(h, header, HOP_BY_HOP);
}

static void put_report_1(struct net_flow *flow, uint8_t *p, const struct net_address *group, enum net_group_report what)
{
	p[0] = what == NET_GROUP_LEFT ? MLD_DONE : MLD_REPORT_1;
	memcpy(p + 8, group, 16);
	flow->remote = what == NET_GROUP_LEFT ? ip6_all_routers : *group;
}

static void put_report_2(struct net_flow *flow, uint8_t *p, const struct net_address *group, enum net_group_report what)
{
	static const uint8_t kinds[] = {[NET_GROUP_IS_JOINED] = 2, [NET_GROUP_JOINED] = 4, [NET_GROUP_LEFT] = 3};

	p[0] = MLD_REPORT_2;
	p[7] = 1;
	p[8] = kinds[what];
	memcpy(p + 12, group, 16);
	flow->remote = all_mld_routers;
}

/* From the unspecified address as long as the link-local one is not known to be free (RFC 3590). */
void ip6_mld_report(struct net_interface *interface, const struct net_address *group, enum net_group_report what, bool is_old)
{
	struct ip6 *ip = ip6_of(interface->stack);
	const struct ip6_address *source = ip6_link_local(ip, interface);
	struct net_packet *packet = net_packet_new(ip->stack, NET_HEAD_ROOM, MLD_REPORT, 0);
	struct net_flow flow = {.interface = interface, .ttl = 1, .no_multicast_loop = true};
	size_t len = is_old ? MLD_1 : MLD_REPORT;

	if (!packet)
		return;
	if (source)
		flow.local = source->address;
	memset(net_packet_append(packet, len), 0, len);
	(is_old ? put_report_1 : put_report_2)(&flow, packet->data, group, what);
	flow.next_hop = flow.remote;
	ip6_icmp_checksum(&flow, packet);
	push_router_alert(packet);
	net_count(ip->stack, NET_COUNT_GROUP_REPORT);
	(void)ip6_send_at(ip, &flow, packet, IP6_HOP_BY_HOP);
}

/* RFC 3810 §5.1.3: milliseconds, large ones with a mantissa and an exponent. */
static uint64_t delay_of(uint16_t code)
{
	uint64_t ms = code < 32768 ? code : (uint64_t)((code & 0xfff) | 0x1000) << ((code >> 12 & 7) + 3);

	return ms * NET_MILLISECOND;
}

void ip6_mld_input(struct ip6 *ip, struct net_packet *packet, const struct ip6_header *header)
{
	const uint8_t *p = net_packet_head(packet, MLD_1);
	struct net_address group;

	if (!p || header->hop_limit != 1 || !ip6_is_link_local(&header->source) || (packet->len != MLD_1 && packet->len < MLD_2_QUERY)) {
		net_drop(packet, NET_COUNT_GROUP_BAD);
		return;
	}
	memcpy(&group, p + 8, 16);
	net_count(ip->stack, NET_COUNT_GROUP_QUERY);
	net_group_query(packet->interface, NET_IP6, ip6_is_unspecified(&group) ? NULL : &group, delay_of(wire_get16(p + 4)), packet->len == MLD_1);
	net_packet_free(packet);
}
