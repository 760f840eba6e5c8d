/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Small worlds of packages of ours and Debian's, made by chance, resolved, and beside it every choice of versions tried: there is a solution if and only if
 * one of these is one, what is chosen is one, and of the project's alternatives it is the first that is in any.
 */
#include "dory/resolution/archive_for_test.h"
#include "dory/resolution/list_for_test.h"

enum { OURS = 3, DEBIANS = 4, NAMES = OURS + DEBIANS, VERSIONS = 2, WORLDS = 120, WANTS_MAX = 2 };

/* One alternative: a version (1, 2, or 3, which there is not) of a name lies where it wants it; operators as in requirement.h. */
struct one {
	unsigned name, operator, version;
};
struct want {
	struct one alternatives[2];
	unsigned count;
};
struct made_package {
	struct want wants[WANTS_MAX];
	unsigned want_count;
	struct one conflict;
	bool has_conflict;
};
struct world {
	struct made_package packages[NAMES][VERSIONS];
	struct want project;
};

static bool is_debian(unsigned name)
{
	return name >= OURS;
}

static bool is_met(const struct one *one, const unsigned *chosen)
{
	const unsigned has = chosen[one->name], version = one->version;
	const bool answers[] = {true, has == version, has < version, has <= version, has > version, has >= version};

	return has > 0 && answers[one->operator];
}

static bool is_want_met(const struct want *want, const unsigned *chosen)
{
	for (unsigned i = 0; i < want->count; i++)
		if (is_met(&want->alternatives[i], chosen))
			return true;
	return false;
}

/* `chosen`: the version of each name; 0: it is left out. */
static bool is_solution(const struct world *world, const unsigned *chosen)
{
	if (!is_want_met(&world->project, chosen))
		return false;
	for (unsigned name = 0; name < NAMES; name++) {
		const struct made_package *package = chosen[name] ? &world->packages[name][chosen[name] - 1] : NULL;

		for (unsigned i = 0; package && i < package->want_count; i++)
			if (!is_want_met(&package->wants[i], chosen))
				return false;
		if (package && package->has_conflict && is_met(&package->conflict, chosen))
			return false;
	}
	return true;
}

/* The first alternative of the project's that is met by any solution; its count if there is no solution. */
static unsigned first_possible(const struct world *world)
{
	unsigned choices = 1, best = world->project.count;

	for (unsigned i = 0; i < NAMES; i++)
		choices *= VERSIONS + 1;
	for (unsigned choice = 0; choice < choices; choice++) {
		unsigned chosen[NAMES], rest = choice;

		for (unsigned name = 0; name < NAMES; name++, rest /= VERSIONS + 1)
			chosen[name] = rest % (VERSIONS + 1);
		for (unsigned i = 0; i < best; i++)
			if (is_met(&world->project.alternatives[i], chosen) && is_solution(world, chosen))
				best = i;
	}
	return best;
}

static unsigned any(unsigned below)
{
	return (unsigned)(test_random() % below);
}

static struct one make_one(bool of_debian)
{
	return (struct one){.name = of_debian ? OURS + any(DEBIANS) : any(NAMES), .operator = any(6), .version = 1 + any(VERSIONS + 1)};
}

static struct want make_want(bool of_debian)
{
	return (struct want){.alternatives = {make_one(of_debian), make_one(of_debian)}, .count = 1 + any(2)};
}

static void make_world(struct world *world)
{
	*world = (struct world){.project = make_want(false)};
	world->project.count = 2;
	for (unsigned name = 0; name < NAMES; name++)
		for (unsigned version = 0; version < VERSIONS; version++) {
			struct made_package *package = &world->packages[name][version];

			package->want_count = any(WANTS_MAX + 1);
			for (unsigned i = 0; i < package->want_count; i++)
				package->wants[i] = make_want(is_debian(name));
			package->conflict = make_one(is_debian(name));
			package->has_conflict = any(2) && package->conflict.name != name;
		}
}

static void print_one(struct text_buffer *text, const struct one *one, bool for_debian)
{
	static const char *const ours[] = {"", "=", "<", "<=", ">", ">="}, *const debians[] = {"", "=", "<<", "<=", ">>", ">="};

	text_append_format(text, "%sn%u", is_debian(one->name) && !for_debian ? "deb:" : "", one->name);
	if (one->operator)
		text_append_format(text, for_debian ? " (%s %u)" : " %s %u", (for_debian ? debians : ours)[one->operator], one->version);
}

static void print_want(struct text_buffer *text, const struct want *want, bool for_debian)
{
	for (unsigned i = 0; i < want->count; i++) {
		text_append_format(text, i ? " | " : "");
		print_one(text, &want->alternatives[i], for_debian);
	}
}

