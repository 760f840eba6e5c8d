/* SPDX-License-Identifier: BSD-3-Clause */
#include "dory/base/descriptor.h"
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

bool descriptor_write_all(int fd, const void *bytes, size_t length)
{
	const char *at = bytes;

	while (length > 0) {
		ssize_t written = write(fd, at, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0 && errno == EAGAIN) { /* a terminal's or pipe's other user has made it non-blocking */
			(void)poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
			continue;
		}
		if (written < 0)
			return false;
		at += written;
		length -= (size_t)written;
	}
	return true;
}

bool descriptor_send_all(int socket, const void *bytes, size_t length)
{
	const char *at = bytes;

	while (length > 0) {
		ssize_t sent = send(socket, at, length, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return false;
		at += sent;
		length -= (size_t)sent;
	}
	return true;
}
