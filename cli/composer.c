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

int composer_need(const struct invocation *invocation, struct dory_error *err)
{
	char program[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);

	if (invocation->composer)
		return 0;
	if (length <= 0)
		return error_set_errno(err, DORY_ERROR_IO, "/proc/self/exe");
	program[length] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		char *path = text_format("%.*s/%s", (int)(strrchr(program, '/') - program), program, places[i]);

		if (access(path, X_OK) == 0) {
			execv(path, invocation->argv);
			error_set_errno(err, DORY_ERROR_IO, "%s", path);
			free(path);
			return -1;
		}
		free(path);
	}
	error_set(err, DORY_ERROR_NOT_FOUND, "this installation of Dory is not whole: %.*s/%s is missing",
		(int)(strrchr(program, '/') - program), program, places[0]);
	return error_hint(err, "Install it again: make install");
}
