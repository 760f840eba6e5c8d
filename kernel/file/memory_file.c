/* SPDX-License-Identifier: BSD-3-Clause */
/* memfd_create(2): the file system that can hold nameless files in memory says how. */
#include "kernel/file/file.h"
#include "kernel/uapi/errno.h"

static int (*create_hook)(const char *name, bool may_seal, struct file **file);

void memory_file_set_hook(int (*create)(const char *name, bool may_seal, struct file **file))
{
	create_hook = create;
}

int memory_file_new(const char *name, bool may_seal, struct file **file)
{
	return create_hook ? create_hook(name, may_seal, file) : -ENOSYS;
}
