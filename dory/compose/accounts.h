/* SPDX-License-Identifier: BSD-3-Clause */
/* The image's users and groups (passwd(5), group(5)) while they are put together. */
#pragma once
#include "lib/attr.h"

struct account_user {
	char *name, *gecos, *home, *shell;
	uint32_t uid, gid;
};

struct account_group {
	char *name, *members; /* separated by commas */
	uint32_t gid;
};

struct accounts {
	struct account_user *users;
	size_t user_count;
	struct account_group *groups;
	size_t group_count;
};

/* Takes over what the text of a passwd or group file says; lines that are none are passed over. */
void accounts_parse_users(struct accounts *accounts, const char *text);
void accounts_parse_groups(struct accounts *accounts, const char *text);
void accounts_release(struct accounts *accounts);

const struct account_user *accounts_user(const struct accounts *accounts, const char *name);
const struct account_group *accounts_group(const struct accounts *accounts, const char *name);

/* Adds unless there is one of the name. `id`: -1 for the next free one of the system's, from 100 on. Bad names are
 * passed over. */
void accounts_add_group(struct accounts *accounts, const char *name, int64_t id);
void accounts_add_user(struct accounts *accounts, const char *name, int64_t id, uint32_t gid, const char *gecos,
	const char *home, const char *shell);
void accounts_add_member(struct accounts *accounts, const char *group, const char *user);

/* The files' texts; returned owned. */
char *accounts_format_users(const struct accounts *accounts);
char *accounts_format_groups(const struct accounts *accounts);
/* shadow(5): nobody can log in with a password. */
char *accounts_format_shadow(const struct accounts *accounts);
