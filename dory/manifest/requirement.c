/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines of `require`. */
#include "dory/manifest/requirement.h"
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"

#define BLANKS " \t\n"
#define DEBIAN_PREFIX "deb:"

/* Longer ones first: the first that matches is taken. */
static const struct {
	const char *text;
	enum requirement_operator operator;
} operators[] = {
	{"==", REQUIREMENT_EQUAL},
	{"<=", REQUIREMENT_LESS_EQUAL},
	{">=", REQUIREMENT_GREATER_EQUAL},
	{"=", REQUIREMENT_EQUAL},
	{"<", REQUIREMENT_LESS},
	{">", REQUIREMENT_GREATER},
};

static int refuse(const char *text, const char *why, struct dory_error *err)
{
	error_set(err, DORY_ERROR_FORMAT, "\"%.200s\" is not a requirement: %s", text, why);
	return error_hint(err, "Write NAME, NAME >= VERSION or deb:NAME; alternatives stand behind '|'.");
}

static char *take_word(const char **text, const char *ends)
{
	size_t length;
	char *word;

	*text += strspn(*text, BLANKS);
	length = strcspn(*text, ends);
	word = text_copy_n(*text, length);
	*text += length;
	*text += strspn(*text, BLANKS);
	return word;
}

static int check(const char *whole, const struct alternative *alternative, struct dory_error *err)
{
	struct dory_error why;

	if (!*alternative->name)
		return refuse(whole, "a name is missing", err);
	if (package_name_check(alternative->name, &why) < 0)
		return refuse(whole, "its name has characters that are not allowed", err);
	if (alternative->operator != REQUIREMENT_ANY && !*alternative->version)
		return refuse(whole, "a version is missing behind the sign", err);
	if (alternative->version && package_version_check(alternative->version, &why) < 0)
		return refuse(whole, "its version has characters that are not allowed", err);
	return 0;
}

static int take_alternative(const char **text, const char *whole, struct alternative *alternative, struct dory_error *err)
{
	*text += strspn(*text, BLANKS);
	if (strncmp(*text, DEBIAN_PREFIX, strlen(DEBIAN_PREFIX)) == 0) {
		alternative->is_debian = true;
		*text += strlen(DEBIAN_PREFIX);
	}
	alternative->name = take_word(text, BLANKS "<>=|");
	for (size_t i = 0; i < ARRAY_SIZE(operators); i++) {
		size_t length = strlen(operators[i].text);

		if (strncmp(*text, operators[i].text, length) != 0)
			continue;
		*text += length;
		alternative->operator = operators[i].operator;
		alternative->version = take_word(text, BLANKS "|");
		break;
	}
	if (**text && **text != '|')
		return refuse(whole, "what stands behind the name is not understood", err);
	return check(whole, alternative, err);
}

int requirement_parse(const char *text, struct requirement *requirement, struct dory_error *err)
{
	enum { ALTERNATIVES_MAX = 32 };
	const char *rest = text;

	*requirement = (struct requirement){0};
	do {
		struct alternative *alternative;

		if (requirement->count == ALTERNATIVES_MAX) {
			requirement_release(requirement);
			return refuse(text, "it has too many alternatives", err);
		}
		alternative = array_push(&requirement->alternatives, &requirement->count, sizeof(*alternative));
		if (take_alternative(&rest, text, alternative, err) < 0) {
			requirement_release(requirement);
			return -1;
		}
	} while (*rest++ == '|');
	return 0;
}

void requirement_release(struct requirement *requirement)
{
	for (size_t i = 0; i < requirement->count; i++) {
		free(requirement->alternatives[i].name);
		free(requirement->alternatives[i].version);
	}
	free(requirement->alternatives);
	*requirement = (struct requirement){0};
}

const char *requirement_operator_text(enum requirement_operator operator)
{
	static const char *const texts[] = {[REQUIREMENT_ANY] = "",
		[REQUIREMENT_EQUAL] = "=",
		[REQUIREMENT_LESS] = "<",
		[REQUIREMENT_LESS_EQUAL] = "<=",
		[REQUIREMENT_GREATER] = ">",
		[REQUIREMENT_GREATER_EQUAL] = ">="};

	return texts[operator];
}

char *alternative_print(const struct alternative *alternative)
{
	bool has_version = alternative->operator != REQUIREMENT_ANY;

	return text_format("%s%s%s%s%s%s", alternative->is_debian ? DEBIAN_PREFIX : "", alternative->name,
		has_version ? " " : "", requirement_operator_text(alternative->operator), has_version ? " " : "",
		has_version ? alternative->version : "");
}

char *requirement_print(const struct requirement *requirement)
{
	struct text_buffer text = {0};

	for (size_t i = 0; i < requirement->count; i++) {
		char *one = alternative_print(&requirement->alternatives[i]);

		text_append_format(&text, "%s%s", i ? " | " : "", one);
		free(one);
	}
	return text.text ? text.text : text_copy("");
}
