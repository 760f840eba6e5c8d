/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Directories: blocks of entries, each entry as long as it needs to be or longer; together they fill the block (with checksums: up to a
 * tail that looks like an unused entry). A removed entry becomes part of the one before it. Where there is an index, it speeds
 * finding up; a directory that is changed loses its index, which the format allows, and e2fsck -D makes again.
 */
#include "kernel/fs/ext4/ext4.h"

enum { LARGE = 4 /* blocks: from here on a table of the names is worth its memory */ };

static size_t space_for(size_t name_len)
{
	return align_up(sizeof(struct ext4_dirent) + name_len, 4);
}

/* Where the entries of a block end. */
static size_t entries_end(const struct ext4 *fs)
{
	return fs->block_size - (fs->has_checksums ? EXT4_DIRENT_TAIL_LEN : 0);
}

static uint64_t nr_blocks(const struct ext4_inode *directory)
{
	return (directory->inode.size + directory->fs->block_size - 1) >> directory->fs->block_shift;
}

int ext4_directory_map(struct ext4_inode *directory, uint64_t logical, uint64_t *block)
{
	struct block_run run;
	int ret = ext4_map(directory, logical, 1, &run);

	if (ret)
		return ret;
	if (!run.physical || run.is_unwritten)
		return ext4_corrupt(directory->fs, COMPLAIN_DIRECTORY, directory->inode.number, "a directory has a hole");
	*block = run.physical;
	return 0;
}

int ext4_directory_block(struct ext4_inode *directory, uint64_t logical, enum buffer_kind kind, struct buffer **found)
{
	uint64_t block;
	int ret = ext4_directory_map(directory, logical, &block);

	return ret ? ret : ext4_buffer_read_ahead(directory->fs, block, directory->fs->ahead, kind, directory->seed, found);
}

static struct ext4_dirent *entry_at(const struct buffer *buffer, size_t offset)
{
	return (struct ext4_dirent *)(buffer->data + offset);
}

/* An entry that fills what is left of its block and names something that can be read. */
static bool is_sane(const struct ext4 *fs, const struct buffer *buffer, size_t offset)
{
	const struct ext4_dirent *entry = entry_at(buffer, offset);

	return offset + sizeof(*entry) <= fs->block_size && entry->rec_len >= space_for(1) && entry->rec_len % 4 == 0 &&
	       offset + entry->rec_len <= fs->block_size && sizeof(*entry) + entry->name_len <= entry->rec_len && (!entry->inode || entry->name_len);
}

/* Calls for each entry of a block that it finds right; -EUCLEAN otherwise. `visit` returns true to stop. */
struct place {
	struct buffer *buffer;
	struct ext4_dirent *entry, *previous;
	uint64_t logical;
	size_t offset;
};
typedef bool visit_entry(void *context, const struct place *place);

static int walk_block(struct ext4_inode *directory, struct buffer *buffer, uint64_t logical, visit_entry *visit, void *context, bool *stopped)
{
	struct ext4 *fs = directory->fs;
	struct place place = {.buffer = buffer, .logical = logical};

	*stopped = false;
	while (place.offset < entries_end(fs)) {
		if (!is_sane(fs, buffer, place.offset))
			return ext4_corrupt(fs, COMPLAIN_DIRECTORY, directory->inode.number, "a damaged directory");
		place.entry = entry_at(buffer, place.offset);
		if (visit(context, &place)) {
			*stopped = true;
			return 0;
		}
		place.previous = place.entry;
		place.offset += place.entry->rec_len;
	}
	return 0;
}

/* The kind of checksum that block carries: those of an index differ from plain ones, but are found by its own code. */
static enum buffer_kind kind_of(const struct ext4_inode *directory, const struct buffer *buffer, uint64_t logical)
{
	const struct ext4_dirent *first = entry_at(buffer, 0);

	if (!ext4_directory_has_index(directory))
		return BUFFER_DIRECTORY;
	if (logical == 0)
		return BUFFER_INDEX;
	return !first->inode && !first->name_len && first->rec_len == directory->fs->block_size ? BUFFER_INDEX : BUFFER_DIRECTORY;
}

static int read_entries(struct ext4_inode *directory, uint64_t logical, struct buffer **buffer)
{
	uint64_t block;
	int ret;

	if (!ext4_directory_has_index(directory))
		return ext4_directory_block(directory, logical, BUFFER_DIRECTORY, buffer);
	ret = ext4_directory_map(directory, logical, &block);
	if (!ret) /* what kind it is can only be seen in it */
		ret = ext4_buffer_peek(directory->fs, block, directory->fs->ahead, buffer);
	return ret ? ret : ext4_buffer_read(directory->fs, block, kind_of(directory, *buffer, logical), directory->seed, buffer);
}

