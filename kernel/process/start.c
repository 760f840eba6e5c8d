/* SPDX-License-Identifier: BSD-3-Clause */
/* The last step of the boot: file systems are mounted and init, which the kernel carries, becomes process 1. */
#include "abi/control.h"
#include "kernel/log/log.h"
#include "kernel/mem/heap.h"
#include "kernel/platform/platform.h"
#include "kernel/process/credentials.h"
#include "kernel/process/exec.h"
#include "kernel/process/internal.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "lib/string.h"

#define ROOT_DEFAULT "/dev/vda"

extern const char init_image_start[], init_image_end[];
LINKER_SET_DECLARE(file_system, struct file_system_type);

static const struct file_system_type *find_type(const char *name)
{
	for (const struct file_system_type *const *p = LINKER_SET_BEGIN(file_system); p < LINKER_SET_END(file_system); p++) {
		if (strcmp((*p)->name, name) == 0)
			return *p;
	}
	return NULL;
}

static void mount_root_as(const char *type_name, const char *source)
{
	const struct file_system_type *type = find_type(type_name);
	struct file_system *fs;
	int ret = type ? type->mount(source, "", false, &fs) : -ENODEV;

	if (!ret) {
		fs->type = type;
		ret = mount_root(fs);
	}
	if (ret)
		panic("cannot mount the root %s as %s: error %d", source, type_name, -ret);
}

static void mount_root_device(void)
{
	char root[64] = ROOT_DEFAULT;

	(void)boot_option(BOOT_OPTION_ROOT, root, sizeof(root));
	if (strcmp(root, "none") == 0)
		mount_root_as("tmpfs", "none");
	else
		mount_root_as("ext4", root);
}

/* The kernel's own file systems: each is made, and its folder, when that is first looked up. */
static const struct {
	const char *type, *target, *options;
} folders[] = {
    {"devtmpfs", "/dev", ""}, {"proc", "/proc", ""}, {"sysfs", "/sys", ""}, {"devpts", "/dev/pts", ""}, {"tmpfs", "/dev/shm", "mode=1777"},
};

static void mount_folders(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		int ret = mount_add_lazily(folders[i].target, folders[i].type, folders[i].options);

		if (ret && ret != -ENODEV) /* which is: not linked */
			log_line(LOG_WARNING, "cannot mount %s on %s: error %d", folders[i].type, folders[i].target, -ret);
	}
}

/* ---- init. ---- */

static struct task *new_init(void)
{
	struct process *process = process_new();
	struct task *task;

	if (!process)
		return NULL;
	limits_init(process);
	process->handlers = signal_handlers_new();
	task = process->handlers ? task_new(process) : NULL;
	if (!task)
		return NULL;
	task->descriptors = descriptor_table_new();
	task->fs = fs_context_new();
	task->credentials = &credentials_of_kernel;
	credentials_get(task->credentials);
	memcpy(task->name, "init", 5);
	memcpy(process->name, "init", 5);
	return task->descriptors && task->fs ? task : NULL;
}

static int build_init(struct task *task, const void *image, size_t len)
{
	struct exec exec = {.process = task->process, .name = "/init", .source = {.memory = image, .memory_len = len}};
	int ret = exec_image_read(&exec.program, &exec.source, image, len);

	if (!ret)
		ret = string_area_add(&exec.arguments, "/init");
	if (!ret)
		ret = exec_build(&exec);
	string_area_free(&exec.arguments);
	exec_image_free(&exec.program);
	if (ret)
		return ret;
	task->process->space = exec.space;
	task->thread.page_table = &exec.space->page_table;
	user_context_init(&task->user, exec.entry, exec.stack);
	return 0;
}

void process_start_init(const void *image, size_t len)
{
	struct task *task = new_init();
	struct process *process;
	int ret = task ? build_init(task, image, len) : -ENOMEM;

	if (ret)
		panic("cannot start init: error %d", -ret);
	process = task->process;
	spin_lock(&process_tree_lock);
	task->tid = id_new_locked();
	process->pid = process->group = process->session = task->tid;
	process_enter_locked(process);
	task_enter_locked(task);
	spin_unlock(&process_tree_lock);
	boot_mark("init");
	task_launch(task);
}

static void start(void)
{
	mount_root_device();
	boot_mark("root");
	mount_folders();
	boot_mark("folders");
	process_start_init(init_image_start, (size_t)(init_image_end - init_image_start));
}
INITCALL(start, INIT_PROCESS, start);
