/* SPDX-License-Identifier: BSD-3-Clause */
/* Paths within a tree. */
#include "dory/base/path.h"
#include <string.h>

/* The next step of *path, and its length; false at the end. Empty ones and "." are none. */
static bool next_step(const char **path, const char **step, size_t *length)
{
	do {
		*path += strspn(*path, "/");
		*step = *path;
		*length = strcspn(*path, "/");
		*path += *length;
	} while (*length == 1 && **step == '.');
	return *length > 0;
}

static bool is_up(const char *step, size_t length)
{
	return length == 2 && step[0] == '.' && step[1] == '.';
}

bool path_has_parent_step(const char *path)
{
	const char *step;
	size_t length;

	while (next_step(&path, &step, &length))
		if (is_up(step, length))
			return true;
	return false;
}

bool path_link_climbs_out(const char *path, const char *target)
{
	const char *step;
	size_t length;
	long depth = -1; /* the last step is the link itself, not a folder that it is in */

	while (next_step(&path, &step, &length))
		depth++;
	if (*target == '/' || depth < 0)
		depth = 0;
	while (depth >= 0 && next_step(&target, &step, &length))
		depth += is_up(step, length) ? -1 : 1;
	return depth < 0;
}
