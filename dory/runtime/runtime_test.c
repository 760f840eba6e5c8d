/* SPDX-License-Identifier: BSD-3-Clause */
/* run.yaml: Capstan's texts and errors, what is inherited, and our command lines. */
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"
#include "dory/runtime/boot.h"
#include "tests/unit/test.h"

static struct dory_error err;

/* The packages that the tests' sets inherit from: those of Capstan, with its own commands, and two native ones. */
static const struct {
	const char *name, *text;
} sources[] = {
	{"node-4.4.5", "runtime: native\nconfig_set:\n  node:\n    bootcmd: /node $NODE_ARGS $MAIN $ARGS\n"},
	{"python-2.7", "runtime: native\nconfig_set:\n  python:\n    bootcmd: /python $PYTHON_ARGS $MAIN $ARGS\n    env:\n"
		       "      PYTHONHOME: /pyenv\n      PYTHON_ARGS: -O\n      MAIN: \"-\"\n      ARGS:\n"},
	{"openjdk8-zulu-compact1", "runtime: native\nconfig_set:\n  java:\n    bootcmd: /java.so -Xms$XMS -Xmx$XMX -cp $CLASSPATH $JVM_ARGS $MAIN $ARGS\n"
				   "    env:\n      XMS: 512m\n      XMX: 512m\n      CLASSPATH: /\n      ARGS:\n"},
	{"pkg.a", "runtime: native\nconfig_set:\n  arun:\n    bootcmd: /a.so $X $Y\n    env: {X: his, Z: hello}\n"
		  "  loop:\n    base: pkg.a:loop\n"},
};
static struct run_manifest manifests[ARRAY_SIZE(sources)];

static const struct run_manifest *find(void *context, const char *package)
{
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		if (strcmp(sources[i].name, package) != 0)
			continue;
		if (!manifests[i].runtime &&
			run_manifest_parse("base", sources[i].text, strlen(sources[i].text), true, &manifests[i], &err) < 0)
			abort();
		return &manifests[i];
	}
	return NULL;
}

static const char *capstan_package(void *context, const struct runtime *runtime)
{
	return strcmp(runtime->name, "node") == 0	? "node-4.4.5"
	       : strcmp(runtime->name, "python") == 0 ? "python-2.7"
						       : "openjdk8-zulu-compact1";
}

static const struct boot_packages capstan_packages = {.find = find, .runtime_package = capstan_package};
static const struct boot_packages own_packages = {.find = find};

static struct boot_sets make(const char *text, const struct boot_packages *packages)
{
	struct boot_sets sets = {0};
	struct run_manifest manifest;

	CHECK_EQ(run_manifest_parse("run.yaml", text, strlen(text), true, &manifest, &err), 0);
	for (size_t i = 0; i < manifest.count; i++)
		CHECK_EQ(boot_set_make(&manifest, &manifest.sets[i], packages,
				 array_push(&sets.sets, &sets.count, sizeof(*sets.sets)), &err), 0);
	sets.default_sets = text_copy(manifest.default_sets);
	run_manifest_release(&manifest);
	return sets;
}

static bool is_capstan(const char *text, const char *wanted)
{
	struct boot_sets sets = make(text, &capstan_packages);
	char *got = boot_set_capstan(&sets.sets[0]);
	bool is_same = strcmp(got, wanted) == 0;

	if (!is_same)
		printf("# %s\n# %s\n", got, wanted);
	free(got);
	boot_sets_release(&sets);
	return is_same;
}

