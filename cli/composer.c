/* SPDX-License-Identifier: BSD-3-Clause */
/* Becomes the program that has the composing half of libdory. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/command.h"
#include "dory/base/text.h"

/* Relative to the folder of this program: as installed, and as built. */
static const char *const places[] = {"../libexec/dory/dory-compose", "dory-compose"};

/* The folder of this program; false if it cannot be known. */
static bool own_folder(char folder[PATH_MAX])
{
	ssize_t length = readlink("/proc/self/exe", folder, PATH_MAX - 1);

	if (length <= 0)
		return false;
	folder[length] = '\0';
	*strrchr(folder, '/') = '\0';
	return true;
}

char *composer_find(void)
{
	char folder[PATH_MAX];

	for (size_t i = 0; own_folder(folder) && i < ARRAY_SIZE(places); i++) {
		char *path = text_format("%s/%s", folder, places[i]);

		if (access(path, X_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

int composer_need(const struct invocation *invocation, struct dory_error *err)
{
	char folder[PATH_MAX], *path;

	if (invocation->composer)
		return 0;
	if (!own_folder(folder))
		return error_set_errno(err, DORY_ERROR_IO, "/proc/self/exe");
	path = composer_find();
	if (path) {
		execv(path, invocation->argv);
		error_set_errno(err, DORY_ERROR_IO, "%s", path);
		free(path);
		return -1;
	}
	error_set(err, DORY_ERROR_NOT_FOUND, "this installation of Dory is not whole: %s/%s is missing", folder, places[0]);
	return error_hint(err, "Install it again: make install");
}

/* The small program, for a process that stays. */
static char *small_program(const struct invocation *invocation)
{
	static const char *const small[] = {"../../bin/dory", "dory"};
	char program[PATH_MAX], *path = NULL;
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);

	program[length > 0 ? length : 0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(small) && invocation->composer && strchr(program, '/'); i++) {
		text_replace(&path, text_format("%.*s/%s", (int)(strrchr(program, '/') - program), program, small[i]));
		if (access(path, X_OK) == 0)
			return path;
	}
	free(path);
	return text_copy("/proc/self/exe");
}

int launch_instance(const struct invocation *invocation, const struct dory_config *config, const char *name, struct instance_place *place,
	int *exit_status, struct dory_error *err)
{
	char *program = small_program(invocation);
	int result = dory_launch(config, program, name, place, exit_status, err);

	free(program);
	return result;
}
