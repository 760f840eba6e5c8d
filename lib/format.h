/* SPDX-License-Identifier: BSD-3-Clause */
/* Text formatting without a C library. */
#pragma once
#include <stdarg.h>
#include <stddef.h>
#include "lib/attr.h"

/*
 * As snprintf(3), for the conversions d i u x X o c s p % with flags 0 - + blank #, width, precision (both may be *) and lengths
 * hh h l ll z t j. Returns the length that the whole text has; `to` is NUL-terminated if size > 0.
 */
int format_text(char *to, size_t size, const char *format, ...) printf_like(3, 4);
int format_text_va(char *to, size_t size, const char *format, va_list args) printf_like(3, 0);

/*
 * Parses a non-negative number in base 10 (or 16 with 0x) from the start of `text`; suffixes K, M, G multiply by 1024 each.
 * Sets *end behind it. Returns false, and changes nothing, where there is no digit or it does not fit.
 */
bool format_parse_u64(const char *text, const char **end, uint64_t *value);
