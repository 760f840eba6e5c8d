/* SPDX-License-Identifier: BSD-3-Clause */
/* Disks that a machine has beside the image's, as people ask for them. */
#pragma once
#include "dory/base/error.h"
#include "dory/hypervisor/hypervisor.h"

enum { VOLUMES_MAX = 3 }; /* microvm has room for so many beside what every machine has */

struct volume {
	struct machine_volume machine;
	char *path, *format, *cache, *aio; /* owned; what `machine` refers to */
	char *target;                      /* where it is mounted as ext4; NULL: the program finds /dev/vdb, /dev/vdc ... */
};

/*
 * "PATH[:TARGET][:ro][:format=raw|qcow2|vdi|vmdk][:cache=...][:aio=...]", keys in any case. Error: USAGE; NOT_FOUND: there is no such file.
 */
int volume_parse(const char *text, struct volume *volume, struct dory_error *err) must_check;
void volume_release(struct volume *volume);
/* The record of the run configuration (abi/run_config.h) that mounts the n-th of them; returns owned. */
char *volume_mount(const struct volume *volume, size_t n);
