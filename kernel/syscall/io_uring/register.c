/* SPDX-License-Identifier: BSD-3-Clause */
/* io_uring_register(2). */
#include "kernel/mem/heap.h"
#include "kernel/platform/platform.h"
#include "kernel/syscall/io_uring/rings.h"
#include "lib/string.h"

enum { RINGS_MAX = 16, RESTRICTIONS_MAX = 64 + 64 + 8 };

/* ---- Rings that a task registers, to enter without its descriptor table ---- */

struct file *ring_file_get(unsigned number, bool is_registered)
{
	struct file **rings = task_current()->rings;

	if (!is_registered)
		return descriptor_get((int)number);
	if (!rings || number >= RINGS_MAX || !rings[number])
		return NULL;
	file_get(rings[number]);
	return rings[number];
}

static void forget_rings(struct task *task)
{
	struct file **rings = task->rings;

	if (!rings)
		return;
	task->rings = NULL;
	for (unsigned i = 0; i < RINGS_MAX; i++)
		if (rings[i])
			file_put(rings[i]);
	heap_free(rings);
}

PROCESS_END(io_uring) = {.task_ends = forget_rings};

static int register_ring(struct file **rings, struct linux_io_uring_rsrc_update2 *what)
{
	unsigned place = what->offset;
	struct file *file;

	if (what->resv)
		return -EINVAL;
	if (place == UINT32_MAX)
		for (place = 0; place < RINGS_MAX && rings[place]; place++)
			;
	else if (place >= RINGS_MAX)
		return -EINVAL;
	if (place == RINGS_MAX || rings[place])
		return -EBUSY;
	file = descriptor_get((int)what->data);
	if (!file)
		return -EBADF;
	if (!uring_of(file)) {
		file_put(file);
		return -EOPNOTSUPP;
	}
	rings[place] = file;
	what->offset = place;
	return 0;
}

static int unregister_ring(struct file **rings, const struct linux_io_uring_rsrc_update2 *what)
{
	if (what->resv || what->data || what->offset >= RINGS_MAX)
		return -EINVAL;
	if (rings[what->offset])
		file_put(rings[what->offset]);
	rings[what->offset] = NULL;
	return 0;
}

/* An array of struct io_uring_rsrc_update, the first 16 bytes of the newer struct. */
static int change_rings(uint64_t address, unsigned count, bool adds)
{
	struct task *task = task_current();
	unsigned done = 0;
	int ret = 0;

	if (!count || count > RINGS_MAX)
		return -EINVAL;
	if (!task->rings)
		task->rings = heap_alloc_zero(RINGS_MAX * sizeof(*task->rings));
	if (!task->rings)
		return -ENOMEM;
	for (; done < count; done++, address += 16) {
		struct linux_io_uring_rsrc_update2 what = {.offset = 0};

		ret = copy_from_user(&what, address, 16);
		if (!ret)
			ret = adds ? register_ring(task->rings, &what) : unregister_ring(task->rings, &what);
		if (!ret && adds)
			ret = copy_to_user(address, &what, 16);
		if (ret)
			break;
	}
	return done ? (int)done : ret;
}

/* ---- Tables ---- */

static int register_resources(struct uring *ring, uint64_t address, unsigned size, bool are_files)
{
	struct linux_io_uring_rsrc_register what;

	if (size != sizeof(what))
		return -EINVAL;
	if (copy_from_user(&what, address, sizeof(what)))
		return -EFAULT;
	if (!what.nr || what.resv2 || (what.flags & ~(unsigned)IORING_RSRC_REGISTER_SPARSE))
		return -EINVAL;
	if ((what.flags & IORING_RSRC_REGISTER_SPARSE) && what.data)
		return -EINVAL;
	if (are_files)
		return uring_files_register(ring, what.data, what.tags, what.nr);
	return uring_buffers_register(ring, what.data, what.tags, what.nr);
}

static int change_resources(struct uring *ring, uint64_t address, unsigned size, bool are_files)
{
	struct linux_io_uring_rsrc_update2 what;

	if (size != sizeof(what))
		return -EINVAL;
	if (copy_from_user(&what, address, sizeof(what)))
		return -EFAULT;
	if (!what.nr || what.resv || what.resv2)
		return -EINVAL;
	if (are_files)
		return uring_files_change(ring, what.offset, what.data, what.tags, what.nr);
	return uring_buffers_change(ring, what.offset, what.data, what.tags, what.nr);
}

