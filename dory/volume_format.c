/* SPDX-License-Identifier: BSD-3-Clause */
/* Volumes that are there: which, and of what format where nobody said one. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "dory/disk/disk.h"
#include "dory/volumes.h"

enum { METADATA_MAX = 4096 };

/* What NAME.yaml beside it says: a mapping with one key of ours, which needs no reader of YAML. */
static bool read_metadata(const char *path, char *format, size_t size)
{
	static const char key[] = "format:";
	char *yaml = text_format("%s.yaml", path), *text = NULL, *rest, *line;
	struct dory_error ignored;
	bool is_found = false;
	size_t length;

	if (file_read(yaml, METADATA_MAX, &text, &length, &ignored) == 0) {
		rest = text;
		while (!is_found && (line = strsep(&rest, "\r\n"))) {
			if (strncmp(line, key, strlen(key)) != 0)
				continue;
			line += strlen(key);
			line += strspn(line, " \t\"'");
			line[strcspn(line, " \t\"'#")] = '\0';
			text_cut_to(format, size, line);
			is_found = *line != '\0';
		}
	}
	free(text);
	free(yaml);
	return is_found;
}

static const char *recognize(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	const char *format = fd < 0 ? "raw" : disk_format_recognize(fd);

	if (fd >= 0)
		close(fd);
	return format;
}

/* By its content alone nothing but raw is taken: whoever writes to a raw disk could make it look like one that refers to other files. */
int dory_volume_format(const char *path, char format[VOLUME_FORMAT_SIZE], struct dory_error *err)
{
	const char *looks_like;

	if (read_metadata(path, format, VOLUME_FORMAT_SIZE))
		return 0;
	looks_like = recognize(path);
	strcpy(format, "raw");
	if (strcmp(looks_like, "raw") == 0)
		return 0;
	error_set(err, DORY_ERROR_USAGE, "the volume %s looks like a disk of the format %s, and nobody says that it is", path, looks_like);
	return error_hint(err, "Write --volume %s:format=%s, or :format=raw if the program is to see these very bytes.", path, looks_like);
}

static int is_shown(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return entry->d_name[0] != '.' && !(length > 5 && strcmp(entry->d_name + length - 5, ".yaml") == 0);
}

int dory_volume_list(const char *project, dory_volume_fn *each, void *context, struct dory_error *err)
{
	char *directory = text_format("%s/volumes", project);
	struct dirent **entries = NULL;
	int count = scandir(directory, &entries, is_shown, alphasort), result = 0;

	if (count < 0 && errno != ENOENT)
		result = error_set_errno(err, DORY_ERROR_IO, "reading the directory %s", directory);
	for (int i = 0; i < count; i++) {
		char *path = text_format("%s/%s", directory, entries[i]->d_name), format[VOLUME_FORMAT_SIZE];
		struct stat st;

		if (!read_metadata(path, format, sizeof(format)))
			text_cut_to(format, sizeof(format), recognize(path));
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
			each(context, entries[i]->d_name, format, (uint64_t)st.st_size);
		free(path);
		free(entries[i]);
	}
	free(entries);
	free(directory);
	return result;
}
