/* SPDX-License-Identifier: BSD-3-Clause */
/* dory config */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/command.h"

static struct config_values {
	struct settings_options settings;
	bool json;
} values;

static const struct option options[] = {
	OPTION(struct config_values, json, OPTION_FLAG, "json", 0, NULL, "as JSON"),
	ARCHIVE_OPTIONS(struct config_values, settings),
	{0},
};

static json_t *text_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

static void print_json(const struct dory_config *config)
{
	json_t *sources = json_array();
	json_t *object;

	for (size_t i = 0; i < config->source_count; i++) {
		const struct debian_source *source = &config->sources[i];

		json_array_append_new(
			sources, json_pack("{s:s, s:s, s:s, s:o}", "uri", source->uri, "suite", source->suite,
					 "components", source->components, "keyring", text_or_null(source->keyring)));
	}
	object = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:b}", "root", config->root, "architecture",
		text_or_null(config->architecture), "keyring", text_or_null(config->keyring), "sources", sources,
		"qemu", text_or_null(config->qemu), "accelerator", text_or_null(config->accelerator), "machine",
		text_or_null(config->machine), "memory", text_or_null(config->memory), "cpus", (json_int_t)config->cpus,
		"with_documentation", config->with_documentation);
	json_dumpf(object, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(object);
}

static int config_verb(struct invocation *invocation)
{
	const struct word_list *operands = &invocation->words.operands;
	struct dory_config config;
	struct dory_error err;

	if (operands->count != 1 || strcmp(operands->words[0], "print") != 0)
		return verb_misuse(invocation, "say what to do with the settings: print");
	if (settings_load(&config, &values.settings, &err) < 0)
		return verb_fail(invocation, &err);
	if (values.json) {
		print_json(&config);
	} else if (is_capstan(invocation)) {
		capstan_print_config(&config);
	} else {
		char *text = config_print(&config);

		fputs(text, stdout);
		free(text);
	}
	config_release(&config);
	return 0;
}

const struct verb verb_config = {
	.name = "config",
	.operands = "print",
	.summary = "Print the settings in force",
	.details = "They come from built-in defaults, $DORY_ROOT/config.yaml, the environment (DORY_ROOT, DORY_QEMU, "
		   "...)\n"
		   "and options, the later wins. The output is a config.yaml.",
	.options = options,
	.misuse_status = EXIT_MISUSED,
	.failure_status = EXIT_FAILED,
	.run = config_verb,
	.values = &values,
};
