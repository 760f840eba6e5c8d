/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading packages: their manifests, their names, all of them. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "dory/compose/compose.h"
#include "dory/package/archive.h"

struct reading {
	struct archive *archive;
	const char *path;
	struct archive_entry *entry;
	const char *name; /* the entry's, without leading "/" and "./" */
};

static int damaged(const struct reading *r, const char *why, struct dory_error *err)
{
	return error_set(err, DORY_ERROR_FORMAT, "%s is not a sound package: %s", r->path, why ? why : "it is damaged");
}

static int reading_open(struct reading *r, const char *path, struct dory_error *err)
{
	*r = (struct reading){.archive = archive_read_new(), .path = path};
	if (access(path, R_OK) < 0) {
		archive_read_free(r->archive);
		return error_set_errno(err, errno == ENOENT ? DORY_ERROR_NOT_FOUND : DORY_ERROR_IO, "opening the package %s", path);
	}
	archive_read_support_filter_all(r->archive);
	archive_read_support_format_tar(r->archive);
	if (archive_read_open_filename(r->archive, path, 1 << 16) == ARCHIVE_OK)
		return 0;
	damaged(r, archive_error_string(r->archive), err);
	archive_read_free(r->archive);
	return -1;
}

/* 1: there is an entry; 0: the end; -1. */
static int next_entry(struct reading *r, struct dory_error *err)
{
	int status = archive_read_next_header(r->archive, &r->entry);

	if (status == ARCHIVE_EOF)
		return 0;
	if (status != ARCHIVE_OK && status != ARCHIVE_WARN)
		return damaged(r, archive_error_string(r->archive), err);
	r->name = archive_entry_pathname(r->entry);
	if (!r->name)
		return damaged(r, "it has an entry without a name", err);
	while (*r->name == '/' || (r->name[0] == '.' && (r->name[1] == '/' || !r->name[1])))
		r->name++;
	return 1;
}

static bool is_meta(const char *name)
{
	return strncmp(name, "meta", 4) == 0 && (!name[4] || name[4] == '/');
}

static int read_text(struct reading *r, char **text, struct dory_error *err)
{
	la_int64_t size = archive_entry_size(r->entry);
	la_ssize_t n;

	if (archive_entry_filetype(r->entry) != AE_IFREG || archive_entry_hardlink(r->entry))
		return damaged(r, "its manifest is not a file", err);
	if (size < 0 || size > MANIFEST_SIZE_MAX)
		return damaged(r, "its manifest is larger than a mebibyte", err);
	free(*text);
	*text = calloc(1, (size_t)size + 1);
	if (!*text)
		abort();
	n = archive_read_data(r->archive, *text, (size_t)size);
	if (n != size)
		return damaged(r, n < 0 ? archive_error_string(r->archive) : "it ends in the middle of a file", err);
	return 0;
}

/* Ours have all of meta at the beginning, and in order of names README.md before the last of it. */
static bool is_behind_meta(const struct reading *r, const struct archive_meta *meta)
{
	return meta->package && !is_meta(r->name) && archive_filter_code(r->archive, 0) == ARCHIVE_FILTER_ZSTD;
}

static char **place_of(struct archive_meta *meta, const char *name)
{
	const struct {
		const char *name;
		char **place;
	} places[] = {{"meta/package.yaml", &meta->package}, {"meta/run.yaml", &meta->run},
		{"meta/README.md", &meta->readme}, {"meta/doc.yaml", &meta->doc}};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (strcmp(places[i].name, name) == 0)
			return places[i].place;
	return NULL;
}

int archive_read_meta(const char *path, struct archive_meta *meta, struct dory_error *err)
{
	struct reading r;
	int result;

	*meta = (struct archive_meta){0};
	if (reading_open(&r, path, err) < 0)
		return -1;
	while ((result = next_entry(&r, err)) == 1 && !is_behind_meta(&r, meta)) {
		char **place = place_of(meta, r.name);

		if (place && read_text(&r, place, err) < 0) {
			result = -1;
			break;
		}
	}
	if (result >= 0 && !meta->package)
		result = damaged(&r, "it has no meta/package.yaml", err);
	archive_read_free(r.archive);
	if (result < 0)
		archive_meta_release(meta);
	return result < 0 ? -1 : 0;
}

void archive_meta_release(struct archive_meta *meta)
{
	free(meta->package);
	free(meta->run);
	free(meta->readme);
	free(meta->doc);
	*meta = (struct archive_meta){0};
}

static int digest_file(const char *path, struct archive_facts *facts, struct dory_error *err)
{
	enum { SIZE = 1 << 18 };
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	EVP_MD_CTX *digesting = EVP_MD_CTX_new();
	unsigned char digest[32];
	char *buffer = malloc(SIZE);
	ssize_t n = -1;

	if (!buffer || !digesting)
		abort();
	EVP_DigestInit_ex(digesting, EVP_sha256(), NULL);
	while (fd >= 0 && (n = read(fd, buffer, SIZE)) > 0) {
		EVP_DigestUpdate(digesting, buffer, (size_t)n);
		facts->size += (uint64_t)n;
	}
	EVP_DigestFinal_ex(digesting, digest, NULL);
	digest_print(digest, facts->sha256);
	EVP_MD_CTX_free(digesting);
	free(buffer);
	if (n < 0)
		error_set_errno(err, DORY_ERROR_IO, "reading %s", path);
	if (fd >= 0)
		close(fd);
	return n < 0 ? -1 : 0;
}

static int count_name(void *context, const struct compose_entry *entry, struct dory_error *err)
{
	((struct archive_facts *)context)->files += entry->source == 0;
	return 0;
}

/* What a composition would refuse is refused now, in the same words. */
int archive_check(const char *path, struct archive_facts *facts, struct dory_error *err)
{
	const struct compose_source source = {.kind = COMPOSE_PACKAGE, .path = path};
	const struct compose_request request = {.image_path = "/tmp/", .sources = &source, .source_count = 1, .quiet = true};

	*facts = (struct archive_facts){0};
	if (compose_visit(&request, count_name, facts, err) < 0)
		return -1;
	return digest_file(path, facts, err);
}

/* As Go prints a mode: "L" and "d" before the nine letters, and Capstan's columns behind it. */
static char *describe_entry(const struct reading *r)
{
	static const char letters[] = "rwxrwxrwx";
	unsigned mode = archive_entry_perm(r->entry), type = archive_entry_filetype(r->entry);
	const char *link = archive_entry_symlink(r->entry);
	time_t mtime = archive_entry_mtime(r->entry);
	char bits[11] = "-", when[64];
	struct tm tm;

	bits[0] = type == AE_IFDIR ? 'd' : type == AE_IFLNK ? 'L' : '-';
	for (int i = 0; i < 9; i++)
		bits[i + 1] = mode & (0400u >> i) ? letters[i] : '-';
	strftime(when, sizeof(when), "%d %b %y %H:%M UTC", gmtime_r(&mtime, &tm));
	return text_format("%s  0 0      0 %11lld %s /%s%s%s", bits, (long long)archive_entry_size(r->entry), when, r->name,
		link ? " -> " : "", link ? link : "");
}

int archive_list(const char *path, void (*line)(void *context, const char *text), void *context, struct dory_error *err)
{
	struct reading r;
	int result;

	if (reading_open(&r, path, err) < 0)
		return -1;
	while ((result = next_entry(&r, err)) == 1) {
		char *text;

		if (is_meta(r.name))
			continue;
		text = describe_entry(&r);
		line(context, text);
		free(text);
	}
	archive_read_free(r.archive);
	return result;
}
