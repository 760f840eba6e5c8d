/* SPDX-License-Identifier: BSD-3-Clause */
/* dory package: the verbs and their options; and those verbs that need no archive. */
#include "cli/package.h"
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "dory/manifest/requirement.h"
#include "dory/package/store.h"
#include "dory/runtime/runtime.h"

struct package_values package_values;

#define VALUE(member, kind, name, letter, argument, help)                                                              \
	OPTION(struct package_values, member, kind, name, letter, argument, help)

static const struct option no_options[] = {{0}};

static const struct option init_options[] = {
	VALUE(name, OPTION_TEXT, "name", 'n', "NAME", "name of the package (must be given)"),
	VALUE(title, OPTION_TEXT, "title", 't', "TITLE", "its title, for people (must be given)"),
	VALUE(author, OPTION_TEXT, "author", 'a', "AUTHOR", "who makes it (must be given)"),
	VALUE(version, OPTION_TEXT, "version", 'v', "VERSION", "its version"),
	VALUE(requires, OPTION_LIST, "require", 0, "PACKAGE", "a package it needs, as in \"node >= 18\" or deb:nodejs (repeatable)"),
	VALUE(runtime, OPTION_TEXT, "runtime", 0, "RUNTIME", "write meta/run.yaml for this runtime, too"),
	VALUE(platform, OPTION_TEXT, "platform", 'p', "PLATFORM", "what it was built on"),
	{0},
};

#define FORMAT_OPTION VALUE(format, OPTION_TEXT, "format", 0, "FORMAT", "mpm (Capstan's, gzip) or dory (zstd)")
#define REQUIRE_OPTION VALUE(requires, OPTION_LIST, "require", 0, "PACKAGE", "one more package to put in (repeatable)")
#define FROM_OPTION                                                                                                    \
	VALUE(sources, OPTION_LIST, "from", 0, "DIR|REPOSITORY", "take packages from this directory or repository (repeatable)")
#define NETWORK_OPTIONS                                                                                                \
	VALUE(settings.refresh, OPTION_FLAG, "refresh", 0, NULL, "ask the repositories anew what they have"),            \
		VALUE(settings.offline, OPTION_FLAG, "offline", 0, NULL, "use what is here, touch no network")
#define PULL_OPTION                                                                                                    \
	VALUE(pull_missing, OPTION_FLAG, "pull-missing", 'p', NULL, "fetch packages that are missing from repositories")
#define LOCK_OPTIONS                                                                                                   \
	VALUE(unlocked, OPTION_FLAG, "unlocked", 0, NULL, "take the newest versions, whatever dory.lock says")

static const struct option build_options[] = {FORMAT_OPTION, {0}};
static const struct option json_options[] = {VALUE(json, OPTION_FLAG, "json", 0, NULL, "as JSON"), {0}};
static const struct option search_options[] = {
	VALUE(json, OPTION_FLAG, "json", 0, NULL, "as JSON"), FROM_OPTION, NETWORK_OPTIONS, {0}};
static const struct option pull_options[] = {
	FROM_OPTION, NETWORK_OPTIONS, VALUE(settings.quiet, OPTION_FLAG, "quiet", 'q', NULL, "no progress"), {0}};
static const struct option update_options[] = {
	VALUE(created, OPTION_FLAG, "created", 0, NULL, "also what was made later, whatever its version"), FROM_OPTION, NETWORK_OPTIONS,
	VALUE(settings.verbose, OPTION_FLAG, "verbose", 'v', NULL, "say what is done with each"), {0}};
static const struct option push_options[] = {
	VALUE(to, OPTION_TEXT, "to", 0, "REPOSITORY", "where it goes (default: the only repository that is known)"),
	VALUE(key, OPTION_TEXT, "key", 'k', "FILE", "the private key that signs the repository's index"),
	VALUE(token_file, OPTION_TEXT, "token-file", 0, "FILE", "the server's token, in a file (default: ~/.netrc)"),
	VALUE(settings.quiet, OPTION_FLAG, "quiet", 'q', NULL, "no progress"),
	{0},
};
static const struct option describe_options[] = {
	VALUE(content, OPTION_FLAG, "content", 'c', NULL, "list its files, too"), {0}};

