/* SPDX-License-Identifier: BSD-3-Clause */
/* `dory run` without a word, as Capstan has it: the image of the project in this folder, made or brought up to date. */
#include "cli/run_project.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dory/base/text.h"
#include "dory/packages.h"

/* As this folder is called; NULL: it has no name. Returns owned. */
static char *folder_name(void)
{
	char folder[PATH_MAX];
	const char *slash = getcwd(folder, sizeof(folder)) ? strrchr(folder, '/') : NULL;

	return slash && slash[1] ? text_copy(slash + 1) : NULL;
}

/* Built once: `dory build` builds it anew. */
static int build(const struct dory_config *config, const char *name, enum dory_refresh refresh, struct dory_error *err)
{
	const struct dory_build build = {.image = name, .file = "Capstanfile", .refresh = refresh};
	struct image image;

	if (image_name_check(name, err) < 0)
		return -1;
	if (image_find(config->root, name, &image, err) == 0) {
		image_release(&image);
		return 0;
	}
	if (!config->quiet) /* standard output is the program's */
		message_note("building %s", name);
	return dory_build_image(config, &build, err);
}

/* Only what has changed is touched. */
static int compose(const struct dory_config *config, enum dory_refresh refresh, char **name, struct dory_error *err)
{
	struct packages_compose compose = {.request = {.directory = ".", .refresh = refresh, .pulls = true}};
	struct project project;
	int result = project_open(".", true, &project, err);

	if (result < 0)
		return -1;
	*name = text_copy(project.manifest.name);
	compose.image = *name;
	result = dory_packages_compose(config, &compose, err);
	project_release(&project);
	return result;
}

int run_project_make(const struct dory_config *config, enum dory_refresh refresh, char **name, struct dory_error *err)
{
	int result;

	*name = NULL;
	if (access("Capstanfile", F_OK) == 0) {
		*name = folder_name();
		result = *name ? build(config, *name, refresh, err) : error_set(err, DORY_ERROR_USAGE, "this folder has no name for an image");
	} else {
		result = compose(config, refresh, name, err);
	}
	if (result < 0)
		text_replace(name, NULL);
	return result;
}
