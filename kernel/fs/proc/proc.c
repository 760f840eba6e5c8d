/* SPDX-License-Identifier: BSD-3-Clause */
/* The tree of /proc: its folders are made of the paths of the files that were linked, and of the processes there are. */
#include "kernel/fs/proc/proc.h"
#include "kernel/mem/heap.h"
#include "kernel/platform/platform.h"
#include "kernel/process/access.h"
#include "kernel/process/pidfd.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "lib/format.h"
#include "lib/string.h"

LINKER_SET_DECLARE(proc_file, struct proc_file);
LINKER_SET_DECLARE(proc_process_file, struct proc_process_file);

/* Positions of a folder's entries: 0 ".", 1 "..", then members by their order; in the root, processes follow from PIDS_AT on. */
#define PIDS_AT 0x10000u
#define SHARED_AT 0x1000u /* in a process' folder: those that all have */

static const struct inode_ops folder_ops, file_ops_, link_ops;

struct proc_node *proc_node_of(struct inode *inode)
{
	return container_of(inode, struct proc_node, inode);
}

int proc_parse_number(const char *name, size_t len)
{
	int value = 0;

	if (!len || len > 9 || (name[0] == '0' && len > 1))
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (name[i] < '0' || name[i] > '9')
			return -1;
		value = value * 10 + (name[i] - '0');
	}
	return value;
}

/* ---- Nodes ---- */

static void proc_release(struct inode *inode)
{
	heap_free(proc_node_of(inode));
}

static const struct inode_ops *ops_of(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return &folder_ops;
	case S_IFLNK:
		return &link_ops;
	default:
		return &file_ops_;
	}
}

int proc_node_new(struct file_system *fs, enum proc_kind kind, uint32_t mode, int pid, int tid, struct proc_node **made)
{
	static uint64_t last_number = 1;
	struct proc_node *node = heap_alloc_zero(sizeof(*node));

	if (!node)
		return -ENOMEM;
	inode_init(&node->inode, fs, ops_of(mode), NULL);
	node->inode.number = kind == PROC_ROOT ? 1 : __atomic_add_fetch(&last_number, 1, __ATOMIC_RELAXED);
	node->inode.mode = mode;
	node->inode.links = (mode & S_IFMT) == S_IFDIR ? 2 : 1;
	node->inode.atime = node->inode.mtime = node->inode.ctime = time_stamp_now();
	node->kind = kind;
	node->pid = pid;
	node->tid = tid;
	*made = node;
	return 0;
}

struct process *proc_process_locked(const struct proc_node *node)
{
	struct process *process = process_find(node->pid);

	return process && process->start_ns == node->start_ns ? process : NULL;
}

/* Files of a process belong to its user. With process_tree_lock held or the process held. */
static void set_owner(struct proc_node *node)
{
	struct task *task;
	struct process *process;

	spin_lock(&process_tree_lock);
	process = proc_process_locked(node);
	if (process && !list_empty(&process->tasks)) {
		task = container_of(process->tasks.next, struct task, process_node);
		node->inode.uid = task->credentials->euid;
		node->inode.gid = task->credentials->egid;
	}
	spin_unlock(&process_tree_lock);
}

int proc_subject_get(const struct proc_node *node, struct proc_subject *subject)
{
	int ret = -ESRCH;

	subject->task = NULL;
	spin_lock(&process_tree_lock);
	subject->process = proc_process_locked(node);
	if (subject->process) {
		process_get(subject->process);
		ret = 0;
	}
	if (subject->process && node->tid) {
		subject->task = task_find(node->tid);
		if (!subject->task || subject->task->process != subject->process) {
			subject->task = NULL;
			ret = -ESRCH;
		}
	}
	spin_unlock(&process_tree_lock);
	if (ret && subject->process)
		process_put(subject->process);
	return ret;
}

void proc_subject_put(struct proc_subject *subject)
{
	process_put(subject->process);
}

struct address_space *proc_space_get(const struct proc_subject *subject)
{
	return process_space_get(subject->process);
}

/* ---- Files of the system: a folder exists if a path goes through it. ---- */

/* What begins the paths of files that all processes' folders have. */
static const struct proc_file of_each_process = {.path = "PID"};
#define OF_EACH_LEN 3

/* Whether `file` lies below the folder (path prefix with prefix_len bytes, 0: the root); *name is its next component. */
static bool lies_below(const struct proc_file *file, const char *prefix, size_t prefix_len, const char **name, size_t *len, bool *is_folder)
{
	const char *rest = file->path;
	const char *slash;

	if (!prefix_len && !strncmp(rest, "PID/", OF_EACH_LEN + 1))
		return false;
	if (prefix_len) {
		if (strncmp(file->path, prefix, prefix_len) || file->path[prefix_len] != '/')
			return false;
		rest += prefix_len + 1;
	}
	slash = strchr(rest, '/');
	*name = rest;
	*len = slash ? (size_t)(slash - rest) : strlen(rest);
	*is_folder = slash != NULL;
	return true;
}

