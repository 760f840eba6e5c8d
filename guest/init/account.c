/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads /etc/passwd and /etc/group line by line. */
#include "guest/init/account.h"
#include "guest/init/file.h"
#include "lib/format.h"
#include "lib/string.h"

#define FIELDS_MAX 7

/* Splits the line at *cursor at its colons; moves *cursor behind it. Number of fields, 0 at the end. Modifies the text. */
static unsigned next_fields(char **cursor, char *fields[FIELDS_MAX])
{
	char *at = *cursor;
	unsigned n = 0;

	if (!*at)
		return 0;
	fields[n++] = at;
	for (; *at && *at != '\n'; at++) {
		if (*at != ':' || n == FIELDS_MAX)
			continue;
		*at = '\0';
		fields[n++] = at + 1;
	}
	if (*at)
		*at++ = '\0';
	*cursor = at;
	return n;
}

static bool parse_id(const char *text, uint32_t *id)
{
	const char *end;
	uint64_t value;

	if (!format_parse_u64(text, &end, &value) || *end || value > UINT32_MAX)
		return false;
	*id = (uint32_t)value;
	return true;
}

static bool find_user(const char *user, struct account *account)
{
	char *text = file_read("/etc/passwd", NULL), *f[FIELDS_MAX];
	uint32_t uid, by_number;
	bool is_number = parse_id(user, &by_number);

	for (unsigned n; text && (n = next_fields(&text, f)) != 0;) {
		if (n < 6 || !parse_id(f[2], &uid) || !(is_number ? uid == by_number : !strcmp(f[0], user)))
			continue;
		account->uid = uid;
		account->name = f[0];
		account->home = f[5];
		return parse_id(f[3], &account->gid);
	}
	if (is_number)
		account->uid = by_number;
	return is_number;
}

/* Looks the group up, if one is asked for, and collects those that list the user as a member. */
static bool find_groups(const char *group, struct account *account)
{
	char *text = file_read("/etc/group", NULL), *f[FIELDS_MAX];
	uint32_t gid;
	bool found = group ? parse_id(group, &account->gid) : true;

	for (unsigned n; text && (n = next_fields(&text, f)) != 0;) {
		if (n < 3 || !parse_id(f[2], &gid))
			continue;
		if (group && !strcmp(f[0], group)) {
			account->gid = gid;
			found = true;
		}
		if (n < 4 || !account->name)
			continue;
		for (char *member = f[3]; *member;) {
			char *comma = strchr(member, ',');
			size_t len = comma ? (size_t)(comma - member) : strlen(member);

			if (len == strlen(account->name) && !memcmp(member, account->name, len) &&
			    account->nr_groups < sizeof(account->groups) / sizeof(account->groups[0]))
				account->groups[account->nr_groups++] = gid;
			member += len + (comma != NULL);
		}
	}
	return found;
}

const char *account_find(const char *text, struct account *account)
{
	char user[256];
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);

	memset(account, 0, sizeof(*account));
	if (len >= sizeof(user))
		return "the user's name is too long";
	memcpy(user, text, len);
	user[len] = '\0';
	if (!find_user(user, account))
		return "the image's /etc/passwd has no such user";
	if (!find_groups(colon ? colon + 1 : NULL, account))
		return "the image's /etc/group has no such group";
	return NULL;
}
