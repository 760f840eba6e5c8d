/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * execve(2). Everything that can fail is done while the old program is still whole: its file and the interpreter's are checked, the new
 * memory is built beside the old. Only then do the other threads end, and the new memory takes the old one's place.
 */
#include "kernel/log/log.h"
#include "kernel/mem/heap.h"
#include "kernel/process/credentials.h"
#include "kernel/process/exec.h"
#include "kernel/process/internal.h"
#include "kernel/process/rseq.h"
#include "kernel/process/trace.h"
#include "kernel/process/wait_child.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/mount.h"
#include "lib/string.h"

#define FIRST_BYTES  1024 /* of the file that tell what it is; most ELF headers with their tables, and the line of a script */
#define TOLD_MAX     10
#define SCRIPT_LINE  256  /* BINPRM_BUF_SIZE (execve(2), "Interpreter scripts") */
#define SCRIPT_DEPTH 5

/* ---- Files. ---- */

/* Opens a file to execute: a regular one, executable, on a mount that allows it. */
static int open_executable(const struct path *start, const char *name, unsigned walk_flags, struct file **file)
{
	struct path path;
	struct inode *inode;
	int ret = path_walk(start, name, walk_flags, &path);

	if (ret)
		return ret;
	inode = path_inode(&path);
	if (!inode)
		ret = -ENOENT;
	else if ((inode->mode & S_IFMT) == S_IFLNK)
		ret = -ELOOP;
	else if ((inode->mode & S_IFMT) != S_IFREG || (mount_flags(path.mount) & MS_NOEXEC))
		ret = -EACCES;
	else
		ret = inode_permission(inode, MAY_EXEC);
	if (!ret)
		ret = file_open_program(&path, file);
	path_put(&path);
	return ret;
}

/* As open_executable; nobody writes the file, nor will until the program has ended. */
static int open_program(const struct path *start, const char *name, unsigned walk_flags, struct file **file)
{
	int ret = open_executable(start, name, walk_flags, file);

	return ret ? ret : file_deny_writes(*file);
}

/* What execve(2) answers, "no such file", is said of the program by whoever called, though that one is there: so it is told here, a few times. */
static out_of_line int missing_interpreter(const struct exec *exec, const char *interpreter, int ret)
{
	static unsigned told;

	if (ret == -ENOENT && __atomic_fetch_add(&told, 1, __ATOMIC_RELAXED) < TOLD_MAX)
		log_line(LOG_ERROR, "%s needs the interpreter %s, which is not in the image", exec->name, interpreter);
	return ret;
}

static int open_interpreter(struct exec *exec, char *first_bytes)
{
	long len;
	int ret;

	if (!exec->program.interpreter)
		return 0;
	ret = open_executable(NULL, exec->program.interpreter, WALK_FOLLOW, &exec->interpreter_source.file);
	if (ret)
		return missing_interpreter(exec, exec->program.interpreter, ret);
	len = exec_read(&exec->interpreter_source, first_bytes, FIRST_BYTES, 0);
	if (len < 0)
		return (int)len;
	ret = exec_image_read(&exec->interpreter, &exec->interpreter_source, first_bytes, (size_t)len);
	return ret == -ENOEXEC ? -ELIBBAD : ret;
}

/* ---- Scripts. ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Splits "#! INTERPRETER [ARGUMENT]" in place; ENOEXEC if there is no interpreter. */
static int parse_script(char *line, size_t len, char **interpreter, char **argument)
{
	char *end = memchr(line, '\n', len), *p = line + 2;

	if (!end)
		end = line + len - (len == SCRIPT_LINE);
	*end = '\0';
	while (end > p && is_blank(end[-1]))
		*--end = '\0';
	while (is_blank(*p))
		p++;
	if (!*p)
		return -ENOEXEC;
	*interpreter = p;
	while (*p && !is_blank(*p))
		p++;
	while (is_blank(*p))
		*p++ = '\0';
	*argument = *p ? p : NULL;
	return 0;
}

