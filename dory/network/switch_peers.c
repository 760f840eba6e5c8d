/* SPDX-License-Identifier: BSD-3-Clause */
/* Finds the ports of a network in its directory, connects to them, and sends. */
#include "dory/network/switch_peers.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "dory/base/text.h"

enum {
	ANSWER_US = 200000, /* time for a port to answer; it is ready, but its machine may be busy */
	CLOCK_STEP_NS = 50000000, /* file systems' times are not finer than some milliseconds */
};

void switch_peers_init(struct switch_peers *peers, int ports, const char *own)
{
	*peers = (struct switch_peers){.ports = ports, .own = own};
}

static void peer_close(struct switch_peer *peer)
{
	if (peer->fd >= 0)
		close(peer->fd);
	peer->fd = -1;
}

void switch_peers_release(struct switch_peers *peers)
{
	for (size_t i = 0; i < peers->count; i++)
		peer_close(&peers->peers[i]);
	free(peers->peers);
	*peers = (struct switch_peers){0};
}

static int receive_descriptor(int connection)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {0};
	char byte;
	struct iovec vector = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {
		.msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	const struct cmsghdr *header;
	int fd = -1;

	if (recvmsg(connection, &message, MSG_CMSG_CLOEXEC) <= 0)
		return -1;
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS && header->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

/* The descriptor that the port hands out, or -1. */
static int connect_to(int ports, const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval limit = {.tv_usec = ANSWER_US};
	int connection = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), fd = -1;

	if (connection < 0)
		return -1;
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", ports, name);
	if (setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0 &&
		setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0 &&
		connect(connection, (struct sockaddr *)&address, sizeof(address)) == 0)
		fd = receive_descriptor(connection);
	close(connection);
	return fd;
}

static struct switch_peer *find(const struct switch_peers *peers, const char *name)
{
	for (size_t i = 0; i < peers->count; i++) {
		if (strcmp(peers->peers[i].name, name) == 0)
			return &peers->peers[i];
	}
	return NULL;
}

static bool is_port_name(const char *name)
{
	return strlen(name) == PORT_NAME_SIZE - 1 && strspn(name, "0123456789abcdef") == PORT_NAME_SIZE - 1;
}

static void meet(struct switch_peers *peers, const char *name)
{
	struct switch_peer *peer = find(peers, name);

	if (!peer) {
		peer = array_push(&peers->peers, &peers->count, sizeof(*peer));
		text_cut_to(peer->name, sizeof(peer->name), name);
		peer->fd = -1;
	}
	if (peer->fd < 0)
		peer->fd = connect_to(peers->ports, name);
	peer->is_there = true;
}

/* Whose name is gone may live on with its descriptor; we are not to send there any more. */
static void forget_gone(struct switch_peers *peers)
{
	for (size_t i = 0; i < peers->count; i++) {
		if (!peers->peers[i].is_there)
			peer_close(&peers->peers[i]);
	}
}

static void read_directory(struct switch_peers *peers)
{
	int fd = openat(peers->ports, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;

	if (!directory) {
		if (fd >= 0)
			close(fd);
		return;
	}
	for (size_t i = 0; i < peers->count; i++)
		peers->peers[i].is_there = false;
	while ((entry = readdir(directory))) {
		if (is_port_name(entry->d_name) && strcmp(entry->d_name, peers->own) != 0)
			meet(peers, entry->d_name);
	}
	closedir(directory);
	forget_gone(peers);
}

/* Was it read long enough after the change that no later change can have the same time? */
static bool is_settled(const struct switch_peers *peers)
{
	int64_t ns = (peers->read.tv_sec - peers->changed.tv_sec) * 1000000000 + peers->read.tv_nsec - peers->changed.tv_nsec;

	return ns > CLOCK_STEP_NS || ns < 0;
}

static void look_around(struct switch_peers *peers)
{
	struct stat st;

	if (fstat(peers->ports, &st) < 0)
		return;
	if (peers->is_known && is_settled(peers) && st.st_mtim.tv_sec == peers->changed.tv_sec && st.st_mtim.tv_nsec == peers->changed.tv_nsec)
		return;
	peers->is_known = true;
	peers->changed = st.st_mtim;
	clock_gettime(CLOCK_REALTIME, &peers->read);
	read_directory(peers);
}

static void send_to(struct switch_peers *peers, struct switch_peer *peer, const void *frame, size_t length)
{
	if (send(peer->fd, frame, length, MSG_NOSIGNAL | (peer->is_slow ? MSG_DONTWAIT : 0)) >= 0) {
		peer->is_slow = false;
	} else if (errno == EAGAIN || errno == ENOBUFS || errno == EMSGSIZE || errno == EINTR) {
		peer->is_slow |= errno == EAGAIN;
	} else { /* its machine has ended; perhaps another has taken its place */
		peer_close(peer);
		peers->is_known = false;
	}
}

bool switch_peers_send(struct switch_peers *peers, const char *name, const void *frame, size_t length)
{
	struct switch_peer *peer = find(peers, name);

	if (!peer || peer->fd < 0) {
		look_around(peers);
		peer = find(peers, name);
	}
	if (!peer || peer->fd < 0)
		return false;
	send_to(peers, peer, frame, length);
	return true;
}

void switch_peers_send_all(struct switch_peers *peers, const void *frame, size_t length)
{
	look_around(peers);
	for (size_t i = 0; i < peers->count; i++) {
		if (peers->peers[i].fd >= 0)
			send_to(peers, &peers->peers[i], frame, length);
	}
}
