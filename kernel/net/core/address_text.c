/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses as text: dotted IPv4, and IPv6 as RFC 4291 §2.2 reads it and RFC 5952 writes it. */
#include "kernel/net/core/address_text.h"
#include "lib/format.h"

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* A number of at most max_digits digits; NULL: there is none. */
static const char *parse_number(const char *text, int base, unsigned max_digits, unsigned *value)
{
	const char *at = text;
	int digit;

	for (*value = 0; (digit = digit_value(*at)) >= 0 && digit < base; at++) {
		if (at == text + max_digits)
			return NULL;
		*value = *value * (unsigned)base + (unsigned)digit;
	}
	return at == text ? NULL : at;
}

static const char *parse_ip4_bytes(const char *text, uint8_t byte[4])
{
	for (unsigned i = 0; i < 4; i++) {
		unsigned value;

		if (i && *text++ != '.')
			return NULL;
		text = parse_number(text, 10, 3, &value);
		if (!text || value > 255)
			return NULL;
		byte[i] = (uint8_t)value;
	}
	return text;
}

/* The groups of an IPv6 address as they are read: `gap` is where "::" stood, counted in bytes. */
struct groups {
	uint8_t byte[16];
	unsigned len;
	int gap;
};

/* One group, or the dotted end; NULL: neither. */
static const char *parse_group(const char *text, struct groups *g)
{
	unsigned value;
	const char *end = parse_number(text, 16, 4, &value);

	if (end && *end != '.') {
		if (g->len > 14)
			return NULL;
		wire_put16(g->byte + g->len, (uint16_t)value);
		g->len += 2;
		return end;
	}
	if (g->len > 12)
		return NULL;
	end = parse_ip4_bytes(text, g->byte + g->len);
	g->len += 4;
	return end;
}

static const char *parse_ip6(const char *text, struct groups *g)
{
	if (text[0] == ':' && text[1] == ':') {
		g->gap = 0;
		text += 2;
		if (digit_value(*text) < 0)
			return text;
	}
	for (;;) {
		text = parse_group(text, g);
		if (!text || *text != ':')
			return text;
		if (*++text != ':')
			continue;
		if (g->gap >= 0)
			return NULL;
		g->gap = (int)g->len;
		if (digit_value(*++text) < 0)
			return text;
	}
}

const char *net_address_parse(const char *text, struct net_address *address)
{
	struct groups g = {.gap = -1};
	struct net_address parsed = net_address_of_ip4(0);
	const char *end = parse_ip4_bytes(text, parsed.byte + 12);
	size_t tail;

	if (!end) {
		end = parse_ip6(text, &g);
		if (!end || (g.gap < 0 ? g.len != 16 : g.len > 14))
			return NULL;
		memset(&parsed, 0, sizeof(parsed));
		tail = g.gap < 0 ? 0 : g.len - (unsigned)g.gap;
		memcpy(parsed.byte, g.byte, g.len - tail);
		memcpy(parsed.byte + 16 - tail, g.byte + g.len - tail, tail);
	}
	*address = parsed;
	return end;
}

/* The longest run of two zero groups or more, the first of equals (RFC 5952 §4.2). */
static unsigned longest_zeros(const struct net_address *address, unsigned *start)
{
	unsigned best = 1, run = 0;

	*start = 8;
	for (unsigned i = 0; i < 8; i++) {
		run = wire_get16(address->byte + 2 * i) ? 0 : run + 1;
		if (run > best) {
			best = run;
			*start = i + 1 - run;
		}
	}
	return *start == 8 ? 0 : best;
}

int net_address_format(const struct net_address *address, char *to, size_t size)
{
	unsigned start, zeros;
	char text[NET_ADDRESS_TEXT] = "";
	int len = 0;

	if (net_address_is_ip4(address))
		return format_text(to, size, "%u.%u.%u.%u", address->byte[12], address->byte[13], address->byte[14], address->byte[15]);
	zeros = longest_zeros(address, &start);
	for (unsigned i = 0; i < 8; i++) {
		if (zeros && i == start) {
			len += format_text(text + len, sizeof(text) - (size_t)len, "::");
			i += zeros - 1;
			continue;
		}
		len += format_text(text + len, sizeof(text) - (size_t)len, i && i != start + zeros ? ":%x" : "%x", wire_get16(address->byte + 2 * i));
	}
	return format_text(to, size, "%s", text);
}
