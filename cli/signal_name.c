/* SPDX-License-Identifier: BSD-3-Clause */
/* Names of signals. */
#include "cli/signal_name.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SIGNAL_MAX = 64 };

int signal_parse(const char *text, int64_t *number, struct dory_error *err)
{
	const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
	char *end;

	*number = strtol(text, &end, 10);
	if (end != text && *end == '\0' && *number > 0 && *number <= SIGNAL_MAX)
		return 0;
	for (int i = 1; i < SIGNAL_MAX; i++) {
		const char *abbreviation = sigabbrev_np(i);

		if (abbreviation && strcasecmp(abbreviation, name) == 0) {
			*number = i;
			return 0;
		}
	}
	error_set(err, DORY_ERROR_USAGE, "there is no signal '%s'", text);
	return error_hint(err, "Write a name or number, as in TERM, HUP, USR1 or 9.");
}
