/* SPDX-License-Identifier: BSD-3-Clause */
/* A process's root, working directory and umask. The places are guarded by name_lock, like all places. */
#include "kernel/file/dentry.h"
#include "kernel/mem/heap.h"

static struct fs_context *(*current_context)(void);
static struct fs_context start_context = {.references = 1, .umask = 022}; /* before there are processes, and for kernel threads */

void fs_context_set_current_hook(struct fs_context *(*current)(void))
{
	current_context = current;
}

struct fs_context *fs_context_current(void)
{
	struct fs_context *context = current_context ? current_context() : NULL;

	return context ? context : &start_context;
}

struct fs_context *fs_context_new(void)
{
	return fs_context_copy(&start_context);
}

struct fs_context *fs_context_copy(struct fs_context *from)
{
	struct fs_context *context = heap_alloc_zero(sizeof(*context));

	if (!context)
		return NULL;
	context->references = 1;
	context->umask = from->umask;
	fs_context_get_root(from, &context->root);
	fs_context_get_cwd(from, &context->cwd);
	return context;
}

void fs_context_put(struct fs_context *context)
{
	if (!context || __atomic_sub_fetch(&context->references, 1, __ATOMIC_ACQ_REL))
		return;
	path_put(&context->root);
	path_put(&context->cwd);
	heap_free(context);
}

static void get_place(const struct path *place, struct path *to)
{
	spin_lock(&name_lock);
	*to = *place;
	if (to->dentry) {
		to->dentry->references++;
		to->mount->references++;
	}
	spin_unlock(&name_lock);
}

static void set_place(struct path *place, const struct path *path)
{
	struct dead_names dead = {0};

	spin_lock(&name_lock);
	path->dentry->references++;
	path->mount->references++;
	path_put_locked(place, &dead);
	*place = *path;
	spin_unlock(&name_lock);
	names_bury(&dead);
}

void fs_context_get_root(struct fs_context *context, struct path *path)
{
	get_place(&context->root, path);
}

void fs_context_get_cwd(struct fs_context *context, struct path *path)
{
	get_place(&context->cwd, path);
}

void fs_context_get_first_root(struct path *root)
{
	get_place(&start_context.root, root);
}

void fs_context_set_cwd(struct fs_context *context, const struct path *path)
{
	set_place(&context->cwd, path);
}

void fs_context_set_root(struct fs_context *context, const struct path *path)
{
	set_place(&context->root, path);
}

static void move_place(struct path *place, const struct path *from, const struct path *to)
{
	if (place->dentry != from->dentry || place->mount != from->mount)
		return;
	/* None of these is the last: the caller has one of each. */
	from->dentry->references--;
	from->mount->references--;
	to->dentry->references++;
	to->mount->references++;
	*place = *to;
}

void fs_context_move(struct fs_context *context, const struct path *from, const struct path *to)
{
	context = context ? context : &start_context;
	spin_lock(&name_lock);
	move_place(&context->root, from, to);
	move_place(&context->cwd, from, to);
	spin_unlock(&name_lock);
}
