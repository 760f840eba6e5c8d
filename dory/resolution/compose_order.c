/* SPDX-License-Identifier: BSD-3-Clause */
/* Depth first, behind what is required, each package once; the way down is a list, since circles and long chains are possible. */
#include "dory/resolution/compose_order.h"
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"
#include "dory/package/meets.h"

enum { ROOT = -1 };

/* A package on the way down, and how many of its requirements were looked at. */
struct visit {
	ssize_t index; /* in the list; ROOT: the project */
	size_t next;
};

struct ordering {
	const struct resolve_request *request;
	const bool *chosen;
	bool *is_seen;
	struct text_list *because; /* for each package of the list */
	struct visit *way;
	size_t depth;
	struct resolution *resolution;
};

static const struct package_manifest *manifest_of(const struct ordering *o, ssize_t index)
{
	return index == ROOT ? o->request->root : &o->request->available->entries[index].manifest;
}

static const char *requirement_of(const struct ordering *o, const struct visit *visit)
{
	const struct text_list *own = &manifest_of(o, visit->index)->require, *more = o->request->more;

	if (visit->next < own->count)
		return own->items[visit->next];
	if (visit->index == ROOT && more && visit->next - own->count < more->count)
		return more->items[visit->next - own->count];
	return NULL;
}

static void go_down(struct ordering *o, ssize_t index)
{
	*(struct visit *)array_push(&o->way, &o->depth, sizeof(*o->way)) = (struct visit){.index = index};
}

/* The chosen package that meets a requirement. */
static ssize_t find_chosen(const struct ordering *o, const struct requirement *requirement)
{
	for (size_t k = 0; k < requirement->count; k++)
		for (size_t i = 0; i < o->request->available->count; i++)
			if (o->chosen[i] && package_meets(&o->request->available->entries[i].manifest, &requirement->alternatives[k]))
				return (ssize_t)i;
	return ROOT;
}

static void follow(struct ordering *o, const struct package_manifest *who, const char *text)
{
	struct requirement requirement;
	struct dory_error ignored;
	ssize_t found;

	if (requirement_parse(text, &requirement, &ignored) < 0)
		return;
	found = find_chosen(o, &requirement);
	requirement_release(&requirement);
	if (found == ROOT)
		return;
	text_list_take(&o->because[found], text_format("%s requires %s", who->name, text));
	if (o->is_seen[found])
		return;
	o->is_seen[found] = true;
	go_down(o, found);
}

static void come_up(struct ordering *o, ssize_t index)
{
	struct resolved_package *package;

	o->depth--;
	if (index == ROOT)
		return;
	package = array_push(&o->resolution->packages, &o->resolution->count, sizeof(*package));
	package->entry = &o->request->available->entries[index];
}

void order_for_composition(const struct resolve_request *request, const bool *chosen, struct resolution *resolution)
{
	size_t count = request->available->count;
	struct ordering o = {.request = request, .chosen = chosen, .resolution = resolution};

	o.is_seen = calloc(count + 1, 1);
	o.because = calloc(count + 1, sizeof(*o.because));
	if (!o.is_seen || !o.because)
		abort();
	go_down(&o, ROOT);
	while (o.depth > 0) {
		struct visit *visit = &o.way[o.depth - 1];
		const char *text = requirement_of(&o, visit);

		visit->next++;
		if (text)
			follow(&o, manifest_of(&o, visit->index), text);
		else
			come_up(&o, visit->index);
	}
	for (size_t i = 0; i < resolution->count; i++)
		resolution->packages[i].because = o.because[resolution->packages[i].entry - request->available->entries];
	free(o.because);
	free(o.is_seen);
	free(o.way);
}

void resolution_release(struct resolution *resolution)
{
	for (size_t i = 0; i < resolution->count; i++)
		text_list_release(&resolution->packages[i].because);
	free(resolution->packages);
	text_list_release(&resolution->debian);
	text_list_release(&resolution->notes);
	debian_set_release(&resolution->set);
	free(resolution->choice);
	*resolution = (struct resolution){0};
}
