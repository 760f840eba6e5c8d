/* SPDX-License-Identifier: BSD-3-Clause */
/* /dev/dory/run: the run configuration that the host put beside the machine (abi/run_config.h). Empty if it put none. */
#include "abi/run_config.h"
#include "kernel/file/file.h"
#include "kernel/mem/heap.h"
#include "kernel/platform/platform.h"
#include "kernel/uapi/errno.h"

struct text {
	char *bytes;
	size_t len;
};

static int open_run_config(struct file *file)
{
	struct text *text = heap_alloc(sizeof(*text));

	if (!text)
		return -ENOMEM;
	text->bytes = fw_cfg_read(RUN_CONFIG_FW_CFG, &text->len);
	file->private_data = text;
	return 0;
}

static void release_run_config(struct file *file)
{
	struct text *text = file->private_data;

	heap_free(text->bytes);
	heap_free(text);
}

static long read_run_config(struct file *file, struct io_vector *io, uint64_t *position)
{
	const struct text *text = file->private_data;
	uint64_t len;
	size_t copied;

	if (*position >= text->len)
		return 0;
	len = min_u64(text->len - *position, io->left);
	copied = io_vector_put(io, text->bytes + *position, len);
	*position += copied;
	return copied || !len ? (long)copied : -EFAULT;
}

static int64_t seek_run_config(struct file *file, int64_t offset, int whence)
{
	if (whence != 0 || offset < 0)
		return -EINVAL;
	file->position = (uint64_t)offset;
	return offset;
}

static const struct file_ops run_config_ops = {.read = read_run_config, .seek = seek_run_config, .release = release_run_config};

CHARACTER_DEVICE(run_config) = {.name = "dory/run", .major = 10, .minor = 200, .mode = 0400, .ops = &run_config_ops, .open = open_run_config};
