/* SPDX-License-Identifier: BSD-3-Clause */
/* Packages in, .solv out: libarchive decompresses under a stdio stream that libsolvext's parser reads from. */
#include "solv_file.h"
#include <archive.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <solv/chksum.h>
#include <solv/knownid.h>
#include <solv/repo_deb.h>
#include <solv/repo_solv.h>
#include <solv/repo_write.h>
#include "packages_sizes.h"
#include "dory/base/text.h"

/* Changes whenever what a .solv file of ours holds does. */
static const char format_name[] = "dory-2 ";

struct unpacking {
	struct archive *archive;
	struct packages_sizes sizes;
	uint64_t left;
	bool is_too_long;
};

static ssize_t read_unpacked(void *context, char *to, size_t size)
{
	struct unpacking *unpacking = context;
	ssize_t n = archive_read_data(unpacking->archive, to, size);

	if (n > 0 && (uint64_t)n > unpacking->left) {
		unpacking->is_too_long = true;
		errno = EFBIG;
		return -1;
	}
	if (n > 0) {
		unpacking->left -= (uint64_t)n;
		packages_sizes_take(&unpacking->sizes, to, (size_t)n);
	}
	return n;
}

Pool *solv_pool_new(const char *architecture)
{
	Pool *pool = pool_create();

	pool_setdisttype(pool, DISTTYPE_DEB);
	pool_setarch(pool, architecture);
	return pool;
}

/*
 * libsolvext's parser. The library brings others with it and is needed only here, so it is loaded when it is: a command that
 * refreshes nothing starts the sooner.
 */
static __typeof__(repo_add_debpackages) *load_parser(struct dory_error *err)
{
	void *library = dlopen("libsolvext.so.1", RTLD_NOW);
	__typeof__(repo_add_debpackages) *parser = library ? dlsym(library, "repo_add_debpackages") : NULL;

	if (!parser) {
		error_set(err, DORY_ERROR_NOT_FOUND, "package lists cannot be read without libsolvext: %s", dlerror());
		error_hint(err, "install the package libsolvext1");
	}
	return parser;
}

/* Gives the repo's packages their sizes; both stand in the order of the file. */
static void set_sizes(Repo *repo, const struct packages_sizes *sizes)
{
	Repodata *data = repo_add_repodata(repo, REPO_REUSE_REPODATA);
	size_t next = 0;
	Solvable *s;
	Id p, type;

	FOR_REPO_SOLVABLES(repo, p, s) {
		const char *digest = solvable_lookup_checksum(s, SOLVABLE_CHECKSUM, &type);

		for (size_t i = next; digest && i < sizes->count; i++)
			if (strcmp(sizes->packages[i].sha256, digest) == 0) {
				repodata_set_num(data, p, SOLVABLE_DOWNLOADSIZE, sizes->packages[i].size);
				next = i + 1;
				break;
			}
	}
	repo_internalize(repo);
}

/* The parser has no errors of its own; a line that it cannot use it skips. Reading may fail, though. */
static int parse_packages(Repo *repo, const char *path, uint64_t limit, struct dory_error *err)
{
	struct unpacking unpacking = {.archive = archive_read_new(), .left = limit ? limit : UINT64_MAX};
	__typeof__(repo_add_debpackages) *parser = load_parser(err);
	struct archive_entry *entry;
	FILE *stream = NULL;
	int result = 0;

	if (!parser) {
		archive_read_free(unpacking.archive);
		return -1;
	}
	archive_read_support_filter_all(unpacking.archive);
	archive_read_support_format_raw(unpacking.archive);
	archive_read_support_format_empty(unpacking.archive); /* an index without packages */
	if (archive_read_open_filename(unpacking.archive, path, 1 << 16) != ARCHIVE_OK) {
		result = error_set(err, DORY_ERROR_FORMAT, "%s: %s", path, archive_error_string(unpacking.archive));
	} else if (archive_read_next_header(unpacking.archive, &entry) == ARCHIVE_OK) {
		stream = fopencookie(&unpacking, "r", (cookie_io_functions_t){.read = read_unpacked});
		if (!stream || parser(repo, stream, 0) != 0 || ferror(stream))
			result = error_set(err, DORY_ERROR_FORMAT, "%s cannot be read: %s", path,
			    unpacking.is_too_long ? "it is longer than it should be" : archive_error_string(unpacking.archive));
		if (stream)
			fclose(stream);
		packages_sizes_end(&unpacking.sizes);
		set_sizes(repo, &unpacking.sizes);
		packages_sizes_fini(&unpacking.sizes);
	}
	archive_read_free(unpacking.archive);
	return result;
}

