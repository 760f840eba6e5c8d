/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The instances of this user: <root>/instances/NAME/ (place.h). Directories come, go and change their names under one
 * lock, instances/.lock, which is held for a moment; whoever runs an instance holds the lock in its directory, so that a
 * kill is seen. What killed commands left, instances that were never started among it, is removed by the next that comes by.
 */
#pragma once
#include "dory/instances/place.h"
#include "dory/instances/spec.h"
#include "dory/instances/state.h"

struct instance {
	char *name;
	struct instance_spec spec;
	struct instance_state state; /* corrected: not live unless somebody looks after it */
	int directory;               /* open */
};
void instance_release(struct instance *instance);

/*
 * Makes a new instance, locked. `name`, a label (network/plan.h): a person's choice if spec->is_name_chosen, else a number behind it tells it from
 * others; *chosen is owned. It is removed by whoever comes by unless a start is written to its state before the lock is
 * released. CONFLICT: the name is in use.
 */
int instance_create(const char *root, const char *name, const struct instance_spec *spec, struct instance_place *place,
	char **chosen, struct dory_error *err) must_check;

/* NOT_FOUND, with near names. */
int instance_find(const char *root, const char *name, struct instance *instance, struct dory_error *err) must_check;
/* The same, locked, to run it. CONFLICT: it runs. */
int instance_take(const char *root, const char *name, struct instance *instance, struct instance_place *place,
	struct dory_error *err) must_check;
/* By name; returns owned. */
int instance_list(const char *root, struct instance **instances, size_t *count, struct dory_error *err) must_check;
void instance_list_free(struct instance *instances, size_t count);

/* CONFLICT: it runs. */
int instance_remove(const char *root, const char *name, struct dory_error *err) must_check;
/* By whoever has its lock: whatever its name is by now. */
int instance_remove_locked(const char *root, struct instance_place *place, struct dory_error *err) must_check;
int instance_rename(const char *root, const char *from, const char *to, struct dory_error *err) must_check;