static const char *prefix_of(const struct proc_node *folder)
{
	if (folder->kind == PROC_PROCESS || folder->kind == PROC_TASK)
		return of_each_process.path;
	return folder->file ? folder->file->path : "";
}

static size_t prefix_len_of(const struct proc_node *folder)
{
	return folder->kind == PROC_PROCESS || folder->kind == PROC_TASK ? OF_EACH_LEN : folder->prefix_len;
}

static int system_lookup(struct proc_node *folder, const char *name, size_t len, struct inode **found)
{
	for (const struct proc_file *const *p = LINKER_SET_BEGIN(proc_file); p < LINKER_SET_END(proc_file); p++) {
		const char *entry;
		size_t entry_len;
		bool is_folder;
		uint32_t mode;
		struct proc_node *node;
		int ret;

		if (!lies_below(*p, prefix_of(folder), prefix_len_of(folder), &entry, &entry_len, &is_folder) || entry_len != len || memcmp(entry, name, len))
			continue;
		mode = is_folder ? S_IFDIR | 0555 : (*p)->link || (*p)->link_target ? S_IFLNK | 0777 : S_IFREG | (*p)->mode;
		ret = proc_node_new(folder->inode.fs, is_folder ? PROC_FOLDER : PROC_SYSTEM_FILE, mode, 0, 0, &node);
		if (ret)
			return ret;
		node->file = *p;
		node->prefix_len = (size_t)(entry - (*p)->path) + entry_len;
		*found = &node->inode;
		return 0;
	}
	return -ENOENT;
}

/* Whether an earlier file of the set already gave this folder entry. */
static bool was_listed(const struct proc_file *const *until, struct proc_node *folder, const char *name, size_t len)
{
	for (const struct proc_file *const *p = LINKER_SET_BEGIN(proc_file); p < until; p++) {
		const char *entry;
		size_t entry_len;
		bool is_folder;

		if (lies_below(*p, prefix_of(folder), prefix_len_of(folder), &entry, &entry_len, &is_folder) && entry_len == len && !memcmp(entry, name, len))
			return true;
	}
	return false;
}

/* False: the sink is full. */
static bool system_read(struct proc_node *folder, uint64_t *position, struct directory_sink *sink)
{
	uint64_t at = prefix_of(folder) == of_each_process.path ? SHARED_AT : 2;

	for (const struct proc_file *const *p = LINKER_SET_BEGIN(proc_file); p < LINKER_SET_END(proc_file); p++, at++) {
		const char *entry;
		size_t len;
		bool is_folder;

		if (at < *position || !lies_below(*p, prefix_of(folder), prefix_len_of(folder), &entry, &len, &is_folder) ||
		    was_listed(p, folder, entry, len))
			continue;
		if (!sink->add(sink, entry, len, 1000 + at, is_folder ? LINUX_DT_DIR : (*p)->link || (*p)->link_target ? LINUX_DT_LNK : LINUX_DT_REG, at + 1))
			return false;
		*position = at + 1;
	}
	return true;
}

/* ---- Processes ---- */

/* The number of a thread finds a folder as well, which is not listed: its process's, as that thread sees it. */
static int process_lookup(struct proc_node *folder, const char *name, size_t len, struct inode **found)
{
	int pid = proc_parse_number(name, len), tid = 0, ret;
	struct process *process;
	struct proc_node *node;
	uint64_t start_ns;

	if (pid < 1)
		return -ENOENT;
	spin_lock(&process_tree_lock);
	process = process_of_id_locked(pid);
	if (process && process->pid != pid)
		tid = pid;
	pid = process ? process->pid : 0;
	start_ns = process ? process->start_ns : 0;
	spin_unlock(&process_tree_lock);
	if (!pid)
		return -ENOENT;
	ret = proc_node_new(folder->inode.fs, PROC_PROCESS, S_IFDIR | 0555, pid, tid, &node);
	if (ret)
		return ret;
	node->start_ns = start_ns;
	set_owner(node);
	*found = &node->inode;
	return 0;
}

