/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line, for words that may be there several times. */
#pragma once

void boot_option_init(const char *text); /* borrows it for good */
/* The text behind the next `key` after `after`, an earlier result (NULL: the first); NULL if there is none. Ends at a blank. */
const char *boot_option_next(const char *key, const char *after);
