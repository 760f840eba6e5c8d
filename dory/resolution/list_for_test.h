/* SPDX-License-Identifier: BSD-3-Clause */
/* Packages that exist only in a list, for tests of resolution. */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"
#include "dory/resolution/resolution.h"
#include "tests/unit/test.h"

/* `more`: whole lines of its manifest. */
static inline void test_list_add(struct package_list *list, const char *name, const char *version, const char *more)
{
	struct package_entry *entry = array_push(&list->entries, &list->count, sizeof(*entry));
	char *text = text_format("name: %s\ntitle: T\nauthor: A\nversion: \"%s\"\n%s", name, version, more);
	struct dory_error err;

	CHECK_EQ(package_manifest_parse("m", text, strlen(text), true, &entry->manifest, &err), 0);
	free(text);
}

/* A project that requires what stands between the brackets of a list. */
static inline struct package_manifest test_project(const char *require)
{
	char *text = text_format("name: app\ntitle: T\nauthor: A\nrequire: [%s]\n", require);
	struct package_manifest app;
	struct dory_error err;

	CHECK_EQ(package_manifest_parse("m", text, strlen(text), true, &app, &err), 0);
	free(text);
	return app;
}
