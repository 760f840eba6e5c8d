/* SPDX-License-Identifier: BSD-3-Clause */
/* Operations on names: IORING_OP_OPENAT, OPENAT2, STATX, RENAMEAT, UNLINKAT, MKDIRAT, SYMLINKAT, LINKAT. The names are copied when they are submitted. */
#include "kernel/mem/heap.h"
#include "kernel/syscall/io_uring/rings.h"
#include "kernel/uapi/mount.h"

struct names {
	char *first, *second; /* taken by who uses them */
	struct open_how how;
};

static void release(struct uring_request *r)
{
	struct names *names = r->data;

	if (!names)
		return;
	heap_free(names->first);
	heap_free(names->second);
	heap_free(names);
}

static char *take_name(char **name)
{
	char *taken = *name;

	*name = NULL;
	return taken;
}

static int copy_names(struct uring_request *r, uint64_t first, uint64_t second)
{
	struct names *names;
	int ret;

	if (r->sqe.flags & IOSQE_FIXED_FILE)
		return -EBADF;
	names = heap_alloc_zero(sizeof(*names));
	if (!names)
		return -ENOMEM;
	r->data = names;
	ret = syscall_copy_path(first, &names->first);
	if (!ret && second)
		ret = syscall_copy_path(second, &names->second);
	return ret;
}

/* ---- Opening ---- */

static int prepare_how(struct uring_request *r, const struct open_how *how)
{
	int ret;

	if (r->sqe.buf_index)
		return -EINVAL;
	if (r->sqe.file_index && (how->flags & O_CLOEXEC))
		return -EINVAL;
	ret = copy_names(r, r->sqe.addr, 0);
	if (!ret)
		((struct names *)r->data)->how = *how;
	return ret;
}

static int prepare_open(struct uring_request *r)
{
	return prepare_how(r, &(struct open_how){.flags = (int)r->sqe.op_flags, .mode = r->sqe.len});
}

static int prepare_open2(struct uring_request *r)
{
	struct open_how how;
	int ret = open_copy_how(r->sqe.off, r->sqe.len, &how);

	return ret ? ret : prepare_how(r, &how);
}

static int issue_open(struct uring_request *r, bool may_wait)
{
	struct names *names = r->data;
	struct place_argument place;
	struct file *file;
	int ret = place_from(&place, r->sqe.fd, take_name(&names->first), false);

	if (ret)
		return ret;
	ret = open_place(&place, r->sqe.fd, &names->how, &file);
	place_put(&place);
	return ret ? ret : uring_install(r, file, r->sqe.file_index, names->how.flags & O_CLOEXEC);
}

#define OPENS (URING_WORKER | URING_UNBOUNDED) /* a FIFO waits for its other end */
URING_OPERATION(openat) = {.opcode = IORING_OP_OPENAT, .flags = OPENS, .prepare = prepare_open, .issue = issue_open, .release = release};
URING_OPERATION(openat2) = {.opcode = IORING_OP_OPENAT2, .flags = OPENS, .prepare = prepare_open2, .issue = issue_open, .release = release};

/* ---- Looking ---- */

static int prepare_statx(struct uring_request *r)
{
	int ret = r->sqe.buf_index || r->sqe.file_index ? -EINVAL : copy_names(r, r->sqe.addr, 0);

	return ret;
}

static int issue_statx(struct uring_request *r, bool may_wait)
{
	struct names *names = r->data;
	int ret = statx_check(r->sqe.op_flags, r->sqe.len);

	return ret ? ret : (int)statx_name(r->sqe.fd, take_name(&names->first), (int)r->sqe.op_flags, r->sqe.len, r->sqe.off);
}

URING_OPERATION(statx) = {.opcode = IORING_OP_STATX, .flags = URING_WORKER, .prepare = prepare_statx, .issue = issue_statx, .release = release};

/* ---- Changing ---- */

static int prepare_one(struct uring_request *r)
{
	return r->sqe.off || r->sqe.buf_index || r->sqe.file_index ? -EINVAL : copy_names(r, r->sqe.addr, 0);
}

