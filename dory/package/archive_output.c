/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The caller's thread makes tar of files; others compress pieces of it, each by itself, through an archive of libarchive's that has
 * no format, only a filter; the last digests and writes. Both compressions allow what they make to be joined.
 */
#include "dory/package/archive_output.h"
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dory/base/text.h"
#include "dory/package/press.h"

enum { TAR_BLOCK = 1 << 16 };

struct archive_output {
	struct archive *tar;
	struct press *press;
	enum archive_format format;
	EVP_MD_CTX *digesting;
	uint64_t size;
	char *path, *directory, *temporary;
	int fd;
	bool has_name; /* `temporary` is the file's: it is no O_TMPFILE */
};

static int write_bytes(void *context, const void *bytes, size_t size)
{
	struct archive_output *output = context;

	EVP_DigestUpdate(output->digesting, bytes, size);
	output->size += size;
	while (size > 0) {
		ssize_t n = write(output->fd, bytes, size);

		if (n < 0 && errno != EINTR)
			return errno;
		if (n > 0) {
			bytes = (const char *)bytes + n;
			size -= (size_t)n;
		}
	}
	return 0;
}

/* ---- One piece ---- */

static la_ssize_t append(struct archive *filter, void *context, const void *bytes, size_t size)
{
	text_append(context, bytes, size);
	return (la_ssize_t)size;
}

static int filter_open(struct archive *filter, enum archive_format format, struct text_buffer *out)
{
	struct archive_entry *entry = archive_entry_new();
	int status;

	archive_write_set_format_raw(filter);
	if (format == ARCHIVE_MPM) {
		archive_write_add_filter_gzip(filter);
		archive_write_set_options(filter, "gzip:!timestamp");
	} else {
		archive_write_add_filter_zstd(filter);
		archive_write_set_options(filter, "zstd:compression-level=3");
	}
	archive_write_set_bytes_per_block(filter, 0);
	archive_entry_set_filetype(entry, AE_IFREG);
	status = archive_write_open(filter, out, NULL, append, NULL);
	if (status == ARCHIVE_OK)
		status = archive_write_header(filter, entry);
	archive_entry_free(entry);
	return status;
}

static int compress(void *context, const void *bytes, size_t size, struct text_buffer *out)
{
	const struct archive_output *output = context;
	struct archive *filter = archive_write_new();
	int failure = 0;

	if (!filter)
		return ENOMEM;
	if (filter_open(filter, output->format, out) != ARCHIVE_OK || archive_write_data(filter, bytes, size) != (la_ssize_t)size ||
		archive_write_close(filter) != ARCHIVE_OK)
		failure = archive_errno(filter) > 0 ? archive_errno(filter) : EIO;
	archive_write_free(filter);
	return failure;
}

/* ---- The file ---- */

/* What libarchive calls with the bytes of the archive. */
static la_ssize_t take_tar(struct archive *archive, void *context, const void *bytes, size_t size)
{
	struct archive_output *output = context;
	int failure = press_put(output->press, bytes, size);

	if (!failure)
		return (la_ssize_t)size;
	archive_set_error(archive, failure, "%s", strerror(failure));
	return -1;
}

static int open_tar(struct archive_output *output)
{
	archive_write_set_format_pax_restricted(output->tar);
	archive_write_set_bytes_per_block(output->tar, TAR_BLOCK);
	archive_write_set_bytes_in_last_block(output->tar, 1);
	return archive_write_open(output->tar, output, NULL, take_tar, NULL) == ARCHIVE_OK ? 0 : -1;
}

/* The file has no name while it is written, where the file system can do that: a kill leaves nothing. */
static int open_file(struct archive_output *output)
{
	output->fd = open(output->directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0644);
	if (output->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT)) {
		text_replace(&output->temporary, text_format("%s.XXXXXX", output->path));
		output->fd = mkostemp(output->temporary, O_CLOEXEC);
		output->has_name = output->fd >= 0;
	}
	return output->fd < 0 ? -1 : 0;
}

