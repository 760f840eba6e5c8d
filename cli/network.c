/* SPDX-License-Identifier: BSD-3-Clause */
/* dory network */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/command.h"
#include "dory/base/text.h"

static struct network_values {
	bool json;
	const char *subnet;
} values;

static const struct option options[] = {
	OPTION(struct network_values, json, OPTION_FLAG, "json", 0, NULL, "ls: as JSON"),
	OPTION(struct network_values, subnet, OPTION_TEXT, "subnet", 0, "CIDR", "create: its addresses, as in 10.7.1.0/24"),
	{0},
};

static json_t *member_json(const struct network_member *member)
{
	char ip4[IP_TEXT_SIZE], ip6[IP_TEXT_SIZE];

	return json_pack("{s:s, s:s, s:s, s:s}", "name", member->name, "address", ip_address_print(&member->ip4, ip4), "address6",
		ip_address_print(&member->ip6, ip6), "mac", member->mac);
}

static void print_json(const struct network *networks, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		const struct network *network = &networks[i];
		char *ip4 = ip_network_print(&network->ip4), *ip6 = ip_network_print(&network->ip6);
		json_t *members = json_array();

		for (size_t j = 0; j < network->member_count; j++)
			json_array_append_new(members, member_json(&network->members[j]));
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:o}", "name", network->name, "created", network->created, "subnet",
						    ip4, "subnet6", ip6, "instances", members));
		free(ip4);
		free(ip6);
	}
	json_dumpf(list, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(list);
}

static void print_table(const struct network *networks, size_t count)
{
	int width = 4;

	for (size_t i = 0; i < count; i++) {
		if ((int)strlen(networks[i].name) > width)
			width = (int)strlen(networks[i].name);
	}
	printf("%-*s  %-18s  %-23s  %s\n", width, "NAME", "SUBNET", "SUBNET6", "INSTANCES");
	for (size_t i = 0; i < count; i++) {
		char *ip4 = ip_network_print(&networks[i].ip4), *ip6 = ip_network_print(&networks[i].ip6);

		printf("%-*s  %-18s  %-23s ", width, networks[i].name, ip4, ip6);
		for (size_t j = 0; j < networks[i].member_count; j++)
			printf(" %s", networks[i].members[j].name);
		printf("%s\n", networks[i].member_count ? "" : " -");
		free(ip4);
		free(ip6);
	}
}

static int list(const struct dory_config *config, const struct word_list *names, struct dory_error *err)
{
	struct network *networks;
	size_t count;

	if (network_list(config->root, &networks, &count, err) < 0)
		return -1;
	if (values.json)
		print_json(networks, count);
	else
		print_table(networks, count);
	network_list_free(networks, count);
	return 0;
}

static int create(const struct dory_config *config, const struct word_list *names, struct dory_error *err)
{
	return network_create(config->root, names->words[1], values.subnet, err);
}

static int remove_all(const struct dory_config *config, const struct word_list *names, struct dory_error *err)
{
	for (size_t i = 1; i < names->count; i++) {
		if (network_remove(config->root, names->words[i], err) < 0)
			return -1;
	}
	return 0;
}

static const struct action {
	const char *name;
	size_t least, most; /* names behind it */
	int (*run)(const struct dory_config *config, const struct word_list *names, struct dory_error *err);
} actions[] = {{"ls", 0, 0, list}, {"create", 1, 1, create}, {"rm", 1, SIZE_MAX - 1, remove_all}};

static const struct action *find_action(const struct word_list *operands)
{
	for (size_t i = 0; i < ARRAY_SIZE(actions) && operands->count > 0; i++) {
		if (strcmp(operands->words[0], actions[i].name) == 0)
			return &actions[i];
	}
	return NULL;
}

static int network(struct invocation *invocation)
{
	const struct word_list *operands = &invocation->words.operands;
	const struct action *action = find_action(operands);
	struct dory_config config;
	struct dory_error err;
	int status = 0;

	if (!action)
		return verb_misuse(invocation, "say what to do with networks: ls, create NAME, rm NAME");
	if (operands->count < action->least + 1)
		return verb_misuse(invocation, "say which network to %s", strcmp(action->name, "rm") == 0 ? "remove" : action->name);
	if (operands->count > action->most + 1)
		return verb_misuse(invocation, "'%s' is one word too many", operands->words[action->most + 1]);
	if (values.json && action->run != list)
		return verb_misuse(invocation, "--json is for ls");
	if (values.subnet && action->run != create)
		return verb_misuse(invocation, "--subnet is for create");
	if (config_load(&config, &err) < 0)
		return verb_fail(invocation, &err);
	if (action->run(&config, operands, &err) < 0)
		status = verb_fail(invocation, &err);
	config_release(&config);
	return status;
}

const struct verb verb_network = {
	.name = "network",
	.operands = "ls | create NAME | rm NAME...",
	.summary = "List, create and remove networks among machines",
	.details = "A machine is put on a network by `dory run -n NAME`, which creates it if need be. Machines on a network\n"
		   "reach each other, by name too; nobody else does.",
	.options = options,
	.misuse_status = EXIT_MISUSED,
	.failure_status = EXIT_FAILED,
	.run = network,
	.values = &values,
};
