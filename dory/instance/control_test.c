/* SPDX-License-Identifier: BSD-3-Clause */
/* Control records, good and bad, and lines in pieces. */
#include <string.h>
#include "dory/instance/control.h"
#include "tests/unit/test.h"

TEST(records)
{
	struct control_record record;

	CHECK(control_parse("start", &record) && record.kind == CONTROL_START);
	CHECK(control_parse("exit 7", &record) && record.kind == CONTROL_EXIT && record.code == 7);
	CHECK(control_parse("signal 11 1 /usr/bin/a b", &record) && record.kind == CONTROL_SIGNAL && record.code == 11);
	CHECK(record.has_core && strcmp(record.text, "/usr/bin/a b") == 0);
	CHECK(control_parse("error 127 there is no /bin/x", &record) && record.kind == CONTROL_ERROR &&
		record.code == 127);
	CHECK(strcmp(record.text, "there is no /bin/x") == 0);
	CHECK(control_parse("output 7 2 4096", &record) && record.kind == CONTROL_OUTPUT && record.id == 7 && record.stream == 2 && record.number == 4096);
	CHECK(control_parse("taken 0 16384", &record) && record.kind == CONTROL_TAKEN && record.id == 0 && record.number == 16384);
	CHECK(control_parse("ended 3 137", &record) && record.kind == CONTROL_ENDED && record.id == 3 && record.code == 137);
}

TEST(no_records)
{
	static const char *const lines[] = {"", "exit", "exit ", "exit x", "exit -1", "exit 256", "exit 1x",
		"signal 0 0 x", "signal 9 2 x", "signal 128 0 x", "error 1 x", "error 128 x", "starting", "EXIT 1",
		"exit 99999999999999999999", "output", "output 8 1 1", "output 0 0 1", "output 0 3 1", "output 0 1 4097", "output 0 1", "output -1 1 1",
		"taken 0", "taken 0 16385", "taken 8 1", "ended 0", "ended 0 256", "ended 8 0"};
	struct control_record record;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		CHECK(!control_parse(lines[i], &record));
}

TEST(lines_in_pieces)
{
	static const char text[] = "one\r\ntwo\n\nlast";

	for (size_t piece = 1; piece < sizeof(text); piece++) {
		struct line_reader reader = {0};
		char seen[64] = "";

		for (size_t at = 0; at < sizeof(text) - 1; at += piece) {
			const char *bytes = text + at;
			size_t length = min_u64(piece, sizeof(text) - 1 - at);

			while (length > 0) {
				if (line_reader_take(&reader, &bytes, &length))
					strcat(strcat(seen, reader.line), "|");
			}
		}
		CHECK(strcmp(seen, "one|two||") == 0);
	}
}

TEST(a_line_too_long_is_cut)
{
	struct line_reader reader = {0};
	char text[10000];
	const char *bytes = text;
	size_t length = sizeof(text);

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\n';
	CHECK(line_reader_take(&reader, &bytes, &length));
	CHECK_EQ(strlen(reader.line), sizeof(reader.line) - 1);
	CHECK_EQ(length, 0);
}
TEST_MAIN()
