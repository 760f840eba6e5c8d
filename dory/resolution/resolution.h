/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From what a project requires to the packages that go into its image: one pool with the packages of all repositories and, where
 * something of Debian's may be needed, its archive's; one solution. Packages come in the order in which they are laid over each
 * other: a package stands behind all that it requires, so that its files win over theirs, and each stands there once.
 * Where packages require each other in a circle, the one that is met first stands behind the others of it.
 */
#pragma once
#include "dory/manifest/requirement.h"
#include "dory/package/source.h"
#include "dory/repository/debian.h"

struct resolved_package {
	struct package_entry *entry; /* of the list given */
	struct text_list because;    /* "NAME requires REQUIREMENT" */
};

struct resolution {
	struct resolved_package *packages;
	size_t count;
	struct text_list debian; /* "NAME" or "NAME OPERATOR VERSION": what is asked of Debian's archive */
	struct debian_set set;   /* its packages for that, with all that they need; empty without the archive */
	struct text_list notes;  /* for people: what stands for what */
	char *choice;            /* what was chosen, for resolve_request.choice */
};

/* `root`: the project; its files are not among the result. `more`: requirements beside its own, as of "--require". */
struct resolve_request {
	const struct package_manifest *root;
	const struct text_list *more;
	const struct package_list *available;
	const char *architecture;          /* Debian's word */
	const struct dory_config *archive; /* Debian's, by its settings; NULL: whatever is asked of it is taken to be there */
	enum debian_refresh refresh;       /* of the archive's indices */
	const struct text_list *locked;    /* "NAME=VERSION" of the archive, which must be these; may be NULL */
	const char *choice;                /* of a former resolution of the same request: nothing is solved; NULL */
};

/*
 * Errors: NOT_FOUND (a package that nobody has: *missing, if not NULL, gets its name, owned), CONFLICT: who asks
 * for what, and why it cannot be; those of the archive's indices; FORMAT: a choice that is not one.
 */
int package_resolve(const struct resolve_request *request, struct resolution *resolution, char **missing,
	struct dory_error *err) must_check;
void resolution_release(struct resolution *resolution);

/* What an alternative asks of Debian's archive, where no package of ours meets it: "nodejs >= 18" for "deb:nodejs >= 18" and "node >= 18"; owned. NULL: nothing. */
char *alternative_debian(const struct alternative *alternative);
/* The package of the resolution's set that answers it; NULL: it was not asked for, or the archive was not in the pool. */
const struct debian_package *resolution_find_debian(const struct resolution *resolution, const struct alternative *alternative);
