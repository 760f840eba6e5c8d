/* SPDX-License-Identifier: BSD-3-Clause */
/* dory image: what its files share. */
#pragma once
#include "cli/command.h"

struct image_values {
	bool json, all, dry_run, origin;
	unsigned depth;
	const char *format, *output, *command;
	const char *version, *created, *description, *build; /* Capstan's, of import */
	struct word_list environment;
};
extern struct image_values image_values;

/* Of dory images, which dory image ls is as well. */
struct images_values {
	bool json;
};
extern struct images_values images_values;
extern const struct option images_options[];

extern const struct verb verb_capstan_import, verb_capstan_info;
extern const struct verb verb_image_ls, verb_image_rm, verb_image_inspect, verb_image_tree, verb_image_diff, verb_image_history,
	verb_image_export, verb_image_import, verb_image_prune, verb_image_sbom;

/* What needs the composing half of libdory. */
int image_inspect(struct invocation *invocation);
int image_tree(struct invocation *invocation);
int image_diff(struct invocation *invocation);
int image_export(struct invocation *invocation);
int image_import(struct invocation *invocation);
int image_sbom(struct invocation *invocation);

/* "1.5G" of 1024, for columns. */
const char *human_size(uint64_t bytes, char text[16]);
/* Prints a JSON value, and releases it. */
void print_json_value(void *json);
/* As ls(1): "drwxr-xr-x". */
void print_mode(char text[11], unsigned mode);
/* The image that the verb's first word names. Prints the error and returns -1, *status set. */
int image_of_word(const struct invocation *invocation, size_t word, struct image *image, int *status);
/* Between `least` and `most` words; otherwise prints what is wrong and returns the exit status. 0: all is well. */
int check_word_count(const struct invocation *invocation, size_t least, size_t most, const char *missing);