static void processes_read(uint64_t *position, struct directory_sink *sink)
{
	int pid = *position > PIDS_AT ? (int)(*position - PIDS_AT) : 1;

	for (;;) {
		char name[12];
		struct process *process;

		spin_lock(&process_tree_lock);
		process = process_next(pid);
		pid = process ? process->pid : 0;
		spin_unlock(&process_tree_lock);
		if (!pid)
			return;
		int len = format_text(name, sizeof(name), "%d", pid);
		if (!sink->add(sink, name, (size_t)len, 100000 + (uint64_t)pid, LINUX_DT_DIR, PIDS_AT + (uint64_t)pid + 1))
			return;
		pid++;
		*position = PIDS_AT + (uint64_t)pid;
	}
}

/* Folders beside the registered files of a process. */
static const struct {
	const char *name;
	enum proc_kind kind;
	bool is_per_task;
	uint32_t mode;
} process_folders[] = {{"task", PROC_TASKS, false, 0555}, {"fd", PROC_FDS, true, 0500}, {"fdinfo", PROC_FDINFOS, true, 0500}};

static bool is_for(const struct proc_node *folder, bool is_per_task)
{
	return folder->kind == PROC_PROCESS || is_per_task;
}

static int member_lookup(struct proc_node *folder, const char *name, size_t len, struct inode **found)
{
	struct proc_node *node;
	int ret;

	for (size_t i = 0; i < ARRAY_SIZE(process_folders); i++) {
		if (!is_for(folder, process_folders[i].is_per_task) || strlen(process_folders[i].name) != len || memcmp(process_folders[i].name, name, len))
			continue;
		ret = proc_node_new(folder->inode.fs, process_folders[i].kind, S_IFDIR | process_folders[i].mode, folder->pid, folder->tid, &node);
		if (ret)
			return ret;
		node->start_ns = folder->start_ns;
		set_owner(node);
		*found = &node->inode;
		return 0;
	}
	for (const struct proc_process_file *const *p = LINKER_SET_BEGIN(proc_process_file); p < LINKER_SET_END(proc_process_file); p++) {
		if (!is_for(folder, (*p)->is_per_task) || strlen((*p)->name) != len || memcmp((*p)->name, name, len))
			continue;
		ret = proc_node_new(folder->inode.fs, PROC_PROCESS_ENTRY, (*p)->path ? S_IFLNK | 0777 : S_IFREG | (*p)->mode, folder->pid, folder->tid, &node);
		if (ret)
			return ret;
		node->start_ns = folder->start_ns;
		node->process_file = *p;
		set_owner(node);
		*found = &node->inode;
		return 0;
	}
	return -ENOENT;
}

/* False: the sink is full. */
static bool members_read(struct proc_node *folder, uint64_t *position, struct directory_sink *sink)
{
	uint64_t at = 2;

	for (size_t i = 0; i < ARRAY_SIZE(process_folders); i++, at++) {
		if (at < *position || !is_for(folder, process_folders[i].is_per_task))
			continue;
		if (!sink->add(sink, process_folders[i].name, strlen(process_folders[i].name), 1000 + at, LINUX_DT_DIR, at + 1))
			return false;
		*position = at + 1;
	}
	for (const struct proc_process_file *const *p = LINKER_SET_BEGIN(proc_process_file); p < LINKER_SET_END(proc_process_file); p++, at++) {
		if (at < *position || !is_for(folder, (*p)->is_per_task))
			continue;
		if (!sink->add(sink, (*p)->name, strlen((*p)->name), 1000 + at, (*p)->path ? LINUX_DT_LNK : LINUX_DT_REG, at + 1))
			return false;
		*position = at + 1;
	}
	return true;
}

static int task_lookup(struct proc_node *folder, const char *name, size_t len, struct inode **found)
{
	int tid = proc_parse_number(name, len), ret;
	struct proc_node *node;
	struct task *task;
	bool exists;

	spin_lock(&process_tree_lock);
	task = tid > 0 ? task_find(tid) : NULL;
	exists = task && task->process->pid == folder->pid;
	spin_unlock(&process_tree_lock);
	if (!exists)
		return -ENOENT;
	ret = proc_node_new(folder->inode.fs, PROC_TASK, S_IFDIR | 0555, folder->pid, tid, &node);
	if (ret)
		return ret;
	node->start_ns = folder->start_ns;
	set_owner(node);
	*found = &node->inode;
	return 0;
}

/* The smallest thread id of the process that is at least `tid`; 0: none. */
static int next_task(int pid, int tid)
{
	struct process *process;
	struct task *task;
	int found = 0;

	spin_lock(&process_tree_lock);
	process = process_find(pid);
	if (process) {
		list_for_each(task, &process->tasks, process_node) {
			if (task->tid >= tid && (!found || task->tid < found))
				found = task->tid;
		}
	}
	spin_unlock(&process_tree_lock);
	return found;
}

