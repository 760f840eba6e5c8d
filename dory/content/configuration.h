/* SPDX-License-Identifier: BSD-3-Clause */
/* The run configuration that an image holds (abi/run_config.h), as people see it. */
#pragma once
#include "dory/content/content.h"

struct content_configuration { /* zeroed: the image has none */
	struct content_word {
		char *text;
		bool is_separator; /* ";" or "&", between commands */
	} * words;
	size_t word_count;
	char **environment; /* "NAME=VALUE" */
	size_t environment_count;
	char *directory, *host_name, *user; /* NULL: not said */
};

int content_read_configuration(
	const struct content *content, struct content_configuration *configuration, struct dory_error *err) must_check;
void content_configuration_release(struct content_configuration *configuration);
