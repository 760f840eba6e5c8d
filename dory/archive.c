/* SPDX-License-Identifier: BSD-3-Clause */
/* Debian's packages by their names, from the archive or from what is here. */
#include "dory/parts.h"

enum debian_refresh archive_refresh(enum dory_refresh refresh)
{
	return refresh == DORY_REFRESH_NOW ? DEBIAN_ALWAYS : refresh == DORY_REFRESH_NEVER ? DEBIAN_OFFLINE : DEBIAN_IF_OLD;
}

int archive_fetch(const struct dory_config *config, enum dory_refresh refresh, struct debian_set *set, struct dory_error *err)
{
	for (size_t i = 0; refresh == DORY_REFRESH_NEVER && i < set->count; i++) {
		if (debian_package_is_cached(config, &set->packages[i]))
			continue;
		error_set(err, DORY_ERROR_NOT_FOUND, "the package deb:%s %s is not here", set->packages[i].name, set->packages[i].version);
		return error_hint(err, "Fetch it once without --offline.");
	}
	return debian_fetch(config, set, err);
}

int packages_get(const struct dory_config *config, const char *const *names, size_t count, enum dory_refresh refresh,
	struct debian_set *set, struct dory_error *err)
{
	if (resolved_find(config, names, count, refresh, NULL, set))
		return 0;
	if (debian_resolve(config, names, count, archive_refresh(refresh), set, err) < 0)
		return -1;
	if (archive_fetch(config, refresh, set, err) < 0) {
		debian_set_release(set);
		return -1;
	}
	resolved_keep(config, names, count, NULL, set);
	return 0;
}
