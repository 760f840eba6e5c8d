/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a configuration set to what is run. A set inherits its command from its base, and the base's variables, where
 * the outermost that sets a variable wins; runtimes turn their keys into variables. A variable that comes from a list
 * (args) stays one: "$ARGS" in a command becomes as many arguments.
 */
#pragma once
#include "dory/instance/command_line.h"
#include "dory/runtime/run_manifest.h"

struct boot_variable {
	char *name, *value;     /* value: as Capstan writes it, a list's elements joined */
	struct text_list words; /* of a list */
	bool is_list;
	bool is_private; /* for the command alone, not for the program's environment */
};

struct boot_set {
	char *name;
	char *command;                   /* with variables in it */
	struct boot_variable *variables; /* in order of name */
	size_t count;
};

struct boot_sets {
	struct boot_set *sets;
	size_t count;
	char *default_sets; /* "a,b"; "" if none */
};

/* Finds the run.yaml of a package: NULL if there is none. */
struct boot_packages {
	const struct run_manifest *(*find)(void *context, const char *package);
	void *context;
	/* For each runtime that has a base: the package whose set it is, NULL for the built-in one. */
	const char *(*runtime_package)(void *context, const struct runtime *runtime);
};

/* `set` of `manifest`, with all that it inherits. Error: NOT_FOUND (a base), FORMAT (bases that run in a circle). */
int boot_set_make(const struct run_manifest *manifest, const struct run_set *set, const struct boot_packages *packages,
	struct boot_set *boot, struct dory_error *err) must_check;
void boot_set_release(struct boot_set *boot);
void boot_sets_release(struct boot_sets *sets);
const struct boot_set *boot_sets_find(const struct boot_sets *sets, const char *name);
/* NOT_FOUND, with what there is; returns -1. */
int boot_sets_explain_missing(const struct boot_sets *sets, const char *name, struct dory_error *err);

/* The content of Capstan's /run/NAME: "--env=NAME?=VALUE ... COMMAND"; returns owned. */
char *boot_set_capstan(const struct boot_set *boot);

/*
 * "runscript /run/a;runscript /run/b;" is how Capstan's users name configurations in a command line: true, and `names` gets them. False: it is
 * another line.
 */
bool boot_sets_named(const char *line, struct text_list *names);

/*
 * What runs: the sets named, one after the other, with `overrides` ("NAME=VALUE") before their own variables. Adds to
 * `command`, and to `environment` those variables that the program is to see, overrides not among them.
 */
int boot_command(const struct boot_sets *sets, const struct text_list *names, const char *const *overrides,
	size_t override_count, struct command_line *command, struct text_list *environment,
	struct dory_error *err) must_check;

/* As JSON and back, for image.json; returned owned, NULL for none. */
char *boot_sets_to_json(const struct boot_sets *sets);
int boot_sets_from_json(const char *json, struct boot_sets *sets, struct dory_error *err) must_check;