static int choose_storage(Repo *repo, Repokey *key, void *context)
{
	switch (key->name) {
	case SOLVABLE_NAME:
	case SOLVABLE_ARCH:
	case SOLVABLE_EVR:
	case SOLVABLE_PROVIDES:
	case SOLVABLE_REQUIRES:
	case SOLVABLE_CONFLICTS:
	case SOLVABLE_OBSOLETES:
	case SOLVABLE_DOWNLOADSIZE:
	case SOLVABLE_MEDIAFILE: /* libsolv holds two of these strings at once, which it must not on pages */
	case SOLVABLE_MEDIADIR:
	case SOLVABLE_MEDIABASE:
		return KEY_STORAGE_INCORE;
	case SOLVABLE_CHECKSUM:
		return KEY_STORAGE_VERTICAL_OFFSET; /* read only for what is chosen */
	default:
		return KEY_STORAGE_DROPPED;
	}
}

static int write_repo(Repo *repo, const char *digest, const char *path, struct dory_error *err)
{
	char *temporary = text_format("%s.new", path), *origin = text_format("%s%s", format_name, digest);
	Repowriter *writer = repowriter_create(repo);
	FILE *file = fopen(temporary, "we");
	bool is_written;
	int result = 0;

	repowriter_set_keyfilter(writer, choose_storage, NULL);
	repowriter_set_userdata(writer, origin, (int)strlen(origin));
	is_written = file && repowriter_write(writer, file) == 0;
	if (file && fclose(file) != 0)
		is_written = false;
	if (!is_written || rename(temporary, path) < 0) {
		result = error_set_errno(err, DORY_ERROR_IO, "writing %s", path);
		unlink(temporary);
	}
	repowriter_free(writer);
	free(temporary);
	free(origin);
	return result;
}

int solv_file_make(const char *packages_path, uint64_t limit, const char *architecture, const char *digest,
    const char *solv_path, struct dory_error *err)
{
	Pool *pool = solv_pool_new(architecture);
	Repo *repo = repo_create(pool, "");
	int result = parse_packages(repo, packages_path, limit, err);

	if (result == 0)
		result = write_repo(repo, digest, solv_path, err);
	pool_free(pool);
	return result;
}

bool solv_file_is_from(const char *solv_path, const char *digest)
{
	char *origin = text_format("%s%s", format_name, digest);
	FILE *file = fopen(solv_path, "re");
	unsigned char *data = NULL;
	bool is_from = false;
	int length = 0;

	if (file && solv_read_userdata(file, &data, &length) == 0)
		is_from = length >= 0 && (size_t)length == strlen(origin) && memcmp(data, origin, (size_t)length) == 0;
	free(data);
	if (file)
		fclose(file);
	free(origin);
	return is_from;
}

int solv_file_load(const char *solv_path, Repo *repo, struct dory_error *err)
{
	FILE *file = fopen(solv_path, "re");
	int result = 0;

	if (!file)
		return error_set_errno(err, errno == ENOENT ? DORY_ERROR_NOT_FOUND : DORY_ERROR_IO, "opening %s", solv_path);
	if (repo_add_solv(repo, file, SOLV_ADD_NO_STUBS) != 0)
		result = error_set(err, DORY_ERROR_FORMAT, "%s cannot be used: %s", solv_path, pool_errstr(repo->pool));
	fclose(file);
	return result;
}
