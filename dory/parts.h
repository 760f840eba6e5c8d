/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of this folder share. */
#pragma once
#include "dory/compose/compose.h"
#include "dory/dory.h"
#include "dory/repository/debian.h"

/* Digest of what the target's image is made from; returns owned. NOT_FOUND: cannot be known without the archive's
 * indices. */
int target_fingerprint(const struct dory_config *config, const struct dory_target *target,
	const struct elf_closure *closure, char **fingerprint, struct dory_error *err) must_check;

/* The program and what it needs; sets the target's image_name. Errors name a missing interpreter's package. */
int target_closure(struct dory_target *target, struct elf_closure *closure, struct dory_error *err) must_check;

/* Of DORY_TARGET_DISK: sets image_name, of which the file's state is a part. */
int target_name_disk(struct dory_target *target, struct dory_error *err) must_check;
/* ... makes its image. FORMAT: it is no disk that can be run. */
int disk_image_make(const struct dory_config *config, const struct dory_target *target, struct dory_error *err) must_check;

/* Of DORY_TARGET_FILE: it is a Java archive, which java runs. */
bool target_is_jar(const struct dory_target *target);

/* The command that runs a script: its #! line's words with the path behind. */
int script_command(const struct elf_closure *closure, struct command_line *command, struct dory_error *err) must_check;
/* Debian's package for an interpreter's path or name; returns owned. */
char *interpreter_package(const char *interpreter);

/* The program that a person who names a package means: /usr/bin/NAME or the package's only one; returns owned, NULL:
 * none. */
int package_main_program(
	const struct debian_set *set, const char *package, char **program, struct dory_error *err) must_check;

struct image_recipe {
	const char *image, *origin;
	char *fingerprint; /* borrowed; "" if the image is not to be found by one */
	const struct debian_set *set;
	bool has_debian; /* what Debian's scripts would make is needed without a set, too */
	const struct compose_source *files;
	size_t file_count;
	const struct run_config *config;
	bool keeps_config; /* the files' own run configuration, if they hold one, counts more */
	const char *boot;     /* configurations as JSON; NULL: none */
	uint64_t total_bytes; /* of the file system; 0: as much as it takes */
	uint64_t free_bytes;  /* as in struct compose_request */
};
/* The command of the run configuration in the image's disk; "" if there is none; returns owned. */
int disk_command_read(const char *disk, char **command, struct dory_error *err) must_check;

/*
 * A recipe's total_bytes and free_bytes: `size` as in "10G", `file_system` ext4, zfs or rofs, as struct dory_composition has them.
 * Error: USAGE.
 */
int room_parse(const char *size, const char *file_system, uint64_t *total_bytes, uint64_t *free_bytes, struct dory_error *err) must_check;

/* Composes and commits. With a fingerprint: does nothing if another process just made the same image. */
int recipe_compose(
	const struct dory_config *config, const struct image_recipe *recipe, struct dory_error *err) must_check;

/* Now, in UTC, as ISO 8601 has it; returns owned. */
char *time_text(void);

/*
 * A resolution of just these names that is kept, with all its packages here; the set is the caller's, and *choice, what was chosen beside
 * it, if it is not NULL.
 */
bool resolved_find(const struct dory_config *config, const char *const *names, size_t count, enum dory_refresh refresh, char **choice,
	struct debian_set *set);
void resolved_keep(const struct dory_config *config, const char *const *names, size_t count, const char *choice, const struct debian_set *set);

/* How Debian's archive is asked. */
enum debian_refresh archive_refresh(enum dory_refresh refresh);
/* Downloads what is not here, or fails without asking anybody if nothing may be asked. */
int archive_fetch(const struct dory_config *config, enum dory_refresh refresh, struct debian_set *set, struct dory_error *err) must_check;
/* Resolves and downloads. */
int packages_get(const struct dory_config *config, const char *const *names, size_t count, enum dory_refresh refresh,
	struct debian_set *set, struct dory_error *err) must_check;

/* Checks an amount of memory, and that the kernel fits there. */
int kernel_check_memory(const char *kernel, const char *memory, struct dory_error *err) must_check;
