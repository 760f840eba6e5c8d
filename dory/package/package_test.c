/* SPDX-License-Identifier: BSD-3-Clause */
/* Archives, the store, versions. */
#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "dory/package/project.h"
#include "dory/package/store.h"
#include "tests/unit/test.h"

static struct dory_error err;
static char root[64];

static void start(void)
{
	strcpy(root, "/tmp/dory-package-XXXXXX");
	CHECK(mkdtemp(root) != NULL);
}

static void end(void)
{
	CHECK_EQ(file_remove_tree(root, &err), 0);
}

static void put(const char *name, const char *text)
{
	char *path = text_format("%s/%s", root, name), *directory = text_copy(path);

	*strrchr(directory, '/') = '\0';
	CHECK_EQ(file_make_directories(directory, &err), 0);
	CHECK_EQ(file_replace(path, text, strlen(text), &err), 0);
	free(directory);
	free(path);
}

static char *in_root(const char *name)
{
	return text_format("%s/%s", root, name);
}

/* A project at <root>/NAME; puts it into the store. */
static void import(const char *name, const char *version, const char *more)
{
	char *manifest = text_format("name: %s\ntitle: T\nauthor: A\nversion: \"%s\"\n%s", name, version, more), *path = text_format("%s/meta/package.yaml", name);
	char *file = text_format("%s/%s.txt", name, name), *directory = in_root(name), *archive;
	struct project project;

	put(path, manifest);
	put(file, version);
	CHECK_EQ(project_open(directory, true, &project, &err), 0);
	CHECK_EQ(package_store_put_tree(root, directory, &project.manifest, ARCHIVE_DORY, &archive, &err), 0);
	project_release(&project);
	free(archive);
	free(directory);
	free(file);
	free(path);
	free(manifest);
}

static struct package_source *source;
static struct package_list list;

static void list_store(void)
{
	package_list_release(&list);
	package_source_free(source);
	source = package_store_source(root);
	CHECK_EQ(source->list(source, &list, &err), 0);
}

static void release_store(void)
{
	package_list_release(&list);
	package_source_free(source);
	source = NULL;
}

TEST(what_was_imported_is_listed_in_all_its_versions)
{
	struct package_entry *entry;

	start();
	import("b", "1.0", "");
	import("a", "0.10", "require: [b]\n");
	import("b", "2.0", "");
	import("b", "2.0", "");
	for (int round = 0; round < 2; round++) { /* without the index and with it */
		list_store();
		CHECK_EQ(list.count, 3);
		CHECK(!strcmp(list.entries[0].manifest.name, "a") && !strcmp(list.entries[0].manifest.version, "0.10"));
		CHECK(!strcmp(list.entries[0].manifest.require.items[0], "b"));
		CHECK_EQ(strlen(list.entries[0].manifest.sha256), 64);
	}
	CHECK(!strcmp(package_list_find(&list, "b", NULL)->manifest.version, "2.0"));
	CHECK(!strcmp(package_list_find(&list, "b", "1.0")->stem, "b@1.0"));
	CHECK_EQ(package_list_get(&list, "c", &entry, &err), -1);
	CHECK_EQ(err.kind, DORY_ERROR_NOT_FOUND);
	CHECK_EQ(package_list_get(&list, "b=3", &entry, &err), -1);
	CHECK(strstr(err.hint, "2.0") && strstr(err.hint, "1.0"));
	CHECK_EQ(package_store_remove(root, "b=2.0", &err), 0);
	list_store();
	CHECK(!strcmp(package_list_find(&list, "b", NULL)->manifest.version, "1.0"));
	CHECK_EQ(package_store_remove(root, "b", &err), 0);
	list_store();
	CHECK_EQ(list.count, 1);
	release_store();
	end();
}

TEST(archives_hold_the_tree_in_both_formats)
{
	static const enum archive_format formats[] = {ARCHIVE_MPM, ARCHIVE_DORY};
	struct archive_facts first, second;
	struct archive_meta meta;
	struct project project;
	char *directory, *link;

	start();
	put("p/meta/package.yaml", "name: p\ntitle: P\nauthor: A\n");
	put("p/meta/README.md", "# P\n");
	put("p/metadata.txt", "kept");
	put("p/.git/config", "not kept");
	put("p/d/f", "1");
	put("p/p.mpm", "a former build");
	directory = in_root("p");
	link = in_root("p/d/up");
	CHECK_EQ(symlink("../../../../etc/passwd", link), 0);
	CHECK_EQ(unlink(link), 0);
	CHECK_EQ(symlink("../metadata.txt", link), 0);
	CHECK_EQ(project_open(directory, true, &project, &err), 0);
	for (size_t i = 0; i < 2; i++) {
		char *path = text_format("%s/out%s", root, archive_suffix(formats[i])), *to = text_format("%s/unpacked%zu", root, i);
		char *file = text_format("%s/metadata.txt", to), *git = text_format("%s/.git", to), *manifest = text_format("%s/meta/README.md", to);

		CHECK_EQ(archive_write_tree(directory, &project.rules, NULL, formats[i], path, &first, &err), 0);
		CHECK_EQ(archive_write_tree(directory, &project.rules, NULL, formats[i], path, &second, &err), 0);
		CHECK(!strcmp(first.sha256, second.sha256));
		CHECK_EQ(archive_check(path, &second, &err), 0);
		CHECK(!strcmp(first.sha256, second.sha256) && first.size == second.size);
		CHECK_EQ(archive_read_meta(path, &meta, &err), 0);
		CHECK(!strcmp(meta.readme, "# P\n") && !meta.run && strstr(meta.package, "name: p"));
		archive_meta_release(&meta);
		CHECK_EQ(archive_unpack(path, to, &err), 0);
		CHECK_EQ(access(file, F_OK), 0);
		CHECK_EQ(access(manifest, F_OK), 0);
		CHECK(access(git, F_OK) < 0);
		free(file);
		free(git);
		free(manifest);
		free(path);
		free(to);
	}
	project_release(&project);
	free(directory);
	free(link);
	end();
}

