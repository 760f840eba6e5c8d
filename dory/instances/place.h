/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The directory of one instance, open: files in it are reached through the descriptor, so that it may be renamed while
 * it runs.
 *
 *   instance.json  what it runs        state.json   how it does
 *   lock           locked (fcntl(2), open file description locks) by whoever runs it, for as long as that lives
 *   requests       the socket on which that listens
 *   log, log.1 ... what the program wrote, the newest first
 *   disk.qcow2     what the program wrote to its disk (--persist), over base.raw: the image, as it was at the first start
 */
#pragma once
#include "dory/instances/record.h"

#define INSTANCE_SPEC_FILE    "instance.json"
#define INSTANCE_STATE_FILE   "state.json"
#define INSTANCE_LOCK_FILE    "lock"
#define INSTANCE_SOCKET_FILE  "requests"
#define INSTANCE_LOG_FILE     "log"
#define INSTANCE_OVERLAY_FILE "disk.qcow2"
#define INSTANCE_BASE_FILE    "base.raw"

struct instance_place {
	int directory; /* -1: not open */
	int lock;      /* -1: somebody else's, or nobody's */
};
#define INSTANCE_PLACE_NONE ((struct instance_place){-1, -1})

void instance_place_close(struct instance_place *place); /* unlocks it */
/* A path of the file that holds as long as the directory is open in this process; returns owned. */
char *instance_place_path(const struct instance_place *place, const char *file);

/* Takes the lock; false: somebody has it, or it cannot be opened (errno). */
bool place_lock(struct instance_place *place);
/* Does somebody have the lock? Takes nothing. */
bool place_is_locked(int directory);

int place_read_record(int directory, const char *file, const struct record_field *fields, void *record, struct dory_error *err) must_check;
/* Atomically: readers see the old one or the new one. */
int place_write_record(int directory, const char *file, const struct record_field *fields, const void *record, bool is_durable,
	struct dory_error *err) must_check;
/* Makes room for the next writing, so that it succeeds even where the disk is full by then. */
void place_reserve_record(int directory, const char *file);
