/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Files, directories and links that scripts make with mkdir(1), cp(1), ucf(1) and ln(1), where the command says all
 * that is needed to know: absolute paths, and a source that is in a package. What is there already stays.
 */
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"
#include "dory/compose/fixup.h"
#include "dory/compose/script.h"

struct files {
	struct tree *tree;
	struct dory_error *err;
	int result;
};

/* The words that are no options; false if one is not known, or none may stand there. */
static bool take_operands(char **words, unsigned count, char **operands, unsigned *operand_count, unsigned max)
{
	*operand_count = 0;
	for (unsigned i = 1; i < count; i++) {
		if (*words[i] == '-')
			continue;
		if (strchr(words[i], '>'))
			break; /* a redirection */
		if (*operand_count == max || *words[i] != '/' || !script_is_known(words[i]))
			return false;
		operands[(*operand_count)++] = words[i];
	}
	return *operand_count > 0;
}

/* Only where scripts keep data of theirs. */
static bool is_for_scripts(const char *path)
{
	static const char *const below[] = {"/etc/", "/var/", "/run/", "/srv/", "/opt/"};

	for (size_t i = 0; i < ARRAY_SIZE(below); i++)
		if (strncmp(path, below[i], strlen(below[i])) == 0)
			return true;
	return false;
}

static void make_directories(struct files *files, char **words, unsigned count)
{
	char *paths[16];
	unsigned n;

	if (!take_operands(words, count, paths, &n, ARRAY_SIZE(paths)))
		return;
	for (unsigned i = 0; i < n && files->result == 0; i++)
		if (is_for_scripts(paths[i]))
			files->result = fixup_add_directory(files->tree, paths[i], 0755, 0, 0, files->err);
}

/* The place of `from` under `to`, which may be a directory; returns owned. */
static char *destination(const struct files *files, const char *from, const char *to)
{
	const struct tree_node *there = tree_find(files->tree, to, true);
	const char *slash = strrchr(from, '/');

	if (there && S_ISDIR(there->inode->mode))
		return text_format("%s/%s", to, slash + 1);
	return text_copy(to);
}

static void copy_file(struct files *files, char **words, unsigned count)
{
	char *operands[2], *path;
	const struct tree_node *from;
	unsigned n;

	if (!take_operands(words, count, operands, &n, 2) || n != 2 || !is_for_scripts(operands[1]))
		return;
	from = tree_find(files->tree, operands[0], true);
	if (!from || !S_ISREG(from->inode->mode))
		return;
	path = destination(files, operands[0], operands[1]);
	if (!tree_find(files->tree, path, false))
		files->result = tree_add(files->tree, path, from->inode, false, NULL, files->err);
	free(path);
}

static void link_file(struct files *files, char **words, unsigned count)
{
	char *operands[2], *path;
	bool is_symbolic = false;
	unsigned n;

	for (unsigned i = 1; i < count; i++)
		is_symbolic |= words[i][0] == '-' && (strchr(words[i], 's') != NULL);
	if (!is_symbolic || !take_operands(words, count, operands, &n, 2) || n != 2 || !is_for_scripts(operands[1]))
		return;
	path = destination(files, operands[0], operands[1]);
	if (tree_find(files->tree, operands[0], true))
		files->result = fixup_add_link(files->tree, path, operands[0], files->err);
	free(path);
}

static void take_command(void *context, char **words, unsigned count)
{
	struct files *files = context;

	if (files->result < 0)
		return;
	if (strcmp(words[0], "mkdir") == 0)
		make_directories(files, words, count);
	else if (strcmp(words[0], "cp") == 0 || strcmp(words[0], "ucf") == 0)
		copy_file(files, words, count);
	else if (strcmp(words[0], "ln") == 0)
		link_file(files, words, count);
}

int fixup_files(const struct fixup *fixup, struct dory_error *err)
{
	struct files files = {.tree = fixup->tree, .err = err};

	for (size_t i = 0; i < fixup->count; i++) {
		const char *script = package_control(fixup->packages[i].package, "postinst");

		if (script)
			script_walk(script, take_command, &files);
	}
	return files.result;
}
