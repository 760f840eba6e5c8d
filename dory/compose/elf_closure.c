/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a program on this disk needs to run, found as its dynamic loader would find it (ld.so(8)). A library keeps the
 * path that it was found at if the loader in the guest looks there by itself; what this machine's ld.so.cache or
 * LD_LIBRARY_PATH was needed for goes to the guest's /usr/lib.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "dory/compose/compose.h"
#include "dory/compose/elf_script.h"
#include "dory/compose/loader_cache.h"
#include "lib/elf.h"

enum { OBJECTS_MAX = 4096 };

/* One ELF file of the closure; `loader` is the object that asked for it first. */
struct object {
	char *name;      /* as it was asked for */
	char *directory; /* $ORIGIN */
	char *rpath;     /* DT_RPATH, which DT_RUNPATH disables; expanded */
	char *runpath;
	size_t loader;
	struct text_list {
		char **items;
		size_t count;
	} needed;
};

struct search {
	struct elf_closure *closure;
	struct object *objects; /* one for each file of the closure, in the same order; the interpreter's is empty */
	size_t count;
	bool is_musl;
	char *cache; /* this machine's ld.so.cache, read when it is first needed */
	size_t cache_length;
	bool has_read_cache;
	struct text_buffer missing;
	size_t missing_count;
};

struct mapping {
	const uint8_t *bytes;
	size_t length;
};

static const char *const glibc_directories[] = {
	"/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib"};
static const char *const musl_directories[] = {
	"/lib", "/usr/local/lib", "/usr/lib", "/lib/x86_64-linux-musl", "/usr/lib/x86_64-linux-musl"};

static int map_file(const char *path, struct mapping *mapping)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	void *bytes = MAP_FAILED;

	if (fd < 0)
		return -1;
	*mapping = (struct mapping){.bytes = (const uint8_t *)""};
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		errno = EISDIR;
		return -1;
	}
	if (st.st_size > 0) {
		bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (bytes != MAP_FAILED)
			*mapping = (struct mapping){.bytes = bytes, .length = (size_t)st.st_size};
	}
	close(fd);
	return st.st_size > 0 && bytes == MAP_FAILED ? -1 : 0;
}

static void unmap_file(struct mapping *mapping)
{
	if (mapping->length > 0)
		munmap((void *)(uintptr_t)mapping->bytes, mapping->length);
}

static char *directory_of(const char *path)
{
	char *real = realpath(path, NULL), *slash = real ? strrchr(real, '/') : NULL;

	if (slash)
		slash[slash == real] = '\0';
	return real ? real : text_copy("/");
}

/* $ORIGIN, $LIB and $PLATFORM, also with braces (ld.so(8), "Dynamic string tokens"). Returns owned. */
static char *expand_tokens(const char *text, const char *origin)
{
	const char *const tokens[][2] = {{"ORIGIN", origin}, {"LIB", "lib/x86_64-linux-gnu"}, {"PLATFORM", "x86_64"}};
	struct text_buffer expanded = {0};

	text_append(&expanded, "", 0);
	while (*text) {
		const char *word = text + 1 + (text[0] == '$' && text[1] == '{');
		bool is_token = false;

		for (size_t i = 0; i < ARRAY_SIZE(tokens) && *text == '$' && !is_token; i++) {
			size_t length = strlen(tokens[i][0]);

			is_token = strncmp(word, tokens[i][0], length) == 0 &&
				   (text[1] == '{' ? word[length] == '}' : !isalnum((unsigned char)word[length]));
			if (is_token) {
				text_append(&expanded, tokens[i][1], strlen(tokens[i][1]));
				text = word + length + (text[1] == '{');
			}
		}
		if (!is_token)
			text_append(&expanded, text++, 1);
	}
	return expanded.text;
}

static char *dynamic_path(const struct elf_dynamic_table *table, uint64_t tag, const char *origin)
{
	size_t index = 0;
	const char *text = elf_dynamic_next_string(table, tag, &index);

	return text ? expand_tokens(text, origin) : NULL;
}

