/* SPDX-License-Identifier: BSD-3-Clause */
/* What goes into an image: resolution over all sources, run configurations of all packages, Debian's packages. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dory/base/digest.h"
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "dory/package/archive.h"
#include "dory/packages.h"
#include "dory/parts.h"

static int open_sources(const struct dory_config *config, const struct packages_request *request, struct packages_plan *plan,
	struct dory_error *err)
{
	const struct packages_sources wanted = {.with_store = true,
		.with_repositories = request->pulls,
		.release = request->release,
		.from = request->sources,
		.from_count = request->source_count,
		.refresh = request->refresh};

	return packages_sources_open(config, &wanted, &plan->sources, &plan->available, err);
}

/* A project may be in the store, too: what is composed is what lies here. */
static void leave_out_project(struct packages_plan *plan)
{
	struct package_list *list = &plan->available;
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->entries[i].manifest.name, plan->project.manifest.name) == 0)
			package_entry_release(&list->entries[i]);
		else
			list->entries[kept++] = list->entries[i];
	}
	list->count = kept;
}

static int resolve(const struct dory_config *config, struct packages_plan *plan, struct dory_error *err)
{
	const struct resolve_request request = {.root = &plan->project.manifest,
		.more = &plan->requires,
		.available = &plan->available,
		.refused = &plan->refused,
		.architecture = config->architecture ? config->architecture : "amd64"};
	char *missing = NULL;

	if (package_resolve(&request, &plan->resolution, &missing, err) == 0)
		return 0;
	if (missing && !err->hint[0])
		error_hint(err, "Pull it using 'dory package pull %s', or make it here: `dory package import` in its directory.", missing);
	free(missing);
	return -1;
}

/*
 * The run.yaml of a package, "" if it has none; returns owned. Capstan's archives have it in the middle: what was read
 * once is kept under the archive's digest, if that is known to be the archive's.
 */
static int read_run_text(const struct dory_config *config, const struct package_entry *entry, char **text, struct dory_error *err)
{
	char *directory = text_format("%s/cache/run", config->root), *cached = text_format("%s/%s", directory, entry->manifest.sha256);
	bool can_cache = entry->source->has_checked_digests && digest_is_text(entry->manifest.sha256);
	struct archive_meta meta;
	struct dory_error ignored;
	size_t length;
	int result = 0;

	if (!can_cache || file_read(cached, MANIFEST_SIZE_MAX, text, &length, &ignored) < 0) {
		result = archive_read_meta(entry->path, &meta, err);
		if (result == 0) {
			*text = text_copy(meta.run ? meta.run : "");
			archive_meta_release(&meta);
		}
		/* Without it the next time takes longer; that is all. */
		if (result == 0 && can_cache && file_make_directories(directory, &ignored) == 0 &&
			file_replace(cached, *text, strlen(*text), &ignored) < 0)
			unlink(cached);
	}
	free(directory);
	free(cached);
	return result;
}

static int read_run(const struct dory_config *config, struct package_entry *entry, struct run_manifest *run, struct dory_error *err)
{
	char *name, *text;
	int result = 0;

	if (entry->source->fetch(entry->source, entry, err) < 0 || read_run_text(config, entry, &text, err) < 0)
		return -1;
	name = text_format("%s: meta/run.yaml", entry->path);
	if (*text)
		result = run_manifest_parse(name, text, strlen(text), true, run, err);
	free(text);
	free(name);
	return result;
}

static int read_runs(const struct dory_config *config, struct packages_plan *plan, struct dory_error *err)
{
	plan->runs = calloc(plan->resolution.count + 1, sizeof(*plan->runs));
	if (!plan->runs)
		abort();
	for (size_t i = 0; i < plan->resolution.count; i++)
		if (read_run(config, plan->resolution.packages[i].entry, &plan->runs[i], err) < 0)
			return -1;
	return 0;
}

static void need_debian(struct packages_plan *plan, const char *debian)
{
	for (size_t i = 0; i < plan->resolution.debian.count; i++) {
		size_t length = strlen(debian);
		const char *have = plan->resolution.debian.items[i];

		if (strncmp(have, debian, length) == 0 && (!have[length] || have[length] == ' '))
			return;
	}
	text_list_add(&plan->resolution.debian, debian);
}

/* A package of the resolution; what is built in is needed from Debian as soon as somebody inherits from it. */
static const struct run_manifest *find_run(void *context, const char *package)
{
	struct packages_plan *plan = context;
	const struct builtin_package *builtin;

	if (strcmp(plan->project.manifest.name, package) == 0 && plan->project.run.runtime)
		return &plan->project.run;
	for (size_t i = 0; i < plan->resolution.count; i++)
		if (strcmp(plan->resolution.packages[i].entry->manifest.name, package) == 0)
			return plan->runs[i].runtime ? &plan->runs[i] : NULL;
	builtin = builtin_package_find(package);
	if (builtin && builtin->debian)
		need_debian(plan, builtin->debian);
	return NULL;
}

