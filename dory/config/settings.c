/* SPDX-License-Identifier: BSD-3-Clause */
/* config.yaml through libyaml's document interface: tables of keys, each with the function that takes its value. */
#include "settings.h"
#include <stdlib.h>
#include <string.h>
#include <yaml.h>
#include "dory/base/near_names.h"
#include "dory/base/text.h"

struct reader {
	struct dory_config *config;
	const char *name;
	yaml_document_t document;
	struct dory_error *err;
	const char *archive, *suites, *components; /* of "debian:", taken together at its end; borrowed from the document */
};

struct key {
	const char *name;
	int (*set)(struct reader *reader, const yaml_node_t *value);
};

static int fail(struct reader *reader, const yaml_node_t *node, const char *what, const char *word)
{
	return error_set(reader->err, DORY_ERROR_FORMAT, "%s, line %zu: %s%s%s", reader->name, node->start_mark.line + 1, what,
	    word ? " " : "", word ? word : "");
}

/* The text of a scalar; NULL and an error for a list or mapping. */
static const char *scalar(struct reader *reader, const yaml_node_t *value)
{
	if (value->type != YAML_SCALAR_NODE) {
		fail(reader, value, "one value is expected here", NULL);
		return NULL;
	}
	return (const char *)value->data.scalar.value;
}

static int set_text(struct reader *reader, const yaml_node_t *value, char **field)
{
	const char *text = scalar(reader, value);

	if (!text)
		return -1;
	text_replace(field, *text ? text_copy(text) : NULL);
	return 0;
}

static int set_bool(struct reader *reader, const yaml_node_t *value, bool *field)
{
	const char *text = scalar(reader, value);

	if (!text)
		return -1;
	if (strcmp(text, "true") == 0 || strcmp(text, "yes") == 0)
		*field = true;
	else if (strcmp(text, "false") == 0 || strcmp(text, "no") == 0)
		*field = false;
	else
		return fail(reader, value, "true or false is expected here, not", text);
	return 0;
}

static int unknown_key(struct reader *reader, const yaml_node_t *node, const char *name, const struct key *keys, size_t count)
{
	struct near_names near = {0};
	char *text;

	fail(reader, node, "unknown key", name);
	for (size_t i = 0; i < count; i++)
		near_names_offer(&near, name, keys[i].name);
	if (near.count > 0) {
		text = near_names_text(&near);
		error_hint(reader->err, "Did you mean %s?", text);
		free(text);
	}
	return -1;
}

/* Takes a mapping's values by a table of keys. */
static int read_mapping(struct reader *reader, const yaml_node_t *mapping, const struct key *keys, size_t count)
{
	if (mapping->type != YAML_MAPPING_NODE)
		return fail(reader, mapping, "KEY: VALUE is expected here", NULL);
	for (yaml_node_pair_t *pair = mapping->data.mapping.pairs.start; pair < mapping->data.mapping.pairs.top; pair++) {
		const yaml_node_t *key = yaml_document_get_node(&reader->document, pair->key);
		const yaml_node_t *value = yaml_document_get_node(&reader->document, pair->value);
		const char *name = scalar(reader, key);
		size_t i = 0;

		if (!name)
			return -1;
		while (i < count && strcmp(keys[i].name, name) != 0)
			i++;
		if (i == count)
			return unknown_key(reader, key, name, keys, count);
		if (keys[i].set(reader, value) < 0)
			return -1;
	}
	return 0;
}

static struct debian_source *last_source(struct reader *reader)
{
	return &reader->config->sources[reader->config->source_count - 1];
}

static int set_source_uri(struct reader *reader, const yaml_node_t *value)
{
	return set_text(reader, value, &last_source(reader)->uri);
}

static int set_source_suite(struct reader *reader, const yaml_node_t *value)
{
	return set_text(reader, value, &last_source(reader)->suite);
}

static int set_source_components(struct reader *reader, const yaml_node_t *value)
{
	const char *text = scalar(reader, value);

	if (!text)
		return -1;
	text_replace(&last_source(reader)->components, text_copy(text));
	return 0;
}

static int set_source_keyring(struct reader *reader, const yaml_node_t *value)
{
	return set_text(reader, value, &last_source(reader)->keyring);
}

static const struct key source_keys[] = {
    {"uri", set_source_uri},
    {"suite", set_source_suite},
    {"components", set_source_components},
    {"keyring", set_source_keyring},
};

static int read_source(struct reader *reader, const yaml_node_t *node)
{
	struct dory_config *config = reader->config;
	struct debian_source *source = array_push(&config->sources, &config->source_count, sizeof(*source));
	size_t length;

	source->components = text_copy("main");
	if (read_mapping(reader, node, source_keys, ARRAY_SIZE(source_keys)) < 0)
		return -1;
	if (!source->uri || !source->suite)
		return fail(reader, node, "a source needs uri and suite", NULL);
	for (length = strlen(source->uri); length > 0 && source->uri[length - 1] == '/'; length--)
		source->uri[length - 1] = '\0';
	return 0;
}

static int set_sources(struct reader *reader, const yaml_node_t *value)
{
	if (value->type != YAML_SEQUENCE_NODE)
		return fail(reader, value, "a list of sources is expected here", NULL);
	debian_sources_release(reader->config->sources, reader->config->source_count);
	reader->config->sources = NULL;
	reader->config->source_count = 0;
	text_replace(&reader->config->sources_origin, text_copy(reader->name));
	for (yaml_node_item_t *item = value->data.sequence.items.start; item < value->data.sequence.items.top; item++)
		if (read_source(reader, yaml_document_get_node(&reader->document, *item)) < 0)
			return -1;
	return 0;
}

