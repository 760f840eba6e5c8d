/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From what a project requires to the packages that go into its image, in the order in which they are laid over each
 * other: a package stands behind all that it requires, so that its files win over theirs, and each stands there once.
 * Where packages require each other in a circle, the one that is met first stands behind the others of it.
 */
#pragma once
#include "dory/manifest/requirement.h"
#include "dory/package/source.h"

struct resolved_package {
	struct package_entry *entry; /* of the list given */
	struct text_list because;    /* "NAME requires REQUIREMENT" */
};

struct resolution {
	struct resolved_package *packages;
	size_t count;
	struct text_list debian;          /* "NAME" or "NAME OPERATOR VERSION": Debian's packages */
	struct text_list notes;           /* for people: what stands for what */
};

/* `root`: the project; its files are not among the result. `more`: requirements beside its own, for "--require". */
struct resolve_request {
	const struct package_manifest *root;
	const struct text_list *more;
	const struct package_list *available;
	const struct text_list *refused; /* "NAME OPERATOR VERSION": what Debian's archive does not have; may be NULL */
	const char *architecture; /* Debian's word */
};

/*
 * Errors: NOT_FOUND (a package that nobody has: *missing, if not NULL, gets its name, owned), CONFLICT: who asks
 * for what, and why it cannot be.
 */
int package_resolve(const struct resolve_request *request, struct resolution *resolution, char **missing,
	struct dory_error *err) must_check;
void resolution_release(struct resolution *resolution);

/* Does a package meet an alternative, by its name or by what it provides? */
bool package_meets(const struct package_manifest *manifest, const struct alternative *alternative);
/* Does version `has` lie where the alternative wants it? */
bool version_meets(const char *has, const struct alternative *alternative);
