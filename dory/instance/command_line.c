/* SPDX-License-Identifier: BSD-3-Clause */
/* Splits and joins command lines; quoting is that of POSIX.1-2017, Shell Command Language, 2.2. */
#include "dory/instance/command_line.h"
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"

#define BLANKS " \t\n"

void command_line_add(struct command_line *line, const char *word, bool is_separator)
{
	struct command_word *new = array_push(&line->words, &line->count, sizeof(*line->words));

	new->text = text_copy(word);
	new->is_separator = is_separator;
}

void command_line_release(struct command_line *line)
{
	for (size_t i = 0; i < line->count; i++)
		free(line->words[i].text);
	free(line->words);
	*line = (struct command_line){0};
}

/* Takes a quoted part, *text behind the opening quote; leaves it behind the closing one. */
static int take_quoted(const char **text, char quote, struct text_buffer *word, struct dory_error *err)
{
	const char *c = *text;

	for (; *c && *c != quote; c++) {
		if (quote == '"' && *c == '\\' && c[1] && strchr("$`\"\\", c[1]))
			c++;
		text_append(word, c, 1);
	}
	if (!*c)
		return error_set(err, DORY_ERROR_USAGE, "a %c in the command line has no partner", quote);
	*text = c + 1;
	return 0;
}

static int refuse(char sign, struct dory_error *err)
{
	error_set(err, DORY_ERROR_USAGE, "the command line has a '%c' outside quotes, which takes a shell", sign);
	return error_hint(err, "Quote it, or run a shell of the image: -e \"sh -c '...'\"");
}

/* Takes one word, *text at its first character. */
static int take_word(const char **text, struct text_buffer *word, struct dory_error *err)
{
	const char *c = *text;

	while (*c && !strchr(BLANKS ";&", *c)) {
		if (strchr("|<>", *c))
			return refuse(*c, err);
		if (*c == '\'' || *c == '"') {
			char quote = *c++;

			if (take_quoted(&c, quote, word, err) < 0)
				return -1;
			continue;
		}
		if (*c == '\\' && c[1])
			c++;
		text_append(word, c++, 1);
	}
	*text = c;
	return 0;
}

static int take_separator(struct command_line *line, const char **text, struct dory_error *err)
{
	char separator[2] = {**text, '\0'};

	if ((*text)[1] == '&')
		return refuse('&', err);
	if (line->count == 0 || line->words[line->count - 1].is_separator)
		return error_set(err, DORY_ERROR_USAGE, "there is no command before the '%s'", separator);
	command_line_add(line, separator, true);
	(*text)++;
	return 0;
}

int command_line_split(struct command_line *line, const char *text, struct dory_error *err)
{
	for (;;) {
		struct text_buffer word = {0};
		int result;

		text += strspn(text, BLANKS);
		if (!*text)
			return 0;
		if (*text == ';' || *text == '&') {
			if (take_separator(line, &text, err) < 0)
				return -1;
			continue;
		}
		result = take_word(&text, &word, err);
		if (result == 0)
			command_line_add(line, word.text ? word.text : "", false);
		free(word.text);
		if (result < 0)
			return -1;
	}
}

static void join_word(struct text_buffer *joined, const char *word)
{
	if (*word && strcspn(word, BLANKS ";&|<>\"'\\$`*?[]#~(){}!") == strlen(word)) {
		text_append(joined, word, strlen(word));
		return;
	}
	text_append(joined, "'", 1);
	for (; *word; word++)
		text_append(joined, *word == '\'' ? "'\\''" : word, *word == '\'' ? 4 : 1);
	text_append(joined, "'", 1);
}

char *command_line_join(const struct command_line *line)
{
	struct text_buffer joined = {0};

	for (size_t i = 0; i < line->count; i++) {
		if (joined.length > 0)
			text_append(&joined, " ", 1);
		if (line->words[i].is_separator)
			text_append(&joined, line->words[i].text, 1);
		else
			join_word(&joined, line->words[i].text);
	}
	return joined.text ? joined.text : text_copy("");
}

static void take_variable(const char *text, size_t length, struct text_list *environment)
{
	const char *equals = memchr(text, '=', length);
	size_t name = equals ? (size_t)(equals - text) : length;
	bool is_soft = equals && name > 0 && text[name - 1] == '?';

	text_list_take(environment, text_format("%.*s%.*s", (int)(name - is_soft), text, (int)(length - name), text + name));
}

const char *command_line_skip_options(const char *text, struct text_list *environment, struct text_list *skipped)
{
	static const char variable[] = "--env=";

	while (text += strspn(text, " "), strncmp(text, "--", 2) == 0) {
		size_t length = strcspn(text, " ");

		if (strncmp(text, variable, strlen(variable)) == 0)
			take_variable(text + strlen(variable), length - strlen(variable), environment);
		else
			text_list_take(skipped, text_copy_n(text, length));
		text += length;
	}
	return text;
}
