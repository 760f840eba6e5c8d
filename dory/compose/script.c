/* SPDX-License-Identifier: BSD-3-Clause */
/* Scripts in three steps: logical lines, commands in them, words in those. */
#include "dory/compose/script.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"

enum { VARIABLES_MAX = 256, DEPTH_MAX = 4, COMMANDS_MAX = 20000 };

struct variable {
	char *name, *value;
};

struct walk {
	char **commands; /* each the text of one simple command */
	size_t command_count;
	struct variable *variables;
	size_t variable_count;
	script_command_fn *command;
	void *context;
	unsigned calls;
};

/* The length of one command: up to ; & | newline outside of quotes, or a comment. Sets *skip to what separates it from
 * the next. */
static size_t command_length(const char *text, size_t *skip)
{
	char quote = '\0';
	size_t i = 0;

	for (; text[i]; i++) {
		if (text[i] == '\\' && text[i + 1] && quote != '\'') {
			i++;
		} else if (quote) {
			quote = text[i] == quote ? '\0' : quote;
		} else if (text[i] == '\'' || text[i] == '"') {
			quote = text[i];
		} else if (text[i] == '#' && (i == 0 || isspace((unsigned char)text[i - 1]))) {
			*skip = strcspn(text + i, "\n");
			return i;
		} else if (strchr(";&|\n()", text[i])) {
			break;
		}
	}
	*skip = text[i] ? 1 : 0;
	return i;
}

static void split_commands(struct walk *walk, const char *text)
{
	while (*text && walk->command_count < COMMANDS_MAX) {
		size_t skip, length = command_length(text, &skip);

		if (length > 0)
			*(char **)array_push(&walk->commands, &walk->command_count, sizeof(char *)) =
				text_copy_n(text, length);
		text += length + skip;
	}
}

static const char *value_of(const struct walk *walk, const char *name, size_t length)
{
	for (size_t i = walk->variable_count; i-- > 0;)
		if (strlen(walk->variables[i].name) == length && strncmp(walk->variables[i].name, name, length) == 0)
			return walk->variables[i].value;
	return NULL;
}

static void set_variable(struct walk *walk, const char *name, size_t length, const char *value)
{
	struct variable *variable = NULL;

	for (size_t i = 0; i < walk->variable_count && !variable; i++)
		if (strlen(walk->variables[i].name) == length && strncmp(walk->variables[i].name, name, length) == 0)
			variable = &walk->variables[i];
	if (!variable) {
		if (walk->variable_count >= VARIABLES_MAX)
			return;
		variable = array_push(&walk->variables, &walk->variable_count, sizeof(*variable));
		variable->name = text_copy_n(name, length);
	}
	text_replace(&variable->value, text_copy(value));
}

static size_t name_length(const char *text)
{
	size_t n = 0;

	while (isalpha((unsigned char)text[n]) || text[n] == '_' || (n > 0 && isdigit((unsigned char)text[n])))
		n++;
	return n;
}

/* At a '$': appends the value of a known variable and returns how many characters were taken, or takes the '$' as it
 * is. */
static size_t expand(const struct walk *walk, const char *text, struct text_buffer *word)
{
	bool has_brace = text[1] == '{';
	const char *name = text + 1 + has_brace, *value;
	size_t length = name_length(name);

	value = length > 0 && (!has_brace || name[length] == '}') ? value_of(walk, name, length) : NULL;
	if (!value) {
		text_append(word, text, 1);
		return 1;
	}
	text_append(word, value, strlen(value));
	return (size_t)(name - text) + length + has_brace;
}

/* Appends the expanded word to a list of words; an unquoted variable's value falls apart at blanks. */
static void add_words(char **words, unsigned *count, char *word, bool is_split)
{
	char *rest = word, *part;

	if (!is_split) {
		if (*count < SCRIPT_WORDS_MAX)
			words[(*count)++] = word;
		else
			free(word);
		return;
	}
	while ((part = strtok_r(rest, " \t\n", &rest)))
		if (*count < SCRIPT_WORDS_MAX)
			words[(*count)++] = text_copy(part);
	free(word);
}

