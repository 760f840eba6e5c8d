/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * QEMU's user-mode network listens on forwarded ports with a queue of one connection. When several clients connect at once, this machine's kernel lets them
 * believe that they are connected, drops what they send, and some never recover. How long the queue is can be changed by whoever holds the socket, so we
 * take a copy of it for a moment.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "dory/hypervisor/hypervisor.h"

#define BACKLOG 4096 /* this machine's net.core.somaxconn cuts it */

static void widen(int pidfd, int fd)
{
	int copy = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0), is_listening = 0;
	socklen_t length = sizeof(is_listening);

	if (copy < 0)
		return;
	if (getsockopt(copy, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &length) == 0 && is_listening)
		(void)!listen(copy, BACKLOG);
	close(copy);
}

static bool has_forwards(const struct machine *machine)
{
	for (size_t i = 0; i < machine->nic_count; i++) {
		if (machine->nics[i].forward_count > 0)
			return true;
	}
	return false;
}

void machine_widen_backlogs(const struct machine *machine, const struct process *process)
{
	char path[64];
	struct dirent *entry;
	DIR *descriptors;

	if (!has_forwards(machine))
		return;
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)process->pid);
	descriptors = opendir(path);
	if (!descriptors)
		return;
	while ((entry = readdir(descriptors)) != NULL) {
		if (entry->d_name[0] != '.')
			widen(process->pidfd, atoi(entry->d_name));
	}
	closedir(descriptors);
}
