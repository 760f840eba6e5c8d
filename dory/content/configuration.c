/* SPDX-License-Identifier: BSD-3-Clause */
/* The run configuration read out of an image, with the guest's own parser. */
#include "dory/content/configuration.h"
#include <stdlib.h>
#include "abi/run_config.h"
#include "dory/base/text.h"
#include "lib/run_config.h"

static void add_word(struct content_configuration *to, const char *text, bool is_separator)
{
	struct content_word *word = array_push(&to->words, &to->word_count, sizeof(*word));

	*word = (struct content_word){.text = text_copy(text), .is_separator = is_separator};
}

static void take(const struct run_config *from, struct content_configuration *to)
{
	size_t separator = 0;

	for (size_t i = 0; i <= from->arguments.count; i++) {
		for (; separator < from->separators.count && from->separator_at[separator] == i; separator++)
			add_word(to, from->separators.items[separator], true);
		if (i < from->arguments.count)
			add_word(to, from->arguments.items[i], false);
	}
	for (size_t i = 0; i < from->environment.count; i++)
		*(char **)array_push(&to->environment, &to->environment_count, sizeof(char *)) = text_copy(from->environment.items[i]);
	to->directory = text_copy(from->cwd);
	to->host_name = text_copy(from->host);
	to->user = text_copy(from->user);
}

/* The parser never frees: its memory lives in this list until the configuration is copied. */
static _Thread_local void **allocations;
static _Thread_local size_t allocation_count;

static void *allocate(size_t size)
{
	void *memory = malloc(size ? size : 1);

	*(void **)array_push(&allocations, &allocation_count, sizeof(void *)) = memory;
	return memory;
}

int content_read_configuration(
	const struct content *content, struct content_configuration *configuration, struct dory_error *err)
{
	struct run_config parsed = {.allocate = allocate};
	const char *why;
	size_t length;
	char *text;

	*configuration = (struct content_configuration){0};
	if (content_read(content, RUN_CONFIG_PATH, RUN_CONFIG_MAX, &text, &length, err) < 0)
		return err->kind == DORY_ERROR_NOT_FOUND ? 0 : -1;
	why = run_config_read(&parsed, text, length, false);
	if (!why)
		take(&parsed, configuration);
	for (size_t i = 0; i < allocation_count; i++)
		free(allocations[i]);
	free(allocations);
	allocations = NULL;
	allocation_count = 0;
	free(text);
	return why ? error_set(err, DORY_ERROR_FORMAT, "the image's run configuration is damaged: %s", why) : 0;
}

void content_configuration_release(struct content_configuration *configuration)
{
	for (size_t i = 0; i < configuration->word_count; i++)
		free(configuration->words[i].text);
	for (size_t i = 0; i < configuration->environment_count; i++)
		free(configuration->environment[i]);
	free(configuration->words);
	free(configuration->environment);
	free(configuration->directory);
	free(configuration->host_name);
	free(configuration->user);
	*configuration = (struct content_configuration){0};
}