static const struct option compose_options[] = {
	VALUE(size, OPTION_TEXT, "size", 's', "SIZE", "size of the file system: 512M, 10G (sparse: costs only what is used)"),
	VALUE(update, OPTION_FLAG, "update", 0, NULL, "change the image only where something changed (what is done anyway)"),
	VALUE(run, OPTION_TEXT, "run", 0, "COMMAND", "the command line that the image runs"),
	VALUE(boots, OPTION_LIST, "boot", 0, "CONF", "the configuration of run.yaml that it runs (repeatable)"),
	VALUE(environment, OPTION_LIST, "env", 0, "NAME=VALUE", "set an environment variable (repeatable)"),
	REQUIRE_OPTION,
	PULL_OPTION,
	FROM_OPTION,
	VALUE(file_system, OPTION_TEXT, "fs", 0, "FS", "ext4; rofs: without room to write"),
	VALUE(dry_run, OPTION_FLAG, "dry-run", 0, NULL, "list what would go in, and from where"),
	VALUE(lock, OPTION_FLAG, "lock", 0, NULL, "write which versions were taken to dory.lock"),
	LOCK_OPTIONS,
	VALUE(loader, OPTION_TEXT, "loader_image", 'l', "IMAGE", "taken for Capstan's sake; means nothing here"),
	ARCHIVE_OPTIONS(struct package_values, settings),
	{0},
};
static const struct option collect_options[] = {
	REQUIRE_OPTION,
	PULL_OPTION,
	FROM_OPTION,
	VALUE(remote, OPTION_FLAG, "remote", 0, NULL, "taken for Capstan's sake; means nothing here"),
	LOCK_OPTIONS,
	ARCHIVE_OPTIONS(struct package_values, settings),
	{0},
};
static const struct option tree_options[] = {
	REQUIRE_OPTION, FROM_OPTION, LOCK_OPTIONS, ARCHIVE_OPTIONS(struct package_values, settings), {0}};
static const struct option from_deb_options[] = {
	VALUE(name, OPTION_TEXT, "name", 'n', "NAME", "name of the package (default: Debian's)"),
	VALUE(title, OPTION_TEXT, "title", 't', "TITLE", "its title"),
	VALUE(author, OPTION_TEXT, "author", 'a', "AUTHOR", "who makes it"),
	FORMAT_OPTION,
	ARCHIVE_OPTIONS(struct package_values, settings),
	{0},
};

/* Each column as wide as Capstan has it, or wider; nothing but the text in the last one that has some. */
void package_print_row(const char *const columns[5])
{
	static const size_t widths[] = {50, 50, 15, 20, 15};
	size_t blanks = 0;

	for (size_t i = 0; i < ARRAY_SIZE(widths); i++) {
		char *text = text_printable(columns[i], "");
		size_t length = strlen(text);

		if (length > 0) {
			printf("%*s%s", (int)blanks, "", text);
			blanks = 0;
		}
		free(text);
		blanks += (length < widths[i] ? widths[i] - length : 0) + 1;
	}
	putchar('\n');
}

void package_print_table(const struct package_list *list, const char *substring)
{
	package_print_row((const char *const[]){"Name", "Description", "Version", "Created", "Platform"});
	for (size_t i = 0; i < list->count; i++) {
		const struct package_manifest *manifest = &list->entries[i].manifest;
		char *created;

		if (substring && !strstr(manifest->name, substring))
			continue;
		created = package_created_text(manifest->created);
		package_print_row((const char *const[]){manifest->name, manifest->title, manifest->version, created, manifest->platform});
		free(created);
	}
}

static void print_json(const struct package_list *list, const char *substring)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->count; i++) {
		const struct package_entry *entry = &list->entries[i];
		const struct package_manifest *manifest = &entry->manifest;
		json_t *require;

		if (substring && !strstr(manifest->name, substring))
			continue;
		require = json_array();
		for (size_t k = 0; k < manifest->require.count; k++)
			json_array_append_new(require, json_string(manifest->require.items[k]));
		json_array_append_new(array, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:o}", "name", manifest->name,
						   "title", manifest->title, "author", manifest->author, "version", manifest->version,
						   "created", manifest->created, "platform", manifest->platform, "sha256", manifest->sha256,
						   "size", (json_int_t)manifest->size, "path", entry->path, "require", require));
	}
	json_dumpf(array, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(array);
}

