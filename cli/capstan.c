/* SPDX-License-Identifier: BSD-3-Clause */
/* What Capstan's users are used to: its variables, short names and tables; verbs that stand for others (in no list). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/image.h"
#include "cli/package.h"
#include "dory/base/text.h"
#include "dory/disk/disk.h"
#include "dory/manifest/ignore.h"

const char *capstan_verb_name(const char *name)
{
	static const char *const names[][2] = {{"i", "images"}, {"I", "instances"}, {"h", "help"}};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i][0], name) == 0)
			return names[i][1];
	return name;
}

/* As Go's ParseBool; what is neither counts nothing, as Capstan has it. */
static bool is_true(const char *text)
{
	static const char *const words[] = {"1", "t", "T", "true", "True", "TRUE"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i], text) == 0)
			return true;
	return false;
}

void capstan_take_environment(void)
{
	static const char *const names[][2] = {
		{"CAPSTAN_ROOT", "DORY_ROOT"}, {"CAPSTAN_QEMU_PATH", "DORY_QEMU"}, {"CAPSTAN_QEMU_AIO_TYPE", "DORY_AIO"},
		{"CAPSTAN_QEMU_BRIDGE_HELPER", "DORY_BRIDGE_HELPER"}};
	const char *value = getenv("CAPSTAN_DISABLE_KVM");

	if (value && is_true(value))
		setenv("DORY_ACCEL", "tcg", 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		value = getenv(names[i][0]);
		if (value && *value)
			setenv(names[i][1], value, 0);
	}
}

bool capstan_explain_verb(const char *group, const char *name, struct dory_error *err)
{
	static const struct {
		const char *group, *name, *sentence, *hint;
	} verbs_of_capstan[] = {
		{"", "pull", "OSv's images are not fetched: images are made here", "Packages are: `dory package pull NAME`."},
		{"", "search", "OSv's images are not searched for: images are made here", "Packages are: `dory package search`."},
		{"", "stack", "images are not pushed to OpenStack", "`dory image export IMAGE --format qcow2 FILE` writes what Glance takes."},
		{"", "openstack", "images are not pushed to OpenStack", "`dory image export IMAGE --format qcow2 FILE` writes what Glance takes."},
		{"package", "compose-remote", "a machine that runs is not changed from outside: its image is composed anew",
			"`dory package compose IMAGE` touches only what has changed. Files go into a machine by `tar -c DIR | dory exec INSTANCE tar -x`."},
	};

	for (size_t i = 0; i < ARRAY_SIZE(verbs_of_capstan); i++) {
		if (strcmp(verbs_of_capstan[i].group, group ? group : "") != 0 || strcmp(verbs_of_capstan[i].name, name) != 0)
			continue;
		error_set(err, DORY_ERROR_USAGE, "%s", verbs_of_capstan[i].sentence);
		error_hint(err, "%s", verbs_of_capstan[i].hint);
		return true;
	}
	return false;
}

static void print_ignored(void)
{
	struct ignore_rules rules;
	struct dory_error err;

	puts("CAPSTANIGNORE:");
	if (ignore_read(".", &rules, &err) < 0) {
		puts(err.message);
		return;
	}
	for (size_t i = 0; i < rules.patterns.count; i++)
		puts(rules.patterns.items[i]);
	ignore_release(&rules);
}

void capstan_print_config(const struct dory_config *config)
{
	const char *url = config->repo_url ? config->repo_url : getenv("CAPSTAN_REPO_URL");

	printf("--- global configuration\nCAPSTAN_ROOT: %s\nCAPSTAN_REPO_URL: %s\nCAPSTAN_DISABLE_KVM: %s\nCAPSTAN_QEMU_AIO_TYPE: %s\n\n", config->root,
		url ? url : "", config->accelerator && strcmp(config->accelerator, "tcg") == 0 ? "true" : "false",
		config->aio ? config->aio : "threads");
	puts("--- curent directory configuration"); /* as Capstan spells it, for who reads it by program */
	print_ignored();
}

void capstan_print_images(const struct image *images, size_t count)
{
	package_print_row((const char *const[]){"Name", "Description", "Version", "Created", "Platform"});
	for (size_t i = 0; i < count; i++) {
		char *created = package_created_text(images[i].created);

		package_print_row((const char *const[]){images[i].name, images[i].origin, "", created, "N/A"});
		free(created);
	}
}

#define IMPORT_OPTION(member, name, letter, argument)                                                                              \
	OPTION(struct image_values, member, OPTION_TEXT, name, letter, argument, "taken for Capstan's sake; means nothing here")

static const struct option import_options[] = {
	IMPORT_OPTION(version, "version", 'v', "VERSION"),
	IMPORT_OPTION(created, "created", 'c', "TIME"),
	IMPORT_OPTION(description, "description", 'd', "TEXT"),
	IMPORT_OPTION(build, "build", 'b', "TEXT"),
	{0},
};

static const struct option no_options[] = {{0}};

/* Capstan knows three formats, and calls all else not runnable. */
static int info(struct invocation *invocation)
{
	static const struct {
		const char *format, *shown;
	} formats[] = {{"vdi", "VDI"}, {"qcow2", "QCOW2"}, {"vmdk", "VMDK"}};
	int status = check_word_count(invocation, 1, 1, "say which file"), fd;
	const char *path, *shown = "not a runnable image";
	struct dory_error err;

	if (status)
		return status;
	path = invocation->words.operands.words[0];
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		error_set_errno(&err, errno == ENOENT ? DORY_ERROR_NOT_FOUND : DORY_ERROR_IO, "opening %s", path);
		return verb_fail(invocation, &err);
	}
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		if (strcmp(disk_format_recognize(fd), formats[i].format) == 0)
			shown = formats[i].shown;
	}
	close(fd);
	printf("%s: %s\n", path, shown);
	return 0;
}

const struct verb verb_capstan_import = {
	.name = "import",
	.operands = "IMAGE FILE",
	.summary = "Make an image of a disk or an archive: dory image import",
	.options = import_options,
	.misuse_status = EXIT_MISUSED,
	.failure_status = EXIT_FAILED,
	.values = &image_values,
	.is_hidden = true,
};

const struct verb verb_capstan_info = {
	.name = "info",
	.operands = "FILE",
	.summary = "Tell the format of a disk's file",
	.options = no_options,
	.misuse_status = EXIT_MISUSED,
	.failure_status = EXIT_FAILED,
	.run = info,
	.is_hidden = true,
};
