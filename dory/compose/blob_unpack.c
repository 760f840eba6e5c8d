/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Unpacking a .deb (deb(5): an ar archive with debian-binary, control.tar.* and data.tar.*) through libarchive: one
 * archive reader on top of the member that another one reads. No entry is created on this disk; all that comes out is
 * bytes in the blob.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dory/base/path.h"
#include "dory/base/progress.h"
#include "dory/base/text.h"
#include "dory/compose/blob.h"
#include "dory/compose/checksum.h"

enum { BUFFER_SIZE = 1 << 18, ENTRIES_MAX = 1 << 20, TEXT_MAX = 4095 };
static const uint64_t CONTENTS_MAX = 64ull << 30; /* an archive can promise to unpack to anything */

struct unpacking {
	const char *name; /* of the .deb, for messages */
	bool is_tar;      /* not a .deb: an archive that anybody may have made */
	bool is_any;      /* ... and no package at all */
	size_t left_out;  /* its entries that images do not take */
	int fd;
	uint64_t offset; /* the blob's end, with what is in the buffer */
	char *buffer;
	size_t buffered;
	struct blob_record *records;
	size_t record_count;
	struct text_buffer texts;
	struct archive *outer;
	char member[BUFFER_SIZE]; /* of the outer archive, on the way to the inner one */
};

static int damaged(const struct unpacking *u, const char *why, struct dory_error *err)
{
	return error_set(err, DORY_ERROR_FORMAT, "%s is not a sound %s: %s", u->name,
		u->is_any ? "archive" : u->is_tar ? "package" : "Debian package", why ? why : "it is damaged");
}

