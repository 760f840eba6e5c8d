/* SPDX-License-Identifier: BSD-3-Clause */
/* Packages made on the spot for tests, good and bad ones. */
#pragma once
#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "lib/attr.h"

struct test_entry {
	const char *path;
	unsigned type; /* AE_IFREG, ...; 0: a hard link to `link` */
	unsigned permissions;
	const char *text; /* content of a file */
	const char *link;
	unsigned uid, gid;
};

struct test_buffer {
	char bytes[1 << 20];
	size_t size;
};

static void put_test_entry(struct archive *archive, const struct test_entry *entry)
{
	struct archive_entry *e = archive_entry_new();
	size_t size = entry->text ? strlen(entry->text) : 0;

	archive_entry_set_pathname(e, entry->path);
	archive_entry_set_perm(e, (mode_t)entry->permissions);
	archive_entry_set_uid(e, entry->uid);
	archive_entry_set_gid(e, entry->gid);
	archive_entry_set_mtime(e, 1600000000, 0);
	if (entry->type == 0)
		archive_entry_set_hardlink(e, entry->link);
	else
		archive_entry_set_filetype(e, entry->type);
	if (entry->type == AE_IFLNK)
		archive_entry_set_symlink(e, entry->link);
	if (entry->type == AE_IFCHR)
		archive_entry_set_rdev(e, 0x103);
	archive_entry_set_size(e, entry->type == AE_IFREG ? (la_int64_t)size : 0);
	archive_write_header(archive, e);
	if (entry->type == AE_IFREG && size > 0)
		archive_write_data(archive, entry->text, size);
	archive_entry_free(e);
}

static void make_test_tar(struct test_buffer *to, const struct test_entry *entries, size_t count)
{
	struct archive *archive = archive_write_new();

	archive_write_add_filter_gzip(archive);
	archive_write_set_format_gnutar(archive);
	archive_write_open_memory(archive, to->bytes, sizeof(to->bytes), &to->size);
	for (size_t i = 0; i < count; i++)
		put_test_entry(archive, &entries[i]);
	archive_write_close(archive);
	archive_write_free(archive);
}

static void put_test_member(struct archive *archive, const char *name, const void *bytes, size_t size)
{
	struct archive_entry *e = archive_entry_new();

	archive_entry_set_pathname(e, name);
	archive_entry_set_filetype(e, AE_IFREG);
	archive_entry_set_perm(e, 0644);
	archive_entry_set_size(e, (la_int64_t)size);
	archive_write_header(archive, e);
	archive_write_data(archive, bytes, size);
	archive_entry_free(e);
}

/* A .deb at `path` with these files, and a postinst unless NULL. */
static void make_test_deb(
	const char *path, const char *package, const char *postinst, const struct test_entry *entries, size_t count)
{
	static struct test_buffer control, data;
	char fields[256];
	struct test_entry controls[] = {
		{"./control", AE_IFREG, 0644, fields}, {"./postinst", AE_IFREG, 0755, postinst}};
	struct archive *archive = archive_write_new();

	snprintf(fields, sizeof(fields), "Package: %s\nVersion: 1\nArchitecture: amd64\n", package);
	make_test_tar(&control, controls, postinst ? 2 : 1);
	make_test_tar(&data, entries, count);
	archive_write_set_format_ar_svr4(archive);
	archive_write_open_filename(archive, path);
	put_test_member(archive, "debian-binary", "2.0\n", 4);
	put_test_member(archive, "control.tar.gz", control.bytes, control.size);
	put_test_member(archive, "data.tar.gz", data.bytes, data.size);
	archive_write_close(archive);
	archive_write_free(archive);
}
