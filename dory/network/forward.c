/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading what ports are to be forwarded. */
#include "dory/network/forward.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dory/base/text.h"

enum { FORWARDS_MAX = 1024, PORT_MAX = 65535 };

struct port_range {
	unsigned first, last;
};

static int refuse(const char *text, const char *why, struct dory_error *err)
{
	error_set(err, DORY_ERROR_USAGE, "'%.100s' does not say which port leads where: %s", text, why);
	return error_hint(err,
		"Write [ADDRESS:]HOST:GUEST[/tcp|/udp], as in -p 8080:80, -p 127.0.0.1:8080:80 or -p 5353:53/udp.");
}

static bool parse_port(const char *text, size_t length, unsigned *port)
{
	unsigned number = 0;

	if (length == 0 || length > 5)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		number = number * 10 + (unsigned)(text[i] - '0');
	}
	*port = number;
	return number <= PORT_MAX;
}

static bool parse_range(const char *text, size_t length, struct port_range *range)
{
	const char *dash = memchr(text, '-', length);
	size_t first = dash ? (size_t)(dash - text) : length;

	if (!parse_port(text, first, &range->first))
		return false;
	range->last = range->first;
	return !dash || (parse_port(dash + 1, length - first - 1, &range->last) && range->last >= range->first && range->first > 0);
}

/* Takes "ADDRESS:" off the front, if there is something before HOST; `guest` is where GUEST begins. */
static bool take_address(const char **text, const char *guest, struct ip_address *address)
{
	bool is_bracketed = **text == '[', is_valid;
	const char *start = *text + is_bracketed;
	const char *end = is_bracketed ? strchr(start, ']') : memchr(start, ':', (size_t)(guest - 1 - start));
	char *word;

	if (!end && !is_bracketed)
		return true;
	if (!end || end[is_bracketed] != ':')
		return false;
	word = text_copy_n(start, (size_t)(end - start));
	is_valid = ip_address_parse(word, address) && (address->family == AF_INET6) == is_bracketed;
	free(word);
	*text = end + is_bracketed + 1;
	return is_valid && *text < guest;
}

static bool addresses_meet(const struct ip_address *a, const struct ip_address *b)
{
	static const unsigned char zeros[16];
	bool is_any = memcmp(a->bytes, zeros, 16) == 0 || memcmp(b->bytes, zeros, 16) == 0;
	int family_a = a->family ? a->family : AF_INET, family_b = b->family ? b->family : AF_INET;

	return family_a == family_b && (is_any || ip_address_equal(a, b));
}

static bool is_taken(const struct forward_list *list, const struct forward *forward)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct forward *other = &list->forwards[i];

		if (other->is_udp == forward->is_udp && other->host_port == forward->host_port && forward->host_port &&
			addresses_meet(&other->address, &forward->address))
			return true;
	}
	return false;
}

static int add(struct forward_list *list, const struct forward *forward, const char *text, struct dory_error *err)
{
	if (is_taken(list, forward)) {
		char *port = forward_print(forward);

		error_set(err, DORY_ERROR_USAGE, "'%.100s': the port %s of this machine is to be forwarded already", text, port);
		free(port);
		return -1;
	}
	if (list->count == FORWARDS_MAX)
		return error_set(err, DORY_ERROR_USAGE, "'%.100s': more than %d ports are to be forwarded", text, FORWARDS_MAX);
	*(struct forward *)array_push(&list->forwards, &list->count, sizeof(*forward)) = *forward;
	return 0;
}

/* Takes "/tcp" or "/udp" off the length; false: it is another word. */
static bool take_protocol(const char *text, size_t *length, bool *is_udp)
{
	const char *slash = strchr(text, '/');

	*is_udp = slash && strcmp(slash, "/udp") == 0;
	*length = slash ? (size_t)(slash - text) : strlen(text);
	return !slash || *is_udp || strcmp(slash, "/tcp") == 0;
}

int forwards_parse(struct forward_list *list, const char *text, struct dory_error *err)
{
	struct forward forward = {.reservation = -1};
	struct port_range host, guest;
	const char *colon, *rest = text;
	size_t length;

	if (!take_protocol(text, &length, &forward.is_udp))
		return refuse(text, "the protocol is tcp or udp", err);
	colon = memrchr(text, ':', length);
	if (!colon)
		return refuse(text, "there is no ':' between two ports", err);
	if (!parse_range(colon + 1, length - (size_t)(colon + 1 - text), &guest) || guest.first == 0)
		return refuse(text, "GUEST is a port from 1 to 65535", err);
	if (!take_address(&rest, colon + 1, &forward.address))
		return refuse(text, "ADDRESS is one of IPv4, or one of IPv6 in brackets", err);
	if (forward.is_udp && forward.address.family == AF_INET6)
		return refuse(text, "from an address of IPv6, only tcp can be forwarded", err);
	if (!parse_range(rest, (size_t)(colon - rest), &host))
		return refuse(text, "HOST is a port from 1 to 65535, or 0 for any that is free", err);
	if (host.last - host.first != guest.last - guest.first)
		return refuse(text, "the two ranges differ in length", err);
	for (unsigned i = 0; i <= host.last - host.first; i++) {
		forward.host_port = (uint16_t)(host.first + i);
		forward.guest_port = (uint16_t)(guest.first + i);
		if (add(list, &forward, text, err) < 0)
			return -1;
	}
	return 0;
}

char *forward_print(const struct forward *forward)
{
	char address[IP_TEXT_SIZE] = "0.0.0.0";
	bool is_bracketed = forward->address.family == AF_INET6;

	if (forward->address.family)
		ip_address_print(&forward->address, address);
	return text_format("%s%s%s:%u/%s", is_bracketed ? "[" : "", address, is_bracketed ? "]" : "", forward->host_port,
		forward->is_udp ? "udp" : "tcp");
}

void forwards_release(struct forward_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->forwards[i].reservation >= 0)
			close(list->forwards[i].reservation);
	}
	free(list->forwards);
	*list = (struct forward_list){0};
}
