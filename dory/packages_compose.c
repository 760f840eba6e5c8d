/* SPDX-License-Identifier: BSD-3-Clause */
/* A plan becomes an image, a directory, or a list of what would be in it. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "dory/packages.h"
#include "dory/parts.h"

#define RUN_SETS_DIRECTORY "/etc/dory/run.d"

int packages_size_parse(const char *text, uint64_t *bytes, struct dory_error *err)
{
	static const struct {
		const char *suffix;
		unsigned shift;
	} units[] = {{"m", 20}, {"mb", 20}, {"g", 30}, {"gb", 30}};
	size_t digits = strspn(text, "0123456789");
	unsigned long long number = strtoull(text, NULL, 10);

	for (size_t i = 0; digits > 0 && digits < 10 && i < ARRAY_SIZE(units); i++) {
		if (strcasecmp(text + digits, units[i].suffix) != 0)
			continue;
		if (number == 0)
			return error_set(err, DORY_ERROR_USAGE, "%s: memory size must be larger than zero", text);
		*bytes = (uint64_t)number << units[i].shift;
		return 0;
	}
	error_set(err, DORY_ERROR_USAGE, "%.100s: unrecognized memory size", text);
	return error_hint(err, "Write a whole number with M or G, as in 512M or 10G.");
}

struct source_list {
	struct compose_source *sources;
	size_t count;
	struct text_list texts; /* what the sources borrow */
};

static void source_list_release(struct source_list *list)
{
	free(list->sources);
	text_list_release(&list->texts);
}

static struct compose_source *add_source(struct source_list *list, struct compose_source source)
{
	struct compose_source *added = array_push(&list->sources, &list->count, sizeof(*list->sources));

	*added = source;
	return added;
}

/* Takes the text. */
static const char *keep(struct source_list *list, char *text)
{
	text_list_take(&list->texts, text);
	return text;
}

