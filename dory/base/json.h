/* SPDX-License-Identifier: BSD-3-Clause */
/* jansson and our texts. */
#pragma once
#include <jansson.h>
#include "dory/base/text_list.h"

/* The text of a member; "" if there is none; returns owned. */
char *json_member_text(const json_t *object, const char *key);
/* An array of texts; a new reference. NULL: one is not UTF-8. */
json_t *json_of_list(const struct text_list *list);