static int set_archive(struct reader *reader, const yaml_node_t *value)
{
	return (reader->archive = scalar(reader, value)) ? 0 : -1;
}

static int set_suite(struct reader *reader, const yaml_node_t *value)
{
	return (reader->suites = scalar(reader, value)) ? 0 : -1;
}

static int set_components(struct reader *reader, const yaml_node_t *value)
{
	return (reader->components = scalar(reader, value)) ? 0 : -1;
}

static int set_keyring(struct reader *reader, const yaml_node_t *value)
{
	return set_text(reader, value, &reader->config->keyring);
}

static int set_ignore_expiry(struct reader *reader, const yaml_node_t *value)
{
	return set_bool(reader, value, &reader->config->ignore_expiry);
}

static const struct key debian_keys[] = {
    {"archive", set_archive},
    {"suite", set_suite},
    {"components", set_components},
    {"keyring", set_keyring},
    {"ignore-expiry", set_ignore_expiry},
    {"sources", set_sources},
};

static int set_debian(struct reader *reader, const yaml_node_t *value)
{
	if (read_mapping(reader, value, debian_keys, ARRAY_SIZE(debian_keys)) < 0)
		return -1;
	if (!reader->archive && !reader->suites && !reader->components)
		return 0;
	if (config_choose_archive(reader->config, reader->archive, reader->suites, reader->components, NULL, reader->err) < 0)
		return error_wrap(reader->err, "%s, line %zu", reader->name, value->start_mark.line + 1);
	text_replace(&reader->config->sources_origin, text_copy(reader->name));
	return 0;
}

/* "" stays: it says that there is no proxy whatever the environment says. */
static int set_proxy(struct reader *reader, const yaml_node_t *value)
{
	const char *text = scalar(reader, value);

	if (!text)
		return -1;
	text_replace(&reader->config->proxy, text_copy(text));
	return 0;
}

static int set_qemu(struct reader *reader, const yaml_node_t *value)
{
	return set_text(reader, value, &reader->config->qemu);
}

static int set_accelerator(struct reader *reader, const yaml_node_t *value)
{
	return set_text(reader, value, &reader->config->accelerator);
}

static int set_machine(struct reader *reader, const yaml_node_t *value)
{
	return set_text(reader, value, &reader->config->machine);
}

static int set_memory(struct reader *reader, const yaml_node_t *value)
{
	return set_text(reader, value, &reader->config->memory);
}

static int set_cpus(struct reader *reader, const yaml_node_t *value)
{
	const char *text = scalar(reader, value);
	unsigned long cpus;
	char *end;

	if (!text)
		return -1;
	cpus = strtoul(text, &end, 10);
	if (end == text || *end || cpus == 0 || cpus > 1024)
		return fail(reader, value, "a number of processors is expected here, not", text);
	reader->config->cpus = (unsigned)cpus;
	return 0;
}

static int set_documentation(struct reader *reader, const yaml_node_t *value)
{
	return set_bool(reader, value, &reader->config->with_documentation);
}

/* Capstan's config.yaml has four keys, which are read here as well. */
static int set_repo_url(struct reader *reader, const yaml_node_t *value)
{
	return set_text(reader, value, &reader->config->repo_url);
}

static int set_disable_kvm(struct reader *reader, const yaml_node_t *value)
{
	bool is_disabled = false;

	if (set_bool(reader, value, &is_disabled) < 0)
		return -1;
	if (is_disabled)
		text_replace(&reader->config->accelerator, text_copy("tcg"));
	return 0;
}

static int set_aio(struct reader *reader, const yaml_node_t *value)
{
	const char *text = scalar(reader, value);

	if (!text)
		return -1;
	if (strcmp(text, "threads") != 0 && strcmp(text, "native") != 0)
		return fail(reader, value, "threads or native is expected here, not", text);
	text_replace(&reader->config->aio, text_copy(text));
	return 0;
}

/* Of OSv's releases: Capstan reads it and makes nothing of it. */
static int skip(struct reader *reader, const yaml_node_t *value)
{
	return scalar(reader, value) ? 0 : -1;
}

static const struct key top_keys[] = {
    {"debian", set_debian},
    {"proxy", set_proxy},
    {"qemu", set_qemu},
    {"accelerator", set_accelerator},
    {"machine", set_machine},
    {"memory", set_memory},
    {"cpus", set_cpus},
    {"documentation", set_documentation},
    {"repo_url", set_repo_url},
    {"disable_kvm", set_disable_kvm},
    {"qemu_aio_type", set_aio},
    {"release_tag", skip},
};

int settings_parse(struct dory_config *config, const char *name, const char *text, size_t length, struct dory_error *err)
{
	struct reader reader = {.config = config, .name = name, .err = err};
	yaml_parser_t parser;
	yaml_node_t *root;
	int result = 0;

	if (!yaml_parser_initialize(&parser))
		return error_set(err, DORY_ERROR_MEMORY, "no memory to read %s", name);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
	if (!yaml_parser_load(&parser, &reader.document)) {
		result = error_set(err, DORY_ERROR_FORMAT, "%s, line %zu: %s", name, parser.problem_mark.line + 1,
		    parser.problem ? parser.problem : "this is not YAML");
	} else {
		root = yaml_document_get_root_node(&reader.document);
		if (root && !(root->type == YAML_SCALAR_NODE && root->data.scalar.length == 0))
			result = read_mapping(&reader, root, top_keys, ARRAY_SIZE(top_keys));
		yaml_document_delete(&reader.document);
	}
	yaml_parser_delete(&parser);
	return result;
}
