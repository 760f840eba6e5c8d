/* SPDX-License-Identifier: BSD-3-Clause */
/* The packages of a plan. What was resolved with Debian's archive is kept, as long as nothing changes that it depends on. */
#include <stdlib.h>
#include <string.h>
#include "dory/base/digest.h"
#include "dory/base/text.h"
#include "dory/packages.h"
#include "dory/parts.h"

static void append_list(struct text_buffer *text, const char *key, const struct text_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		text_append_format(text, "%s %s\n", key, list->items[i]);
}

static void append_manifest(struct text_buffer *text, const struct package_manifest *manifest)
{
	text_append_format(text, "%s %s %s\n", manifest->name, manifest->version, manifest->architecture);
	append_list(text, "requires", &manifest->require);
	append_list(text, "provides", &manifest->provides);
	append_list(text, "conflicts", &manifest->conflicts);
}

/* All that a resolution depends on but the archive's indices, in a digest. */
static char *key_of(const struct resolve_request *request)
{
	char digest[DIGEST_TEXT_SIZE];
	struct text_buffer text = {0};

	append_manifest(&text, request->root);
	append_list(&text, "more", request->more);
	append_list(&text, "locked", request->locked);
	for (size_t i = 0; i < request->available->count; i++) {
		const struct package_entry *entry = &request->available->entries[i];

		text_append_format(&text, "%s\n", entry->source->name);
		append_manifest(&text, &entry->manifest);
	}
	digest_sha256(text.text, text.length, digest);
	free(text.text);
	return text_format("project %s", digest);
}

static int explain_missing(char *missing, struct dory_error *err)
{
	if (missing && !err->hint[0])
		error_hint(err, "Pull it using 'dory package pull %s', or make it here: `dory package import` in its directory.", missing);
	free(missing);
	return -1;
}

/* As it was resolved before. */
static bool resolve_kept(const struct dory_config *config, enum dory_refresh refresh, const struct resolve_request *request,
	struct packages_plan *plan)
{
	const char *const names[] = {plan->key};
	struct resolve_request again = *request;
	struct debian_set set = {0};
	struct dory_error ignored;
	char *choice;
	bool is_kept;

	if (!resolved_find(config, names, 1, refresh, &choice, &set))
		return false;
	again.choice = choice;
	is_kept = package_resolve(&again, &plan->resolution, NULL, &ignored) == 0;
	free(choice);
	if (!is_kept)
		debian_set_release(&set);
	else
		plan->resolution.set = set;
	plan->is_kept = is_kept;
	return is_kept;
}

/* Who only looks waits for no network: what is cached of the archive serves, or else what is asked of it is taken to be there. */
static bool looks_into_archive(const struct dory_config *config, const struct packages_request *request, const struct packages_plan *plan)
{
	const char *const names[] = {plan->key};
	struct dory_error ignored;
	char digest[DIGEST_TEXT_SIZE];

	return !request->only_looks || debian_fingerprint(config, names, 1, digest, &ignored) == 0;
}

static int resolve_with_archive(const struct dory_config *config, const struct packages_request *request, struct resolve_request *resolve,
	struct packages_plan *plan, struct dory_error *err)
{
	char *missing = NULL;

	plan->is_kept = false;
	text_replace(&plan->key, key_of(resolve));
	if (!request->only_looks && resolve_kept(config, request->refresh, resolve, plan)) /* who needs what is not kept */
		return 0;
	if (looks_into_archive(config, request, plan)) {
		resolve->archive = config;
		resolve->refresh = request->only_looks ? DEBIAN_OFFLINE : archive_refresh(request->refresh);
	}
	return package_resolve(resolve, &plan->resolution, &missing, err) == 0 ? 0 : explain_missing(missing, err);
}

static void join(struct text_list *all, const struct text_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		text_list_add(all, list->items[i]);
}

int packages_resolve(const struct dory_config *config, const struct packages_request *request, struct packages_plan *plan, bool with_archive,
	struct dory_error *err)
{
	struct text_list more = {0}, locked = {0};
	struct resolve_request resolve = {.root = &plan->project.manifest,
		.more = &more,
		.available = &plan->available,
		.locked = &locked,
		.architecture = config->architecture ? config->architecture : "amd64"};
	char *missing = NULL;
	int result;

	join(&more, &plan->requires);
	join(&more, &plan->needs);
	packages_lock_names(&plan->lock, &locked);
	if (with_archive)
		result = resolve_with_archive(config, request, &resolve, plan, err);
	else if ((result = package_resolve(&resolve, &plan->resolution, &missing, err)) < 0)
		explain_missing(missing, err);
	text_list_release(&more);
	text_list_release(&locked);
	return result;
}

int packages_plan_fetch(const struct dory_config *config, const struct packages_request *request, struct packages_plan *plan,
	struct dory_error *err)
{
	const char *const names[] = {plan->key};
	struct debian_set *set = &plan->resolution.set;

	if (plan->resolution.debian.count == 0)
		return 0;
	if (packages_lock_check(&plan->lock, set, err) < 0 || archive_fetch(config, request->refresh, set, err) < 0)
		return -1;
	if (!plan->is_kept)
		resolved_keep(config, names, 1, plan->resolution.choice, set);
	plan->debian = set;
	return 0;
}
