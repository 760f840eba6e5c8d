/* SPDX-License-Identifier: BSD-3-Clause */
/* Timers in a tree by deadline. Setting one later that is set already is cheap for those who let it fire early and look again (TCP does). */
#include "kernel/net/core/net.h"

void net_timer_set(struct net_stack *stack, struct net_timer *timer, uint64_t at_ns)
{
	struct rb_node *parent = NULL, **link = &stack->timers.root;
	bool is_first = true;

	net_timer_cancel(stack, timer);
	timer->at_ns = at_ns;
	while (*link) {
		parent = *link;
		if (at_ns < container_of(parent, struct net_timer, node)->at_ns) {
			link = &parent->left;
		} else {
			link = &parent->right;
			is_first = false;
		}
	}
	rb_insert(&stack->timers, &timer->node, parent, link);
	timer->is_set = true;
	if (is_first)
		stack->first_timer = timer;
}

void net_timer_cancel(struct net_stack *stack, struct net_timer *timer)
{
	struct rb_node *next;

	if (!timer->is_set)
		return;
	if (stack->first_timer == timer) {
		next = rb_next(&timer->node);
		stack->first_timer = next ? container_of(next, struct net_timer, node) : NULL;
	}
	rb_remove(&stack->timers, &timer->node);
	timer->is_set = false;
}

void net_tick(struct net_stack *stack)
{
	while (stack->first_timer && stack->first_timer->at_ns <= stack->now_ns) {
		struct net_timer *timer = stack->first_timer;

		net_timer_cancel(stack, timer);
		timer->fire(timer);
	}
}
