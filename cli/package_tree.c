/* SPDX-License-Identifier: BSD-3-Clause */
/* dory package tree and why. */
#include "cli/package_tree.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"

enum { DEPTH_MAX = 64 };

/* What a requirement came to: a package of the resolution, or a name for people; owned. */
struct met {
	const struct package_manifest *manifest;
	char *text;
};

static const struct package_manifest *find_package(const struct packages_plan *plan, const struct alternative *alternative)
{
	for (size_t i = 0; i < plan->resolution.count; i++)
		if (package_meets(&plan->resolution.packages[i].entry->manifest, alternative))
			return &plan->resolution.packages[i].entry->manifest;
	return NULL;
}

static struct met meet(const struct packages_plan *plan, const char *text)
{
	const struct debian_package *debian = NULL;
	struct requirement requirement;
	struct dory_error ignored;
	struct met met = {0};

	if (requirement_parse(text, &requirement, &ignored) < 0)
		return met;
	for (size_t k = 0; k < requirement.count && !met.manifest && !debian; k++) {
		met.manifest = find_package(plan, &requirement.alternatives[k]);
		debian = met.manifest ? NULL : resolution_find_debian(&plan->resolution, &requirement.alternatives[k]);
	}
	requirement_release(&requirement);
	if (met.manifest)
		met.text = text_format("%s%s%s", met.manifest->name, *met.manifest->version ? " " : "", met.manifest->version);
	else if (debian)
		met.text = text_format("deb:%s %s", debian->name, debian->version);
	else
		met.text = text_copy(text);
	return met;
}

struct printing {
	const struct packages_plan *plan;
	struct text_list shown; /* packages whose requirements stand above */
};

static void print_below(struct printing *printing, const struct text_list *require, const char *indent, unsigned depth)
{
	for (size_t i = 0; i < require->count; i++) {
		bool is_last = i + 1 == require->count;
		struct met met = meet(printing->plan, require->items[i]);
		bool is_shown = met.manifest && text_list_has(&printing->shown, met.manifest->name);

		printf("%s%s %s%s\n", indent, is_last ? "└──" : "├──", met.text,
			is_shown && met.manifest->require.count > 0 ? " (above)" : "");
		if (met.manifest && !is_shown && depth < DEPTH_MAX) {
			char *below = text_format("%s%s", indent, is_last ? "    " : "│   ");

			text_list_add(&printing->shown, met.manifest->name);
			print_below(printing, &met.manifest->require, below, depth + 1);
			free(below);
		}
		free(met.text);
	}
}

/* The requirements of the project with those of --require and of its runtime. */
static void root_requirements(const struct packages_plan *plan, struct text_list *all)
{
	const struct text_list *const lists[] = {&plan->project.manifest.require, &plan->requires};

	for (size_t l = 0; l < ARRAY_SIZE(lists); l++)
		for (size_t i = 0; i < lists[l]->count; i++)
			text_list_add(all, lists[l]->items[i]);
	if (plan->project.run.runtime && plan->project.run.runtime->debian)
		for (size_t i = 0; i < plan->resolution.debian.count; i++)
			if (strcmp(plan->resolution.debian.items[i], plan->project.run.runtime->debian) == 0)
				text_list_take(all, text_format("deb:%s", plan->resolution.debian.items[i]));
}

int package_print_tree(const struct dory_config *config, const struct packages_request *request, const char *package,
	struct dory_error *err)
{
	struct packages_request changed = *request;
	struct packages_plan plan;
	struct printing printing = {.plan = &plan};
	struct text_list require = {0};
	char *wanted = NULL;

	if (package) {
		const char *equals = strchr(package, '=');

		wanted = equals ? text_format("%.*s = %s", (int)(equals - package), package, equals + 1) : text_copy(package);
		changed.directory = NULL;
		changed.requires = (const char *const *)&wanted;
		changed.require_count = 1;
	}
	if (packages_plan_make(config, &changed, &plan, err) < 0) {
		free(wanted);
		return -1;
	}
	if (package) {
		struct met met = meet(&plan, wanted);

		printf("%s\n", met.text);
		if (met.manifest) {
			text_list_add(&printing.shown, met.manifest->name);
			print_below(&printing, &met.manifest->require, "", 0);
		}
		free(met.text);
	} else {
		printf("%s%s%s\n", plan.project.manifest.name, *plan.project.manifest.version ? " " : "", plan.project.manifest.version);
		root_requirements(&plan, &require);
		print_below(&printing, &require, "", 0);
	}
	text_list_release(&require);
	text_list_release(&printing.shown);
	packages_plan_release(&plan);
	free(wanted);
	return 0;
}

static bool names(const char *requirement_text, const char *name, const struct package_manifest *manifest)
{
	struct requirement requirement;
	struct dory_error ignored;
	bool is_named = false;

	if (requirement_parse(requirement_text, &requirement, &ignored) < 0)
		return false;
	for (size_t k = 0; k < requirement.count; k++) {
		const struct alternative *alternative = &requirement.alternatives[k];
		char *debian = alternative_debian(alternative);
		size_t length = strlen(name);

		if (manifest)
			is_named |= package_meets(manifest, alternative);
		else
			is_named |= debian && strncmp(debian, name, length) == 0 && (!debian[length] || debian[length] == ' ');
		free(debian);
	}
	requirement_release(&requirement);
	return is_named;
}

struct asking {
	const struct packages_plan *plan;
	struct text_list asked; /* names whose reasons are printed */
	size_t found;
};

static void print_reasons(struct asking *asking, const char *name, unsigned depth);

