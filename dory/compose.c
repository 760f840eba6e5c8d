/* SPDX-License-Identifier: BSD-3-Clause */
/* Recipes: packages, files and a run configuration become an image in the store. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include "abi/run_config.h"
#include "dory/base/text.h"
#include "dory/image/contents.h"
#include "dory/packages.h"
#include "dory/parts.h"

struct source_list {
	struct compose_source *sources;
	size_t count;
};

static struct compose_source *add_source(struct source_list *list, struct compose_source source)
{
	struct compose_source *added = array_push(&list->sources, &list->count, sizeof(*list->sources));

	*added = source;
	return added;
}

/* What is in the image: packages first, then files over them, the run configuration last. */
static void list_sources(
	const struct image_recipe *recipe, const char *run_text, size_t run_length, struct source_list *list)
{
	/* May hold secrets from --env: for init's eyes, which is root. */
	const struct compose_source configuration = {
		.kind = COMPOSE_BYTES, .target = RUN_CONFIG_PATH, .data = run_text, .size = run_length, .mode = 0600};

	if (recipe->keeps_config)
		add_source(list, configuration);
	for (size_t i = 0; recipe->set && i < recipe->set->count; i++) {
		const struct debian_package *package = &recipe->set->packages[i];

		add_source(list, (struct compose_source){.kind = COMPOSE_DEB,
					 .path = package->path,
					 .package = package->name,
					 .version = package->version});
	}
	for (size_t i = 0; i < recipe->file_count; i++)
		add_source(list, recipe->files[i]);
	if (!recipe->keeps_config)
		add_source(list, configuration);
}

/* Did another process make this very image while we waited for the lock? */
static bool is_made(const struct dory_config *config, const struct image_recipe *recipe)
{
	struct dory_error ignored;
	struct image image;
	bool is_same;

	if (!*recipe->fingerprint || image_find(config->root, recipe->image, &image, &ignored) < 0)
		return false;
	is_same = strcmp(image.fingerprint, recipe->fingerprint) == 0;
	image_release(&image);
	return is_same;
}

char *time_text(void)
{
	time_t now = time(NULL);
	char text[32];
	struct tm utc;

	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
	return text_copy(text);
}

static void describe(struct image *description, const struct image_recipe *recipe)
{
	description->created = time_text();
	description->name = text_copy(recipe->image);
	description->origin = text_copy(recipe->origin);
	description->fingerprint = text_copy(recipe->fingerprint);
	description->default_command = command_line_join(&recipe->config->command);
	description->boot = text_copy(recipe->boot);
}

/* Ours, and the project: as their manifests have it. Debian's come from the recipe's set. */
static void list_package(const struct compose_source *source, struct image_contents *contents)
{
	const struct image_package package = {.kind = (char *)(source->kind == COMPOSE_PACKAGE ? "package" : "project"),
		.name = (char *)source->package,
		.version = (char *)source->version,
		.architecture = (char *)source->architecture,
		.sha256 = (char *)source->sha256};

	if (source->package && (source->kind == COMPOSE_PACKAGE || source->kind == COMPOSE_DIRECTORY))
		image_contents_add_package(contents, &package);
}

/* What is written down of the sources. */
static void list_contents(const struct image_recipe *recipe, const struct source_list *list, const struct image *description,
	struct image_contents *contents)
{
	static const char *const kinds[] = {[COMPOSE_DEB] = "deb", [COMPOSE_PACKAGE] = "package", [COMPOSE_DIRECTORY] = "directory", [COMPOSE_FILE] = "file",
		[COMPOSE_BYTES] = "made", [COMPOSE_ARCHIVE] = "archive"};

	for (size_t i = 0; recipe->set && i < recipe->set->count; i++) {
		const struct debian_package *p = &recipe->set->packages[i];
		const struct image_package package = {.kind = (char *)"deb",
			.name = p->name,
			.version = p->version,
			.architecture = p->architecture,
			.url = p->url,
			.sha256 = (char *)p->sha256,
			.size = p->size};

		image_contents_add_package(contents, &package);
	}
	for (size_t i = 0; i < list->count; i++) {
		const struct compose_source *source = &list->sources[i];
		char *path = source->path ? realpath(source->path, NULL) : NULL;

		list_package(source, contents);
		image_contents_add_source(contents, kinds[source->kind], path ? path : source->path, source->target);
		free(path);
	}
	image_contents_add_composition(contents, description->created, description->origin);
}

static int commit_draft(const struct image_recipe *recipe, const struct source_list *list, const char *run_text, struct image_draft *draft,
	struct dory_error *err)
{
	struct image_contents contents = {0};
	struct image description = {0};
	int result = 0;

	describe(&description, recipe);
	description.disk_path = text_copy(image_draft_disk(draft));
	list_contents(recipe, list, &description, &contents);
	if (recipe->keeps_config) {
		free(description.default_command);
		description.default_command = NULL;
		result = disk_command_read(description.disk_path, &description.default_command, err);
	} else {
		description.run_config = text_copy(run_text);
	}
	if (result == 0)
		result = image_draft_write_contents(draft, &contents, err);
	if (result == 0)
		result = image_draft_commit(draft, &description, err);
	else
		image_draft_discard(draft);
	image_contents_release(&contents);
	image_release(&description);
	return result;
}

