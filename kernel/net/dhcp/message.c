/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages as bytes (RFC 2131 §2, RFC 2132). */
#include "kernel/net/dhcp/internal.h"

#define MAGIC 0x63825363u

static uint8_t *put_option(uint8_t *p, uint8_t code, const void *value, size_t len)
{
	p[0] = code;
	p[1] = (uint8_t)len;
	memcpy(p + 2, value, len);
	return p + 2 + len;
}

static uint8_t *put_address(uint8_t *p, uint8_t code, uint32_t address)
{
	uint8_t bytes[4];

	wire_put32(bytes, address);
	return address ? put_option(p, code, bytes, 4) : p;
}

size_t dhcp_message_put(uint8_t *to, const struct dhcp_question *q)
{
	static const uint8_t wanted[] = {1, 3, 6, 15, 26, 51, 54, 58, 59}; /* mask, router, DNS, domain, MTU, times, server */
	uint8_t *p = to + DHCP_HEADER;

	memset(to, 0, DHCP_MESSAGE_MAX);
	to[0] = 1;
	to[1] = 1;
	to[2] = 6;
	wire_put32(to + 4, q->transaction);
	wire_put16(to + 8, q->seconds);
	wire_put16(to + 10, q->client ? 0 : 0x8000); /* without an address only a broadcast reaches us */
	wire_put32(to + 12, q->client);
	memcpy(to + 28, q->hardware, 6);
	wire_put32(to + 236, MAGIC);
	p = put_option(p, 53, &q->type, 1);
	p = put_address(p, 50, q->wanted);
	p = put_address(p, 54, q->server);
	if (q->type != DHCP_RELEASE) {
		p = put_option(p, 55, wanted, sizeof(wanted));
		if (q->host_name && *q->host_name)
			p = put_option(p, 12, q->host_name, strnlen(q->host_name, 63));
	}
	*p++ = 255;
	return max_u64((size_t)(p - to), 300); /* BOOTP's relays expect so many (RFC 1542 §2.1) */
}

static bool mask_to_prefix(uint32_t mask, unsigned *prefix)
{
	unsigned n = 0;

	while (n < 32 && mask & 0x80000000u >> n)
		n++;
	*prefix = n;
	return mask == ip4_mask(n);
}

/* Only what a domain may have, so that it can be written to a file as it is. */
static void take_domain(struct dhcp_lease *lease, const uint8_t *value, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t c = value[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || (c == 0 && i + 1 == len)))
			return;
	}
	memcpy(lease->domain, value, len);
	lease->domain[len] = 0;
}

static bool take_option(struct dhcp_lease *lease, uint8_t *type, uint8_t code, const uint8_t *value, size_t len)
{
	uint32_t number = len >= 4 ? wire_get32(value) : 0;

	switch (code) {
	case 1: return len == 4 && mask_to_prefix(number, &lease->prefix);
	case 3: lease->router = number; return len >= 4;
	case 6:
		for (lease->nr_name_servers = 0; lease->nr_name_servers < DHCP_SERVERS_MAX && (lease->nr_name_servers + 1) * 4 <= len; lease->nr_name_servers++)
			lease->name_server[lease->nr_name_servers] = wire_get32(value + lease->nr_name_servers * 4);
		return true;
	case 15: take_domain(lease, value, len); return true;
	case 26: lease->mtu = len == 2 ? wire_get16(value) : 0; return len == 2;
	case 51: lease->lease_s = number; return len == 4;
	case 53: *type = len == 1 ? value[0] : 0; return len == 1;
	case 54: lease->server = number; return len == 4;
	case 58: lease->renew_s = number; return len == 4;
	case 59: lease->rebind_s = number; return len == 4;
	default: return true;
	}
}

/* RFC 2131 §4.4.5: a half, and seven eighths; nobody may make us ask all the time. */
static void complete_times(struct dhcp_lease *lease)
{
	lease->lease_s = (uint32_t)max_u64(lease->lease_s, 60);
	if (!lease->renew_s || lease->renew_s >= lease->lease_s)
		lease->renew_s = lease->lease_s / 2;
	if (lease->rebind_s <= lease->renew_s || lease->rebind_s >= lease->lease_s)
		lease->rebind_s = (uint32_t)max_u64(lease->lease_s / 8 * 7, lease->renew_s + 1);
}

static unsigned prefix_of_class(uint32_t address)
{
	return address >> 31 == 0 ? 8 : address >> 30 == 2 ? 16 : 24;
}

uint8_t dhcp_message_parse(const uint8_t *m, size_t len, uint32_t transaction, const uint8_t hardware[6], struct dhcp_lease *lease)
{
	uint8_t type = 0;
	size_t i = DHCP_HEADER;

	if (len < DHCP_HEADER || m[0] != 2 || wire_get32(m + 4) != transaction || memcmp(m + 28, hardware, 6) != 0 || wire_get32(m + 236) != MAGIC)
		return 0;
	*lease = (struct dhcp_lease){.address = wire_get32(m + 16)};
	while (i < len && m[i] != 255) {
		if (m[i] == 0) {
			i++;
			continue;
		}
		if (i + 1 >= len || m[i + 1] > len - i - 2 || !take_option(lease, &type, m[i], m + i + 2, m[i + 1]))
			return 0;
		i += 2u + m[i + 1];
	}
	if (!lease->prefix)
		lease->prefix = prefix_of_class(lease->address);
	complete_times(lease);
	return type;
}
