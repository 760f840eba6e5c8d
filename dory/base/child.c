/* SPDX-License-Identifier: BSD-3-Clause */
/* Running a program: posix_spawn, its output through a pipe, its end through waitpid. */
#include "dory/base/child.h"
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "dory/base/text.h"

enum { OUTPUT_MAX = 1 << 20 };

extern char **environ;

static int spawn(const char *const *argv, int output, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	int failure;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	failure = posix_spawnp(pid, argv[0], &actions, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	errno = failure;
	return failure ? -1 : 0;
}

/* Reads to the end, so that the child never blocks; keeps the first OUTPUT_MAX bytes. */
static void collect(int fd, struct text_buffer *buffer)
{
	char chunk[4096];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return;
		if (buffer->length + (size_t)n <= OUTPUT_MAX)
			text_append(buffer, chunk, (size_t)n);
	}
}

int child_run(const char *const *argv, struct child_result *result, struct dory_error *err)
{
	struct text_buffer output = {0};
	int ends[2], status;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set_errno(err, DORY_ERROR_IO, "making a pipe for %s", argv[0]);
	if (spawn(argv, ends[1], &pid) < 0) {
		error_set_errno(err, errno == ENOENT ? DORY_ERROR_NOT_FOUND : DORY_ERROR_IO, "starting %s", argv[0]);
		close(ends[0]);
		close(ends[1]);
		return -1;
	}
	close(ends[1]);
	text_append(&output, "", 0);
	collect(ends[0], &output);
	close(ends[0]);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR) {
			free(output.text);
			return error_set_errno(err, DORY_ERROR_IO, "waiting for %s", argv[0]);
		}
	result->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	result->output = output.text;
	result->length = output.length;
	return 0;
}

void child_result_release(struct child_result *result)
{
	free(result->output);
	*result = (struct child_result){0};
}
