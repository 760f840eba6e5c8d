/* SPDX-License-Identifier: BSD-3-Clause */
/* Finds the process that has a port: the socket's inode by /proc/net, the process by its open files (proc(5)). */
#include "dory/network/port_owner.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dory/base/text.h"

enum { TCP_LISTEN = 10 };

/* Of the socket on the port, whatever its address: the first that is listened on (UDP: the first). 0: none. */
static unsigned long inode_in(const char *path, uint16_t port, bool is_udp)
{
	FILE *file = fopen(path, "re");
	unsigned long inode, found = 0;
	unsigned local, state;
	char line[512];

	while (file && !found && fgets(line, sizeof(line), file)) {
		if (sscanf(line, " %*d: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s %*s %*u %*u %lu", &local, &state, &inode) == 3 &&
			local == port && (is_udp || state == TCP_LISTEN))
			found = inode;
	}
	if (file)
		fclose(file);
	return found;
}

static unsigned long port_inode(const struct forward *forward)
{
	static const char *const tables[2][2] = {{"/proc/net/tcp", "/proc/net/tcp6"}, {"/proc/net/udp", "/proc/net/udp6"}};
	unsigned long inode = inode_in(tables[forward->is_udp][0], forward->host_port, forward->is_udp);

	return inode ? inode : inode_in(tables[forward->is_udp][1], forward->host_port, forward->is_udp);
}

static bool has_socket(const char *process, const char *wanted)
{
	char *path = text_format("/proc/%s/fd", process);
	DIR *directory = opendir(path);
	const struct dirent *entry;
	bool found = false;

	free(path);
	while (directory && !found && (entry = readdir(directory))) {
		char target[64];
		ssize_t length = readlinkat(dirfd(directory), entry->d_name, target, sizeof(target) - 1);

		if (length > 0) {
			target[length] = '\0';
			found = strcmp(target, wanted) == 0;
		}
	}
	if (directory)
		closedir(directory);
	return found;
}

static char *describe(const char *process)
{
	char *path = text_format("/proc/%s/comm", process), name[64] = "";
	FILE *file = fopen(path, "re");

	free(path);
	if (file && fgets(name, sizeof(name), file))
		name[strcspn(name, "\n")] = '\0';
	if (file)
		fclose(file);
	return *name ? text_format("%s (process %s)", name, process) : text_format("process %s", process);
}

char *port_owner(const struct forward *forward)
{
	unsigned long inode = port_inode(forward);
	const struct dirent *entry;
	char *owner = NULL, wanted[64];
	DIR *directory;

	if (!inode)
		return NULL;
	snprintf(wanted, sizeof(wanted), "socket:[%lu]", inode);
	directory = opendir("/proc");
	while (directory && !owner && (entry = readdir(directory))) {
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && has_socket(entry->d_name, wanted))
			owner = describe(entry->d_name);
	}
	if (directory)
		closedir(directory);
	return owner;
}
