/* SPDX-License-Identifier: BSD-3-Clause */
/* dory images */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/image.h"

struct images_values images_values;

const struct option images_options[] = {
	OPTION(struct images_values, json, OPTION_FLAG, "json", 0, NULL, "as JSON"),
	{0},
};

static void print_json(const struct image *images, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		const struct image *image = &images[i];

		json_array_append_new(list,
			json_pack("{s:s, s:s, s:I, s:I, s:s, s:s, s:s}", "name", image->name, "created", image->created,
				"size", (json_int_t)image->size, "used", (json_int_t)image->used, "origin",
				image->origin, "command", image->default_command, "disk", image->disk_path));
	}
	json_dumpf(list, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(list);
}

static void print_table(const struct image *images, size_t count)
{
	int width = 4;
	char used[16];

	for (size_t i = 0; i < count; i++) {
		if ((int)strlen(images[i].name) > width)
			width = (int)strlen(images[i].name);
	}
	printf("%-*s  %6s  %-20s  %s\n", width, "NAME", "USED", "CREATED", "ORIGIN");
	for (size_t i = 0; i < count; i++)
		printf("%-*s  %6s  %-20s  %s\n", width, images[i].name, human_size(images[i].used, used),
			images[i].created, images[i].origin);
}

static int images(struct invocation *invocation)
{
	struct image *list = NULL;
	struct dory_config config;
	struct dory_error err;
	size_t count = 0;
	int result;

	if (invocation->words.operands.count > 0)
		return verb_misuse(invocation, "'%s' is one word too many", invocation->words.operands.words[0]);
	if (config_load(&config, &err) < 0)
		return verb_fail(invocation, &err);
	result = image_list(config.root, &list, &count, &err);
	config_release(&config);
	if (result < 0)
		return verb_fail(invocation, &err);
	if (images_values.json)
		print_json(list, count);
	else if (is_capstan(invocation))
		capstan_print_images(list, count);
	else
		print_table(list, count);
	for (size_t i = 0; i < count; i++)
		image_release(&list[i]);
	free(list);
	return 0;
}

const struct verb verb_images = {
	.name = "images",
	.operands = "",
	.summary = "List the images",
	.options = images_options,
	.misuse_status = EXIT_MISUSED,
	.failure_status = EXIT_FAILED,
	.run = images,
	.values = &images_values,
};
