/* SPDX-License-Identifier: BSD-3-Clause */
/* Spans of time. */
#include "dory/base/duration.h"
#include <stdlib.h>
#include <string.h>

#define YEAR_MS 31536000000LL

int duration_parse(const char *text, int64_t *milliseconds, struct dory_error *err)
{
	static const struct {
		const char *unit;
		int64_t milliseconds;
	} units[] = {{"ms", 1}, {"s", 1000}, {"", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
	char *end;
	unsigned long long number = strtoull(text, &end, 10);

	for (size_t i = 0; i < ARRAY_SIZE(units) && text[0] >= '0' && text[0] <= '9'; i++) {
		if (strcmp(end, units[i].unit) == 0 && number <= (unsigned long long)(YEAR_MS / units[i].milliseconds)) {
			*milliseconds = (int64_t)number * units[i].milliseconds;
			return 0;
		}
	}
	error_set(err, DORY_ERROR_USAGE, "'%s' is not a span of time", text);
	return error_hint(err, "Write a number with ms, s, m, h or d behind it: 500ms, 10s, 2h.");
}
