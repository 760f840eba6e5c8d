/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The program of the run configuration (abi/run_config.h), started by the kernel itself, so that nothing of init runs before it: as init would,
 * as process 2, the child of process 1. Only what is plain is done here: one command, run by root, no mounts. For all else, and
 * whenever anything fails, nothing has happened yet and init does it in its way, which has the sentence for each failure.
 */
#include "abi/control.h"
#include "abi/run_config.h"
#include "kernel/file/device.h"
#include "kernel/file/terminal.h"
#include "kernel/log/log.h"
#include "kernel/mem/heap.h"
#include "kernel/platform/platform.h"
#include "kernel/process/exec.h"
#include "kernel/process/internal.h"
#include "kernel/process/system_name.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "lib/format.h"
#include "lib/run_config.h"
#include "lib/string.h"

enum { STREAMS = 3 };

/* Memory of the configuration, until the program has its own copy. */
struct block {
	struct block *next;
	uint64_t bytes[];
};
static struct block *blocks;

struct start {
	struct run_config config;
	struct exec exec;
	struct file *control, *streams[STREAMS];
	char *path; /* of the program */
};

static void *allocate(size_t size)
{
	struct block *block = heap_alloc(sizeof(*block) + size);

	if (!block)
		return NULL;
	block->next = blocks;
	blocks = block;
	return block->bytes;
}

static void free_blocks(void)
{
	while (blocks) {
		struct block *block = blocks;

		blocks = block->next;
		heap_free(block);
	}
}

/* ---- The configuration. ---- */

static bool read_text(struct run_config *config, char *text, size_t len, bool is_override)
{
	text[len] = '\0';
	return !len || !run_config_read(config, text, len, is_override);
}

/* The image's. One that is not there says nothing. */
static bool read_image(struct run_config *config)
{
	struct file *file;
	int ret = path_open(NULL, RUN_CONFIG_PATH, O_RDONLY, 0, 0, &file);
	uint64_t len;
	char *text;

	if (ret)
		return ret == -ENOENT;
	len = file->inode->size;
	text = len <= RUN_CONFIG_MAX ? allocate(len + 1) : NULL;
	ret = text && file_read_kernel(file, text, len, 0) == (long)len;
	file_put(file);
	return ret && read_text(config, text, len, false);
}

/* What the host put beside the machine: "" if nothing. NULL: no memory. */
static char *take_override(size_t *len)
{
	char *text = fw_cfg_read(RUN_CONFIG_FW_CFG, len), *copy;

	if (!text)
		*len = 0;
	copy = allocate(*len + 1);
	if (copy)
		memcpy(copy, text, *len);
	heap_free(text);
	return copy;
}

static bool read_config(struct run_config *config)
{
	size_t len;
	char *override = take_override(&len);

	config->allocate = allocate;
	return override && run_config_set_environment(config, RUN_CONFIG_DEFAULT_PATH) && (run_config_holds_image(override, len) || read_image(config)) &&
	       read_text(config, override, len, true);
}

static bool is_plain(const struct run_config *config)
{
	return config->arguments.count && !config->separators.count && !config->mounts.count && !config->user && !boot_option(BOOT_OPTION_STRACE, NULL, 0);
}

static bool set_home(struct run_config *config)
{
	return run_config_environment(config, "HOME") || run_config_set_environment(config, "HOME=" RUN_CONFIG_DEFAULT_HOME);
}

/* ---- The program. ---- */

static int prepare(struct start *start, const char *path)
{
	const struct exec_strings strings = {.arguments = start->config.arguments.items, .environment = start->config.environment.items};

	start->path = heap_copy_string(path);
	start->exec.name = start->path;
	return start->path ? exec_prepare(&start->exec, NULL, path, WALK_FOLLOW, &strings) : -ENOMEM;
}

/* As execvp(3), as long as it is simple: the first file of that name in PATH must be the program. */
static int find_and_prepare(struct start *start)
{
	const char *name = start->config.arguments.items[0], *path = run_config_environment(&start->config, "PATH");
	size_t name_len = strlen(name);

	if (strchr(name, '/'))
		return prepare(start, name);
	while (path && *path) {
		const char *colon = strchr(path, ':');
		size_t len = colon ? (size_t)(colon - path) : strlen(path);
		char *candidate = allocate(len + name_len + 2);
		int ret;

		if (!candidate)
			return -ENOMEM;
		memcpy(candidate, path, len);
		candidate[len] = '/';
		memcpy(candidate + len + 1, name, name_len + 1);
		ret = prepare(start, candidate);
		if (ret != -ENOENT || start->exec.source.file)
			return ret;
		heap_free(start->path);
		path += len + (colon != NULL);
	}
	return -ENOENT;
}

