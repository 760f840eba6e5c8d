/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading "ip=". */
#include "kernel/net/system/ip_option.h"
#include "kernel/net/core/address_text.h"
#include "lib/format.h"

enum { FIELD_CLIENT, FIELD_SERVER, FIELD_GATEWAY, FIELD_MASK, FIELD_HOST, FIELD_DEVICE, FIELD_AUTOCONF, FIELD_DNS0, FIELD_DNS1, NR_FIELDS };
#define FIELD_MAX 80

/* The fields of the option, each ended by a NUL. */
struct fields {
	char text[NR_FIELDS][FIELD_MAX];
	unsigned nr;
};

static bool split(const char *text, struct fields *f)
{
	size_t len = 0;
	bool in_brackets = false;

	memset(f, 0, sizeof(*f));
	for (; *text && *text != ' ' && *text != '\t' && *text != '\n'; text++) {
		if (*text == '[' || *text == ']') {
			in_brackets = *text == '[';
		} else if (*text == ':' && !in_brackets) {
			if (++f->nr == NR_FIELDS)
				return false;
			len = 0;
		} else {
			if (len == FIELD_MAX - 1)
				return false;
			f->text[f->nr][len++] = *text;
		}
	}
	f->nr++;
	return !in_brackets;
}

/* True for an empty field, too; *is_there tells. */
static bool read_address(const char *field, struct net_address *address, bool *is_there)
{
	const char *end = *field ? net_address_parse(field, address) : NULL;

	*is_there = end != NULL;
	return !*field || (end && !*end);
}

/* A dotted mask is a run of ones. */
static bool mask_to_prefix(uint32_t mask, unsigned *prefix)
{
	uint32_t inverse = ~mask;

	if (inverse & (inverse + 1))
		return false;
	*prefix = (unsigned)__builtin_popcount(mask);
	return true;
}

static unsigned default_prefix(const struct net_address *client)
{
	uint8_t first = client->byte[12];

	if (!net_address_is_ip4(client))
		return 64;
	return first < 128 ? 8 : first < 192 ? 16 : 24; /* by class, as Linux */
}

static bool read_mask(const char *field, const struct net_address *client, unsigned *prefix)
{
	struct net_address mask;
	const char *end;
	uint64_t number;

	*prefix = default_prefix(client);
	if (!*field)
		return true;
	if (strchr(field, '.')) {
		end = net_address_parse(field, &mask);
		return end && !*end && net_address_is_ip4(client) && mask_to_prefix(net_address_ip4(&mask), prefix);
	}
	if (!format_parse_u64(field, &end, &number) || *end || number > (net_address_is_ip4(client) ? 32u : 128u))
		return false;
	*prefix = (unsigned)number;
	return true;
}

static bool read_autoconf(const char *field, struct ip_option *option)
{
	static const char *const automatic[] = {"dhcp", "on", "any", "both"}, *const fixed[] = {"off", "none", "static"};

	for (size_t i = 0; i < ARRAY_SIZE(automatic); i++)
		option->is_automatic |= strcmp(field, automatic[i]) == 0;
	if (option->is_automatic || !*field)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		option->is_off |= strcmp(field, fixed[i]) == 0;
	return option->is_off;
}

static bool read_name(const char *field, char *to, size_t size)
{
	size_t len = strlen(field);

	if (len >= size)
		return false;
	memcpy(to, field, len + 1);
	return true;
}

static bool read_name_servers(const struct fields *f, struct ip_option *option)
{
	for (unsigned i = FIELD_DNS0; i <= FIELD_DNS1; i++) {
		bool is_there;

		if (!read_address(f->text[i], &option->name_server[option->nr_name_servers], &is_there))
			return false;
		option->nr_name_servers += is_there;
	}
	return true;
}

bool ip_option_parse(const char *text, struct ip_option *option)
{
	struct fields f;

	memset(option, 0, sizeof(*option));
	if (!split(text, &f))
		return false;
	if (f.nr == 1 && !net_address_parse(f.text[0], &option->client))
		return *f.text[0] && read_autoconf(f.text[0], option);
	return read_address(f.text[FIELD_CLIENT], &option->client, &option->has_client) &&
	       read_address(f.text[FIELD_GATEWAY], &option->gateway, &option->has_gateway) &&
	       read_mask(f.text[FIELD_MASK], &option->client, &option->prefix) && read_name(f.text[FIELD_HOST], option->host, sizeof(option->host)) &&
	       read_name(f.text[FIELD_DEVICE], option->device, sizeof(option->device)) && read_autoconf(f.text[FIELD_AUTOCONF], option) &&
	       read_name_servers(&f, option) && (option->has_client || option->is_automatic || option->is_off);
}