static bool is_required_by_project(const struct packages_plan *plan, const struct package_manifest *manifest)
{
	const struct text_list *const lists[] = {&plan->project.manifest.require, &plan->requires};
	bool is_met = false;

	for (size_t l = 0; l < 2; l++)
		for (size_t i = 0; i < lists[l]->count && !is_met; i++) {
			struct requirement requirement;
			struct dory_error ignored;

			if (requirement_parse(lists[l]->items[i], &requirement, &ignored) < 0)
				continue;
			for (size_t k = 0; k < requirement.count; k++)
				is_met |= package_meets(manifest, &requirement.alternatives[k]);
			requirement_release(&requirement);
		}
	return is_met;
}

/* A package that the project requires and that has the runtime: this is how a project chooses its node. */
static const char *runtime_package(void *context, const struct runtime *runtime)
{
	struct packages_plan *plan = context;

	for (size_t i = 0; i < plan->resolution.count; i++) {
		const struct package_manifest *manifest = &plan->resolution.packages[i].entry->manifest;

		if (plan->runs[i].runtime && run_manifest_set(&plan->runs[i], runtime->set) && is_required_by_project(plan, manifest))
			return manifest->name;
	}
	if (runtime->debian)
		need_debian(plan, runtime->debian);
	return NULL;
}

/* The place for a set, emptied if a package that is overlaid had one of that name. */
static struct boot_set *boot_place(struct boot_sets *boots, const char *name)
{
	struct boot_set *set = (struct boot_set *)boot_sets_find(boots, name);

	if (!set)
		return array_push(&boots->sets, &boots->count, sizeof(*set));
	boot_set_release(set);
	return set;
}

static int add_boots(struct packages_plan *plan, const struct run_manifest *run, const char *package, struct dory_error *err)
{
	const struct boot_packages packages = {.find = find_run, .context = plan, .runtime_package = runtime_package};

	for (size_t i = 0; run->runtime && i < run->count; i++) {
		struct boot_set made;

		if (boot_set_make(run, &run->sets[i], &packages, &made, err) < 0)
			return error_wrap(err, "the package %s", package);
		*boot_place(&plan->boots, run->sets[i].name) = made;
	}
	return 0;
}

/* Only what the project itself names as default is one: its packages are libraries to it. */
static int make_boots(struct packages_plan *plan, struct dory_error *err)
{
	for (size_t i = 0; i < plan->resolution.count; i++)
		if (add_boots(plan, &plan->runs[i], plan->resolution.packages[i].entry->manifest.name, err) < 0)
			return -1;
	if (add_boots(plan, &plan->project.run, plan->project.manifest.name, err) < 0)
		return -1;
	plan->boots.default_sets = text_copy(plan->project.run.default_sets ? plan->project.run.default_sets : "");
	return 0;
}

/* What the packages are, and what they run. */
static int decide(const struct dory_config *config, struct packages_plan *plan, struct dory_error *err)
{
	if (resolve(config, plan, err) < 0 || read_runs(config, plan, err) < 0 || make_boots(plan, err) < 0)
		return -1;
	text_list_sort(&plan->resolution.debian);
	return 0;
}

static void release_decision(struct packages_plan *plan)
{
	for (size_t i = 0; plan->runs && i < plan->resolution.count; i++)
		run_manifest_release(&plan->runs[i]);
	free(plan->runs);
	plan->runs = NULL;
	resolution_release(&plan->resolution);
	boot_sets_release(&plan->boots);
	if (plan->debian)
		debian_set_release(plan->debian);
	free(plan->debian);
	plan->debian = NULL;
}

static int take_requirements(const struct packages_request *request, struct packages_plan *plan, struct dory_error *err)
{
	for (size_t i = 0; i < request->require_count; i++) {
		struct requirement requirement;

		if (requirement_parse(request->requires[i], &requirement, err) < 0)
			return err->kind = DORY_ERROR_USAGE, -1;
		requirement_release(&requirement);
		text_list_add(&plan->requires, request->requires[i]);
	}
	return 0;
}

int packages_plan_make(const struct dory_config *config, const struct packages_request *request, struct packages_plan *plan,
	struct dory_error *err)
{
	*plan = (struct packages_plan){0};
	if (!request->directory)
		package_manifest_default(&plan->project.manifest);
	else if (project_open(request->directory, false, &plan->project, err) < 0)
		return -1;
	if (take_requirements(request, plan, err) < 0 || open_sources(config, request, plan, err) < 0)
		goto fail;
	leave_out_project(plan);
	if (request->directory && !request->ignores_lock && packages_lock_apply(plan->project.directory, &plan->available, NULL, err) < 0)
		goto fail;
	if (decide(config, plan, err) == 0)
		return 0;
fail:
	packages_plan_release(plan);
	return -1;
}