/* The strings that scripts put before the program's own arguments; the last script's interpreter comes first. */
struct prefix {
	char *strings[2 * SCRIPT_DEPTH + 1];
	unsigned count;
};

static int prefix_put_front(struct prefix *prefix, const char *text)
{
	char *copy = heap_copy_string(text);

	if (!copy)
		return -ENOMEM;
	memmove(prefix->strings + 1, prefix->strings, prefix->count * sizeof(prefix->strings[0]));
	prefix->strings[0] = copy;
	prefix->count++;
	return 0;
}

static void prefix_free(struct prefix *prefix)
{
	for (unsigned i = 0; i < prefix->count; i++)
		heap_free(prefix->strings[i]);
}

/* Replaces a script by its interpreter. */
static int follow_script(struct exec *exec, char *line, size_t len, struct prefix *prefix)
{
	char *interpreter, *argument;
	int ret = parse_script(line, min_u64(len, SCRIPT_LINE), &interpreter, &argument);

	if (!ret && !prefix->count)
		ret = prefix_put_front(prefix, exec->name);
	if (!ret && argument)
		ret = prefix_put_front(prefix, argument);
	if (!ret)
		ret = prefix_put_front(prefix, interpreter);
	if (ret)
		return ret;
	file_put(exec->source.file);
	exec->source.file = NULL;
	ret = open_program(NULL, prefix->strings[0], WALK_FOLLOW, &exec->source.file);
	return ret ? missing_interpreter(exec, prefix->strings[0], ret) : 0;
}

/* Finds the program that is to run in the end, through scripts, and reads its headers. */
static int find_program(struct exec *exec, char *first_bytes, struct prefix *prefix)
{
	for (unsigned depth = 0;; depth++) {
		long len = exec_read(&exec->source, first_bytes, FIRST_BYTES, 0);
		int ret;

		if (len < 0)
			return (int)len;
		first_bytes[len] = '\0';
		if (len < 2 || first_bytes[0] != '#' || first_bytes[1] != '!')
			return exec_image_read(&exec->program, &exec->source, first_bytes, (size_t)len);
		if (depth == SCRIPT_DEPTH)
			return -ELOOP;
		ret = follow_script(exec, first_bytes, (size_t)len, prefix);
		if (ret)
			return ret;
	}
}

static int add_all(struct string_area *area, const char *const *texts)
{
	int ret = 0;

	while (*texts && !ret)
		ret = string_area_add(area, *texts++);
	return ret;
}

static int add_own_strings(struct exec *exec, const struct exec_strings *strings, unsigned first)
{
	int ret;

	if (strings->arguments) {
		ret = add_all(&exec->arguments, strings->arguments + first);
		return ret ? ret : add_all(&exec->environment, strings->environment);
	}
	ret = string_area_add_user(&exec->arguments, strings->user_arguments, first);
	return ret ? ret : string_area_add_user(&exec->environment, strings->user_environment, 0);
}

static int collect_strings(struct exec *exec, const struct prefix *prefix, const struct exec_strings *strings)
{
	int ret = 0;

	for (unsigned i = 0; i < prefix->count && !ret; i++)
		ret = string_area_add(&exec->arguments, prefix->strings[i]);
	if (!ret)
		ret = add_own_strings(exec, strings, prefix->count ? 1 : 0);
	/* A program without even a name would misread its environment as arguments (execve(2), notes). */
	if (!ret && !exec->arguments.count)
		ret = string_area_add(&exec->arguments, "");
	if (!ret && exec->arguments.len + exec->environment.len + (exec->arguments.count + exec->environment.count) * sizeof(uint64_t) > STRINGS_MAX)
		ret = -E2BIG;
	return ret;
}

