/* SPDX-License-Identifier: BSD-3-Clause */
/* Making, listing and removing networks. */
#include "dory/network/store.h"
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "dory/base/file.h"
#include "dory/base/near_names.h"
#include "dory/base/text.h"
#include "dory/base/text_list.h"
#include "dory/network/plan.h"
#include "dory/network/store_private.h"
#include "dory/network/subnet.h"

enum { JSON_SIZE_MAX = 1 << 16 };

void network_release(struct network *network)
{
	for (size_t i = 0; i < network->member_count; i++)
		member_release(&network->members[i]);
	free(network->members);
	free(network->name);
	free(network->created);
	*network = (struct network){0};
}

void network_list_free(struct network *networks, size_t count)
{
	for (size_t i = 0; i < count; i++)
		network_release(&networks[i]);
	free(networks);
}

char *store_network_path(const char *root, const char *name, const char *rest)
{
	return text_format("%s/networks/%s%s", root, name, rest);
}

int store_lock_networks(const char *root, int *lock, struct dory_error *err)
{
	char *directory = text_format("%s/networks", root), *path = text_format("%s/.lock", directory);
	int result = file_make_directories(directory, err);

	if (result == 0)
		result = file_lock(path, NULL, lock, err);
	free(directory);
	free(path);
	return result;
}

static bool read_subnet(const json_t *object, const char *key, int family, struct ip_network *subnet)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text && ip_network_parse(text, subnet) && subnet->address.family == family;
}

static int read_description(const char *directory, struct network *network, struct dory_error *err)
{
	char *path = text_format("%s/network.json", directory), *text = NULL;
	const char *created;
	json_t *object = NULL;
	size_t length;
	int result = file_read(path, JSON_SIZE_MAX, &text, &length, err);

	if (result == 0) {
		object = json_loadb(text, length, 0, NULL);
		created = json_string_value(json_object_get(object, "created"));
		network->created = text_copy(created ? created : "");
		if (!read_subnet(object, "subnet", AF_INET, &network->ip4) || !read_subnet(object, "subnet6", AF_INET6, &network->ip6))
			result = error_set(err, DORY_ERROR_FORMAT, "%s is damaged", path);
	}
	json_decref(object);
	free(text);
	free(path);
	return result;
}

static int write_description(const char *directory, const struct network *network, struct dory_error *err)
{
	char *path = text_format("%s/network.json", directory), *ip4 = ip_network_print(&network->ip4), *ip6 = ip_network_print(&network->ip6);
	char *text = text_format("{\n  \"name\": \"%s\",\n  \"created\": \"%s\",\n  \"subnet\": \"%s\",\n  \"subnet6\": \"%s\"\n}\n", network->name,
		network->created, ip4, ip6);
	int result = file_replace(path, text, strlen(text), err);

	free(path);
	free(ip4);
	free(ip6);
	free(text);
	return result;
}

/* The names of all networks, sorted. */
static int list_names(const char *root, struct text_list *names, struct dory_error *err)
{
	char *path = text_format("%s/networks", root);
	struct text_list files = {0};
	struct dory_error ignored;
	int result = file_list_names(path, &files, err);

	for (size_t i = 0; i < files.count; i++)
		if (network_name_check(files.items[i], &ignored) == 0)
			text_list_add(names, files.items[i]);
	text_list_release(&files);
	free(path);
	return result;
}

static int explain_missing(const char *root, const char *name, struct dory_error *err)
{
	struct text_list names = {0};
	struct near_names near = {0};
	struct dory_error ignored;

	error_set(err, DORY_ERROR_NOT_FOUND, "there is no network %s", name);
	if (list_names(root, &names, &ignored) == 0)
		for (size_t i = 0; i < names.count; i++)
			near_names_offer(&near, name, names.items[i]);
	near_names_hint(&near, err);
	text_list_release(&names);
	return -1;
}

int store_network_read(const char *root, const char *name, struct network *network, struct dory_error *err)
{
	char *directory = store_network_path(root, name, "");
	struct network found = {.name = text_copy(name)};
	int result = 0;

	if (access(directory, F_OK) < 0)
		result = explain_missing(root, name, err);
	if (result == 0)
		result = read_description(directory, &found, err);
	if (result == 0)
		result = members_read(directory, &found, err);
	free(directory);
	if (result < 0)
		network_release(&found);
	else
		*network = found;
	return result;
}

