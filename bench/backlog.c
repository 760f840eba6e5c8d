// SPDX-License-Identifier: BSD-3-Clause
// Preloaded into QEMU: its user networking lets one connection wait at a forwarded port (listen(2) with 1), so that clients which open
// a hundred at once wait seconds for their repeated SYNs, in either guest. That is no property of a guest: here a thousand may wait.
#define _GNU_SOURCE
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int listen(int fd, int backlog)
{
	return (int)syscall(SYS_listen, fd, backlog > 1000 ? backlog : 1000);
}
