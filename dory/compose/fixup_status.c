/* SPDX-License-Identifier: BSD-3-Clause */
/* /var/lib/dpkg/status: what is installed, for programs (and people) who ask dpkg. */
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"
#include "dory/compose/fixup.h"

int fixup_status(const struct fixup *fixup, struct dory_error *err)
{
	struct text_buffer status = {0};
	int result;

	text_append(&status, "", 0);
	for (size_t i = 0; i < fixup->count; i++) {
		const char *control = package_control(fixup->packages[i].package, "control");
		size_t first, length = control ? strlen(control) : 0;

		if (length == 0)
			continue;
		while (length > 0 && control[length - 1] == '\n')
			length--;
		first = min_u64(strcspn(control, "\n"), length); /* "Package: ..." stands first */
		text_append(&status, control, first);
		text_append_format(&status, "\nStatus: install ok installed");
		text_append(&status, control + first, length - first);
		text_append_format(&status, "\n\n");
	}
	result = tree_add_bytes(fixup->tree, "/var/lib/dpkg/status", 0644, status.text, status.length, err);
	free(status.text);
	if (result < 0)
		return -1;
	return fixup_add_directory(fixup->tree, "/var/lib/dpkg/info", 0755, 0, 0, err);
}
