/* SPDX-License-Identifier: BSD-3-Clause */
/* The last step of the boot: file systems are mounted, and the first processes start. */
#include "abi/control.h"
#include "kernel/log/log.h"
#include "kernel/file/file.h"
#include "kernel/platform/platform.h"
#include "kernel/process/internal.h"
#include "kernel/uapi/errno.h"
#include "lib/string.h"

#define ROOT_DEFAULT	"/dev/vda"
#define LATE_DEVICES_NS 250000000ull

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

static void start_processes(void)
{
	struct task *init = init_new();

	if (!init)
		panic("no memory for process 1");
	if (!process_start_program(init))
		init_start(init);
}

static void bind_waiting(struct timer *timer)
{
	device_need_all();
}

/* What no program has needed by then begins by itself: the machine is to answer on its network. */
static void start_late_devices(void)
{
	static struct timer timer;

	if (!devices_wait)
		return;
	timer_init(&timer, bind_waiting);
	timer_arm(&timer, clock_monotonic_ns() + LATE_DEVICES_NS);
}

static void start(void)
{
	mount_root_device();
	boot_mark("root");
	mount_folders();
	boot_mark("folders");
	start_late_devices();
	start_processes();
}
INITCALL(start, INIT_PROCESS, start);