static int choose_credentials(struct exec *exec)
{
	const struct inode *inode = path_inode(&exec->source.file->path);
	const struct credentials *now = credentials_current();
	struct task *task = task_current();
	bool no_gain = (task && task->no_new_privileges) || (mount_flags(exec->source.file->path.mount) & MS_NOSUID);

	if (task && task_is_traced(task) && trace_hooks->limits_exec(task))
		no_gain = true;
	exec->credentials = credentials_copy(now, now->nr_groups);
	if (!exec->credentials)
		return -ENOMEM;
	exec->is_secure = credentials_after_exec(exec->credentials, inode->mode, inode->uid, inode->gid, no_gain);
	return 0;
}

/* ---- The change. ---- */

/* Ends the other threads; this one becomes the first, whose id is the process's. */
static int end_others(struct task *task)
{
	struct process *process = task->process;
	struct waiter waiter;
	int ret = 0;

	spin_lock(&process_tree_lock);
	spin_lock(&process->signal_lock);
	if (process->is_exiting || process->exec_task || task->thread.killed)
		ret = -EINTR;
	else if (process->nr_tasks > 1) {
		process->exec_task = task;
		signal_kill_others_locked(process, task);
	}
	spin_unlock(&process->signal_lock);
	spin_unlock(&process_tree_lock);
	if (ret || !process->exec_task)
		return ret;
	wait_begin(&waiter, &process->exit_wait);
	while (!ret && __atomic_load_n(&process->nr_tasks, __ATOMIC_ACQUIRE) > 1)
		ret = wait_sleep(WAIT_FOREVER, WAIT_KILLABLE);
	wait_end(&waiter);
	spin_lock(&process_tree_lock);
	if (!ret && task->tid != process->pid)
		task_change_id_locked(task, process->pid);
	process->exec_task = NULL;
	spin_unlock(&process_tree_lock);
	return ret;
}

static void change_memory(struct task *task, struct exec *exec)
{
	struct process *process = task->process;
	struct address_space *old = process->space;

	robust_list_walk(task);
	futex_pi_release_all(task, false);
	task_clear_child_tid(task);
	spin_lock(&process_tree_lock);
	process->space = exec->space;
	process->peak_resident = max_u64(process->peak_resident, old ? old->peak_resident : 0);
	spin_unlock(&process_tree_lock);
	exec->space = NULL;
	thread_set_page_table(&process->space->page_table);
	task_vfork_done(task);
	if (old)
		address_space_put(old);
}

/* A copy made while failing was still possible; NULL: the handlers are the process's alone. */
static void change_handlers(struct process *process, struct signal_handlers *own)
{
	struct signal_handlers *old = NULL;

	spin_lock(&process_tree_lock); /* a dying child looks at them under it */
	spin_lock(&process->signal_lock);
	if (own) {
		old = process->handlers;
		process->handlers = own;
	}
	signal_handlers_reset_for_exec(process->handlers);
	spin_unlock(&process->signal_lock);
	spin_unlock(&process_tree_lock);
	signal_handlers_put(old);
}

static void set_name(struct task *task, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	size_t len = min_u64(strlen(name), sizeof(task->name) - 1);

	memset(task->name, 0, sizeof(task->name));
	memcpy(task->name, name, len);
	memcpy(task->process->name, task->name, sizeof(task->name));
}

static void change_executable(struct process *process, struct file *file)
{
	struct file *old;

	spin_lock(&process_tree_lock);
	old = process->executable;
	process->executable = file;
	spin_unlock(&process_tree_lock);
	if (old)
		file_put(old);
}

/* The new program has descriptors of its own (execve(2)), even if the old one shared them by CLONE_FILES. */
static void own_descriptors(struct task *task)
{
	struct descriptor_table *shared = task->descriptors, *copy;

	copy = descriptor_table_is_shared(shared) ? descriptor_table_copy(shared) : NULL;
	if (!copy)
		return;
	spin_lock(&process_tree_lock);
	task->descriptors = copy;
	spin_unlock(&process_tree_lock);
	descriptor_table_put(shared);
}