static int compose_draft(const struct dory_config *config, const struct image_recipe *recipe, struct image_draft *draft,
	const char *run_text, size_t run_length, struct dory_error *err)
{
	struct source_list list = {0};
	char *cache = text_format("%s/cache/unpacked", config->root);
	struct compose_request request = {.image_path = image_draft_disk(draft),
		.cache_path = cache,
		.with_documentation = config->with_documentation,
		.debian_fixups = recipe->has_debian || (recipe->set && recipe->set->count > 0),
		.total_bytes = recipe->total_bytes,
		.free_bytes = recipe->free_bytes,
		.quiet = config->quiet};
	int result;

	list_sources(recipe, run_text, run_length, &list);
	request.sources = list.sources;
	request.source_count = list.count;
	result = compose_image(&request, err);
	if (result < 0)
		image_draft_discard(draft);
	else
		result = commit_draft(recipe, &list, run_text, draft, err);
	free(list.sources);
	free(cache);
	return result;
}

int recipe_compose(const struct dory_config *config, const struct image_recipe *recipe, struct dory_error *err)
{
	struct image_draft *draft = NULL;
	size_t run_length = 0;
	char *run_text = NULL;
	int result;

	if (run_config_text(recipe->config, &run_text, &run_length, err) < 0)
		return -1;
	if (image_draft_open(config->root, recipe->image, &draft, err) < 0) {
		free(run_text);
		return -1;
	}
	if (is_made(config, recipe)) {
		image_draft_discard(draft);
		result = 0;
	} else {
		result = compose_draft(config, recipe, draft, run_text, run_length, err);
	}
	free(run_text);
	return result < 0 ? error_wrap(err, "composing the image %s", recipe->image) : 0;
}

int room_parse(const char *size, const char *file_system, uint64_t *total_bytes, uint64_t *free_bytes, struct dory_error *err)
{
	static const char *const file_systems[] = {"ext4", "zfs", "rofs"};
	enum { READ_ONLY_FREE_BYTES = 1 << 20 }; /* for what the system itself writes */
	bool is_known = !file_system;

	for (size_t i = 0; i < ARRAY_SIZE(file_systems) && !is_known; i++)
		is_known = strcmp(file_systems[i], file_system) == 0;
	if (!is_known) {
		error_set(err, DORY_ERROR_USAGE, "there is no file system '%.40s'", file_system);
		return error_hint(err, "There is ext4; Capstan's words zfs and rofs (no room to write) mean it too.");
	}
	*total_bytes = *free_bytes = 0;
	if (file_system && strcmp(file_system, "rofs") == 0)
		*free_bytes = READ_ONLY_FREE_BYTES;
	else if (size && packages_size_parse(size, total_bytes, err) < 0)
		return -1;
	return 0;
}

/* Directories go to the root of the image, files beside each other there. */
static int add_paths(const struct dory_composition *composition, struct source_list *list, struct dory_error *err)
{
	for (size_t i = 0; i < composition->path_count; i++) {
		const char *path = composition->paths[i], *slash = strrchr(path, '/');
		struct stat st;

		if (stat(path, &st) < 0)
			return error_set_errno(err, DORY_ERROR_NOT_FOUND, "%s", path);
		if (S_ISDIR(st.st_mode))
			add_source(
				list, (struct compose_source){.kind = COMPOSE_DIRECTORY, .path = path, .target = "/"});
		else if (S_ISREG(st.st_mode))
			add_source(list, (struct compose_source){.kind = COMPOSE_FILE,
						 .path = path,
						 .target = text_format("/%s", slash ? slash + 1 : path)});
		else
			return error_set(err, DORY_ERROR_USAGE, "%s is neither a file nor a directory", path);
	}
	return 0;
}

static char *origin_of(const struct dory_composition *composition)
{
	struct text_buffer origin = {0};

	for (size_t i = 0; i < composition->package_count; i++)
		text_append_format(&origin, "%sdeb:%s", origin.length ? " " : "", composition->packages[i]);
	for (size_t i = 0; i < composition->path_count; i++)
		text_append_format(&origin, "%s%s", origin.length ? " " : "", composition->paths[i]);
	return origin.text ? origin.text : text_copy("");
}

static void source_list_release(struct source_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->sources[i].kind == COMPOSE_FILE)
			free((char *)list->sources[i].target);
	}
	free(list->sources);
}

int dory_compose(const struct dory_config *config, const struct dory_composition *composition, struct dory_error *err)
{
	struct image_recipe recipe = {
		.image = composition->image, .fingerprint = text_copy(""), .config = &composition->config};
	struct dory_target packages = {.kind = DORY_TARGET_IMAGE};
	struct source_list files = {0};
	struct debian_set set = {0};
	char *origin = origin_of(composition);
	int result = -1;

	if (image_name_check(composition->image, err) < 0 || run_config_check(&composition->config, err) < 0 ||
		room_parse(composition->size, composition->file_system, &recipe.total_bytes, &recipe.free_bytes, err) < 0 || add_paths(composition, &files, err) < 0)
		goto out;
	if (composition->package_count > 0) {
		if (dory_target_init(&packages, "./", true, composition->packages, composition->package_count, err) <
				0 ||
			packages_get(
				config, packages.packages, packages.package_count, composition->refresh, &set, err) < 0)
			goto out;
		recipe.set = &set;
	}
	recipe.origin = origin;
	recipe.files = files.sources;
	recipe.file_count = files.count;
	result = recipe_compose(config, &recipe, err);
out:
	debian_set_release(&set);
	dory_target_release(&packages);
	source_list_release(&files);
	free(recipe.fingerprint);
	free(origin);
	return result;
}
