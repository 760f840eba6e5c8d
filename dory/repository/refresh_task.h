/* SPDX-License-Identifier: BSD-3-Clause */
/* What the steps of a refresh hand on. Private to refresh.c and package_lists.c. */
#pragma once
#include "index.h"
#include "release.h"
#include "dory/fetch/fetch.h"

/* One source on its way through the steps. */
struct task {
	struct index *index;
	bool is_over;	      /* failed (error.kind is set) or nothing changed */
	bool is_detached;     /* Release and Release.gpg instead of InRelease */
	struct dory_error error;
	struct release release;
	char *inrelease, *text, *signature; /* paths of what was fetched, before it counts */
	char *etag, *modified;
};

/* One package list that a task needs. */
struct list_download {
	struct task *task;
	const struct release_file *file;
	char *url, *plain_url; /* by-hash, and where old archives have it; the same if there is no by-hash */
	char *path, *solv_path;
	uint64_t unpacked_size;
};

struct refresh {
	const struct dory_config *config;
	struct fetch_options options;
	int64_t now;
	struct task *tasks;
	size_t task_count;
	struct list_download *downloads;
	size_t download_count;
};

void refresh_fail(struct task *task, const struct dory_error *error);