static int change_files(struct uring *ring, uint64_t address, unsigned count)
{
	struct linux_io_uring_files_update what;

	if (!count)
		return -EINVAL;
	if (copy_from_user(&what, address, sizeof(what)))
		return -EFAULT;
	return what.resv ? -EINVAL : uring_files_change(ring, what.offset, what.fds, 0, count);
}

static int set_range(struct uring *ring, uint64_t address)
{
	struct linux_io_uring_file_index_range range;

	if (copy_from_user(&range, address, sizeof(range)))
		return -EFAULT;
	return range.resv ? -EINVAL : uring_files_range(ring, range.off, range.len);
}

static int change_buffer_ring(struct uring *ring, uint64_t address, unsigned count, bool adds)
{
	struct linux_io_uring_buf_reg what;

	if (count != 1)
		return -EINVAL;
	if (copy_from_user(&what, address, sizeof(what)))
		return -EFAULT;
	return adds ? uring_buffer_ring_add(ring, &what) : uring_buffer_ring_remove(ring, what.bgid);
}

/* ---- The rest ---- */

static int set_event(struct uring *ring, uint64_t address, unsigned count, bool only_async)
{
	int fd;

	if (count != 1)
		return -EINVAL;
	if (copy_from_user(&fd, address, sizeof(fd)))
		return -EFAULT;
	return fd < 0 ? -EBADF : uring_set_event(ring, fd, only_async);
}

static bool is_zero(const void *bytes, size_t len)
{
	const uint8_t *b = bytes;

	for (size_t i = 0; i < len; i++)
		if (b[i])
			return false;
	return true;
}

static int probe(uint64_t address, unsigned count)
{
	struct {
		struct linux_io_uring_probe head;
		struct linux_io_uring_probe_op ops[IORING_OP_LAST];
	} *answer;
	size_t size;
	int ret;

	if (!address || count > 256)
		return -EINVAL;
	count = (unsigned)min_u64(count, IORING_OP_LAST);
	answer = heap_alloc_zero(sizeof(*answer));
	if (!answer)
		return -ENOMEM;
	size = sizeof(answer->head) + count * sizeof(answer->ops[0]);
	ret = copy_from_user(answer, address, size);
	if (!ret && !is_zero(answer, size))
		ret = -EINVAL;
	answer->head.last_op = IORING_OP_LAST - 1;
	answer->head.ops_len = (uint8_t)count;
	for (unsigned i = 0; i < count; i++)
		answer->ops[i] = (struct linux_io_uring_probe_op){.op = (uint8_t)i, .flags = uring_operation_find(i) ? IO_URING_OP_SUPPORTED : 0};
	if (!ret)
		ret = copy_to_user(address, answer, size);
	heap_free(answer);
	return ret;
}

