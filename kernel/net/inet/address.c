/* SPDX-License-Identifier: BSD-3-Clause */
/* Socket addresses of both families (ip(7), ipv6(7)). */
#include "kernel/net/inet/inet.h"

static int read4(const void *address, size_t len, struct inet_end *end)
{
	struct linux_sockaddr_in from;

	if (len < sizeof(from))
		return -EINVAL;
	memcpy(&from, address, sizeof(from));
	if (from.family != LINUX_AF_INET)
		return -EAFNOSUPPORT;
	end->address = net_address_of_ip4(wire_get32(from.address));
	end->port = wire_get16(from.port);
	end->scope = 0;
	return 0;
}

int inet_address_read(const struct inet_socket *s, const void *address, size_t len, struct inet_end *end)
{
	struct linux_sockaddr_in6 from = {0};

	if (len < sizeof(uint16_t))
		return -EINVAL;
	if (!s->is_ip6)
		return read4(address, len, end);
	if (len < LINUX_SOCKADDR_IN6_MIN)
		return -EINVAL;
	memcpy(&from, address, min_u64(len, sizeof(from)));
	if (from.family != LINUX_AF_INET6)
		return -EAFNOSUPPORT;
	memcpy(end->address.byte, from.address, sizeof(from.address));
	end->port = wire_get16(from.port);
	end->scope = inet_has_scope(&end->address) ? from.scope : 0;
	return 0;
}

size_t inet_address_write(const struct inet_socket *s, const struct inet_end *end, void *address)
{
	struct linux_sockaddr_in to4 = {.family = LINUX_AF_INET};
	struct linux_sockaddr_in6 to6 = {.family = LINUX_AF_INET6};

	if (s->is_ip6) {
		wire_put16(to6.port, end->port);
		memcpy(to6.address, end->address.byte, sizeof(to6.address));
		to6.scope = inet_has_scope(&end->address) ? end->scope : 0;
		memcpy(address, &to6, sizeof(to6));
		return sizeof(to6);
	}
	wire_put16(to4.port, end->port);
	memcpy(to4.address, end->address.byte + 12, sizeof(to4.address));
	memcpy(address, &to4, sizeof(to4));
	return sizeof(to4);
}
