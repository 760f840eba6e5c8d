/* SPDX-License-Identifier: BSD-3-Clause */
/* Interpreter scripts (execve(2)). */
#include "dory/compose/elf_script.h"
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"

enum { LINE_MAX_LENGTH = 256 }; /* Linux reads no further */

int elf_closure_read_script(const char *path, const char *guest_path, const char *bytes, size_t size,
	struct elf_closure *closure, struct dory_error *err)
{
	size_t length = min_u64(size, LINE_MAX_LENGTH) - 2;
	const char *start = bytes + 2, *end = memchr(start, '\n', length);
	char *line = text_copy_n(start, end ? (size_t)(end - start) : length), *rest = line;
	const char *word = strtok_r(line, " \t\r", &rest), *base;
	struct elf_file *file;

	base = word ? strrchr(word, '/') : NULL;
	if (base && strcmp(base, "/env") == 0) {
		const char *next;

		while ((next = strtok_r(NULL, " \t\r", &rest)) && (*next == '-' || strchr(next, '=')))
			continue;
		word = next ? next : word;
	}
	if (word) {
		file = array_push(&closure->files, &closure->count, sizeof(*file));
		file->host_path = text_copy(path);
		file->guest_path = text_copy(guest_path);
		closure->is_script = true;
		closure->interpreter = text_copy(word);
	}
	free(line);
	return word ? 0 : error_set(err, DORY_ERROR_NOT_EXECUTABLE, "%s names no interpreter behind #!", path);
}
