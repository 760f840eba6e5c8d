/* SPDX-License-Identifier: BSD-3-Clause */
/* YAML documents through libyaml's document interface. */
#include "dory/manifest/document.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dory/base/near_names.h"
#include "dory/base/progress.h"
#include "dory/base/text.h"

enum { NODES_MAX = 200000, BRACKETS_MAX = 256, MERGES_MAX = 16 };

/* YAML's reader tells bytes that are no text only by their place in the file. */
static int explain(const yaml_parser_t *parser, const char *name, struct dory_error *err)
{
	const char *problem = parser->problem ? parser->problem : "this is not YAML";

	if (parser->error == YAML_READER_ERROR)
		return error_set(err, DORY_ERROR_FORMAT, "%s is not a text in UTF-8: byte %zu (%s)", name,
			parser->problem_offset, problem);
	return error_set(err, DORY_ERROR_FORMAT, "%s, line %zu, column %zu: %s", name, parser->problem_mark.line + 1,
		parser->problem_mark.column + 1, problem);
}

/* libyaml takes time with the square of the open brackets, before it finds that there are too many. */
static bool is_nested_too_deeply(const char *text, size_t length)
{
	size_t open = 0;

	for (size_t i = 0; i < length && open <= BRACKETS_MAX; i++) {
		if (text[i] == '[' || text[i] == '{')
			open++;
		else if ((text[i] == ']' || text[i] == '}') && open > 0)
			open--;
	}
	return open > BRACKETS_MAX;
}

int document_open(
	struct document *document, const char *name, const char *text, size_t length, struct dory_error *err)
{
	yaml_parser_t parser;
	int result = 0;

	*document = (struct document){.name = name, .nodes_left = NODES_MAX};
	if (length > DOCUMENT_SIZE_MAX)
		return error_set(err, DORY_ERROR_FORMAT, "%s is larger than a mebibyte", name);
	if (is_nested_too_deeply(text, length))
		return error_set(err, DORY_ERROR_FORMAT, "%s has more than %d brackets in one another", name, BRACKETS_MAX);
	if (!yaml_parser_initialize(&parser))
		return error_set(err, DORY_ERROR_MEMORY, "no memory to read %s", name);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
	if (yaml_parser_load(&parser, &document->yaml))
		document->root = yaml_document_get_root_node(&document->yaml);
	else
		result = explain(&parser, name, err);
	yaml_parser_delete(&parser);
	if (document->root && document_is_empty(document->root))
		document->root = NULL;
	return result;
}

void document_close(struct document *document)
{
	yaml_document_delete(&document->yaml);
}

int document_fail(
	const struct document *document, const yaml_node_t *node, struct dory_error *err, const char *format, ...)
{
	char text[700];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return error_set(err, DORY_ERROR_FORMAT, "%s, line %zu, column %zu: %s", document->name,
		node->start_mark.line + 1, node->start_mark.column + 1, text);
}

void document_warn(const struct document *document, const yaml_node_t *node, const char *format, ...)
{
	char text[700];
	va_list args;

	if (document->is_quiet)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	progress_warning("%s, line %zu, column %zu: %s", document->name, node->start_mark.line + 1,
		node->start_mark.column + 1, text);
}

static int count_node(struct document *document, const yaml_node_t *node, struct dory_error *err)
{
	if (document->nodes_left == 0)
		return document_fail(document, node, err, "the file says too much: more than %d values", NODES_MAX);
	document->nodes_left--;
	return 0;
}

static const char *kind_name(const yaml_node_t *node)
{
	return node->type == YAML_SEQUENCE_NODE ? "a list" : node->type == YAML_MAPPING_NODE ? "KEY: VALUE" : "a value";
}

bool document_is_empty(const yaml_node_t *node)
{
	const char *text = (const char *)node->data.scalar.value;

	if (node->type != YAML_SCALAR_NODE || node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return false;
	return !*text || strcmp(text, "~") == 0 || strcmp(text, "null") == 0;
}

const char *document_scalar(struct document *document, const yaml_node_t *node, struct dory_error *err)
{
	const char *text = (const char *)node->data.scalar.value;

	if (count_node(document, node, err) < 0)
		return NULL;
	if (node->type != YAML_SCALAR_NODE) {
		document_fail(document, node, err, "one value is expected here, not %s", kind_name(node));
		return NULL;
	}
	if (strlen(text) != node->data.scalar.length) {
		document_fail(document, node, err, "a text cannot hold the character NUL");
		return NULL;
	}
	return document_is_empty(node) ? "" : text;
}

int document_take_text(struct document *document, void *into, const yaml_node_t *value, struct dory_error *err)
{
	const char *text = document_scalar(document, value, err);

	if (!text)
		return -1;
	text_replace(into, text_copy(text));
	return 0;
}

int document_take_list(struct document *document, void *into, const yaml_node_t *value, struct dory_error *err)
{
	struct text_list *list = into;

	text_list_release(list);
	if (document_is_empty(value))
		return 0;
	if (value->type != YAML_SEQUENCE_NODE)
		return document_fail(document, value, err, "a list is expected here: lines that start with '- '");
	for (yaml_node_item_t *item = value->data.sequence.items.start; item < value->data.sequence.items.top; item++) {
		const char *text = document_scalar(document, yaml_document_get_node(&document->yaml, *item), err);

		if (!text)
			return -1;
		text_list_add(list, text);
	}
	return 0;
}

int document_take_bool(struct document *document, void *into, const yaml_node_t *value, struct dory_error *err)
{
	static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "n", "y"};
	const char *text = document_scalar(document, value, err);

	if (!text)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcasecmp(text, words[i]) == 0)
			return *(bool *)into = i & 1, 0;
	return document_fail(document, value, err, "true or false is expected here, not '%.100s'", text);
}