TEST(texts_are_those_of_capstan)
{
	CHECK(is_capstan("runtime: native\nconfig_set:\n  a:\n    bootcmd: /app.so --port $PORT\n    env: {PORT: 8000}\n",
		"--env=PORT?=8000 /app.so --port $PORT"));
	CHECK(is_capstan("runtime: native\nconfig_set:\n  a:\n    base: \"pkg.a:arun\"\n    env: {X: mine}\n",
		"--env=X?=mine --env=Z?=hello /a.so $X $Y"));
	CHECK(is_capstan("runtime: node\nconfig_set:\n  a:\n    main: /server.js\n    args: [a, b]\n    node_args: [--x]\n    env: {PORT: 8000}\n",
		"--env=ARGS?=a b --env=MAIN?=/server.js --env=NODE_ARGS?=--x --env=PORT?=8000 /node $NODE_ARGS $MAIN $ARGS"));
	CHECK(is_capstan("runtime: java\nconfig_set:\n  a:\n    main: app.jar\n    jvm_args: [-Da=b]\n",
		"--env=ARGS?= --env=CLASSPATH?=/ --env=JVM_ARGS?=-Da=b -jar --env=MAIN?=app.jar --env=XMS?=512m --env=XMX?=512m "
		"/java.so -Xms$XMS -Xmx$XMX -cp $CLASSPATH $JVM_ARGS $MAIN $ARGS"));
	CHECK(is_capstan("runtime: python\nconfig_set:\n  a:\n    shell: true\n",
		"--env=ARGS?= --env=MAIN?=- --env=PYTHONHOME?=/pyenv --env=PYTHON_ARGS?=-O /python $PYTHON_ARGS $MAIN $ARGS"));
}

/* The command of the first set as one line. */
static bool runs(const char *text, const char *const *overrides, size_t count, const char *wanted)
{
	struct boot_sets sets = make(text, &own_packages);
	struct text_list names = {0}, environment = {0};
	struct command_line command = {0};
	char *got;
	bool is_same;

	text_list_add(&names, sets.sets[0].name);
	CHECK_EQ(boot_command(&sets, &names, overrides, count, &command, &environment, &err), 0);
	got = command_line_join(&command);
	is_same = strcmp(got, wanted) == 0;
	if (!is_same)
		printf("# %s\n# %s\n", got, wanted);
	free(got);
	command_line_release(&command);
	text_list_release(&names);
	text_list_release(&environment);
	boot_sets_release(&sets);
	return is_same;
}

TEST(lists_stay_lists)
{
	CHECK(runs("runtime: node\nconfig_set:\n  a:\n    main: /server.js\n    args: [a, 'b c', '$X']\n    node_args: [--x, --y]\n", NULL, 0,
		"node --x --y /server.js a 'b c' '$X'"));
	CHECK(runs("runtime: node\nconfig_set:\n  a:\n    main: /server.js\n", NULL, 0, "node /server.js"));
	CHECK(runs("runtime: node\nconfig_set:\n  a:\n    shell: true\n", NULL, 0, "node"));
	CHECK(runs("runtime: python\nconfig_set:\n  a:\n    main: /m.py\n    args: ['']\n", NULL, 0, "python3 /m.py ''"));
	CHECK(runs("runtime: java\nconfig_set:\n  a:\n    main: app.jar\n    jvm_args: [-Da=b, -Dc=d]\n    xmx: 64m\n    args: [1, 2]\n", NULL, 0,
		"java -Xmx64m -cp / -Da=b -Dc=d -jar app.jar 1 2"));
	CHECK(runs("runtime: java\nconfig_set:\n  a:\n    main: M\n    classpath: [/a, /b]\n    base: openjdk7:java\n", NULL, 0, "java -cp /a:/b M"));
	CHECK(runs("runtime: go\nconfig_set:\n  a:\n    main: /server\n    args: [-x]\n", NULL, 0, "/server -x"));
	CHECK(runs("runtime: native\nconfig_set:\n  a:\n    base: openjdk7:java\n    env: {CLASSPATH: /src, MAIN: package1.Main}\n", NULL, 0,
		"java -cp /src package1.Main"));
}

