/* SPDX-License-Identifier: BSD-3-Clause */
/* Damerau-Levenshtein distance (neighbours swapped count one), and names that begin with what was typed or contain it. */
#include "dory/base/near_names.h"
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"

enum {
	LENGTH_MAX = 63,
	DISTANCE_MAX = 2,
	SLIPS_FROM_LENGTH = 6, /* of shorter names only one slip is near */
};

unsigned near_names_distance(const char *a, const char *b, unsigned most)
{
	size_t n = strlen(a), m = strlen(b);
	unsigned rows[3][LENGTH_MAX + 1], *before = rows[0], *last = rows[1], *row = rows[2], *spare;

	if (n > LENGTH_MAX || m > LENGTH_MAX || (n > m ? n - m : m - n) > most)
		return most + 1;
	for (size_t j = 0; j <= m; j++)
		last[j] = (unsigned)j;
	for (size_t i = 1; i <= n; i++) {
		unsigned least = row[0] = (unsigned)i;

		for (size_t j = 1; j <= m; j++) {
			unsigned best = last[j - 1] + (a[i - 1] != b[j - 1]);

			best = best < last[j] + 1 ? best : last[j] + 1;
			best = best < row[j - 1] + 1 ? best : row[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			row[j] = best;
			least = best < least ? best : least;
		}
		if (least > most)
			return most + 1;
		spare = before;
		before = last;
		last = row;
		row = spare;
	}
	return last[m] <= most ? last[m] : most + 1;
}

enum nearness { /* the smaller the nearer */
	NOT_NEAR,
	ONE_SLIP,
	BEGINS_SO,
	TWO_SLIPS,
	CONTAINS,
};

static enum nearness nearness_of(const char *wanted, const char *name)
{
	size_t length = strlen(wanted);
	unsigned most = length < SLIPS_FROM_LENGTH ? 1 : DISTANCE_MAX, distance = near_names_distance(wanted, name, most);

	if (distance <= 1)
		return ONE_SLIP;
	if (length >= 3 && strncmp(name, wanted, length) == 0)
		return BEGINS_SO;
	if (distance <= most)
		return TWO_SLIPS;
	return length >= 4 && strstr(name, wanted) ? CONTAINS : NOT_NEAR;
}

/* Of names that are equally near the shorter one is meant, then the first in the alphabet. */
static bool is_better(unsigned distance, const char *name, unsigned than_distance, const char *than)
{
	size_t length = strlen(name), than_length = strlen(than);

	if (distance != than_distance)
		return distance < than_distance;
	if (length != than_length)
		return length < than_length;
	return strcmp(name, than) < 0;
}

void near_names_offer(struct near_names *near, const char *wanted, const char *name)
{
	unsigned distance = nearness_of(wanted, name);
	size_t place;

	if (distance == NOT_NEAR)
		return;
	for (size_t i = 0; i < near->count; i++)
		if (strcmp(near->names[i], name) == 0)
			return;
	if (near->count < NEAR_NAMES_MAX)
		place = near->count++;
	else if (is_better(distance, name, near->distances[NEAR_NAMES_MAX - 1], near->names[NEAR_NAMES_MAX - 1]))
		place = NEAR_NAMES_MAX - 1;
	else
		return;
	while (place > 0 && is_better(distance, name, near->distances[place - 1], near->names[place - 1])) {
		near->names[place] = near->names[place - 1];
		near->distances[place] = near->distances[place - 1];
		place--;
	}
	near->names[place] = name;
	near->distances[place] = distance;
}

char *near_names_text(const struct near_names *near)
{
	struct text_buffer text = {0};

	text_append(&text, "", 0);
	for (size_t i = 0; i < near->count; i++)
		text_append_format(&text, "%s%s", i == 0 ? "" : i + 1 == near->count ? " or " : ", ", near->names[i]);
	return text.text;
}

int near_names_hint(const struct near_names *near, struct dory_error *err)
{
	char *text;

	if (near->count == 0)
		return -1;
	text = near_names_text(near);
	error_hint(err, "Did you mean %s?", text);
	free(text);
	return -1;
}
