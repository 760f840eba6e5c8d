/* SPDX-License-Identifier: BSD-3-Clause */
/* The tree of processes, and the tables that find tasks and processes by id. All under process_tree_lock. */
#include "kernel/process/internal.h"
#include "kernel/process/trace.h"
#include "kernel/process/limits.h"

unsigned process_id_max = PROCESS_ID_LIMIT;
#define ID_FIRST_AGAIN 300 /* where Linux starts again */

struct spinlock process_tree_lock;
static struct rb_tree tasks, processes;
static int last_id;
static unsigned nr_tasks; /* a process that nobody has waited for counts as one */
static bool has_wrapped;

static struct task *task_of(struct rb_node *node)
{
	return container_of(node, struct task, tid_node);
}

static struct process *process_of(struct rb_node *node)
{
	return container_of(node, struct process, pid_node);
}

struct task *task_find(int tid)
{
	struct rb_node *node = tasks.root;

	while (node && task_of(node)->tid != tid)
		node = tid < task_of(node)->tid ? node->left : node->right;
	return node ? task_of(node) : NULL;
}

struct process *process_next(int pid)
{
	struct rb_node *node = processes.root, *best = NULL;

	while (node) {
		if (process_of(node)->pid >= pid) {
			best = node;
			node = node->left;
		} else {
			node = node->right;
		}
	}
	return best ? process_of(best) : NULL;
}

struct process *process_find(int pid)
{
	struct process *process = process_next(pid);

	return process && process->pid == pid ? process : NULL;
}

struct process *process_of_id_locked(int id)
{
	struct process *process = process_find(id);
	struct task *task = process || id <= 0 ? NULL : task_find(id);

	return task ? task->process : process;
}

struct process *process_first_locked(void)
{
	struct rb_node *node = rb_first(&processes);

	return node ? process_of(node) : NULL;
}

struct process *process_following_locked(struct process *process)
{
	struct rb_node *node = rb_next(&process->pid_node);

	return node ? process_of(node) : NULL;
}

/* The id of a group or session stays taken as long as it has members. */
static bool id_is_free(int id)
{
	if (task_find(id) || process_find(id))
		return false;
	for (struct process *p = has_wrapped ? process_first_locked() : NULL; p; p = process_following_locked(p)) {
		if (p->group == id || p->session == id)
			return false;
	}
	return true;
}

int process_last_id(void)
{
	return __atomic_load_n(&last_id, __ATOMIC_RELAXED);
}

void process_set_last_id(int id)
{
	spin_lock(&process_tree_lock);
	last_id = id;
	has_wrapped = true; /* what follows may be somebody's */
	spin_unlock(&process_tree_lock);
}

int id_new_locked(void)
{
	do {
		if ((unsigned)++last_id >= process_id_max) {
			last_id = ID_FIRST_AGAIN;
			has_wrapped = true;
		}
	} while (has_wrapped && !id_is_free(last_id));
	return last_id;
}

static void insert_task(struct task *task)
{
	struct rb_node **link = &tasks.root, *parent = NULL;

	while (*link) {
		parent = *link;
		link = task->tid < task_of(parent)->tid ? &parent->left : &parent->right;
	}
	rb_insert(&tasks, &task->tid_node, parent, link);
}

bool task_tree_is_full(void)
{
	return __atomic_load_n(&nr_tasks, __ATOMIC_RELAXED) >= task_limit;
}

void task_enter_locked(struct task *task)
{
	struct process *process = task->process;

	nr_tasks += process->nr_tasks > 0;
	insert_task(task);
	spin_lock(&process->signal_lock);
	list_push_back(&process->tasks, &task->process_node);
	process->nr_tasks++;
	spin_unlock(&process->signal_lock);
}

void task_leave_locked(struct task *task)
{
	struct process *process = task->process;

	trace_leave_locked(task);
	rb_remove(&tasks, &task->tid_node);
	spin_lock(&process->signal_lock);
	list_remove(&task->process_node);
	process->nr_tasks--;
	nr_tasks -= process->nr_tasks > 0;
	signal_queue_discard(process, &task->pending, ~0ull);
	spin_unlock(&process->signal_lock);
}

void task_change_id_locked(struct task *task, int tid)
{
	rb_remove(&tasks, &task->tid_node);
	task->tid = tid;
	if (task->trace)
		task->trace->tid = tid;
	insert_task(task);
}

static uint64_t nr_ever; /* processes that were made */

uint64_t process_count_ever(void)
{
	return nr_ever;
}

void process_enter_locked(struct process *process)
{
	struct rb_node **link = &processes.root, *parent = NULL;

	nr_tasks++;
	while (*link) {
		parent = *link;
		link = process->pid < process_of(parent)->pid ? &parent->left : &parent->right;
	}
	rb_insert(&processes, &process->pid_node, parent, link);
	nr_ever++;
	if (process->parent)
		list_push_back(&process->parent->children, &process->sibling);
}

void process_leave_locked(struct process *process)
{
	nr_tasks--;
	rb_remove(&processes, &process->pid_node);
	list_remove(&process->sibling);
}

static struct process *new_parent(struct process *dying)
{
	for (struct process *p = dying->parent; p && p->pid != 1; p = p->parent) {
		if (p->is_subreaper && !p->is_zombie && !p->is_exiting)
			return p;
	}
	return process_find(1);
}

void process_orphan_children_locked(struct process *process)
{
	struct process *heir = new_parent(process), *child, *next;

	list_for_each_safe(child, next, &process->children, sibling) {
		list_remove(&child->sibling);
		child->parent = heir;
		list_push_back(&heir->children, &child->sibling);
		child->exit_signal = LINUX_SIGCHLD;
		if (child->parent_death_signal)
			process_signal(child, child->parent_death_signal, NULL);
		if (child->is_zombie)
			signal_notify_parent_locked(child, 0, 0);
	}
}

/* A group is orphaned when no member's parent is in another group of the same session (POSIX.1, 3.254). */
bool group_is_orphaned_locked(int group, const struct process *leaving)
{
	for (struct process *p = process_first_locked(); p; p = process_following_locked(p)) {
		if (p->group != group || p == leaving || p->is_zombie || !p->parent || p->parent == leaving || p->parent->pid == 1)
			continue;
		if (p->parent->group != group && p->parent->session == p->session)
			return false;
	}
	return true;
}

static bool group_has_stopped(int group, const struct process *leaving)
{
	for (struct process *p = process_first_locked(); p; p = process_following_locked(p)) {
		if (p->group == group && p != leaving && p->is_stopped)
			return true;
	}
	return false;
}

/* Stopped members of a group that nobody can continue any more are told (POSIX.1, _exit). */
void group_hang_up_if_orphaned_locked(int group, int session, const struct process *leaving)
{
	if (!group_has_stopped(group, leaving) || !group_is_orphaned_locked(group, leaving))
		return;
	for (struct process *p = process_first_locked(); p; p = process_following_locked(p)) {
		if (p->group != group || p->session != session || p == leaving)
			continue;
		process_signal(p, LINUX_SIGHUP, NULL);
		process_signal(p, LINUX_SIGCONT, NULL);
	}
}

bool process_in_orphaned_group(struct process *process)
{
	bool is_orphaned;

	spin_lock(&process_tree_lock);
	is_orphaned = group_is_orphaned_locked(process->group, NULL);
	spin_unlock(&process_tree_lock);
	return is_orphaned;
}
