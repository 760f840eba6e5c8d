/* SPDX-License-Identifier: BSD-3-Clause */
/* The runtimes, each a table of keys. */
#include "dory/runtime/runtime.h"
#include <stdlib.h>
#include <string.h>
#include "dory/base/near_names.h"
#include "dory/base/text.h"
#include "dory/runtime/run_manifest.h"

static bool sets_variable(const struct run_set *set, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < set->environment.count; i++)
		if (strncmp(set->environment.items[i], name, length) == 0 && set->environment.items[i][length] == '=')
			return true;
	return false;
}

static const char *check_native(const struct run_set *set)
{
	return set->bootcmd || set->base_package ? NULL : "'bootcmd' must be provided";
}

static bool has_own_keys(const struct run_set *set)
{
	return set->main || set->args.count || set->runtime_args.count || set->classpath.count || set->is_shell || set->xms || set->xmx;
}

static const char *check_interpreter(const struct run_set *set, const char *with_base)
{
	if (set->base_package && has_own_keys(set))
		return with_base;
	if (set->is_shell && (set->main || set->args.count))
		return "incompatible arguments specified [main,args] for shell=true";
	if (set->is_shell && (sets_variable(set, "MAIN") || sets_variable(set, "ARGS")))
		return "incompatible 'env' keys specified [MAIN,ARGS] for shell=true";
	return NULL;
}

static const char *check_node(const struct run_set *set)
{
	const char *why = check_interpreter(set, "incompatible arguments specified [shell,node_args,main,args] for custom 'base'");

	if (!why && !set->main && !set->is_shell && !set->base_package)
		why = "'main' must be provided";
	return why;
}

static const char *check_python(const struct run_set *set)
{
	return check_interpreter(set, "incompatible arguments specified [shell,python_args,main,args] for custom 'base'");
}

static const char *check_java(const struct run_set *set)
{
	bool is_foreign = set->base_package && strncmp(set->base_package, "openjdk", strlen("openjdk")) != 0;

	if (is_foreign && has_own_keys(set))
		return "incompatible arguments specified [xms,xmx,classpath,jvm_args,main,args] for custom 'base'";
	return set->main || is_foreign ? NULL : "'main' must be provided";
}

static const char *check_go(const struct run_set *set)
{
	return set->main || set->base_package ? NULL : "'main' must be provided";
}

static int take_environment_pair(struct document *document, void *into, const yaml_node_t *key, const char *name,
	const yaml_node_t *value, struct dory_error *err)
{
	const char *text = document_scalar(document, value, err);

	if (!text)
		return -1;
	if (strpbrk(name, " \t\n"))
		return document_fail(document, key, err, "spaces not allowed in env key: '%.100s'", name);
	if (!*name || strchr(name, '='))
		return document_fail(document, key, err, "'%.100s' cannot be the name of an environment variable", name);
	document_warn_changed(document, key);
	document_warn_changed(document, value);
	text_list_set(into, name, text);
	return 0;
}

static int take_environment(struct document *document, void *into, const yaml_node_t *value, struct dory_error *err)
{
	text_list_release(into);
	if (document_each_pair(document, value, take_environment_pair, into, err) < 0)
		return -1;
	text_list_sort(into);
	return 0;
}

static int take_base(struct document *document, void *into, const yaml_node_t *value, struct dory_error *err)
{
	struct run_set *set = into;
	const char *text = document_scalar(document, value, err), *colon;

	if (!text)
		return -1;
	text_replace(&set->base_package, NULL);
	text_replace(&set->base_set, NULL);
	if (!*text)
		return 0;
	colon = strchr(text, ':');
	if (!colon || colon == text || !colon[1])
		return document_fail(document, value, err, "'base' must be in format <pkg_name>:<config_set>, not '%.100s'", text);
	set->base_package = text_copy_n(text, (size_t)(colon - text));
	set->base_set = text_copy(colon + 1);
	return 0;
}

/* A text that counts as not given if it is empty; what surrounds it is no part of it. */
static int take_trimmed(struct document *document, void *into, const yaml_node_t *value, struct dory_error *err)
{
	const char *text = document_scalar(document, value, err);
	size_t length;

	if (!text)
		return -1;
	text += strspn(text, " \t\n");
	for (length = strlen(text); length > 0 && strchr(" \t\n", text[length - 1]);)
		length--;
	text_replace(into, length ? text_copy_n(text, length) : NULL);
	return 0;
}

#define KEY(key, take_, member) {.name = key, .take = take_, .offset = offsetof(struct run_set, member)}
#define COMMON_KEYS                                                                                                     \
	KEY("env", take_environment, environment), {.name = "base", .take = take_base, .offset = 0}

