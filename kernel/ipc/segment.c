/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shared memory segments: each is a page cache without a file. A segment that is removed loses its key, and goes when
 * nobody has it attached any more; the regions that map it are its users, as Linux counts them.
 */
#include "kernel/ipc/segment.h"
#include "kernel/mem/heap.h"
#include "kernel/process/process.h"
#include "kernel/process/credentials.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/mman.h"
#include "lib/format.h"

#define DEVICE 1 /* what /proc/PID/maps shows for shared memory without a file */

struct segment {
	struct ipc_object object;
	struct page_cache cache;
	uint64_t size; /* bytes, as asked for */
	int64_t attached_at, detached_at, changed_at;
	int creator_pid, last_pid;
	uint64_t nr_attached; /* regions */
	uint64_t nr_users;    /* regions, and who holds it for a moment */
};

static struct ipc_object *create(uint64_t size, int flags, int *error);
static int check_size(const struct ipc_object *object, uint64_t size);

static struct ipc_table segments = {.limit = &ipc_limits.shmmni, .next_id = &ipc_limits.shm_next_id, .create = create, .check_size = check_size};

static struct segment *of(struct ipc_object *object)
{
	return container_of(object, struct segment, object);
}

static uint64_t pages_of(const struct segment *segment)
{
	return align_up(segment->size, PAGE_SIZE) / PAGE_SIZE;
}

/* ---- Life ---- */

static struct ipc_object *create(uint64_t size, int flags, int *error)
{
	struct page_counts counts;
	struct segment *segment;

	*error = size && size <= ipc_limits.shmmax ? 0 : -EINVAL;
	page_count(&counts);
	if (!*error && (size / PAGE_SIZE > counts.total || (flags & LINUX_SHM_HUGETLB)))
		*error = -ENOMEM;
	segment = *error ? NULL : heap_alloc_zero(sizeof(*segment));
	if (!segment) {
		*error = *error ? *error : -ENOMEM;
		return NULL;
	}
	page_cache_init(&segment->cache, NULL);
	segment->size = size;
	segment->creator_pid = process_current()->pid;
	segment->changed_at = ipc_now();
	return &segment->object;
}

static int check_size(const struct ipc_object *object, uint64_t size)
{
	return container_of(object, const struct segment, object)->size < size ? -EINVAL : 0;
}

/* Frees the segment if it is removed and has no users. Releases the lock. */
static void release_and_unlock(struct segment *segment)
{
	bool is_dead = !segment->nr_users && (segment->object.mode & LINUX_SHM_DEST);

	if (is_dead)
		ipc_remove(&segments, &segment->object);
	spin_unlock(&segments.lock);
	if (is_dead) {
		page_cache_fini(&segment->cache);
		heap_free(segment);
	}
}

/* ---- As memory that is mapped ---- */

static uint64_t mapped_size(void *file)
{
	return align_up(((struct segment *)file)->size, PAGE_SIZE);
}

static void get(void *file)
{
	spin_lock(&segments.lock);
	((struct segment *)file)->nr_users++;
	spin_unlock(&segments.lock);
}

static void put(void *file)
{
	spin_lock(&segments.lock);
	((struct segment *)file)->nr_users--;
	release_and_unlock(file);
}

static void attached(void *file)
{
	struct segment *segment = file;

	spin_lock(&segments.lock);
	segment->nr_attached++;
	segment->attached_at = ipc_now();
	segment->last_pid = process_current()->pid;
	spin_unlock(&segments.lock);
}

static void detached(void *file)
{
	struct segment *segment = file;

	spin_lock(&segments.lock);
	segment->nr_attached--;
	segment->detached_at = ipc_now();
	segment->last_pid = process_current()->pid;
	spin_unlock(&segments.lock);
}

static long describe(void *file, char *path, size_t size)
{
	const struct segment *segment = file;

	return format_text(path, size, "/SYSV%08x (deleted)", (unsigned)segment->object.first_key);
}

static bool is_segment(const struct mapped_file *file)
{
	return file->put == put;
}

static int64_t map(struct segment *segment, uint64_t address, int flags)
{
	int prot = LINUX_PROT_READ | (flags & LINUX_SHM_RDONLY ? 0 : LINUX_PROT_WRITE) |
		   (flags & LINUX_SHM_EXEC ? LINUX_PROT_EXEC : 0);
	struct mapped_file file = {
		.cache = &segment->cache,
		.size = mapped_size,
		.get = get,
		.put = put,
		.attached = attached,
		.detached = detached,
		.describe = describe,
		.file = segment,
		.device = DEVICE,
		.inode = (uint64_t)segment->object.id,
		.is_read_only = flags & LINUX_SHM_RDONLY,
	};
	int how = LINUX_MAP_SHARED, place = flags & LINUX_SHM_REMAP ? LINUX_MAP_FIXED : LINUX_MAP_FIXED_NOREPLACE;
	int64_t ret = address_space_map(
		process_current()->space, address, segment->size, prot, how | (address ? place : 0), &file, 0);

	return ret == -EEXIST ? -EINVAL : ret;
}

