/* SPDX-License-Identifier: BSD-3-Clause */
/* Names: link(2), symlink(2), unlink(2), rename(2). */
#include "kernel/syscall/arguments.h"
#include "kernel/mem/heap.h"

struct two_places {
	struct place_argument from, to;
};

/* Both on the heap: two short names are much for a kernel stack. */
static int two_places_get(struct two_places **places, int from_dirfd, uint64_t from, int to_dirfd, uint64_t to, bool from_may_be_empty)
{
	struct two_places *p = heap_alloc(sizeof(*p));
	int ret;

	if (!p)
		return -ENOMEM;
	ret = place_get(&p->from, from_dirfd, from, from_may_be_empty);
	if (!ret) {
		ret = place_get(&p->to, to_dirfd, to, false);
		if (ret)
			place_put(&p->from);
	}
	if (ret)
		heap_free(p);
	*places = p;
	return ret;
}

static void two_places_put(struct two_places *p)
{
	place_put(&p->from);
	place_put(&p->to);
	heap_free(p);
}

static int64_t link_at(int from_dirfd, uint64_t from, int to_dirfd, uint64_t to, int flags)
{
	struct two_places *p;
	int64_t ret;

	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	ret = two_places_get(&p, from_dirfd, from, to_dirfd, to, flags & AT_EMPTY_PATH);
	if (ret)
		return ret;
	ret = path_link(p->from.start, p->from.name, p->to.start, p->to.name, flags);
	two_places_put(p);
	return ret;
}

SYSCALL(link, 2, "ss")
{
	return link_at(AT_FDCWD, a->v[0], AT_FDCWD, a->v[1], 0);
}

SYSCALL(linkat, 5, "DsDsx")
{
	return link_at((int)a->v[0], a->v[1], (int)a->v[2], a->v[3], (int)a->v[4]);
}

static int64_t symlink_at(uint64_t target_address, int dirfd, uint64_t name)
{
	struct place_argument place;
	char *target;
	int64_t ret = syscall_copy_path(target_address, &target);

	if (ret)
		return ret;
	ret = place_get(&place, dirfd, name, false);
	if (!ret) {
		ret = path_symlink(target, place.start, place.name);
		place_put(&place);
	}
	heap_free(target);
	return ret;
}

SYSCALL(symlink, 2, "ss")
{
	return symlink_at(a->v[0], AT_FDCWD, a->v[1]);
}

SYSCALL(symlinkat, 3, "sDs")
{
	return symlink_at(a->v[0], (int)a->v[1], a->v[2]);
}

static int64_t unlink_at(int dirfd, uint64_t name, int flags)
{
	struct place_argument place;
	int64_t ret;

	if (flags & ~AT_REMOVEDIR)
		return -EINVAL;
	ret = place_get(&place, dirfd, name, false);
	if (ret)
		return ret;
	ret = flags & AT_REMOVEDIR ? path_rmdir(place.start, place.name) : path_unlink(place.start, place.name);
	place_put(&place);
	return ret;
}

SYSCALL(unlink, 1, "s")
{
	return unlink_at(AT_FDCWD, a->v[0], 0);
}

SYSCALL(rmdir, 1, "s")
{
	return unlink_at(AT_FDCWD, a->v[0], AT_REMOVEDIR);
}

SYSCALL(unlinkat, 3, "Dsx")
{
	return unlink_at((int)a->v[0], a->v[1], (int)a->v[2]);
}

static int64_t rename_at(int from_dirfd, uint64_t from, int to_dirfd, uint64_t to, unsigned flags)
{
	struct two_places *p;
	int64_t ret = two_places_get(&p, from_dirfd, from, to_dirfd, to, false);

	if (ret)
		return ret;
	ret = path_rename(p->from.start, p->from.name, p->to.start, p->to.name, flags);
	two_places_put(p);
	return ret;
}

SYSCALL(rename, 2, "ss")
{
	return rename_at(AT_FDCWD, a->v[0], AT_FDCWD, a->v[1], 0);
}

SYSCALL(renameat, 4, "DsDs")
{
	return rename_at((int)a->v[0], a->v[1], (int)a->v[2], a->v[3], 0);
}

SYSCALL(renameat2, 5, "DsDsx")
{
	return rename_at((int)a->v[0], a->v[1], (int)a->v[2], a->v[3], (unsigned)a->v[4]);
}
