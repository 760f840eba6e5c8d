/* SPDX-License-Identifier: BSD-3-Clause */
/* Room on the disks: the store's, and that where machines write. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "dory/base/text.h"
#include "dory/doctor/check.h"

#define MEBIBYTE       (1ull << 20)
#define ENOUGH_BYTES   (1024 * MEBIBYTE)
#define TOO_FEW_BYTES  (64 * MEBIBYTE)

/* The nearest folder above that is there already. */
static char *existing(const char *path)
{
	char *there = text_copy(path), *slash;

	while (access(there, F_OK) < 0 && (slash = strrchr(there, '/')) && slash != there)
		*slash = '\0';
	return there;
}

static void check_room(struct examination *e, const char *path, const char *advice)
{
	char *there = existing(path);
	unsigned long long free_bytes;
	struct statvfs st;

	if (access(there, W_OK | X_OK) < 0 || statvfs(there, &st) < 0) {
		examination_tell(e, DOCTOR_FAILURE, text_format("%s cannot be written to: %s", path, strerror(errno)), text_copy(advice));
		free(there);
		return;
	}
	free_bytes = (unsigned long long)st.f_bavail * st.f_frsize;
	if (free_bytes < ENOUGH_BYTES)
		examination_tell(e, free_bytes < TOO_FEW_BYTES ? DOCTOR_FAILURE : DOCTOR_WARNING,
			text_format("%s has %llu MiB left", path, free_bytes / MEBIBYTE), text_format("Make room: dory image prune. %s", advice));
	else
		examination_tell(e, DOCTOR_OK, text_format("%s, %llu.%llu GiB free", path, free_bytes >> 30, (free_bytes >> 20 & 1023) * 10 / 1024), NULL);
	free(there);
}

void check_store(struct examination *e)
{
	check_room(e, e->config->root, "DORY_ROOT says where the store is.");
}

void check_temporary(struct examination *e)
{
	const char *folder = getenv("TMPDIR");

	check_room(e, folder && *folder ? folder : "/var/tmp", "TMPDIR says where machines keep what they write.");
}
