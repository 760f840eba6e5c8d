/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dory __complete -- WORD... CURRENT: lists what CURRENT, the last word of a command line so far, could become. All comes from the
 * tables that --help prints. A line ":files" asks the shell to complete files as well.
 */
#include "cli/complete.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"

static const struct option options[] = {{0}};

static const struct {
	const char *word;
	enum complete_kind kind;
} kinds[] = {
	{"IMAGE", COMPLETE_IMAGE},
	{"TARGET", COMPLETE_TARGET},
	{"INSTANCE", COMPLETE_INSTANCE},
	{"NETWORK", COMPLETE_NETWORK},
	{"VOLUME", COMPLETE_VOLUME},
	{"PATH", COMPLETE_FILE},
	{"FILE", COMPLETE_FILE},
	{"DIR", COMPLETE_FILE},
	{"VERB", COMPLETE_VERB},
	{"PACKAGE", COMPLETE_OWN_PACKAGE},
	{"DEBIAN-PACKAGE", COMPLETE_PACKAGE},
	{"deb:NAME", COMPLETE_PACKAGE},
	{"NAME[=VERSION]", COMPLETE_PACKAGE},
};

enum complete_kind complete_kind_of(const char *word)
{
	word += *word == '[';
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		size_t length = strlen(kinds[i].word);

		if (strncmp(word, kinds[i].word, length) == 0 && (!word[length] || strchr(".] ", word[length])))
			return kinds[i].kind;
	}
	return COMPLETE_NOTHING;
}

/* "raw|qcow2": words to choose from, all in small letters. */
static bool is_choice(const char *word)
{
	return strchr(word, '|') && strcspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ :") == strlen(word);
}

static void offer_choices(const char *choices, const char *before, const char *prefix)
{
	while (*choices) {
		size_t length = strcspn(choices, "|");
		char *word = text_format("%s%.*s", before, (int)length, choices);

		complete_offer(prefix, word, NULL);
		free(word);
		choices += length + (choices[length] == '|');
	}
}

static void offer_verbs(const struct verb *const *list, const char *prefix)
{
	for (; *list; list++) {
		if (!(*list)->is_hidden)
			complete_offer(prefix, verb_own_name(*list), (*list)->summary);
	}
}

/* `before`: what of the word stands before the value itself, as in "--format=". */
static void offer_kind(const struct invocation *invocation, enum complete_kind kind, const char *before, const char *prefix)
{
	if (kind == COMPLETE_FILE || (kind == COMPLETE_TARGET && strncmp(prefix, "deb:", 4) != 0))
		puts(":files");
	if (kind == COMPLETE_VERB)
		offer_verbs(verbs, prefix);
	else if (kind == COMPLETE_TARGET && strncmp(prefix, "deb:", 4) == 0)
		complete_names(COMPLETE_PACKAGE, invocation, "deb:", prefix);
	else
		complete_names(kind, invocation, before, prefix);
	if (kind == COMPLETE_TARGET)
		complete_offer(prefix, "deb:", "a Debian package");
}

static void offer_value(const struct invocation *invocation, const struct option *option, const char *before, const char *prefix)
{
	const char *argument = option->argument ? option->argument : "";
	enum complete_kind kind = complete_kind_of(argument);

	if (is_choice(argument))
		offer_choices(argument, before, prefix);
	else if (kind == COMPLETE_PACKAGE && strncmp(argument, "deb:", 4) == 0)
		offer_kind(invocation, kind, "deb:", prefix);
	else
		offer_kind(invocation, kind, before, prefix);
}

static void offer_options(const struct option *list, const char *prefix)
{
	for (; list->name; list++) {
		char *word = text_format(list->kind == OPTION_FLAG ? "--%s" : "--%s=", list->name);
		char letter[] = {'-', list->letter, '\0'};

		complete_offer(prefix, word, list->help);
		if (list->letter && prefix[1] != '-')
			complete_offer(prefix, letter, list->help);
		free(word);
	}
	complete_offer(prefix, "--help", "this help");
}

/* The option that the word asks a value for from the next one; NULL if it does not. */
static const struct option *waits_for_value(const struct option *list, const char *word)
{
	size_t length = strlen(word);

	if (length < 2 || word[0] != '-' || strchr(word, '='))
		return NULL;
	for (; list->name; list++) {
		bool is_it = word[1] == '-' ? strcmp(list->name, word + 2) == 0 : length == 2 && list->letter == word[1];

		if (is_it && list->kind != OPTION_FLAG)
			return list;
	}
	return NULL;
}

/* "--name=": the option, if the word begins so. */
static const struct option *with_value(const struct option *list, const char *word)
{
	size_t length = strcspn(word, "=");

	if (strncmp(word, "--", 2) != 0 || word[length] != '=')
		return NULL;
	for (; list->name; list++) {
		if (strncmp(list->name, word + 2, length - 2) == 0 && !list->name[length - 2])
			return list;
	}
	return NULL;
}

