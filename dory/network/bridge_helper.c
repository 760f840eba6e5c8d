/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Speaks to qemu-bridge-helper: it gets a socket under a number that its command line names, and sends the descriptor
 * there as SCM_RIGHTS with one byte; what went wrong stands on its standard error. QEMU could run it itself but for its
 * sandbox, which forbids to start programs.
 */
#include "dory/network/bridge_helper.h"
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "dory/base/text.h"

enum { HELPER_FD = 3 };

extern char **environ;

const char *bridge_helper_find(void)
{
	const char *const places[] = {getenv("DORY_BRIDGE_HELPER"), getenv("CAPSTAN_QEMU_BRIDGE_HELPER"), "/usr/libexec/qemu-bridge-helper",
		"/usr/lib/qemu/qemu-bridge-helper", "/usr/lib/qemu-bridge-helper"};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (places[i] && *places[i] && access(places[i], X_OK) == 0)
			return places[i];
	}
	return NULL;
}

static int spawn(const char *helper, const char *bridge, int socket_fd, int error_fd, pid_t *pid)
{
	char *bridge_option = text_format("--br=%s", bridge), *fd_option = text_format("--fd=%d", HELPER_FD);
	const char *const arguments[] = {helper, "--use-vnet", fd_option, bridge_option, NULL};
	posix_spawn_file_actions_t actions;
	int failure;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, error_fd, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, error_fd, STDERR_FILENO);
	posix_spawn_file_actions_adddup2(&actions, socket_fd, HELPER_FD);
	failure = posix_spawn(pid, helper, &actions, NULL, (char *const *)arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	free(bridge_option);
	free(fd_option);
	return failure;
}

/* The descriptor that the helper sent; -1: it ended without. */
static int receive(int socket_fd)
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
	ssize_t got;
	int fd = -1;

	do
		got = recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	header = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS && header->cmsg_len >= CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

/* The first line of the helper's complaint, for a person. */
static int explain(const char *helper, const char *bridge, char *said, struct dory_error *err)
{
	struct stat st;

	said[strcspn(said, "\n")] = '\0';
	error_set(err, DORY_ERROR_IO, "%s does not give an interface on the bridge %s: %s", helper, bridge, *said ? said : "it ended in silence");
	if (strstr(said, "acl"))
		return error_hint(err, "Let root allow it by a line in /etc/qemu/bridge.conf: allow %s", bridge);
	if (stat(helper, &st) == 0 && !(st.st_mode & S_ISUID) && geteuid() != 0)
		return error_hint(err, "Let root give it the right to: chmod u+s %s", helper);
	return -1;
}

static void read_complaint(int fd, char *said, size_t size)
{
	size_t length = 0;
	ssize_t got;

	while (length < size - 1 && ((got = read(fd, said + length, size - 1 - length)) > 0 || (got < 0 && errno == EINTR)))
		length += got > 0 ? (size_t)got : 0;
	said[length] = '\0';
}

static int ask(const char *helper, const char *bridge, const int sockets[2], const int complaints[2], struct dory_error *err)
{
	char said[512];
	pid_t pid;
	int fd, failure = spawn(helper, bridge, sockets[1], complaints[1], &pid);

	close(sockets[1]);
	close(complaints[1]);
	if (failure) {
		errno = failure;
		return error_set_errno(err, DORY_ERROR_IO, "starting %s", helper);
	}
	fd = receive(sockets[0]);
	if (fd < 0)
		read_complaint(complaints[0], said, sizeof(said));
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return fd >= 0 ? fd : explain(helper, bridge, said, err);
}

int bridge_helper_open(const char *bridge, struct dory_error *err)
{
	const char *helper = bridge_helper_find();
	int sockets[2], complaints[2], fd;

	if (!helper) {
		error_set(err, DORY_ERROR_NOT_FOUND, "qemu-bridge-helper is not installed, and a port of the bridge %s is not ours to make", bridge);
		return error_hint(err, "Install Debian's package qemu-system-common, or say where it is by DORY_BRIDGE_HELPER.");
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
		return error_set_errno(err, DORY_ERROR_IO, "making a socket pair");
	if (pipe2(complaints, O_CLOEXEC) < 0) {
		error_set_errno(err, DORY_ERROR_IO, "making a pipe");
		close(sockets[0]);
		close(sockets[1]);
		return -1;
	}
	fd = ask(helper, bridge, sockets, complaints, err);
	close(sockets[0]);
	close(complaints[0]);
	return fd;
}
