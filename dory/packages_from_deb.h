/* SPDX-License-Identifier: BSD-3-Clause */
/* A package of Dory's made of packages of Debian's, once and for all: their files, and what their scripts would have made. */
#pragma once
#include "dory/dory.h"
#include "dory/package/archive.h"

struct packages_from_deb {
	const char *const *packages; /* "NAME", "NAME=VERSION", "deb:" before it allowed */
	size_t package_count;
	const char *name, *title, *author; /* NULL: the first package's name; made up */
	enum archive_format format;
	enum dory_refresh refresh;
};

/* Puts it into the store. *file: the archive; owned. Its run.yaml runs the first package's program. */
int dory_packages_from_deb(const struct dory_config *config, const struct packages_from_deb *request, char **file,
	struct dory_error *err) must_check;
