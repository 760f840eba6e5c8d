/* SPDX-License-Identifier: BSD-3-Clause */
/* Users and groups, from the image's /etc/passwd and /etc/group (passwd(5), group(5)). */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct account {
	uint32_t uid, gid;
	uint32_t groups[64];
	size_t nr_groups;
	const char *home, *name; /* NULL if the uid is in no file */
};

/* Resolves "USER", "USER:GROUP", "UID:GID". NULL, or a sentence that says what is not there. */
const char *account_find(const char *text, struct account *account);
