/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Package indices as libsolv's .solv files: made once from the archive's Packages, loaded in milliseconds. They hold names, versions,
 * dependencies and where each package is; no descriptions.
 */
#pragma once
#include <solv/repo.h>
#include "dory/base/error.h"

/* A pool that judges versions and dependencies as Debian does. */
Pool *solv_pool_new(const char *architecture);

/*
 * Makes `solv_path` from the Packages file (xz, gzip or plain). `digest` names its origin, for solv_file_is_from. More than `limit`
 * bytes after decompression (0: not known) is an error.
 */
int solv_file_make(const char *packages_path, uint64_t limit, const char *architecture, const char *digest,
    const char *solv_path, struct dory_error *err) must_check;

/* Was it made, by this version of Dory, from the Packages file with this digest? */
bool solv_file_is_from(const char *solv_path, const char *digest);

/* Adds its packages to the repo. NOT_FOUND if there is none, FORMAT if it cannot be used. */
int solv_file_load(const char *solv_path, Repo *repo, struct dory_error *err) must_check;
