/* SPDX-License-Identifier: BSD-3-Clause */
/* dory compose */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include "cli/image.h"

static struct compose_values {
	struct settings_options settings;
	struct word_list packages, environment;
	const char *command, *directory, *user, *host_name;
	const char *size, *file_system, *loader;
	bool dry_run, json;
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
	COMPOSE_OPTION(command, OPTION_TEXT, "command_line", 'c', "COMMAND", "the same, as Capstan calls it"),
	COMPOSE_OPTION(size, OPTION_TEXT, "size", 's', "SIZE", "size of the file system, as in 512M or 10G"),
	COMPOSE_OPTION(file_system, OPTION_TEXT, "fs", 0, "FS", "ext4; rofs: without room to write"),
	COMPOSE_OPTION(loader, OPTION_TEXT, "loader_image", 'l', "IMAGE", "taken for Capstan's sake; means nothing here"),
	COMPOSE_OPTION(dry_run, OPTION_FLAG, "dry-run", 0, NULL, "only say what would go in, and from where"),
	COMPOSE_OPTION(json, OPTION_FLAG, "json", 0, NULL, "with --dry-run: as JSON"),
	ARCHIVE_OPTIONS(struct compose_values, settings),
	{0},
};

static json_t *planned_json(const struct dory_planned *p)
{
	json_t *object = json_pack("{s:s, s:o, s:s, s:o, s:s, s:I}", "kind", p->kind, "name", json_string(p->name), "version", p->version,
		"from", json_string(p->from), "to", p->to, "bytes", (json_int_t)p->bytes);

	if (strcmp(p->kind, "deb") == 0)
		json_object_set_new(object, "cached", json_boolean(p->is_here));
	else if (p->files)
		json_object_set_new(object, "files", json_integer((json_int_t)p->files));
	return object;
}

static void print_planned(const struct dory_planned *p)
{
	char size[16];

	human_size(p->bytes, size);
	if (strcmp(p->kind, "deb") == 0)
		printf("%-9s  %6s  %s %s  %s%s\n", p->kind, size, p->name, p->version, p->from, p->is_here ? "  (in the cache)" : "");
	else if (strcmp(p->kind, "directory") == 0)
		printf("%-9s  %6s  %s -> %s  (%zu files)\n", p->kind, size, p->name, p->to, p->files);
	else
		printf("%-9s  %6s  %s%s%s\n", p->kind, size, p->name, *p->name ? " -> " : "", p->to);
}

static void take_planned(void *context, const struct dory_planned *planned)
{
	if (context)
		json_array_append_new(context, planned_json(planned));
	else
		print_planned(planned);
}

static int show_plan(const struct invocation *invocation, const struct dory_config *config, const struct dory_composition *composition,
	struct dory_error *err)
{
	json_t *array = values.json ? json_array() : NULL;
	int result = invocation->composer->plan(config, composition, take_planned, array, err);

	if (array && result == 0)
		print_json_value(array);
	else
		json_decref(array);
	return result;
}

static int compose_image_of(struct invocation *invocation, struct dory_composition *composition, struct dory_error *err)
{
	struct dory_config config;
	int result;

	if (values.command && command_line_split(&composition->config.command, values.command, err) < 0)
		return -1;
	if (image_name_check(composition->image, err) < 0 || composer_need(invocation, err) < 0 ||
		settings_load(&config, &values.settings, err) < 0)
		return -1;
	if (values.dry_run)
		result = show_plan(invocation, &config, composition, err);
	else
		result = invocation->composer->compose(&config, composition, err);
	if (result == 0 && config.verbose && !values.dry_run)
		message_note("composed the image %s", composition->image);
	config_release(&config);
	return result;
}

static int compose(struct invocation *invocation)
{
	const struct word_list *operands = &invocation->words.operands;
	struct dory_composition composition = {.packages = values.packages.words,
		.package_count = values.packages.count,
		.size = values.size,
		.file_system = values.file_system,
		.refresh = settings_refresh(&values.settings)};
	struct dory_error err;
	int status = 0;

	if (operands->count == 0)
		return verb_misuse(invocation, "say how the image is to be called");
	if (operands->count == 1 && values.packages.count == 0)
		return verb_misuse(invocation, "say what goes into the image: packages with --deb, a directory");
	if (values.json && !values.dry_run)
		return verb_misuse(invocation, "--json is for --dry-run");
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
