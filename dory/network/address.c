/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading and writing addresses. */
#include "dory/network/address.h"
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"

enum { DEFAULT_PREFIX = 24, DEFAULT_PREFIX6 = 64 };

bool ip_address_parse(const char *text, struct ip_address *address)
{
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;
	struct ip_address parsed = {.family = family};

	if (inet_pton(family, text, parsed.bytes) != 1)
		return false;
	*address = parsed;
	return true;
}

const char *ip_address_print(const struct ip_address *address, char text[IP_TEXT_SIZE])
{
	if (!inet_ntop(address->family, address->bytes, text, IP_TEXT_SIZE))
		*text = '\0';
	return text;
}

bool ip_address_equal(const struct ip_address *a, const struct ip_address *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

unsigned ip_address_bits(const struct ip_address *address)
{
	return address->family == AF_INET ? 32 : 128;
}

struct ip_address ip4_address(uint32_t number)
{
	struct ip_address address = {.family = AF_INET};

	for (unsigned i = 0; i < 4; i++)
		address.bytes[i] = (unsigned char)(number >> (24 - 8 * i));
	return address;
}

uint32_t ip4_number(const struct ip_address *address)
{
	uint32_t number = 0;

	for (unsigned i = 0; i < 4; i++)
		number = number << 8 | address->bytes[i];
	return number;
}

struct ip_address ip_address_fill(const struct ip_address *address, unsigned prefix, bool with_ones)
{
	struct ip_address filled = *address;

	for (unsigned bit = prefix; bit < ip_address_bits(address); bit++) {
		unsigned char mask = (unsigned char)(0x80 >> bit % 8);

		if (with_ones)
			filled.bytes[bit / 8] |= mask;
		else
			filled.bytes[bit / 8] &= (unsigned char)~mask;
	}
	return filled;
}

bool ip_address_is_within(const struct ip_address *address, const struct ip_address *network, unsigned prefix)
{
	struct ip_address a = ip_address_fill(address, prefix, false), n = ip_address_fill(network, prefix, false);

	return ip_address_equal(&a, &n);
}

/* All of `text` as a number of bits. */
static bool prefix_parse(const char *text, unsigned most, unsigned *prefix)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long number = strtoul(text, NULL, 10);

	if (digits == 0 || digits > 3 || text[digits] || number > most)
		return false;
	*prefix = (unsigned)number;
	return true;
}

/* `*prefix` stays where the text has none. */
static bool parse_with_prefix(const char *text, struct ip_address *address, unsigned *prefix, bool *has_prefix)
{
	const char *slash = strchr(text, '/');
	char *host = slash ? text_copy_n(text, (size_t)(slash - text)) : text_copy(text);
	bool is_valid = ip_address_parse(host, address);

	free(host);
	*has_prefix = slash != NULL;
	return is_valid && (!slash || prefix_parse(slash + 1, ip_address_bits(address), prefix));
}

bool ip_network_parse(const char *text, struct ip_network *network)
{
	bool has_prefix;

	return parse_with_prefix(text, &network->address, &network->prefix, &has_prefix) && has_prefix;
}

char *ip_network_print(const struct ip_network *network)
{
	char text[IP_TEXT_SIZE];

	return text_format("%s/%u", ip_address_print(&network->address, text), network->prefix);
}

bool ip_network_overlaps(const struct ip_network *a, const struct ip_network *b)
{
	unsigned prefix = a->prefix < b->prefix ? a->prefix : b->prefix;

	return ip_address_is_within(&a->address, &b->address, prefix);
}

/* Why no interface can have this address; NULL if one can. */
static const char *unfit(const struct ip_address *address, unsigned prefix)
{
	static const unsigned char loopback6[16] = {[15] = 1}, zeros[16];
	struct ip_address first = ip_address_fill(address, prefix, false), last = ip_address_fill(address, prefix, true);
	bool is_ip4 = address->family == AF_INET;

	if (prefix == 0)
		return "its prefix must have at least one bit";
	if (is_ip4 ? address->bytes[0] == 0 : memcmp(address->bytes, zeros, 16) == 0)
		return "it stands for no address";
	if (is_ip4 ? address->bytes[0] == 127 : memcmp(address->bytes, loopback6, 16) == 0)
		return "it is every machine's own";
	if (is_ip4 ? address->bytes[0] >= 224 : address->bytes[0] == 0xff)
		return "it is a group's";
	if (is_ip4 && prefix < 31 && (ip_address_equal(address, &first) || ip_address_equal(address, &last)))
		return "it stands for the whole network";
	return NULL;
}

