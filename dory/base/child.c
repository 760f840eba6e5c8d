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

enum { OUTPUT_MAX = 1 << 20, THIRD = 3 };

extern char **environ;

/* input -1: /dev/null; third -1: there is none. */
static int spawn(const char *const *argv, int input, int output, int third, pid_t *pid, struct dory_error *err)
{
	posix_spawn_file_actions_t actions;
	int failure;

	posix_spawn_file_actions_init(&actions);
	if (input < 0)
		posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	else
		posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (third >= 0)
		posix_spawn_file_actions_adddup2(&actions, third, THIRD);
	failure = posix_spawnp(pid, argv[0], &actions, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	errno = failure;
	return failure ? error_set_errno(err, failure == ENOENT ? DORY_ERROR_NOT_FOUND : DORY_ERROR_IO, "starting %s", argv[0]) : 0;
}

static int await(pid_t pid, const char *name, int *result, struct dory_error *err)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_set_errno(err, DORY_ERROR_IO, "waiting for %s", name);
	*result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return 0;
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
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set_errno(err, DORY_ERROR_IO, "making a pipe for %s", argv[0]);
	if (spawn(argv, -1, ends[1], -1, &pid, err) < 0) {
		close(ends[0]);
		close(ends[1]);
		return -1;
	}
	close(ends[1]);
	text_append(&output, "", 0);
	collect(ends[0], &output);
	close(ends[0]);
	if (await(pid, argv[0], &result->status, err) < 0) {
		free(output.text);
		return -1;
	}
	result->output = output.text;
	result->length = output.length;
	return 0;
}

int child_run_on_files(const char *const *argv, int in, int out, int third, struct dory_error *err)
{
	int status;
	pid_t pid;

	if (spawn(argv, in, out, third, &pid, err) < 0 || await(pid, argv[0], &status, err) < 0)
		return -1;
	return status;
}

void child_result_release(struct child_result *result)
{
	free(result->output);
	*result = (struct child_result){0};
}
