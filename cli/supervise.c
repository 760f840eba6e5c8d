/* SPDX-License-Identifier: BSD-3-Clause */
/* dory supervise: what `dory run -d` and `dory start` leave behind; not for people. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "cli/command.h"
#include "dory/base/text.h"

static const struct option options[] = {{0}};

static bool read_descriptor(const char *word, int *fd)
{
	char *end;

	*fd = (int)strtol(word, &end, 10);
	return end != word && !*end && *fd > STDERR_FILENO && fcntl(*fd, F_SETFD, FD_CLOEXEC) == 0;
}

static int read_instance(const struct word_list *words, struct instance *instance, struct instance_place *place, int *report,
	struct dory_error *err)
{
	*instance = (struct instance){.directory = -1};
	if (words->count != 4 || !read_descriptor(words->words[1], &place->directory) || !read_descriptor(words->words[2], &place->lock) ||
		!read_descriptor(words->words[3], report))
		return error_set(err, DORY_ERROR_USAGE, "this verb is for `dory run --detach` and `dory start`");
	instance->name = text_copy(words->words[0]);
	instance->directory = fcntl(place->directory, F_DUPFD_CLOEXEC, 0);
	if (instance_spec_read(place->directory, &instance->spec, err) < 0)
		return -1;
	return instance_state_read(place->directory, &instance->state, err);
}

static int supervise(struct invocation *invocation)
{
	struct instance_place place = INSTANCE_PLACE_NONE;
	struct dory_supervision how = {.report_fd = -1};
	struct instance_outcome outcome;
	struct dory_config config;
	struct instance instance;
	struct dory_error err;
	int result = read_instance(&invocation->words.operands, &instance, &place, &how.report_fd, &err);

	if (result == 0)
		result = config_load(&config, &err);
	if (result == 0) {
		if (chdir("/") == 0) /* no file system is kept busy */
			result = dory_supervise(&config, &instance, &place, &how, &outcome, &err);
		config_release(&config);
	}
	instance_release(&instance);
	return result < 0 ? verb_fail(invocation, &err) : 0;
}

const struct verb verb_supervise = {
	.name = "supervise",
	.operands = "NAME DIRECTORY LOCK REPORT",
	.summary = "Look after an instance",
	.options = options,
	.misuse_status = EXIT_MISUSED,
	.failure_status = EXIT_FAILED,
	.run = supervise,
	.is_hidden = true,
};
