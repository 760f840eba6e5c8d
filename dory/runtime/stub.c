/* SPDX-License-Identifier: BSD-3-Clause */
/* The run.yaml that a person starts from. */
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"
#include "dory/runtime/runtime.h"

#define INDENT "      "

static void put_key(struct text_buffer *text, const struct runtime_key *key, bool is_plain)
{
	if (!is_plain)
		text_append_format(text, INDENT "# %s\n" INDENT "# %s\n", key->is_required ? "REQUIRED" : "OPTIONAL", key->comment);
	if (key->example[0] == '\n')
		text_append_format(text, INDENT "%s:\n" INDENT "%s\n", key->name, key->example + 1);
	else
		text_append_format(text, INDENT "%s: %s\n", key->name, key->example);
	if (!is_plain)
		text_append_format(text, "\n");
}

char *runtime_stub(const struct runtime *runtime, bool is_plain)
{
	struct text_buffer text = {0};

	text_append_format(&text, "%sruntime: %s\n%sconfig_set:\n", is_plain ? "" : "\n", runtime->name, is_plain ? "" : "\n");
	if (!is_plain)
		text_append_format(&text,
			"\n   ################################################################\n"
			"   ### This is one configuration set (feel free to rename it).  ###\n"
			"   ################################################################\n");
	text_append_format(&text, "   myconfig1:\n");
	for (size_t i = 0; i < runtime->key_count; i++)
		put_key(&text, &runtime->keys[i], is_plain);
	if (!is_plain)
		text_append_format(&text, "   # Add as many named configurations as you need\n\n# OPTIONAL\n"
					  "# The configuration set that runs if nobody asks for another with --boot.\n");
	text_append_format(&text, "config_set_default: myconfig1\n");
	return text.text;
}
