/* SPDX-License-Identifier: BSD-3-Clause */
/* The verbs of packages that read and write archives; dory-compose has them. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cli/package.h"
#include "cli/package_describe.h"
#include "cli/package_tree.h"
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "dory/package/store.h"
#include "dory/packages.h"
#include "dory/packages_from_deb.h"

static int read_format(enum archive_format fallback, enum archive_format *format, struct dory_error *err)
{
	*format = fallback;
	if (!package_values.format)
		return 0;
	if (strcmp(package_values.format, "mpm") != 0 && strcmp(package_values.format, "dory") != 0)
		return error_set(err, DORY_ERROR_USAGE, "there is no format '%.40s': write mpm or dory", package_values.format);
	*format = strcmp(package_values.format, "mpm") == 0 ? ARCHIVE_MPM : ARCHIVE_DORY;
	return 0;
}

static int build(struct invocation *invocation, const struct dory_config *config, struct dory_error *err)
{
	enum archive_format format;
	struct archive_facts facts;
	struct project project;
	char *path;
	int result;

	if (read_format(ARCHIVE_MPM, &format, err) < 0 || project_open(".", true, &project, err) < 0)
		return -1;
	puts("Building package");
	path = text_format("%s/%s%s", project.directory, project.manifest.name, archive_suffix(format));
	result = archive_write_tree(project.directory, &project.rules, NULL, format, path, &facts, err);
	if (result == 0)
		printf("Package built and stored in %s\n", path);
	free(path);
	project_release(&project);
	return result;
}

static void say_imported(const char *name, char *file)
{
	char *slash = strrchr(file, '/');

	printf("Package %s successfully imported into repository %.*s\n", slash + 1, (int)(slash - file), file);
	(void)name;
	free(file);
}

static int import_project(const struct dory_config *config, const char *directory, struct dory_error *err)
{
	enum archive_format format;
	struct project project;
	char *file;
	int result;

	if (read_format(ARCHIVE_DORY, &format, err) < 0 || project_open(directory, true, &project, err) < 0)
		return -1;
	printf("Importing package %s...\n", project.directory);
	result = package_store_put_tree(config->root, project.directory, &project.manifest, format, &file, err);
	if (result == 0)
		say_imported(project.manifest.name, file);
	project_release(&project);
	return result;
}

static int import_archive(const struct dory_config *config, const char *path, struct dory_error *err)
{
	char *file;

	printf("Importing package %s...\n", path);
	if (package_store_put_archive(config->root, path, &file, err) < 0)
		return -1;
	say_imported(path, file);
	return 0;
}

static int import(struct invocation *invocation, const struct dory_config *config, struct dory_error *err)
{
	const struct word_list *operands = &invocation->words.operands;
	const char *path = operands->count ? operands->words[0] : ".";
	struct stat st;

	if (stat(path, &st) < 0)
		return error_set_errno(err, DORY_ERROR_NOT_FOUND, "%s", path);
	if (S_ISDIR(st.st_mode))
		return import_project(config, path, err);
	if (!S_ISREG(st.st_mode))
		return error_set(err, DORY_ERROR_USAGE, "%s is neither a package's archive nor a project's folder", path);
	return import_archive(config, path, err);
}

static void say(const char *text)
{
	if (!package_values.settings.quiet)
		puts(text);
}

static struct packages_compose request_of(const struct invocation *invocation)
{
	const struct word_list *operands = &invocation->words.operands;

	return (struct packages_compose){
		.request = {.directory = ".",
			.requires = package_values.requires.words,
			.require_count = package_values.requires.count,
			.sources = package_values.sources.words,
			.source_count = package_values.sources.count,
			.release = package_values.release,
			.refresh = settings_refresh(&package_values.settings),
			.pulls = package_values.pull_missing,
			.ignores_lock = package_values.unlocked || package_values.lock},
		.image = operands->count ? operands->words[0] : NULL,
		.run = package_values.run,
		.boots = package_values.boots.words,
		.boot_count = package_values.boots.count,
		.environment = package_values.environment.words,
		.environment_count = package_values.environment.count,
		.size = package_values.size,
		.file_system = package_values.file_system,
		.writes_lock = package_values.lock,
		.say = say,
	};
}

static void print_preview(void *context, const char *path, const char *from)
{
	printf("%-40s %s\n", from, path);
}

static int compose(struct invocation *invocation, const struct dory_config *config, struct dory_error *err)
{
	struct packages_compose compose = request_of(invocation);

	if (package_values.dry_run)
		return dory_packages_preview(config, &compose, print_preview, NULL, err);
	if (dory_packages_compose(config, &compose, err) < 0)
		return -1;
	if (config->verbose)
		message_note("composed the image %s", compose.image);
	return 0;
}

static int collect(struct invocation *invocation, const struct dory_config *config, struct dory_error *err)
{
	struct packages_compose compose = request_of(invocation);

	return dory_packages_collect(config, &compose, err);
}

/* The package that the first word names. */
int package_with_entry(const struct invocation *invocation, const struct dory_config *config, package_entry_fn *use,
	struct dory_error *err)
{
	const struct packages_sources wanted = {.with_store = true};
	struct package_source **sources;
	struct package_entry *entry;
	struct package_list list;
	int result;

