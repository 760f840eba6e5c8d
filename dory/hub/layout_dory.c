/* SPDX-License-Identifier: BSD-3-Clause */
/* Our layout: an index with digests, and its signature. */
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"
#include "dory/hub/key.h"
#include "dory/hub/layout.h"

static int check_signature(const struct dory_config *config, const struct hub *hub, const char *directory,
	const char *text, size_t length, struct dory_error *err)
{
	char *url = text_format("%s/" HUB_SIGNATURE_NAME, hub->url), *signature;
	size_t signature_length;
	int result = hub_fetch_text(config, url, directory, &signature, &signature_length, err);

	if (result == 0) {
		char *line = hub_key_find(hub->key, text, length, signature);

		if (!line) {
			error_set(err, DORY_ERROR_UNTRUSTED,
				"the signature of %s/" HUB_INDEX_NAME " is not one of the key ed25519:%s", hub->url,
				hub->key);
			result = error_hint(err,
				"If its maker has changed the key, remove the repository and add it with the new one.");
		}
		free(line);
		free(signature);
	} else if (err->kind == DORY_ERROR_NETWORK) {
		error_set(err, DORY_ERROR_UNTRUSTED, "the index of %s is not signed (%s)", hub->url, url);
	}
	free(url);
	return result;
}

static int refresh(const struct dory_config *config, const struct hub *hub, const char *directory, char **text,
	size_t *length, struct dory_error *err)
{
	char *url = text_format("%s/" HUB_INDEX_NAME, hub->url);
	int result = hub_fetch_text(config, url, directory, text, length, err);

	if (result == 0 && hub->key && check_signature(config, hub, directory, *text, *length, err) < 0) {
		free(*text);
		*text = NULL;
		result = -1;
	}
	free(url);
	return result;
}

const struct hub_layout hub_layout_dory = {.name = "dory", .is_signed = true, .refresh = refresh};
