/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What Dory knows without having a package of it. Capstan's runtimes are packages with one set to inherit from; a
 * Debian package stands for each, so that a project that names them builds. What only OSv needs is not needed here.
 */
#include <fnmatch.h>
#include <string.h>
#include "dory/runtime/run_manifest.h"

static const struct builtin_package packages[] = {
	{"node", "nodejs", "node"},
	{"node-[0-9]*", "nodejs", "node"},
	{"python", "python3", "python"},
	{"python-[0-9]*", "python3", "python"},
	{"java", "default-jre-headless", "java"},
	{"openjdk*", "default-jre-headless", "java"},
	{"osv.bootstrap", NULL, NULL},
	{"osv.compose-remote", NULL, NULL},
	{"osv.zfs", NULL, NULL},
	{"osv.rofs", NULL, NULL},
	{"osv.libz", NULL, NULL},
};

/* In these commands "${NAME:+TEXT}" is TEXT if the variable is set, as in shells. */
#define TEXT(literal) ((char *)(literal))

static char *java_environment[] = {TEXT("CLASSPATH=/")};
static struct run_set sets[] = {
	{.name = TEXT("node"), .bootcmd = TEXT("node $NODE_ARGS $MAIN $ARGS")},
	{.name = TEXT("python"), .bootcmd = TEXT("python3 $PYTHON_ARGS $MAIN $ARGS")},
	{.name = TEXT("java"),
		.bootcmd = TEXT("java ${XMS:+-Xms$XMS} ${XMX:+-Xmx$XMX} -cp $CLASSPATH $JVM_ARGS $MAIN $ARGS"),
		.environment = {java_environment, 1}},
};

const struct builtin_package *builtin_package_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(packages); i++)
		if (fnmatch(packages[i].pattern, name, 0) == 0)
			return &packages[i];
	return NULL;
}

const struct run_set *builtin_base(const struct runtime *runtime)
{
	for (size_t i = 0; runtime->set && i < ARRAY_SIZE(sets); i++)
		if (strcmp(sets[i].name, runtime->set) == 0)
			return &sets[i];
	return NULL;
}

const struct run_manifest *builtin_run_manifest(const struct builtin_package *builtin)
{
	static struct run_manifest manifests[ARRAY_SIZE(sets)];

	for (size_t i = 0; builtin->runtime && i < ARRAY_SIZE(sets); i++) {
		if (strcmp(sets[i].name, builtin->runtime) != 0)
			continue;
		manifests[i] = (struct run_manifest){
			.runtime = runtime_find("native"), .sets = &sets[i], .count = 1, .default_sets = TEXT("")};
		return &manifests[i];
	}
	return NULL;
}