/* ---- Finding ---- */

struct search {
	const char *name;
	size_t len;
	struct place found;
};

static bool is_wanted(void *context, const struct place *place)
{
	struct search *search = context;

	if (!place->entry->inode || place->entry->name_len != search->len || memcmp(place->entry->name, search->name, search->len))
		return false;
	search->found = *place;
	return true;
}

static int search_block(struct ext4_inode *directory, uint64_t logical, struct search *search, bool *found)
{
	struct buffer *buffer;
	int ret = read_entries(directory, logical, &buffer);

	return ret ? ret : walk_block(directory, buffer, logical, is_wanted, search, found);
}

static int search_by_index(struct ext4_inode *directory, struct search *search, bool *usable, bool *found)
{
	bool continues;
	uint64_t leaf;
	int ret = ext4_index_find(directory, search->name, search->len, usable, &leaf, &continues);

	if (ret || !*usable)
		return ret;
	ret = search_block(directory, leaf, search, found);
	/* Names with the same hash may go on in the next block: rare; the plain search finds them. */
	if (!ret && !*found && continues)
		*usable = false;
	return ret;
}

static bool note_name(void *context, const struct place *place)
{
	if (place->entry->inode)
		ext4_names_add(context, place->entry->name, place->entry->name_len, place->logical);
	return false;
}

/* Reads all of a large directory once, so that its names are found at once from then on. */
static int make_names(struct ext4_inode *directory)
{
	uint64_t blocks = nr_blocks(directory);
	int ret = 0;

	if (!ext4_names_start(directory))
		return 0;
	for (uint64_t logical = 0; logical < blocks && !ret && directory->names; logical++) {
		struct buffer *buffer;
		bool stopped;

		ret = read_entries(directory, logical, &buffer);
		if (!ret)
			ret = walk_block(directory, buffer, logical, note_name, directory, &stopped);
		ext4_buffers_trim(directory->fs);
		cpu_poll();
	}
	if (ret)
		ext4_names_drop(directory);
	return ret;
}

static int search_by_names(struct ext4_inode *directory, struct search *search)
{
	bool found = false;
	uint64_t logical;
	size_t cursor = 0;
	int ret = 0;

	while (!ret && !found && ext4_names_next(directory, search->name, search->len, &cursor, &logical))
		ret = search_block(directory, logical, search, &found);
	return ret ? ret : found ? 0 : -ENOENT;
}

static bool is_dots(const char *name, size_t len)
{
	return name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.'));
}

static int search_all(struct ext4_inode *directory, struct search *search)
{
	bool found = false, usable = false;
	uint64_t blocks = nr_blocks(directory);
	int ret = 0;

	if (search->len > EXT4_NAME_MAX)
		return -ENAMETOOLONG;
	if (directory->names)
		return search_by_names(directory, search);
	if (ext4_directory_has_index(directory) && !is_dots(search->name, search->len)) {
		ret = search_by_index(directory, search, &usable, &found);
		if (ret || found || usable)
			return ret ? ret : found ? 0 : -ENOENT;
	}
	if (blocks >= LARGE && !is_dots(search->name, search->len)) {
		ret = make_names(directory);
		if (ret || directory->names)
			return ret ? ret : search_by_names(directory, search);
	}
	for (uint64_t logical = 0; logical < blocks && !found && !ret; logical++) {
		ret = search_block(directory, logical, search, &found);
		if (!found)
			ext4_buffers_trim(directory->fs);
		cpu_poll();
	}
	return ret ? ret : found ? 0 : -ENOENT;
}

int ext4_directory_find(struct ext4_inode *directory, const char *name, size_t len, uint32_t *number)
{
	struct search search = {.name = name, .len = len};
	int ret = search_all(directory, &search);

	if (!ret)
		*number = search.found.entry->inode;
	return ret;
}

/* ---- Changing ---- */

static uint8_t file_type(const struct ext4 *fs, uint32_t mode)
{
	static const uint8_t types[16] = {
	    [S_IFREG >> 12] = EXT4_FT_REG, [S_IFDIR >> 12] = EXT4_FT_DIR, [S_IFCHR >> 12] = EXT4_FT_CHR, [S_IFBLK >> 12] = EXT4_FT_BLK,
	    [S_IFIFO >> 12] = EXT4_FT_FIFO, [S_IFSOCK >> 12] = EXT4_FT_SOCK, [S_IFLNK >> 12] = EXT4_FT_SYMLINK};

	return fs->has_file_type ? types[(mode & S_IFMT) >> 12] : 0;
}

