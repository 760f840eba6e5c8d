/* SPDX-License-Identifier: BSD-3-Clause */
/* dory image export, import and sbom. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "cli/image.h"
#include "dory/image_tools.h"

/* What the two actions do, between settings and errors. */
static int with_config(struct invocation *invocation, int (*work)(const struct dory_config *, struct invocation *, struct dory_error *))
{
	struct dory_config config;
	struct dory_error err;
	int status = 0;

	if (config_load(&config, &err) < 0)
		return verb_fail(invocation, &err);
	if (work(&config, invocation, &err) < 0)
		status = verb_fail(invocation, &err);
	config_release(&config);
	return status;
}

static int export_to(const struct dory_config *config, struct invocation *invocation, struct dory_error *err)
{
	const char *const *words = invocation->words.operands.words;

	return dory_image_export(config, words[0], image_values.format, words[1], err);
}

int image_export(struct invocation *invocation)
{
	int status = check_word_count(invocation, 2, 2, "say which image to write, and to which file");

	return status ? status : with_config(invocation, export_to);
}

static int import_from(const struct dory_config *config, struct invocation *invocation, struct dory_error *err)
{
	const char *const *words = invocation->words.operands.words;
	struct run_config run = {
		.environment = image_values.environment.words, .environment_count = image_values.environment.count};
	int result;

	if (is_capstan(invocation))
		printf("Importing %s...\nImporting into %s/images/%s\n", words[0], config->root, words[0]);
	if (image_values.command && command_line_split(&run.command, image_values.command, err) < 0)
		return -1;
	result = dory_image_import(config, words[0], words[1], &run, err);
	command_line_release(&run.command);
	return result;
}

int image_import(struct invocation *invocation)
{
	int status = check_word_count(invocation, 2, 2, "say how the image is to be called, and which file to import");

	if (status == 0)
		status = with_config(invocation, import_from);
	word_list_release(&image_values.environment);
	return status;
}

static int write_sbom(const struct dory_config *config, struct invocation *invocation, struct dory_error *err)
{
	const char *image = invocation->words.operands.words[0], *path = image_values.output;
	FILE *file;
	int result;

	if (!path || strcmp(path, "-") == 0)
		return dory_image_sbom(config, image, stdout, err);
	file = fopen(path, "we");
	if (!file)
		return error_set_errno(err, DORY_ERROR_IO, "making %s", path);
	result = dory_image_sbom(config, image, file, err);
	if (fclose(file) != 0 && result == 0)
		result = error_set_errno(err, DORY_ERROR_IO, "writing %s", path);
	if (result < 0)
		unlink(path);
	return result;
}

int image_sbom(struct invocation *invocation)
{
	int status = check_word_count(invocation, 1, 1, "say which image");

	return status ? status : with_config(invocation, write_sbom);
}
