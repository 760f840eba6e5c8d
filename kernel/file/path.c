/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The walk from a path to what it names (path_resolution(7), openat2(2)).
 *
 * It runs under name_lock as long as all names are in memory, with `at` borrowed. Whenever it has to ask the file system it first
 * pins the place with references, and goes on from there afterwards. Symbolic links are not recursion: their text is put before the rest.
 */
#include "kernel/file/dentry.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/mount.h"
#include "kernel/uapi/fcntl.h"
#include "lib/string.h"

enum { LINKS_MAX = 40 };

struct walk {
	struct path at;	    /* borrowed under name_lock */
	struct path pinned; /* counted; keeps `at` alive while the lock is dropped */
	const struct path *base; /* WALK_BENEATH, WALK_IN_ROOT: where it must stay */
	struct fs_context *context;
	unsigned flags, nr_links;
	char *text; /* being walked, where a link's text was put before the rest; heap */
	const char *rest;
	const char *last; /* WALK_LAST: the component it stopped before */
	size_t last_len;
	bool wants_directory;
	struct dead_names dead;
};

void path_put_locked(struct path *path, struct dead_names *dead)
{
	struct mount *mount = path->mount;

	if (!path->dentry)
		return;
	dentry_put_locked(path->dentry, dead);
	mount->is_expiring = false;
	if (--mount->references == 0) {
		mount->next_dead = dead->mounts;
		dead->mounts = mount;
	}
	path->dentry = NULL;
	path->mount = NULL;
}

static void path_get_locked(const struct path *path)
{
	path->dentry->references++;
	path->mount->references++;
}

void path_get(const struct path *path)
{
	if (!path->dentry)
		return;
	spin_lock(&name_lock);
	path_get_locked(path);
	spin_unlock(&name_lock);
}

void path_put(struct path *path)
{
	struct dead_names dead = {0};

	if (!path->dentry)
		return;
	spin_lock(&name_lock);
	path_put_locked(path, &dead);
	spin_unlock(&name_lock);
	if (unlikely(dead.dentries || dead.mounts))
		names_bury(&dead);
}

struct inode *path_inode(const struct path *path)
{
	return path->dentry ? path->dentry->inode : NULL;
}

static bool same_place(const struct path *a, const struct path *b)
{
	return a->dentry == b->dentry && a->mount == b->mount;
}

static const struct path *walk_root(const struct walk *w)
{
	return w->base ? w->base : &w->context->root;
}

/* Makes `at` survive the release of the lock. */
static void pin(struct walk *w, const struct path *place)
{
	struct path old = w->pinned;

	path_get_locked(place);
	w->pinned = *place;
	path_put_locked(&old, &w->dead);
}

static int cross_mounts(struct walk *w)
{
	struct mount *mount;
	int ret;

	while (unlikely(w->at.dentry->nr_mounts) && (mount = mount_on_locked(&w->at))) {
		if (w->flags & WALK_NO_XDEV)
			return -EXDEV;
		if (unlikely(!mount->root)) {
			pin(w, &w->at);
			spin_unlock(&name_lock);
			ret = mount_complete(mount);
			spin_lock(&name_lock);
			if (ret)
				return ret;
			continue;
		}
		w->at.mount = mount;
		w->at.dentry = mount->root;
	}
	return 0;
}

/* "..": not above the root, from the root of a mount to what it stands on. */
static int walk_up(struct walk *w)
{
	for (;;) {
		if (same_place(&w->at, walk_root(w)) || same_place(&w->at, &w->context->root))
			return w->flags & WALK_BENEATH ? -EXDEV : 0;
		if (w->at.dentry != w->at.mount->root)
			break;
		if (!w->at.mount->at.dentry)
			return 0;
		if (w->flags & WALK_NO_XDEV)
			return -EXDEV;
		w->at = w->at.mount->at;
	}
	w->at.dentry = w->at.dentry->parent;
	return cross_mounts(w);
}

