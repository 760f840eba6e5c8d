/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole files, and memory that is kept for good. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* Memory that init keeps for good, zeroed. Never NULL: without memory init cannot go on and exits. */
void *allocate(size_t size);

/* The file's content with a NUL behind it, its length in *len if not NULL; NULL if it cannot be read. */
char *file_read(const char *path, size_t *len);
void file_write(int fd, const char *text, size_t len);
