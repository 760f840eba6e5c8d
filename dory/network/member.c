/* SPDX-License-Identifier: BSD-3-Clause */
/* Machines on a network: each a file, "ADDRESS ADDRESS6 MAC", that its process holds locked. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dory/base/progress.h"
#include "dory/base/text.h"
#include "dory/network/plan.h"
#include "dory/network/store_private.h"
#include "dory/network/subnet.h"
#include "dory/network/switch.h"

enum { MEMBERS_OF_A_NAME = 1000 };

void member_release(struct network_member *member)
{
	free(member->name);
	*member = (struct network_member){0};
}

static char *member_path(const char *directory, const char *prefix, const char *name)
{
	return text_format("%s/members/%s%s", directory, prefix, name);
}

void member_remove(const char *directory, const struct network_member *member)
{
	char *path = member_path(directory, "", member->name), port[PORT_NAME_SIZE], *port_path;

	port_name(member->mac, port);
	port_path = text_format("%s/ports/%s", directory, port);
	if (member->mac[0])
		unlink(port_path);
	unlink(path);
	free(port_path);
	free(path);
}

static void parse_member(const char *text, struct network_member *member)
{
	char ip4[IP_TEXT_SIZE], ip6[IP_TEXT_SIZE], mac[MAC_TEXT_SIZE];

	if (sscanf(text, "%45s %45s %17s", ip4, ip6, mac) == 3 && ip_address_parse(ip4, &member->ip4) && ip_address_parse(ip6, &member->ip6))
		text_cut_to(member->mac, sizeof(member->mac), mac);
}

/* True: its process lives. Otherwise it is removed. */
static bool read_member(const char *directory, const char *name, struct network_member *member)
{
	char *path = member_path(directory, "", name), text[256];
	int fd = open(path, O_RDWR | O_CLOEXEC);
	ssize_t length;
	bool is_left;

	free(path);
	if (fd < 0)
		return false;
	*member = (struct network_member){.name = text_copy(name)};
	length = read(fd, text, sizeof(text) - 1);
	text[length > 0 ? length : 0] = '\0';
	parse_member(text, member);
	is_left = flock(fd, LOCK_EX | LOCK_NB) == 0;
	close(fd);
	if (!is_left)
		return true;
	member_remove(directory, member);
	member_release(member);
	return false;
}

static int compare_members(const void *a, const void *b)
{
	return strcmp(((const struct network_member *)a)->name, ((const struct network_member *)b)->name);
}

int members_read(const char *directory, struct network *network, struct dory_error *err)
{
	char *path = text_format("%s/members", directory);
	DIR *members = opendir(path);
	const struct dirent *entry;

	if (!members) {
		error_set_errno(err, DORY_ERROR_IO, "reading the directory %s", path);
		free(path);
		return -1;
	}
	while ((entry = readdir(members))) {
		struct network_member member;

		if (entry->d_name[0] != '.' && read_member(directory, entry->d_name, &member))
			*(struct network_member *)array_push(&network->members, &network->member_count, sizeof(member)) = member;
	}
	closedir(members);
	free(path);
	if (network->member_count > 1)
		qsort(network->members, network->member_count, sizeof(*network->members), compare_members);
	return 0;
}