void package_print_list(const struct package_list *list, const char *substring)
{
	if (package_values.json)
		print_json(list, substring);
	else
		package_print_table(list, substring);
}

static int list_verb(struct invocation *invocation)
{
	struct package_source *store;
	struct package_list list = {0};
	struct dory_config config;
	struct dory_error err;
	int result;

	if (invocation->words.operands.count > 0)
		return verb_misuse(invocation, "'%s' is one word too many", invocation->words.operands.words[0]);
	if (config_load(&config, &err) < 0)
		return verb_fail(invocation, &err);
	store = package_store_source(config.root);
	config_release(&config);
	result = store->list(store, &list, &err);
	if (result == 0)
		package_print_list(&list, NULL);
	package_list_release(&list);
	package_source_free(store);
	return result < 0 ? verb_fail(invocation, &err) : 0;
}

static int check_init(const struct invocation *invocation)
{
	const struct {
		const char *value, *text;
	} needed[] = {{package_values.name, "You must provide the name of the package (--name or -n)"},
		{package_values.title, "You must provide the title of the package (--title or -t)"},
		{package_values.author, "You must provide the author of the package (--author or -a)"}};

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (!needed[i].value || !*needed[i].value)
			return verb_misuse(invocation, "%s", needed[i].text);
	if (invocation->words.operands.count > 1)
		return verb_misuse(invocation, "'%s' is one word too many", invocation->words.operands.words[1]);
	return 0;
}

static int fill_manifest(struct package_manifest *manifest, struct dory_error *err)
{
	if (package_name_check(package_values.name, err) < 0 ||
		package_version_check(package_values.version ? package_values.version : "", err) < 0)
		return -1;
	for (size_t i = 0; i < package_values.requires.count; i++) {
		struct requirement requirement;

		if (requirement_parse(package_values.requires.words[i], &requirement, err) < 0)
			return err->kind = DORY_ERROR_USAGE, -1;
		requirement_release(&requirement);
		text_list_add(&manifest->require, package_values.requires.words[i]);
	}
	if (package_values.runtime && !runtime_find(package_values.runtime))
		return runtime_explain_unknown(package_values.runtime, err);
	manifest->name = text_copy(package_values.name);
	manifest->title = text_copy(package_values.title);
	manifest->author = text_copy(package_values.author);
	manifest->version = text_copy(package_values.version ? package_values.version : "");
	manifest->platform = text_copy(package_values.platform ? package_values.platform : "");
	manifest->created = package_created_now();
	manifest->architecture = text_copy("");
	manifest->sha256 = text_copy("");
	return 0;
}

static int write_manifest(const char *directory, const struct package_manifest *manifest, struct dory_error *err)
{
	char *path = text_format("%s/package.yaml", directory), *text = package_manifest_print(manifest);
	int result = file_make_directories(directory, err);

	if (result == 0)
		result = file_replace(path, text, strlen(text), err);
	free(path);
	free(text);
	return result;
}

static int init_verb(struct invocation *invocation)
{
	const struct word_list *operands = &invocation->words.operands;
	const char *project = operands->count ? operands->words[0] : ".";
	struct package_manifest manifest = {0};
	struct dory_error err;
	int result = check_init(invocation);
	char *meta, *here;

	if (result)
		return result;
	here = *project == '/' ? text_copy("") : getcwd(NULL, 0);
	meta = text_format("%s%s%s%s/meta", here ? here : "", *project == '/' || strcmp(project, ".") == 0 ? "" : "/",
		strcmp(project, ".") == 0 ? "" : project, "");
	result = fill_manifest(&manifest, &err);
	if (result == 0) {
		printf("Initializing package in %s\n", meta);
		result = write_manifest(meta, &manifest, &err);
	}
	if (result == 0 && package_values.runtime)
		result = runtime_write_stub(project, package_values.runtime, false, true, &err);
	package_manifest_release(&manifest);
	free(meta);
	free(here);
	return result < 0 ? verb_fail(invocation, &err) : 0;
}

