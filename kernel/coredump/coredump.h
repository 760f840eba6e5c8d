/* SPDX-License-Identifier: BSD-3-Clause */
/* Private to coredump: the parts of a core file. All run on the task that ends; the others of its process stand still. */
#pragma once
#include "kernel/process/core.h"

/* ---- name.c ---- */
/* The file's name by core_pattern; -ENAMETOOLONG, -ENOENT: the pattern is empty. */
int core_name(const struct task *task, int signal, char *to, size_t size) must_check;

/* ---- regions.c: what there is of the memory ---- */
struct core_region {
	uint64_t start, end, dump_end; /* what lies behind dump_end is not in the file */
	unsigned flags;		       /* REGION_* */
	bool is_file;
	uint64_t offset;	       /* of the file, bytes */
	uint32_t name;		       /* where it stands in `names`, if it is_file */
};
struct core_regions {
	struct core_region *regions;
	size_t count, room;
	char *names; /* each with its NUL */
	size_t names_len, names_room;
	bool is_short; /* of memory */
};
/* By the process's core_filter. -ENOMEM. */
int core_regions_collect(struct task *task, struct core_regions *regions) must_check;
void core_regions_free(struct core_regions *regions);

/* ---- notes.c ---- */
struct core_notes {
	char *bytes;
	size_t len, room;
	bool is_short; /* of memory */
};
void core_notes_build(struct core_notes *notes, struct task *task, const struct linux_siginfo *info, const struct core_regions *regions);
