/* SPDX-License-Identifier: BSD-3-Clause */
/* dory image: its actions, and those that need no large library. */
#include "cli/image.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "dory/base/text.h"
#include "dory/image/contents.h"
#include "dory/image_tools.h"

struct image_values image_values;

#define IMAGE_OPTION(member, kind, name, letter, argument, help)                                                                  \
	OPTION(struct image_values, member, kind, name, letter, argument, help)
#define JSON_OPTION IMAGE_OPTION(json, OPTION_FLAG, "json", 0, NULL, "as JSON")

static const struct option no_options[] = {{0}};
static const struct option json_options[] = {JSON_OPTION, {0}};
static const struct option tree_options[] = {JSON_OPTION,
	IMAGE_OPTION(depth, OPTION_NUMBER, "depth", 'd', "N", "how many levels down (default: all)"),
	IMAGE_OPTION(origin, OPTION_FLAG, "origin", 0, NULL, "say where each file came from"), {0}};
static const struct option export_options[] = {
	IMAGE_OPTION(format, OPTION_TEXT, "format", 0, "raw|qcow2|vmdk|vdi|vhd|vhdx|tar", "the format (default: by the file's ending)"), {0}};
static const struct option import_options[] = {
	IMAGE_OPTION(command, OPTION_TEXT, "execute", 'e', "COMMAND", "archives: the command line that `dory run IMAGE` runs"),
	IMAGE_OPTION(environment, OPTION_LIST, "env", 0, "NAME=VALUE", "archives: set an environment variable (repeatable)"), {0}};
static const struct option prune_options[] = {
	IMAGE_OPTION(all, OPTION_FLAG, "all", 'a', NULL, "also downloaded packages, which need the network again"),
	IMAGE_OPTION(dry_run, OPTION_FLAG, "dry-run", 0, NULL, "only say what would be removed"), {0}};
static const struct option sbom_options[] = {
	IMAGE_OPTION(output, OPTION_TEXT, "output", 'o', "FILE", "where to write it (default: standard output)"), {0}};

const char *human_size(uint64_t bytes, char text[16])
{
	static const char units[] = "BKMGT";
	double value = (double)bytes;
	int unit = 0;

	while (value >= 1000 && units[unit + 1]) {
		value /= 1024;
		unit++;
	}
	snprintf(text, 16, unit > 0 && value < 10 ? "%.1f%c" : "%.0f%c", value, units[unit]);
	return text;
}

void print_json_value(void *json)
{
	json_dumpf(json, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(json);
}

int check_word_count(const struct invocation *invocation, size_t least, size_t most, const char *missing)
{
	const struct word_list *words = &invocation->words.operands;

	if (words->count < least)
		return verb_misuse(invocation, "%s", missing);
	if (words->count > most)
		return verb_misuse(invocation, "'%s' is one word too many", words->words[most]);
	return 0;
}

int image_of_word(const struct invocation *invocation, size_t word, struct image *image, int *status)
{
	struct dory_config config;
	struct dory_error err;
	int result;

	if (config_load(&config, &err) < 0) {
		*status = verb_fail(invocation, &err);
		return -1;
	}
	result = image_find(config.root, invocation->words.operands.words[word], image, &err);
	config_release(&config);
	if (result < 0)
		*status = verb_fail(invocation, &err);
	return result;
}

static json_t *path_text(const char *path)
{
	return json_string(path);
}

static json_t *history_json(const struct image_contents *contents)
{
	json_t *sources = json_array(), *packages = json_array(), *history = json_array();

	for (size_t i = 0; i < contents->source_count; i++) {
		const struct image_source *s = &contents->sources[i];

		json_array_append_new(sources, json_pack("{s:s, s:o, s:o}", "kind", s->kind, "path", path_text(s->path), "target", path_text(s->target)));
	}
	for (size_t i = 0; i < contents->package_count; i++) {
		const struct image_package *p = &contents->packages[i];

		json_array_append_new(packages, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I}", "kind", p->kind, "name", p->name, "version", p->version, "architecture",
						    p->architecture, "url", p->url, "sha256", p->sha256, "size", (json_int_t)p->size));
	}
	for (size_t i = 0; i < contents->history_count; i++) {
		const struct image_composition *c = &contents->history[i];

		json_array_append_new(history, json_pack("{s:s, s:s, s:s}", "created", c->created, "origin", c->origin, "version", c->version));
	}
	return json_pack("{s:o, s:o, s:o}", "history", history, "sources", sources, "packages", packages);
}