static void tasks_read(struct proc_node *folder, uint64_t *position, struct directory_sink *sink)
{
	int tid = *position > 2 ? (int)(*position - 2) : 1;

	while ((tid = next_task(folder->pid, tid)) != 0) {
		char name[12];
		int len = format_text(name, sizeof(name), "%d", tid);

		if (!sink->add(sink, name, (size_t)len, 200000 + (uint64_t)tid, LINUX_DT_DIR, (uint64_t)tid + 3))
			return;
		tid++;
		*position = (uint64_t)tid + 2;
	}
}

/* ---- Folders ---- */

static int proc_lookup(struct inode *directory, const char *name, size_t len, struct inode **found)
{
	struct proc_node *folder = proc_node_of(directory);
	int ret;

	switch (folder->kind) {
	case PROC_ROOT:
		ret = system_lookup(folder, name, len, found);
		return ret == -ENOENT ? process_lookup(folder, name, len, found) : ret;
	case PROC_FOLDER:
		return system_lookup(folder, name, len, found);
	case PROC_PROCESS:
	case PROC_TASK:
		ret = member_lookup(folder, name, len, found);
		return ret == -ENOENT ? system_lookup(folder, name, len, found) : ret;
	case PROC_TASKS:
		return task_lookup(folder, name, len, found);
	default:
		return proc_fds_lookup(folder, name, len, found);
	}
}

static int proc_read_directory(struct inode *directory, uint64_t *position, struct directory_sink *sink)
{
	struct proc_node *folder = proc_node_of(directory);

	if (*position == 0) {
		if (!sink->add(sink, ".", 1, directory->number, LINUX_DT_DIR, 1))
			return 0;
		*position = 1;
	}
	if (*position == 1) {
		if (!sink->add(sink, "..", 2, 1, LINUX_DT_DIR, 2))
			return 0;
		*position = 2;
	}
	switch (folder->kind) {
	case PROC_ROOT:
		if (*position < PIDS_AT && !system_read(folder, position, sink))
			return 0;
		processes_read(position, sink);
		return 0;
	case PROC_FOLDER:
		system_read(folder, position, sink);
		return 0;
	case PROC_PROCESS:
	case PROC_TASK:
		if (*position < SHARED_AT && members_read(folder, position, sink))
			*position = SHARED_AT;
		if (*position >= SHARED_AT)
			system_read(folder, position, sink);
		return 0;
	case PROC_TASKS:
		tasks_read(folder, position, sink);
		return 0;
	default:
		return proc_fds_read(folder, position, sink);
	}
}

static const struct inode_ops folder_ops = {
    .lookup = proc_lookup,
    .read_directory = proc_read_directory,
    .release = proc_release,
    .revalidate = true,
};

/* ---- Files and links ---- */

static int check_guard(const struct proc_node *node)
{
	struct proc_subject subject;
	int ret = proc_subject_get(node, &subject);

	if (ret)
		return ret;
	ret = process_access_check(subject.process);
	proc_subject_put(&subject);
	return ret == -EPERM ? -EACCES : ret == -ESRCH ? 0 : ret; /* a zombie has nothing to guard */
}

static int proc_open(struct inode *inode, struct file *file)
{
	const struct proc_node *node = proc_node_of(inode);

	file->ops = &proc_text_file_ops;
	if (node->kind != PROC_PROCESS_ENTRY)
		return 0;
	if (node->process_file->ops)
		file->ops = node->process_file->ops;
	return node->process_file->is_guarded ? check_guard(node) : 0;
}

/* Opening with O_TRUNC, as shells do for a redirection, changes nothing. */
static int proc_set_attributes(struct inode *inode, const struct inode_attributes *attributes)
{
	return attributes->valid & ~(unsigned)(ATTRIBUTE_SIZE | ATTRIBUTE_MTIME) ? -EPERM : 0;
}

static const struct inode_ops file_ops_ = {
    .open = proc_open,
    .set_attributes = proc_set_attributes,
    .release = proc_release,
};

static int copy_text(const char *text, char **target)
{
	*target = heap_copy_string(text);
	return *target ? 0 : -ENOMEM;
}

static int link_place(struct proc_node *node, struct path *to)
{
	struct proc_subject subject;
	int ret;

	if (node->kind == PROC_FD)
		return proc_fd_path(node, to);
	ret = proc_subject_get(node, &subject);
	if (ret)
		return ret;
	ret = node->process_file->path(&subject, to);
	proc_subject_put(&subject);
	return ret;
}

