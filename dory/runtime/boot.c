/* SPDX-License-Identifier: BSD-3-Clause */
/* Inheritance of configuration sets, and the texts that Capstan writes from them. */
#include "dory/runtime/boot.h"
#include <stdlib.h>
#include <string.h>
#include "dory/base/near_names.h"
#include "dory/base/text.h"

enum { DEPTH_MAX = 32 };

static void variable_release(struct boot_variable *variable)
{
	free(variable->name);
	free(variable->value);
	text_list_release(&variable->words);
}

void boot_set_release(struct boot_set *boot)
{
	for (size_t i = 0; i < boot->count; i++)
		variable_release(&boot->variables[i]);
	free(boot->variables);
	free(boot->name);
	free(boot->command);
	*boot = (struct boot_set){0};
}

void boot_sets_release(struct boot_sets *sets)
{
	for (size_t i = 0; i < sets->count; i++)
		boot_set_release(&sets->sets[i]);
	free(sets->sets);
	free(sets->default_sets);
	*sets = (struct boot_sets){0};
}

const struct boot_set *boot_sets_find(const struct boot_sets *sets, const char *name)
{
	for (size_t i = 0; i < sets->count; i++)
		if (strcmp(sets->sets[i].name, name) == 0)
			return &sets->sets[i];
	return NULL;
}

int boot_sets_explain_missing(const struct boot_sets *sets, const char *name, struct dory_error *err)
{
	struct near_names near = {0};
	struct text_buffer all = {0};
	char *text;

	error_set(err, DORY_ERROR_NOT_FOUND, "there is no configuration '%.100s'", name);
	for (size_t i = 0; i < sets->count; i++) {
		near_names_offer(&near, name, sets->sets[i].name);
		text_append_format(&all, "%s%s", i ? ", " : "", sets->sets[i].name);
	}
	if (near.count > 0) {
		text = near_names_text(&near);
		error_hint(err, "Did you mean %s?", text);
		free(text);
	} else if (all.text) {
		error_hint(err, "There are: %.400s", all.text);
	}
	free(all.text);
	return -1;
}

/* The new variable, or NULL if an outer set has set it. */
static struct boot_variable *add_variable(struct boot_set *boot, const char *name, const char *value)
{
	struct boot_variable *variable;

	for (size_t i = 0; i < boot->count; i++)
		if (strcmp(boot->variables[i].name, name) == 0)
			return NULL;
	variable = array_push(&boot->variables, &boot->count, sizeof(*variable));
	variable->name = text_copy(name);
	variable->value = text_copy(value);
	return variable;
}

static void add_environment(struct boot_set *boot, const struct text_list *environment)
{
	for (size_t i = 0; i < environment->count; i++) {
		const char *equals = strchr(environment->items[i], '=');
		char *name = text_copy_n(environment->items[i], equals ? (size_t)(equals - environment->items[i]) : 0);

		if (*name)
			add_variable(boot, name, equals + 1);
		free(name);
	}
}

/* A variable that a runtime makes of a key, for its base's command. */
static void add_private(struct boot_set *boot, const char *name, const char *value)
{
	struct boot_variable *variable = value ? add_variable(boot, name, value) : NULL;

	if (variable)
		variable->is_private = true;
}

/* `filler`: what Capstan writes where the list is empty, since OSv made an empty argument of nothing; NULL: nothing. */
static void add_list(struct boot_set *boot, const char *name, const struct text_list *list, const char *last,
	const char *filler)
{
	struct text_list words = {0};
	struct boot_variable *variable;
	char *value;

	for (size_t i = 0; i < list->count; i++)
		text_list_add(&words, list->items[i]);
	if (last)
		text_list_add(&words, last);
	value = text_list_join(&words, " ");
	variable = words.count > 0 || filler ? add_variable(boot, name, words.count > 0 ? value : filler) : NULL;
	if (variable) {
		variable->is_private = variable->is_list = true;
		variable->words = words;
	} else {
		text_list_release(&words);
	}
	free(value);
}

static void add_shell(struct boot_set *boot, const char *main)
{
	static const struct text_list none;

	add_private(boot, "MAIN", main);
	add_list(boot, "ARGS", &none, NULL, "");
}

static void derive_node(struct boot_set *boot, const struct run_set *set)
{
	add_list(boot, "NODE_ARGS", &set->runtime_args, NULL, "--");
	if (set->is_shell) {
		add_shell(boot, "");
		return;
	}
	add_private(boot, "MAIN", set->main);
	add_list(boot, "ARGS", &set->args, NULL, NULL);
}

static void derive_python(struct boot_set *boot, const struct run_set *set)
{
	add_list(boot, "PYTHON_ARGS", &set->runtime_args, NULL, "-O");
	if (set->is_shell) {
		add_shell(boot, "-");
		return;
	}
	add_private(boot, "MAIN", set->main);
	add_list(boot, "ARGS", &set->args, NULL, NULL);
}

static bool is_jar(const char *main)
{
	size_t length = main ? strlen(main) : 0;

	return length > 4 && strcmp(main + length - 4, ".jar") == 0;
}

static void derive_java(struct boot_set *boot, const struct run_set *set)
{
	bool needs_jar = is_jar(set->main) && !text_list_has(&set->runtime_args, "-jar");
	char *classpath = set->classpath.count ? text_list_join(&set->classpath, ":") : text_copy("/");

	add_private(boot, "XMS", set->xms);
	add_private(boot, "XMX", set->xmx);
	add_private(boot, "CLASSPATH", classpath);
	add_list(boot, "JVM_ARGS", &set->runtime_args, needs_jar ? "-jar" : NULL, "-Dx=y");
	add_private(boot, "MAIN", set->main);
	add_list(boot, "ARGS", &set->args, NULL, NULL);
	free(classpath);
}