static void set_tail(const struct ext4 *fs, struct buffer *buffer)
{
	struct ext4_dirent *tail = entry_at(buffer, fs->block_size - EXT4_DIRENT_TAIL_LEN);

	if (!fs->has_checksums)
		return;
	*tail = (struct ext4_dirent){.rec_len = EXT4_DIRENT_TAIL_LEN, .file_type = EXT4_DIRENT_TAIL_TYPE};
}

static void fill(const struct ext4 *fs, struct ext4_dirent *entry, const char *name, size_t len, uint32_t number, uint32_t mode)
{
	entry->inode = number;
	entry->name_len = (uint8_t)len;
	entry->file_type = file_type(fs, mode);
	memcpy(entry->name, name, len);
}

struct room {
	size_t needed;
	struct place found;
};

static size_t used_by(const struct ext4_dirent *entry)
{
	return entry->inode ? space_for(entry->name_len) : 0;
}

static bool has_room(void *context, const struct place *place)
{
	struct room *room = context;

	if (place->entry->rec_len - used_by(place->entry) < room->needed)
		return false;
	room->found = *place;
	return true;
}

/* A new block at the directory's end, one unused entry. */
static int append_block(struct ext4_inode *directory, struct buffer **buffer)
{
	struct ext4 *fs = directory->fs;
	struct block_run run = {.logical = nr_blocks(directory), .nr = 1}, last;
	uint64_t goal = 0;
	int ret = 0;

	if (run.logical) {
		ret = ext4_map(directory, run.logical - 1, 1, &last);
		goal = last.physical + 1;
	} else {
		goal = ext4_group_first_block(fs, ext4_inode_group(fs, directory->inode.number));
	}
	if (!ret && run.logical >> (32 - fs->block_shift))
		ret = -ENOSPC; /* directories end at 4 GiB */
	if (!ret)
		ret = ext4_space_check(fs, 2);
	if (!ret)
		ret = ext4_blocks_alloc(fs, goal, &run.nr, &run.physical);
	if (ret)
		return ret;
	ret = ext4_buffer_new(fs, run.physical, BUFFER_DIRECTORY, directory->seed, buffer);
	if (!ret)
		ret = ext4_extent_insert(directory, &run);
	if (ret) {
		(void)ext4_blocks_free(fs, run.physical, 1);
		return ret;
	}
	entry_at(*buffer, 0)->rec_len = (uint16_t)entries_end(fs);
	set_tail(fs, *buffer);
	directory->inode.size += fs->block_size;
	directory->inode.blocks_512 += fs->block_size / 512;
	ext4_inode_changed(directory);
	return 0;
}

/* Enters a name in the room that was found: the entry there keeps what it needs. */
static void enter(struct ext4_inode *directory, const struct place *place, const char *name, size_t len, uint32_t number, uint32_t mode)
{
	struct ext4_dirent *entry = place->entry;
	size_t used = used_by(entry);
	uint16_t rest = (uint16_t)(entry->rec_len - used);

	if (used) {
		entry->rec_len = (uint16_t)used;
		entry = (struct ext4_dirent *)((char *)entry + used);
		entry->rec_len = rest;
	}
	fill(directory->fs, entry, name, len, number, mode);
	ext4_buffer_dirty(directory->fs, place->buffer);
}

int ext4_directory_add(struct ext4_inode *directory, const char *name, size_t len, uint32_t number, uint32_t mode)
{
	struct room room = {.needed = space_for(len)};
	struct buffer *buffer;
	uint64_t blocks = nr_blocks(directory);
	bool found = false;
	int ret = len > EXT4_NAME_MAX ? -ENAMETOOLONG : ext4_index_drop(directory);

	for (uint64_t logical = directory->insert_hint; logical < blocks && !found && !ret; logical++) {
		ret = ext4_directory_block(directory, logical, BUFFER_DIRECTORY, &buffer);
		if (!ret)
			ret = walk_block(directory, buffer, logical, has_room, &room, &found);
		if (!found && logical == directory->insert_hint && room.needed <= space_for(16))
			directory->insert_hint++;
		cpu_poll();
	}
	if (!ret && !found) {
		ret = append_block(directory, &buffer);
		if (!ret)
			ret = walk_block(directory, buffer, blocks, has_room, &room, &found);
	}
	if (ret)
		return ret;
	enter(directory, &room.found, name, len, number, mode);
	ext4_names_add(directory, name, len, room.found.logical);
	return 0;
}

