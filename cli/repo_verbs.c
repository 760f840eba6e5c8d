/* SPDX-License-Identifier: BSD-3-Clause */
/* dory repo, in dory-compose. */
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include "cli/repo.h"
#include "dory/base/progress.h"
#include "dory/base/text.h"
#include "dory/hub/index.h"
#include "dory/hub/key.h"
#include "dory/hub/layout.h"

typedef int work_fn(const struct word_list *words, const struct dory_config *config, struct dory_error *err);

static int run(struct invocation *invocation, size_t least, size_t most, const char *missing, work_fn *work)
{
	const struct word_list *words = &invocation->words.operands;
	struct dory_config config;
	struct dory_error err;
	int result;

	if (words->count < least)
		return verb_misuse(invocation, "%s", missing);
	if (words->count > most)
		return verb_misuse(invocation, "'%s' is one word too many", words->words[most]);
	if (config_load(&config, &err) < 0)
		return verb_fail(invocation, &err);
	config.quiet = config.quiet || repo_values.quiet;
	result = work(words, &config, &err);
	config_release(&config);
	return result < 0 ? verb_fail(invocation, &err) : 0;
}

/* ---- add ---- */

static int choose_layout(struct hub *hub, struct dory_error *err)
{
	const char *name = repo_values.layout ? repo_values.layout : hub_layout_dory.name;

	hub->layout = hub_layout_find(name);
	if (!hub->layout)
		return error_set(err, DORY_ERROR_USAGE, "there is no layout '%s': write dory, capstan or github", name);
	if (repo_values.key && !hub->layout->is_signed)
		return error_set(err, DORY_ERROR_USAGE,
			"repositories of the layout %s are not signed: --key means nothing there", name);
	return 0;
}

/* The key that was given, or the one that the repository offers at the first meeting. */
static int choose_key(const struct dory_config *config, struct hub *hub, struct dory_error *err)
{
	char key[HUB_KEY_TEXT_SIZE];

	if (repo_values.key) {
		if (hub_key_parse(repo_values.key, key, err) < 0)
			return -1;
		hub->key = text_copy(key);
		return 0;
	}
	if (!hub->layout->is_signed || repo_values.insecure)
		return 0;
	if (hub_offered_key(config, hub->url, &hub->key, err) < 0)
		return -1;
	if (hub->key)
		progress_note("%s is signed with the key ed25519:%s, which is kept from now on", hub->name, hub->key);
	else
		progress_warning("%s is not signed: whoever can change what comes from %s can change its packages",
			hub->name, hub->url);
	return 0;
}

static int add(const struct word_list *words, const struct dory_config *config, struct dory_error *err)
{
	struct hub hub = {.name = text_copy(words->words[0]), .url = text_copy(words->words[1])};
	struct hub_list known = {0};
	int result = hub_check(hub.name, hub.url, err);

	for (size_t length = strlen(hub.url); result == 0 && length > 0 && hub.url[length - 1] == '/'; length--)
		hub.url[length - 1] = '\0';
	if (result == 0)
		result = choose_layout(&hub, err);
	if (result == 0)
		result = hub_list_read(config->root, &known, err);
	if (result == 0 && hub_list_find(&known, hub.name))
		result = hub_add(config->root, &hub, err); /* says that it is there */
	else if (result == 0 && (choose_key(config, &hub, err) < 0 || hub_refresh(config, &hub, err) < 0 ||
					hub_add(config->root, &hub, err) < 0))
		result = -1;
	hub_list_release(&known);
	hub_release(&hub);
	return result;
}

int repo_add(struct invocation *invocation)
{
	return run(invocation, 2, 2, "say how the repository is to be called, and its URL", add);
}

/* ---- ls ---- */

static void refreshed_at(const char *root, const char *name, char text[32])
{
	char *path = hub_index_path(root, name);
	struct tm tm;
	struct stat st;

	strcpy(text, "never");
	if (stat(path, &st) == 0 && gmtime_r(&st.st_mtime, &tm))
		strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
	free(path);
}

static void print_json(const struct dory_config *config, const struct hub_list *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->count; i++) {
		const struct hub *hub = &list->hubs[i];
		char updated[32];

		refreshed_at(config->root, hub->name, updated);
		json_array_append_new(array, json_pack("{s:s, s:s, s:s, s:s?, s:s}", "name", hub->name, "url", hub->url,
						     "layout", hub->layout->name, "key", hub->key, "updated", updated));
	}
	json_dumpf(array, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(array);
}