static void add_debian(struct test_archive *archive, unsigned name, unsigned version, const struct made_package *package)
{
	char *name_text = text_format("n%u", name), *version_text = text_format("%u", version);
	struct text_buffer fields = {0};

	text_append(&fields, "", 0);
	for (unsigned i = 0; i < package->want_count; i++) {
		text_append_format(&fields, i ? ", " : "Depends: ");
		print_want(&fields, &package->wants[i], true);
	}
	text_append_format(&fields, package->want_count ? "\n" : "");
	if (package->has_conflict) {
		text_append_format(&fields, "Conflicts: ");
		print_one(&fields, &package->conflict, true);
		text_append_format(&fields, "\n");
	}
	test_archive_add(archive, name_text, version_text, fields.text);
	free(fields.text);
	free(name_text);
	free(version_text);
}

static void add_ours(struct package_list *list, unsigned name, unsigned version, const struct made_package *package)
{
	char *name_text = text_format("n%u", name), *version_text = text_format("%u", version);
	struct text_buffer more = {0};

	text_append_format(&more, "require: [");
	for (unsigned i = 0; i < package->want_count; i++) {
		text_append_format(&more, "%s'", i ? ", " : "");
		print_want(&more, &package->wants[i], false);
		text_append_format(&more, "'");
	}
	text_append_format(&more, "]\n");
	if (package->has_conflict) {
		text_append_format(&more, "conflicts: ['");
		print_one(&more, &package->conflict, false);
		text_append_format(&more, "']\n");
	}
	test_list_add(list, name_text, version_text, more.text);
	free(more.text);
	free(name_text);
	free(version_text);
}

static bool choose(const struct resolution *resolution, unsigned *chosen)
{
	bool is_each_once = true;

	for (size_t i = 0; i < resolution->count; i++) {
		const struct package_manifest *manifest = &resolution->packages[i].entry->manifest;
		unsigned *place = &chosen[manifest->name[1] - '0'];

		is_each_once &= !*place;
		*place = (unsigned)(*manifest->version - '0');
	}
	for (size_t i = 0; i < resolution->set.count; i++) {
		unsigned *place = &chosen[resolution->set.packages[i].name[1] - '0'];

		is_each_once &= !*place;
		*place = (unsigned)(*resolution->set.packages[i].version - '0');
	}
	return is_each_once;
}

static unsigned seen[3]; /* worlds whose first, second and no alternative is possible */

static bool is_as_it_should_be(const struct world *world, const struct resolve_request *request)
{
	unsigned chosen[NAMES] = {0}, first = first_possible(world);
	struct resolution resolution;
	struct dory_error err = {0};
	bool is_right;

	seen[first]++;
	if (package_resolve(request, &resolution, NULL, &err) < 0) {
		is_right = first == world->project.count && strstr(err.message, "app requires ");
	} else {
		is_right = choose(&resolution, chosen) && is_solution(world, chosen) && is_met(&world->project.alternatives[first], chosen);
		resolution_release(&resolution);
	}
	if (!is_right) {
		printf("# alternative %u is possible; chosen:", first);
		for (unsigned i = 0; i < NAMES; i++)
			printf(" n%u=%u", i, chosen[i]);
		printf("; %s\n", err.message);
	}
	return is_right;
}

static bool try_world(const struct world *world)
{
	struct test_archive archive = {0};
	struct package_list list = {0};
	struct text_buffer require = {0};
	struct package_manifest app;
	struct resolve_request request = {.root = &app, .available = &list, .architecture = "amd64", .archive = &archive.config};
	bool is_right;

	for (unsigned name = 0; name < NAMES; name++)
		for (unsigned version = 1; version <= VERSIONS; version++) {
			if (is_debian(name))
				add_debian(&archive, name, version, &world->packages[name][version - 1]);
			else
				add_ours(&list, name, version, &world->packages[name][version - 1]);
		}
	test_archive_start(&archive);
	text_append_format(&require, "'");
	print_want(&require, &world->project, false);
	text_append_format(&require, "'");
	app = test_project(require.text);
	is_right = is_as_it_should_be(world, &request);
	if (!is_right)
		printf("# app requires %s\n%s\n", require.text, archive.packages.text);
	free(require.text);
	package_manifest_release(&app);
	package_list_release(&list);
	test_archive_end(&archive);
	return is_right;
}

TEST(what_is_chosen_is_a_solution_if_there_is_one)
{
	struct world world;

	for (int i = 0; i < WORLDS; i++) {
		make_world(&world);
		CHECK(try_world(&world));
	}
	CHECK(seen[0] > 0 && seen[1] > 0 && seen[2] > 0);
}

TEST_MAIN()
