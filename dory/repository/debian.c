/* SPDX-License-Identifier: BSD-3-Clause */
/* Sets of Debian's packages, and the fingerprint of what they are resolved over. */
#include "debian.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "index.h"
#include "dory/base/digest.h"
#include "dory/base/text.h"

void debian_set_release(struct debian_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		free(set->packages[i].name);
		free(set->packages[i].version);
		free(set->packages[i].architecture);
		free(set->packages[i].url);
		free(set->packages[i].path);
		text_list_release(&set->packages[i].needed_by);
	}
	free(set->packages);
	*set = (struct debian_set){0};
}

/* Changes whenever the same names over the same indices may give another solution. */
static const char resolve_rules_version[] = "2";

/* A .solv file is only ever replaced by another one: its inode, size and time tell which one it is. */
static int append_state(const char *path, bool is_optional, void *context)
{
	struct text_buffer *text = context;
	struct stat status;

	if (stat(path, &status) == 0)
		text_append_format(text, "%s %llu %lld %lld.%09ld\n", path, (unsigned long long)status.st_ino,
		    (long long)status.st_size, (long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
	return 0;
}

int debian_fingerprint(const struct dory_config *config, const char *const *names, size_t count, char digest[65],
    struct dory_error *err)
{
	struct text_buffer text = {0};
	struct index_list list;
	size_t cached = 0;

	if (index_list_init(&list, config, err) < 0)
		return -1;
	text_append_format(&text, "%s %s\n", resolve_rules_version, config->architecture);
	for (size_t i = 0; i < count; i++)
		text_append_format(&text, "%s\n", names[i]);
	for (size_t i = 0; i < list.count; i++) {
		cached += index_is_cached(&list.indices[i], config->architecture);
		index_each_solv(&list.indices[i], config->architecture, append_state, &text);
	}
	digest_sha256(text.text, text.length, digest);
	free(text.text);
	index_list_fini(&list);
	return cached > 0 ? 0 : error_set(err, DORY_ERROR_NOT_FOUND, "no package lists are cached");
}