static const char *take_word(const struct walk *walk, const char *text, char **words, unsigned *count)
{
	struct text_buffer word = {0};
	bool is_split = false;
	char quote = '\0';

	text_append(&word, "", 0);
	for (; *text && (quote || !isspace((unsigned char)*text)); text++) {
		if (quote == '\'' ? *text == '\'' : quote ? *text == '"' : *text == '\'' || *text == '"') {
			quote = quote ? '\0' : *text;
		} else if (*text == '\\' && text[1] && quote != '\'') {
			text++;
			if (*text != '\n')
				text_append(&word, text, 1);
		} else if (*text == '$' && quote != '\'') {
			is_split |= !quote;
			text += expand(walk, text, &word) - 1;
		} else {
			text_append(&word, text, 1);
		}
	}
	add_words(words, count, word.text, is_split);
	return text;
}

static unsigned split_words(const struct walk *walk, const char *text, char **words)
{
	unsigned count = 0;

	while (*text) {
		while (isspace((unsigned char)*text) || (text[0] == '\\' && text[1] == '\n'))
			text += 1 + (*text == '\\');
		if (*text)
			text = take_word(walk, text, words, &count);
	}
	return count;
}

static bool is_one_of(const char *word, const char *const *list)
{
	while (*list && strcmp(word, *list) != 0)
		list++;
	return *list;
}

/* The words behind leading keywords and assignments, which are taken note of. */
static unsigned skip_prefix(struct walk *walk, char **words, unsigned count)
{
	static const char *const keywords[] = {"if", "then", "else", "elif", "fi", "while", "until", "do", "!", "{",
		"}", "exec", "command", "local", "export", "readonly", NULL};
	unsigned i = 0;

	for (; i < count; i++) {
		size_t length = name_length(words[i]);

		if (length > 0 && words[i][length] == '=')
			set_variable(walk, words[i], length, words[i] + length + 1);
		else if (!is_one_of(words[i], keywords))
			break;
	}
	return i;
}

static bool starts_with_word(const char *command, const char *word)
{
	size_t length = strlen(word);

	command += strspn(command, " \t");
	while (strncmp(command, "do ", 3) == 0 || strncmp(command, "then ", 5) == 0)
		command += strcspn(command, " ") + 1, command += strspn(command, " \t");
	return strncmp(command, word, length) == 0 && (!command[length] || isspace((unsigned char)command[length]));
}

/* The index of the "done" that belongs to the loop that starts at `index`; `end` if there is none. */
static size_t find_done(const struct walk *walk, size_t index, size_t end)
{
	unsigned depth = 0;

	for (size_t i = index; i < end; i++) {
		const char *command = walk->commands[i];

		if (starts_with_word(command, "for") || starts_with_word(command, "while") ||
			starts_with_word(command, "until"))
			depth++;
		else if (starts_with_word(command, "done") && --depth == 0)
			return i;
	}
	return end;
}

static void walk_range(struct walk *walk, size_t from, size_t to, unsigned depth)
{
	for (size_t i = from; i < to && walk->calls < COMMANDS_MAX; i++) {
		char *words[SCRIPT_WORDS_MAX];
		unsigned count = split_words(walk, walk->commands[i], words), start = skip_prefix(walk, words, count);

		walk->calls++;
		if (count - start >= 3 && strcmp(words[start], "for") == 0 && strcmp(words[start + 2], "in") == 0 &&
			depth < DEPTH_MAX) {
			size_t done = find_done(walk, i, to);

			for (unsigned w = start + 3; w < count; w++) {
				set_variable(walk, words[start + 1], strlen(words[start + 1]), words[w]);
				walk_range(walk, i + 1, done, depth + 1);
			}
			i = done;
		} else if (count > start) {
			walk->command(walk->context, words + start, count - start);
		}
		for (unsigned w = 0; w < count; w++)
			free(words[w]);
	}
}

void script_walk(const char *text, script_command_fn *command, void *context)
{
	struct walk walk = {.command = command, .context = context};

	split_commands(&walk, text);
	walk_range(&walk, 0, walk.command_count, 0);
	for (size_t i = 0; i < walk.command_count; i++)
		free(walk.commands[i]);
	for (size_t i = 0; i < walk.variable_count; i++) {
		free(walk.variables[i].name);
		free(walk.variables[i].value);
	}
	free(walk.commands);
	free(walk.variables);
}

bool script_is_known(const char *word)
{
	return *word && !strpbrk(word, "$`*?[]<>\n");
}
