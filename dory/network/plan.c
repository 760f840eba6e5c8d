/* SPDX-License-Identifier: BSD-3-Clause */
/* From words to interfaces. */
#include "dory/network/plan.h"
#include <ctype.h>
#include <net/if.h>
#include <string.h>
#include "dory/base/text.h"

#define DEFAULT_BRIDGE "virbr0" /* libvirt's, and Capstan's default */

static int mode_nat(struct interface_plan *interface, const char *name, struct dory_error *err)
{
	interface->kind = INTERFACE_NAT;
	return name ? error_set(err, DORY_ERROR_USAGE, "nat takes no name, as in '%.60s'", name) : 0;
}

/* netdevice(7) */
static int check_interface_name(const char *name, struct dory_error *err)
{
	if (*name && strlen(name) < IF_NAMESIZE && !name[strcspn(name, "/: \t\n%")] && *name != '.' && *name != '-')
		return 0;
	return error_set(err, DORY_ERROR_USAGE, "'%.60s' is no name of a network interface", name);
}

static int mode_bridge(struct interface_plan *interface, const char *name, struct dory_error *err)
{
	interface->kind = INTERFACE_BRIDGE;
	interface->name = name ? name : DEFAULT_BRIDGE;
	return check_interface_name(interface->name, err);
}

static int mode_tap(struct interface_plan *interface, const char *name, struct dory_error *err)
{
	interface->kind = INTERFACE_TAP;
	interface->name = name;
	return name ? check_interface_name(name, err) : 0;
}

static int mode_none(struct interface_plan *interface, const char *name, struct dory_error *err)
{
	return error_set(err, DORY_ERROR_USAGE, "-n none excludes all else about networks");
}

/* Capstan's, for Macs. */
static int mode_foreign(struct interface_plan *interface, const char *name, struct dory_error *err)
{
	error_set(err, DORY_ERROR_USAGE, "vnet and vpnkit are networks of another hypervisor's");
	return error_hint(err, "Choose nat, bridge[:BRIDGE], tap[:INTERFACE], none or a network's name.");
}

static const struct {
	const char *word;
	int (*read)(struct interface_plan *interface, const char *name, struct dory_error *err);
} modes[] = {{"nat", mode_nat}, {"bridge", mode_bridge}, {"tap", mode_tap}, {"none", mode_none}, {"vhost", mode_tap},
	{"vnet", mode_foreign}, {"vpnkit", mode_foreign}};

int network_name_check(const char *name, struct dory_error *err)
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
	const char *why = NULL;

	if (name[length] || !islower((unsigned char)name[0]) || name[length - 1] == '-')
		why = "it has small letters, digits and '-' within, and a letter first";
	else if (length >= NETWORK_NAME_SIZE)
		why = "it has at most 32 letters";
	for (size_t i = 0; i < ARRAY_SIZE(modes) && !why; i++) {
		if (strcmp(modes[i].word, name) == 0)
			why = "the word has a meaning of its own";
	}
	return why ? error_set(err, DORY_ERROR_USAGE, "'%.60s' cannot be the name of a network: %s", name, why) : 0;
}

static int read_network(struct interface_plan *interface, const char *word, struct dory_error *err)
{
	size_t length = strcspn(word, ":");

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		if (strlen(modes[i].word) == length && strncmp(modes[i].word, word, length) == 0)
			return modes[i].read(interface, word[length] ? word + length + 1 : NULL, err);
	}
	interface->kind = INTERFACE_SEGMENT;
	interface->name = word;
	if (network_name_check(word, err) == 0)
		return 0;
	return error_hint(err, "-n takes nat, bridge[:BRIDGE], tap[:INTERFACE], none or a network's name.");
}

static int read_networks(struct network_plan *plan, const struct network_words *words, struct dory_error *err)
{
	for (size_t i = 0; i < words->network_count; i++) {
		if (plan->interface_count == INTERFACES_MAX)
			return error_set(err, DORY_ERROR_USAGE, "a machine has at most %d networks", INTERFACES_MAX);
		if (read_network(&plan->interfaces[plan->interface_count], words->networks[i], err) < 0)
			return -1;
		for (size_t j = 0; j < i; j++) {
			if (strcmp(words->networks[i], words->networks[j]) == 0 && strcmp(words->networks[i], "tap") != 0)
				return error_set(err, DORY_ERROR_USAGE, "the network %s is named twice", words->networks[i]);
		}
		plan->interface_count++;
	}
	if (words->network_count == 0)
		plan->interfaces[plan->interface_count++] = (struct interface_plan){.kind = INTERFACE_NAT};
	return 0;
}

/* The n-th address of each family is for the n-th interface. */
static int read_addresses(struct network_plan *plan, const struct network_words *words, struct dory_error *err)
{
	size_t count4 = 0, count6 = 0;

	for (size_t i = 0; i < words->address_count; i++) {
		struct interface_address address;
		size_t *count;

		if (interface_address_parse(words->addresses[i], &address, err) < 0)
			return -1;
		count = address.address.family == AF_INET ? &count4 : &count6;
		if (*count == plan->interface_count) {
			error_set(err, DORY_ERROR_USAGE, "'%s' is an address too many: one for each -n", words->addresses[i]);
			return error_hint(err, "A gateway stands behind a comma: --ip ADDRESS/PREFIX,GATEWAY.");
		}
		if (count == &count4)
			plan->interfaces[(*count)++].ip4 = address;
		else
			plan->interfaces[(*count)++].ip6 = address;
	}
	return 0;
}

