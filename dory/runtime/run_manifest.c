/* SPDX-License-Identifier: BSD-3-Clause */
/* meta/run.yaml. */
#include "dory/runtime/run_manifest.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "dory/base/near_names.h"
#include "dory/base/text.h"

static void set_release(struct run_set *set)
{
	char *const texts[] = {set->name, set->base_package, set->base_set, set->bootcmd, set->main, set->xms, set->xmx};
	struct text_list *const lists[] = {&set->environment, &set->args, &set->runtime_args, &set->classpath};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		free(texts[i]);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		text_list_release(lists[i]);
	*set = (struct run_set){0};
}

void run_manifest_release(struct run_manifest *manifest)
{
	for (size_t i = 0; i < manifest->count; i++)
		set_release(&manifest->sets[i]);
	free(manifest->sets);
	free(manifest->default_sets);
	*manifest = (struct run_manifest){0};
}

const struct run_set *run_manifest_set(const struct run_manifest *manifest, const char *name)
{
	for (size_t i = 0; i < manifest->count; i++)
		if (strcmp(manifest->sets[i].name, name) == 0)
			return &manifest->sets[i];
	return NULL;
}

void run_sets_split(const char *names, struct text_list *list)
{
	while (*names) {
		size_t length;

		names += strspn(names, ", \t\n");
		length = strcspn(names, ",");
		while (length > 0 && isspace((unsigned char)names[length - 1]))
			length--;
		if (length > 0)
			text_list_take(list, text_copy_n(names, length));
		names += strcspn(names, ",");
	}
}

/* A set's name becomes the name of a file in the image. */
static int check_name(const struct document *document, const yaml_node_t *key, const char *name, struct dory_error *err)
{
	if (*name && *name != '.' && strlen(name) <= 100 && !strpbrk(name, "/,\n\t "))
		return 0;
	document_fail(document, key, err, "'%.100s' cannot be the name of a configuration set", name);
	return error_hint(err, "A name has no blanks, '/' or ',' and does not start with '.'.");
}

/* The place for a set of that name, emptied if it was there: the last one counts. */
static struct run_set *set_named(struct run_manifest *manifest, const char *name)
{
	struct run_set *set = (struct run_set *)run_manifest_set(manifest, name);

	if (set)
		set_release(set);
	else
		set = array_push(&manifest->sets, &manifest->count, sizeof(*set));
	set->name = text_copy(name);
	return set;
}

static int take_set(struct document *document, void *into, const yaml_node_t *key, const char *name,
	const yaml_node_t *value, struct dory_error *err)
{
	struct run_manifest *manifest = into;
	const struct runtime *runtime = manifest->runtime;
	struct run_set *set;
	const char *why;
	char what[100];

	if (check_name(document, key, name, err) < 0)
		return -1;
	set = set_named(manifest, name);
	snprintf(what, sizeof(what), "a configuration set of the runtime %s", runtime->name);
	if (document_mapping(document, value, runtime->document_keys, runtime->document_key_count, set, what, err) < 0)
		return -1;
	why = runtime->check(set);
	if (why)
		return document_fail(document, key, err, "Validation failed for configuration set '%s': %s", name, why);
	return 0;
}

/* The keys above the sets. Sets can be read only when the runtime is known, wherever it stands. */
struct top {
	char *runtime, *default_sets;
	const yaml_node_t *sets, *runtime_node;
};

static int take_sets(struct document *document, void *into, const yaml_node_t *value, struct dory_error *err)
{
	*(const yaml_node_t **)into = value;
	return 0;
}

static const struct document_key top_keys[] = {
	{"runtime", document_take_text, offsetof(struct top, runtime)},
	{"config_set", take_sets, offsetof(struct top, sets)},
	{"config_set_default", document_take_text, offsetof(struct top, default_sets)},
};

static int explain_default(const struct document *document, const struct run_manifest *manifest, const char *name, struct dory_error *err)
{
	struct near_names near = {0};
	char *text;

	for (size_t i = 0; i < manifest->count; i++)
		near_names_offer(&near, name, manifest->sets[i].name);
	error_set(err, DORY_ERROR_FORMAT, "%s: config_set_default names '%.100s', which is none of its sets", document->name, name);
	if (!near.count)
		return -1;
	text = near_names_text(&near);
	error_hint(err, "Did you mean %s?", text);
	free(text);
	return -1;
}

static int read_top(struct document *document, struct top *top, struct run_manifest *manifest, struct dory_error *err)
{
	struct text_list defaults = {0};
	int result = 0;

	if (document->root &&
		document_mapping(document, document->root, top_keys, ARRAY_SIZE(top_keys), top, "run.yaml", err) < 0)
		return -1;
	manifest->runtime = runtime_find(top->runtime ? top->runtime : "");
	if (!manifest->runtime)
		return runtime_explain_unknown(top->runtime ? top->runtime : "", err), error_wrap(err, "%s", document->name);
	if (top->sets && document_each_pair(document, top->sets, take_set, manifest, err) < 0)
		return -1;
	if (manifest->count == 0)
		return error_set(err, DORY_ERROR_FORMAT, "failed to parse %s: at least one config_set must be provided",
			document->name);
	manifest->default_sets = text_copy(top->default_sets ? top->default_sets : "");
	run_sets_split(manifest->default_sets, &defaults);
	for (size_t i = 0; i < defaults.count && result == 0; i++)
		if (!run_manifest_set(manifest, defaults.items[i]))
			result = explain_default(document, manifest, defaults.items[i], err);
	text_list_release(&defaults);
	return result;
}

int run_manifest_parse(const char *name, const char *text, size_t length, bool is_quiet, struct run_manifest *manifest,
	struct dory_error *err)
{
	struct document document;
	struct top top = {0};
	int result;

	*manifest = (struct run_manifest){0};
	if (document_open(&document, name, text, length, err) < 0)
		return -1;
	document.is_quiet = is_quiet;
	result = read_top(&document, &top, manifest, err);
	document_close(&document);
	free(top.runtime);
	free(top.default_sets);
	if (result < 0)
		run_manifest_release(manifest);
	return result;
}
