/* SPDX-License-Identifier: BSD-3-Clause */
/* Verbs that stand for others, under the names and with the options that Capstan gives them: import, info. In no list. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "cli/image.h"
#include "dory/disk/disk.h"

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
