/* SPDX-License-Identifier: BSD-3-Clause */
/* From which address to send: the rules of RFC 6724 §5. Rules 4 (mobility) and 7 (temporary addresses) have no matter here. */
#include "kernel/net/ip6/internal.h"

unsigned ip6_scope(const struct net_address *a)
{
	if (ip6_is_multicast(a))
		return a->byte[1] & 15;
	if (ip6_is_link_local(a) || ip6_is_loopback(a))
		return 2;
	if (a->byte[0] == 0xfe && (a->byte[1] & 0xc0) == 0xc0)
		return 5;
	return 14;
}

struct policy {
	struct net_address prefix;
	unsigned len, label;
};

/* RFC 6724 §2.1, longest prefix first. */
static const struct policy policies[] = {
	{{.byte = {[15] = 1}}, 128, 0}, {{.byte = {[10] = 0xff, 0xff}}, 96, 4}, {{.byte = {0}}, 96, 3}, {{.byte = {0x20, 0x01, 0, 0}}, 32, 5},
	{{.byte = {0x20, 0x02}}, 16, 2}, {{.byte = {0x3f, 0xfe}}, 16, 12}, {{.byte = {0xfe, 0xc0}}, 10, 11}, {{.byte = {0xfc}}, 7, 13},
	{{.byte = {0}}, 0, 1},
};

static unsigned label_of(const struct net_address *a)
{
	const struct policy *p = policies;

	while (!ip6_prefix_equal(a, &p->prefix, p->len))
		p++;
	return p->label;
}

static unsigned common_prefix(const struct net_address *a, const struct net_address *b, unsigned most)
{
	unsigned len = 0;

	while (len < most && ip6_prefix_equal(a, b, len + 1))
		len++;
	return len;
}

/* Is `a` the better one? Positive: yes; 0: as good. */
static int compare(const struct ip6_address *a, const struct ip6_address *b, const struct net_interface *out, const struct net_address *d)
{
	unsigned scope_a = ip6_scope(&a->address), scope_b = ip6_scope(&b->address), scope_d = ip6_scope(d), label = label_of(d);
	int by_rule[] = {
		net_address_equal(&a->address, d) - net_address_equal(&b->address, d),
		scope_a == scope_b ? 0 : scope_a < scope_b ? (scope_a < scope_d ? -1 : 1) : (scope_b < scope_d ? 1 : -1),
		(a->state != IP6_DEPRECATED) - (b->state != IP6_DEPRECATED),
		(a->interface == out) - (b->interface == out),
		(label_of(&a->address) == label) - (label_of(&b->address) == label),
		(int)common_prefix(&a->address, d, a->prefix) - (int)common_prefix(&b->address, d, b->prefix),
	};

	for (unsigned i = 0; i < ARRAY_SIZE(by_rule); i++)
		if (by_rule[i])
			return by_rule[i];
	return 0;
}

/* Those of other interfaces too (RFC 6724 §4), unless the destination is only of this link. */
static bool is_candidate(const struct ip6_address *a, const struct net_interface *out, const struct net_address *destination)
{
	if (!ip6_is_usable(a))
		return false;
	if (a->interface == out)
		return true;
	return !(out->flags & NET_IS_LOOPBACK) && !(a->interface->flags & NET_IS_LOOPBACK) && ip6_scope(&a->address) > 2 &&
	       ip6_scope(destination) > 2 && !ip6_is_multicast(destination);
}

const struct ip6_address *ip6_choose_source(struct ip6 *ip, const struct net_interface *out, const struct net_address *destination)
{
	const struct ip6_address *best = NULL, *a;

	list_for_each(a, &ip->addresses, link)
		if (is_candidate(a, out, destination) && (!best || compare(a, best, out, destination) > 0))
			best = a;
	return best;
}
