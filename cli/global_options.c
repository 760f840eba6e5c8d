/* SPDX-License-Identifier: BSD-3-Clause */
/* Options before the verb: Capstan's, which say where packages come from. */
#include <string.h>
#include "cli/command.h"

static const struct option options[] = {
	OPTION(struct global_options, url, OPTION_TEXT, "u", 'u', "URL", ""),
	OPTION(struct global_options, release, OPTION_TEXT, "release-tag", 'r', "TAG", ""),
	OPTION(struct global_options, takes_bucket, OPTION_FLAG, "s3", 0, NULL, ""),
	{0},
};

static const struct option *find(const char *word)
{
	size_t dashes = strspn(word, "-"), length = strcspn(word + dashes, "=");

	for (const struct option *option = options; option->name && dashes > 0 && dashes <= 2; option++) {
		if ((strlen(option->name) == length && strncmp(option->name, word + dashes, length) == 0) ||
			(length == 1 && option->letter == word[dashes]))
			return option;
	}
	return NULL;
}

int global_options_read(int argc, char **argv, struct global_options *globals, int *count, struct dory_error *err)
{
	struct option_words words = {0};
	bool wants_help;
	const struct option *option;
	int result;

	*count = 0;
	while (*count < argc && (option = find(argv[*count])))
		*count += option->kind != OPTION_FLAG && !strchr(argv[*count], '=') ? 2 : 1;
	if (*count > argc)
		*count = argc;
	result = options_parse(options, *count, argv, globals, &words, &wants_help, err);
	option_words_release(&words);
	return result;
}
