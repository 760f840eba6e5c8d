/* SPDX-License-Identifier: BSD-3-Clause */
/* Users and groups: parsing, adding, formatting. */
#include "dory/compose/accounts.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"

enum { FIELDS_MAX = 7, SYSTEM_FIRST = 100, SYSTEM_LAST = 999 };

/* Cuts a line at its ':'s in place; missing fields are empty. Returns how many there were. */
static unsigned split_fields(char *line, char *fields[FIELDS_MAX])
{
	static char empty[] = "";
	unsigned count = 0;

	for (unsigned i = 0; i < FIELDS_MAX; i++)
		fields[i] = empty;
	while (line && count < FIELDS_MAX) {
		fields[count++] = line;
		line = strchr(line, ':');
		if (line)
			*line++ = '\0';
	}
	return count;
}

static bool is_name(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length > 32 || !(isalpha((unsigned char)*name) || *name == '_'))
		return false;
	return name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.")] == '\0';
}

static bool parse_id(const char *text, uint32_t *id)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (!isdigit((unsigned char)*text) || *end || value > UINT32_MAX - 1)
		return false;
	*id = (uint32_t)value;
	return true;
}

const struct account_user *accounts_user(const struct accounts *accounts, const char *name)
{
	for (size_t i = 0; i < accounts->user_count; i++)
		if (strcmp(accounts->users[i].name, name) == 0)
			return &accounts->users[i];
	return NULL;
}

static struct account_group *find_group(const struct accounts *accounts, const char *name)
{
	for (size_t i = 0; i < accounts->group_count; i++)
		if (strcmp(accounts->groups[i].name, name) == 0)
			return &accounts->groups[i];
	return NULL;
}

const struct account_group *accounts_group(const struct accounts *accounts, const char *name)
{
	return find_group(accounts, name);
}

void accounts_parse_users(struct accounts *accounts, const char *text)
{
	char *copy = text_copy(text), *rest = copy, *line, *fields[FIELDS_MAX];
	uint32_t uid, gid;

	while ((line = strtok_r(rest, "\n", &rest)))
		if (split_fields(line, fields) >= 4 && parse_id(fields[2], &uid) && parse_id(fields[3], &gid))
			accounts_add_user(accounts, fields[0], uid, gid, fields[4], fields[5], fields[6]);
	free(copy);
}

void accounts_parse_groups(struct accounts *accounts, const char *text)
{
	char *copy = text_copy(text), *rest = copy, *line, *fields[FIELDS_MAX];
	uint32_t gid;

	while ((line = strtok_r(rest, "\n", &rest))) {
		if (split_fields(line, fields) < 3 || !parse_id(fields[2], &gid) || find_group(accounts, fields[0]))
			continue;
		accounts_add_group(accounts, fields[0], gid);
		if (find_group(accounts, fields[0]))
			text_replace(&find_group(accounts, fields[0])->members, text_copy(fields[3]));
	}
	free(copy);
}

void accounts_release(struct accounts *accounts)
{
	for (size_t i = 0; i < accounts->user_count; i++) {
		free(accounts->users[i].name);
		free(accounts->users[i].gecos);
		free(accounts->users[i].home);
		free(accounts->users[i].shell);
	}
	for (size_t i = 0; i < accounts->group_count; i++) {
		free(accounts->groups[i].name);
		free(accounts->groups[i].members);
	}
	free(accounts->users);
	free(accounts->groups);
	*accounts = (struct accounts){0};
}

static bool is_taken(const struct accounts *accounts, uint32_t id)
{
	for (size_t i = 0; i < accounts->user_count; i++)
		if (accounts->users[i].uid == id)
			return true;
	for (size_t i = 0; i < accounts->group_count; i++)
		if (accounts->groups[i].gid == id)
			return true;
	return false;
}

/* A number that neither a user nor a group has, so that a user and the group of its name can share it. */
static uint32_t free_id(const struct accounts *accounts)
{
	uint32_t id = SYSTEM_FIRST;

	while (id < SYSTEM_LAST && is_taken(accounts, id))
		id++;
	return id;
}

void accounts_add_group(struct accounts *accounts, const char *name, int64_t id)
{
	struct account_group *group;
	uint32_t gid;

	if (!is_name(name) || find_group(accounts, name))
		return;
	gid = id < 0 ? free_id(accounts) : (uint32_t)id;
	group = array_push(&accounts->groups, &accounts->group_count, sizeof(*group));
	*group = (struct account_group){.name = text_copy(name), .members = text_copy(""), .gid = gid};
}

static char *clean(const char *text)
{
	char *copy = text_copy(text);

	for (char *c = copy; *c; c++)
		if (*c == ':' || *c == '\n')
			*c = ' ';
	return copy;
}

void accounts_add_user(struct accounts *accounts, const char *name, int64_t id, uint32_t gid, const char *gecos,
	const char *home, const char *shell)
{
	const struct account_group *own = find_group(accounts, name);
	struct account_user *user;
	uint32_t uid;

	if (!is_name(name) || accounts_user(accounts, name))
		return;
	if (id >= 0)
		uid = (uint32_t)id;
	else if (own && own->gid >= SYSTEM_FIRST && own->gid <= SYSTEM_LAST)
		uid = own->gid;
	else
		uid = free_id(accounts);
	user = array_push(&accounts->users, &accounts->user_count, sizeof(*user));
	*user = (struct account_user){.name = text_copy(name),
		.gecos = clean(gecos),
		.home = clean(home),
		.shell = clean(shell),
		.uid = uid,
		.gid = gid};
}

void accounts_add_member(struct accounts *accounts, const char *group, const char *user)
{
	struct account_group *found = find_group(accounts, group);

	if (!found || !is_name(user) || text_has_word(found->members, user))
		return;
	text_replace(&found->members, text_format("%s%s%s", found->members, *found->members ? "," : "", user));
}

char *accounts_format_users(const struct accounts *accounts)
{
	struct text_buffer text = {0};

	text_append(&text, "", 0);
	for (size_t i = 0; i < accounts->user_count; i++) {
		const struct account_user *user = &accounts->users[i];

		text_append_format(&text, "%s:x:%u:%u:%s:%s:%s\n", user->name, user->uid, user->gid, user->gecos,
			user->home, user->shell);
	}
	return text.text;
}

char *accounts_format_groups(const struct accounts *accounts)
{
	struct text_buffer text = {0};

	text_append(&text, "", 0);
	for (size_t i = 0; i < accounts->group_count; i++)
		text_append_format(&text, "%s:x:%u:%s\n", accounts->groups[i].name, accounts->groups[i].gid,
			accounts->groups[i].members);
	return text.text;
}

char *accounts_format_shadow(const struct accounts *accounts)
{
	struct text_buffer text = {0};

	text_append(&text, "", 0);
	for (size_t i = 0; i < accounts->user_count; i++)
		text_append_format(&text, "%s:*:19000:0:99999:7:::\n", accounts->users[i].name);
	return text.text;
}
