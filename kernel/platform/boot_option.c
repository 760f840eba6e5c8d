/* SPDX-License-Identifier: BSD-3-Clause */
/* Words of the kernel's command line. */
#include "kernel/platform/boot_option.h"
#include "kernel/platform/platform.h"
#include "lib/string.h"

static const char *command_line = "";

void boot_option_init(const char *text)
{
	command_line = text;
}

const char *boot_option_all(void)
{
	return command_line;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

const char *boot_option_next(const char *key, const char *after)
{
	const char *at = after ? after : command_line;
	size_t len = strlen(key);

	while (*at) {
		const char *word = at;

		while (*at && !is_blank(*at))
			at++;
		/* A key ends with '='; a plain word stands alone. */
		if ((size_t)(at - word) >= len && !memcmp(word, key, len) && (key[len - 1] == '=' || (size_t)(at - word) == len))
			return word + len;
		while (is_blank(*at))
			at++;
	}
	return NULL;
}

bool boot_option(const char *key, char *to, size_t size)
{
	const char *value = boot_option_next(key, NULL);
	size_t len = 0;

	if (!value)
		return false;
	while (value[len] && !is_blank(value[len]) && len + 1 < size) {
		to[len] = value[len];
		len++;
	}
	if (size)
		to[len] = '\0';
	return true;
}
