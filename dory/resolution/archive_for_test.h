/* SPDX-License-Identifier: BSD-3-Clause */
/* Debian's archive for tests of resolution: cached indices that nobody fetched, fresh, so that nobody is asked. */
#pragma once
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "dory/repository/index.h"
#include "dory/repository/solv_file.h"
#include "tests/unit/test.h"

struct test_archive {
	char root[64];
	struct dory_config config;
	struct text_buffer packages;
};

/* A stanza; `fields`: whole lines, "" for none. */
static inline void test_archive_add(struct test_archive *archive, const char *name, const char *version, const char *fields)
{
	text_append_format(&archive->packages, "Package: %s\nVersion: %s\n%s%sFilename: pool/%s_%s.deb\nSize: 1\nSHA256: %064x\n\n", name, version,
		strstr(fields, "Architecture:") ? "" : "Architecture: amd64\n", fields, name, version, (unsigned)archive->packages.length + 1);
}

/* Makes the index of all stanzas. */
static inline void test_archive_start(struct test_archive *archive)
{
	struct index_list list;
	struct dory_error err;
	char *packages, *solv;

	strcpy(archive->root, "/tmp/dory-archive-XXXXXX");
	CHECK(mkdtemp(archive->root) != NULL);
	archive->config = (struct dory_config){.root = archive->root, .architecture = (char *)"amd64", .quiet = true};
	archive->config.sources = calloc(1, sizeof(struct debian_source));
	archive->config.source_count = 1;
	archive->config.sources[0] = (struct debian_source){.uri = (char *)"http://127.0.0.1:1/debian", .suite = (char *)"test",
		.components = (char *)"main", .keyring = (char *)"/none"};
	CHECK_EQ(index_list_init(&list, &archive->config, &err), 0);
	CHECK_EQ(file_make_directories(list.indices[0].directory, &err), 0);
	packages = text_format("%s/Packages", archive->root);
	solv = index_solv_path(&list.indices[0], "main", "amd64");
	CHECK_EQ(file_replace(packages, archive->packages.text ? archive->packages.text : "", archive->packages.length, &err), 0);
	CHECK_EQ(solv_file_make(packages, 0, "amd64", "test", solv, &err), 0);
	list.indices[0].checked = list.indices[0].attempted = (int64_t)time(NULL);
	CHECK_EQ(index_write_state(&list.indices[0], &err), 0);
	index_list_fini(&list);
	free(solv);
	free(packages);
}

static inline void test_archive_end(struct test_archive *archive)
{
	struct dory_error err;

	CHECK_EQ(file_remove_tree(archive->root, &err), 0);
	free(archive->config.sources);
	free(archive->packages.text);
	*archive = (struct test_archive){0};
}