static bool leaves_out(const void *context, const char *path)
{
	/* The folder itself is the manifests', and no content. */
	return strcmp(path, "/meta") == 0 || ignore_matches(context, path);
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static void add_debian(const struct packages_plan *plan, struct source_list *list)
{
	for (size_t i = 0; plan->debian && i < plan->debian->count; i++) {
		const struct debian_package *package = &plan->debian->packages[i];

		add_source(list, (struct compose_source){.kind = COMPOSE_DEB,
					 .path = package->path,
					 .package = package->name,
					 .version = package->version});
	}
}

/* Each package over those that it requires, the project's own files over all. */
static void add_packages(const struct packages_plan *plan, struct source_list *list)
{
	for (size_t i = 0; i < plan->resolution.count; i++) {
		const struct package_entry *entry = plan->resolution.packages[i].entry;

		add_source(list, (struct compose_source){.kind = COMPOSE_PACKAGE,
					 .path = entry->path,
					 .package = entry->manifest.name,
					 .version = entry->manifest.version,
					 .architecture = entry->manifest.architecture,
					 .sha256 = entry->manifest.sha256,
					 .belongs_to_root = !ends_with(entry->path, ".dory")});
	}
	add_source(list, (struct compose_source){.kind = COMPOSE_DIRECTORY,
				 .path = plan->project.directory,
				 .target = "/",
				 .package = plan->project.manifest.name,
				 .version = plan->project.manifest.version,
				 .architecture = plan->project.manifest.architecture,
				 .leaves_out = leaves_out,
				 .context = &plan->project.rules});
}

static const char *const boot_texts[] = {[BOOT_RUN] = "Command line will be set based on --run parameter",
	[BOOT_SETS] = "Command line will be set based on --boot parameters",
	[BOOT_DEFAULT_SETS] = "Command line will be set based on config_set_default attribute of meta/run.yaml",
	[BOOT_NONE] = "Command line will be set to default boot"};

/* What the image runs: its command, the names of the configurations that it comes from, its environment. */
struct chosen {
	enum boot_source source;
	struct text_list names, environment;
	struct command_line command;
};

static void chosen_release(struct chosen *chosen)
{
	text_list_release(&chosen->names);
	text_list_release(&chosen->environment);
	command_line_release(&chosen->command);
}

/* Without a word from anybody Capstan runs the configuration named "default", if there is one. */
static void choose_default(const struct packages_plan *plan, struct chosen *chosen)
{
	run_sets_split(plan->boots.default_sets, &chosen->names);
	chosen->source = chosen->names.count ? BOOT_DEFAULT_SETS : BOOT_NONE;
	if (chosen->names.count == 0 && boot_sets_find(&plan->boots, "default"))
		text_list_add(&chosen->names, "default");
}

/* A command line as Capstan's, with options of OSv before it. */
static int split_run(const char *run, struct chosen *chosen, struct dory_error *err)
{
	struct text_list skipped = {0};
	const char *command = command_line_skip_options(run, &chosen->environment, &skipped);

	text_list_release(&skipped);
	return command_line_split(&chosen->command, command, err);
}

static int choose(const struct packages_plan *plan, const struct packages_compose *compose, struct chosen *chosen,
	struct dory_error *err)
{
	if (compose->run && *compose->run) {
		chosen->source = BOOT_RUN;
		if (!boot_sets_named(compose->run, &chosen->names) && split_run(compose->run, chosen, err) < 0)
			return -1;
	} else if (compose->boot_count > 0) {
		chosen->source = BOOT_SETS;
		for (size_t i = 0; i < compose->boot_count; i++)
			run_sets_split(compose->boots[i], &chosen->names);
	} else {
		choose_default(plan, chosen);
	}
	if (boot_command(&plan->boots, &chosen->names, compose->environment, compose->environment_count, &chosen->command,
		    &chosen->environment, err) < 0)
		return -1;
	for (size_t i = 0; i < compose->environment_count; i++)
		text_list_add(&chosen->environment, compose->environment[i]);
	return 0;
}

static int check(const struct packages_compose *compose, uint64_t *total_bytes, uint64_t *free_bytes, struct dory_error *err)
{
	const struct run_config config = {.environment = compose->environment, .environment_count = compose->environment_count};

	if (room_parse(compose->size, compose->file_system, total_bytes, free_bytes, err) < 0)
		return -1;
	return run_config_check(&config, err);
}

/* Each configuration as the guest would read it: for those who start the image without this tool. */
static int add_run_sets(const struct packages_plan *plan, struct source_list *list, struct dory_error *err)
{
	for (size_t i = 0; i < plan->boots.count; i++) {
		struct text_list names = {.items = &plan->boots.sets[i].name, .count = 1}, environment = {0};
		struct run_config config = {0};
		size_t length;
		char *text;
		int result = boot_command(&plan->boots, &names, NULL, 0, &config.command, &environment, err);

		config.environment = (const char *const *)environment.items;
		config.environment_count = environment.count;
		if (result == 0)
			result = run_config_text(&config, &text, &length, err);
		command_line_release(&config.command);
		text_list_release(&environment);
		if (result < 0)
			return -1;
		add_source(list, (struct compose_source){.kind = COMPOSE_BYTES,
					 .target = keep(list, text_format("%s/%s", RUN_SETS_DIRECTORY, plan->boots.sets[i].name)),
					 .data = keep(list, text),
					 .size = length,
					 .mode = 0600});
	}
	return 0;
}

/* Debian's packages themselves, or packages that were made of them. */
static bool has_debian(const struct packages_plan *plan)
{
	bool has = plan->debian != NULL;

	for (size_t i = 0; i < plan->resolution.count; i++)
		has |= strcmp(plan->resolution.packages[i].entry->manifest.platform, "Debian") == 0;
	return has;
}

static char *origin_of(const struct packages_plan *plan)
{
	struct text_buffer origin = {0};

	text_append_format(&origin, "%s%s%s", plan->project.manifest.name, *plan->project.manifest.version ? " " : "",
		plan->project.manifest.version);
	if (plan->resolution.count > 0)
		text_append_format(&origin, " with %zu package%s", plan->resolution.count, plan->resolution.count > 1 ? "s" : "");
	if (plan->debian)
		text_append_format(&origin, " and %zu of Debian", plan->debian->count);
	return origin.text;
}

static void say(const struct packages_compose *compose, const char *text)
{
	if (compose->say)
		compose->say(text);
}

static void say_notes(const struct packages_compose *compose, const struct packages_plan *plan)
{
	if (plan->project.is_default)
		say(compose, "Manifest file meta/package.yaml does not exist. Assuming default manifest");
	for (size_t i = 0; i < plan->resolution.notes.count; i++)
		say(compose, plan->resolution.notes.items[i]);
}

/* Which of the sets run is kept with them, so that `dory run --env` can make the command again. */
static char *boot_json(const struct packages_plan *plan, const struct chosen *chosen)
{
	struct boot_sets sets = plan->boots;
	char *json;

	sets.default_sets = text_list_join(&chosen->names, ",");
	json = boot_sets_to_json(&sets);
	free(sets.default_sets);
	return json;
}

static int compose_plan(const struct dory_config *config, const struct packages_compose *compose, struct packages_plan *plan,
	struct dory_error *err)
{
	struct image_recipe recipe = {.image = compose->image, .fingerprint = (char *)""};
	struct chosen chosen = {0};
	struct source_list list = {0};
	struct run_config run = {0};
	char *origin = NULL, *boot = NULL;
	int result = check(compose, &recipe.total_bytes, &recipe.free_bytes, err);

	if (result == 0)
		result = choose(plan, compose, &chosen, err);
	if (result == 0)
		result = packages_plan_fetch(config, &compose->request, plan, err);
	add_packages(plan, &list);
	if (result == 0)
		result = add_run_sets(plan, &list, err);
	if (result == 0) {
		say(compose, boot_texts[chosen.source]);
		say_notes(compose, plan);
		run.command = chosen.command;
		run.environment = (const char *const *)chosen.environment.items;
		run.environment_count = chosen.environment.count;
		origin = origin_of(plan);
		boot = boot_json(plan, &chosen);
		recipe.origin = origin;
		recipe.set = plan->debian;
		recipe.has_debian = has_debian(plan);
		recipe.files = list.sources;
		recipe.file_count = list.count;
		recipe.config = &run;
		recipe.boot = boot;
		result = recipe_compose(config, &recipe, err);
	}
	if (result == 0 && compose->writes_lock)
		result = packages_lock_write(plan, err);
	free(origin);
	free(boot);
	source_list_release(&list);
	chosen_release(&chosen);
	return result;
}

int dory_packages_compose(const struct dory_config *config, const struct packages_compose *compose, struct dory_error *err)
{
	struct packages_plan plan;
	int result;

	if (image_name_check(compose->image, err) < 0 || packages_plan_make(config, &compose->request, &plan, err) < 0)
		return -1;
	result = compose_plan(config, compose, &plan, err);
	packages_plan_release(&plan);
	return result;
}

struct preview {
	const struct source_list *list;
	void (*line)(void *context, const char *path, const char *from);
	void *context;
};

static int preview_one(void *context, const struct compose_entry *entry, struct dory_error *err)
{
	const struct preview *preview = context;
	const struct compose_source *from = entry->source < preview->list->count ? &preview->list->sources[entry->source] : NULL;
	char *name;

	if (S_ISDIR(entry->mode))
		return 0;
	name = !from || from->kind == COMPOSE_BYTES ? text_copy("dory")
	       : text_format("%s%s%s%s", from->kind == COMPOSE_DEB ? "deb:" : "", from->package, from->version && *from->version ? "=" : "",
			 from->version ? from->version : "");
	preview->line(preview->context, entry->path, name);
	free(name);
	return 0;
}

int dory_packages_preview(const struct dory_config *config, const struct packages_compose *compose,
	void (*line)(void *context, const char *path, const char *from), void *context, struct dory_error *err)
{
	char *cache = text_format("%s/cache/unpacked", config->root), *temporary = text_format("%s/cache/", config->root);
	struct source_list list = {0};
	struct preview preview = {.list = &list, .line = line, .context = context};
	struct compose_request request = {.image_path = temporary, .cache_path = cache, .quiet = config->quiet, .with_documentation = config->with_documentation};
	struct packages_plan plan;
	int result = packages_plan_make(config, &compose->request, &plan, err);

	if (result == 0) {
		result = packages_plan_fetch(config, &compose->request, &plan, err);
		if (result == 0) {
			add_debian(&plan, &list);
			add_packages(&plan, &list);
			result = add_run_sets(&plan, &list, err);
		}
		request.debian_fixups = has_debian(&plan);
		request.sources = list.sources;
		request.source_count = list.count;
		if (result == 0)
			result = compose_visit(&request, preview_one, &preview, err);
		packages_plan_release(&plan);
	}
	source_list_release(&list);
	free(cache);
	free(temporary);
	return result;
}

static void add_capstan_sets(const struct packages_plan *plan, struct source_list *list)
{
	for (size_t i = 0; i < plan->boots.count; i++) {
		char *text = boot_set_capstan(&plan->boots.sets[i]);

		add_source(list, (struct compose_source){.kind = COMPOSE_BYTES,
					 .target = keep(list, text_format("/run/%s", plan->boots.sets[i].name)),
					 .data = text,
					 .size = strlen(text),
					 .mode = 0700});
		keep(list, text);
	}
}

static int collect_plan(const struct dory_config *config, const struct packages_plan *plan, struct dory_error *err)
{
	char *directory = text_format("%s/mpm-pkg", plan->project.directory), *temporary = text_format("%s/", plan->project.directory);
	char *cache = text_format("%s/cache/unpacked", config->root);
	struct source_list list = {0};
	struct compose_request request = {.image_path = temporary, .cache_path = cache, .is_bare = true, .quiet = config->quiet,
		.with_documentation = config->with_documentation};
	int result;

	add_debian(plan, &list);
	add_packages(plan, &list);
	add_capstan_sets(plan, &list);
	request.sources = list.sources;
	request.source_count = list.count;
	result = file_remove_tree(directory, err);
	if (result == 0)
		result = file_make_directories(directory, err);
	if (result == 0)
		result = compose_on_disk(&request, directory, err);
	source_list_release(&list);
	free(directory);
	free(temporary);
	free(cache);
	return result;
}

int dory_packages_collect(const struct dory_config *config, const struct packages_compose *compose, struct dory_error *err)
{
	struct packages_plan plan;
	int result;

	if (packages_plan_make(config, &compose->request, &plan, err) < 0)
		return -1;
	say_notes(compose, &plan);
	result = packages_plan_fetch(config, &compose->request, &plan, err);
	if (result == 0)
		result = collect_plan(config, &plan, err);
	packages_plan_release(&plan);
	return result;
}