static int read_macs(struct network_plan *plan, const struct network_words *words, struct dory_error *err)
{
	if (words->mac_count > plan->interface_count)
		return error_set(err, DORY_ERROR_USAGE, "'%s' is an Ethernet address too many: one for each -n",
			words->macs[plan->interface_count]);
	for (size_t i = 0; i < words->mac_count; i++) {
		if (mac_address_parse(words->macs[i], plan->interfaces[i].mac, err) < 0)
			return -1;
		for (size_t j = 0; j < i; j++) {
			if (strcmp(plan->interfaces[i].mac, plan->interfaces[j].mac) == 0)
				return error_set(err, DORY_ERROR_USAGE, "two interfaces cannot both be %s", words->macs[i]);
		}
	}
	return 0;
}

/* A plain word is Capstan's choice of the hypervisor. False: a forward. */
static bool is_hypervisor(const char *word)
{
	return *word && !word[strspn(word, "abcdefghijklmnopqrstuvwxyz")];
}

static int read_forwards(struct network_plan *plan, const struct network_words *words, struct dory_error *err)
{
	for (size_t i = 0; i < words->forward_count; i++) {
		const char *word = words->forwards[i];

		if (strcmp(word, "qemu") == 0)
			continue;
		if (is_hypervisor(word)) {
			error_set(err, DORY_ERROR_USAGE, "'%s' is no hypervisor that Dory runs machines with", word);
			return error_hint(err, "There is qemu. Ports are forwarded with -p HOST:GUEST.");
		}
		if (forwards_parse(&plan->forwards, word, err) < 0)
			return -1;
	}
	return 0;
}

static bool has_nat(const struct network_plan *plan)
{
	for (size_t i = 0; i < plan->interface_count; i++) {
		if (plan->interfaces[i].kind == INTERFACE_NAT)
			return true;
	}
	return false;
}

static int add_nat(struct network_plan *plan, struct dory_error *err)
{
	if (plan->interface_count == INTERFACES_MAX)
		return error_set(err, DORY_ERROR_USAGE, "forwarded ports need nat beside the %d networks; a machine has no more", INTERFACES_MAX);
	memmove(&plan->interfaces[1], &plan->interfaces[0], plan->interface_count * sizeof(plan->interfaces[0]));
	plan->interfaces[0] = (struct interface_plan){.kind = INTERFACE_NAT};
	plan->interface_count++;
	return 0;
}

static int init_none(struct network_plan *plan, const struct network_words *words, struct dory_error *err)
{
	if (words->network_count > 1 || plan->forwards.count || words->address_count || words->mac_count)
		return mode_none(NULL, NULL, err);
	return 0;
}

static bool wants_none(const struct network_words *words)
{
	for (size_t i = 0; i < words->network_count; i++) {
		if (strcmp(words->networks[i], "none") == 0)
			return true;
	}
	return false;
}

int network_plan_init(struct network_plan *plan, const struct network_words *words, struct dory_error *err)
{
	int result;

	*plan = (struct network_plan){0};
	result = read_forwards(plan, words, err);
	if (result == 0 && wants_none(words))
		result = init_none(plan, words, err);
	else if (result == 0 && (read_networks(plan, words, err) < 0 || read_addresses(plan, words, err) < 0 || read_macs(plan, words, err) < 0))
		result = -1;
	if (result == 0 && plan->forwards.count > 0 && !has_nat(plan))
		result = add_nat(plan, err);
	if (result < 0)
		network_plan_release(plan);
	return result;
}

void network_plan_release(struct network_plan *plan)
{
	forwards_release(&plan->forwards);
	plan->interface_count = 0;
}

int instance_name_check(const char *name, struct dory_error *err)
{
	size_t length = strlen(name);
	bool is_valid = length > 0 && length <= 63 && isalnum((unsigned char)name[0]) && isalnum((unsigned char)name[length - 1]);

	for (size_t i = 0; i < length; i++)
		is_valid &= isalnum((unsigned char)name[i]) || strchr("-_.", name[i]);
	if (is_valid)
		return 0;
	error_set(err, DORY_ERROR_USAGE, "'%.80s' cannot be the name of an instance", name);
	return error_hint(err, "A name has up to 63 letters, digits and, within, '-', '_' and '.'.");
}

void host_label(const char *name, char label[64])
{
	const char *slash = strrchr(name, '/'), *from = slash ? slash + 1 : name;
	size_t length = 0;

	for (; *from && !strchr(":=", *from) && length < 63; from++) {
		char letter = (char)tolower((unsigned char)*from);
		bool fits = isalnum((unsigned char)letter) != 0;

		if (fits || length > 0)
			label[length++] = fits ? letter : '-';
	}
	while (length > 0 && label[length - 1] == '-')
		length--;
	label[length] = '\0';
	if (length == 0)
		strcpy(label, "dory");
}
