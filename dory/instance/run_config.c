/* SPDX-License-Identifier: BSD-3-Clause */
/* Writes run configurations. */
#include "dory/instance/run_config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "abi/run_config.h"
#include "dory/base/text.h"

#define HOST_NAME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-."

static void add_record(struct text_buffer *text, const char *key, const char *value)
{
	text_append_format(text, "%s %zu ", key, strlen(value));
	text_append(text, value, strlen(value));
	text_append(text, "\n", 1);
}

static size_t name_length(const char *variable)
{
	return strcspn(variable, "=");
}

/* Does a later variable have the same name? */
static bool is_overridden(const struct run_config *config, size_t index)
{
	const char *variable = config->environment[index];
	size_t length = name_length(variable) + 1;

	for (size_t i = index + 1; i < config->environment_count; i++) {
		if (strncmp(config->environment[i], variable, length) == 0)
			return true;
	}
	return false;
}

static int check_user(const char *user, struct dory_error *err)
{
	const char *group = strchr(user, ':');

	if (*user && *user != ':' && !(group && (!group[1] || strchr(group + 1, ':'))))
		return 0;
	error_set(err, DORY_ERROR_USAGE, "'%s' is not a user", user);
	return error_hint(err, "Write USER, USER:GROUP, UID or UID:GID.");
}

int run_config_check(const struct run_config *config, struct dory_error *err)
{
	for (size_t i = 0; i < config->environment_count; i++) {
		const char *variable = config->environment[i];

		if (*variable == '=' || !strchr(variable, '=')) {
			/* Its value may be a secret: the name alone is shown. */
			error_set(err, DORY_ERROR_USAGE, "'%.*s' is not an environment variable with a value",
				(int)name_length(variable), variable);
			return error_hint(err, "Write --env NAME=VALUE.");
		}
	}
	if (config->user && check_user(config->user, err) < 0)
		return -1;
	if (config->directory && config->directory[0] != '/') {
		error_set(
			err, DORY_ERROR_USAGE, "the working directory '%s' is not an absolute path", config->directory);
		return error_hint(err, "It is a directory inside the machine: --workdir /srv.");
	}
	if (config->host_name && (!*config->host_name || strlen(config->host_name) > 64 ||
					 config->host_name[strspn(config->host_name, HOST_NAME_LETTERS)] != '\0'))
		return error_set(err, DORY_ERROR_USAGE, "'%s' is not a host name", config->host_name);
	return 0;
}

static void add_command(struct text_buffer *text, const struct command_line *command)
{
	for (size_t i = 0; i < command->count; i++)
		add_record(text, command->words[i].is_separator ? "next" : "arg", command->words[i].text);
}

int run_config_text(const struct run_config *config, char **result, size_t *length, struct dory_error *err)
{
	struct text_buffer text = {0};
	char size[32];

	text_append(&text, RUN_CONFIG_MAGIC, strlen(RUN_CONFIG_MAGIC));
	if (config->image)
		add_record(&text, "image", config->image);
	add_command(&text, &config->command);
	if (config->is_tty && config->terminal_type) {
		char assignment[128];

		if ((size_t)snprintf(assignment, sizeof(assignment), "TERM=%s", config->terminal_type) < sizeof(assignment))
			add_record(&text, "env", assignment);
	}
	for (size_t i = 0; i < config->unset_count; i++)
		add_record(&text, "unset", config->unset[i]);
	for (size_t i = 0; i < config->environment_count; i++) {
		if (!is_overridden(config, i))
			add_record(&text, "env", config->environment[i]);
	}
	for (size_t i = 0; i < config->mount_count; i++)
		add_record(&text, "mount", config->mounts[i]);
	if (config->directory)
		add_record(&text, "cwd", config->directory);
	if (config->host_name)
		add_record(&text, "host", config->host_name);
	if (config->user)
		add_record(&text, "user", config->user);
	if (config->is_override)
		add_record(&text, "stdio", config->is_tty ? "tty" : "streams");
	if (config->rows && config->columns) {
		snprintf(size, sizeof(size), "%u %u", config->rows, config->columns);
		add_record(&text, "winsize", size);
	}
	if (text.length > RUN_CONFIG_MAX) {
		free(text.text);
		return error_set(
			err, DORY_ERROR_USAGE, "arguments and environment take more than %u bytes", RUN_CONFIG_MAX);
	}
	*result = text.text;
	*length = text.length;
	return 0;
}
