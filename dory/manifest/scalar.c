/* SPDX-License-Identifier: BSD-3-Clause */
/* What YAML 1.1 takes a plain scalar for (the type repository's bool, null, int, float and timestamp). */
#include <ctype.h>
#include <string.h>
#include "dory/manifest/document.h"

static bool is_one_of(const char *text, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	return false;
}

/* Written in any other way than true and false they come out as these two. */
static bool is_truth(const char *text)
{
	static const char *const words[] = {"y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO",
		"off", "Off", "OFF", "True", "TRUE", "False", "FALSE"};

	return is_one_of(text, words, ARRAY_SIZE(words));
}

static bool is_nothing(const char *text)
{
	static const char *const words[] = {"", "~", "null", "Null", "NULL"};

	return is_one_of(text, words, ARRAY_SIZE(words));
}

static const char *skip_sign(const char *text)
{
	return *text == '-' || *text == '+' ? text + 1 : text;
}

static bool is_all(const char *text, const char *letters)
{
	return *text && strspn(text, letters) == strlen(text);
}

/* Decimal, octal, hexadecimal and binary whole numbers, with '_' anywhere. */
static bool is_whole(const char *text)
{
	const char *digits = skip_sign(text);

	if (!isdigit((unsigned char)*digits))
		return false;
	if (digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'b' || digits[1] == 'o'))
		return is_all(digits + 2, digits[1] == 'x' ? "0123456789abcdefABCDEF_" : "01234567_");
	return is_all(digits, "0123456789_");
}

static bool is_fraction(const char *text)
{
	const char *c = skip_sign(text);
	size_t whole = strspn(c, "0123456789_"), behind = 0;

	if (is_one_of(c, (const char *const[]){".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"}, 6))
		return true;
	c += whole;
	if (*c == '.')
		behind = strspn(c + 1, "0123456789_"), c += behind + 1;
	if (whole + behind == 0)
		return false;
	if (*c == 'e' || *c == 'E') {
		c = skip_sign(c + 1);
		return is_all(c, "0123456789");
	}
	return !*c;
}

/* "2018-01-01", "2017-09-14T18:08:16+02:00", "12:30:45" (base 60). */
static bool is_time(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 4 && text[4] == '-')
		return is_all(text, "0123456789-:.+ TtZz");
	return digits > 0 && text[digits] == ':' && is_all(text, "0123456789:.");
}

bool scalar_is_typed(const char *text)
{
	return is_truth(text) || is_nothing(text) || strcmp(text, "true") == 0 || strcmp(text, "false") == 0 ||
	       is_whole(text) || is_fraction(text) || is_time(text) || strcmp(text, "<<") == 0;
}

/* A number comes out as it went in only if it is written in the plainest way. */
static bool is_plain_number(const char *text)
{
	const char *digits = *text == '-' ? text + 1 : text, *dot;
	size_t length = strlen(digits);

	if (length > 15 || !is_all(digits, "0123456789."))
		return false;
	dot = strchr(digits, '.');
	if (digits[0] == '0' && length > 1 && dot != digits + 1)
		return false;
	return digits[0] != '.' && (!dot || (dot[1] && digits[length - 1] != '0'));
}

bool scalar_changes(const char *text)
{
	if (is_truth(text) || (is_nothing(text) && *text))
		return true;
	return (is_whole(text) || is_fraction(text)) && !is_plain_number(text);
}
