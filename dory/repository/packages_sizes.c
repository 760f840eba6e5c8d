/* SPDX-License-Identifier: BSD-3-Clause */
/* A scanner for two fields of Packages files, "Size:" and "SHA256:". */
#include "packages_sizes.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "dory/base/text.h"

static void end_stanza(struct packages_sizes *sizes)
{
	if (sizes->current.sha256[0] && sizes->current.size)
		*(struct package_size *)array_push(&sizes->packages, &sizes->count, sizeof(*sizes->packages)) = sizes->current;
	sizes->current = (struct package_size){0};
}

static void end_line(struct packages_sizes *sizes)
{
	const char *line = sizes->line;

	sizes->line[sizes->line_length] = '\0';
	if (sizes->line_length == 0)
		end_stanza(sizes);
	else if (strncasecmp(line, "Size:", 5) == 0)
		sizes->current.size = strtoull(line + 5, NULL, 10);
	else if (strncasecmp(line, "SHA256:", 7) == 0)
		text_cut_to(sizes->current.sha256, sizeof(sizes->current.sha256), line + 7 + strspn(line + 7, " \t"));
	sizes->line_length = 0;
}

void packages_sizes_take(struct packages_sizes *sizes, const char *bytes, size_t length)
{
	const char *end = bytes + length;

	while (bytes < end) {
		const char *newline = memchr(bytes, '\n', (size_t)(end - bytes)), *stop = newline ? newline : end;
		size_t room = sizeof(sizes->line) - 1 - sizes->line_length, n = (size_t)(stop - bytes);

		n = n < room ? n : room;
		memcpy(sizes->line + sizes->line_length, bytes, n);
		sizes->line_length += n;
		if (newline)
			end_line(sizes);
		bytes = newline ? newline + 1 : end;
	}
}

void packages_sizes_end(struct packages_sizes *sizes)
{
	end_line(sizes);
	end_stanza(sizes);
}

void packages_sizes_fini(struct packages_sizes *sizes)
{
	free(sizes->packages);
	*sizes = (struct packages_sizes){0};
}
