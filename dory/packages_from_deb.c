/* SPDX-License-Identifier: BSD-3-Clause */
/* Packages of Debian's packages. */
#include "dory/packages_from_deb.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dory/base/text.h"
#include "dory/manifest/emitter.h"
#include "dory/package/store.h"
#include "dory/parts.h"
#include "dory/runtime/run_manifest.h"

/* What every composition makes itself, from all that is in the image. */
static bool takes(const struct compose_entry *entry)
{
	static const char *const made[] = {"/etc/ld.so.cache", "/var/lib/dpkg/status", "/etc/resolv.conf", "/etc/hosts", "/lost+found",
		"/dev", "/proc", "/sys", "/tmp", "/run", "/run/lock"};

	for (size_t i = 0; i < ARRAY_SIZE(made); i++)
		if (entry->source == SIZE_MAX && strcmp(entry->path, made[i]) == 0)
			return false;
	return true;
}

static const struct debian_package *main_package(const struct debian_set *set, const char *name)
{
	size_t length = strcspn(name, "=");

	for (size_t i = 0; i < set->count; i++)
		if (strncmp(set->packages[i].name, name, length) == 0 && !set->packages[i].name[length])
			return &set->packages[i];
	return NULL;
}

/* Debian's package of a runtime becomes the base of that runtime's configurations. */
static const struct run_set *runtime_base(const char *debian)
{
	for (const struct runtime *const *r = runtimes; *r; r++)
		if ((*r)->debian && strcmp((*r)->debian, debian) == 0)
			return builtin_base(*r);
	return NULL;
}

static char *print_run(const char *set, const char *command, const struct text_list *environment)
{
	struct emitter *emitter = emitter_new();

	emitter_begin_mapping(emitter, NULL);
	emitter_put(emitter, "runtime", "native");
	emitter_begin_mapping(emitter, "config_set");
	emitter_begin_mapping(emitter, set);
	emitter_put(emitter, "bootcmd", command);
	if (environment && environment->count > 0) {
		emitter_begin_mapping(emitter, "env");
		for (size_t i = 0; i < environment->count; i++) {
			char *name = text_copy_n(environment->items[i], strcspn(environment->items[i], "="));

			emitter_put(emitter, name, environment->items[i] + strlen(name) + 1);
			free(name);
		}
		emitter_end_mapping(emitter);
	}
	emitter_end_mapping(emitter);
	emitter_end_mapping(emitter);
	emitter_put(emitter, "config_set_default", set);
	emitter_end_mapping(emitter);
	return emitter_finish(emitter);
}

/* NULL: nothing in the package is to be run. */
static int make_run(const struct debian_set *set, const char *debian, char **run, struct dory_error *err)
{
	const struct run_set *base = runtime_base(debian);
	char *program = NULL;

	*run = NULL;
	if (base) {
		*run = print_run(base->name, base->bootcmd, &base->environment);
		return 0;
	}
	if (package_main_program(set, debian, &program, err) < 0)
		return -1;
	if (program)
		*run = print_run(debian, program, NULL);
	free(program);
	return 0;
}

static char *print_manifest(const struct packages_from_deb *request, const struct debian_package *package, const char *architecture)
{
	const char *name = request->name ? request->name : package->name;
	struct package_manifest manifest = {.name = text_copy(name),
		.title = request->title ? text_copy(request->title) : text_format("Debian's %s with all it needs", package->name),
		.author = text_copy(request->author ? request->author : "Debian"),
		.version = text_copy(package->version),
		.created = package_created_now(),
		.platform = text_copy("Debian"),
		.architecture = text_copy(architecture),
		.sha256 = text_copy("")};
	char *text = package_manifest_print(&manifest);

	package_manifest_release(&manifest);
	return text;
}

static int write_archive(const struct dory_config *config, const struct debian_set *set, const struct archive_texts *texts,
	const char *draft, struct dory_error *err)
{
	char *cache = text_format("%s/cache/unpacked", config->root);
	struct compose_request request = {.image_path = draft, .cache_path = cache, .debian_fixups = true,
		.with_documentation = config->with_documentation, .quiet = config->quiet};
	struct compose_source *sources = calloc(set->count + 1, sizeof(*sources));
	struct archive_facts facts;
	int result;

	if (!sources)
		abort();
	for (size_t i = 0; i < set->count; i++)
		sources[i] = (struct compose_source){.kind = COMPOSE_DEB, .path = set->packages[i].path,
			.package = set->packages[i].name, .version = set->packages[i].version};
	request.sources = sources;
	request.source_count = set->count;
	result = archive_write_composition(&request, texts, takes, draft, &facts, err);
	free(sources);
	free(cache);
	return result;
}

static int make_package(const struct dory_config *config, const struct packages_from_deb *request, const struct debian_set *set,
	const char *debian, char **file, struct dory_error *err)
{
	const struct debian_package *package = main_package(set, debian);
	char *run = NULL, *manifest, *draft;
	int result;

	if (!package) /* a name that others provide */
		package = &set->packages[set->count - 1];
	if (make_run(set, package->name, &run, err) < 0)
		return -1;
	manifest = print_manifest(request, package, config->architecture);
	draft = package_store_draft(config->root, package->name, err);
	result = draft ? write_archive(config, set, &(struct archive_texts){.package = manifest, .run = run}, draft, err) : -1;
	if (result == 0)
		result = package_store_put_archive(config->root, draft, file, err);
	if (draft)
		unlink(draft);
	free(draft);
	free(run);
	free(manifest);
	return result;
}

int dory_packages_from_deb(const struct dory_config *config, const struct packages_from_deb *request, char **file, struct dory_error *err)
{
	struct dory_target target;
	struct debian_set set = {0};
	int result;

	if (dory_target_init(&target, "./", true, request->packages, request->package_count, err) < 0)
		return -1;
	result = packages_get(config, target.packages, target.package_count, request->refresh, &set, err);
	if (result == 0)
		result = make_package(config, request, &set, target.packages[0], file, err);
	debian_set_release(&set);
	dory_target_release(&target);
	return result;
}
