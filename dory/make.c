/* SPDX-License-Identifier: BSD-3-Clause */
/* Makes the image of a target that has none yet, or an old one. */
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"
#include "dory/parts.h"

/* What goes into the image of a target, while it is put together. */
struct making {
	struct debian_set set;
	struct elf_closure closure;
	struct compose_source *files;
	size_t file_count;
	struct run_config config;
	char *fingerprint, *origin;
};

static void making_release(struct making *making)
{
	debian_set_release(&making->set);
	elf_closure_release(&making->closure);
	command_line_release(&making->config.command);
	free(making->files);
	free(making->fingerprint);
	free(making->origin);
}

static void add_closure(struct making *making)
{
	for (size_t i = 0; i < making->closure.count; i++) {
		const struct elf_file *file = &making->closure.files[i];

		*(struct compose_source *)array_push(&making->files, &making->file_count, sizeof(*making->files)) =
			(struct compose_source){
				.kind = COMPOSE_FILE, .path = file->host_path, .target = file->guest_path};
	}
}

/* What runs if nobody says otherwise. */
static int choose_command(const struct dory_target *target, struct making *making, struct dory_error *err)
{
	struct command_line *command = &making->config.command;
	char *program = NULL;

	if (target_is_jar(target)) {
		command_line_add(command, "java", false);
		command_line_add(command, "-jar", false);
	}
	if (target->kind == DORY_TARGET_FILE && making->closure.is_script)
		return script_command(&making->closure, command, err);
	if (target->kind == DORY_TARGET_FILE) {
		command_line_add(command, making->closure.files[0].guest_path, false);
		return 0;
	}
	if (package_main_program(&making->set, target->packages[0], &program, err) < 0)
		return -1;
	if (program)
		command_line_add(command, program, false);
	free(program);
	return 0;
}

static int gather(const struct dory_config *config, struct dory_target *target, enum dory_refresh refresh,
	struct making *making, struct dory_error *err)
{
	if (target->kind == DORY_TARGET_FILE && target_closure(target, &making->closure, err) < 0)
		return -1;
	if (target->package_count > 0 &&
		packages_get(config, target->packages, target->package_count, refresh, &making->set, err) < 0)
		return -1;
	add_closure(making);
	if (target->package_count > 0)
		making->origin = text_format("deb:%s (%zu packages)", target->packages[0], making->set.count);
	if (target->kind == DORY_TARGET_FILE)
		text_replace(&making->origin,
			text_format("%s (%zu files)", making->closure.files[0].host_path, making->closure.count));
	/* After the packages: resolving may have fetched newer indices. */
	return target_fingerprint(config, target, &making->closure, &making->fingerprint, err);
}

int dory_image_make(const struct dory_config *config, struct dory_target *target, enum dory_refresh refresh,
	struct image *image, struct dory_error *err)
{
	struct making making = {0};
	int result = -1;

	if (target->kind == DORY_TARGET_DISK) {
		if (target_name_disk(target, err) < 0 || disk_image_make(config, target, err) < 0)
			return -1;
		return image_find(config->root, target->image_name, image, err);
	}
	if (refresh == DORY_REFRESH_NEVER && target->package_count > 0) {
		error_set(err, DORY_ERROR_NOT_FOUND, "there is no image of deb:%s yet", target->packages[0]);
		return error_hint(err, "Run it once without --offline.");
	}
	if (gather(config, target, refresh, &making, err) == 0 && choose_command(target, &making, err) == 0) {
		struct image_recipe recipe = {.image = target->image_name,
			.origin = making.origin,
			.fingerprint = making.fingerprint,
			.set = &making.set,
			.files = making.files,
			.file_count = making.file_count,
			.config = &making.config};

		result = recipe_compose(config, &recipe, err);
	}
	making_release(&making);
	return result < 0 ? -1 : image_find(config->root, target->image_name, image, err);
}
