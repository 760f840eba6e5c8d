/* SPDX-License-Identifier: BSD-3-Clause */
/* What ldconfig(8) does: links from each library's SONAME to its file, and /etc/ld.so.cache. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "dory/base/text.h"
#include "dory/compose/fixup.h"
#include "dory/compose/loader_cache.h"
#include "lib/elf.h"

struct scan {
	struct tree *tree;
	const struct tree_node **seen; /* directories, which have several names where /usr is merged */
	size_t seen_count;
	struct loader_cache_entry *entries;
	size_t count;
};

/* The file's SONAME, copied to the tree's memory; NULL if it is no library of this machine, or has none. */
static const char *soname_in(struct tree *tree, const uint8_t *bytes, size_t length)
{
	struct elf_header header;
	struct elf_dynamic_table table;
	const char *name;
	size_t index = 0;

	if (elf_parse_header(bytes, length, &header) < 0 || header.machine != ELF_MACHINE_X86_64)
		return NULL;
	if (elf_dynamic_open(bytes, length, &header, &table) < 0)
		return NULL;
	name = elf_dynamic_next_string(&table, ELF_DYNAMIC_SONAME, &index);
	return name && *name && !strchr(name, '/') && strlen(name) <= TREE_NAME_MAX ? tree_copy_text(tree, name) : NULL;
}

/* Mapped, not read: only a few pages of a library are looked at. */
static const char *soname_of(struct tree *tree, const struct tree_inode *inode)
{
	uint64_t start = align_down(inode->content.offset, (uint64_t)sysconf(_SC_PAGESIZE)),
		 ahead = inode->content.offset - start;
	const char *name = NULL;
	void *map;
	int fd;

	if (inode->size == 0)
		return NULL;
	if (inode->content.bytes)
		return soname_in(tree, inode->content.bytes, inode->size);
	fd = tree_open(inode);
	if (fd < 0)
		return NULL;
	map = mmap(NULL, inode->size + ahead, PROT_READ, MAP_PRIVATE, fd, (off_t)start);
	if (map != MAP_FAILED) {
		name = soname_in(tree, (const uint8_t *)map + ahead, inode->size);
		munmap(map, inode->size + ahead);
	}
	tree_close(inode, fd);
	return name;
}

static bool is_library_name(const char *name)
{
	return (strncmp(name, "lib", 3) == 0 || strncmp(name, "ld-", 3) == 0) && strstr(name, ".so");
}

static bool has_entry(const struct scan *scan, const char *name)
{
	for (size_t i = 0; i < scan->count; i++)
		if (strcmp(scan->entries[i].name, name) == 0)
			return true;
	return false;
}

static char *join(struct tree *tree, const char *directory, const char *name)
{
	char *path = text_format("%s/%s", directory, name), *copy = tree_copy_text(tree, path);

	free(path);
	return copy;
}

static int add_library(struct scan *scan, const char *directory, const struct tree_node *node, struct dory_error *err)
{
	const char *soname = soname_of(scan->tree, node->inode);
	struct loader_cache_entry *entry;
	char *path;

	if (!soname)
		return 0;
	path = join(scan->tree, directory, soname);
	if (fixup_add_link(scan->tree, path, node->name, err) < 0)
		return -1;
	if (has_entry(scan, soname))
		return 0;
	entry = array_push(&scan->entries, &scan->count, sizeof(*entry));
	entry->name = soname;
	entry->path = path;
	return 0;
}

static bool is_seen(struct scan *scan, const struct tree_node *directory)
{
	for (size_t i = 0; i < scan->seen_count; i++)
		if (scan->seen[i] == directory)
			return true;
	*(const struct tree_node **)array_push(&scan->seen, &scan->seen_count, sizeof(directory)) = directory;
	return false;
}

static int scan_directory(struct scan *scan, const char *path, struct dory_error *err)
{
	const struct tree_node *directory = tree_find(scan->tree, path, true), **nodes = NULL;
	size_t count = 0;
	int result = 0;

	if (!directory || !S_ISDIR(directory->inode->mode) || is_seen(scan, directory))
		return 0;
	/* listed first: links are added to the directory on the way */
	for (const struct tree_node *node = directory->children; node; node = node->next)
		if (S_ISREG(node->inode->mode) && is_library_name(node->name))
			*(const struct tree_node **)array_push(&nodes, &count, sizeof(node)) = node;
	for (size_t i = 0; i < count && result == 0; i++)
		result = add_library(scan, tree_copy_text(scan->tree, path), nodes[i], err);
	free(nodes);
	return result;
}

/* The directories that a file of /etc/ld.so.conf.d names, one a line. */
static int scan_configured(struct scan *scan, const struct tree_node *file, struct dory_error *err)
{
	enum { CONF_SIZE_MAX = 65536 };
	struct dory_error ignored;
	char *text, *rest, *line;
	size_t length;
	int result = 0;

	if (!S_ISREG(file->inode->mode) || tree_read(file, CONF_SIZE_MAX, &text, &length, &ignored) < 0)
		return 0;
	rest = text;
	while (result == 0 && (line = strtok_r(rest, " \t\r\n", &rest)))
		if (*line == '/')
			result = scan_directory(scan, line, err);
	free(text);
	return result;
}

int fixup_loader_cache(const struct fixup *fixup, struct dory_error *err)
{
	static const char *const defaults[] = {
		"/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib", "/usr/lib", "/lib64", "/usr/lib64"};
	struct scan scan = {.tree = fixup->tree};
	const struct tree_node *configured;
	size_t length;
	void *cache;
	int result = 0;

	tree_sort(fixup->tree);
	configured = tree_find(fixup->tree, "/etc/ld.so.conf.d", true);
	for (const struct tree_node *file = configured ? configured->children : NULL; file && result == 0;
		file = file->next)
		result = scan_configured(&scan, file, err);
	for (size_t i = 0; i < ARRAY_SIZE(defaults) && result == 0; i++)
		result = scan_directory(&scan, defaults[i], err);
	if (result == 0 && scan.count > 0) {
		cache = loader_cache_make(scan.entries, scan.count, &length);
		result = tree_add_bytes(fixup->tree, "/etc/ld.so.cache", 0644, cache, length, err);
		free(cache);
	}
	free(scan.entries);
	free(scan.seen);
	return result;
}