/* The `index`th word of the operands as usage tells them; the last of them if it may be repeated. "" if there is none. */
static char *operand_name(const char *operands, size_t index)
{
	const char *last = "";
	size_t length = 0;

	while (operands += strspn(operands, " "), *operands) {
		last = operands;
		length = strcspn(operands, " ");
		if (index-- == 0)
			return text_copy_n(last, length);
		operands += length;
	}
	return text_copy(length > 3 && memchr(last, '.', length) ? last : "");
}

/* "ls | create NAME | rm NAME...": first the words before which a bar stands, then what follows the chosen one. */
static void offer_alternatives(const struct invocation *invocation, const char *operands, const char *first, size_t index, const char *prefix)
{
	for (const char *part = operands; part; part = strstr(part, " | "), part = part ? part + 3 : NULL) {
		size_t length = strcspn(part, " |");
		char *name = text_copy_n(part, length);

		if (index == 0)
			complete_offer(prefix, name, NULL);
		else if (strcmp(name, first) == 0 && part[length] == ' ' && part[length + 1] != '|')
			offer_kind(invocation, strncmp(operands, "ls | create NAME", 16) == 0 ? COMPLETE_NETWORK : complete_kind_of(part + length + 1),
				"", prefix);
		free(name);
	}
}

/* What a NAME is, the group tells. */
static enum complete_kind kind_of_name(const struct verb *verb)
{
	static const struct {
		const char *group;
		enum complete_kind kind;
	} groups[] = {{"package ", COMPLETE_OWN_PACKAGE}, {"repo ", COMPLETE_REPOSITORY}};

	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		if (strncmp(verb->name, groups[i].group, strlen(groups[i].group)) == 0)
			return groups[i].kind;
	}
	return COMPLETE_NOTHING;
}

static void offer_operand(const struct invocation *invocation, const struct verb *verb, const char *first, size_t index, const char *prefix)
{
	enum complete_kind kind;
	char *name;

	if (strstr(verb->operands, " | ")) {
		offer_alternatives(invocation, verb->operands, first, index, prefix);
		return;
	}
	name = operand_name(verb->operands, index);
	kind = complete_kind_of(name);
	if (strncmp(name + (*name == '['), "NAME", 4) == 0)
		kind = kind_of_name(verb);
	if (is_choice(name))
		offer_choices(name, "", prefix);
	else if (*name >= 'a' && *name <= 'z')
		complete_offer(prefix, name, NULL);
	else
		offer_kind(invocation, kind, "", prefix);
	free(name);
}

/* Behind the verb: `words` up to the current one, the last. */
static void complete_verb(const struct invocation *invocation, const struct verb *verb, const char *const *words, size_t count)
{
	const struct option *waiting = NULL, *attached;
	const char *current = words[count - 1], *first = "";
	size_t operands = 0;

	for (size_t i = 0; i + 1 < count; i++) {
		if (waiting) {
			waiting = NULL;
		} else if (strcmp(words[i], "--") == 0) {
			puts(":files"); /* the program's own words */
			return;
		} else if (words[i][0] == '-' && words[i][1]) {
			waiting = waits_for_value(verb->options, words[i]);
		} else if (operands++ == 0) {
			first = words[i];
		}
	}
	attached = with_value(verb->options, current);
	if (waiting) {
		offer_value(invocation, waiting, "", current);
	} else if (attached) {
		char *before = text_copy_n(current, strcspn(current, "=") + 1);

		offer_value(invocation, attached, before, current);
		free(before);
	} else if (*current == '-') {
		offer_options(verb->options, current);
	} else {
		offer_operand(invocation, verb, first, operands, current);
	}
}

static int complete(struct invocation *invocation)
{
	const char *const *words = invocation->words.rest.words;
	size_t count = invocation->words.rest.count;
	const struct verb *verb;

	if (count == 0)
		return 0;
	if (count == 1) {
		offer_verbs(verbs, words[0]);
		complete_offer(words[0], "--help", "list the verbs");
		complete_offer(words[0], "--version", "print the version");
		return 0;
	}
	verb = verb_find(words[0]);
	if (verb && verb->actions && count == 2) {
		offer_verbs(verb->actions, words[1]);
		return 0;
	}
	if (verb && verb == &verb_help && count == 3 && verb_find(words[1]) && verb_find(words[1])->actions) {
		offer_verbs(verb_find(words[1])->actions, words[2]);
		return 0;
	}
	if (verb && verb->actions) {
		verb = verb_find_action(verb, words[1]);
		words++;
		count--;
	}
	if (verb)
		complete_verb(invocation, verb, words + 1, count - 1);
	return 0;
}

const struct verb verb_complete = {
	.name = "__complete",
	.operands = "-- WORD... CURRENT",
	.summary = "List what the last word could become",
	.options = options,
	.misuse_status = EXIT_MISUSED,
	.failure_status = EXIT_FAILED,
	.run = complete,
	.is_hidden = true,
};