static int proc_get_link(struct inode *inode, char **target)
{
	struct proc_node *node = proc_node_of(inode);
	struct path place = {0};
	char *text;
	long len;
	int ret;

	if (node->kind == PROC_FD)
		return proc_fd_text(node, target);
	if (node->kind == PROC_SYSTEM_FILE && node->file->link)
		return copy_text(node->file->link, target);
	text = heap_alloc(4096);
	if (!text)
		return -ENOMEM;
	if (node->kind == PROC_SYSTEM_FILE) {
		len = node->file->link_target(text, 4096);
	} else {
		ret = link_place(node, &place);
		len = ret ? ret : path_to_text(&place, text, 4096);
		path_put(&place);
	}
	if (len < 0)
		heap_free(text);
	else
		*target = text;
	return len < 0 ? (int)len : 0;
}

/* The C library of every static program reads this at its start. */
static int proc_peek_link(const char *name, char **target)
{
	const struct proc_subject self = {.process = process_current()};
	struct path place;
	char *text;
	long len;
	int ret = strcmp(name, "self/exe") || !self.process ? -EAGAIN : proc_exe_path(&self, &place);

	if (ret)
		return ret;
	text = heap_alloc(LINUX_PATH_MAX);
	len = text ? path_to_text(&place, text, LINUX_PATH_MAX) : -ENOMEM;
	path_put(&place);
	if (len < 0)
		heap_free(text);
	else
		*target = text;
	return len < 0 ? (int)len : 0;
}

static int proc_get_link_path(struct inode *inode, struct path *to)
{
	struct proc_node *node = proc_node_of(inode);
	char *text;
	int ret;

	if (node->kind != PROC_SYSTEM_FILE)
		return link_place(node, to);
	ret = proc_get_link(inode, &text);
	if (ret)
		return ret;
	/* "self" and its like: a number of this very folder. */
	char place[64];
	format_text(place, sizeof(place), "/proc/%s", text);
	heap_free(text);
	return path_walk(NULL, place, WALK_FOLLOW, to);
}

static const struct inode_ops link_ops = {
    .get_link = proc_get_link,
    .get_link_path = proc_get_link_path,
    .release = proc_release,
};

/* ---- Mounting ---- */

static int proc_statfs(struct file_system *fs, struct linux_statfs *to)
{
	memset(to, 0, sizeof(*to));
	to->type = 0x9fa0; /* PROC_SUPER_MAGIC */
	to->bsize = to->frsize = PAGE_SIZE;
	to->namelen = 255;
	return 0;
}

static void proc_unmount(struct file_system *fs)
{
	inode_put(fs->root);
	heap_free(fs);
}

static int proc_mount(const char *source, const char *options, bool read_only, struct file_system **made);
FILE_SYSTEM(proc) = {.name = "proc", .mount = proc_mount, .peek_link = proc_peek_link};

static int proc_mount(const char *source, const char *options, bool read_only, struct file_system **made)
{
	struct file_system *fs = heap_alloc_zero(sizeof(*fs));
	struct proc_node *root;

	if (!fs)
		return -ENOMEM;
	fs->type = &file_system_proc;
	fs->device = device_number_anonymous();
	fs->statfs = proc_statfs;
	fs->unmount = proc_unmount;
	if (proc_node_new(fs, PROC_ROOT, S_IFDIR | 0555, 0, 0, &root)) {
		heap_free(fs);
		return -ENOMEM;
	}
	fs->root = &root->inode;
	*made = fs;
	return 0;
}

static long self_target(char *to, size_t size)
{
	return format_text(to, size, "%d", process_current()->pid);
}
PROC_FILE(self) = {.path = "self", .link_target = self_target};

static long thread_self_target(char *to, size_t size)
{
	return format_text(to, size, "%d/task/%d", process_current()->pid, task_current()->tid);
}
PROC_FILE(thread_self) = {.path = "thread-self", .link_target = thread_self_target};
PROC_FILE(mounts) = {.path = "mounts", .link = "self/mounts"};
PROC_FILE(net) = {.path = "net", .link = "self/net"};

/* ---- pidfd_send_signal(2) takes an open folder of a process as well. ---- */

static int process_of_folder(struct file *file, struct process **process)
{
	struct proc_subject subject;
	struct proc_node *node;

	if (!file->inode || file->inode->ops != &folder_ops)
		return -EBADF;
	node = proc_node_of(file->inode);
	if (node->kind != PROC_PROCESS)
		return -EBADF;
	if (proc_subject_get(node, &subject))
		return -ESRCH;
	*process = subject.process;
	return 0;
}

static void set_hook(void)
{
	pidfd_set_folder_hook(process_of_folder);
}
INITCALL(proc_pidfd, INIT_CORE, set_hook);
