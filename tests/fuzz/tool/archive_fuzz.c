/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Damaged packages: reading an archive ends, stays inside what it was given, and yields only names below the root. LLVMFuzzerTestOneInput takes an
 * archive; the tests damage good ones of each kind, by a seed.
 */
#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "dory/base/text.h"
#include "dory/compose/compose.h"
#include "dory/package/archive.h"
#include "tests/unit/test.h"

enum { ROUNDS = 400, ARCHIVE_MAX = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct dory_error err;

static int check_name(void *context, const struct compose_entry *entry, struct dory_error *error)
{
	if (entry->path[0] != '/' || strstr(entry->path, "/../") || strstr(entry->path, "//"))
		abort();
	return 0;
}

static void ignore_line(void *context, const char *text)
{
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	int fd = memfd_create("package", MFD_CLOEXEC);
	char *path = text_format("/proc/self/fd/%d", fd);
	const struct compose_source source = {.kind = COMPOSE_PACKAGE, .path = path};
	const struct compose_request request = {.image_path = "/tmp/", .sources = &source, .source_count = 1, .is_bare = true, .quiet = true};
	struct archive_meta meta;

	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
		abort();
	if (archive_read_meta(path, &meta, &err) == 0)
		archive_meta_release(&meta);
	if (archive_list(path, ignore_line, NULL, &err) < 0)
		CHECK(err.message[0]);
	if (compose_visit(&request, check_name, NULL, &err) < 0)
		CHECK(err.message[0]);
	free(path);
	close(fd);
	return 0;
}

static const struct {
	const char *name, *link;
	unsigned type;
} entries[] = {
	{"/", NULL, AE_IFDIR}, {"/a.txt", NULL, AE_IFREG}, {"/d/", NULL, AE_IFDIR}, {"/d/b", "../a.txt", AE_IFLNK}, {"/d/c", NULL, AE_IFREG},
	{"/meta/", NULL, AE_IFDIR}, {"/meta/package.yaml", NULL, AE_IFREG}};

static uint8_t good[3][ARCHIVE_MAX];
static size_t good_size[3];

static void make(size_t kind)
{
	static const char content[] = "name: p\ntitle: P\nauthor: A\n";
	struct archive *archive = archive_write_new();

	archive_write_set_format_pax_restricted(archive);
	if (kind == 1)
		archive_write_add_filter_gzip(archive);
	if (kind == 2)
		archive_write_add_filter_zstd(archive);
	archive_write_open_memory(archive, good[kind], ARCHIVE_MAX, &good_size[kind]);
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		struct archive_entry *entry = archive_entry_new();

		archive_entry_set_pathname(entry, entries[i].name);
		archive_entry_set_filetype(entry, entries[i].type);
		archive_entry_set_perm(entry, 0755);
		if (entries[i].link)
			archive_entry_set_symlink(entry, entries[i].link);
		archive_entry_set_size(entry, entries[i].type == AE_IFREG ? (la_int64_t)strlen(content) : 0);
		archive_write_header(archive, entry);
		if (entries[i].type == AE_IFREG)
			archive_write_data(archive, content, strlen(content));
		archive_entry_free(entry);
	}
	archive_write_free(archive);
}

/* A tar header's checksum made right again, or the reader would see little of the damage. */
static void repair(uint8_t *header)
{
	unsigned sum = 0;
	char digits[16];

	memset(header + 148, ' ', 8);
	for (int i = 0; i < 512; i++)
		sum += header[i];
	snprintf(digits, sizeof(digits), "%06o", sum);
	memcpy(header + 148, digits, 7);
}

TEST(good_ones_are_read)
{
	for (size_t kind = 0; kind < 3; kind++) {
		make(kind);
		CHECK(good_size[kind] > 0);
		LLVMFuzzerTestOneInput(good[kind], good_size[kind]);
	}
}

TEST(damaged_ones_end)
{
	static uint8_t copy[ARCHIVE_MAX];

	for (unsigned round = 0; round < ROUNDS; round++) {
		size_t kind = test_below(3), size = good_size[kind], at;

		memcpy(copy, good[kind], size);
		for (size_t changes = 1 + test_below(6); changes > 0; changes--) {
			at = test_below(size);
			copy[at] = (uint8_t)(test_below(2) ? test_random() : "./\0 07"[test_below(6)]);
			if (kind == 0 && (at & ~511u) + 512 <= size)
				repair(copy + (at & ~511u));
		}
		LLVMFuzzerTestOneInput(copy, test_below(4) ? size : test_below(size));
	}
}

TEST_MAIN()
