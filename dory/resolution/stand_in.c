/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What stands for a package without being one: what is asked of Debian's archive, and what Dory knows itself. That a stand-in is chosen says
 * what of Debian's is needed; without the archive in the pool it stands for whatever may be there.
 */
#include <stdlib.h>
#include <string.h>
#include <solv/poolarch.h>
#include "dory/base/text.h"
#include "dory/package/meets.h"
#include "dory/resolution/solving.h"
#include "dory/runtime/run_manifest.h"

static bool has_package(const struct solving *s, const struct alternative *alternative)
{
	struct alternative any = {.name = alternative->name};

	for (size_t i = 0; i < s->request->available->count; i++)
		if (package_meets(&s->request->available->entries[i].manifest, &any))
			return true;
	return false;
}

/* The version of Capstan's "node-4.4.5" is in its name, and none to compare with. */
char *alternative_debian(const struct alternative *alternative)
{
	const struct builtin_package *builtin = alternative->is_debian ? NULL : builtin_package_find(alternative->name);
	struct alternative real = {.name = alternative->is_debian ? alternative->name : builtin ? (char *)builtin->debian : NULL,
		.operator = alternative->operator, .version = alternative->version};

	return real.name ? alternative_print(&real) : NULL;
}

static const struct stand_in *find(const struct solving *s, Id name)
{
	for (size_t i = 0; i < s->stand_in_count; i++)
		if (pool_id2solvable(s->pool, s->stand_ins[i].id)->name == name)
			return &s->stand_ins[i];
	return NULL;
}

/* Takes the text. */
static void add(struct solving *s, Id name, char *text, const struct alternative *alternative)
{
	struct stand_in *stand_in = array_push(&s->stand_ins, &s->stand_in_count, sizeof(*stand_in));
	const struct alternative any = {.name = alternative->name};
	Solvable *solvable;

	*stand_in = (struct stand_in){.id = repo_add_solvable(s->others), .name = text, .debian = alternative_debian(alternative)};
	solvable = pool_id2solvable(s->pool, stand_in->id);
	solvable->name = name;
	solvable->evr = pool_str2id(s->pool, "0", 1);
	solvable->arch = ARCH_ALL;
	solvable_add_deparray(solvable, SOLVABLE_PROVIDES, name, 0);
	if (!alternative->is_debian) /* for those who conflict with it */
		solvable_add_deparray(solvable, SOLVABLE_PROVIDES, plain_dependency(s->pool, SIGN_PACKAGE, &any), 0);
}

Id stand_in_dependency(struct solving *s, const struct alternative *alternative)
{
	const struct builtin_package *builtin = alternative->is_debian ? NULL : builtin_package_find(alternative->name);
	char *text, *signed_text;
	Id name;

	if (!alternative->is_debian && (!builtin || has_package(s, alternative)))
		return 0;
	text = alternative_print(alternative);
	signed_text = text_format("%s%s", SIGN_STAND_IN, text);
	name = pool_str2id(s->pool, signed_text, 1);
	free(signed_text);
	if (find(s, name))
		free(text);
	else
		add(s, name, text, alternative);
	return name;
}

/* Parsed again: a stand-in's text was one alternative. */
static struct requirement parse(const char *text)
{
	struct requirement requirement = {0};
	struct dory_error impossible;

	if (requirement_parse(text, &requirement, &impossible) < 0)
		abort();
	return requirement;
}

void stand_ins_take_providers(struct solving *s)
{
	const struct package_list *available = s->request->available;

	for (size_t i = 0; i < s->stand_in_count; i++) {
		const struct stand_in *stand_in = &s->stand_ins[i];
		struct requirement asked = parse(stand_in->name);

		for (size_t k = 0; k < available->count && asked.alternatives[0].is_debian; k++)
			if (available->entries[k].manifest.provides.count > 0 &&
				package_meets(&available->entries[k].manifest, &asked.alternatives[0]))
				solvable_add_deparray(pool_id2solvable(s->pool, s->first + (Id)k), SOLVABLE_PROVIDES,
					pool_id2solvable(s->pool, stand_in->id)->name, 0);
		requirement_release(&asked);
	}
}

static void add_needs(struct solving *s, const struct stand_in *stand_in)
{
	Solvable *solvable = pool_id2solvable(s->pool, stand_in->id);
	struct requirement real = parse(stand_in->debian);
	const struct alternative *one = &real.alternatives[0];
	Id exactly = archive_exactly(&s->archive, plain_dependency(s->pool, "", one));
	Queue companions;

	solvable_add_deparray(solvable, SOLVABLE_REQUIRES, exactly, 0);
	if (!*pool_whatprovides_ptr(s->pool, exactly))
		MAPSET(&s->impossible, stand_in->id);
	queue_init(&companions);
	archive_companions(&s->archive, one->name, &companions);
	for (int i = 0; i < companions.count; i++)
		solvable_add_deparray(solvable, SOLVABLE_REQUIRES, companions.elements[i], 0);
	queue_free(&companions);
	requirement_release(&real);
}

/* dory.lock is one that requires just the versions that it names. */
static int add_lock_needs(struct solving *s)
{
	const struct text_list *locked = s->request->locked;

	for (size_t i = 0; locked && i < locked->count; i++) {
		struct requirement requirement;

		if (requirement_parse(locked->items[i], &requirement, s->err) < 0)
			return error_wrap(s->err, "dory.lock");
		solvable_add_deparray(pool_id2solvable(s->pool, s->lock), SOLVABLE_REQUIRES,
			archive_exactly(&s->archive, plain_dependency(s->pool, "", &requirement.alternatives[0])), 0);
		requirement_release(&requirement);
	}
	return 0;
}

int stand_ins_add_needs(struct solving *s)
{
	for (size_t i = 0; i < s->stand_in_count; i++)
		if (s->stand_ins[i].debian)
			add_needs(s, &s->stand_ins[i]);
	return s->lock ? add_lock_needs(s) : 0;
}

const struct stand_in *stand_in_of(const struct solving *s, Id id)
{
	for (size_t i = 0; i < s->stand_in_count; i++)
		if (s->stand_ins[i].id == id)
			return &s->stand_ins[i];
	return NULL;
}

void stand_ins_release(struct solving *s)
{
	for (size_t i = 0; i < s->stand_in_count; i++) {
		free(s->stand_ins[i].name);
		free(s->stand_ins[i].debian);
	}
	free(s->stand_ins);
}