/* The names that Debian's resolver takes, "NAME=VERSION" where that is known. */
static int debian_names(const struct packages_plan *plan, const struct packages_request *request, struct text_list *names,
	struct dory_error *err)
{
	struct text_list locked = {0};

	if (request->directory && !request->ignores_lock && packages_lock_apply(plan->project.directory, NULL, &locked, err) < 0)
		return -1;
	for (size_t i = 0; i < plan->resolution.debian.count; i++) {
		struct requirement requirement;
		const struct alternative *wanted;

		if (requirement_parse(plan->resolution.debian.items[i], &requirement, err) < 0)
			return -1;
		wanted = &requirement.alternatives[0];
		text_list_take(names, wanted->operator == REQUIREMENT_EQUAL ? text_format("%s=%s", wanted->name, wanted->version)
									       : text_copy(wanted->name));
		requirement_release(&requirement);
	}
	for (size_t i = 0; i < locked.count; i++)
		text_list_add(names, locked.items[i]);
	text_list_release(&locked);
	return 0;
}

/* The version of it that is too old or too new, or NULL. */
static const char *wrong_version(const struct debian_set *set, const struct alternative *wanted)
{
	for (size_t i = 0; i < set->count; i++)
		if (strcmp(set->packages[i].name, wanted->name) == 0 && !version_meets(set->packages[i].version, wanted))
			return set->packages[i].version;
	return NULL;
}

static int check_versions(struct packages_plan *plan, struct dory_error *err)
{
	int result = 0;

	for (size_t i = 0; i < plan->resolution.debian.count; i++) {
		const char *text = plan->resolution.debian.items[i], *version;
		struct requirement requirement;

		if (requirement_parse(text, &requirement, err) < 0)
			return -1;
		version = wrong_version(plan->debian, &requirement.alternatives[0]);
		requirement_release(&requirement);
		if (!version)
			continue;
		text_list_add(&plan->refused, text);
		error_set(err, DORY_ERROR_CONFLICT, "the project needs deb:%s, and Debian's archive has %s", text, version);
		result = error_hint(err, "Take another suite: --suite SUITE, or make a package of another version.");
	}
	return result;
}

/* The archive has not all of them: which? Each is asked for by itself. */
static void note_unknown(const struct dory_config *config, struct packages_plan *plan)
{
	for (size_t i = 0; i < plan->resolution.debian.count; i++) {
		char *name = text_copy_n(plan->resolution.debian.items[i], strcspn(plan->resolution.debian.items[i], " "));
		const char *const names[] = {name};
		struct debian_set set = {0};
		struct dory_error why;

		if (debian_resolve(config, names, 1, false, &set, &why) == 0)
			debian_set_release(&set);
		else if (why.kind == DORY_ERROR_NOT_FOUND)
			text_list_add(&plan->refused, plan->resolution.debian.items[i]);
		free(name);
	}
}

static int get_debian(const struct dory_config *config, const struct packages_request *request, struct packages_plan *plan,
	struct dory_error *err)
{
	struct text_list names = {0};
	int result = debian_names(plan, request, &names, err);

	plan->debian = calloc(1, sizeof(*plan->debian));
	if (!plan->debian)
		abort();
	if (result == 0)
		result = packages_get(config, (const char *const *)names.items, names.count, request->refresh, plan->debian, err);
	text_list_release(&names);
	if (result == 0)
		return check_versions(plan, err);
	if (err->kind == DORY_ERROR_NOT_FOUND)
		note_unknown(config, plan);
	return -1;
}

/* Each turn refuses one more of those that are asked for, or is the last. */
int packages_plan_debian(const struct dory_config *config, const struct packages_request *request, struct packages_plan *plan,
	struct dory_error *err)
{
	struct dory_error without;

	while (plan->resolution.debian.count > 0) {
		size_t refused = plan->refused.count;

		if (get_debian(config, request, plan, err) == 0)
			return 0;
		if (plan->refused.count == refused)
			return -1;
		release_decision(plan);
		if (decide(config, plan, &without) < 0)
			return -1; /* for the reason that was found first */
	}
	return 0;
}

void packages_plan_release(struct packages_plan *plan)
{
	release_decision(plan);
	package_list_release(&plan->available);
	packages_sources_close(plan->sources);
	text_list_release(&plan->requires);
	text_list_release(&plan->refused);
	project_release(&plan->project);
	*plan = (struct packages_plan){0};
}
