/* SPDX-License-Identifier: BSD-3-Clause */
/* Scripts: what their first line asks for (execve(2), "Interpreter scripts"), and the Debian package that has it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"
#include "dory/parts.h"

/* Interpreters whose package has another name. */
static const struct {
	const char *program, *package;
} packages[] = {
	{"sh", "dash"},
	{"node", "nodejs"},
	{"lua", "lua5.4"},
	{"awk", "mawk"},
	{"php", "php-cli"},
	{"python", "python3"},
	{"tclsh", "tcl"},
	{"wish", "tk"},
	{"Rscript", "r-base-core"},
	{"guile", "guile-3.0"},
	{"java", "default-jre-headless"},
	{"env", "coreutils"},
	{"ksh", "ksh93u+m"},
	{"pypy3", "pypy3"},
};

char *interpreter_package(const char *interpreter)
{
	const char *slash = strrchr(interpreter, '/'), *name = slash ? slash + 1 : interpreter;

	for (size_t i = 0; i < ARRAY_SIZE(packages); i++) {
		if (strcmp(packages[i].program, name) == 0)
			return text_copy(packages[i].package);
	}
	return text_copy(name);
}

static char *next_word(char **rest)
{
	char *word = *rest + strspn(*rest, " \t");

	*rest = word + strcspn(word, " \t");
	if (**rest)
		*(*rest)++ = '\0';
	return *word ? word : NULL;
}

/*
 * The words before the script's path. /usr/bin/env, which the image need not hold, only searches PATH, as init does;
 * otherwise all behind the interpreter is one argument.
 */
static int interpreter_words(char *line, struct command_line *command)
{
	char *rest = line, *interpreter = next_word(&rest), *argument;
	size_t length;

	if (!interpreter)
		return -1;
	if (strcmp(strrchr(interpreter, '/') ? strrchr(interpreter, '/') + 1 : interpreter, "env") == 0) {
		interpreter = next_word(&rest);
		if (interpreter && strcmp(interpreter, "-S") == 0)
			interpreter = next_word(&rest);
		if (!interpreter || *interpreter == '-')
			return -1;
		command_line_add(command, interpreter, false);
		while ((argument = next_word(&rest)))
			command_line_add(command, argument, false);
		return 0;
	}
	command_line_add(command, interpreter, false);
	argument = rest + strspn(rest, " \t");
	length = strlen(argument);
	while (length > 0 && strchr(" \t", argument[length - 1]))
		argument[--length] = '\0';
	if (length > 0)
		command_line_add(command, argument, false);
	return 0;
}

int script_command(const struct elf_closure *closure, struct command_line *command, struct dory_error *err)
{
	const struct elf_file *script = &closure->files[0];
	FILE *file = fopen(script->host_path, "re");
	char line[4096];

	if (!file)
		return error_set_errno(err, DORY_ERROR_IO, "%s", script->host_path);
	if (!fgets(line, sizeof(line), file))
		line[0] = '\0';
	fclose(file);
	line[strcspn(line, "\r\n")] = '\0';
	if (strncmp(line, "#!", 2) != 0 || interpreter_words(line + 2, command) < 0)
		return error_set(
			err, DORY_ERROR_NOT_EXECUTABLE, "the first line of %s names no interpreter", script->host_path);
	command_line_add(command, script->guest_path, false);
	return 0;
}