/* A folder was looked up for the first time: perhaps a mount waits for it (and for its being made, on an image without it). */
static void meet_lazy_mount(const struct path *place)
{
	const char *target = mount_lazy_target_locked(place);

	if (!target)
		return;
	if (!place->dentry->inode) {
		spin_unlock(&name_lock);
		(void)!path_mkdir(NULL, target, 0755); /* makes this very dentry name it */
		spin_lock(&name_lock);
	}
	if (place->dentry->inode && inode_is_directory(place->dentry->inode))
		mount_attach_lazy_locked(place);
}

/* Looks the name up in the file system. Drops the lock in between; afterwards `pinned` holds the child. */
static int lookup_slow(struct walk *w, const char *name, size_t len, struct dentry **child)
{
	struct inode *directory = w->at.dentry->inode;
	int ret;

	pin(w, &w->at);
	spin_unlock(&name_lock);
	mutex_lock(&directory->lock);
	ret = dentry_lookup(w->at.dentry, name, len, child);
	mutex_unlock(&directory->lock);
	spin_lock(&name_lock);
	if (ret)
		return ret;
	dentry_put_locked(w->pinned.dentry, &w->dead); /* the child counts it */
	w->pinned.dentry = *child;
	if (unlikely(lazy_mounts))
		meet_lazy_mount(&w->pinned);
	return 0;
}

/* Goes on with text + rest. */
static int put_before_rest(struct walk *w, const char *text, const char *rest)
{
	size_t text_len = strlen(text), rest_len = strlen(rest);
	char *joined;

	if (!text_len)
		return -ENOENT;
	if (text_len + rest_len >= 2 * LINUX_PATH_MAX)
		return -ENAMETOOLONG;
	joined = heap_alloc(text_len + rest_len + 1);
	if (!joined)
		return -ENOMEM;
	memcpy(joined, text, text_len);
	memcpy(joined + text_len, rest, rest_len + 1);
	heap_free(w->text);
	w->text = joined;
	w->rest = joined;
	if (joined[0] == '/') {
		if (w->flags & WALK_BENEATH)
			return -EXDEV;
		w->at = *walk_root(w);
		return cross_mounts(w);
	}
	return 0;
}

static int jump(struct walk *w, struct inode *inode, const char *rest)
{
	struct path to;
	int ret = w->flags & (WALK_NO_MAGICLINKS | WALK_BENEATH | WALK_IN_ROOT) ? -ELOOP : 0;

	spin_unlock(&name_lock);
	if (!ret)
		ret = inode->ops->get_link_path(inode, &to);
	spin_lock(&name_lock);
	if (ret)
		return ret;
	path_put_locked(&w->pinned, &w->dead);
	w->pinned = w->at = to;
	w->rest = rest;
	return 0;
}

static int follow_link(struct walk *w, struct dentry *link, const char *rest)
{
	struct path place = {.mount = w->at.mount, .dentry = link};
	struct inode *inode = link->inode;
	char *text = NULL;
	int ret;

	if (w->flags & WALK_NO_SYMLINKS || w->at.mount->flags & MS_NOSYMFOLLOW || ++w->nr_links > LINKS_MAX)
		return -ELOOP;
	if (link->link)
		return put_before_rest(w, link->link, rest);
	pin(w, &place);
	if (inode->ops->get_link_path)
		return jump(w, inode, rest);
	spin_unlock(&name_lock);
	ret = inode->ops->get_link ? inode->ops->get_link(inode, &text) : -EINVAL;
	spin_lock(&name_lock);
	if (ret)
		return ret;
	ret = put_before_rest(w, text, rest);
	if (!link->link && link->is_hashed)
		link->link = text;
	else
		heap_free(text);
	return ret;
}

static size_t component_len(const char *text, uint32_t *hash)
{
	uint32_t h = 2166136261u; /* as dentry_hash */
	size_t len = 0;

	for (; text[len] && text[len] != '/'; len++)
		h = (h ^ (uint8_t)text[len]) * 16777619u;
	*hash = h;
	return len;
}

