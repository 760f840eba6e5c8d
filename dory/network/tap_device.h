/* SPDX-License-Identifier: BSD-3-Clause */
/* Tap devices (Linux Documentation/networking/tuntap): descriptors for the queues of an interface of this machine. */
#pragma once
#include <net/if.h>
#include "dory/base/error.h"

enum { TAP_QUEUES_MAX = 8 };

struct tap_device {
	char name[IF_NAMESIZE];
	int fds[TAP_QUEUES_MAX];
	int vhost_fds[TAP_QUEUES_MAX]; /* of /dev/vhost-net */
	size_t queue_count;
	bool has_vhost;
};

enum tap_result {
	TAP_OPEN = 0,
	TAP_FAILED = -1,
	TAP_NOT_ALLOWED = 1, /* err says so as well */
};

/*
 * Opens the interface `name`; with NULL, one is made that is gone when it is closed. As many queues as were asked for if
 * the interface has several. NOT_FOUND: there is no /dev/net/tun; CONFLICT: another program has the interface.
 */
enum tap_result tap_device_open(struct tap_device *tap, const char *name, size_t queues, struct dory_error *err) must_check;
/* Opens /dev/vhost-net for each queue, if that is allowed. */
void tap_device_add_vhost(struct tap_device *tap);
void tap_device_close(struct tap_device *tap);

/* Sets the interface up, and makes it a port of `bridge` if that is not NULL. */
int tap_device_connect(const struct tap_device *tap, const char *bridge, struct dory_error *err) must_check;