static void check_requirer(struct asking *asking, const struct package_manifest *who, const struct text_list *require,
	const char *name, const struct package_manifest *manifest, bool is_project, unsigned depth)
{
	for (size_t i = 0; i < require->count; i++) {
		if (!names(require->items[i], strncmp(name, "deb:", 4) == 0 ? name + 4 : name, manifest))
			continue;
		printf("%*s%s requires %s\n", (int)depth * 2, "", who->name, require->items[i]);
		asking->found++;
		if (!is_project)
			print_reasons(asking, who->name, depth + 1);
		return;
	}
}

static const struct debian_package *find_debian(const struct packages_plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->resolution.set.count; i++)
		if (strcmp(plan->resolution.set.packages[i].name, name) == 0)
			return &plan->resolution.set.packages[i];
	return NULL;
}

/* Does the project, its runtime or a package of ours ask for one of Debian's? */
static bool is_asked_for(const struct packages_plan *plan, const char *name)
{
	char *signed_name = text_format("deb:%s", name);
	bool is_asked = text_list_has(&plan->needs, signed_name);

	free(signed_name);
	for (size_t i = 0; i < plan->resolution.debian.count && !is_asked; i++) {
		const char *asked = plan->resolution.debian.items[i];

		is_asked = strncmp(asked, name, strlen(name)) == 0 && (!asked[strlen(name)] || asked[strlen(name)] == ' ');
	}
	return is_asked;
}

/* Would it be there if nothing that `without` needs were? In a circle of Debian's packages some are there for each other only. */
static bool is_there_without(const struct packages_plan *plan, const char *name, const char *without)
{
	struct text_list names = {0};
	bool is_there = false;

	text_list_add(&names, name);
	for (size_t i = 0; i < names.count && !is_there; i++) {
		const struct debian_package *package = find_debian(plan, names.items[i]);

		is_there = !package || package->needed_by.count == 0 || is_asked_for(plan, names.items[i]);
		for (size_t k = 0; package && k < package->needed_by.count; k++)
			if (strcmp(package->needed_by.items[k], without) != 0 && !text_list_has(&names, package->needed_by.items[k]))
				text_list_add(&names, package->needed_by.items[k]);
	}
	text_list_release(&names);
	return is_there;
}

static void print_reason(struct asking *asking, unsigned depth, const char *text, const char *name)
{
	printf("%*s%s %s\n", (int)depth * 2, "", text, name);
	asking->found++;
}

/* Who needs one of Debian's among themselves; what nobody needs is there because Debian always has it. */
static void print_debian_reasons(struct asking *asking, const char *name, unsigned depth)
{
	const struct packages_plan *plan = asking->plan;
	const struct debian_package *package = find_debian(plan, name + strlen("deb:"));

	for (size_t i = 0; package && i < package->needed_by.count; i++) {
		char *who = text_format("deb:%s", package->needed_by.items[i]), *text = text_format("%s requires", who);

		if (is_there_without(plan, package->needed_by.items[i], package->name)) {
			print_reason(asking, depth, text, name);
			print_reasons(asking, who, depth + 1);
		}
		free(text);
		free(who);
	}
	for (size_t i = 0; i < plan->lock.debian_count; i++)
		if (package && strcmp(plan->lock.debian[i].name, package->name) == 0)
			print_reason(asking, depth, "dory.lock names", name);
	if (package && depth == 0 && asking->found == 0)
		print_reason(asking, depth, "Debian's packages rely, without requiring it, on", name);
}

static void print_reasons(struct asking *asking, const char *name, unsigned depth)
{
	const struct packages_plan *plan = asking->plan;
	const struct package_manifest *manifest = NULL;

	if (depth > DEPTH_MAX || text_list_has(&asking->asked, name))
		return;
	text_list_add(&asking->asked, name);
	for (size_t i = 0; i < plan->resolution.count; i++)
		if (strcmp(plan->resolution.packages[i].entry->manifest.name, name) == 0)
			manifest = &plan->resolution.packages[i].entry->manifest;
	if (!manifest && strncmp(name, "deb:", 4) != 0)
		return;
	check_requirer(asking, &plan->project.manifest, &plan->project.manifest.require, name, manifest, true, depth);
	check_requirer(asking, &plan->project.manifest, &plan->requires, name, manifest, true, depth);
	if (!manifest && plan->project.run.runtime && plan->project.run.runtime->debian &&
		strcmp(plan->project.run.runtime->debian, name + 4) == 0) {
		printf("%*s%s has the runtime %s\n", (int)depth * 2, "", plan->project.manifest.name, plan->project.run.runtime->name);
		asking->found++;
	}
	for (size_t i = 0; i < plan->resolution.count; i++) {
		const struct package_manifest *who = &plan->resolution.packages[i].entry->manifest;

		check_requirer(asking, who, &who->require, name, manifest, false, depth);
	}
	if (!manifest)
		print_debian_reasons(asking, name, depth);
}

int package_print_why(const struct dory_config *config, const struct packages_request *request, const char *package,
	struct dory_error *err)
{
	struct packages_plan plan;
	struct asking asking = {.plan = &plan};

	if (packages_plan_make(config, request, &plan, err) < 0)
		return -1;
	print_reasons(&asking, package, 0);
	text_list_release(&asking.asked);
	packages_plan_release(&plan);
	if (asking.found > 0)
		return 0;
	error_set(err, DORY_ERROR_NOT_FOUND, "nothing here requires %s", package);
	return error_hint(err, "`dory package tree` shows what is required.");
}
