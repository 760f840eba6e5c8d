/* SPDX-License-Identifier: BSD-3-Clause */
/* dory package describe and doc. */
#include "cli/package_describe.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"
#include "dory/manifest/doc_manifest.h"
#include "dory/package/archive.h"
#include "dory/runtime/boot.h"

static const char line[] = "-----------------------------------------";

/* A line of what a package says of itself: it may be anybody's. */
static void print_words(const char *format, ...) printf_like(1, 2);
static void print_words(const char *format, ...)
{
	va_list args;
	char *text, *shown;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		abort();
	va_end(args);
	shown = text_printable(text, "\n\t");
	fputs(shown, stdout);
	free(shown);
	free(text);
}

static void print_metadata(const struct package_manifest *manifest)
{
	puts("PACKAGE METADATA");
	print_words("name: %s\ntitle: %s\nauthor: %s\n", manifest->name, manifest->title, manifest->author);
	if (*manifest->version)
		print_words("version: %s\n", manifest->version);
	if (manifest->require.count > 0)
		puts("required packages:");
	for (size_t i = 0; i < manifest->require.count; i++)
		print_words("   * %s\n", manifest->require.items[i]);
}

/* Run configurations of the packages that were looked for, until the end. */
struct lookup {
	const struct package_list *list;
	struct found_run {
		char *package;
		struct run_manifest run;
	} **found;
	size_t count;
};

static int parse_run(const char *package, const char *text, struct run_manifest *run, struct dory_error *err)
{
	char *name = text_format("%s: meta/run.yaml", package);
	int result = run_manifest_parse(name, text, strlen(text), true, run, err);

	free(name);
	return result;
}

static const struct run_manifest *find_run(void *context, const char *package)
{
	struct lookup *lookup = context;
	const struct package_entry *entry = package_list_find(lookup->list, package, NULL);
	struct found_run *found;
	struct archive_meta meta;
	struct dory_error ignored;

	for (size_t i = 0; i < lookup->count; i++)
		if (strcmp(lookup->found[i]->package, package) == 0)
			return &lookup->found[i]->run;
	if (!entry || archive_read_meta(entry->path, &meta, &ignored) < 0)
		return NULL;
	found = calloc(1, sizeof(*found));
	if (!found)
		abort();
	found->package = text_copy(package);
	if (!meta.run || parse_run(package, meta.run, &found->run, &ignored) < 0)
		found->run = (struct run_manifest){0};
	archive_meta_release(&meta);
	*(struct found_run **)array_push(&lookup->found, &lookup->count, sizeof(*lookup->found)) = found;
	return found->run.runtime ? &found->run : NULL;
}

static void lookup_release(struct lookup *lookup)
{
	for (size_t i = 0; i < lookup->count; i++) {
		free(lookup->found[i]->package);
		run_manifest_release(&lookup->found[i]->run);
		free(lookup->found[i]);
	}
	free(lookup->found);
}

/* A base that is not here is told in the set's place: the others can be shown. */
static void print_set(const struct run_manifest *run, const struct run_set *set, const struct boot_packages *packages)
{
	struct dory_error err;
	struct boot_set boot;

	if (boot_set_make(run, set, packages, &boot, &err) < 0) {
		print_words("%-25s | (%s)\n", set->name, err.message);
		return;
	}
	print_words("%-25s | %s\n", set->name, boot.command);
	boot_set_release(&boot);
}

static void print_execution(const struct package_list *list, const struct run_manifest *run)
{
	struct lookup lookup = {.list = list};
	const struct boot_packages packages = {.find = find_run, .context = &lookup};

	puts("\nPACKAGE EXECUTION");
	if (!run->runtime) {
		puts("No package execution information was found.");
		return;
	}
	print_words("runtime: %s\ndefault configuration: %s\n%s\n%-25s | %s\n%s\n", run->runtime->name,
		*run->default_sets || run->count > 1 ? run->default_sets : run->sets[0].name, line, "CONFIGURATION NAME", "BOOT COMMAND", line);
	for (size_t i = 0; i < run->count; i++)
		print_set(run, &run->sets[i], &packages);
	puts(line);
	lookup_release(&lookup);
}

static void print_line(void *context, const char *text)
{
	char *shown = text_printable(text, "");

	puts(shown);
	free(shown);
}

int package_describe(const struct package_list *list, const struct package_entry *entry, bool with_content,
	struct dory_error *err)
{
	struct run_manifest run = {0};
	struct archive_meta meta;
	int result = 0;

	if (archive_read_meta(entry->path, &meta, err) < 0)
		return -1;
	if (meta.run)
		result = parse_run(entry->manifest.name, meta.run, &run, err);
	if (result == 0) {
		print_metadata(&entry->manifest);
		print_execution(list, &run);
		puts("\nPACKAGE DOCUMENTATION");
		print_words("%s%s", meta.readme ? meta.readme : "No package documentation was found.\n",
			meta.readme && *meta.readme && meta.readme[strlen(meta.readme) - 1] != '\n' ? "\n" : "");
	}
	if (result == 0 && with_content) {
		puts("\nPACKAGE CONTENT");
		result = archive_list(entry->path, print_line, NULL, err);
	}
	run_manifest_release(&run);
	archive_meta_release(&meta);
	return result;
}

static void print_parameter(const struct doc_parameter *parameter)
{
	print_words("   %-20s %s%s%s%s%s\n", parameter->name, parameter->purpose ? parameter->purpose : "",
		parameter->is_required ? " (must be given)" : "", parameter->default_value ? " (default: " : "",
		parameter->default_value ? parameter->default_value : "", parameter->default_value ? ")" : "");
}

static void print_doc(const struct doc_manifest *doc)
{
	if (doc->purpose)
		print_words("%s\n", doc->purpose);
	for (size_t i = 0; i < doc->count; i++) {
		print_words("\n%s: %s\n", doc->sets[i].name, doc->sets[i].purpose ? doc->sets[i].purpose : "");
		for (size_t k = 0; k < doc->sets[i].count; k++)
			print_parameter(&doc->sets[i].parameters[k]);
	}
	if (doc->limits.count > 0)
		puts("\nLimits:");
	for (size_t i = 0; i < doc->limits.count; i++)
		print_words("   * %s\n", doc->limits.items[i]);
}

int package_print_doc(const struct package_entry *entry, struct dory_error *err)
{
	struct doc_manifest doc;
	struct archive_meta meta;
	char *name;
	int result = 0;

	if (archive_read_meta(entry->path, &meta, err) < 0)
		return -1;
	if (!meta.doc) {
		error_set(err, DORY_ERROR_NOT_FOUND, "the package %s has no meta/doc.yaml", entry->manifest.name);
		result = error_hint(err, "`dory package describe %s` prints its README.", entry->manifest.name);
	} else {
		name = text_format("%s: meta/doc.yaml", entry->manifest.name);
		result = doc_manifest_parse(name, meta.doc, strlen(meta.doc), true, &doc, err);
		free(name);
	}
	if (result == 0) {
		print_doc(&doc);
		doc_manifest_release(&doc);
	}
	archive_meta_release(&meta);
	return result;
}