/*
 * A file can be linked only where none is, so that it takes a name on the way: always the same, for the next to
 * take it away if this process is killed just then. The directory's lock keeps others off that name.
 */
static int link_file(const struct archive_output *output)
{
	char *source = text_format("/proc/self/fd/%d", output->fd);
	int lock = open(output->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC), result = -1, failure;

	if (lock >= 0 && flock(lock, LOCK_EX) == 0 && (unlink(output->temporary) == 0 || errno == ENOENT))
		result = linkat(AT_FDCWD, source, AT_FDCWD, output->temporary, AT_SYMLINK_FOLLOW);
	if (result == 0)
		result = rename(output->temporary, output->path);
	failure = errno;
	if (lock >= 0)
		close(lock);
	free(source);
	errno = failure;
	return result;
}

static int name_file(const struct archive_output *output)
{
	if (fchmod(output->fd, 0644) < 0)
		return -1;
	return output->has_name ? rename(output->temporary, output->path) : link_file(output);
}

static int start(struct archive_output *output, struct dory_error *err)
{
	if (open_file(output) < 0)
		return error_set_errno(err, DORY_ERROR_IO, "making a file beside %s", output->path);
	output->press = press_start(compress, write_bytes, output);
	if (!output->press || open_tar(output) < 0)
		return error_set_errno(err, DORY_ERROR_MEMORY, "packing %s", output->path);
	return 0;
}

int archive_output_open(const char *path, enum archive_format format, struct archive_output **output, struct dory_error *err)
{
	struct archive_output *o = calloc(1, sizeof(*o));
	const char *slash = strrchr(path, '/');

	if (!o)
		abort();
	o->fd = -1;
	o->format = format;
	o->path = text_copy(path);
	o->directory = slash ? text_copy_n(path, (size_t)(slash - path) + 1) : text_copy(".");
	o->temporary = text_format("%s.new", path);
	o->tar = archive_write_new();
	o->digesting = EVP_MD_CTX_new();
	if (!o->tar || !o->digesting)
		abort();
	EVP_DigestInit_ex(o->digesting, EVP_sha256(), NULL);
	if (start(o, err) < 0) {
		archive_output_drop(o);
		return -1;
	}
	*output = o;
	return 0;
}

struct archive *archive_output_tar(struct archive_output *output)
{
	return output->tar;
}

int archive_output_fail(const struct archive_output *output, struct dory_error *err)
{
	errno = archive_errno(output->tar);
	return error_set_errno(err, DORY_ERROR_IO, "writing the package");
}

static void release(struct archive_output *output)
{
	archive_write_free(output->tar);
	EVP_MD_CTX_free(output->digesting);
	if (output->fd >= 0)
		close(output->fd);
	free(output->path);
	free(output->directory);
	free(output->temporary);
	free(output);
}

int archive_output_finish(struct archive_output *output, struct archive_facts *facts, struct dory_error *err)
{
	unsigned char digest[32];
	int failure;

	if (archive_write_close(output->tar) != ARCHIVE_OK) {
		archive_output_fail(output, err);
		archive_output_drop(output);
		return -1;
	}
	failure = press_finish(output->press);
	output->press = NULL;
	if (!failure && name_file(output) < 0)
		failure = errno;
	if (failure) {
		errno = failure;
		error_set_errno(err, DORY_ERROR_IO, "writing %s", output->path);
		archive_output_drop(output);
		return -1;
	}
	EVP_DigestFinal_ex(output->digesting, digest, NULL);
	digest_print(digest, facts->sha256);
	facts->size = output->size;
	release(output);
	return 0;
}

/* An archive that is freed hands on what it still holds, unless it is told that it has failed. */
void archive_output_drop(struct archive_output *output)
{
	if (!output)
		return;
	archive_write_fail(output->tar);
	if (output->press)
		press_finish(output->press);
	if (output->has_name)
		unlink(output->temporary);
	release(output);
}