/* ---- Attaching and detaching ---- */

static int check_address(uint64_t *address, int flags)
{
	if (!*address)
		return flags & LINUX_SHM_REMAP ? -EINVAL : 0;
	if (*address % PAGE_SIZE && !(flags & LINUX_SHM_RND))
		return -EINVAL;
	*address = align_down(*address, PAGE_SIZE);
	return !*address && (flags & LINUX_SHM_REMAP) ? -EINVAL : 0;
}

int64_t segment_attach(int id, uint64_t address, int flags)
{
	struct ipc_object *object;
	int error = check_address(&address, flags);
	int64_t ret;

	if (error)
		return error;
	object = ipc_lock(&segments, id,
		(flags & LINUX_SHM_RDONLY ? 0444 : 0666) | (flags & LINUX_SHM_EXEC ? 0111 : 0), &error);
	if (!object)
		return error;
	of(object)->nr_users++; /* until it is mapped */
	spin_unlock(&segments.lock);
	ret = map(of(object), address, flags);
	put(of(object));
	return ret;
}

int segment_detach(uint64_t address)
{
	if (address % PAGE_SIZE)
		return -EINVAL;
	return address_space_unmap_file(process_current()->space, address, is_segment);
}

int64_t segment_get(int key, uint64_t size, int flags)
{
	return ipc_get(&segments, key, size, flags);
}

/* ---- Control ---- */

static void describe_locked(const struct segment *segment, struct linux_shmid_ds *to)
{
	*to = (struct linux_shmid_ds){
		.segsz = segment->size,
		.atime = segment->attached_at,
		.dtime = segment->detached_at,
		.ctime = segment->changed_at,
		.cpid = segment->creator_pid,
		.lpid = segment->last_pid,
		.nattch = segment->nr_attached,
	};
	ipc_describe(&segment->object, &to->perm);
}

int segment_stat(int id, bool is_slot, bool check_permission, struct linux_shmid_ds *to, int *found_id)
{
	unsigned mode = check_permission ? 0444 : 0;
	struct ipc_object *object;
	int error;

	object = is_slot ? ipc_lock_slot(&segments, id, mode, &error) : ipc_lock(&segments, id, mode, &error);
	if (!object)
		return error;
	describe_locked(of(object), to);
	*found_id = object->id;
	spin_unlock(&segments.lock);
	return 0;
}

int segment_set(int id, const struct linux_ipc_perm *perm)
{
	int error;
	struct ipc_object *object = ipc_lock_own(&segments, id, &error);

	if (!object)
		return error;
	ipc_set(object, perm);
	of(object)->changed_at = ipc_now();
	spin_unlock(&segments.lock);
	return 0;
}

int segment_remove(int id)
{
	int error;
	struct ipc_object *object = ipc_lock_own(&segments, id, &error);

	if (!object)
		return error;
	object->mode |= LINUX_SHM_DEST;
	ipc_forget_key(&segments, object);
	release_and_unlock(of(object));
	return 0;
}

int segment_lock(int id, bool lock)
{
	uint32_t euid = credentials_current()->euid;
	int error;
	struct ipc_object *object = ipc_lock(&segments, id, 0, &error);

	if (!object)
		return error;
	if (!task_is_capable(CAPABILITY_IPC_LOCK) && euid != object->uid && euid != object->creator_uid)
		error = -EPERM;
	else
		object->mode = lock ? object->mode | LINUX_SHM_LOCKED : object->mode & ~(uint32_t)LINUX_SHM_LOCKED;
	spin_unlock(&segments.lock);
	return error;
}

void segment_count(struct linux_shm_info *info, int *last_slot)
{
	struct ipc_object *object;

	*info = (struct linux_shm_info){.used_ids = 0};
	spin_lock(&segments.lock);
	for (unsigned slot = 0; (object = ipc_next(&segments, &slot)); slot++) {
		info->used_ids++;
		info->shm_tot += pages_of(of(object));
		info->shm_rss += of(object)->cache.nr_pages;
	}
	*last_slot = ipc_last_slot(&segments);
	spin_unlock(&segments.lock);
}

bool segment_next(unsigned *slot, struct linux_shmid_ds *to, int *id, uint64_t *resident)
{
	struct ipc_object *object;

	spin_lock(&segments.lock);
	object = ipc_next(&segments, slot);
	if (object) {
		describe_locked(of(object), to);
		*id = object->id;
		*resident = of(object)->cache.nr_pages;
	}
	spin_unlock(&segments.lock);
	return object;
}
