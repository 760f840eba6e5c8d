/* SPDX-License-Identifier: BSD-3-Clause */
/* dory volume */
#include "cli/volume.h"
#include <stdio.h>
#include "cli/image.h"
#include "dory/packages.h"
#include "dory/volumes.h"

static struct volume_values {
	const char *size, *format, *file_system;
	bool verbose, quiet;
} values;

#define VALUE(member, kind, name, letter, argument, help) OPTION(struct volume_values, member, kind, name, letter, argument, help)

static const struct option no_options[] = {{0}};
static const struct option create_options[] = {
	VALUE(size, OPTION_TEXT, "size", 's', "SIZE", "of the disk: 512M, 10G (default: 1G)"),
	VALUE(format, OPTION_TEXT, "format", 'f', "FORMAT", "raw (default), qcow2, vdi, vmdk"),
	VALUE(file_system, OPTION_TEXT, "fs", 0, "FS", "ext4: ready to be mounted (default: zeros)"),
	{0},
};
static const struct option ls_options[] = {VALUE(quiet, OPTION_FLAG, "quiet", 'q', NULL, "names alone"), {0}};
static const struct option delete_options[] = {VALUE(verbose, OPTION_FLAG, "verbose", 'v', NULL, "say what is removed"), {0}};

int volume_create(struct invocation *invocation)
{
	int status = check_word_count(invocation, 1, 1, "say how the volume is to be called");
	struct dory_volume volume = {.format = values.format ? values.format : "raw", .file_system = values.file_system};
	struct dory_error err;

	if (status)
		return status;
	volume.name = invocation->words.operands.words[0];
	if (packages_size_parse(values.size ? values.size : "1G", &volume.size, &err) < 0 || dory_volume_create(".", &volume, &err) < 0)
		return verb_fail(invocation, &err);
	return 0;
}

int volume_delete(struct invocation *invocation)
{
	int status = check_word_count(invocation, 1, 1, "say which volume");
	const char *name;
	struct dory_error err;

	if (status)
		return status;
	name = invocation->words.operands.words[0];
	if (dory_volume_delete(".", name, &err) < 0)
		return verb_fail(invocation, &err);
	if (values.verbose)
		printf("Removed volume volumes/%s\nRemoved volume metadata volumes/%s.yaml\n", name, name);
	return 0;
}

static void print_volume(void *context, const char *name, const char *format, uint64_t bytes)
{
	char size[16];

	printf("%-30s  %-7s  %6s\n", name, format, human_size(bytes, size));
}

static void print_name(void *context, const char *name, const char *format, uint64_t bytes)
{
	puts(name);
}

static int ls(struct invocation *invocation)
{
	int status = check_word_count(invocation, 0, 0, "");
	struct dory_error err;

	if (status)
		return status;
	if (!values.quiet)
		printf("%-30s  %-7s  %6s\n", "NAME", "FORMAT", "SIZE");
	return dory_volume_list(".", values.quiet ? print_name : print_volume, NULL, &err) < 0 ? verb_fail(invocation, &err) : 0;
}

#define VERB(word, operands_, summary_, options_, run_)                                                                \
	const struct verb verb_volume_##word = {.name = "volume " #word,                                               \
		.operands = operands_,                                                                                 \
		.summary = summary_,                                                                                   \
		.options = options_,                                                                                   \
		.run = run_,                                                                                           \
		.misuse_status = EXIT_MISUSED,                                                                         \
		.failure_status = EXIT_FAILED,                                                                         \
		.values = &values}

VERB(create, "NAME", "Make a disk in the folder volumes of the project in this directory", create_options, NULL);
VERB(ls, "", "List those of the project in this directory", ls_options, ls);
VERB(delete, "VOLUME", "Remove it", delete_options, NULL);

static const struct verb *const actions[] = {&verb_volume_create, &verb_volume_ls, &verb_volume_delete, NULL};

const struct verb verb_volume = {
	.name = "volume",
	.operands = "ACTION",
	.summary = "Make, list and remove a project's volumes, for dory run --volume",
	.options = no_options,
	.actions = actions,
	.misuse_status = EXIT_MISUSED,
	.failure_status = EXIT_FAILED,
};
