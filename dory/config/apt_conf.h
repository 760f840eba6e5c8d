/* SPDX-License-Identifier: BSD-3-Clause */
/* apt's settings, apt.conf(5). A pure function over text. */
#pragma once
#include "lib/attr.h"

/*
 * Calls `found` for each value with its full name, e.g. "Acquire::http::Proxy"; elements of lists have a name that ends with
 * "::". Stops at what it does not understand.
 */
void apt_conf_parse(const char *text, size_t length, void (*found)(const char *name, const char *value, void *context),
    void *context);