/* Adds a file to the closure, and what its dynamic section asks for. */
static struct object *add_object(struct search *search, const char *path, const char *guest_path, const char *name,
	size_t loader, const struct mapping *mapping, const struct elf_header *header)
{
	struct elf_closure *closure = search->closure;
	struct elf_file *file = array_push(&closure->files, &closure->count, sizeof(*file));
	struct object *object = array_push(&search->objects, &search->count, sizeof(*object));
	struct elf_dynamic_table table;
	const char *needed;
	size_t index = 0;

	file->host_path = text_copy(path);
	file->guest_path = text_copy(guest_path);
	object->name = text_copy(name);
	object->loader = loader;
	object->directory = directory_of(path);
	if (elf_dynamic_open(mapping->bytes, mapping->length, header, &table) < 0)
		return object;
	object->runpath = dynamic_path(&table, ELF_DYNAMIC_RUNPATH, object->directory);
	if (!object->runpath)
		object->rpath = dynamic_path(&table, ELF_DYNAMIC_RPATH, object->directory);
	while ((needed = elf_dynamic_next_string(&table, ELF_DYNAMIC_NEEDED, &index)))
		*(char **)array_push(&object->needed.items, &object->needed.count, sizeof(char *)) = text_copy(needed);
	return object;
}

/* Adds the library at `path` if there is one for this machine. */
static bool try_path(struct search *search, const char *path, const char *guest_path, const char *name, size_t loader)
{
	struct mapping mapping;
	struct elf_header header;
	bool is_good;

	if (map_file(path, &mapping) < 0)
		return false;
	is_good = elf_parse_header(mapping.bytes, mapping.length, &header) == 0 && header.machine == ELF_MACHINE_X86_64;
	if (is_good)
		add_object(search, path, guest_path, name, loader, &mapping, &header);
	unmap_file(&mapping);
	return is_good;
}

/* Tries `name` in each of the directories of a list separated by ':' (or ';'). `moved`: the guest's loader will not
 * look there. */
static bool try_list(struct search *search, const char *list, const char *name, size_t loader, bool moved)
{
	bool is_found = false;

	while (list && *list && !is_found) {
		size_t length = strcspn(list, ":;");
		char *path = text_format("%.*s/%s", (int)length, list, name), *guest;

		if (length > 0 && *path == '/') {
			guest = moved ? text_format("/usr/lib/%s", name) : text_copy(path);
			is_found = try_path(search, path, guest, name, loader);
			free(guest);
		}
		free(path);
		list += length + (list[length] != '\0');
	}
	return is_found;
}

static bool try_defaults(struct search *search, const char *name, size_t loader)
{
	const char *const *directories = search->is_musl ? musl_directories : glibc_directories;
	size_t count = search->is_musl ? ARRAY_SIZE(musl_directories) : ARRAY_SIZE(glibc_directories);
	bool is_found = false;

	for (size_t i = 0; i < count && !is_found; i++) {
		char *path = text_format("%s/%s", directories[i], name);

		/* the last two of musl's are Debian's, which its loader finds through a file that the guest lacks */
		if (search->is_musl && i >= 3)
			is_found = try_list(search, directories[i], name, loader, true);
		else
			is_found = try_path(search, path, path, name, loader);
		free(path);
	}
	return is_found;
}

static bool try_cache(struct search *search, const char *name, size_t loader)
{
	enum { CACHE_SIZE_MAX = 64 << 20 };
	struct dory_error ignored;
	const char *path;
	char *guest;
	bool is_found;

	if (search->is_musl)
		return false;
	if (!search->has_read_cache &&
		file_read("/etc/ld.so.cache", CACHE_SIZE_MAX, &search->cache, &search->cache_length, &ignored) < 0)
		search->cache = NULL;
	search->has_read_cache = true;
	path = search->cache ? loader_cache_find(search->cache, search->cache_length, name) : NULL;
	if (!path)
		return false;
	guest = text_format("/usr/lib/%s", name);
	is_found = try_path(search, path, guest, name, loader);
	free(guest);
	return is_found;
}

