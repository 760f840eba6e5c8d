/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Publishing in a repository of the layout dory whose server takes PUT: the archive under a name of its own, the signature of the new index above
 * that of the old one, then the index. Until the last step all is as it was for everybody.
 */
#pragma once
#include "dory/hub/hub.h"

struct hub_push {
	const struct package_entry *entry; /* with its archive here */
	const char *key_path;              /* of the private key, if the repository is signed */
	const char *token;                 /* as in struct upload */
};

/* 1: the repository has this archive already. What fails leaves the repository as it was, but for an archive that nothing names. */
int hub_push(const struct dory_config *config, const struct hub *hub, const struct hub_push *push,
	struct dory_error *err) must_check;