	if (packages_sources_open(config, &wanted, &sources, &list, err) < 0)
		return -1;
	result = package_list_get(&list, invocation->words.operands.words[0], &entry, err);
	if (result == 0)
		result = entry->source->fetch(entry->source, entry, err);
	if (result == 0)
		result = use(invocation, config, &list, entry, err);
	package_list_release(&list);
	packages_sources_close(sources);
	return result;
}

static int describe_entry(const struct invocation *invocation, const struct dory_config *config, const struct package_list *list,
	struct package_entry *entry, struct dory_error *err)
{
	return package_describe(list, entry, package_values.content, err);
}

static int describe(struct invocation *invocation, const struct dory_config *config, struct dory_error *err)
{
	return package_with_entry(invocation, config, describe_entry, err);
}

static int print_doc(const struct invocation *invocation, const struct dory_config *config, const struct package_list *list,
	struct package_entry *entry, struct dory_error *err)
{
	return package_print_doc(entry, err);
}

static int doc(struct invocation *invocation, const struct dory_config *config, struct dory_error *err)
{
	return package_with_entry(invocation, config, print_doc, err);
}

static int export_entry(const struct invocation *invocation, const struct dory_config *config, const struct package_list *list,
	struct package_entry *entry, struct dory_error *err)
{
	const struct word_list *operands = &invocation->words.operands;
	const char *path = operands->count > 1 ? operands->words[1] : NULL, *suffix = strrchr(entry->path, '.');
	enum archive_format format;
	struct stat st;
	char *name;
	int result;

