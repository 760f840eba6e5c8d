/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the guest's kernel is. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dory/base/text.h"
#include "dory/dory.h"

/* Relative to the folder of this program: bin/, libexec/dory/. */
static const char *const places[] = {"../share/dory/kernel.elf", "../../share/dory/kernel.elf"};

static char *beside_program(void)
{
	char program[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);

	if (length <= 0)
		return NULL;
	program[length] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		char *path = text_format("%.*s/%s", (int)(strrchr(program, '/') - program), program, places[i]);

		if (access(path, R_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

int dory_kernel_find(const char *given, char **path, struct dory_error *err)
{
	char *found;

	if (!given)
		given = getenv("DORY_KERNEL");
	if (given && *given) {
		if (access(given, R_OK) < 0)
			return error_set_errno(err, DORY_ERROR_NOT_FOUND, "the kernel %s", given);
		*path = text_copy(given);
		return 0;
	}
	found = beside_program();
	if (!found) {
		error_set(err, DORY_ERROR_NOT_FOUND, "the guest's kernel is not installed");
		return error_hint(err, "Build it with `make kernel`, or name one with --kernel PATH or DORY_KERNEL.");
	}
	*path = found;
	return 0;
}
