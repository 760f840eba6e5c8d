/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening a file system, and its names. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "dory/base/text.h"
#include "dory/content/content_private.h"

enum { DEPTH_MAX = 512, ENTRIES_MAX = 1 << 24, LINK_MAX_LENGTH = 4096 };

int content_fail(const struct content *content, errcode_t code, const char *what, struct dory_error *err)
{
	return error_set(err, DORY_ERROR_FORMAT, "%s of %s: %s", what, content->path, error_message(code));
}

static int check_features(const struct content *content, struct dory_error *err)
{
	if (ext2fs_has_feature_journal_needs_recovery(content->fs->super)) {
		error_set(err, DORY_ERROR_FORMAT, "the file system in %s was not closed: its journal has to be applied", content->path);
		return error_hint(err, "Run e2fsck -f on a copy of it.");
	}
	return 0;
}

int content_open(const char *path, struct content **content, struct dory_error *err)
{
	struct content *c = calloc(1, sizeof(*c));
	errcode_t code;

	if (!c)
		abort();
	c->path = text_copy(path);
	code = ext2fs_open(path, EXT2_FLAG_64BITS | EXT2_FLAG_SOFTSUPP_FEATURES, 0, 0, unix_io_manager, &c->fs);
	if (code) {
		if (code == ENOENT || code == EACCES)
			error_set_errno(err, code == ENOENT ? DORY_ERROR_NOT_FOUND : DORY_ERROR_IO, "opening %s", path);
		else
			error_set(err, DORY_ERROR_FORMAT, "%s has no ext4 file system that can be read: %s", path, error_message(code));
	}
	if (code || check_features(c, err) < 0) {
		content_close(c);
		return -1;
	}
	*content = c;
	return 0;
}

void content_close(struct content *content)
{
	if (!content)
		return;
	if (content->fs)
		ext2fs_free(content->fs);
	free(content->path);
	free(content);
}

int content_find(const struct content *content, const char *path, ext2_ino_t *inode, struct dory_error *err)
{
	errcode_t code = ext2fs_namei(content->fs, EXT2_ROOT_INO, EXT2_ROOT_INO, *path ? path : "/", inode);

	if (code == EXT2_ET_FILE_NOT_FOUND || code == EXT2_ET_NO_DIRECTORY)
		return error_set(err, DORY_ERROR_NOT_FOUND, "there is no %s in the image", path);
	return code ? content_fail(content, code, path, err) : 0;
}

/* A walk in progress: the directories above are known, so that a directory which contains itself is noticed. */
struct walk {
	const struct content *content;
	struct content_list *list;
	ext2_ino_t above[DEPTH_MAX];
	unsigned level, depth;
	size_t capacity;
};

struct names {
	struct name {
		char *text;
		ext2_ino_t inode;
	} * items;
	size_t count;
	bool is_bad;
};

static int note_name(ext2_ino_t directory, int entry, struct ext2_dir_entry *dirent, int offset, int block_size, char *block,
	void *context)
{
	struct names *names = context;
	size_t length = (size_t)ext2fs_dirent_name_len(dirent);
	struct name *name;

	if (entry == DIRENT_DOT_FILE || entry == DIRENT_DOT_DOT_FILE)
		return 0;
	if (length == 0 || memchr(dirent->name, '/', length) || memchr(dirent->name, '\0', length)) {
		names->is_bad = true;
		return DIRENT_ABORT;
	}
	name = array_push(&names->items, &names->count, sizeof(*name));
	name->text = text_copy_n(dirent->name, length);
	name->inode = dirent->inode;
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

static void names_release(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i].text);
	free(names->items);
}

static int read_names(const struct content *content, ext2_ino_t directory, struct names *names, struct dory_error *err)
{
	errcode_t code = ext2fs_dir_iterate2(content->fs, directory, 0, NULL, note_name, names);

	if (code)
		return content_fail(content, code, "reading a directory", err);
	if (names->is_bad)
		return error_set(err, DORY_ERROR_FORMAT, "a directory of %s has a name that cannot be one", content->path);
	if (names->count > 1)
		qsort(names->items, names->count, sizeof(*names->items), compare_names);
	return 0;
}

static int read_link(
	const struct content *content, ext2_ino_t number, struct ext2_inode *inode, struct content_entry *entry, struct dory_error *err)
{
	char *target;
	unsigned got = 0;
	ext2_file_t file;
	errcode_t code;

	if (entry->size == 0 || entry->size > LINK_MAX_LENGTH)
		return error_set(err, DORY_ERROR_FORMAT, "the link %s in %s is damaged", entry->path, content->path);
	target = calloc(1, entry->size + 1);
	if (!target)
		abort();
	entry->link = target;
	if (ext2fs_is_fast_symlink(inode)) {
		memcpy(target, inode->i_block, min_u64(entry->size, sizeof(inode->i_block)));
		return 0;
	}
	code = ext2fs_file_open2(content->fs, number, inode, 0, &file);
	if (!code) {
		code = ext2fs_file_read(file, target, (unsigned)entry->size, &got);
		ext2fs_file_close(file);
	}
	return code ? content_fail(content, code, "reading a link", err) : 0;
}