/* The key << of YAML 1.1 merges the mappings of its value into this one, whose own keys count more. */
static bool is_merge(const yaml_node_t *key)
{
	return key->type == YAML_SCALAR_NODE && key->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       strcmp((const char *)key->data.scalar.value, "<<") == 0;
}

/* Where pairs go. */
struct pairs {
	document_pair_fn *take;
	void *into;
	unsigned merges; /* in one another */
};

static int take_pairs(struct document *document, const yaml_node_t *node, const struct pairs *pairs, struct dory_error *err);

static int merge_one(struct document *document, const yaml_node_t *node, const struct pairs *pairs, struct dory_error *err)
{
	if (count_node(document, node, err) < 0)
		return -1;
	if (node->type != YAML_MAPPING_NODE)
		return document_fail(document, node, err, "behind << KEY: VALUE is expected, or a list of such, not %s", kind_name(node));
	return take_pairs(document, node, pairs, err);
}

/* Of a list, the first counts most. */
static int merge(struct document *document, const yaml_node_t *value, const struct pairs *pairs, struct dory_error *err)
{
	const struct pairs inner = {.take = pairs->take, .into = pairs->into, .merges = pairs->merges + 1};

	if (inner.merges > MERGES_MAX)
		return document_fail(document, value, err, "more than %d mappings are merged into one another here", MERGES_MAX);
	if (value->type != YAML_SEQUENCE_NODE)
		return merge_one(document, value, &inner, err);
	for (yaml_node_item_t *item = value->data.sequence.items.top; item > value->data.sequence.items.start;) {
		if (merge_one(document, yaml_document_get_node(&document->yaml, *--item), &inner, err) < 0)
			return -1;
	}
	return 0;
}

/* What is taken later counts: so what is merged comes first. */
static int take_pairs(struct document *document, const yaml_node_t *node, const struct pairs *pairs, struct dory_error *err)
{
	yaml_node_pair_t *start = node->data.mapping.pairs.start, *top = node->data.mapping.pairs.top;

	for (yaml_node_pair_t *pair = start; pair < top; pair++) {
		if (is_merge(yaml_document_get_node(&document->yaml, pair->key)) &&
			merge(document, yaml_document_get_node(&document->yaml, pair->value), pairs, err) < 0)
			return -1;
	}
	for (yaml_node_pair_t *pair = start; pair < top; pair++) {
		const yaml_node_t *key = yaml_document_get_node(&document->yaml, pair->key);
		const char *name = is_merge(key) ? NULL : document_scalar(document, key, err);

		if (is_merge(key))
			continue;
		if (!name ||
			pairs->take(document, pairs->into, key, name, yaml_document_get_node(&document->yaml, pair->value), err) < 0)
			return -1;
	}
	return 0;
}

int document_each_pair(struct document *document, const yaml_node_t *node, document_pair_fn *take, void *into,
	struct dory_error *err)
{
	const struct pairs pairs = {.take = take, .into = into};

	if (document_is_empty(node))
		return 0;
	if (node->type != YAML_MAPPING_NODE)
		return document_fail(document, node, err, "KEY: VALUE is expected here, not %s", kind_name(node));
	return take_pairs(document, node, &pairs, err);
}

struct mapping {
	const struct document_key *keys;
	size_t count;
	char *into;
	const char *what;
};

static int unknown_key(const struct document *document, const struct mapping *mapping, const yaml_node_t *key,
	const char *name, struct dory_error *err)
{
	for (size_t i = 0; i < mapping->count; i++) {
		const char *known = mapping->keys[i].name;
		unsigned most = strlen(known) > 4 ? 2 : 1;

		if (near_names_distance(name, known, most) > most && strcasecmp(name, known) != 0)
			continue;
		document_fail(document, key, err, "there is no key '%.60s' in %s", name, mapping->what);
		return error_hint(err, "Did you mean '%s'?", known);
	}
	document_warn(document, key, "the key '%.60s' means nothing in %s", name, mapping->what);
	return 0;
}

static int take_pair(struct document *document, void *context, const yaml_node_t *key, const char *name,
	const yaml_node_t *value, struct dory_error *err)
{
	const struct mapping *mapping = context;

	for (size_t i = 0; i < mapping->count; i++) {
		const struct document_key *known = &mapping->keys[i];

		if (strcmp(known->name, name) == 0)
			return known->take(document, mapping->into + known->offset, value, err);
	}
	return unknown_key(document, mapping, key, name, err);
}

int document_mapping(struct document *document, const yaml_node_t *node, const struct document_key *keys, size_t count,
	void *into, const char *what, struct dory_error *err)
{
	struct mapping mapping = {.keys = keys, .count = count, .into = into, .what = what};

	return document_each_pair(document, node, take_pair, &mapping, err);
}

void document_warn_changed(const struct document *document, const yaml_node_t *node)
{
	const char *text = (const char *)node->data.scalar.value;

	if (node->type == YAML_SCALAR_NODE && node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
		scalar_changes(text))
		document_warn(document, node, "taken as it stands: %.60s; Capstan would have made something else of it",
			text);
}
