/* SPDX-License-Identifier: BSD-3-Clause */
/* What the command says to a person: always on standard error, "dory: " before it. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/command.h"
#include "dory/base/colour.h"
#include "dory/base/text.h"

/* A sentence begins with a capital, but a name or path that it begins with stays as it is. */
static int first_letter(const char *text)
{
	size_t word = strspn(text, "abcdefghijklmnopqrstuvwxyz");
	bool is_word = word > 0 && (text[word] == ' ' || text[word] == ',' || text[word] == '\0');

	return is_word ? toupper((unsigned char)text[0]) : text[0];
}

static void print_sentence(const char *text, enum colour colour)
{
	char *shown = text_printable(text, "\n\t");
	size_t length = strlen(shown);
	bool is_stopped = length > 0 && strchr(".!?", shown[length - 1]);

	if (length > 0)
		fprintf(stderr, "%sdory:%s %c%s%s\n", colour_start(STDERR_FILENO, colour), colour_start(STDERR_FILENO, COLOUR_END),
			first_letter(shown), shown + 1, is_stopped ? "" : ".");
	free(shown);
}

void message_error(const struct dory_error *err)
{
	fflush(stdout);
	print_sentence(err->message, COLOUR_BAD);
	if (err->hint[0]) {
		char *hint = text_printable(err->hint, "\n\t");

		fprintf(stderr, "%c%s\n", first_letter(hint), hint + 1);
		free(hint);
	}
}

void message_note(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		abort();
	va_end(args);
	print_sentence(text, COLOUR_END);
	free(text);
}

bool is_capstan(const struct invocation *invocation)
{
	return strcmp(invocation->program, "capstan") == 0;
}

int verb_fail(const struct invocation *invocation, const struct dory_error *err)
{
	bool is_misuse = err->kind == DORY_ERROR_USAGE;
	int status = is_misuse ? invocation->verb->misuse_status : invocation->verb->failure_status;

	message_error(err);
	if (is_capstan(invocation))
		return is_misuse ? EXIT_CAPSTAN_MISUSED : EXIT_CAPSTAN_FAILED;
	return status;
}

int verb_misuse(const struct invocation *invocation, const char *format, ...)
{
	struct dory_error err;
	va_list args;

	error_set(&err, DORY_ERROR_USAGE, "%s", "");
	va_start(args, format);
	vsnprintf(err.message, sizeof(err.message), format, args);
	va_end(args);
	error_hint(&err, "Usage: %s %s [OPTION...] %s\nSee `%s %s --help`.", invocation->program,
		invocation->verb->name, invocation->verb->operands, invocation->program, invocation->verb->name);
	return verb_fail(invocation, &err);
}