/* DT_RPATH of the object, of who loaded it, and so on up to the program; an object with DT_RUNPATH has none. */
static bool try_rpaths(struct search *search, const char *name, size_t loader)
{
	for (size_t i = loader;; i = search->objects[i].loader) {
		if (search->objects[loader].runpath)
			return false;
		if (search->objects[i].rpath && try_list(search, search->objects[i].rpath, name, loader, false))
			return true;
		if (i == 0)
			return false;
	}
}

static bool is_there(const struct search *search, const char *name)
{
	for (size_t i = 0; i < search->count; i++)
		if (strcmp(search->objects[i].name, name) == 0)
			return true;
	return false;
}

/* musl's loader is its C library, whatever of it is asked for (musl, ldso/dynlink.c: the reserved names). */
static bool is_in_loader(const struct search *search, const char *name)
{
	static const char *const reserved[] = {"c.", "pthread.", "rt.", "m.", "dl.", "util.", "xnet."};

	if (!search->is_musl)
		return strncmp(name, "ld-linux", 8) == 0 && search->count > 1;
	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
		if (strncmp(name, "lib", 3) == 0 && strncmp(name + 3, reserved[i], strlen(reserved[i])) == 0)
			return true;
	return strncmp(name, "ld-musl", 7) == 0;
}

static bool find_library(struct search *search, const char *name, size_t loader)
{
	if (strchr(name, '/')) {
		char *path = expand_tokens(name, search->objects[loader].directory);
		bool is_found = try_path(search, path, path, name, loader);

		free(path);
		return is_found;
	}
	return try_rpaths(search, name, loader) || try_list(search, getenv("LD_LIBRARY_PATH"), name, loader, true) ||
	       try_list(search, search->objects[loader].runpath, name, loader, false) ||
	       try_defaults(search, name, loader) || try_cache(search, name, loader);
}

static void find_needed(struct search *search, size_t index)
{
	for (size_t i = 0; i < search->objects[index].needed.count; i++) {
		const char *name = search->objects[index].needed.items[i], *slash;

		if (is_there(search, name) || is_in_loader(search, name) || search->count >= OBJECTS_MAX)
			continue;
		if (find_library(search, name, index))
			continue;
		slash = strrchr(search->closure->files[index].host_path, '/');
		text_append_format(
			&search->missing, "%s%s (needed by %s)", search->missing_count++ ? ", " : "", name, slash + 1);
	}
}

static int add_interpreter(struct search *search, const char *path, struct dory_error *err)
{
	search->is_musl = strstr(path, "ld-musl") != NULL;
	if (*path != '/' || !try_path(search, path, path, path, 0)) {
		error_set(err, DORY_ERROR_NOT_FOUND,
			"the dynamic loader %.200s, which the program asks for, is not there", path);
		return error_hint(err, "Install the C library that the program was built for, or build it statically.");
	}
	free(search->closure->interpreter);
	search->closure->interpreter = text_copy(path);
	return 0;
}

static int find_all(struct search *search, const char *path, const char *guest_path, const struct mapping *mapping,
	const struct elf_header *header, struct dory_error *err)
{
	const char *interpreter = elf_interpreter(mapping->bytes, mapping->length, header);

	add_object(search, path, guest_path, path, 0, mapping, header);
	if (!interpreter)
		return 0; /* static; what a static-PIE's dynamic section has is for itself */
	if (add_interpreter(search, interpreter, err) < 0)
		return -1;
	for (size_t i = 0; i < search->count; i++)
		if (i != 1)
			find_needed(search, i);
	if (search->missing_count == 0)
		return 0;
	error_set(err, DORY_ERROR_NOT_FOUND, "%s lacks %s: %s", path,
		search->missing_count > 1 ? "libraries" : "a library", search->missing.text);
	return error_hint(err, "Add the Debian package that has it (--with deb:NAME), or say where it is: "
			       "LD_LIBRARY_PATH=DIR dory ...");
}

