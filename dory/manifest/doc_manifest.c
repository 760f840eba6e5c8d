/* SPDX-License-Identifier: BSD-3-Clause */
/* meta/doc.yaml. */
#include "dory/manifest/doc_manifest.h"
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"
#include "dory/manifest/document.h"

static const struct document_key parameter_keys[] = {
	{"purpose", document_take_text, offsetof(struct doc_parameter, purpose)},
	{"default", document_take_text, offsetof(struct doc_parameter, default_value)},
	{"required", document_take_bool, offsetof(struct doc_parameter, is_required)},
};

static void parameter_release(struct doc_parameter *parameter)
{
	free(parameter->name);
	free(parameter->purpose);
	free(parameter->default_value);
	*parameter = (struct doc_parameter){0};
}

static void set_release(struct doc_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		parameter_release(&set->parameters[i]);
	free(set->parameters);
	free(set->name);
	free(set->purpose);
	*set = (struct doc_set){0};
}

/* The parameter of that name, emptied if it was there. */
static struct doc_parameter *parameter_named(struct doc_set *set, const char *name)
{
	struct doc_parameter *parameter = NULL;

	for (size_t i = 0; i < set->count && !parameter; i++)
		if (strcmp(set->parameters[i].name, name) == 0)
			parameter = &set->parameters[i];
	if (parameter)
		parameter_release(parameter);
	else
		parameter = array_push(&set->parameters, &set->count, sizeof(*parameter));
	parameter->name = text_copy(name);
	return parameter;
}

static int take_parameter(struct document *document, void *into, const yaml_node_t *key, const char *name,
	const yaml_node_t *value, struct dory_error *err)
{
	struct doc_parameter *parameter = parameter_named(into, name);

	if (value->type == YAML_SCALAR_NODE)
		return document_take_text(document, &parameter->purpose, value, err);
	return document_mapping(document, value, parameter_keys, ARRAY_SIZE(parameter_keys), parameter, "a parameter", err);
}

static int take_parameters(struct document *document, void *into, const yaml_node_t *value, struct dory_error *err)
{
	return document_each_pair(document, value, take_parameter, into, err);
}

static const struct document_key set_keys[] = {
	{"purpose", document_take_text, offsetof(struct doc_set, purpose)},
	{"parameters", take_parameters, 0},
};

static struct doc_set *set_named(struct doc_manifest *manifest, const char *name)
{
	struct doc_set *set = NULL;

	for (size_t i = 0; i < manifest->count && !set; i++)
		if (strcmp(manifest->sets[i].name, name) == 0)
			set = &manifest->sets[i];
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
	struct doc_set *set = set_named(into, name);

	return document_mapping(document, value, set_keys, ARRAY_SIZE(set_keys), set, "a config_set of doc.yaml", err);
}

static int take_sets(struct document *document, void *into, const yaml_node_t *value, struct dory_error *err)
{
	return document_each_pair(document, value, take_set, into, err);
}

static const struct document_key keys[] = {
	{"purpose", document_take_text, offsetof(struct doc_manifest, purpose)},
	{"limits", document_take_list, offsetof(struct doc_manifest, limits)},
	{"config_set", take_sets, 0},
};

int doc_manifest_parse(const char *name, const char *text, size_t length, bool is_quiet, struct doc_manifest *manifest,
	struct dory_error *err)
{
	struct document document;
	int result = 0;

	*manifest = (struct doc_manifest){0};
	if (document_open(&document, name, text, length, err) < 0)
		return -1;
	document.is_quiet = is_quiet;
	if (document.root)
		result = document_mapping(&document, document.root, keys, ARRAY_SIZE(keys), manifest, "doc.yaml", err);
	document_close(&document);
	if (result < 0)
		doc_manifest_release(manifest);
	return result;
}

void doc_manifest_release(struct doc_manifest *manifest)
{
	for (size_t i = 0; i < manifest->count; i++)
		set_release(&manifest->sets[i]);
	free(manifest->sets);
	free(manifest->purpose);
	text_list_release(&manifest->limits);
	*manifest = (struct doc_manifest){0};
}