static const char *unfit_gateway(const struct interface_address *a)
{
	bool is_link_local = a->gateway.family == AF_INET6 && a->gateway.bytes[0] == 0xfe && a->gateway.bytes[1] >> 6 == 2;

	if (a->gateway.family != a->address.family)
		return "the gateway is of another family than the address";
	if (ip_address_equal(&a->gateway, &a->address))
		return "the gateway is the address itself";
	if (!is_link_local && !ip_address_is_within(&a->gateway, &a->address, a->prefix))
		return "the gateway is not in the address's network";
	return is_link_local ? NULL : unfit(&a->gateway, a->prefix);
}

int interface_address_parse(const char *text, struct interface_address *address, struct dory_error *err)
{
	struct interface_address parsed = {0};
	const char *comma = strchr(text, ','), *why = "it is no address";
	char *first = comma ? text_copy_n(text, (size_t)(comma - text)) : text_copy(text);
	bool has_prefix, is_valid = parse_with_prefix(first, &parsed.address, &parsed.prefix, &has_prefix);

	free(first);
	parsed.said_prefix = is_valid && has_prefix ? parsed.prefix : 0;
	if (is_valid && !has_prefix)
		parsed.prefix = parsed.address.family == AF_INET ? DEFAULT_PREFIX : DEFAULT_PREFIX6;
	if (is_valid)
		why = unfit(&parsed.address, parsed.prefix);
	if (!why && comma)
		why = ip_address_parse(comma + 1, &parsed.gateway) ? unfit_gateway(&parsed) : "the gateway is no address";
	if (!why) {
		*address = parsed;
		return 0;
	}
	error_set(err, DORY_ERROR_USAGE, "'%.100s' is no address for an interface: %s", text, why);
	return error_hint(
		err, "Write ADDRESS[/PREFIX][,GATEWAY], as in --ip 192.168.7.2/24,192.168.7.1 or --ip fd00:7::2/64.");
}

int mac_address_parse(const char *text, char mac[MAC_TEXT_SIZE], struct dory_error *err)
{
	static const char zero[] = "00:00:00:00:00:00";
	char parsed[MAC_TEXT_SIZE] = {0};
	bool is_valid = strlen(text) == MAC_TEXT_SIZE - 1;

	for (size_t i = 0; is_valid && i < MAC_TEXT_SIZE - 1; i++) {
		bool is_separator = i % 3 == 2;

		is_valid = is_separator ? text[i] == text[2] && strchr(":-", text[i]) : isxdigit((unsigned char)text[i]) != 0;
		parsed[i] = is_separator ? ':' : (char)tolower((unsigned char)text[i]);
	}
	if (!is_valid) {
		error_set(err, DORY_ERROR_USAGE, "'%.100s' is no Ethernet address", text);
		return error_hint(err, "Write six bytes, as in --mac 52:54:00:12:34:56.");
	}
	if (strchr("13579bdf", parsed[1]) || strcmp(parsed, zero) == 0) {
		error_set(err, DORY_ERROR_USAGE, "the Ethernet address %s is not a single machine's", parsed);
		return error_hint(err, "The first byte is to be even, and one not 0, as in --mac 52:54:00:12:34:56.");
	}
	memcpy(mac, parsed, sizeof(parsed));
	return 0;
}

void mac_address_print(uint32_t last, char mac[MAC_TEXT_SIZE])
{
	snprintf(mac, MAC_TEXT_SIZE, "02:d0:%02x:%02x:%02x:%02x", last >> 24, last >> 16 & 0xff, last >> 8 & 0xff, last & 0xff);
}