static void start_program(struct task *task, struct exec *exec)
{
	struct process *process = task->process;

	change_executable(process, exec->source.file);
	exec->source.file = NULL;
	set_name(task, exec->name);
	rseq_forget(task);
	task->altstack_flags = LINUX_SS_DISABLE;
	task->altstack_base = task->altstack_size = 0;
	process_release_timers(process);
	own_descriptors(task);
	descriptor_close_on_exec();
	if (exec->is_secure)
		process->parent_death_signal = 0;
	process->has_executed = true;
	process->exit_signal = LINUX_SIGCHLD;
	credentials_commit(exec->credentials);
	process->dumpable = !exec->is_secure;
	exec->credentials = NULL;
	user_context_init(&task->user, exec->entry, exec->stack);
	user_vector_init(task->thread.vector);
	thread_vector_changed();
}

static int commit(struct exec *exec)
{
	struct task *task = task_current();
	struct process *process = task->process;
	struct signal_handlers *handlers = NULL;
	int former_tid = task->tid, ret;

	if (process->handlers->references > 1) {
		handlers = signal_handlers_copy(process->handlers);
		if (!handlers)
			return -ENOMEM;
	}
	ret = end_others(task);
	if (ret) {
		signal_handlers_put(handlers);
		return ret;
	}
	task_end_async(task);
	process_end_async(process);
	change_memory(task, exec);
	change_handlers(process, handlers);
	start_program(task, exec);
	if (task->trace)
		trace_hooks->executed(task, former_tid);
	return 0;
}

void exec_enter_new(struct task *task, struct exec *exec)
{
	struct process *process = task->process;
	struct credentials *old = task->credentials;

	set_name(task, exec->name);
	user_context_init(&task->user, exec->entry, exec->stack);
	task->thread.page_table = &exec->space->page_table;
	process->dumpable = !exec->is_secure;
	process->has_executed = true;
	spin_lock(&process_tree_lock);
	process->executable = exec->source.file;
	task->credentials = exec->credentials;
	process->space = exec->space;
	spin_unlock(&process_tree_lock);
	exec->source.file = NULL;
	exec->credentials = NULL;
	exec->space = NULL;
	credentials_put(old);
}

void exec_free(struct exec *exec)
{
	string_area_free(&exec->arguments);
	string_area_free(&exec->environment);
	exec_image_free(&exec->program);
	exec_image_free(&exec->interpreter);
	if (exec->source.file)
		file_put(exec->source.file);
	if (exec->interpreter_source.file)
		file_put(exec->interpreter_source.file);
	if (exec->space)
		address_space_put(exec->space);
	credentials_put(exec->credentials);
}

int exec_prepare(struct exec *exec, const struct path *start, const char *name, unsigned walk_flags, const struct exec_strings *strings)
{
	struct prefix prefix = {.count = 0};
	char *first_bytes = heap_alloc(FIRST_BYTES + 1);
	int ret = first_bytes ? open_program(start, name, walk_flags, &exec->source.file) : -ENOMEM;

	if (!ret)
		ret = find_program(exec, first_bytes, &prefix);
	if (!ret)
		ret = collect_strings(exec, &prefix, strings);
	if (!ret)
		ret = open_interpreter(exec, first_bytes);
	if (!ret)
		ret = choose_credentials(exec);
	if (!ret)
		ret = exec_build(exec);
	prefix_free(&prefix);
	heap_free(first_bytes);
	return ret;
}

int64_t task_exec(const struct path *start, const char *name, const char *shown, unsigned walk_flags, uint64_t argv, uint64_t envp)
{
	struct exec exec = {.process = process_current(), .name = shown};
	struct exec_strings strings = {.user_arguments = argv, .user_environment = envp};
	int ret = exec_prepare(&exec, start, name, walk_flags, &strings);

	if (!ret)
		ret = commit(&exec);
	exec_free(&exec);
	return ret;
}