	if (read_format(ARCHIVE_MPM, &format, err) < 0)
		return -1;
	if (path && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return archive_unpack(entry->path, path, err);
	name = path ? text_copy(path) : text_format("%s%s", entry->manifest.name, archive_suffix(format));
	if (strcmp(suffix, archive_suffix(format)) == 0)
		result = file_copy(entry->path, name, err);
	else
		result = archive_convert(entry->path, format, name, err);
	free(name);
	return result;
}

static int export(struct invocation *invocation, const struct dory_config *config, struct dory_error *err)
{
	return package_with_entry(invocation, config, export_entry, err);
}

static int verify_one(struct package_entry *entry, struct dory_error *err)
{
	struct archive_facts facts;

	if (entry->source->fetch(entry->source, entry, err) < 0 || archive_check(entry->path, &facts, err) < 0)
		return -1;
	if ((*entry->manifest.sha256 && strcmp(entry->manifest.sha256, facts.sha256) != 0) ||
		(entry->manifest.size && entry->manifest.size != facts.size)) {
		error_set(err, DORY_ERROR_UNTRUSTED,
			"%s is not what was put into the local repository: its digest is %s", entry->path, facts.sha256);
		return error_hint(err, "Pull or import it again.");
	}
	printf("%s %s  %s\n", facts.sha256, entry->manifest.name, *entry->manifest.version ? entry->manifest.version : "-");
	return 0;
}

static int verify(struct invocation *invocation, const struct dory_config *config, struct dory_error *err)
{
	const struct word_list *operands = &invocation->words.operands;
	const struct packages_sources wanted = {.with_store = true};
	struct package_source **sources;
	struct package_list list;
	struct package_entry *entry;
	int result = 0;

	if (packages_sources_open(config, &wanted, &sources, &list, err) < 0)
		return -1;
	if (operands->count > 0) {
		result = package_list_get(&list, operands->words[0], &entry, err);
		if (result == 0)
			result = verify_one(entry, err);
	}
	for (size_t i = 0; operands->count == 0 && i < list.count && result == 0; i++)
		result = verify_one(&list.entries[i], err);
	package_list_release(&list);
	packages_sources_close(sources);
	return result;
}

static int tree(struct invocation *invocation, const struct dory_config *config, struct dory_error *err)
{
	const struct word_list *operands = &invocation->words.operands;
	struct packages_compose compose = request_of(invocation);

	compose.request.only_looks = true;
	return package_print_tree(config, &compose.request, operands->count ? operands->words[0] : NULL, err);
}

static int why(struct invocation *invocation, const struct dory_config *config, struct dory_error *err)
{
	struct packages_compose compose = request_of(invocation);

	compose.request.only_looks = true;
	return package_print_why(config, &compose.request, invocation->words.operands.words[0], err);
}

static int from_deb(struct invocation *invocation, const struct dory_config *config, struct dory_error *err)
{
	const struct word_list *operands = &invocation->words.operands;
	struct packages_from_deb request = {.packages = operands->words,
		.package_count = operands->count,
		.name = package_values.name,
		.title = package_values.title,
		.author = package_values.author,
		.refresh = settings_refresh(&package_values.settings)};
	char *file;

	if (read_format(ARCHIVE_DORY, &request.format, err) < 0 || dory_packages_from_deb(config, &request, &file, err) < 0)
		return -1;
	say_imported(operands->words[0], file);
	return 0;
}

static const struct action {
	const struct verb *verb;
	size_t least, most; /* words */
	const char *missing;
	package_action_fn *run;
} actions[] = {
	{&verb_package_build, 0, 0, NULL, build},
	{&verb_package_import, 0, 1, NULL, import},
	{&verb_package_compose, 1, 1, "say how the image is to be called", compose},
	{&verb_package_collect, 0, 0, NULL, collect},
	{&verb_package_describe, 1, 1, "say which package", describe},
	{&verb_package_doc, 1, 1, "say which package", doc},
	{&verb_package_export, 1, 2, "say which package", export},
	{&verb_package_search, 0, 1, NULL, package_search},
	{&verb_package_verify, 0, 1, NULL, verify},
	{&verb_package_pull, 1, 1, "say which package", package_pull},
	{&verb_package_push, 1, 1, "say which package", package_push},
	{&verb_package_update, 0, 1, NULL, package_update},
	{&verb_package_tree, 0, 1, NULL, tree},
	{&verb_package_why, 1, 1, "say which package", why},
	{&verb_package_from_deb, 1, SIZE_MAX, "say which package of Debian", from_deb},
};

/* These ask repositories only if they are to. */
static bool makes_images(const struct verb *verb)
{
	return verb == &verb_package_compose || verb == &verb_package_collect || verb == &verb_package_tree || verb == &verb_package_why;
}

/* -u and --s3 before the verb: packages come from there, and from nowhere else. */
static void take_globals(const struct invocation *invocation, const struct dory_config *config, char **from)
{
	const struct global_options *globals = &invocation->globals;
	const char *url = globals->url;

	package_values.release = globals->release;
	if (makes_images(invocation->verb) && !package_values.pull_missing)
		return;
	if (!url && globals->takes_bucket)
		url = config->repo_url ? config->repo_url : getenv("CAPSTAN_REPO_URL");
	if (!url || !*url)
		return;
	*from = text_format("capstan+%s", url);
	word_list_add(&package_values.sources, *from);
}

static int run_action(struct invocation *invocation, const struct action *action)
{
	const struct word_list *operands = &invocation->words.operands;
	struct dory_config config;
	struct dory_error err;
	char *from = NULL;
	int result;

	if (operands->count < action->least && !package_values.dry_run)
		return verb_misuse(invocation, "%s", action->missing);
	if (operands->count > action->most)
		return verb_misuse(invocation, "'%s' is one word too many", operands->words[action->most]);
	if (settings_load(&config, &package_values.settings, &err) < 0)
		return verb_fail(invocation, &err);
	take_globals(invocation, &config, &from);
	result = action->run(invocation, &config, &err);
	free(from);
	config_release(&config);
	return result < 0 ? verb_fail(invocation, &err) : 0;
}

int package_verbs_run(struct invocation *invocation)
{
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (actions[i].verb == invocation->verb)
			return run_action(invocation, &actions[i]);
	}
	return EXIT_FAILED;
}