/* ---- Its descriptors. ---- */

static int open_if_there(const char *name, int flags, struct file **file)
{
	int ret = early_file_open(name, flags | O_LARGEFILE, file); /* as open(2) does on a 64-bit machine */

	return ret == -ENOENT || ret == -ENXIO ? 0 : ret;
}

static int open_streams(struct start *start)
{
	int ret = open_if_there("vport/" STDIN_PORT, O_RDONLY, &start->streams[0]);

	if (!ret)
		ret = open_if_there("vport/" STDOUT_PORT, O_WRONLY, &start->streams[1]);
	return ret ? ret : open_if_there("vport/" STDERR_PORT, O_WRONLY, &start->streams[2]);
}

static int open_terminal(struct start *start)
{
	int ret = open_if_there("console", O_RDWR | O_NOCTTY, &start->streams[0]);

	for (unsigned i = 1; i < STREAMS && start->streams[0]; i++) {
		file_get(start->streams[0]);
		start->streams[i] = start->streams[0];
	}
	return ret;
}

static bool has_streams(const struct start *start)
{
	return start->config.stdio && !strcmp(start->config.stdio, "streams");
}

static int open_files(struct start *start)
{
	int ret = has_streams(start) ? open_streams(start) : open_terminal(start);

	return ret ? ret : open_if_there("vport/" CONTROL_PORT, O_RDWR | O_NONBLOCK, &start->control);
}

/* ---- The process. ---- */

static void set_host_name(const char *name)
{
	size_t len = strlen(name);

	if (len > SYSTEM_NAME_MAX)
		return; /* sethostname(2) would refuse it */
	memset(system_host_name, 0, sizeof(system_host_name));
	memcpy(system_host_name, name, len);
}

static void set_window(const char *text)
{
	const char *end;
	uint64_t rows, columns;

	if (terminal_console() && format_parse_u64(text, &end, &rows) && *end == ' ' && format_parse_u64(end + 1, &end, &columns))
		terminal_set_size(terminal_console(), (uint16_t)rows, (uint16_t)columns);
}

static void place_files(const struct start *start, struct task *task)
{
	struct terminal *terminal;

	for (unsigned i = 0; i < STREAMS; i++)
		if (start->streams[i])
			descriptor_table_place(task->descriptors, i, start->streams[i], false);
	if (has_streams(start) || !start->streams[0])
		return;
	terminal = terminal_console();
	terminal_give(terminal, task->process->session);
	task->process->terminal = terminal;
}

/* Nothing can fail from here on. */
static void complete(struct start *start, struct task *task)
{
	exec_enter_new(task, &start->exec);
	if (start->config.host)
		set_host_name(start->config.host);
	if (start->config.winsize)
		set_window(start->config.winsize);
	place_files(start, task);
	if (start->control)
		(void)file_write_kernel(start->control, "start\n", 6);
	boot_mark("program");
}

static void start_free(struct start *start)
{
	exec_free(&start->exec);
	for (unsigned i = 0; i < STREAMS; i++)
		if (start->streams[i])
			file_put(start->streams[i]);
	if (start->control)
		file_put(start->control);
	heap_free(start->path);
	free_blocks();
}

static int start_in_place(struct start *start, struct task *init)
{
	struct task *task;
	int ret;

	start->exec.process = init->process; /* whose limits it has */
	ret = find_and_prepare(start);
	if (!ret)
		ret = open_files(start);
	task = ret ? NULL : first_task_new("init");
	if (!task)
		return ret ? ret : -ENOMEM;
	first_task_enter(task, init->process);
	complete(start, task);
	init_sleep(init, task->tid, start->path, start->control);
	start->path = NULL;
	task_launch(task);
	return 0;
}

/* With the configuration's working directory as the kernel's own while that is needed. */
static int start_at_directory(struct start *start, struct task *init)
{
	struct fs_context *context = fs_context_current();
	const char *cwd = start->config.cwd;
	struct path place, root;
	int ret;

	if (!cwd)
		return start_in_place(start, init);
	ret = path_walk(NULL, cwd, WALK_FOLLOW | WALK_DIRECTORY, &place);
	if (ret)
		return ret;
	fs_context_set_cwd(context, &place);
	ret = start_in_place(start, init);
	fs_context_get_root(context, &root);
	fs_context_set_cwd(context, &root);
	path_put(&root);
	path_put(&place);
	return ret;
}

bool process_start_program(struct task *init)
{
	struct start start = {.control = NULL};
	bool is_started = read_config(&start.config) && is_plain(&start.config) && set_home(&start.config) && !start_at_directory(&start, init);

	start_free(&start);
	return is_started;
}
