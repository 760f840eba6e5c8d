/* SPDX-License-Identifier: BSD-3-Clause */
/* Starts the process that looks after a detached instance: in a session of its own, so that it outlives the terminal. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "dory/base/text.h"
#include "dory/dory.h"

enum { EXIT_FAILURE_BEFORE_EXEC = 127 };

/* Words of the environment that name files, for a process that leaves this directory. */
static void make_environment_absolute(const struct dory_config *config)
{
	static const char *const names[] = {"DORY_KERNEL", "DORY_QEMU"};

	setenv("DORY_ROOT", config->root, 1);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *value = getenv(names[i]);
		char *path = value && *value != '/' && strchr(value, '/') ? realpath(value, NULL) : NULL;

		if (path)
			setenv(names[i], path, 1);
		free(path);
	}
}

/* In the child. What fails is seen by the pipe's end. */
static void become(const char *program, const char *name, const struct instance_place *place, int report)
{
	int null = open("/dev/null", O_RDWR);
	const int kept[] = {place->directory, place->lock, report};
	char words[ARRAY_SIZE(kept)][16];
	sigset_t none;

	setsid();
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (dup2(null, fd) < 0)
			_exit(EXIT_FAILURE_BEFORE_EXEC);
	}
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		if (fcntl(kept[i], F_SETFD, 0) < 0)
			_exit(EXIT_FAILURE_BEFORE_EXEC);
		snprintf(words[i], sizeof(words[i]), "%d", kept[i]);
	}
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execl(program, "dory", "supervise", name, words[0], words[1], words[2], (char *)NULL);
	_exit(EXIT_FAILURE_BEFORE_EXEC);
}

static bool read_report(int fd, struct dory_start_report *report)
{
	ssize_t got;

	do
		got = read(fd, report, sizeof(*report));
	while (got < 0 && errno == EINTR);
	return got == (ssize_t)sizeof(*report);
}

int dory_launch(const struct dory_config *config, const char *program, const char *name, struct instance_place *place, int *exit_status,
	struct dory_error *err)
{
	struct dory_start_report report = {0};
	int ends[2];
	bool is_told;
	pid_t pid;

	*exit_status = 0;
	if (pipe2(ends, O_CLOEXEC) < 0) {
		instance_place_close(place);
		return error_set_errno(err, DORY_ERROR_IO, "making a pipe");
	}
	make_environment_absolute(config);
	pid = fork();
	if (pid == 0)
		become(program, name, place, ends[1]);
	instance_place_close(place); /* the child has the lock now */
	close(ends[1]);
	is_told = pid > 0 && read_report(ends[0], &report);
	close(ends[0]);
	if (pid < 0)
		return error_set_errno(err, DORY_ERROR_IO, "starting a process for the instance");
	if (!is_told)
		return error_set(err, DORY_ERROR_INTERRUPTED, "the process that looks after the instance %s was killed", name);
	if (report.kind == 0)
		return 0;
	*exit_status = report.exit_status;
	error_set(err, (enum dory_error_kind)report.kind, "%s", report.message);
	return report.hint[0] ? error_hint(err, "%s", report.hint) : -1;
}
