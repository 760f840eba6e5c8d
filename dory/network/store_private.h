/* SPDX-License-Identifier: BSD-3-Clause */
/* Files of the store of networks, for those of its functions that are in several files. All under the lock. */
#pragma once
#include "dory/network/store.h"

/* Makes networks/ if need be, and takes its lock, to be closed. */
int store_lock_networks(const char *root, int *lock, struct dory_error *err) must_check;
char *store_network_path(const char *root, const char *name, const char *rest); /* returns owned */

/* Reads a network with its members; removes members whose machine has ended. NOT_FOUND, with near names. */
int store_network_read(const char *root, const char *name, struct network *network, struct dory_error *err) must_check;
/* As network_create, under the lock. */
int store_network_make(const char *root, const char *name, const char *subnet, struct dory_error *err) must_check;

/* The members of the network whose directory this is. */
int members_read(const char *directory, struct network *network, struct dory_error *err) must_check;
int member_write(const char *directory, const struct network_member *member, int *fd, struct dory_error *err) must_check;
void member_remove(const char *directory, const struct network_member *member);
void member_release(struct network_member *member);
