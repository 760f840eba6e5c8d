/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IGMP's messages: version 3 (RFC 3376 §4), and version 2 (RFC 2236) where a querier speaks it; one of version 1 gets that as well. Query and version 2:
 * 0 type | 1 delay | 2 checksum | 4 group. Report of version 3: 0 type | 6 number of records | 8 kind | 10 number of sources, 0 | 12 group.
 */
#include "kernel/net/igmp/igmp.h"
#include "kernel/net/core/group.h"
#include "kernel/net/core/library.h"
#include "kernel/net/ip4/ip4.h"

enum { IGMP_QUERY = 0x11, IGMP_REPORT_2 = 0x16, IGMP_LEAVE = 0x17, IGMP_REPORT_3 = 0x22, IGMP_2 = 8, IGMP_3_QUERY = 12, IGMP_REPORT = 16 };
enum { ALL_ROUTERS = 0xe0000002, ALL_IGMP_ROUTERS = 0xe0000016, DELAY_OF_VERSION_1 = 100 };

static uint32_t put_report_2(uint8_t *p, uint32_t group, enum net_group_report what)
{
	p[0] = what == NET_GROUP_LEFT ? IGMP_LEAVE : IGMP_REPORT_2;
	wire_put32(p + 4, group);
	return what == NET_GROUP_LEFT ? (uint32_t)ALL_ROUTERS : group;
}

static uint32_t put_report_3(uint8_t *p, uint32_t group, enum net_group_report what)
{
	static const uint8_t kinds[] = {[NET_GROUP_IS_JOINED] = 2, [NET_GROUP_JOINED] = 4, [NET_GROUP_LEFT] = 3};

	p[0] = IGMP_REPORT_3;
	p[7] = 1;
	p[8] = kinds[what];
	wire_put32(p + 12, group);
	return ALL_IGMP_ROUTERS;
}

static void report(struct net_interface *interface, const struct net_address *group, enum net_group_report what, bool is_old)
{
	struct net_packet *packet = net_packet_new(interface->stack, NET_HEAD_ROOM, IGMP_REPORT, 0);
	size_t len = is_old ? IGMP_2 : IGMP_REPORT;
	uint32_t to;
	uint8_t *p;

	if (!packet)
		return;
	p = net_packet_append(packet, len);
	memset(p, 0, len);
	to = (is_old ? put_report_2 : put_report_3)(p, net_address_ip4(group), what);
	checksum_store(p + 2, checksum_fold(checksum_add(0, p, len)));
	net_count(interface->stack, NET_COUNT_GROUP_REPORT);
	(void)ip4_send_alert(interface, to, packet, NET_PROTOCOL_IGMP);
}

/* RFC 3376 §4.1.1: tenths of a second, large ones with a mantissa and an exponent. */
static uint64_t delay_of(uint8_t code, bool is_old)
{
	uint64_t tenths = is_old || code < 128 ? code : (uint64_t)((code & 15) | 16) << ((code >> 4 & 7) + 3);

	return (tenths ? tenths : (uint64_t)DELAY_OF_VERSION_1) * (NET_SECOND / 10);
}

/* Only queries mean something to a host; what other hosts report is passed over. */
static void input(struct net_stack *stack, const struct net_flow *flow, struct net_packet *packet)
{
	const uint8_t *p = net_packet_head(packet, IGMP_2);
	bool is_old = packet->len < IGMP_3_QUERY;
	struct net_address group;

	if (!p || flow->ttl != 1 || checksum_fold(net_packet_sum(packet, 0, 0)) || (is_old && packet->len != IGMP_2)) {
		net_drop(packet, NET_COUNT_GROUP_BAD);
		return;
	}
	if (p[0] == IGMP_QUERY) {
		group = net_address_of_ip4(wire_get32(p + 4));
		net_count(stack, NET_COUNT_GROUP_QUERY);
		net_group_query(packet->interface, NET_IP4, net_address_is_any(&group) ? NULL : &group, delay_of(p[1], is_old), is_old);
	}
	net_packet_free(packet);
}

int igmp_init(struct net_stack *stack)
{
	struct net_transport *transport = net_alloc_zero(stack, sizeof(*transport));

	if (!transport)
		return -ENOMEM;
	*transport = (struct net_transport){.protocol = NET_PROTOCOL_IGMP, .input = input};
	stack->module[NET_MODULE_IGMP] = transport;
	stack->report_group[NET_IP4] = report;
	net_transport_add(stack, transport);
	return 0;
}

void igmp_fini(struct net_stack *stack)
{
	struct net_transport *transport = stack->module[NET_MODULE_IGMP];

	if (!transport)
		return;
	stack->report_group[NET_IP4] = NULL;
	net_transport_remove(stack, transport);
	stack->module[NET_MODULE_IGMP] = NULL;
	net_free(stack, transport);
}

NET_LIBRARY(igmp) = {.name = "igmp", .order = NET_ORDER_BESIDE_NETWORK, .init = igmp_init};