TEST(variables_are_overridden_at_run_time)
{
	static const char *const port[] = {"PORT=9000"}, *const args[] = {"ARGS=x 'y z'"}, *const value[] = {"X=a b"};

	CHECK(runs("runtime: native\nconfig_set:\n  a:\n    bootcmd: /app --port=$PORT\n    env: {PORT: 8000}\n", NULL, 0, "/app --port=8000"));
	CHECK(runs("runtime: native\nconfig_set:\n  a:\n    bootcmd: /app --port=$PORT\n    env: {PORT: 8000}\n", port, 1, "/app --port=9000"));
	CHECK(runs("runtime: node\nconfig_set:\n  a:\n    main: /m.js\n    args: [q]\n", args, 1, "node /m.js x 'y z'"));
	CHECK(runs("runtime: native\nconfig_set:\n  a:\n    bootcmd: /app $X $NONE ${X}! '$X' \\$X\n", value, 1, "/app 'a b' 'a b!' '$X' '$X'"));
	CHECK(runs("runtime: native\nconfig_set:\n  a:\n    bootcmd: \"/a $X; /b &! /c\"\n", value, 1, "/a 'a b' ; /b & /c"));
}

TEST(environment_of_the_program)
{
	struct boot_sets sets = make("runtime: node\nconfig_set:\n  a: {main: /m, args: [x], env: {PORT: 1, Y: yes}}\n  b: {main: /n, env: {PORT: 2}}\n"
				     "config_set_default: a, b\n", &own_packages), copy;
	struct text_list names = {0}, environment = {0};
	struct command_line command = {0};
	char *json = boot_sets_to_json(&sets), *line;

	CHECK_EQ(boot_sets_from_json(json, &copy, &err), 0);
	run_sets_split(copy.default_sets, &names);
	CHECK_EQ(boot_command(&copy, &names, NULL, 0, &command, &environment, &err), 0);
	line = command_line_join(&command);
	CHECK(!strcmp(line, "node /m x ; node /n"));
	CHECK(environment.count == 2 && !strcmp(environment.items[0], "PORT=1") && !strcmp(environment.items[1], "Y=yes"));
	text_list_add(&names, "c");
	CHECK_EQ(boot_command(&copy, &names, NULL, 0, &command, &environment, &err), -1);
	CHECK(strstr(err.message, "no configuration 'c'"));
	free(line);
	free(json);
	command_line_release(&command);
	text_list_release(&names);
	text_list_release(&environment);
	boot_sets_release(&sets);
	boot_sets_release(&copy);
}

TEST(sets_that_are_wrong)
{
	static const struct {
		const char *text, *message;
	} bad[] = {
		{"", "Unknown runtime: ''"},
		{"runtime: foo\n", "Unknown runtime: 'foo'"},
		{"runtime: native\n", "at least one config_set must be provided"},
		{"runtime: native\nconfig_set:\n  a: {}\n", "line 3, column 3: Validation failed for configuration set 'a': 'bootcmd' must be provided"},
		{"runtime: node\nconfig_set:\n  a: {}\n", "'main' must be provided"},
		{"runtime: node\nconfig_set:\n  a: {shell: true, main: /m}\n", "incompatible arguments specified [main,args] for shell=true"},
		{"runtime: node\nconfig_set:\n  a: {shell: true, env: {ARGS: x}}\n", "incompatible 'env' keys specified [MAIN,ARGS] for shell=true"},
		{"runtime: node\nconfig_set:\n  a: {base: 'p:s', main: /m}\n", "incompatible arguments specified [shell,node_args,main,args] for custom 'base'"},
		{"runtime: python\nconfig_set:\n  a: {base: 'p:s', args: [x]}\n", "[shell,python_args,main,args] for custom 'base'"},
		{"runtime: java\nconfig_set:\n  a: {base: 'p:s', xms: 1m}\n", "[xms,xmx,classpath,jvm_args,main,args] for custom 'base'"},
		{"runtime: java\nconfig_set:\n  a: {base: 'openjdk7:java'}\n", "'main' must be provided"},
		{"runtime: native\nconfig_set:\n  a: {base: p}\n", "'base' must be in format <pkg_name>:<config_set>"},
		{"runtime: native\nconfig_set:\n  ../../esc: {bootcmd: x}\n", "cannot be the name of a configuration set"},
		{"runtime: native\nconfig_set:\n  a: {bootcmd: x, env: {'A B': 1}}\n", "spaces not allowed in env key"},
		{"runtime: native\nconfig_set:\n  a: {bootcmd: x}\nconfig_set_default: b\n", "config_set_default names 'b'"},
		{"runtime: native\nconfig_sets:\n  a: {bootcmd: x}\n", "no key 'config_sets'"},
	};
	struct run_manifest manifest;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		err = (struct dory_error){0};
		CHECK_EQ(run_manifest_parse("run.yaml", bad[i].text, strlen(bad[i].text), true, &manifest, &err), -1);
		if (!strstr(err.message, bad[i].message))
			printf("# %s\n", err.message);
		CHECK(strstr(err.message, bad[i].message));
	}
}

