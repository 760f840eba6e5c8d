/* SPDX-License-Identifier: BSD-3-Clause */
/* dory compose */
#include "cli/command.h"

static struct compose_values {
	struct settings_options settings;
	struct word_list packages, environment;
	const char *command, *directory, *user, *host_name;
} values;

#define COMPOSE_OPTION(member, kind, name, letter, argument, help)                                                     \
	OPTION(struct compose_values, member, kind, name, letter, argument, help)

static const struct option options[] = {
	COMPOSE_OPTION(
		packages, OPTION_LIST, "deb", 0, "NAME[=VERSION]", "a Debian package with all it needs (repeatable)"),
	COMPOSE_OPTION(command, OPTION_TEXT, "execute", 'e', "COMMAND", "the command line that `dory run IMAGE` runs"),
	COMPOSE_OPTION(environment, OPTION_LIST, "env", 0, "NAME=VALUE", "set an environment variable (repeatable)"),
	COMPOSE_OPTION(directory, OPTION_TEXT, "workdir", 'w', "DIR", "working directory in the machine"),
	COMPOSE_OPTION(user, OPTION_TEXT, "user", 'u', "USER[:GROUP]", "user, and group, by name or number"),
	COMPOSE_OPTION(host_name, OPTION_TEXT, "hostname", 0, "NAME", "host name of the machine"),
	ARCHIVE_OPTIONS(struct compose_values, settings),
	{0},
};

static int compose_image_of(struct invocation *invocation, struct dory_composition *composition, struct dory_error *err)
{
	struct dory_config config;
	int result;

	if (values.command && command_line_split(&composition->config.command, values.command, err) < 0)
		return -1;
	if (image_name_check(composition->image, err) < 0 || composer_need(invocation, err) < 0 ||
		settings_load(&config, &values.settings, err) < 0)
		return -1;
	result = invocation->composer->compose(&config, composition, err);
	if (result == 0 && config.verbose)
		message_note("composed the image %s", composition->image);
	config_release(&config);
	return result;
}

static int compose(struct invocation *invocation)
{
	const struct word_list *operands = &invocation->words.operands;
	struct dory_composition composition = {.packages = values.packages.words,
		.package_count = values.packages.count,
		.refresh = settings_refresh(&values.settings)};
	struct dory_error err;
	int status = 0;

	if (operands->count == 0)
		return verb_misuse(invocation, "say how the image is to be called");
	if (operands->count == 1 && values.packages.count == 0)
		return verb_misuse(invocation, "say what goes into the image: packages with --deb, a directory");
	composition.image = operands->words[0];
	composition.paths = operands->words + 1;
	composition.path_count = operands->count - 1;
	composition.config = (struct run_config){.environment = values.environment.words,
		.environment_count = values.environment.count,
		.directory = values.directory,
		.host_name = values.host_name,
		.user = values.user};
	if (compose_image_of(invocation, &composition, &err) < 0)
		status = verb_fail(invocation, &err);
	command_line_release(&composition.config.command);
	word_list_release(&values.packages);
	word_list_release(&values.environment);
	return status;
}

const struct verb verb_compose = {
	.name = "compose",
	.operands = "IMAGE [PATH...]",
	.summary = "Compose an image from Debian packages, directories and files",
	.details =
		"The content of a directory goes to the root of the image, a file beside it; what comes later wins.\n"
		"Composing again touches only what has changed.",
	.options = options,
	.misuse_status = EXIT_MISUSED,
	.failure_status = EXIT_FAILED,
	.run = compose,
	.values = &values,
};
