/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holding the ports of this machine before the hypervisor listens there. A TCP port that is bound with SO_REUSEADDR, and
 * not listened on, can be bound by the hypervisor as well, which sets the same option, but is given to nobody who asks for
 * any port; binding it fails while somebody listens. So it is held for as long as the machine runs. With UDP two such
 * sockets would share the datagrams: there the port is only looked at.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "dory/network/forward.h"
#include "dory/network/port_owner.h"

static socklen_t socket_address(const struct forward *forward, struct sockaddr_storage *storage)
{
	struct sockaddr_in *in = (struct sockaddr_in *)storage;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)storage;

	*storage = (struct sockaddr_storage){0};
	if (forward->address.family == AF_INET6) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(forward->host_port);
		memcpy(&in6->sin6_addr, forward->address.bytes, sizeof(in6->sin6_addr));
		return sizeof(*in6);
	}
	in->sin_family = AF_INET;
	in->sin_port = htons(forward->host_port);
	memcpy(&in->sin_addr, forward->address.bytes, sizeof(in->sin_addr));
	return sizeof(*in);
}

/* The first port that needs no rights (ip(7)). */
static long first_free_for_all(void)
{
	struct dory_error ignored;
	size_t length;
	long port = 1024;
	char *text;

	if (file_read("/proc/sys/net/ipv4/ip_unprivileged_port_start", 64, &text, &length, &ignored) == 0) {
		port = strtol(text, NULL, 10);
		free(text);
	}
	return port;
}

static int explain(const struct forward *forward, struct dory_error *err)
{
	char *port = forward_print(forward), *owner = NULL;

	switch (errno) {
	case EADDRINUSE:
		owner = port_owner(forward);
		error_set(err, DORY_ERROR_CONFLICT, "the port %s of this machine is in use%s%s", port, owner ? " by " : "", owner ? owner : "");
		error_hint(err, "Choose another: -p 0:%u takes any that is free.", forward->guest_port);
		break;
	case EACCES:
		error_set(err, DORY_ERROR_IO, "the port %s of this machine is for root: it is below %ld", port, first_free_for_all());
		error_hint(err,
			"Choose one from %ld on, or let root allow it: sysctl net.ipv4.ip_unprivileged_port_start=%u", first_free_for_all(),
			forward->host_port);
		break;
	case EADDRNOTAVAIL:
		error_set(err, DORY_ERROR_USAGE, "the port %s cannot be forwarded: this machine has no such address", port);
		break;
	default:
		error_set_errno(err, DORY_ERROR_IO, "taking the port %s of this machine", port);
	}
	free(port);
	free(owner);
	return -1;
}

static int bind_port(struct forward *forward, int fd)
{
	struct sockaddr_storage address;
	socklen_t length = socket_address(forward, &address);
	int on = 1;

	if (!forward->is_udp && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return -1;
	if (forward->address.family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&address, length) < 0)
		return -1;
	length = sizeof(address);
	if (getsockname(fd, (struct sockaddr *)&address, &length) < 0)
		return -1;
	forward->host_port = ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
								 : ((struct sockaddr_in *)&address)->sin_port);
	return 0;
}

static int reserve(struct forward *forward, struct dory_error *err)
{
	int family = forward->address.family ? forward->address.family : AF_INET;

	forward->is_chosen = forward->host_port == 0;
	forward->reservation = socket(family, (forward->is_udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
	if (forward->reservation < 0 || bind_port(forward, forward->reservation) < 0)
		return explain(forward, err);
	return 0;
}

int forwards_reserve(const struct forward_list *list, struct dory_error *err)
{
	int result = 0;

	for (size_t i = 0; i < list->count && result == 0; i++)
		result = reserve(&list->forwards[i], err);
	/* Held until all are chosen, so that no two are the same. */
	for (size_t i = 0; i < list->count; i++) {
		struct forward *forward = &list->forwards[i];

		if (forward->is_udp && forward->reservation >= 0) {
			close(forward->reservation);
			forward->reservation = -1;
		}
	}
	return result;
}
