/* SPDX-License-Identifier: BSD-3-Clause */
/* The parser of Release files (Debian wiki, DebianRepository/Format): deb822 fields, one of them a list of digests. */
#include "release.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include "dory/base/digest.h"
#include "dory/base/text.h"

int64_t release_parse_date(const char *text)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm date = {0};
	char month[4], *place;

	if (sscanf(text, "%*3[A-Za-z], %d %3[A-Za-z] %d %d:%d:%d", &date.tm_mday, month, &date.tm_year, &date.tm_hour,
		&date.tm_min, &date.tm_sec) != 6)
		return 0;
	place = strstr(months, month);
	if (!place || (place - months) % 3 != 0 || date.tm_year < 1970 || date.tm_year > 9999)
		return 0;
	date.tm_mon = (int)(place - months) / 3;
	date.tm_year -= 1900;
	return (int64_t)timegm(&date);
}

/* " DIGEST SIZE PATH" */
static bool parse_file(struct release *release, char *line)
{
	struct release_file *file;
	char *cursor = line, *digest, *size, *path, *end;
	uint64_t bytes;

	digest = strtok_r(cursor, " \t", &cursor);
	size = strtok_r(NULL, " \t", &cursor);
	path = strtok_r(NULL, " \t\r", &cursor);
	if (!digest || !size || !path || !digest_is_text(digest) || !isdigit((unsigned char)*size))
		return false;
	bytes = strtoull(size, &end, 10);
	if (*end || *path == '/' || strstr(path, ".."))
		return false;
	file = array_push(&release->files, &release->file_count, sizeof(*file));
	memcpy(file->sha256, digest, sizeof(file->sha256));
	file->size = bytes;
	file->path = text_copy(path);
	return true;
}

static void take_field(struct release *release, const char *name, const char *value)
{
	if (strcasecmp(name, "Origin") == 0)
		text_replace(&release->origin, text_copy(value));
	else if (strcasecmp(name, "Suite") == 0)
		text_replace(&release->suite, text_copy(value));
	else if (strcasecmp(name, "Codename") == 0)
		text_replace(&release->codename, text_copy(value));
	else if (strcasecmp(name, "Architectures") == 0)
		text_replace(&release->architectures, text_copy(value));
	else if (strcasecmp(name, "Date") == 0)
		release->date = release_parse_date(value);
	else if (strcasecmp(name, "Valid-Until") == 0)
		release->valid_until = release_parse_date(value);
	else if (strcasecmp(name, "Acquire-By-Hash") == 0)
		release->has_by_hash = strcasecmp(value, "yes") == 0;
	else if (strcasecmp(name, "NotAutomatic") == 0)
		release->is_not_automatic = strcasecmp(value, "yes") == 0;
	else if (strcasecmp(name, "No-Support-for-Architecture-all") == 0)
		release->is_all_apart = !text_has_word(value, "Packages");
}

/* One line; *in_list: is it below "SHA256:"? */
static bool parse_line(struct release *release, char *line, bool *in_list)
{
	char *colon;

	if (*line == ' ' || *line == '\t')
		return !*in_list || parse_file(release, line + 1);
	colon = strchr(line, ':');
	if (!colon)
		return true;
	*colon++ = '\0';
	colon += strspn(colon, " \t");
	colon[strcspn(colon, "\r")] = '\0';
	*in_list = strcasecmp(line, "SHA256") == 0;
	take_field(release, line, colon);
	return true;
}

int release_parse(const char *text, size_t length, const char *name, struct release *release, struct dory_error *err)
{
	struct release parsed = {.is_all_apart = true};
	char *copy = text_copy_n(text, length), *cursor = copy, *line;
	bool in_list = false;
	size_t number = 0;
	int result = 0;

	while (result == 0 && (line = strsep(&cursor, "\n"))) {
		number++;
		if (!parse_line(&parsed, line, &in_list))
			result = error_set(err, DORY_ERROR_FORMAT, "%s, line %zu: a digest, a size and a path are expected", name, number);
	}
	free(copy);
	if (result == 0 && parsed.file_count == 0)
		result = error_set(err, DORY_ERROR_FORMAT, "%s lists no SHA-256 digests", name);
	if (!parsed.architectures || !text_has_word(parsed.architectures, "all"))
		parsed.is_all_apart = false;
	if (result < 0)
		release_fini(&parsed);
	else
		*release = parsed;
	return result;
}

void release_fini(struct release *release)
{
	for (size_t i = 0; i < release->file_count; i++)
		free(release->files[i].path);
	free(release->files);
	free(release->origin);
	free(release->suite);
	free(release->codename);
	free(release->architectures);
	*release = (struct release){0};
}

const struct release_file *release_find(const struct release *release, const char *path)
{
	for (size_t i = 0; i < release->file_count; i++)
		if (strcmp(release->files[i].path, path) == 0)
			return &release->files[i];
	return NULL;
}
