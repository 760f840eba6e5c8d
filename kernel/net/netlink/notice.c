/* SPDX-License-Identifier: BSD-3-Clause */
/* Changes of the stack's configuration, told to groups of sockets (rtnetlink(7)). Nothing is written where nobody listens. */
#include "kernel/net/core/library.h"
#include "kernel/net/netlink/netlink.h"

LINKER_SET_DECLARE(netlink_notice, struct netlink_notice);

static bool (*listener_wants)(uint32_t group);
static void (*listener_deliver)(struct net_stack *stack, struct netlink_piece *piece);

void netlink_set_listener(bool (*wants)(uint32_t group), void (*deliver)(struct net_stack *stack, struct netlink_piece *piece))
{
	listener_wants = wants;
	listener_deliver = deliver;
}

void netlink_tell(struct net_stack *stack, uint32_t group, uint16_t type, void (*write)(struct netlink_writer *, uint16_t, const void *), const void *object)
{
	struct netlink_writer *writer;
	struct list *node;

	if (!listener_wants || !listener_wants(group))
		return;
	writer = netlink_writer_new(stack);
	if (!writer)
		return;
	write(writer, type, object);
	node = list_pop_front(&writer->pieces);
	if (node) {
		struct netlink_piece *piece = container_of(node, struct netlink_piece, link);

		piece->group = group;
		listener_deliver(stack, piece);
	}
	netlink_writer_free(writer);
}

static void changed(struct net_stack *stack, const struct net_change *change)
{
	for (const struct netlink_notice *const *p = LINKER_SET_BEGIN(netlink_notice); p < LINKER_SET_END(netlink_notice); p++) {
		const struct netlink_notice *notice = *p;

		if (notice->object == change->object && notice->version == change->version)
			netlink_tell(stack, notice->group, change->is_removed ? notice->type_removed : notice->type_new, notice->write, change->of);
	}
}

int netlink_init(struct net_stack *stack)
{
	static struct net_observer observer = {.changed = changed};

	net_observe(stack, &observer);
	return 0;
}

NET_LIBRARY(netlink) = {.name = "netlink", .order = NET_ORDER_SERVICE, .init = netlink_init};
