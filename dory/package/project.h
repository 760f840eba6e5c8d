/* SPDX-License-Identifier: BSD-3-Clause */
/* A project: a directory tree with the folder meta, on its way to a package or an image. */
#pragma once
#include "dory/manifest/ignore.h"
#include "dory/manifest/package_manifest.h"
#include "dory/runtime/run_manifest.h"

struct project {
	char *directory; /* absolute */
	struct package_manifest manifest;
	struct run_manifest run; /* runtime NULL: there is no meta/run.yaml */
	struct ignore_rules rules;
	bool is_default; /* without meta/package.yaml: Capstan's default manifest stands for it */
};

/*
 * Reads the project at `directory`. Without a manifest it is NOT_FOUND if `must_have_manifest`. Error: FORMAT with file, line and
 * column.
 */
int project_open(const char *directory, bool must_have_manifest, struct project *project, struct dory_error *err) must_check;
void project_release(struct project *project);

/* What stays out of the package of that name: the project's own rules, and archives that former builds made of it. */
int project_rules(const char *directory, const char *name, struct ignore_rules *rules, struct dory_error *err) must_check;