static void set_device(struct content_entry *entry, const struct ext2_inode *inode)
{
	if (inode->i_block[0]) { /* the old form: 8 bits each */
		entry->major = inode->i_block[0] >> 8 & 0xff;
		entry->minor = inode->i_block[0] & 0xff;
	} else {
		entry->major = (inode->i_block[1] & 0xfff00) >> 8;
		entry->minor = (inode->i_block[1] & 0xff) | (inode->i_block[1] >> 12 & 0xfff00);
	}
}

/* Takes over `path`. */
static int add_entry(struct walk *walk, char *path, ext2_ino_t number, struct content_entry **added, struct dory_error *err)
{
	struct ext2_inode_large raw = {0};
	struct ext2_inode *inode = (struct ext2_inode *)&raw;
	struct content_list *list = walk->list;
	struct content_entry *entry;
	errcode_t code = ext2fs_read_inode_full(walk->content->fs, number, inode, sizeof(raw));

	if (code || list->count >= ENTRIES_MAX) {
		free(path);
		return code ? content_fail(walk->content, code, "reading an inode", err)
			    : error_set(err, DORY_ERROR_FORMAT, "%s has too many files", walk->content->path);
	}
	entry = array_push(&list->entries, &list->count, sizeof(*entry));
	*entry = (struct content_entry){.path = path,
		.mode = inode->i_mode,
		.uid = inode_uid(*inode),
		.gid = inode_gid(*inode),
		.inode = number,
		.links = inode->i_links_count,
		.size = S_ISDIR(inode->i_mode) ? 0 : EXT2_I_SIZE(inode),
		.blocks = ext2fs_get_stat_i_blocks(walk->content->fs, inode)};
	entry->mtime = (int32_t)inode->i_mtime;
	if (EXT2_INODE_SIZE(walk->content->fs->super) > EXT2_GOOD_OLD_INODE_SIZE && raw.i_extra_isize >= 12)
		entry->mtime += (int64_t)(raw.i_mtime_extra & 3) << 32;
	if (S_ISCHR(entry->mode) || S_ISBLK(entry->mode))
		set_device(entry, inode);
	*added = entry;
	return S_ISLNK(entry->mode) ? read_link(walk->content, number, inode, entry, err) : 0;
}

static int walk_name(struct walk *walk, char *path, ext2_ino_t number, struct dory_error *err);

static int walk_directory(struct walk *walk, const char *path, ext2_ino_t number, struct dory_error *err)
{
	struct names names = {0};
	int result;

	for (unsigned i = 0; i < walk->level; i++) {
		if (walk->above[i] == number)
			return error_set(err, DORY_ERROR_FORMAT, "the directory %s of %s contains itself", path, walk->content->path);
	}
	if (walk->level == DEPTH_MAX)
		return error_set(err, DORY_ERROR_FORMAT, "the directories of %s are too deep", walk->content->path);
	walk->above[walk->level++] = number;
	result = read_names(walk->content, number, &names, err);
	for (size_t i = 0; i < names.count && result == 0; i++)
		result = walk_name(walk, text_format("%s/%s", strcmp(path, "/") == 0 ? "" : path, names.items[i].text),
			names.items[i].inode, err);
	names_release(&names);
	walk->level--;
	return result;
}

static int walk_name(struct walk *walk, char *path, ext2_ino_t number, struct dory_error *err)
{
	struct content_entry *entry;

	if (add_entry(walk, path, number, &entry, err) < 0)
		return -1;
	if (!S_ISDIR(entry->mode) || walk->level >= walk->depth)
		return 0;
	return walk_directory(walk, path, number, err); /* the entry moves, its path does not */
}

/* "/", "/etc" from "etc/", "//etc" and the like. */
static char *clean_path(const char *path)
{
	struct text_buffer clean = {0};

	while (path += strspn(path, "/"), *path) {
		size_t length = strcspn(path, "/");

		if (length != 1 || *path != '.')
			text_append_format(&clean, "/%.*s", (int)length, path);
		path += length;
	}
	return clean.text ? clean.text : text_copy("/");
}

int content_list(
	const struct content *content, const char *path, unsigned depth, struct content_list *list, struct dory_error *err)
{
	struct walk walk = {.content = content, .list = list, .depth = depth};
	char *clean = clean_path(path);
	ext2_ino_t number;

	*list = (struct content_list){0};
	if (content_find(content, clean, &number, err) < 0) {
		free(clean);
		return -1;
	}
	if (walk_name(&walk, clean, number, err) < 0) {
		content_list_release(list);
		return -1;
	}
	return 0;
}

void content_list_release(struct content_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->entries[i].path);
		free(list->entries[i].link);
	}
	free(list->entries);
	*list = (struct content_list){0};
}
