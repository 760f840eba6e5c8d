/* SPDX-License-Identifier: BSD-3-Clause */
/* An image's files as a tar archive (pax interchange format), through libarchive. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "dory/base/text.h"
#include "dory/content/content_private.h"

struct packing {
	const struct content *content;
	struct archive *archive;
	const char **first_names; /* by inode: where a file with several names was packed; NULL until it was */
	size_t inode_count;
};

static int fail(const struct packing *packing, struct dory_error *err)
{
	const char *why = archive_error_string(packing->archive);

	errno = archive_errno(packing->archive);
	if (errno > 0)
		return error_set_errno(err, DORY_ERROR_IO, "writing the archive");
	return error_set(err, DORY_ERROR_IO, "writing the archive: %s", why ? why : "it failed");
}

static int put_bytes(void *context, const void *bytes, size_t length, struct dory_error *err)
{
	const struct packing *packing = context;

	while (length > 0) {
		la_ssize_t n = archive_write_data(packing->archive, bytes, length);

		if (n <= 0)
			return fail(packing, err);
		bytes = (const char *)bytes + n;
		length -= (size_t)n;
	}
	return 0;
}

static void describe(const struct packing *packing, const struct content_entry *e, struct archive_entry *entry)
{
	char *name = text_format(S_ISDIR(e->mode) ? "%s/" : "%s", e->path[1] ? e->path + 1 : ".");

	archive_entry_copy_pathname(entry, name);
	archive_entry_set_mode(entry, (__LA_MODE_T)e->mode);
	archive_entry_set_uid(entry, e->uid);
	archive_entry_set_gid(entry, e->gid);
	archive_entry_set_mtime(entry, (time_t)e->mtime, 0);
	if (S_ISCHR(e->mode) || S_ISBLK(e->mode)) {
		archive_entry_set_rdevmajor(entry, e->major);
		archive_entry_set_rdevminor(entry, e->minor);
	}
	if (S_ISLNK(e->mode))
		archive_entry_copy_symlink(entry, e->link);
	archive_entry_set_size(entry, S_ISREG(e->mode) ? (la_int64_t)e->size : 0);
	free(name);
}

static int pack(struct packing *packing, const struct content_entry *e, struct archive_entry *entry, struct dory_error *err)
{
	bool has_data = S_ISREG(e->mode) && e->size > 0;

	describe(packing, e, entry);
	if (S_ISREG(e->mode) && e->links > 1 && e->inode < packing->inode_count) {
		if (packing->first_names[e->inode]) {
			archive_entry_copy_hardlink(entry, packing->first_names[e->inode]);
			archive_entry_set_size(entry, 0);
			has_data = false;
		} else {
			packing->first_names[e->inode] = e->path + 1;
		}
	}
	if (archive_write_header(packing->archive, entry) != ARCHIVE_OK)
		return fail(packing, err);
	return has_data ? content_each_piece(packing->content, e, put_bytes, packing, err) : 0;
}

static int pack_all(struct packing *packing, const struct content_list *list, struct dory_error *err)
{
	struct archive_entry *entry = archive_entry_new();
	int result = 0;

	for (size_t i = 0; i < list->count && result == 0; i++) {
		archive_entry_clear(entry);
		if (!S_ISSOCK(list->entries[i].mode)) /* no tar holds one */
			result = pack(packing, &list->entries[i], entry, err);
	}
	archive_entry_free(entry);
	return result;
}

static void choose_filter(struct archive *archive, const char *name)
{
	static const struct {
		const char *ending;
		int (*add)(struct archive *);
	} filters[] = {{".gz", archive_write_add_filter_gzip}, {".tgz", archive_write_add_filter_gzip},
		{".zst", archive_write_add_filter_zstd}, {".xz", archive_write_add_filter_xz}};
	size_t length = strlen(name);

	for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
		size_t ending = strlen(filters[i].ending);

		if (length > ending && strcmp(name + length - ending, filters[i].ending) == 0)
			filters[i].add(archive);
	}
}

int content_write_tar(const struct content *content, int fd, const char *name, struct dory_error *err)
{
	struct packing packing = {
		.content = content, .archive = archive_write_new(), .inode_count = content->fs->super->s_inodes_count + 1};
	struct content_list list;
	int result;

	if (content_list(content, "/", UINT32_MAX, &list, err) < 0)
		return -1;
	packing.first_names = calloc(packing.inode_count, sizeof(char *));
	if (!packing.archive || !packing.first_names)
		abort();
	archive_write_set_format_pax_restricted(packing.archive);
	choose_filter(packing.archive, name);
	archive_write_set_options(packing.archive, "!timestamp"); /* gzip's own: the same bytes every time */
	archive_write_set_bytes_in_last_block(packing.archive, 1);
	if (archive_write_open_fd(packing.archive, fd) != ARCHIVE_OK)
		result = fail(&packing, err);
	else
		result = pack_all(&packing, &list, err);
	if (result == 0 && archive_write_close(packing.archive) != ARCHIVE_OK)
		result = fail(&packing, err);
	archive_write_free(packing.archive);
	content_list_release(&list);
	free(packing.first_names);
	return result;
}
