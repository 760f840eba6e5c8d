/* SPDX-License-Identifier: BSD-3-Clause */
/* Parses and merges run configurations. */
#include "lib/run_config.h"
#include "abi/run_config.h"
#include "lib/format.h"
#include "lib/string.h"

static bool push(struct run_config *config, struct run_list *list, const char *item)
{
	if (list->count + 1 >= list->room) {
		size_t room = list->room ? list->room * 2 : 64;
		const char **items = config->allocate(room * sizeof(*items));

		if (!items)
			return false;
		if (list->count)
			memcpy(items, list->items, list->count * sizeof(*items));
		list->items = items;
		list->room = room;
	}
	list->items[list->count++] = item;
	list->items[list->count] = NULL;
	return true;
}

static bool push_separator(struct run_config *config, const char *separator)
{
	size_t *at = config->allocate((config->separators.count + 1) * sizeof(*at));

	if (!at)
		return false;
	if (config->separators.count)
		memcpy(at, config->separator_at, config->separators.count * sizeof(*at));
	at[config->separators.count] = config->arguments.count;
	config->separator_at = at;
	return push(config, &config->separators, separator);
}

/* Where the variable of "NAME=..." stands in the environment, or its end. */
static size_t environment_find(const struct run_config *config, const char *assignment)
{
	const char *equals = strchr(assignment, '=');
	size_t len = equals ? (size_t)(equals - assignment) + 1 : strlen(assignment), i;

	for (i = 0; i < config->environment.count; i++) {
		if (!strncmp(config->environment.items[i], assignment, len))
			break;
	}
	return i;
}

bool run_config_set_environment(struct run_config *config, const char *assignment)
{
	size_t i = environment_find(config, assignment);

	if (i == config->environment.count)
		return push(config, &config->environment, assignment);
	config->environment.items[i] = assignment;
	return true;
}

static void unset_environment(struct run_config *config, const char *name)
{
	struct run_list *environment = &config->environment;
	size_t len = strlen(name), kept = 0;

	for (size_t i = 0; i < environment->count; i++) {
		const char *item = environment->items[i];

		if (strncmp(item, name, len) || item[len] != '=')
			environment->items[kept++] = item;
	}
	environment->count = kept;
	if (environment->items)
		environment->items[kept] = NULL;
}

const char *run_config_environment(const struct run_config *config, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < config->environment.count; i++) {
		if (!strncmp(config->environment.items[i], name, len) && config->environment.items[i][len] == '=')
			return config->environment.items[i] + len + 1;
	}
	return NULL;
}

static const struct key {
	const char *key;
	enum { KEY_SINGLE, KEY_ARGUMENT, KEY_NEXT, KEY_ENVIRONMENT, KEY_UNSET, KEY_MOUNT } kind;
	size_t offset; /* KEY_SINGLE: of its one value */
} keys[] = {
    {"arg", KEY_ARGUMENT, 0},
    {"next", KEY_NEXT, 0},
    {"env", KEY_ENVIRONMENT, 0},
    {"unset", KEY_UNSET, 0},
    {"mount", KEY_MOUNT, 0},
    {"cwd", KEY_SINGLE, offsetof(struct run_config, cwd)},
    {"host", KEY_SINGLE, offsetof(struct run_config, host)},
    {"user", KEY_SINGLE, offsetof(struct run_config, user)},
    {"stdio", KEY_SINGLE, offsetof(struct run_config, stdio)},
    {"winsize", KEY_SINGLE, offsetof(struct run_config, winsize)},
};

#define IMAGE_KEY "image"

static const char no_memory[] = "there is not enough memory for the run configuration";
static const char unknown_key[] = "the run configuration has a key that this init does not know: it was made by another version of Dory";

/* An override's first arg or next takes the place of all that the image has. */
static bool add_to_command(struct run_config *config, bool is_argument, const char *value, bool *replaces_command)
{
	if (*replaces_command)
		config->arguments.count = config->separators.count = 0;
	*replaces_command = false;
	return is_argument ? push(config, &config->arguments, value) : push_separator(config, value);
}

static bool apply_to(struct run_config *config, const struct key *key, const char *value, bool *replaces_command)
{
	switch (key->kind) {
	case KEY_SINGLE:
		*(const char **)((char *)config + key->offset) = value;
		return true;
	case KEY_ARGUMENT:
	case KEY_NEXT:
		return add_to_command(config, key->kind == KEY_ARGUMENT, value, replaces_command);
	case KEY_ENVIRONMENT:
		return run_config_set_environment(config, value);
	case KEY_UNSET:
		unset_environment(config, value);
		return true;
	case KEY_MOUNT:
		return push(config, &config->mounts, value);
	}
	return false;
}

/* NULL, or what is wrong. */
static const char *apply(struct run_config *config, const char *key, const char *value, bool *replaces_command)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!strcmp(key, keys[i].key))
			return apply_to(config, &keys[i], value, replaces_command) ? NULL : no_memory;
	}
	return unknown_key;
}

bool run_config_holds_image(const char *text, size_t len)
{
	static const char begin[] = RUN_CONFIG_MAGIC IMAGE_KEY " ";

	return len >= sizeof(begin) - 1 && !memcmp(text, begin, sizeof(begin) - 1);
}

const char *run_config_read(struct run_config *config, char *text, size_t len, bool is_override)
{
	const char *magic = RUN_CONFIG_MAGIC;
	char *at = text, *end = text + len;
	bool replaces_command = is_override;

	if (len < strlen(magic) || memcmp(text, magic, strlen(magic)))
		return "the run configuration does not begin with \"dory-run 1\": it was made by another version of Dory";
	for (at += strlen(magic); at < end;) {
		char *blank = memchr(at, ' ', (size_t)(end - at));
		const char *digits_end, *why;
		uint64_t size;

		if (!blank)
			return "the run configuration has a record without a length";
		*blank = '\0';
		if (!format_parse_u64(blank + 1, &digits_end, &size) || digits_end >= end || *digits_end != ' ')
			return "the run configuration has a record with a bad length";
		char *value = (char *)digits_end + 1;
		if (size >= (size_t)(end - value) || value[size] != '\n')
			return "the run configuration is cut short";
		value[size] = '\0';
		why = is_override && !strcmp(at, IMAGE_KEY) ? run_config_read(config, value, size, false) : apply(config, at, value, &replaces_command);
		if (why)
			return why;
		at = value + size + 1;
	}
	return NULL;
}
