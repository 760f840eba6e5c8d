/* SPDX-License-Identifier: BSD-3-Clause */
/* Restart policies. */
#include "dory/supervisor/restart.h"
#include <stdlib.h>
#include <string.h>

enum { DELAY_FIRST_MS = 100, DELAY_MOST_MS = 60000, RESTARTS_MOST = 1000000 };

static bool parse_limit(const char *text, unsigned *most)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end || number == 0 || number > RESTARTS_MOST)
		return false;
	*most = (unsigned)number;
	return true;
}

int restart_parse(const char *text, struct restart_policy *policy, struct dory_error *err)
{
	static const char *const words[] = {[RESTART_NEVER] = "no",
		[RESTART_ON_FAILURE] = "on-failure",
		[RESTART_ALWAYS] = "always",
		[RESTART_UNLESS_STOPPED] = "unless-stopped"};
	const size_t limited = strlen(words[RESTART_ON_FAILURE]);

	*policy = (struct restart_policy){.when = RESTART_NEVER};
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!text || strcmp(text, words[i]) == 0) {
			policy->when = (enum restart_when)i;
			return 0;
		}
	}
	policy->when = RESTART_ON_FAILURE;
	if (strncmp(text, words[RESTART_ON_FAILURE], limited) == 0 && text[limited] == ':' && parse_limit(text + limited + 1, &policy->most))
		return 0;
	error_set(err, DORY_ERROR_USAGE, "there is no restart policy '%s'", text);
	return error_hint(err, "It is no, on-failure, on-failure:N, always or unless-stopped.");
}

bool restart_is_due(const struct restart_policy *policy, bool has_failed, unsigned in_a_row)
{
	switch (policy->when) {
	case RESTART_NEVER:
		return false;
	case RESTART_ON_FAILURE:
		return has_failed && (policy->most == 0 || in_a_row < policy->most);
	case RESTART_ALWAYS:
	case RESTART_UNLESS_STOPPED:
		return true;
	}
	return false;
}

bool restart_is_due_at_boot(const struct restart_policy *policy, bool was_stopped, bool was_running)
{
	switch (policy->when) {
	case RESTART_NEVER:
		return false;
	case RESTART_ON_FAILURE:
		return was_running;
	case RESTART_ALWAYS:
		return true;
	case RESTART_UNLESS_STOPPED:
		return !was_stopped;
	}
	return false;
}

unsigned restart_delay_ms(unsigned in_a_row)
{
	unsigned delay = DELAY_FIRST_MS;

	while (in_a_row-- > 0 && delay < DELAY_MOST_MS)
		delay *= 2;
	return delay < DELAY_MOST_MS ? delay : DELAY_MOST_MS;
}
