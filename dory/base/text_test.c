/* SPDX-License-Identifier: BSD-3-Clause */
/* Texts of others on a terminal. */
#include "dory/base/text.h"
#include <stdlib.h>
#include <string.h>
#include "tests/unit/test.h"

TEST(control_characters_are_not_shown)
{
	static const struct {
		const char *text, *kept, *shown;
	} texts[] = {{"plain é 🚤", "", "plain é 🚤"}, {"a\033[31mb\007c\177d", "", "a?[31mb?c?d"}, {"a\tb\nc\rd", "", "a b c d"},
		{"a\tb\nc\rd", "\n\t", "a\tb\nc d"}, {"a\xc2\x9b" "1mb\xc2\xa0", "", "a??1mb\xc2\xa0"}, {"\xc2", "", "\xc2"}, {"", "", ""}};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		char *shown = text_printable(texts[i].text, texts[i].kept);

		CHECK(strcmp(shown, texts[i].shown) == 0);
		free(shown);
	}
}

TEST_MAIN()
