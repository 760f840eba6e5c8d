/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads control records. The guest is not trusted: codes out of range are no record. */
#include "dory/instance/control.h"
#include <stdlib.h>
#include <string.h>
#include "abi/control.h"
#include "abi/exit_code.h"

/* A decimal number up to `most`, then a blank or the end. */
static bool take_number(const char **text, int most, int *number)
{
	char *end;
	long value;

	if (**text < '0' || **text > '9')
		return false;
	value = strtol(*text, &end, 10);
	if (value > most || (*end && *end != ' '))
		return false;
	*number = (int)value;
	*text = end + (*end == ' ');
	return true;
}

static bool take_word(const char **text, const char *word)
{
	size_t length = strlen(word);

	if (strncmp(*text, word, length) != 0)
		return false;
	*text += length;
	return true;
}

/* Of a further program: what stands behind the word. */
static bool parse_exec(const char *line, struct control_record *read)
{
	if (!take_number(&line, EXEC_MAX - 1, &read->id))
		return false;
	switch (read->kind) {
	case CONTROL_OUTPUT:
		return take_number(&line, 2, &read->stream) && read->stream > 0 && take_number(&line, EXEC_FRAME_MAX, &read->number);
	case CONTROL_TAKEN:
		return take_number(&line, EXEC_WINDOW, &read->number);
	default:
		return take_number(&line, 255, &read->code);
	}
}

static bool take_exec_word(const char **line, enum control_kind *kind)
{
	static const struct {
		const char *word;
		enum control_kind kind;
	} words[] = {{"output ", CONTROL_OUTPUT}, {"taken ", CONTROL_TAKEN}, {"ended ", CONTROL_ENDED}};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		*kind = words[i].kind;
		if (take_word(line, words[i].word))
			return true;
	}
	return false;
}

bool control_parse(const char *line, struct control_record *record)
{
	struct control_record read = {.text = ""};
	int core = 0;

	if (strcmp(line, "start") == 0) {
		read.kind = CONTROL_START;
	} else if (take_word(&line, "exit ")) {
		read.kind = CONTROL_EXIT;
		if (!take_number(&line, 255, &read.code))
			return false;
	} else if (take_word(&line, "signal ")) {
		read.kind = CONTROL_SIGNAL;
		if (!take_number(&line, 127, &read.code) || read.code == 0 || !take_number(&line, 1, &core))
			return false;
		read.has_core = core;
		read.text = line;
	} else if (take_word(&line, "error ")) {
		read.kind = CONTROL_ERROR;
		if (!take_number(&line, EXIT_NOT_FOUND, &read.code) || read.code < EXIT_DORY)
			return false;
		read.text = line;
	} else if (take_word(&line, "counters ")) {
		read.kind = CONTROL_COUNTERS;
		read.text = line;
	} else if (take_exec_word(&line, &read.kind)) {
		if (!parse_exec(line, &read))
			return false;
	} else {
		return false;
	}
	*record = read;
	return true;
}

bool line_reader_take(struct line_reader *reader, const char **bytes, size_t *length)
{
	const char *newline = memchr(*bytes, '\n', *length);
	size_t take = newline ? (size_t)(newline - *bytes) : *length;
	size_t room = sizeof(reader->line) - 1 - reader->length;
	size_t fits = take < room ? take : room;

	memcpy(reader->line + reader->length, *bytes, fits);
	reader->length += fits;
	*bytes += take + (newline != NULL);
	*length -= take + (newline != NULL);
	if (!newline)
		return false;
	while (reader->length > 0 && reader->line[reader->length - 1] == '\r')
		reader->length--;
	reader->line[reader->length] = '\0';
	reader->length = 0;
	return true;
}
