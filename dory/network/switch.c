/* SPDX-License-Identifier: BSD-3-Clause */
/* Two threads for each machine: one carries its frames, one hands out its descriptor. */
#include "dory/network/switch.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "dory/base/text.h"
#include "dory/network/switch_peers.h"

enum {
	FRAME_MAX = 1 << 17,
	ADDRESS_SIZE = 6,
	PATIENCE_US = 20000, /* with a machine that does not read; after that it gets what it has room for */
	LISTEN_BACKLOG = 64,
};

struct network_switch {
	int ports;           /* the directory */
	int its, ours;       /* the socket pair: the hypervisor's end, and ours */
	int listener;
	char name[PORT_NAME_SIZE];
	pthread_t carrier, porter;
	bool has_carrier, has_porter;
	struct switch_peers peers; /* the carrier's */
};

void port_name(const char *mac, char name[PORT_NAME_SIZE])
{
	size_t length = 0;

	for (; *mac && length < PORT_NAME_SIZE - 1; mac++) {
		if (*mac != ':')
			name[length++] = *mac;
	}
	name[length] = '\0';
}

/* One frame. Those that are too short to have addresses are not carried. */
static void carry(struct network_switch *network_switch, const unsigned char *frame, size_t length)
{
	struct switch_peers *peers = &network_switch->peers;
	char name[PORT_NAME_SIZE];

	if (length < 2 * ADDRESS_SIZE)
		return;
	snprintf(name, sizeof(name), "%02x%02x%02x%02x%02x%02x", frame[0], frame[1], frame[2], frame[3], frame[4], frame[5]);
	if (frame[0] & 1 || !switch_peers_send(peers, name, frame, length))
		switch_peers_send_all(peers, frame, length);
}

/* Until the pair is shut down. */
static void *carry_frames(void *context)
{
	struct network_switch *network_switch = context;
	unsigned char *frame = malloc(FRAME_MAX);
	ssize_t length;

	if (!frame)
		abort();
	while ((length = recv(network_switch->ours, frame, FRAME_MAX, 0)) > 0 || (length < 0 && errno == EINTR)) {
		if (length > 0)
			carry(network_switch, frame, (size_t)length);
	}
	free(frame);
	return NULL;
}

static void hand_out(int connection, int fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
	char byte = 0;
	struct iovec vector = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {
		.msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	if (sendmsg(connection, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return; /* it asks again, or is gone */
}

/* Until the listener is shut down. */
static void *open_doors(void *context)
{
	const struct network_switch *network_switch = context;
	int connection;

	while ((connection = accept4(network_switch->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0 || errno == EINTR || errno == ECONNABORTED) {
		if (connection < 0)
			continue;
		hand_out(connection, network_switch->ours);
		close(connection);
	}
	return NULL;
}

/* The name appears when the port can be connected to. */
static int listen_at(struct network_switch *network_switch)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/.%s", network_switch->ports, network_switch->name);
	unlink(address.sun_path);
	network_switch->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (network_switch->listener < 0 || bind(network_switch->listener, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -1;
	return listen(network_switch->listener, LISTEN_BACKLOG) < 0 ||
			       renameat(network_switch->ports, strrchr(address.sun_path, '/') + 1, network_switch->ports,
				       network_switch->name) < 0
		       ? -1
		       : 0;
}

static int make_pair(struct network_switch *network_switch)
{
	struct timeval patience = {.tv_usec = PATIENCE_US};
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	network_switch->its = pair[0];
	network_switch->ours = pair[1];
	return setsockopt(pair[1], SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
}

/* Signals are for the thread that waits for them. */
static int start_threads(struct network_switch *network_switch)
{
	sigset_t all, former;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &former);
	errno = pthread_create(&network_switch->porter, NULL, open_doors, network_switch);
	network_switch->has_porter = errno == 0;
	if (network_switch->has_porter)
		errno = pthread_create(&network_switch->carrier, NULL, carry_frames, network_switch);
	network_switch->has_carrier = network_switch->has_porter && errno == 0;
	pthread_sigmask(SIG_SETMASK, &former, NULL);
	return network_switch->has_carrier ? 0 : -1;
}

int network_switch_start(
	struct network_switch **result, const char *ports, const char *mac, struct dory_error *err)
{
	struct network_switch *network_switch = calloc(1, sizeof(*network_switch));

	if (!network_switch)
		abort();
	network_switch->its = network_switch->ours = network_switch->listener = -1;
	port_name(mac, network_switch->name);
	network_switch->ports = open(ports, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	switch_peers_init(&network_switch->peers, network_switch->ports, network_switch->name);
	if (network_switch->ports < 0 || make_pair(network_switch) < 0 || listen_at(network_switch) < 0 || start_threads(network_switch) < 0) {
		error_set_errno(err, DORY_ERROR_IO, "opening a port in %s", ports);
		network_switch_stop(network_switch);
		return -1;
	}
	*result = network_switch;
	return 0;
}

int network_switch_socket(const struct network_switch *network_switch)
{
	return network_switch->its;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void network_switch_stop(struct network_switch *network_switch)
{
	if (!network_switch)
		return;
	if (network_switch->listener >= 0)
		unlinkat(network_switch->ports, network_switch->name, 0);
	shutdown(network_switch->listener, SHUT_RDWR);
	shutdown(network_switch->ours, SHUT_RDWR);
	if (network_switch->has_porter)
		pthread_join(network_switch->porter, NULL);
	if (network_switch->has_carrier)
		pthread_join(network_switch->carrier, NULL);
	switch_peers_release(&network_switch->peers);
	close_fd(network_switch->its);
	close_fd(network_switch->ours);
	close_fd(network_switch->listener);
	close_fd(network_switch->ports);
	free(network_switch);
}