static void search_release(struct search *search)
{
	for (size_t i = 0; i < search->count; i++) {
		struct object *object = &search->objects[i];

		for (size_t j = 0; j < object->needed.count; j++)
			free(object->needed.items[j]);
		free(object->needed.items);
		free(object->name);
		free(object->directory);
		free(object->rpath);
		free(object->runpath);
	}
	free(search->objects);
	free(search->missing.text);
	free(search->cache);
}

static int examine(const char *path, const char *guest_path, const struct mapping *mapping, struct elf_closure *closure,
	struct dory_error *err)
{
	struct search search = {.closure = closure};
	struct elf_header header;
	int result;

	if (mapping->length > 2 && memcmp(mapping->bytes, "#!", 2) == 0)
		return elf_closure_read_script(
			path, guest_path, (const char *)mapping->bytes, mapping->length, closure, err);
	if (!elf_has_magic(mapping->bytes, mapping->length))
		return error_set(err, DORY_ERROR_NOT_EXECUTABLE,
			"%s is neither an ELF program nor a script that starts with #!", path);
	if (elf_parse_header(mapping->bytes, mapping->length, &header) < 0)
		return error_set(err, DORY_ERROR_NOT_EXECUTABLE, "%s is not a 64-bit ELF program", path);
	if (header.machine != ELF_MACHINE_X86_64)
		return error_set(err, DORY_ERROR_NOT_EXECUTABLE,
			"%s is a program for another architecture (ELF machine %u)", path, header.machine);
	result = find_all(&search, path, guest_path, mapping, &header, err);
	search_release(&search);
	return result;
}

/* A program may go by the name that it is called by: only the directories' symlinks are resolved. Returns owned. */
static char *guest_path_of(const char *path, const char *real)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char *directory = slash ? text_copy_n(path, (size_t)(slash - path) + 1) : text_copy("."),
	     *resolved = realpath(directory, NULL), *result;

	if (!resolved || !*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		result = text_copy(real);
	else
		result = text_format("%s/%s", resolved[1] ? resolved : "", name);
	free(directory);
	free(resolved);
	return result;
}

int elf_closure_find(const char *path, struct elf_closure *closure, struct dory_error *err)
{
	struct elf_closure found = {0};
	char *real = realpath(path, NULL), *guest_path;
	struct mapping mapping;
	int result;

	if (!real || map_file(real, &mapping) < 0) {
		result = errno == EISDIR
				 ? error_set(err, DORY_ERROR_NOT_EXECUTABLE, "%s is not a file", path)
				 : error_set_errno(err,
					   errno == ENOENT || errno == ENOTDIR ? DORY_ERROR_NOT_FOUND : DORY_ERROR_IO,
					   "opening %s", path);
		free(real);
		return result;
	}
	guest_path = guest_path_of(path, real);
	if (access(real, X_OK) < 0) {
		error_set(err, DORY_ERROR_NOT_EXECUTABLE, "%s is not executable", path);
		result = error_hint(err, "If it is a program: chmod +x %s", path);
	} else {
		result = examine(real, guest_path, &mapping, &found, err);
	}
	unmap_file(&mapping);
	free(guest_path);
	free(real);
	if (result < 0) {
		elf_closure_release(&found);
		return -1;
	}
	*closure = found;
	return 0;
}

void elf_closure_release(struct elf_closure *closure)
{
	for (size_t i = 0; i < closure->count; i++) {
		free(closure->files[i].host_path);
		free(closure->files[i].guest_path);
	}
	free(closure->files);
	free(closure->interpreter);
	*closure = (struct elf_closure){0};
}