/* One component that is neither "." nor "..". */
static int walk_down(struct walk *w, const char *name, size_t len, uint32_t hash, const char *rest, bool is_last)
{
	struct dentry *child = NULL;
	int ret;

	if (!w->at.dentry->inode->ops->revalidate)
		child = dentry_find_locked(w->at.dentry, name, len, hash);
	if (unlikely(!child)) {
		if (len > LINUX_NAME_MAX)
			return -ENAMETOOLONG;
		ret = lookup_slow(w, name, len, &child);
		if (ret)
			return ret;
	}
	if (!child->inode)
		return -ENOENT;
	if ((child->inode->mode & S_IFMT) == S_IFLNK && (!is_last || *rest || (w->flags & WALK_FOLLOW)))
		return follow_link(w, child, rest);
	w->at.dentry = child;
	w->rest = rest;
	return cross_mounts(w);
}

static int walk_component(struct walk *w, const char *name, size_t len, uint32_t hash)
{
	const char *rest = name + len, *after = rest;
	struct inode *inode = w->at.dentry->inode;
	int ret;

	while (*after == '/')
		after++;
	if ((inode->mode & S_IFMT) != S_IFDIR)
		return -ENOTDIR;
	ret = inode_permission(inode, MAY_EXEC);
	if (ret)
		return ret;
	if (!*after) {
		w->wants_directory = *rest == '/';
		if (w->flags & WALK_LAST) {
			w->last = name;
			w->last_len = len;
			w->rest = after;
			return 0;
		}
	}
	if (name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.'))) {
		w->rest = after;
		return len == 2 ? walk_up(w) : 0;
	}
	return walk_down(w, name, len, hash, rest, !*after);
}

static int walk_run(struct walk *w, const struct path *start, const char *name)
{
	int ret = 0;

	w->rest = name;
	if (w->flags & WALK_BENEATH && name[0] == '/')
		return -EXDEV;
	if (name[0] == '/')
		w->at = *walk_root(w);
	else
		w->at = start ? *start : w->context->cwd;
	if (name[0] == '/')
		ret = cross_mounts(w);
	while (!ret) {
		uint32_t hash;
		size_t len;

		while (*w->rest == '/')
			w->rest++;
		if (!*w->rest)
			break;
		len = component_len(w->rest, &hash);
		ret = walk_component(w, w->rest, len, hash);
	}
	return ret;
}

static void walk_finish(struct walk *w)
{
	heap_free(w->text);
	if (w->dead.dentries || w->dead.mounts)
		names_bury(&w->dead);
	dentry_trim();
}

/* The whole walk; `found` is counted. */
static int walk(struct walk *w, const struct path *start, const char *name, struct path *found)
{
	struct path base_storage;
	int ret;

	w->context = fs_context_current();
	if (!name[0] && !(w->flags & WALK_EMPTY))
		return -ENOENT;
	spin_lock(&name_lock);
	if (w->flags & (WALK_BENEATH | WALK_IN_ROOT)) {
		base_storage = start ? *start : w->context->cwd;
		w->base = &base_storage;
	}
	ret = walk_run(w, start, name);
	if (!ret && ((w->flags & WALK_DIRECTORY) || (w->wants_directory && !(w->flags & WALK_LAST))) && !inode_is_directory(w->at.dentry->inode))
		ret = -ENOTDIR;
	if (!ret) {
		path_get_locked(&w->at);
		*found = w->at;
	}
	path_put_locked(&w->pinned, &w->dead);
	spin_unlock(&name_lock);
	walk_finish(w);
	return ret;
}

int path_walk(const struct path *start, const char *name, unsigned flags, struct path *found)
{
	struct walk w = {.flags = flags & ~(unsigned)WALK_LAST};

	return walk(&w, start, name, found);
}

int path_walk_parent(const struct path *start, const char *name, unsigned flags, struct path *parent, const char **last, size_t *last_len, bool *wants_directory)
{
	struct walk w = {.flags = (flags | WALK_LAST) & ~(unsigned)(WALK_DIRECTORY | WALK_FOLLOW)};
	const char *end = name + strlen(name);
	int ret = walk(&w, start, name, parent);

	if (ret)
		return ret;
	/* A link's text may have been put before it, but the last component is the name's own. */
	while (end > name && end[-1] == '/')
		end--;
	*last_len = w.last ? w.last_len : 0;
	*last = end - *last_len;
	*wants_directory = w.wants_directory || !w.last;
	return 0;
}

