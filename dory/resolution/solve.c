/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Resolution through libsolv: every package of every repository is a solvable of one pool; the project is one that has to be installed. Debian's
 * archive joins the pool if the request says so, and what is asked of it is then asked for in the same solution.
 */
#include <stdlib.h>
#include <string.h>
#include <solv/poolarch.h>
#include <solv/transaction.h>
#include "dory/base/text.h"
#include "dory/repository/preferences.h"
#include "dory/repository/solv_file.h"
#include "dory/resolution/compose_order.h"
#include "dory/resolution/solving.h"

static int add_all(struct solving *s)
{
	const struct resolve_request *request = s->request;

	if (request->archive && archive_pool_init(&s->archive, request->archive, request->refresh, s->pool, s->err) < 0)
		return -1;
	if (packages_add(s) < 0)
		return -1;
	if (!request->archive || !request->locked || request->locked->count == 0)
		return 0;
	s->lock = repo_add_solvable(s->project);
	pool_id2solvable(s->pool, s->lock)->name = pool_str2id(s->pool, SIGN_PACKAGE "dory.lock", 1);
	pool_id2solvable(s->pool, s->lock)->evr = pool_str2id(s->pool, "0", 1);
	pool_id2solvable(s->pool, s->lock)->arch = ARCH_ALL;
	return 0;
}

static int add_jobs(struct solving *s)
{
	pool_createwhatprovides(s->pool);
	map_init(&s->impossible, s->pool->nsolvables);
	if (s->archive.pool && stand_ins_add_needs(s) < 0)
		return -1;
	queue_push2(&s->jobs, SOLVER_INSTALL | SOLVER_SOLVABLE, s->root);
	if (s->lock)
		queue_push2(&s->jobs, SOLVER_INSTALL | SOLVER_SOLVABLE, s->lock);
	if (s->archive.pool)
		preferences_favour(s->pool, &s->impossible, &s->jobs);
	wishes_add(s);
	return 0;
}

static void take_stand_in(const struct stand_in *stand_in, struct resolution *resolution)
{
	bool is_asked_for = strncmp(stand_in->name, "deb:", 4) == 0;

	if (!is_asked_for)
		text_list_take(&resolution->notes, stand_in->debian ? text_format("deb:%s stands for %s", stand_in->debian, stand_in->name)
								    : text_format("%s is not needed", stand_in->name));
	if (stand_in->debian && !text_list_has(&resolution->debian, stand_in->debian))
		text_list_add(&resolution->debian, stand_in->debian);
}

/* By their places in the list and among the stand-ins, so that the same request can be answered again. */
static void take_choice(const struct solving *s, const bool *chosen, const bool *stands_in, struct resolution *resolution)
{
	struct text_buffer choice = {0};

	text_append(&choice, "", 0);
	for (size_t i = 0; i < s->request->available->count; i++)
		if (chosen[i])
			text_append_format(&choice, "%zu ", i);
	text_append_format(&choice, "=");
	for (size_t i = 0; i < s->stand_in_count; i++) {
		if (!stands_in[i])
			continue;
		text_append_format(&choice, " %zu", i);
		take_stand_in(&s->stand_ins[i], resolution);
	}
	resolution->choice = choice.text;
	order_for_composition(s->request, chosen, resolution);
	text_list_sort(&resolution->debian);
}

static bool *flags_new(size_t count)
{
	bool *flags = calloc(count + 1, sizeof(*flags));

	if (!flags)
		abort();
	return flags;
}

static void mark(const struct solving *s, Id id, bool *chosen, bool *stands_in)
{
	const struct stand_in *stand_in = stand_in_of(s, id);

	if (stand_in)
		stands_in[stand_in - s->stand_ins] = true;
	else if (s->first && id >= s->first && (size_t)(id - s->first) < s->request->available->count)
		chosen[id - s->first] = true;
}

static int take_solution(const struct solving *s, Solver *solver, struct resolution *resolution)
{
	Transaction *transaction = solver_create_transaction(solver);
	bool *chosen = flags_new(s->request->available->count), *stands_in = flags_new(s->stand_in_count);
	int result = 0;

	for (int i = 0; i < transaction->steps.count; i++)
		mark(s, transaction->steps.elements[i], chosen, stands_in);
	take_choice(s, chosen, stands_in, resolution);
	if (s->archive.pool)
		result = archive_take(&s->archive, &transaction->steps, &resolution->set, s->err);
	transaction_free(transaction);
	free(stands_in);
	free(chosen);
	return result;
}

static int solve(struct solving *s, struct resolution *resolution)
{
	Solver *solver;
	int result;

	if (add_jobs(s) < 0)
		return -1;
	solver = solver_create(s->pool);
	solver_set_flag(solver, SOLVER_FLAG_IGNORE_RECOMMENDED, 1);
	solver_set_flag(solver, SOLVER_FLAG_ALLOW_UNINSTALL, 1); /* of what is only taken as installed */
	if (wishes_solve(s, solver) != 0)
		result = solving_explain(s, solver);
	else
		result = take_solution(s, solver, resolution);
	solver_free(solver);
	return result;
}

/* Marks the places that the text names; false if it names others. */
static bool take_places(const char **text, bool *flags, size_t count)
{
	char *end;

	for (*text += strspn(*text, " "); **text >= '0' && **text <= '9'; *text = end + strspn(end, " ")) {
		unsigned long place = strtoul(*text, &end, 10);

		if (place >= count)
			return false;
		flags[place] = true;
	}
	return true;
}

static int choose_again(const struct solving *s, struct resolution *resolution)
{
	bool *chosen = flags_new(s->request->available->count), *stands_in = flags_new(s->stand_in_count);
	const char *text = s->request->choice;
	bool is_sound = take_places(&text, chosen, s->request->available->count) && *text++ == '=' &&
			take_places(&text, stands_in, s->stand_in_count) && !*text;

	if (is_sound)
		take_choice(s, chosen, stands_in, resolution);
	free(stands_in);
	free(chosen);
	return is_sound ? 0 : error_set(s->err, DORY_ERROR_FORMAT, "what was chosen before is not understood");
}

int package_resolve(const struct resolve_request *request, struct resolution *resolution, char **missing, struct dory_error *err)
{
	struct solving s = {.request = request, .missing = missing, .err = err};
	int result;

	*resolution = (struct resolution){0};
	if (missing)
		*missing = NULL;
	queue_init(&s.jobs);
	s.pool = solv_pool_new(request->architecture);
	result = add_all(&s);
	if (result == 0)
		result = request->choice ? choose_again(&s, resolution) : solve(&s, resolution);
	stand_ins_release(&s);
	map_free(&s.impossible);
	queue_free(&s.jobs);
	if (s.archive.pool)
		archive_pool_fini(&s.archive);
	pool_free(s.pool);
	if (result < 0)
		resolution_release(resolution);
	return result;
}

const struct debian_package *resolution_find_debian(const struct resolution *resolution, const struct alternative *alternative)
{
	char *text = alternative_debian(alternative), *name = text ? text_copy_n(text, strcspn(text, " ")) : NULL;
	const struct debian_package *found = NULL;

	for (size_t i = 0; text && text_list_has(&resolution->debian, text) && i < resolution->set.count && !found; i++)
		if (strcmp(resolution->set.packages[i].name, name) == 0)
			found = &resolution->set.packages[i];
	free(name);
	free(text);
	return found;
}