int ext4_directory_remove(struct ext4_inode *directory, const char *name, size_t len)
{
	struct search search = {.name = name, .len = len};
	struct place *place = &search.found;
	int ret = ext4_index_drop(directory);

	if (!ret)
		ret = search_all(directory, &search);
	if (ret)
		return ret;
	if (place->previous)
		place->previous->rec_len = (uint16_t)(place->previous->rec_len + place->entry->rec_len);
	place->entry->inode = 0;
	directory->insert_hint = min_u64(directory->insert_hint, place->logical);
	ext4_names_remove(directory, name, len, place->logical);
	ext4_buffer_dirty(directory->fs, place->buffer);
	return 0;
}

int ext4_directory_set(struct ext4_inode *directory, const char *name, size_t len, uint32_t number, uint32_t mode)
{
	struct search search = {.name = name, .len = len};
	int ret = search_all(directory, &search);

	if (ret)
		return ret;
	search.found.entry->inode = number;
	search.found.entry->file_type = file_type(directory->fs, mode);
	ext4_buffer_dirty(directory->fs, search.found.buffer);
	return 0;
}

int ext4_directory_init(struct ext4_inode *directory, uint32_t parent)
{
	struct ext4 *fs = directory->fs;
	struct ext4_dirent *dot, *dots;
	struct buffer *buffer;
	int ret = append_block(directory, &buffer);

	if (ret)
		return ret;
	dot = entry_at(buffer, 0);
	dot->rec_len = (uint16_t)space_for(1);
	fill(fs, dot, ".", 1, (uint32_t)directory->inode.number, S_IFDIR);
	dots = entry_at(buffer, dot->rec_len);
	dots->rec_len = (uint16_t)(entries_end(fs) - dot->rec_len);
	fill(fs, dots, "..", 2, parent, S_IFDIR);
	return 0;
}

static bool is_other(void *context, const struct place *place)
{
	const struct ext4_dirent *entry = place->entry;

	return entry->inode && !is_dots(entry->name, entry->name_len);
}

int ext4_directory_is_empty(struct ext4_inode *directory, bool *empty)
{
	bool found = false;
	int ret = 0;

	for (uint64_t logical = 0; logical < nr_blocks(directory) && !found && !ret; logical++) {
		struct buffer *buffer;

		ret = read_entries(directory, logical, &buffer);
		if (!ret)
			ret = walk_block(directory, buffer, logical, is_other, NULL, &found);
	}
	*empty = !found;
	return ret;
}

/* ---- Reading: the position is the offset of the next entry. ---- */

struct reading {
	struct ext4_inode *directory;
	struct directory_sink *sink;
	uint64_t *position;
};

static bool give(void *context, const struct place *place)
{
	static const uint8_t types[] = {LINUX_DT_UNKNOWN, LINUX_DT_REG, LINUX_DT_DIR, LINUX_DT_CHR, LINUX_DT_BLK, LINUX_DT_FIFO, LINUX_DT_SOCK, LINUX_DT_LNK};
	struct reading *reading = context;
	const struct ext4_dirent *entry = place->entry;
	uint64_t offset = (place->logical << reading->directory->fs->block_shift) + place->offset;
	unsigned type = entry->file_type < ARRAY_SIZE(types) && reading->directory->fs->has_file_type ? types[entry->file_type] : LINUX_DT_UNKNOWN;

	if (offset < *reading->position)
		return false;
	if (entry->inode && !reading->sink->add(reading->sink, entry->name, entry->name_len, entry->inode, type, offset + entry->rec_len))
		return true;
	*reading->position = offset + entry->rec_len;
	return false;
}

static int read_locked(struct reading *reading)
{
	struct ext4_inode *directory = reading->directory;
	struct ext4 *fs = directory->fs;
	bool full = false;
	int ret = 0;

	while (!ret && !full) {
		uint64_t logical = *reading->position >> fs->block_shift;
		struct buffer *buffer;

		if (logical >= nr_blocks(directory))
			break;
		ret = read_entries(directory, logical, &buffer);
		if (!ret)
			ret = walk_block(directory, buffer, logical, give, reading, &full);
		if (!ret && !full) /* behind the tail */
			*reading->position = (logical + 1) << fs->block_shift;
		ext4_buffers_trim(fs);
		cpu_poll();
	}
	return ret;
}

int ext4_read_directory(struct inode *inode, uint64_t *position, struct directory_sink *sink)
{
	struct reading reading = {.directory = ext4_of(inode), .sink = sink, .position = position};
	struct ext4 *fs = reading.directory->fs;
	int ret;

	ext4_lock(fs);
	ret = read_locked(&reading);
	ext4_unlock(fs);
	return ret;
}