int path_may_change(const struct path *path)
{
	const struct mount *mount = path->mount;

	return (mount->flags & 1 /* MS_RDONLY */) || (mount->fs && mount->fs->is_read_only) ? -EROFS : 0;
}

/* ---- From a place to its text. ---- */

struct text_end { /* grows to the left */
	char *start, *limit;
};

static bool put_left(struct text_end *text, const char *name, size_t len)
{
	if ((size_t)(text->start - text->limit) < len)
		return false;
	text->start -= len;
	memcpy(text->start, name, len);
	return true;
}

static bool is_removed(const struct dentry *dentry)
{
	return !dentry->is_hashed && dentry->parent != dentry && !(dentry->parent->inode && dentry->parent->inode->ops->revalidate);
}

/* The components from the root to the place. */
static int text_locked(struct path at, const struct path *root, struct text_end *text)
{
	if (is_removed(at.dentry) && !put_left(text, " (deleted)", 10))
		return -ENAMETOOLONG;
	if (at.mount == &anonymous_mount)
		return put_left(text, at.dentry->name, at.dentry->name_len) ? 0 : -ENAMETOOLONG;
	while (!same_place(&at, root)) {
		if (at.dentry == at.mount->root) {
			if (!at.mount->at.dentry) {
				if (at.mount->is_attached)
					break;
				return put_left(text, "(unreachable)", 13) ? 0 : -ENAMETOOLONG;
			}
			at = at.mount->at;
			continue;
		}
		if (!put_left(text, at.dentry->name, at.dentry->name_len) || !put_left(text, "/", 1))
			return -ENAMETOOLONG;
		at.dentry = at.dentry->parent;
	}
	return 0;
}

static long finish_text(struct text_end *text, char *to, size_t size, int ret)
{
	size_t len = (size_t)(to + size - 1 - text->start);

	if (ret)
		return ret;
	if (!len || (text->start[0] == ' ' && len == 10)) {
		if (!put_left(text, "/", 1))
			return -ENAMETOOLONG;
		len++;
	}
	memmove(to, text->start, len);
	to[len] = '\0';
	return (long)len;
}

long path_to_text(const struct path *path, char *to, size_t size)
{
	struct text_end text = {.start = to + size - 1, .limit = to};
	int ret;

	if (size < 2 || !path->dentry)
		return -ENAMETOOLONG;
	spin_lock(&name_lock);
	ret = text_locked(*path, &fs_context_current()->root, &text);
	spin_unlock(&name_lock);
	return finish_text(&text, to, size, ret);
}

bool path_is_below_root(const struct path *path)
{
	const struct path *root = &fs_context_current()->root;
	struct path at = *path;
	bool found;

	spin_lock(&name_lock);
	while (!(found = same_place(&at, root))) {
		if (at.dentry != at.mount->root)
			at.dentry = at.dentry->parent;
		else if (at.mount->at.dentry)
			at = at.mount->at;
		else
			break;
	}
	spin_unlock(&name_lock);
	return found;
}

long mount_target(const struct mount *mount, char *to, size_t size)
{
	struct text_end text = {.start = to + size - 1, .limit = to};
	struct path place = {.mount = (struct mount *)(uintptr_t)mount, .dentry = mount->root};
	int ret;

	if (size < 2)
		return -ENAMETOOLONG;
	spin_lock(&name_lock);
	ret = text_locked(place, &fs_context_current()->root, &text);
	spin_unlock(&name_lock);
	return finish_text(&text, to, size, ret);
}

long mount_root_text(const struct mount *mount, char *to, size_t size)
{
	struct text_end text = {.start = to + size - 1, .limit = to};
	int ret = 0;

	if (size < 2)
		return -ENAMETOOLONG;
	spin_lock(&name_lock);
	for (const struct dentry *d = mount->root; d->parent != d && !ret; d = d->parent)
		if (!put_left(&text, d->name, d->name_len) || !put_left(&text, "/", 1))
			ret = -ENAMETOOLONG;
	spin_unlock(&name_lock);
	return finish_text(&text, to, size, ret);
}
