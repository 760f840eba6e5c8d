/* SPDX-License-Identifier: BSD-3-Clause */
/* Packages beside what is asked for, one by one. */
#include "dory/package/meets.h"
#include <string.h>
#include "dory/package/source.h"

bool version_meets(const char *has, const struct alternative *alternative)
{
	int order = alternative->version ? package_version_compare(*has ? has : "0", alternative->version) : 0;

	switch (alternative->operator) {
	case REQUIREMENT_ANY:
		return true;
	case REQUIREMENT_EQUAL:
		return order == 0;
	case REQUIREMENT_LESS:
		return order < 0;
	case REQUIREMENT_LESS_EQUAL:
		return order <= 0;
	case REQUIREMENT_GREATER:
		return order > 0;
	case REQUIREMENT_GREATER_EQUAL:
		return order >= 0;
	}
	return false;
}

static bool provides(const struct package_manifest *manifest, const struct alternative *alternative)
{
	bool is_met = false;

	for (size_t i = 0; i < manifest->provides.count && !is_met; i++) {
		struct requirement provided;
		struct dory_error ignored;

		if (requirement_parse(manifest->provides.items[i], &provided, &ignored) < 0)
			continue;
		is_met = provided.alternatives[0].is_debian == alternative->is_debian &&
			 strcmp(provided.alternatives[0].name, alternative->name) == 0 &&
			 (alternative->operator == REQUIREMENT_ANY ||
				 (provided.alternatives[0].version && version_meets(provided.alternatives[0].version, alternative)));
		requirement_release(&provided);
	}
	return is_met;
}

bool package_meets(const struct package_manifest *manifest, const struct alternative *alternative)
{
	if (!alternative->is_debian && strcmp(manifest->name, alternative->name) == 0)
		return version_meets(manifest->version, alternative);
	return provides(manifest, alternative);
}
