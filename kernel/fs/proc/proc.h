/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /proc (proc(5)). Files register themselves: one of the system is a path and a function that prints it, one of a process a name and a function.
 * The text is made when the file is read from its beginning, whole, so that a reader sees one moment.
 */
#pragma once
#include "kernel/process/process.h"
#include "lib/linkerset.h"

/* A text that grows. A failed allocation is remembered and makes the read fail. */
struct proc_text {
	char *text;
	size_t len, room;
	bool has_failed;
};
void proc_print(struct proc_text *to, const char *format, ...) printf_like(2, 3);
void proc_append(struct proc_text *to, const void *bytes, size_t len);

/* A file at a path below /proc: "meminfo", "sys/kernel/hostname". Folders on the way exist by that. A path that begins with "PID/" is found in the
 * folder of each process and task, the same in all. */
struct proc_file {
	const char *path;
	uint32_t mode; /* permissions */
	void (*show)(struct proc_text *to);
	int (*store)(const char *text, size_t len); /* NULL: cannot be written */
	unsigned *number, least, most; /* or it is one number, which can be written if there is a `most`, */
	unsigned nr_numbers;	       /* or so many, one behind the other */
	const char *link; /* it is a symbolic link to this */
	long (*link_target)(char *to, size_t size); /* or to what this says */
};
/* Up to `nr` numbers of the text; those that it does not tell of stay, and so do those behind a bad one. -EINVAL. */
int proc_parse_numbers(const char *text, unsigned *numbers, unsigned nr, unsigned least, unsigned most) must_check;

/* A number of /proc/sys that can be set, from `least_` to `most_`. */
#define PROC_SYSCTL(n, path_, number_, least_, most_)                                                                \
	PROC_FILE(sys_##n) = {.path = "sys/" path_, .mode = 0644, .number = (number_), .least = (least_), .most = (most_)}
/* One fixed text. */
#define PROC_SYSCTL_TEXT(n, path_, text_)                                                                            \
	static void show_##n(struct proc_text *to)                                                                  \
	{                                                                                                           \
		proc_print(to, "%s\n", text_);                                                                      \
	}                                                                                                           \
	PROC_FILE(sys_##n) = {.path = "sys/" path_, .mode = 0444, .show = show_##n}
/* One that is kept and shown, and on which nothing depends: this kernel has no such mechanism, and who sets it is not to fail. */
#define PROC_SYSCTL_KEPT(n, path_, usual, least_, most_)                                                             \
	static unsigned kept_##n = (usual);                                                                         \
	PROC_SYSCTL(n, path_, &kept_##n, least_, most_)
#define PROC_FILE(n) LINKER_SET_MEMBER(proc_file, struct proc_file, n)

/* What a file of a process is about: both are held while it is shown. `task` is the one of task/TID, or any of the process; NULL: a zombie. */
struct proc_subject {
	struct process *process;
	struct task *task;
};

/* A file in /proc/PID, and in /proc/PID/task/TID where is_per_task. */
struct proc_process_file {
	const char *name;
	uint32_t mode;
	bool is_per_task;
	int (*show)(struct proc_text *to, const struct proc_subject *subject);
	int (*store)(const struct proc_subject *subject, const char *text, size_t len);
	bool is_guarded; /* opened by who may look at the process's memory only (ptrace(2), "Ptrace access mode checking") */
	/* What an open file of it does, if not to show and store a text. */
	const struct file_ops *ops;
	/* A link instead: its place, or its text where it has none. */
	int (*path)(const struct proc_subject *subject, struct path *to);
};
#define PROC_PROCESS_FILE(n) LINKER_SET_MEMBER(proc_process_file, struct proc_process_file, n)

/* The memory of a process with a reference, NULL if it has none (any more). */
struct address_space *proc_space_get(const struct proc_subject *subject);

/* The file that the process runs, with references; -ENOENT. */
int proc_exe_path(const struct proc_subject *subject, struct path *to) must_check;

/* ---- Inside the folder ---- */

enum proc_kind { PROC_ROOT, PROC_FOLDER, PROC_SYSTEM_FILE, PROC_PROCESS, PROC_TASKS, PROC_TASK, PROC_PROCESS_ENTRY, PROC_FDS, PROC_FDINFOS, PROC_FD, PROC_FDINFO };

struct proc_node {
	struct inode inode;
	enum proc_kind kind;
	int pid, tid, fd;
	uint64_t start_ns; /* of the process: another one may have its id later */
	const struct proc_file *file;		  /* PROC_SYSTEM_FILE */
	const struct proc_process_file *process_file; /* PROC_PROCESS_ENTRY */
	size_t prefix_len;			  /* PROC_FOLDER: of file->path */
};

struct proc_node *proc_node_of(struct inode *inode);
/* A new node; its inode has one reference. */
int proc_node_new(struct file_system *fs, enum proc_kind kind, uint32_t mode, int pid, int tid, struct proc_node **node) must_check;
/* The process of a node, under process_tree_lock; NULL: it is gone. */
struct process *proc_process_locked(const struct proc_node *node);
/* Finds the process (and task) of a node and holds them. -ESRCH: gone. */
int proc_subject_get(const struct proc_node *node, struct proc_subject *subject) must_check;
void proc_subject_put(struct proc_subject *subject);
/* Name as a number, whole; -1 if it is none. */
int proc_parse_number(const char *name, size_t len);
extern const struct file_ops proc_text_file_ops;

/* Entries of /proc/PID/fd and fdinfo (descriptors.c). */
int proc_fds_lookup(struct proc_node *folder, const char *name, size_t len, struct inode **found);
int proc_fds_read(struct proc_node *folder, uint64_t *position, struct directory_sink *sink);
int proc_fd_path(struct proc_node *node, struct path *to);
int proc_fd_text(struct proc_node *node, char **target);
int proc_fdinfo_show(struct proc_node *node, struct proc_text *to);
