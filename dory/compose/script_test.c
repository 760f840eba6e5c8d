/* SPDX-License-Identifier: BSD-3-Clause */
/* Scripts taken apart: the commands that come out, one a line, words in brackets. */
#include "dory/compose/script.h"
#include <stdlib.h>
#include <string.h>
#include "tests/unit/test.h"

static char out[65536];

static void take(void *context, char **words, unsigned count)
{
	for (unsigned i = 0; i < count && strlen(out) < sizeof(out) - 5000; i++)
		snprintf(out + strlen(out), sizeof(out) - strlen(out), "[%s]", words[i]);
	strcat(out, "\n");
}

static const char *walk(const char *script)
{
	out[0] = '\0';
	script_walk(script, take, NULL);
	return out;
}

TEST(words_and_quotes)
{
	CHECK(!strcmp(walk("a 'b c' \"d e\"f g\\ h"), "[a][b c][d ef][g h]\n"));
	CHECK(!strcmp(walk("a \\\n  b # comment; x\nc"), "[a][b]\n[c]\n"));
	CHECK(!strcmp(walk("if a; then b && c || d; fi"), "[a]\n[b]\n[c]\n[d]\n"));
}

TEST(variables)
{
	CHECK(!strcmp(walk("U=redis\nG=\"$U\"\nadduser --ingroup ${G} $U"), "[adduser][--ingroup][redis][redis]\n"));
	CHECK(!strcmp(walk("W='x y'; a $W \"$W\" '$W' $1"), "[a][x][y][x y][$W][$1]\n"));
}

TEST(loops)
{
	CHECK(!strcmp(walk("L='a b'\nfor i in $L c; do\n  for j in 1 2; do run $i $j; done\ndone\nend"),
		"[run][a][1]\n[run][a][2]\n[run][b][1]\n[run][b][2]\n[run][c][1]\n[run][c][2]\n[end]\n"));
	CHECK(!strcmp(walk("for i in a; do while read x; do y; done; z $i; done"), "[read][x]\n[y]\n[done]\n[z][a]\n"));
}

TEST(known_words)
{
	CHECK(script_is_known("/usr/bin/awk"));
	CHECK(!script_is_known("$1") && !script_is_known("*") && !script_is_known("") && !script_is_known(">x"));
}

TEST(any_bytes_are_survived)
{
	static const char alphabet[] = "abfordnei $'\"\\;\n#&|{}()=123";
	char script[400];

	for (int round = 0; round < 2000; round++) {
		size_t length = test_random() % (sizeof(script) - 1);

		for (size_t i = 0; i < length; i++)
			script[i] = alphabet[test_random() % (sizeof(alphabet) - 1)];
		script[length] = '\0';
		walk(script);
	}
	/* loops in loops of many words end, too */
	CHECK(strlen(walk("for a in 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1; do "
			  "for b in 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1; do "
			  "for c in 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1; do "
			  "for d in 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1; do x; done; done; "
			  "done; done")) > 0);
}

TEST_MAIN()