static int flush(struct unpacking *u, struct dory_error *err)
{
	for (size_t done = 0; done < u->buffered;) {
		ssize_t n = write(u->fd, u->buffer + done, u->buffered - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set_errno(err, DORY_ERROR_IO, "unpacking %s", u->name);
		done += (size_t)n;
	}
	u->buffered = 0;
	return 0;
}

static int put(struct unpacking *u, const void *bytes, size_t size, struct dory_error *err)
{
	while (size > 0) {
		size_t n = min_u64(size, BUFFER_SIZE - u->buffered);

		memcpy(u->buffer + u->buffered, bytes, n);
		u->buffered += n;
		u->offset += n;
		bytes = (const char *)bytes + n;
		size -= n;
		if (u->buffered == BUFFER_SIZE && flush(u, err) < 0)
			return -1;
	}
	return 0;
}

static int put_content(struct unpacking *u, struct archive *archive, uint64_t size, struct dory_error *err)
{
	uint64_t done = 0;

	if (size > CONTENTS_MAX - min_u64(u->offset, CONTENTS_MAX))
		return damaged(u, "it is larger than 64 GiB", err);
	while (done < size) {
		la_ssize_t n = archive_read_data(
			archive, u->buffer + u->buffered, min_u64(size - done, BUFFER_SIZE - u->buffered));

		if (n < 0)
			return damaged(u, archive_error_string(archive), err);
		if (n == 0)
			return damaged(u, "it ends in the middle of a file", err);
		u->buffered += (size_t)n;
		u->offset += (uint64_t)n;
		done += (uint64_t)n;
		if (u->buffered == BUFFER_SIZE && flush(u, err) < 0)
			return -1;
	}
	return 0;
}

static int put_text(struct unpacking *u, const char *text, uint32_t *at, struct dory_error *err)
{
	size_t length = strlen(text);

	if (length > TEXT_MAX || u->texts.length > UINT32_MAX / 2)
		return damaged(u, "it has a path that is too long", err);
	*at = (uint32_t)u->texts.length;
	text_append(&u->texts, text, length + 1);
	return 0;
}

static bool is_special(unsigned type)
{
	return type == AE_IFCHR || type == AE_IFBLK || type == AE_IFIFO || type == AE_IFSOCK;
}

static int check_type(const struct unpacking *u, const char *path, unsigned type, struct dory_error *err)
{
	char why[512];

	if (type == AE_IFREG || type == AE_IFDIR || type == AE_IFLNK)
		return 0;
	snprintf(why, sizeof(why), "%.300s is a device, pipe or socket", path);
	return damaged(u, why, err);
}

/* Paths stay below the root, and so does what links point at: a link may be absolute, for it is followed in the image. */
static int check_paths(struct unpacking *u, const char *path, const char *link, bool is_hard, struct dory_error *err)
{
	char why[512];

	if (path_has_parent_step(path))
		snprintf(why, sizeof(why), "the path %.300s leads out of it", path);
	else if (link && (is_hard ? path_has_parent_step(link) : path_link_climbs_out(path, link)))
		snprintf(why, sizeof(why), "the link %.200s to %.200s leads out of it", path, link);
	else
		return 0;
	return damaged(u, why, err);
}

static int unpack_entry(struct unpacking *u, struct archive *archive, struct archive_entry *entry, uint32_t flags,
	struct dory_error *err)
{
	const char *path = archive_entry_pathname(entry), *hard = archive_entry_hardlink(entry);
	const char *link = hard ? hard : archive_entry_symlink(entry);
	struct blob_record record = {.flags = flags | (hard ? BLOB_HARD_LINK : 0), .offset = u->offset};

	if (!path || !*path || (archive_entry_filetype(entry) == AE_IFLNK && (!link || !*link)))
		return damaged(u, "it has an entry without a name", err);
	if (u->is_any && !hard && is_special(archive_entry_filetype(entry))) {
		u->left_out++;
		return 0;
	}
	if (!hard && check_type(u, path, archive_entry_filetype(entry), err) < 0)
		return -1;
	if (u->is_tar && check_paths(u, path, link, hard, err) < 0)
		return -1;
	if (u->record_count >= ENTRIES_MAX)
		return damaged(u, "it has too many files", err);
	record.mode = (hard ? S_IFREG : archive_entry_filetype(entry)) | (archive_entry_perm(entry) & 07777);
	record.uid = (uint32_t)archive_entry_uid(entry);
	record.gid = (uint32_t)archive_entry_gid(entry);
	record.mtime = archive_entry_mtime(entry);
	if (put_text(u, path, &record.path, err) < 0 || (link && put_text(u, link, &record.link, err) < 0))
		return -1;
	if (S_ISREG(record.mode) && !hard) {
		if (archive_entry_size(entry) < 0)
			return damaged(u, "it has a file of negative size", err);
		record.size = (uint64_t)archive_entry_size(entry);
		if (put_content(u, archive, record.size, err) < 0)
			return -1;
	}
	*(struct blob_record *)array_push(&u->records, &u->record_count, sizeof(record)) = record;
	return 0;
}

static la_ssize_t read_member(struct archive *inner, void *context, const void **bytes)
{
	struct unpacking *u = context;
	la_ssize_t n = archive_read_data(u->outer, u->member, sizeof(u->member));

	*bytes = u->member;
	if (n < 0)
		archive_set_error(inner, EIO, "%s", archive_error_string(u->outer));
	return n < 0 ? -1 : n;
}

static int unpack_tar(struct unpacking *u, uint32_t flags, struct dory_error *err)
{
	struct archive *inner = archive_read_new();
	struct archive_entry *entry;
	int status, result = 0;

	archive_read_support_filter_all(inner);
	archive_read_support_format_tar(inner);
	archive_read_support_format_empty(inner);
	if (archive_read_open(inner, u, NULL, read_member, NULL) != ARCHIVE_OK)
		result = damaged(u, archive_error_string(inner), err);
	while (result == 0 && (status = archive_read_next_header(inner, &entry)) != ARCHIVE_EOF) {
		if (status != ARCHIVE_OK && status != ARCHIVE_WARN)
			result = damaged(u, archive_error_string(inner), err);
		else
			result = unpack_entry(u, inner, entry, flags, err);
	}
	archive_read_free(inner);
	return result;
}

static int unpack_members(struct unpacking *u, struct dory_error *err)
{
	struct archive_entry *entry;
	bool has_control = false, has_data = false;
	int status;

	while ((status = archive_read_next_header(u->outer, &entry)) == ARCHIVE_OK || status == ARCHIVE_WARN) {
		const char *member = archive_entry_pathname(entry);

		if (member && strncmp(member, "control.tar", 11) == 0 && !has_control) {
			has_control = true;
			if (unpack_tar(u, BLOB_CONTROL, err) < 0)
				return -1;
		} else if (member && strncmp(member, "data.tar", 8) == 0 && !has_data) {
			has_data = true;
			if (unpack_tar(u, 0, err) < 0)
				return -1;
		}
	}
	if (status != ARCHIVE_EOF)
		return damaged(u, archive_error_string(u->outer), err);
	if (!has_control || !has_data)
		return damaged(u, "its control or data archive is missing", err);
	return 0;
}

static int put_index(struct unpacking *u, struct dory_error *err)
{
	static const char zeros[4096];
	struct blob_footer footer = {
		.record_count = u->record_count, .texts_size = u->texts.length, .magic = BLOB_MAGIC};
	size_t records_size = u->record_count * sizeof(struct blob_record);

	if (put(u, zeros, align_up(u->offset, 4096) - u->offset, err) < 0) /* mappings start at pages */
		return -1;
	footer.records = u->offset;
	footer.texts = u->offset + records_size;
	footer.checksum = checksum64(checksum64(0, u->records, records_size), u->texts.text, u->texts.length);
	if (put(u, u->records, records_size, err) < 0 || put(u, u->texts.text, u->texts.length, err) < 0)
		return -1;
	if (put(u, &footer, sizeof(footer), err) < 0)
		return -1;
	return flush(u, err);
}

static int unpack_plain_tar(struct unpacking *u, struct dory_error *err)
{
	struct archive_entry *entry;
	int status;

	while ((status = archive_read_next_header(u->outer, &entry)) == ARCHIVE_OK || status == ARCHIVE_WARN)
		if (unpack_entry(u, u->outer, entry, 0, err) < 0)
			return -1;
	if (status != ARCHIVE_EOF)
		return damaged(u, archive_error_string(u->outer), err);
	return u->record_count > 0 || u->left_out > 0 ? 0 : damaged(u, "it is empty", err);
}

static void support_formats(struct unpacking *u)
{
	if (!u->is_tar) {
		archive_read_support_format_ar(u->outer);
		return;
	}
	archive_read_support_filter_all(u->outer);
	archive_read_support_format_tar(u->outer);
	if (u->is_any)
		archive_read_support_format_cpio(u->outer);
}

static int unpack(int file, const char *name, bool is_tar, bool is_any, int fd, struct dory_error *err)
{
	struct unpacking *u = calloc(1, sizeof(*u));
	int result;

	if (!u)
		return error_set(err, DORY_ERROR_MEMORY, "unpacking %s", name);
	u->name = name;
	u->is_tar = is_tar;
	u->is_any = is_any;
	u->fd = fd;
	u->buffer = malloc(BUFFER_SIZE);
	u->outer = archive_read_new();
	text_append(&u->texts, "", 1); /* offset 0 is the empty text */
	support_formats(u);
	result = put(u, BLOB_MAGIC, BLOB_MAGIC_LENGTH, err);
	if (result == 0 && archive_read_open_fd(u->outer, file, 65536) != ARCHIVE_OK)
		result = damaged(u, archive_error_string(u->outer), err);
	if (result == 0)
		result = is_tar ? unpack_plain_tar(u, err) : unpack_members(u, err);
	if (result == 0)
		result = put_index(u, err);
	if (result == 0 && u->left_out)
		progress_warning("left out %zu devices, pipes or sockets of %s: images take files, directories and links", u->left_out, name);
	archive_read_free(u->outer);
	free(u->texts.text);
	free(u->records);
	free(u->buffer);
	free(u);
	return result;
}

int blob_unpack(int deb, const char *name, int fd, struct dory_error *err)
{
	return unpack(deb, name, false, false, fd, err);
}

int blob_unpack_tar(int archive, const char *name, int fd, struct dory_error *err)
{
	return unpack(archive, name, true, false, fd, err);
}

int blob_unpack_archive(int archive, const char *name, int fd, struct dory_error *err)
{
	return unpack(archive, name, true, true, fd, err);
}
