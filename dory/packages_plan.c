/* SPDX-License-Identifier: BSD-3-Clause */
/* What goes into an image: the packages that were resolved, and the run configurations of all of them. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dory/base/digest.h"
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "dory/package/archive.h"
#include "dory/packages.h"

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

static bool is_need(const struct packages_plan *plan, const char *debian)
{
	bool is_need = false;

	for (size_t i = 0; i < plan->needs.count; i++)
		is_need |= strcmp(plan->needs.items[i] + strlen("deb:"), debian) == 0;
	return is_need;
}

/* What is asked for with a version, or by a requirement, needs not be asked for again. */
static bool is_asked_for(const struct packages_plan *plan, const char *debian)
{
	size_t length = strlen(debian);

	for (size_t i = 0; i < plan->resolution.debian.count; i++) {
		const char *have = plan->resolution.debian.items[i];

		if (strncmp(have, debian, length) == 0 && (have[length] == ' ' || (!have[length] && !is_need(plan, debian))))
			return true;
	}
	return false;
}

static void need_debian(struct packages_plan *plan, const char *debian)
{
	char *need = text_format("deb:%s", debian);

	if (!is_asked_for(plan, debian) && !text_list_has(&plan->found_needs, need))
		text_list_take(&plan->found_needs, need);
	else
		free(need);
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

static void release_decision(struct packages_plan *plan)
{
	for (size_t i = 0; plan->runs && i < plan->resolution.count; i++)
		run_manifest_release(&plan->runs[i]);
	free(plan->runs);
	plan->runs = NULL;
	resolution_release(&plan->resolution);
	boot_sets_release(&plan->boots);
	text_list_release(&plan->found_needs);
}

/* What the packages are, and what they run. */
static int decide(const struct dory_config *config, const struct packages_request *request, struct packages_plan *plan, bool with_archive,
	struct dory_error *err)
{
	release_decision(plan);
	if (packages_resolve(config, request, plan, with_archive, err) < 0 || read_runs(config, plan, err) < 0 || make_boots(plan, err) < 0)
		return -1;
	text_list_sort(&plan->found_needs);
	return 0;
}

/* Were the packages chosen with just these needs? */
static bool has_found_needs(const struct packages_plan *plan)
{
	bool is_same = plan->needs.count == plan->found_needs.count;

	for (size_t i = 0; i < plan->needs.count && is_same; i++)
		is_same = strcmp(plan->needs.items[i], plan->found_needs.items[i]) == 0;
	return is_same;
}

/* From turn to turn as they were found; at last none is given up any more, so that there is an end. */
static void take_needs(struct packages_plan *plan, bool keeps)
{
	for (size_t i = 0; keeps && i < plan->needs.count; i++)
		if (!text_list_has(&plan->found_needs, plan->needs.items[i]))
			text_list_add(&plan->found_needs, plan->needs.items[i]);
	text_list_sort(&plan->found_needs);
	text_list_release(&plan->needs);
	plan->needs = plan->found_needs;
	plan->found_needs = (struct text_list){0};
}

/*
 * What runtimes need of Debian's is known when packages were chosen, and the packages are chosen with it. Its archive is looked into, which
 * takes longer, when it is known that something of it is needed.
 */
static int settle(const struct dory_config *config, const struct packages_request *request, struct packages_plan *plan, struct dory_error *err)
{
	enum { TURNS_FREE = 4, TURNS_MAX = 64 };
	bool with_archive = false;

	for (int turn = 0; turn < TURNS_MAX; turn++) {
		if (decide(config, request, plan, with_archive, err) < 0)
			return -1;
		if (!has_found_needs(plan))
			take_needs(plan, turn >= TURNS_FREE);
		else if (with_archive || plan->resolution.debian.count == 0)
			return 0;
		else
			with_archive = true;
	}
	return error_set(err, DORY_ERROR_CONFLICT, "what runtimes need changes with the packages that are chosen for it");
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
	if (request->directory && !request->ignores_lock &&
		(packages_lock_read(plan->project.directory, &plan->lock, err) < 0 ||
			packages_lock_apply(&plan->lock, &plan->available, err) < 0))
		goto fail;
	if (settle(config, request, plan, err) == 0)
		return 0;
fail:
	packages_plan_release(plan);
	return -1;
}

void packages_plan_release(struct packages_plan *plan)
{
	release_decision(plan);
	package_list_release(&plan->available);
	packages_sources_close(plan->sources);
	text_list_release(&plan->requires);
	text_list_release(&plan->needs);
	packages_lock_release(&plan->lock);
	free(plan->key);
	project_release(&plan->project);
	*plan = (struct packages_plan){0};
}
