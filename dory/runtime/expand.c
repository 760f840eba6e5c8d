/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands with variables in them become words. "$NAME" and "${NAME}" are a variable's value; a word that is nothing
 * but a variable is left out if there is none, and becomes as many words as a list has. "${NAME:+TEXT}" is TEXT if the
 * variable is set to something. Values are never split or read again, except those that `--env` gives to a list.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"
#include "dory/runtime/boot.h"

/* Stands for a '$' that was quoted, while the line is split. */
enum { QUOTED_DOLLAR = '\001' };

struct expansion {
	const struct boot_set *boot;
	const char *const *overrides;
	size_t override_count;
	struct command_line *command;
};

static const char *override_of(const struct expansion *e, const char *name, size_t length)
{
	for (size_t i = e->override_count; i-- > 0;)
		if (strncmp(e->overrides[i], name, length) == 0 && e->overrides[i][length] == '=')
			return e->overrides[i] + length + 1;
	return NULL;
}

static const struct boot_variable *variable_of(const struct expansion *e, const char *name, size_t length)
{
	for (size_t i = 0; i < e->boot->count; i++)
		if (strncmp(e->boot->variables[i].name, name, length) == 0 && !e->boot->variables[i].name[length])
			return &e->boot->variables[i];
	return NULL;
}

static const char *value_of(const struct expansion *e, const char *name, size_t length)
{
	const char *override = override_of(e, name, length);
	const struct boot_variable *variable = variable_of(e, name, length);

	/* What Capstan writes for an empty list only fills a place. */
	return override ? override : !variable ? "" : variable->is_list && !variable->words.count ? "" : variable->value;
}

static size_t name_length(const char *text)
{
	size_t length = 0;

	while (isalnum((unsigned char)text[length]) || text[length] == '_')
		length++;
	return length;
}

static void put_text(const struct expansion *e, const char *text, size_t length, unsigned depth, struct text_buffer *word);

/* *text behind the '$'; leaves it behind the variable. */
static void put_variable(const struct expansion *e, const char **text, unsigned depth, struct text_buffer *word)
{
	bool is_braced = **text == '{';
	const char *name = *text + is_braced, *value, *end;
	size_t length = name_length(name);

	if (length == 0 || (is_braced && !strchr(name, '}'))) {
		text_append(word, "$", 1);
		return;
	}
	value = value_of(e, name, length);
	end = is_braced ? strrchr(name, '}') : name + length;
	if (is_braced && strncmp(name + length, ":+", 2) == 0) {
		if (*value && depth < 4)
			put_text(e, name + length + 2, (size_t)(end - name - length - 2), depth + 1, word);
	} else {
		if (is_braced)
			end = name + strcspn(name, "}");
		text_append(word, value, strlen(value));
	}
	*text = end + is_braced;
}

static void put_text(const struct expansion *e, const char *text, size_t length, unsigned depth, struct text_buffer *word)
{
	const char *end = text + length;

	while (text < end) {
		if (*text == '$') {
			text++;
			put_variable(e, &text, depth, word);
		} else {
			text_append(word, *text == QUOTED_DOLLAR ? "$" : text, 1);
			text++;
		}
	}
}

static void put_words(const struct expansion *e, const struct text_list *words)
{
	for (size_t i = 0; i < words->count; i++)
		command_line_add(e->command, words->items[i], false);
}

/* A word that is one variable and nothing else. */
static int put_whole(const struct expansion *e, const char *name, size_t length, struct dory_error *err)
{
	const struct boot_variable *variable = variable_of(e, name, length);
	const char *override = override_of(e, name, length);

	if (override && variable && variable->is_list)
		return command_line_split(e->command, override, err);
	if (!override && variable && variable->is_list)
		put_words(e, &variable->words);
	else if (*value_of(e, name, length))
		command_line_add(e->command, value_of(e, name, length), false);
	return 0;
}

static int put_word(const struct expansion *e, const char *text, struct dory_error *err)
{
	struct text_buffer word = {0};

	if (text[0] == '$' && text[1] && name_length(text + 1) == strlen(text + 1))
		return put_whole(e, text + 1, strlen(text + 1), err);
	put_text(e, text, strlen(text), 0, &word);
	if (word.length > 0 || !strchr(text, '$'))
		command_line_add(e->command, word.text ? word.text : "", false);
	free(word.text);
	return 0;
}

/* Hides each '$' that a backslash or single quotes protect; "&!" is OSv's '&' for what nobody waits for. */
static char *protect(const char *command)
{
	char *text = text_copy(command), *to = text;
	char quote = 0;

	for (const char *from = command; *from; from++) {
		if (*from == '\'' || *from == '"')
			quote = !quote ? *from : quote == *from ? 0 : quote;
		if (*from == '\\' && from[1] == '$' && quote != '\'') {
			*to++ = QUOTED_DOLLAR;
			from++;
		} else if (*from == '$' && quote == '\'') {
			*to++ = QUOTED_DOLLAR;
		} else {
			*to++ = *from;
			if (*from == '&' && from[1] == '!' && !quote)
				from++;
		}
	}
	*to = '\0';
	return text;
}

static int expand(const struct expansion *e, struct dory_error *err)
{
	struct command_line line = {0};
	char *text = protect(e->boot->command);
	size_t before = e->command->count;
	int result = command_line_split(&line, text, err);

	if (result < 0)
		err->kind = DORY_ERROR_FORMAT; /* run.yaml is wrong, not a command line of ours */
	for (size_t i = 0; i < line.count && result == 0; i++) {
		if (line.words[i].is_separator)
			command_line_add(e->command, line.words[i].text, true);
		else
			result = put_word(e, line.words[i].text, err);
	}
	command_line_release(&line);
	free(text);
	if (result == 0 && e->command->count == before)
		result = error_set(err, DORY_ERROR_FORMAT, "its command is empty");
	return result < 0 ? error_wrap(err, "the configuration '%s'", e->boot->name) : 0;
}

static bool has_name(const struct text_list *environment, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < environment->count; i++)
		if (strncmp(environment->items[i], name, length) == 0 && environment->items[i][length] == '=')
			return true;
	return false;
}

static void add_environment(const struct boot_set *boot, struct text_list *environment)
{
	for (size_t i = 0; i < boot->count; i++) {
		const struct boot_variable *variable = &boot->variables[i];

		if (!variable->is_private && !has_name(environment, variable->name))
			text_list_take(environment, text_format("%s=%s", variable->name, variable->value));
	}
}

int boot_command(const struct boot_sets *sets, const struct text_list *names, const char *const *overrides,
	size_t override_count, struct command_line *command, struct text_list *environment, struct dory_error *err)
{
	for (size_t i = 0; i < names->count; i++) {
		struct expansion e = {.overrides = overrides, .override_count = override_count, .command = command};

		e.boot = boot_sets_find(sets, names->items[i]);
		if (!e.boot)
			return boot_sets_explain_missing(sets, names->items[i], err);
		if (command->count > 0 && !command->words[command->count - 1].is_separator)
			command_line_add(command, ";", true);
		if (expand(&e, err) < 0)
			return -1;
		add_environment(e.boot, environment);
	}
	return 0;
}