static int prepare_unlink(struct uring_request *r)
{
	return r->sqe.len || (r->sqe.op_flags & ~(unsigned)AT_REMOVEDIR) ? -EINVAL : prepare_one(r);
}

static int issue_unlink(struct uring_request *r, bool may_wait)
{
	struct names *names = r->data;
	struct place_argument place;
	int ret = place_from(&place, r->sqe.fd, take_name(&names->first), false);

	if (ret)
		return ret;
	ret = r->sqe.op_flags & AT_REMOVEDIR ? path_rmdir(place.start, place.name) : path_unlink(place.start, place.name);
	place_put(&place);
	return ret;
}

URING_OPERATION(unlinkat) = {.opcode = IORING_OP_UNLINKAT, .flags = URING_WORKER, .prepare = prepare_unlink, .issue = issue_unlink, .release = release};

static int prepare_mkdir(struct uring_request *r)
{
	return r->sqe.op_flags ? -EINVAL : prepare_one(r);
}

static int issue_mkdir(struct uring_request *r, bool may_wait)
{
	struct names *names = r->data;
	struct place_argument place;
	int ret = place_from(&place, r->sqe.fd, take_name(&names->first), false);

	if (ret)
		return ret;
	ret = path_mkdir(place.start, place.name, r->sqe.len);
	place_put(&place);
	return ret;
}

URING_OPERATION(mkdirat) = {.opcode = IORING_OP_MKDIRAT, .flags = URING_WORKER, .prepare = prepare_mkdir, .issue = issue_mkdir, .release = release};

/* Two places, each with a short name of its own, are much for a stack: they are on the heap. */
struct two_places {
	struct place_argument from, to;
};

static int two_places_from(struct uring_request *r, bool from_may_be_empty, struct two_places **places)
{
	struct names *names = r->data;
	struct two_places *p = heap_alloc(sizeof(*p));
	int ret;

	if (!p)
		return -ENOMEM;
	ret = place_from(&p->from, r->sqe.fd, take_name(&names->first), from_may_be_empty);
	if (!ret) {
		ret = place_from(&p->to, (int)r->sqe.len, take_name(&names->second), false);
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

static int prepare_two(struct uring_request *r)
{
	if (r->sqe.buf_index || r->sqe.file_index)
		return -EINVAL;
	return r->sqe.off ? copy_names(r, r->sqe.addr, r->sqe.off) : -EFAULT;
}

static int issue_rename(struct uring_request *r, bool may_wait)
{
	struct two_places *p;
	int ret = two_places_from(r, false, &p);

	if (ret)
		return ret;
	ret = path_rename(p->from.start, p->from.name, p->to.start, p->to.name, r->sqe.op_flags);
	two_places_put(p);
	return ret;
}

URING_OPERATION(renameat) = {.opcode = IORING_OP_RENAMEAT, .flags = URING_WORKER, .prepare = prepare_two, .issue = issue_rename, .release = release};

static int issue_link(struct uring_request *r, bool may_wait)
{
	int flags = (int)r->sqe.op_flags, ret;
	struct two_places *p;

	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	ret = two_places_from(r, flags & AT_EMPTY_PATH, &p);
	if (ret)
		return ret;
	ret = path_link(p->from.start, p->from.name, p->to.start, p->to.name, flags);
	two_places_put(p);
	return ret;
}

URING_OPERATION(linkat) = {.opcode = IORING_OP_LINKAT, .flags = URING_WORKER, .prepare = prepare_two, .issue = issue_link, .release = release};

static int prepare_symlink(struct uring_request *r)
{
	return r->sqe.len || r->sqe.op_flags ? -EINVAL : prepare_two(r);
}

static int issue_symlink(struct uring_request *r, bool may_wait)
{
	struct names *names = r->data;
	struct place_argument place;
	int ret = place_from(&place, r->sqe.fd, take_name(&names->second), false);

	if (ret)
		return ret;
	ret = path_symlink(names->first, place.start, place.name);
	place_put(&place);
	return ret;
}

URING_OPERATION(symlinkat) = {.opcode = IORING_OP_SYMLINKAT, .flags = URING_WORKER, .prepare = prepare_symlink, .issue = issue_symlink, .release = release};