static const struct document_key native_keys[] = {KEY("bootcmd", take_trimmed, bootcmd), COMMON_KEYS};
static const struct document_key node_keys[] = {KEY("main", take_trimmed, main), KEY("args", document_take_list, args),
	KEY("node_args", document_take_list, runtime_args), KEY("shell", document_take_bool, is_shell), COMMON_KEYS};
static const struct document_key python_keys[] = {KEY("main", take_trimmed, main), KEY("args", document_take_list, args),
	KEY("python_args", document_take_list, runtime_args), KEY("shell", document_take_bool, is_shell), COMMON_KEYS};
static const struct document_key java_keys[] = {KEY("main", take_trimmed, main), KEY("args", document_take_list, args),
	KEY("jvm_args", document_take_list, runtime_args), KEY("classpath", document_take_list, classpath),
	KEY("xms", take_trimmed, xms), KEY("xmx", take_trimmed, xmx), COMMON_KEYS};
static const struct document_key go_keys[] = {
	KEY("main", take_trimmed, main), KEY("args", document_take_list, args), COMMON_KEYS};

#define STUB_COMMON                                                                                                     \
	{"env", false, "Environment variables of the program; `run --env` overrides them.", "\n   <key>: <value>"},     \
		{"base", false, "Another configuration set to inherit from.", "\"<package-name>:<config_set>\""}
#define STUB_ARGS {"args", false, "Arguments of the program, each one word.", "\n   - <list>"}

static const struct runtime_key native_stub[] = {
	{"bootcmd", true, "The command line; $NAME is a variable from env.", "<command>"}, STUB_COMMON};
static const struct runtime_key node_stub[] = {{"main", true, "The script in the image.", "<filepath>"},
	{"node_args", false, "Arguments of node itself.", "\n   - <list>"}, STUB_ARGS,
	{"shell", false, "true: an interactive node instead of a script.", "false"}, STUB_COMMON};
static const struct runtime_key python_stub[] = {{"main", true, "The script in the image.", "<filepath>"},
	{"python_args", false, "Arguments of python itself.", "\n   - <list>"}, STUB_ARGS,
	{"shell", false, "true: an interactive python instead of a script.", "false"}, STUB_COMMON};
static const struct runtime_key java_stub[] = {
	{"main", true, "The class with main(), or a .jar file in the image.", "<name>"},
	{"classpath", false, "Where classes are searched for.", "\n   - <list>"},
	{"xms", false, "The heap at the start.", "512m"}, {"xmx", false, "The heap at most.", "512m"},
	{"jvm_args", false, "Arguments of the virtual machine.", "\n   - <list>"}, STUB_ARGS, STUB_COMMON};
static const struct runtime_key go_stub[] = {
	{"main", true, "The program that go build made, in the image.", "<filepath>"}, STUB_ARGS, STUB_COMMON};

#define RUNTIME(word, text, package, base)                                                                              \
	static const struct runtime word = {.name = #word,                                                              \
		.description = text,                                                                                    \
		.debian = package,                                                                                      \
		.set = base,                                                                                            \
		.keys = word##_stub,                                                                                    \
		.key_count = ARRAY_SIZE(word##_stub),                                                                   \
		.document_keys = word##_keys,                                                                           \
		.document_key_count = ARRAY_SIZE(word##_keys),                                                          \
		.check = check_##word}

RUNTIME(native, "Run any program of the image", NULL, NULL);
RUNTIME(node, "Run a JavaScript application with Node.js", "nodejs", "node");
RUNTIME(java, "Run a Java application", "default-jre-headless", "java");
RUNTIME(python, "Run a Python 3 application", "python3", "python");
RUNTIME(go, "Run a program made by Go", NULL, NULL);

const struct runtime *const runtimes[] = {&native, &node, &java, &python, &go, NULL};

const struct runtime *runtime_find(const char *name)
{
	for (const struct runtime *const *r = runtimes; *r; r++)
		if (strcmp((*r)->name, name) == 0)
			return *r;
	return NULL;
}

int runtime_explain_unknown(const char *name, struct dory_error *err)
{
	struct near_names near = {0};
	char *text;

	for (const struct runtime *const *r = runtimes; *r; r++)
		near_names_offer(&near, name, (*r)->name);
	error_set(err, DORY_ERROR_FORMAT, "Unknown runtime: '%.100s'", name);
	if (!near.count)
		return error_hint(err, "There are native, node, java, python and go.");
	text = near_names_text(&near);
	error_hint(err, "Did you mean %s? There are native, node, java, python and go.", text);
	free(text);
	return -1;
}
