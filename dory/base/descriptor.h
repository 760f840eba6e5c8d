/* SPDX-License-Identifier: BSD-3-Clause */
/* Descriptors: all of a piece of bytes, whatever a single call takes. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* Writes all of it, waiting where `fd` is non-blocking; false with errno if that failed, after some of it perhaps. */
bool descriptor_write_all(int fd, const void *bytes, size_t length);
/* Sends all of it over a blocking socket, without SIGPIPE; false with errno as above. */
bool descriptor_send_all(int socket, const void *bytes, size_t length);
