/* SPDX-License-Identifier: BSD-3-Clause */
/* What requires what, for people. */
#pragma once
#include "dory/packages.h"

/* Of the project, or of one package of the store. */
int package_print_tree(const struct dory_config *config, const struct packages_request *request, const char *package,
	struct dory_error *err) must_check;
/* Each way from the project to the package. */
int package_print_why(const struct dory_config *config, const struct packages_request *request, const char *package,
	struct dory_error *err) must_check;
