/* SPDX-License-Identifier: BSD-3-Clause */
/* Chooses subnets and addresses. */
#include "dory/network/subnet.h"
#include <ifaddrs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include "dory/base/text.h"

enum {
	LARGEST = 8,   /* prefixes of subnets */
	SMALLEST = 30,
	CHOSEN = 24,
	ATTEMPTS = 1000,
};

static const char nat_subnet[] = "10.0.2.0/24";

static int refuse(const char *text, const char *why, struct dory_error *err)
{
	error_set(err, DORY_ERROR_USAGE, "'%.60s' is no subnet for a network: %s", text, why);
	return error_hint(err, "Write ADDRESS/PREFIX, as in --subnet 10.7.1.0/24.");
}

int subnet_parse(const char *text, struct ip_network *subnet, struct dory_error *err)
{
	struct ip_network parsed;
	struct ip_address first;
	char *right;

	if (!ip_network_parse(text, &parsed) || parsed.address.family != AF_INET)
		return refuse(text, "it is not ADDRESS/PREFIX of IPv4", err);
	if (parsed.prefix < LARGEST || parsed.prefix > SMALLEST)
		return refuse(text, "the prefix is to be from 8 to 30", err);
	if (parsed.address.bytes[0] == 0 || parsed.address.bytes[0] == 127 || parsed.address.bytes[0] >= 224)
		return refuse(text, "no machine can have its addresses", err);
	first = ip_address_fill(&parsed.address, parsed.prefix, false);
	if (!ip_address_equal(&first, &parsed.address)) {
		right = ip_network_print(&(struct ip_network){.address = first, .prefix = parsed.prefix});
		refuse(text, "the address has bits behind the prefix", err);
		error_hint(err, "Did you mean %s?", right);
		free(right);
		return -1;
	}
	*subnet = parsed;
	return 0;
}

/* The network of the list that has some of it; NULL: none. */
static const struct network *overlapping(const struct ip_network *subnet, const struct network *networks, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (ip_network_overlaps(subnet, &networks[i].ip4))
			return &networks[i];
	}
	return NULL;
}

static bool overlaps_nat(const struct ip_network *subnet)
{
	struct ip_network nat;

	return ip_network_parse(nat_subnet, &nat) && ip_network_overlaps(subnet, &nat);
}

int subnet_check(const struct ip_network *subnet, const struct network *networks, size_t count, struct dory_error *err)
{
	const struct network *other = overlapping(subnet, networks, count);
	char *text = ip_network_print(subnet), *theirs = other ? ip_network_print(&other->ip4) : NULL;
	int result = 0;

	if (other)
		result = error_set(err, DORY_ERROR_CONFLICT, "the subnet %s overlaps that of the network %s, %s", text, other->name, theirs);
	else if (overlaps_nat(subnet))
		result = error_set(err, DORY_ERROR_CONFLICT, "the subnet %s overlaps that of nat, %s", text, nat_subnet);
	free(text);
	free(theirs);
	return result;
}

/* Does an interface of this machine have an address there? */
static bool overlaps_host(const struct ip_network *subnet)
{
	struct ifaddrs *list, *i;
	bool overlaps = false;

	if (getifaddrs(&list) < 0)
		return false;
	for (i = list; i; i = i->ifa_next) {
		struct ip_network theirs = {.address.family = AF_INET};
		const struct sockaddr_in *address = (const struct sockaddr_in *)i->ifa_addr;
		const struct sockaddr_in *mask = (const struct sockaddr_in *)i->ifa_netmask;

		if (!address || address->sin_family != AF_INET)
			continue;
		memcpy(theirs.address.bytes, &address->sin_addr, sizeof(address->sin_addr));
		theirs.prefix = mask ? (unsigned)__builtin_popcount(mask->sin_addr.s_addr) : 32;
		overlaps |= ip_network_overlaps(subnet, &theirs);
	}
	freeifaddrs(list);
	return overlaps;
}

static void random_bytes(void *bytes, size_t size)
{
	static unsigned calls;

	if (getrandom(bytes, size, 0) != (ssize_t)size) {
		memset(bytes, (int)(getpid() + (int)calls), size);
		memcpy(bytes, &calls, size < sizeof(calls) ? size : sizeof(calls));
	}
	calls++;
}

int subnet_choose(struct ip_network *subnet, const struct network *networks, size_t count, struct dory_error *err)
{
	for (unsigned i = 0; i < ATTEMPTS; i++) {
		unsigned char random[2];
		struct ip_network chosen = {.prefix = CHOSEN};

		random_bytes(random, sizeof(random));
		chosen.address = ip4_address(10u << 24 | (64u | (random[0] & 63u)) << 16 | (uint32_t)random[1] << 8);
		if (!overlapping(&chosen, networks, count) && !overlaps_nat(&chosen) && !overlaps_host(&chosen)) {
			*subnet = chosen;
			return 0;
		}
	}
	error_set(err, DORY_ERROR_CONFLICT, "no subnet is free below 10.64.0.0/10");
	return error_hint(err, "Choose another with dory network create NAME --subnet.");
}

void subnet6_choose(struct ip_network *subnet)
{
	*subnet = (struct ip_network){.address = {.family = AF_INET6, .bytes = {0xfd}}, .prefix = 64};
	random_bytes(subnet->address.bytes + 1, 5);
}

static bool is_free(const struct network *network, const struct ip_address *address)
{
	for (size_t i = 0; i < network->member_count; i++) {
		if (ip_address_equal(&network->members[i].ip4, address))
			return false;
	}
	return true;
}

/* The first address is left to a router that there may be one day; the last is everybody's. */
bool subnet_assign(const struct network *network, const char *name, struct ip_address *address)
{
	uint32_t first = ip4_number(&network->ip4.address) + 2, count = (1u << (32 - network->ip4.prefix)) - 3, start = 2166136261u;

	for (; *name; name++) /* FNV-1a */
		start = (start ^ (unsigned char)*name) * 16777619u;
	for (uint32_t i = 0; i < count; i++) {
		*address = ip4_address(first + (start + i) % count);
		if (is_free(network, address))
			return true;
	}
	return false;
}

struct ip_address subnet6_of(const struct network *network, const struct ip_address *address)
{
	struct ip_address result = network->ip6.address;
	uint32_t number = ip4_number(address) - ip4_number(&network->ip4.address);

	for (unsigned i = 0; i < 4; i++)
		result.bytes[12 + i] = (unsigned char)(number >> (24 - 8 * i));
	return result;
}
