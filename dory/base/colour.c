/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether to colour. */
#include "dory/base/colour.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_wanted(int fd)
{
	const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");

	return isatty(fd) == 1 && !(no && *no) && terminal && *terminal && strcmp(terminal, "dumb") != 0;
}

const char *colour_start(int fd, enum colour colour)
{
	static const char *const sequences[] = {
		[COLOUR_GOOD] = "\033[32m", [COLOUR_WARNING] = "\033[33m", [COLOUR_BAD] = "\033[31m", [COLOUR_END] = "\033[0m"};

	return is_wanted(fd) ? sequences[colour] : "";
}
