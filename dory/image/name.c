/* SPDX-License-Identifier: BSD-3-Clause */
/* Names of images, and of their directories. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"
#include "dory/image/store.h"

enum { NAME_MAX_LENGTH = 128 };

static int refuse(const char *name, const char *why, struct dory_error *err)
{
	error_set(err, DORY_ERROR_USAGE, "\"%.140s\" cannot be the name of an image: %s", name, why);
	return error_hint(err,
		"A name has letters, digits and . _ + : @ -, and may have one '/' in it, as in web or tools/web:2.");
}

int image_name_check(const char *name, struct dory_error *err)
{
	size_t length = strlen(name);
	unsigned slashes = 0;

	if (length == 0)
		return refuse(name, "it is empty", err);
	if (length > NAME_MAX_LENGTH)
		return refuse(name, "it has more than 128 characters", err);
	for (size_t i = 0; i < length; i++) {
		bool starts = i == 0 || name[i - 1] == '/';

		if (name[i] == '/' && (starts || i + 1 == length || ++slashes > 1))
			return refuse(name, "a '/' stands alone between two parts", err);
		if (starts && (name[i] == '.' || name[i] == '-'))
			return refuse(name, "no part starts with '.' or '-'", err);
		if (!isalnum((unsigned char)name[i]) && !strchr("._+:@-/", name[i]))
			return refuse(name, "it has a character that is not allowed", err);
	}
	return 0;
}

char *store_directory(const char *root)
{
	return text_format("%s/images", root);
}

char *store_path(const char *root, const char *prefix, const char *name, const char *suffix)
{
	char *path = text_format("%s/images/%s%s%s", root, prefix, name, suffix);
	char *slash = strchr(path + strlen(path) - strlen(name) - strlen(suffix), '/');

	if (slash)
		*slash = '%';
	return path;
}

char *store_name_of(const char *entry)
{
	struct dory_error ignored;
	char *name = text_copy(entry), *percent = strchr(name, '%');

	if (percent)
		*percent = '/';
	if (image_name_check(name, &ignored) == 0)
		return name;
	free(name);
	return NULL;
}