/* Locked before it has its name, so that nobody takes it for left over. */
int member_write(const char *directory, const struct network_member *member, int *fd, struct dory_error *err)
{
	char *draft = member_path(directory, ".", "draft"), *path = member_path(directory, "", member->name);
	char ip4[IP_TEXT_SIZE], ip6[IP_TEXT_SIZE];
	int result = 0;

	*fd = open(draft, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (*fd < 0 || flock(*fd, LOCK_EX | LOCK_NB) < 0 ||
		dprintf(*fd, "%s %s %s\n", ip_address_print(&member->ip4, ip4), ip_address_print(&member->ip6, ip6), member->mac) < 0 ||
		rename(draft, path) < 0) {
		result = error_set_errno(err, DORY_ERROR_IO, "writing %s", path);
		if (*fd >= 0)
			close(*fd);
		*fd = -1;
	}
	free(draft);
	free(path);
	return result;
}

static const struct network_member *find_name(const struct network *network, const char *name)
{
	for (size_t i = 0; i < network->member_count; i++) {
		if (strcasecmp(network->members[i].name, name) == 0)
			return &network->members[i];
	}
	return NULL;
}

static int choose_name(const struct network *network, const struct membership_request *request, struct network_member *member, struct dory_error *err)
{
	member->name = text_copy(request->name);
	if (!find_name(network, member->name))
		return 0;
	for (unsigned i = 2; i < MEMBERS_OF_A_NAME && !request->is_name_chosen; i++) {
		text_replace(&member->name, text_format("%.58s-%u", request->name, i));
		if (!find_name(network, member->name))
			return 0;
	}
	error_set(err, DORY_ERROR_CONFLICT, "an instance %s is on the network %s already", request->name, network->name);
	return error_hint(err, "Give this one another name: --name.");
}

/* Is it of the network, and nobody's? */
static int check_address(const struct network *network, const struct ip_address *address, struct dory_error *err)
{
	const struct ip_network *subnet = address->family == AF_INET ? &network->ip4 : &network->ip6;
	char text[IP_TEXT_SIZE], *of;

	ip_address_print(address, text);
	if (!ip_address_is_within(address, &subnet->address, subnet->prefix)) {
		of = ip_network_print(subnet);
		error_set(err, DORY_ERROR_USAGE, "the address %s is not of the network %s, %s", text, network->name, of);
		free(of);
		return -1;
	}
	for (size_t i = 0; i < network->member_count; i++) {
		const struct network_member *other = &network->members[i];

		if (ip_address_equal(&other->ip4, address) || ip_address_equal(&other->ip6, address))
			return error_set(err, DORY_ERROR_CONFLICT, "the address %s is that of the instance %s", text, other->name);
	}
	return 0;
}

/* What is said of the network with an address must be so. */
static int check_prefix(const struct network *network, const struct ip_network *subnet, const struct ip_address *address, unsigned said, struct dory_error *err)
{
	char text[IP_TEXT_SIZE], *of;

	if (!said || said == subnet->prefix)
		return 0;
	of = ip_network_print(subnet);
	error_set(err, DORY_ERROR_USAGE, "the network %s is %s: the address %s cannot have /%u there", network->name, of, ip_address_print(address, text), said);
	free(of);
	return error_hint(err, "Leave the prefix away: it is the network's.");
}

static int choose_addresses(const struct network *network, const struct membership_request *request, struct network_member *member,
	struct dory_error *err)
{
	member->ip4 = request->ip4;
	member->ip6 = request->ip6;
	if (check_prefix(network, &network->ip4, &member->ip4, request->prefix, err) < 0 || check_prefix(network, &network->ip6, &member->ip6, request->prefix6, err) < 0)
		return -1;
	if (member->ip4.family && check_address(network, &member->ip4, err) < 0)
		return -1;
	if (!member->ip4.family && !subnet_assign(network, member->name, &member->ip4))
		return error_set(err, DORY_ERROR_CONFLICT, "all addresses of the network %s are taken by its %zu machines", network->name,
			network->member_count);
	if (!member->ip6.family)
		member->ip6 = subnet6_of(network, &member->ip4);
	return check_address(network, &member->ip6, err);
}

static int choose_mac(const struct network *network, const struct membership_request *request, struct network_member *member, struct dory_error *err)
{
	mac_address_print(ip4_number(&member->ip4), member->mac);
	if (request->mac[0])
		text_cut_to(member->mac, sizeof(member->mac), request->mac);
	for (size_t i = 0; i < network->member_count; i++) {
		if (strcmp(network->members[i].mac, member->mac) == 0)
			return error_set(err, DORY_ERROR_CONFLICT, "the Ethernet address %s is that of the instance %s", member->mac, network->members[i].name);
	}
	return 0;
}

/* Under the lock. */
static int join(const char *root, const struct membership_request *request, struct membership *membership, struct dory_error *err)
{
	struct network network;
	int result;

	membership->directory = store_network_path(root, request->network, "");
	membership->has_created = access(membership->directory, F_OK) < 0;
	if (membership->has_created && store_network_make(root, request->network, NULL, err) < 0)
		return -1;
	if (store_network_read(root, request->network, &network, err) < 0)
		return -1;
	result = choose_name(&network, request, &membership->member, err);
	if (result == 0)
		result = choose_addresses(&network, request, &membership->member, err);
	if (result == 0)
		result = choose_mac(&network, request, &membership->member, err);
	if (result == 0)
		result = member_write(membership->directory, &membership->member, &membership->fd, err);
	membership->prefix = network.ip4.prefix;
	membership->prefix6 = network.ip6.prefix;
	network_release(&network);
	return result;
}

static void membership_release(struct membership *membership)
{
	if (membership->fd >= 0)
		close(membership->fd);
	member_release(&membership->member);
	free(membership->network_name);
	free(membership->directory);
	*membership = (struct membership){.fd = -1};
}

int network_join(const char *root, const struct membership_request *request, struct membership *membership, struct dory_error *err)
{
	int lock, result;

	*membership = (struct membership){.fd = -1};
	if (store_lock_networks(root, &lock, err) < 0)
		return -1;
	membership->network_name = text_copy(request->network);
	result = join(root, request, membership, err);
	close(lock);
	if (result < 0)
		membership_release(membership);
	return result;
}

void network_leave(const char *root, struct membership *membership)
{
	struct dory_error ignored; /* without the lock it is left to the next that comes by */
	int lock;

	if (!membership->directory)
		return;
	if (store_lock_networks(root, &lock, &ignored) == 0) {
		member_remove(membership->directory, &membership->member);
		close(lock);
	}
	membership_release(membership);
}
