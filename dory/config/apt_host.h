/* SPDX-License-Identifier: BSD-3-Clause */
/* What apt on this host is set to: the distribution's own sources, and its proxy. */
#pragma once
#include "config.h"

struct apt_host {
	const char *etc_apt;	/* "/etc/apt" */
	const char *os_release; /* "/etc/os-release" */
	const char *lists;	/* "/var/lib/apt/lists": what the host's apt fetched tells third parties' archives */
};

/*
 * Sets sources and sources_origin from the host's source lists, keeping only what is Debian's own, and proxy and ignore_expiry
 * from apt's settings. A host that is not Debian, or without apt, changes nothing. config->keyring must be set.
 */
void apt_host_read(const struct apt_host *host, struct dory_config *config);