static int restrict_ring(struct uring *ring, uint64_t address, unsigned count)
{
	struct linux_io_uring_restriction *list;
	int ret;

	if (!address || count > RESTRICTIONS_MAX)
		return -EINVAL;
	list = heap_alloc((count + 1) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	ret = copy_from_user(list, address, count * sizeof(*list));
	if (!ret)
		ret = uring_restrict(ring, list, count);
	heap_free(list);
	return ret;
}

static int limit_workers(uint64_t address, unsigned count)
{
	struct async_group *group = async_group_get();
	uint32_t limits[ASYNC_WORKS];

	if (!address || count != ASYNC_WORKS)
		return -EINVAL;
	if (!group)
		return -ENOMEM;
	if (copy_from_user(limits, address, sizeof(limits)))
		return -EFAULT;
	for (unsigned i = 0; i < ASYNC_WORKS; i++)
		if (limits[i] > INT32_MAX)
			return -EINVAL;
	async_group_limit(group, limits);
	return copy_to_user(address, limits, sizeof(limits));
}

/* Cancels, and waits until what was cancelled has ended. */
static int cancel_and_wait(struct uring *ring, uint64_t address, unsigned count)
{
	struct linux_io_uring_sync_cancel_reg what;
	struct uring_match match;
	struct file *file = NULL;
	int ret;

	if (count != 1)
		return -EINVAL;
	if (copy_from_user(&what, address, sizeof(what)))
		return -EFAULT;
	if ((what.flags & ~63u) || !is_zero(what.pad, sizeof(what.pad)) || !is_zero(what.pad2, sizeof(what.pad2)))
		return -EINVAL;
	match = (struct uring_match){.flags = what.flags, .user_data = what.addr, .opcode = what.opcode};
	if (what.flags & IORING_ASYNC_CANCEL_FD) {
		file = what.flags & IORING_ASYNC_CANCEL_FD_FIXED ? uring_file_get(ring, (unsigned)what.fd) : descriptor_get(what.fd);
		if (!file)
			return -EBADF;
		match.file = file;
	}
	ret = uring_cancel(ring, &match);
	async_run_ready(async_group_current());
	if (file)
		file_put(file);
	return ret > 0 ? 0 : ret;
}

static int64_t do_register(struct uring *ring, unsigned opcode, uint64_t address, unsigned count)
{
	bool is_empty = !address && !count;

	if (ring && !uring_may_register(ring, opcode))
		return -EACCES;
	switch (opcode) {
	case IORING_REGISTER_BUFFERS:
		return address ? uring_buffers_register(ring, address, 0, count) : -EFAULT;
	case IORING_UNREGISTER_BUFFERS:
		return is_empty ? uring_buffers_unregister(ring) : -EINVAL;
	case IORING_REGISTER_FILES:
		return address ? uring_files_register(ring, address, 0, count) : -EFAULT;
	case IORING_UNREGISTER_FILES:
		return is_empty ? uring_files_unregister(ring) : -EINVAL;
	case IORING_REGISTER_FILES_UPDATE:
		return change_files(ring, address, count);
	case IORING_REGISTER_EVENTFD:
	case IORING_REGISTER_EVENTFD_ASYNC:
		return set_event(ring, address, count, opcode == IORING_REGISTER_EVENTFD_ASYNC);
	case IORING_UNREGISTER_EVENTFD:
		return is_empty ? uring_set_event(ring, -1, false) : -EINVAL;
	case IORING_REGISTER_PROBE:
		return probe(address, count);
	case IORING_REGISTER_PERSONALITY:
		return is_empty ? uring_personality_add(ring) : -EINVAL;
	case IORING_UNREGISTER_PERSONALITY:
		return address ? -EINVAL : uring_personality_remove(ring, count);
	case IORING_REGISTER_RESTRICTIONS:
		return restrict_ring(ring, address, count);
	case IORING_REGISTER_ENABLE_RINGS:
		return is_empty ? uring_enable(ring) : -EINVAL;
	case IORING_REGISTER_FILES2:
		return register_resources(ring, address, count, true);
	case IORING_REGISTER_BUFFERS2:
		return register_resources(ring, address, count, false);
	case IORING_REGISTER_FILES_UPDATE2:
		return change_resources(ring, address, count, true);
	case IORING_REGISTER_BUFFERS_UPDATE:
		return change_resources(ring, address, count, false);
	case IORING_REGISTER_IOWQ_MAX_WORKERS:
		return limit_workers(address, count);
	case IORING_REGISTER_RING_FDS:
	case IORING_UNREGISTER_RING_FDS:
		return change_rings(address, count, opcode == IORING_REGISTER_RING_FDS);
	case IORING_REGISTER_PBUF_RING:
	case IORING_UNREGISTER_PBUF_RING:
		return change_buffer_ring(ring, address, count, opcode == IORING_REGISTER_PBUF_RING);
	case IORING_REGISTER_SYNC_CANCEL:
		return cancel_and_wait(ring, address, count);
	case IORING_REGISTER_FILE_ALLOC_RANGE:
		return address && !count ? set_range(ring, address) : -EINVAL;
	default:
		return -EINVAL;
	}
}

SYSCALL_PARTIAL(io_uring_register, "as Linux 6.1 but for IOWQ_AFF; registered memory is not pinned");
SYSCALL(io_uring_register, 4, "dupu")
{
	unsigned opcode = (unsigned)a->v[1] & ~IORING_REGISTER_USE_REGISTERED_RING;
	struct uring *ring;
	struct file *file;
	int64_t ret;
	bool locked;

	if (opcode >= IORING_REGISTER_LAST)
		return -EINVAL;
	file = ring_file_get((unsigned)a->v[0], (unsigned)a->v[1] & IORING_REGISTER_USE_REGISTERED_RING);
	if (!file)
		return -EBADF;
	ring = uring_of(file);
	if (!ring) {
		file_put(file);
		return -EOPNOTSUPP;
	}
	locked = uring_register_begin(ring);
	ret = do_register(ring, opcode, a->v[2], (unsigned)a->v[3]);
	uring_register_end(ring, locked);
	file_put(file);
	return ret;
}
