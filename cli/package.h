/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The verbs of packages: their options in package.c, what they do in package_verbs.c (those that read or write archives), in
 * package_remote.c (those that ask repositories) and in package.c.
 */
#pragma once
#include "cli/command.h"
#include "dory/package/source.h"

struct package_values {
	struct settings_options settings;
	const char *name, *title, *author, *version, *runtime, *platform, *format, *size, *run, *file_system, *loader, *created_by, *release;
	const char *to, *key, *token_file; /* of push */
	struct word_list requires, boots, environment, sources;
	bool pull_missing, update, dry_run, remote, content, created, json, lock, unlocked, force, plain;
};
extern struct package_values package_values;

/* A row of Capstan's tables: name, description, version, created, platform. */
void package_print_row(const char *const columns[5]);
/* The table of Capstan, one line for each. */
void package_print_table(const struct package_list *list, const char *substring);
/* That table, or JSON if it was asked for. */
void package_print_list(const struct package_list *list, const char *substring);

extern const struct verb verb_package_init, verb_package_build, verb_package_compose, verb_package_collect,
	verb_package_list, verb_package_import, verb_package_search, verb_package_pull, verb_package_push, verb_package_verify,
	verb_package_describe, verb_package_update, verb_package_doc, verb_package_rm, verb_package_export,
	verb_package_tree, verb_package_why, verb_package_from_deb;

/* What dory-compose does for those of them that have no function of their own. */
int package_verbs_run(struct invocation *invocation);

/* One of them, with the settings that it runs under: 0, or -1 with an error. */
typedef int package_action_fn(struct invocation *invocation, const struct dory_config *config, struct dory_error *err);
package_action_fn package_search, package_pull, package_update, package_push;

/* What is done with one package of the store, whose archive is here. */
typedef int package_entry_fn(const struct invocation *invocation, const struct dory_config *config, const struct package_list *list,
	struct package_entry *entry, struct dory_error *err);
/* ... with the one that the first word names. */
int package_with_entry(
	const struct invocation *invocation, const struct dory_config *config, package_entry_fn *use, struct dory_error *err) must_check;

/* Writes meta/run.yaml of a project. */
int runtime_write_stub(const char *directory, const char *runtime, bool is_plain, bool force, struct dory_error *err) must_check;
