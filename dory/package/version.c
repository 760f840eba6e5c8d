/* SPDX-License-Identifier: BSD-3-Clause */
/* Versions in Debian's order (deb-version(7), "Sorting algorithm"). */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "dory/package/source.h"

/* '~' before the end, letters before all else. */
static int order(int c)
{
	return c == '~' ? -1 : isdigit(c) || !c ? 0 : isalpha(c) ? c : c + 256;
}

static int compare_part(const char *a, const char *a_end, const char *b, const char *b_end)
{
	while (a < a_end || b < b_end) {
		size_t na, nb;
		int difference;

		while ((a < a_end && !isdigit((unsigned char)*a)) || (b < b_end && !isdigit((unsigned char)*b))) {
			int oa = a < a_end ? order((unsigned char)*a) : 0, ob = b < b_end ? order((unsigned char)*b) : 0;

			if (oa != ob)
				return oa - ob;
			a += a < a_end;
			b += b < b_end;
		}
		while (a < a_end && *a == '0')
			a++;
		while (b < b_end && *b == '0')
			b++;
		for (na = 0; a + na < a_end && isdigit((unsigned char)a[na]);)
			na++;
		for (nb = 0; b + nb < b_end && isdigit((unsigned char)b[nb]);)
			nb++;
		if (na != nb)
			return na < nb ? -1 : 1;
		difference = memcmp(a, b, na);
		if (difference)
			return difference;
		a += na;
		b += nb;
	}
	return 0;
}

/* What stands before a colon, if it is a number. */
static unsigned long take_epoch(const char **version)
{
	size_t digits = strspn(*version, "0123456789");
	unsigned long epoch = 0;

	if (digits > 0 && (*version)[digits] == ':') {
		epoch = strtoul(*version, NULL, 10);
		*version += digits + 1;
	}
	return epoch;
}

int package_version_compare(const char *a, const char *b)
{
	unsigned long epoch_a = take_epoch(&a), epoch_b = take_epoch(&b);
	const char *end_a = strrchr(a, '-'), *end_b = strrchr(b, '-');
	int difference;

	if (epoch_a != epoch_b)
		return epoch_a < epoch_b ? -1 : 1;
	end_a = end_a ? end_a : a + strlen(a);
	end_b = end_b ? end_b : b + strlen(b);
	difference = compare_part(a, end_a, b, end_b);
	if (difference)
		return difference;
	end_a += *end_a == '-';
	end_b += *end_b == '-';
	return compare_part(end_a, end_a + strlen(end_a), end_b, end_b + strlen(end_b));
}
