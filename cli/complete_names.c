/* SPDX-License-Identifier: BSD-3-Clause */
/* Names to complete: images, instances, networks, packages. What cannot be read has none: who types is not to see errors. */
#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/complete.h"
#include "dory/base/text.h"
#include "dory/volumes.h"

void complete_offer(const char *prefix, const char *candidate, const char *help)
{
	if (strncmp(candidate, prefix, strlen(prefix)) == 0)
		printf(help ? "%s\t%s\n" : "%s\n", candidate, help);
}

static void offer_images(const struct dory_config *config, const char *before, const char *prefix)
{
	struct dory_error ignored;
	struct image *images;
	size_t count;

	if (image_list(config->root, &images, &count, &ignored) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		char *word = text_format("%s%s", before, images[i].name);

		complete_offer(prefix, word, "image");
		free(word);
		image_release(&images[i]);
	}
	free(images);
}

static void offer_networks(const struct dory_config *config, const char *before, const char *prefix)
{
	struct dory_error ignored;
	struct network *networks;
	size_t count;

	if (network_list(config->root, &networks, &count, &ignored) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		char *word = text_format("%s%s", before, networks[i].name);

		complete_offer(prefix, word, "network");
		free(word);
	}
	network_list_free(networks, count);
}

/* Their names are all that is wanted of the list: what reads it whole knows every layout, with libraries to load. */
static void offer_repositories(const struct dory_config *config, const char *before, const char *prefix)
{
	char *path = text_format("%s/repositories.json", config->root);
	json_t *list = json_load_file(path, 0, NULL), *item;
	size_t i;

	json_array_foreach(list, i, item) {
		const char *name = json_string_value(json_object_get(item, "name"));
		char *word = text_format("%s%s", before, name ? name : "");

		if (name)
			complete_offer(prefix, word, "repository");
		free(word);
	}
	json_decref(list);
	free(path);
}

/* An instance is a folder of its name. */
static void offer_instances(const struct dory_config *config, const char *before, const char *prefix)
{
	char *path = text_format("%s/instances", config->root);
	DIR *stream = opendir(path);
	const struct dirent *entry;

	while (stream && (entry = readdir(stream))) {
		char *word = text_format("%s%s", before, entry->d_name);

		if (entry->d_name[0] != '.')
			complete_offer(prefix, word, "instance");
		free(word);
	}
	if (stream)
		closedir(stream);
	free(path);
}

/* A package is there when its manifest is; of several versions one has the bare name. */
static void offer_own_packages(const struct dory_config *config, const char *before, const char *prefix)
{
	char *path = text_format("%s/packages", config->root);
	DIR *stream = opendir(path);
	const struct dirent *entry;

	while (stream && (entry = readdir(stream))) {
		size_t length = strlen(entry->d_name);
		char *word;

		if (entry->d_name[0] == '.' || length < 6 || strcmp(entry->d_name + length - 5, ".yaml") != 0 || strchr(entry->d_name, '@'))
			continue;
		word = text_format("%s%.*s", before, (int)(length - 5), entry->d_name);
		complete_offer(prefix, word, "package");
		free(word);
	}
	if (stream)
		closedir(stream);
	free(path);
}

struct package_words {
	const char *before, *prefix;
};

static void offer_package(void *context, const char *name)
{
	const struct package_words *words = context;
	char *word = text_format("%s%s", words->before, name);

	complete_offer(words->prefix, word, NULL);
	free(word);
}

/* The indices take the composing half to read. */
static void offer_packages(
	const struct dory_config *config, const struct invocation *invocation, const char *before, const char *prefix)
{
	struct package_words words = {.before = before, .prefix = prefix};
	const char *name = strncmp(prefix, before, strlen(before)) == 0 ? prefix + strlen(before) : prefix;
	struct dory_error ignored;

	fflush(stdout); /* the other program begins anew */
	if (composer_need(invocation, &ignored) == 0 &&
		invocation->composer->package_names(config, name, offer_package, &words, &ignored) < 0)
		return;
}

static void offer_volume(void *context, const char *name, const char *format, uint64_t bytes)
{
	offer_package(context, name);
}

static void offer_volumes(const char *before, const char *prefix)
{
	struct package_words words = {.before = before, .prefix = prefix};
	struct dory_error ignored;

	if (dory_volume_list(".", offer_volume, &words, &ignored) < 0)
		return;
}

void complete_names(enum complete_kind kind, const struct invocation *invocation, const char *before, const char *prefix)
{
	struct dory_config config;
	struct dory_error ignored;

	if (config_load(&config, &ignored) < 0)
		return;
	if (kind == COMPLETE_IMAGE || kind == COMPLETE_TARGET)
		offer_images(&config, before, prefix);
	if (kind == COMPLETE_REPOSITORY)
		offer_repositories(&config, before, prefix);
	if (kind == COMPLETE_INSTANCE)
		offer_instances(&config, before, prefix);
	if (kind == COMPLETE_NETWORK)
		offer_networks(&config, before, prefix);
	if (kind == COMPLETE_VOLUME)
		offer_volumes(before, prefix);
	if (kind == COMPLETE_OWN_PACKAGE)
		offer_own_packages(&config, before, prefix);
	if (kind == COMPLETE_PACKAGE)
		offer_packages(&config, invocation, before, prefix);
	config_release(&config);
}
