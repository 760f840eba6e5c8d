/* SPDX-License-Identifier: BSD-3-Clause */
/* /proc/PID/mounts, mountinfo, mountstats (proc_pid_mountinfo(5)): those that can be reached from the reader's root. */
#include "kernel/fs/proc/proc.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"
#include "lib/format.h"

enum { TEXT_MAX = 4096 };

struct mount_print {
	struct proc_text *to;
	void (*show)(struct proc_text *to, const struct mount *mount, const char *target);
	char *text; /* TEXT_MAX */
};

/* Blanks and backslashes would end a field. */
static void put_field(struct proc_text *to, const char *text)
{
	for (; *text; text++) {
		if (*text == ' ' || *text == '\t' || *text == '\n' || *text == '\\')
			proc_print(to, "\\%03o", (unsigned)*text);
		else
			proc_append(to, text, 1);
	}
	proc_append(to, " ", 1);
}

static void show_mount(void *context, const struct mount *mount)
{
	struct mount_print *print = context;

	if (mount_target(mount, print->text, TEXT_MAX) >= 0)
		print->show(print->to, mount, print->text);
}

static int show_all(struct proc_text *to, void (*show)(struct proc_text *, const struct mount *, const char *))
{
	struct mount_print print = {.to = to, .show = show, .text = heap_alloc(TEXT_MAX)};

	if (!print.text)
		return -ENOMEM;
	mount_walk(show_mount, &print);
	heap_free(print.text);
	return 0;
}

static void show_line(struct proc_text *to, const struct mount *mount, const char *target)
{
	char options[128];

	mount_options_text(mount, options, sizeof(options));
	put_field(to, mount_source(mount));
	put_field(to, target);
	proc_print(to, "%s %s 0 0\n", mount_file_system(mount)->type->name, options);
}

static void show_info(struct proc_text *to, const struct mount *mount, const char *target)
{
	const struct file_system *fs = mount_file_system(mount);
	char options[128], *root = heap_alloc(TEXT_MAX);

	mount_options_text(mount, options, sizeof(options));
	proc_print(to, "%llu %llu %u:%u ", (unsigned long long)mount_id(mount), (unsigned long long)mount_parent_id(mount), device_major(fs->device), device_minor(fs->device));
	put_field(to, root && mount_root_text(mount, root, TEXT_MAX) >= 0 ? root : "/");
	put_field(to, target);
	proc_print(to, "%s - %s ", options, fs->type->name);
	put_field(to, mount_source(mount));
	proc_print(to, "%s\n", fs->is_read_only ? "ro" : "rw");
	to->has_failed |= !root;
	heap_free(root);
}

static void show_statistics(struct proc_text *to, const struct mount *mount, const char *target)
{
	proc_print(to, "device ");
	put_field(to, mount_source(mount));
	proc_print(to, "mounted on ");
	put_field(to, target);
	proc_print(to, "with fstype %s\n", mount_file_system(mount)->type->name);
}

static int show_mounts(struct proc_text *to, const struct proc_subject *subject)
{
	return show_all(to, show_line);
}

static int show_mountinfo(struct proc_text *to, const struct proc_subject *subject)
{
	return show_all(to, show_info);
}

static int show_mountstats(struct proc_text *to, const struct proc_subject *subject)
{
	return show_all(to, show_statistics);
}

PROC_PROCESS_FILE(mounts) = {.name = "mounts", .mode = 0444, .is_per_task = true, .show = show_mounts};
PROC_PROCESS_FILE(mountinfo) = {.name = "mountinfo", .mode = 0444, .is_per_task = true, .show = show_mountinfo};
PROC_PROCESS_FILE(mountstats) = {.name = "mountstats", .mode = 0400, .show = show_mountstats};