static int ls(const struct word_list *words, const struct dory_config *config, struct dory_error *err)
{
	struct hub_list list;

	if (hub_list_read(config->root, &list, err) < 0)
		return -1;
	if (repo_values.json) {
		print_json(config, &list);
	} else {
		printf("%-20s  %-8s  %-6s  %-20s  %s\n", "NAME", "LAYOUT", "SIGNED", "UPDATED", "URL");
		for (size_t i = 0; i < list.count; i++) {
			const struct hub *hub = &list.hubs[i];
			char updated[32];

			refreshed_at(config->root, hub->name, updated);
			printf("%-20s  %-8s  %-6s  %-20s  %s\n", hub->name, hub->layout->name, hub->key ? "yes" : "no",
				updated, hub->url);
		}
	}
	hub_list_release(&list);
	return 0;
}

int repo_ls(struct invocation *invocation)
{
	return run(invocation, 0, 0, NULL, ls);
}

/* ---- rm, update ---- */

static int rm(const struct word_list *words, const struct dory_config *config, struct dory_error *err)
{
	for (size_t i = 0; i < words->count; i++)
		if (hub_remove(config->root, words->words[i], err) < 0)
			return -1;
	return 0;
}

int repo_rm(struct invocation *invocation)
{
	return run(invocation, 1, SIZE_MAX, "say which repository", rm);
}

static int update_named(const struct word_list *words, const struct dory_config *config, const struct hub_list *list,
	struct dory_error *err)
{
	for (size_t i = 0; i < words->count; i++) {
		const struct hub *hub = hub_list_find(list, words->words[i]);

		if (!hub) {
			error_set(err, DORY_ERROR_NOT_FOUND, "there is no repository '%s'", words->words[i]);
			return error_hint(err, "`dory repo ls` lists them.");
		}
		if (hub_refresh(config, hub, err) < 0)
			return -1;
	}
	return 0;
}

/* Each is tried. */
static int update_all(const struct dory_config *config, const struct hub_list *list, struct dory_error *err)
{
	size_t failures = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (hub_refresh(config, &list->hubs[i], err) == 0)
			continue;
		progress_warning("%s", err->message);
		failures++;
	}
	return failures ? error_set(err, DORY_ERROR_NETWORK, "%zu of %zu repositories did not say what they have",
				  failures, list->count)
			: 0;
}

static int update(const struct word_list *words, const struct dory_config *config, struct dory_error *err)
{
	struct hub_list list;
	int result;

	if (hub_list_read(config->root, &list, err) < 0)
		return -1;
	result = words->count > 0 ? update_named(words, config, &list, err) : update_all(config, &list, err);
	hub_list_release(&list);
	return result;
}

int repo_update(struct invocation *invocation)
{
	return run(invocation, 0, SIZE_MAX, NULL, update);
}

/* ---- index, sign ---- */

static int make_index(const struct word_list *words, const struct dory_config *config, struct dory_error *err)
{
	size_t count;

	if (hub_index_directory(words->words[0], &count, err) < 0)
		return -1;
	if (count == 0)
		progress_warning("%s has no packages", words->words[0]);
	printf("%s/" HUB_INDEX_NAME ": %zu package%s\n", words->words[0], count, count == 1 ? "" : "s");
	return 0;
}

int repo_index(struct invocation *invocation)
{
	return run(invocation, 1, 1, "say which directory", make_index);
}

static int sign(const struct word_list *words, const struct dory_config *config, struct dory_error *err)
{
	const char *path = repo_values.new_key ? repo_values.new_key : repo_values.key;
	char key[HUB_KEY_TEXT_SIZE];

	if (!path || (repo_values.new_key && repo_values.key)) {
		error_set(err, DORY_ERROR_USAGE, "say with which key");
		return error_hint(err, "--key FILE, or --new-key FILE to make one.");
	}
	if (repo_values.new_key && hub_key_generate(path, key, err) < 0)
		return -1;
	return hub_index_sign(words->words[0], path, err);
}

static int sign_and_tell(const struct word_list *words, const struct dory_config *config, struct dory_error *err)
{
	char *path = text_format("%s/" HUB_KEY_NAME, words->words[0]), line[HUB_KEY_TEXT_SIZE + 16];
	int result = sign(words, config, err);
	FILE *file = result == 0 ? fopen(path, "re") : NULL;

	if (file && fgets(line, sizeof(line), file))
		fputs(line, stdout);
	if (file)
		fclose(file);
	free(path);
	return result;
}

int repo_sign(struct invocation *invocation)
{
	return run(invocation, 1, 1, "say which directory", sign_and_tell);
}
