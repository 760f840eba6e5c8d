/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Alternatives (update-alternatives(1)): of the programs that can be /usr/bin/awk, the one of the highest priority is,
 * through a link in /etc/alternatives. Scripts say so with --install LINK NAME PATH PRIORITY [--slave LINK NAME
 * PATH]...
 */
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"
#include "dory/compose/fixup.h"
#include "dory/compose/script.h"

struct alternative {
	char *link, *name, *path;
	long priority;
};

struct alternatives {
	struct tree *tree;
	struct alternative *items; /* the best for each link */
	size_t count;
};

static void offer(struct alternatives *list, const char *link, const char *name, const char *path, long priority)
{
	struct alternative *item = NULL;

	if (!script_is_known(link) || !script_is_known(name) || !script_is_known(path) || *link != '/' ||
		*path != '/' || strchr(name, '/'))
		return;
	if (!tree_find(list->tree, path, true) || package_is_documentation(link + 1))
		return;
	for (size_t i = 0; i < list->count && !item; i++)
		if (strcmp(list->items[i].link, link) == 0)
			item = &list->items[i];
	if (item && item->priority >= priority)
		return;
	if (!item) {
		item = array_push(&list->items, &list->count, sizeof(*item));
		item->link = text_copy(link);
	}
	text_replace(&item->name, text_copy(name));
	text_replace(&item->path, text_copy(path));
	item->priority = priority;
}

static void take_command(void *context, char **words, unsigned count)
{
	struct alternatives *list = context;
	long priority = 0;
	unsigned i = 1;

	if (strcmp(words[0], "update-alternatives") != 0 && strcmp(words[0], "/usr/bin/update-alternatives") != 0)
		return;
	while (i < count) {
		if (strcmp(words[i], "--install") == 0 && i + 4 < count) {
			priority = strtol(words[i + 4], NULL, 10);
			offer(list, words[i + 1], words[i + 2], words[i + 3], priority);
			i += 5;
		} else if (strcmp(words[i], "--slave") == 0 && i + 3 < count) {
			offer(list, words[i + 1], words[i + 2], words[i + 3], priority);
			i += 4;
		} else {
			i++;
		}
	}
}

static int add_links(const struct alternatives *list, struct dory_error *err)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct alternative *item = &list->items[i];
		char *between = text_format("/etc/alternatives/%s", item->name);
		int result = fixup_add_link(list->tree, between, item->path, err);

		if (result == 0)
			result = fixup_add_link(list->tree, item->link, between, err);
		free(between);
		if (result < 0)
			return -1;
	}
	return 0;
}

/* The JDK's script computes what it links. Its programs all stand in one directory. */
static void offer_java(struct alternatives *list)
{
	const struct tree_node *machines = tree_find(list->tree, "/usr/lib/jvm", true);

	for (const struct tree_node *jvm = machines ? machines->children : NULL; jvm; jvm = jvm->next) {
		char *directory = text_format("/usr/lib/jvm/%s/bin", jvm->name);
		const struct tree_node *programs =
			S_ISDIR(jvm->inode->mode) ? tree_find(list->tree, directory, true) : NULL;

		for (const struct tree_node *program = programs ? programs->children : NULL; program;
			program = program->next) {
			char *link = text_format("/usr/bin/%s", program->name),
			     *path = text_format("%s/%s", directory, program->name);

			offer(list, link, program->name, path, 0);
			free(link);
			free(path);
		}
		free(directory);
	}
}

int fixup_alternatives(const struct fixup *fixup, struct dory_error *err)
{
	struct alternatives list = {.tree = fixup->tree};
	int result;

	for (size_t i = 0; i < fixup->count; i++) {
		const char *script = package_control(fixup->packages[i].package, "postinst");

		if (script)
			script_walk(script, take_command, &list);
	}
	offer_java(&list);
	result = add_links(&list, err);
	for (size_t i = 0; i < list.count; i++) {
		free(list.items[i].link);
		free(list.items[i].name);
		free(list.items[i].path);
	}
	free(list.items);
	return result;
}