static int rm_verb(struct invocation *invocation)
{
	const struct word_list *names = &invocation->words.operands;
	struct dory_config config;
	struct dory_error err;
	int status = 0;

	if (names->count == 0)
		return verb_misuse(invocation, "say which package to remove");
	if (config_load(&config, &err) < 0)
		return verb_fail(invocation, &err);
	for (size_t i = 0; i < names->count; i++)
		if (package_store_remove(config.root, names->words[i], &err) < 0)
			status = verb_fail(invocation, &err);
	config_release(&config);
	return status;
}

/* Without a function: what reads or writes archives is in dory-compose (package_verbs.c). */
#define VERB(word, ...) FAMILY_VERB(package, word, __VA_ARGS__)

VERB(init, "[PATH]", "Start a package: write meta/package.yaml", init_options, init_verb, NULL);
VERB(build, "", "Pack the project in this directory into NAME.mpm", build_options, NULL, NULL);
VERB(compose, "IMAGE", "Compose an image from the project in this directory and all it requires", compose_options, NULL,
	"A package's files win over those of the packages that it requires, the project's own over all.\n"
	"`dory run IMAGE` runs the configurations that --boot names, else config_set_default of meta/run.yaml.");
VERB(collect, "", "Lay out in ./mpm-pkg what would go into the image", collect_options, NULL, NULL);
VERB(list, "", "List the packages in the local repository", json_options, list_verb, NULL);
VERB(import, "[PATH]", "Put the project, or the archive at PATH, into the local repository", build_options, NULL, NULL);
VERB(search, "[SUBSTRING]", "List packages of the repositories, or else of this machine's, whose name has SUBSTRING",
	search_options, NULL, NULL);
VERB(pull, "NAME[=VERSION]", "Fetch a package from a repository into the local one", pull_options, NULL, NULL);
VERB(push, "NAME[=VERSION]", "Publish a package of the local repository in another one", push_options, NULL,
	"The repository has our layout, and its server takes files by PUT. What was published once is never replaced.");
VERB(describe, "NAME[=VERSION]", "Print what a package is, and how it runs", describe_options, NULL, NULL);
VERB(update, "[SUBSTRING]", "Fetch newer versions of the packages in the local repository", update_options, NULL, NULL);
VERB(verify, "[NAME[=VERSION]]", "Check that packages are what was put into the local repository: their digests hold",
	no_options, NULL, NULL);
VERB(doc, "NAME[=VERSION]", "Print what a package's configurations take, from its meta/doc.yaml", no_options, NULL, NULL);
VERB(rm, "NAME[=VERSION]...", "Remove packages from the local repository", no_options, rm_verb, NULL);
VERB(export, "NAME[=VERSION] [PATH]", "Copy a package out of the local repository", build_options, NULL,
	"PATH is the archive to write, NAME.mpm by default. A directory: the package's tree goes there.");
VERB(tree, "[NAME[=VERSION]]", "Print what the project, or a package, requires, as a tree", tree_options, NULL, NULL);
VERB(why, "NAME", "Print what requires a package, or deb:NAME, from the project on", tree_options, NULL, NULL);

const struct verb verb_package_from_deb = {.name = "package from-deb",
	.operands = "DEBIAN-PACKAGE...",
	.summary = "Make a package of Debian packages and all they need",
	.options = from_deb_options,
	.misuse_status = EXIT_MISUSED,
	.failure_status = EXIT_FAILED,
	.values = &package_values};

static const struct verb *const family[] = {&verb_package_init, &verb_package_build, &verb_package_compose, &verb_package_collect,
	&verb_package_list, &verb_package_import, &verb_package_search, &verb_package_pull, &verb_package_push, &verb_package_describe,
	&verb_package_update, &verb_package_verify, &verb_package_doc, &verb_package_rm, &verb_package_export,
	&verb_package_tree, &verb_package_why,
	&verb_package_from_deb, NULL};

const struct verb verb_package = {
	.name = "package",
	.operands = "VERB",
	.summary = "Make packages, and compose images from them",
	.options = no_options,
	.actions = family,
	.misuse_status = EXIT_MISUSED,
	.failure_status = EXIT_FAILED,
};