TEST(bases_that_are_not_there)
{
	static const char *const bases[] = {"none:x", "pkg.a:none", "pkg.a:loop"};
	static const char *const messages[] = {"package not included or has no meta/run.yaml", "config_set does not exist", "in a circle"};

	for (size_t i = 0; i < ARRAY_SIZE(bases); i++) {
		char *text = text_format("runtime: native\nconfig_set:\n  a: {base: '%s'}\n", bases[i]);
		struct run_manifest manifest;
		struct boot_set boot;

		CHECK_EQ(run_manifest_parse("run.yaml", text, strlen(text), true, &manifest, &err), 0);
		CHECK_EQ(boot_set_make(&manifest, &manifest.sets[0], &own_packages, &boot, &err), -1);
		CHECK(strstr(err.message, messages[i]));
		run_manifest_release(&manifest);
		free(text);
	}
}

TEST(stubs_name_every_key)
{
	for (const struct runtime *const *r = runtimes; *r; r++) {
		char *text = runtime_stub(*r, false), *plain = runtime_stub(*r, true);
		struct run_manifest manifest;

		for (size_t i = 0; i < (*r)->document_key_count; i++) {
			char *key = text_format("      %s:", (*r)->document_keys[i].name);

			CHECK(strstr(text, key) && strstr(plain, key));
			free(key);
		}
		CHECK(text[0] == '\n' && !strchr(plain, '#'));
		CHECK_EQ((*r)->key_count, (*r)->document_key_count);
		(void)manifest;
		free(text);
		free(plain);
	}
}

TEST(packages_that_need_not_be_there)
{
	CHECK(!strcmp(builtin_package_find("node-4.4.5")->debian, "nodejs"));
	CHECK(!strcmp(builtin_package_find("openjdk8-zulu-compact1")->debian, "default-jre-headless"));
	CHECK(builtin_package_find("osv.bootstrap") && !builtin_package_find("osv.bootstrap")->debian);
	CHECK(!builtin_package_find("nodex") && !builtin_package_find("app"));
}

TEST(options_of_osv_in_commands)
{
	struct run_manifest manifest;
	struct boot_set boot;

	CHECK(is_capstan("runtime: native\nconfig_set:\n  a:\n    bootcmd: --env=A=5 --norandom --env=PORT?=1 /app.so $A\n    env: {PORT: 8000}\n",
		"--env=A?=5 --env=PORT?=8000 /app.so $A"));
	CHECK_EQ(run_manifest_parse("m", "runtime: native\nconfig_set:\n  a: {bootcmd: --norandom}\n", 55, true, &manifest, &err), 0);
	CHECK_EQ(boot_set_make(&manifest, &manifest.sets[0], &capstan_packages, &boot, &err), -1);
	CHECK(strstr(err.message, "names no program") != NULL);
	run_manifest_release(&manifest);
}

TEST(sets_named_by_a_command_line)
{
	static const char *const others[] = {"", ";", "runscript", "runscript /x", "runscript /run/", "runscript /run/a; /b", "/runscript /run/a"};
	struct text_list names = {0};

	CHECK(boot_sets_named("runscript /run/a;runscript  /run/b ; ", &names));
	CHECK(names.count == 2 && strcmp(names.items[0], "a") == 0 && strcmp(names.items[1], "b") == 0);
	text_list_release(&names);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		CHECK(!boot_sets_named(others[i], &names) && names.count == 0);
}

TEST_MAIN()