static void derive_go(struct boot_set *boot, const struct run_set *set)
{
	add_private(boot, "MAIN", set->main);
	add_list(boot, "ARGS", &set->args, NULL, NULL);
}

static const struct {
	const char *runtime;
	void (*derive)(struct boot_set *boot, const struct run_set *set);
	const char *command; /* of runtimes without a base */
} derivations[] = {
	{"node", derive_node, NULL},
	{"python", derive_python, NULL},
	{"java", derive_java, NULL},
	{"go", derive_go, "$MAIN $ARGS"},
};

/* A set that names another package's set is that, whatever its runtime: its own keys are empty then. */
static bool has_foreign_base(const struct run_manifest *manifest, const struct run_set *set)
{
	return set->base_package && !(strcmp(manifest->runtime->name, "java") == 0 && set->main);
}

static const char *derive(struct boot_set *boot, const struct run_manifest *manifest, const struct run_set *set)
{
	for (size_t i = 0; i < ARRAY_SIZE(derivations); i++) {
		if (strcmp(derivations[i].runtime, manifest->runtime->name) != 0 || has_foreign_base(manifest, set))
			continue;
		derivations[i].derive(boot, set);
		return derivations[i].command;
	}
	return NULL;
}

/* The step of one set's inheritance: which set comes next. */
struct step {
	const struct run_manifest *manifest;
	const struct run_set *set;
};

static int find_base(const struct boot_packages *packages, const char *package, const char *name, struct step *step,
	struct dory_error *err)
{
	const struct run_manifest *manifest = packages->find(packages->context, package);
	const struct builtin_package *builtin = builtin_package_find(package);

	if (!manifest && builtin)
		manifest = builtin_run_manifest(builtin);
	if (!manifest) {
		error_set(err, DORY_ERROR_NOT_FOUND, "Failed to inherit from '%s': package not included or has no meta/run.yaml",
			package);
		return error_hint(err, "Name it in the `require` of package.yaml.");
	}
	step->set = run_manifest_set(manifest, name);
	step->manifest = manifest;
	if (!step->set)
		return error_set(
			err, DORY_ERROR_NOT_FOUND, "Failed to inherit '%s:%s': config_set does not exist", package, name);
	return 0;
}

static int runtime_base(const struct boot_packages *packages, struct step *step, struct dory_error *err)
{
	const struct runtime *runtime = step->manifest->runtime;
	const char *package = packages->runtime_package ? packages->runtime_package(packages->context, runtime) : NULL;

	if (package)
		return find_base(packages, package, runtime->set, step, err);
	step->set = builtin_base(runtime);
	step->manifest = NULL;
	return 0;
}

static int compare_variables(const void *a, const void *b)
{
	return strcmp(((const struct boot_variable *)a)->name, ((const struct boot_variable *)b)->name);
}

/* OSv's options before it are variables, or mean nothing here. */
static int take_command(struct boot_set *boot, const char *command, struct dory_error *err)
{
	struct text_list environment = {0}, skipped = {0};
	const char *program = command_line_skip_options(command, &environment, &skipped);

	add_environment(boot, &environment);
	boot->command = text_copy(program);
	text_list_release(&environment);
	text_list_release(&skipped);
	return *program ? 0 : error_set(err, DORY_ERROR_FORMAT, "the command '%.200s' of the configuration set '%s' names no program", command, boot->name);
}

/* Walks from the set to the one that has the command. */
static int inherit(struct boot_set *boot, struct step step, const struct boot_packages *packages, struct dory_error *err)
{
	for (unsigned depth = 0; depth < DEPTH_MAX; depth++) {
		const struct run_set *set = step.set;
		const char *command = NULL;

		add_environment(boot, &set->environment);
		if (step.manifest)
			command = derive(boot, step.manifest, set);
		if (!set->base_package && set->bootcmd)
			command = set->bootcmd;
		if (command && !set->base_package)
			return take_command(boot, command, err);
		if (set->base_package ? find_base(packages, set->base_package, set->base_set, &step, err)
				      : runtime_base(packages, &step, err))
			return -1;
	}
	return error_set(err, DORY_ERROR_FORMAT, "the configuration set '%s' inherits in a circle", boot->name);
}

int boot_set_make(const struct run_manifest *manifest, const struct run_set *set, const struct boot_packages *packages,
	struct boot_set *boot, struct dory_error *err)
{
	*boot = (struct boot_set){.name = text_copy(set->name)};
	if (inherit(boot, (struct step){manifest, set}, packages, err) < 0) {
		boot_set_release(boot);
		return -1;
	}
	if (boot->count > 1)
		qsort(boot->variables, boot->count, sizeof(*boot->variables), compare_variables);
	return 0;
}

char *boot_set_capstan(const struct boot_set *boot)
{
	struct text_buffer text = {0};

	for (size_t i = 0; i < boot->count; i++)
		text_append_format(&text, "--env=%s?=%s ", boot->variables[i].name, boot->variables[i].value);
	text_append_format(&text, "%s", boot->command);
	return text.text;
}

static bool take_names(const char *run, struct text_list *names)
{
	static const char word[] = "runscript";

	for (;;) {
		size_t length;

		run += strspn(run, "; \t\n");
		if (!*run)
			return names->count > 0;
		if (strncmp(run, word, strlen(word)) != 0)
			return false;
		run += strlen(word);
		run += strspn(run, " \t");
		length = strcspn(run, "; \t\n");
		if (strncmp(run, "/run/", 5) != 0 || length <= 5)
			return false;
		text_list_take(names, text_copy_n(run + 5, length - 5));
		run += length;
	}
}

bool boot_sets_named(const char *line, struct text_list *names)
{
	if (take_names(line, names))
		return true;
	text_list_release(names);
	return false;
}
