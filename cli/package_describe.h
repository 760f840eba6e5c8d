/* SPDX-License-Identifier: BSD-3-Clause */
/* What a package is, for people. */
#pragma once
#include "dory/package/source.h"

/* Capstan's `package describe`; `list`: where packages that it inherits from are looked for. */
int package_describe(const struct package_list *list, const struct package_entry *entry, bool with_content,
	struct dory_error *err) must_check;
/* What meta/doc.yaml says. */
int package_print_doc(const struct package_entry *entry, struct dory_error *err) must_check;
