/* SPDX-License-Identifier: BSD-3-Clause */
/* Composes the messages of struct dory_error. */
#include "dory/base/error.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int error_set(struct dory_error *err, enum dory_error_kind kind, const char *format, ...)
{
	va_list args;

	err->kind = kind;
	err->os_errno = 0;
	err->hint[0] = '\0';
	va_start(args, format);
	vsnprintf(err->message, sizeof(err->message), format, args);
	va_end(args);
	return -1;
}

int error_set_errno(struct dory_error *err, enum dory_error_kind kind, const char *format, ...)
{
	int os_errno = errno;
	va_list args;
	size_t used;

	err->kind = os_errno == ENOSPC || os_errno == EDQUOT ? DORY_ERROR_NO_SPACE : kind;
	err->os_errno = os_errno;
	err->hint[0] = '\0';
	va_start(args, format);
	vsnprintf(err->message, sizeof(err->message), format, args);
	va_end(args);
	used = strlen(err->message);
	snprintf(err->message + used, sizeof(err->message) - used, ": %s", strerror(os_errno));
	return -1;
}

int error_wrap(struct dory_error *err, const char *format, ...)
{
	char inner[sizeof(err->message)];
	va_list args;
	size_t used;

	memcpy(inner, err->message, sizeof(inner));
	va_start(args, format);
	vsnprintf(err->message, sizeof(err->message), format, args);
	va_end(args);
	used = strlen(err->message);
	snprintf(err->message + used, sizeof(err->message) - used, ": %s", inner);
	return -1;
}

int error_hint(struct dory_error *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(err->hint, sizeof(err->hint), format, args);
	va_end(args);
	return -1;
}
