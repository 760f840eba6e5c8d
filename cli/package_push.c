/* SPDX-License-Identifier: BSD-3-Clause */
/* dory package push */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/package.h"
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "dory/hub/push.h"

enum { TOKEN_SIZE_MAX = 65536 };

static int choose_repository(const struct hub_list *list, const struct hub **hub, struct dory_error *err)
{
	*hub = package_values.to ? hub_list_find(list, package_values.to) : list->count == 1 ? &list->hubs[0] : NULL;
	if (*hub)
		return 0;
	if (package_values.to)
		error_set(err, DORY_ERROR_NOT_FOUND, "there is no repository '%s'", package_values.to);
	else
		error_set(err, DORY_ERROR_USAGE, list->count ? "say with --to where the package goes" : "no repository is known to push packages to");
	return error_hint(err, list->count ? "`dory repo ls` lists the repositories." : "Add one with `dory repo add NAME URL`.");
}

/* The first line; NULL if there is no file to read. Returns owned in *token. */
static int read_token(char **token, struct dory_error *err)
{
	size_t length;

	*token = NULL;
	if (!package_values.token_file)
		return 0;
	if (file_read(package_values.token_file, TOKEN_SIZE_MAX, token, &length, err) < 0)
		return -1;
	(*token)[strcspn(*token, "\r\n")] = '\0';
	if (**token)
		return 0;
	text_replace(token, NULL);
	return error_set(err, DORY_ERROR_USAGE, "%s holds no token", package_values.token_file);
}

static int push_entry(const struct invocation *invocation, const struct dory_config *config, const struct package_list *packages,
	struct package_entry *entry, struct dory_error *err)
{
	struct hub_push push = {.entry = entry, .key_path = package_values.key};
	struct hub_list list;
	const struct hub *hub;
	char *token = NULL;
	int result;

	if (hub_list_read(config->root, &list, err) < 0)
		return -1;
	result = choose_repository(&list, &hub, err);
	if (result == 0)
		result = read_token(&token, err);
	push.token = token;
	if (result == 0)
		result = hub_push(config, hub, &push, err);
	if (result >= 0)
		printf("Package %s %s %s %s\n", entry->manifest.name, entry->manifest.version, result ? "is already in" : "pushed to", hub->name);
	free(token);
	hub_list_release(&list);
	return result < 0 ? -1 : 0;
}

int package_push(struct invocation *invocation, const struct dory_config *config, struct dory_error *err)
{
	return package_with_entry(invocation, config, push_entry, err);
}