/* Under the lock. One that cannot be read is left out: `rm` and `run` say what is wrong with it. */
static int read_all(const char *root, struct network **networks, size_t *count, struct dory_error *err)
{
	struct text_list names = {0};
	struct dory_error ignored;
	int result = list_names(root, &names, err);

	*networks = NULL;
	*count = 0;
	for (size_t i = 0; i < names.count && result == 0; i++) {
		struct network network;

		if (store_network_read(root, names.items[i], &network, &ignored) == 0)
			*(struct network *)array_push(networks, count, sizeof(network)) = network;
	}
	text_list_release(&names);
	return result;
}

int network_list(const char *root, struct network **networks, size_t *count, struct dory_error *err)
{
	char *directory = text_format("%s/networks", root);
	bool is_there = access(directory, F_OK) == 0;
	int lock, result;

	free(directory);
	*networks = NULL;
	*count = 0;
	if (!is_there)
		return 0;
	if (store_lock_networks(root, &lock, err) < 0)
		return -1;
	result = read_all(root, networks, count, err);
	close(lock);
	return result;
}

static char *now(void)
{
	time_t seconds = time(NULL);
	struct tm tm;
	char text[32];

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%FT%TZ", &tm);
	return text_copy(text);
}

static int make_directory(const char *parent, const char *name, struct dory_error *err)
{
	char *path = text_format("%s%s", parent, name);
	int result = mkdir(path, 0700) < 0 ? error_set_errno(err, DORY_ERROR_IO, "making the directory %s", path) : 0;

	free(path);
	return result;
}

/* Whole under another name, then under its own. */
static int write_network(const char *root, const struct network *network, struct dory_error *err)
{
	char *directory = store_network_path(root, network->name, ""), *draft = store_network_path(root, ".draft", "");
	int result = file_remove_tree(draft, err);

	if (result == 0 && (make_directory(draft, "", err) < 0 || make_directory(draft, "/members", err) < 0 || make_directory(draft, "/ports", err) < 0))
		result = -1;
	if (result == 0)
		result = write_description(draft, network, err);
	if (result == 0 && rename(draft, directory) < 0)
		result = error_set_errno(err, DORY_ERROR_IO, "making the directory %s", directory);
	free(directory);
	free(draft);
	return result;
}

int store_network_make(const char *root, const char *name, const char *subnet, struct dory_error *err)
{
	struct network network = {.name = text_copy(name), .created = now()}, *others;
	char *directory = store_network_path(root, name, "");
	size_t count;
	int result = read_all(root, &others, &count, err);

	if (result == 0 && access(directory, F_OK) == 0)
		result = error_set(err, DORY_ERROR_CONFLICT, "there is a network %s already", name);
	if (result == 0 && subnet)
		result = subnet_parse(subnet, &network.ip4, err) < 0 ? -1 : subnet_check(&network.ip4, others, count, err);
	else if (result == 0)
		result = subnet_choose(&network.ip4, others, count, err);
	subnet6_choose(&network.ip6);
	if (result == 0)
		result = write_network(root, &network, err);
	network_list_free(others, count);
	network_release(&network);
	free(directory);
	return result;
}

int network_create(const char *root, const char *name, const char *subnet, struct dory_error *err)
{
	struct ip_network parsed;
	int lock, result;

	if (network_name_check(name, err) < 0 || (subnet && subnet_parse(subnet, &parsed, err) < 0) || store_lock_networks(root, &lock, err) < 0)
		return -1;
	result = store_network_make(root, name, subnet, err);
	close(lock);
	return result;
}

/* Even one whose description is damaged, as long as no machine is on it. */
static int remove_unused(const char *root, const char *name, struct dory_error *err)
{
	char *directory = store_network_path(root, name, ""), *removed = store_network_path(root, ".removed", "");
	struct network network = {.name = text_copy(name)};
	int result = access(directory, F_OK) < 0 ? explain_missing(root, name, err) : members_read(directory, &network, err);

	if (result == 0 && network.member_count > 0)
		result = error_set(err, DORY_ERROR_CONFLICT, "the network %s is in use by the instance %s%s", name, network.members[0].name,
			network.member_count > 1 ? " and others" : "");
	if (result == 0)
		result = file_remove_tree(removed, err);
	if (result == 0 && rename(directory, removed) < 0)
		result = error_set_errno(err, DORY_ERROR_IO, "removing the network %s", name);
	if (result == 0)
		result = file_remove_tree(removed, err);
	network_release(&network);
	free(directory);
	free(removed);
	return result;
}

int network_remove(const char *root, const char *name, struct dory_error *err)
{
	int lock, result;

	if (network_name_check(name, err) < 0 || store_lock_networks(root, &lock, err) < 0)
		return -1;
	result = remove_unused(root, name, err);
	close(lock);
	return result;
}