static void print_history(const struct image_contents *contents)
{
	for (size_t i = contents->history_count; i-- > 0;) {
		const struct image_composition *c = &contents->history[i];

		printf("%s  %s  (dory %s)\n", c->created, c->origin, c->version);
	}
	if (contents->source_count > 0)
		printf("\nWhat is in it now, the later over the former:\n");
	for (size_t i = 0; i < contents->source_count; i++) {
		const struct image_source *s = &contents->sources[i];
		const struct image_package *p = image_contents_package(contents, i);

		if (p)
			printf("  %-9s  %s %s  %s\n", p->kind, p->name, *p->version ? p->version : "-", *p->url ? p->url : s->path);
		else
			printf("  %-9s  %s%s%s\n", s->kind, s->path, *s->path && *s->target ? " -> " : "", s->target);
	}
}

static int history(struct invocation *invocation)
{
	int status = check_word_count(invocation, 1, 1, "say which image");
	struct image_contents contents;
	struct dory_error err;
	struct image image;

	if (status || image_of_word(invocation, 0, &image, &status) < 0)
		return status;
	if (image_contents_read(&image, &contents, &err) < 0)
		status = verb_fail(invocation, &err);
	else if (image_values.json)
		print_json_value(history_json(&contents));
	else if (contents.history_count == 0)
		printf("%s  %s\n", image.created, image.origin);
	else
		print_history(&contents);
	if (status == 0)
		image_contents_release(&contents);
	image_release(&image);
	return status;
}

static void report_pruned(void *context, const char *what, uint64_t bytes)
{
	char size[16];

	printf("%6s  %s\n", human_size(bytes, size), what);
}

static int prune(struct invocation *invocation)
{
	const struct dory_prune request = {.all = image_values.all, .dry_run = image_values.dry_run, .report = report_pruned};
	int status = check_word_count(invocation, 0, 0, "");
	struct dory_config config;
	struct dory_error err;
	uint64_t freed = 0;
	char size[16];

	if (status)
		return status;
	if (config_load(&config, &err) < 0)
		return verb_fail(invocation, &err);
	if (dory_prune(&config, &request, &freed, &err) < 0)
		status = verb_fail(invocation, &err);
	else
		printf("%6s  %s (%llu bytes)\n", human_size(freed, size), image_values.dry_run ? "would be freed" : "freed", (unsigned long long)freed);
	config_release(&config);
	return status;
}

static int list_images(struct invocation *invocation)
{
	return verb_images.run(invocation);
}

static int remove_images(struct invocation *invocation)
{
	return verb_rmi.run(invocation);
}

/* Listing takes its options where `dory images` does. */
const struct verb verb_image_ls = {.name = "image ls",
	.operands = "",
	.summary = "List the images",
	.options = images_options,
	.misuse_status = EXIT_MISUSED,
	.failure_status = EXIT_FAILED,
	.run = list_images,
	.values = &images_values};
FAMILY_VERB(image, rm, "IMAGE...", "Remove images", no_options, remove_images, NULL);
FAMILY_VERB(image, inspect, "IMAGE...", "Tell all about images: contents, configuration, digest", json_options, NULL, NULL);
FAMILY_VERB(image, tree, "IMAGE [PATH]", "List the files in an image", tree_options, NULL, NULL);
FAMILY_VERB(image, diff, "IMAGE IMAGE", "Tell what differs between two images", json_options, NULL, NULL);
FAMILY_VERB(image, history, "IMAGE", "Tell what went into an image, from where and when", json_options, history, NULL);
FAMILY_VERB(image, export, "IMAGE FILE", "Write an image's disk, or its files, to a file", export_options, NULL, NULL);
FAMILY_VERB(image, import, "IMAGE FILE", "Make an image of a disk or an archive", import_options, NULL, NULL);
FAMILY_VERB(image, prune, "", "Remove what can be made again", prune_options, prune, NULL);
FAMILY_VERB(image, sbom, "IMAGE", "Write a bill of materials (SPDX)", sbom_options, NULL, NULL);

static const struct verb *const actions[] = {&verb_image_ls, &verb_image_inspect, &verb_image_tree, &verb_image_diff, &verb_image_history,
	&verb_image_export, &verb_image_import, &verb_image_sbom, &verb_image_prune, &verb_image_rm, NULL};

const struct verb verb_image = {.name = "image",
	.operands = "",
	.summary = "Look into images, compare, export, import and prune them",
	.options = no_options,
	.misuse_status = EXIT_MISUSED,
	.failure_status = EXIT_FAILED,
	.actions = actions};