struct hostile {
	const char *name, *link, *hard, *message;
	unsigned type;
};

static void write_hostile(const char *path, const struct hostile *entries, size_t count)
{
	struct archive *archive = archive_write_new();
	static const char manifest[] = "name: p\ntitle: P\nauthor: A\n";

	archive_write_set_format_pax_restricted(archive);
	CHECK_EQ(archive_write_open_filename(archive, path), ARCHIVE_OK);
	for (size_t i = 0; i <= count; i++) {
		struct archive_entry *entry = archive_entry_new();

		archive_entry_set_pathname(entry, i ? entries[i - 1].name : "/meta/package.yaml");
		archive_entry_set_filetype(entry, i ? entries[i - 1].type : AE_IFREG);
		archive_entry_set_perm(entry, 0644);
		archive_entry_set_size(entry, i ? 0 : (la_int64_t)strlen(manifest));
		if (i && entries[i - 1].link)
			archive_entry_set_symlink(entry, entries[i - 1].link);
		if (i && entries[i - 1].hard)
			archive_entry_set_hardlink(entry, entries[i - 1].hard);
		CHECK_EQ(archive_write_header(archive, entry), ARCHIVE_OK);
		if (!i)
			CHECK_EQ(archive_write_data(archive, manifest, strlen(manifest)), (la_ssize_t)strlen(manifest));
		archive_entry_free(entry);
	}
	CHECK_EQ(archive_write_free(archive), ARCHIVE_OK);
}

TEST(hostile_archives_are_refused_in_a_sentence)
{
	static char deep[9000], wide[400];
	const struct hostile entries[] = {
		{"../../../x", NULL, NULL, "leads out of it", AE_IFREG},
		{"/a/../../x", NULL, NULL, "leads out of it", AE_IFREG},
		{"a", "../../etc/passwd", NULL, "leads out of it", AE_IFLNK},
		{"d/a", "b/../../../x", NULL, "leads out of it", AE_IFLNK},
		{"a", NULL, "../x", "leads out of it", AE_IFREG},
		{"a", NULL, "/none", "not a file of the archive", AE_IFREG},
		{"a", NULL, NULL, "device, pipe or socket", AE_IFBLK},
		{"a", NULL, NULL, "device, pipe or socket", AE_IFIFO},
		{deep, NULL, NULL, "too long", AE_IFREG},
		{wide, NULL, NULL, "too long", AE_IFREG},
	};
	char *path, *file = NULL;

	start();
	memset(deep, 'a', sizeof(deep) - 1);
	for (size_t i = 1; i < sizeof(deep) - 1; i += 2)
		deep[i] = '/';
	memset(wide, 'a', sizeof(wide) - 1);
	path = in_root("hostile.mpm");
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		write_hostile(path, &entries[i], 1);
		CHECK_EQ(package_store_put_archive(root, path, &file, &err), -1);
		if (!strstr(err.message, entries[i].message))
			printf("# %zu: %s\n", i, err.message);
		CHECK(strstr(err.message, entries[i].message));
	}
	list_store();
	CHECK_EQ(list.count, 0);
	release_store();
	free(path);
	end();
}

TEST(damaged_archives_are_refused)
{
	char *path, *text, *file = NULL;
	struct project project;
	struct archive_facts facts;
	char *directory;
	size_t length;

	start();
	put("p/meta/package.yaml", "name: p\ntitle: P\nauthor: A\n");
	for (int i = 0; i < 50; i++) {
		char *name = text_format("p/file%d", i), *content = text_format("%d %d %d", i * 7919, i * 104729, i);

		put(name, content);
		free(name);
		free(content);
	}
	directory = in_root("p");
	path = in_root("p.dory");
	CHECK_EQ(project_open(directory, true, &project, &err), 0);
	CHECK_EQ(archive_write_tree(directory, &project.rules, NULL, ARCHIVE_DORY, path, &facts, &err), 0);
	CHECK_EQ(file_read(path, 1 << 20, &text, &length, &err), 0);
	for (size_t cut = 0; cut < length; cut += 1 + length / 17) {
		CHECK_EQ(file_replace(path, text, cut, &err), 0);
		CHECK_EQ(package_store_put_archive(root, path, &file, &err), -1);
		CHECK_EQ(err.kind, DORY_ERROR_FORMAT);
	}
	CHECK_EQ(file_replace(path, "hello\n", 6, &err), 0);
	CHECK_EQ(package_store_put_archive(root, path, &file, &err), -1);
	CHECK_EQ(file_replace(path, text, length, &err), 0);
	CHECK_EQ(package_store_put_archive(root, path, &file, &err), 0);
	free(file);
	free(text);
	free(path);
	free(directory);
	project_release(&project);
	end();
}

TEST(versions_compare_as_debians)
{
	static const char *const order[] = {"0", "0.9~rc1", "0.9", "0.9-1", "0.9a", "1.9", "1.10", "1.10.1", "2", "1:0.1"};

	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		for (size_t k = 0; k < ARRAY_SIZE(order); k++) {
			int got = package_version_compare(order[i], order[k]);

			CHECK_EQ((got > 0) - (got < 0), (i > k) - (i < k));
		}
}

TEST_MAIN()
