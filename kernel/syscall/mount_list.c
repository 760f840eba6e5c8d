/* SPDX-License-Identifier: BSD-3-Clause */
/* statmount(2), listmount(2): what is mounted, by numbers that are never given again (STATX_MNT_ID_UNIQUE). */
#include "kernel/mem/heap.h"
#include "kernel/process/credentials.h"
#include "kernel/syscall/arguments.h"
#include "kernel/uapi/mount.h"
#include "lib/string.h"

enum { NAMESPACE = 1, IDS_AT_ONCE = 64, TEXT_MAX = 4096, STRINGS_MAX = 3 * TEXT_MAX, REQUEST_MIN = 24 };
#define LIST_ROOT UINT64_MAX

enum {
	SB_BASIC = 1, MNT_BASIC = 2, PROPAGATE_FROM = 4, MNT_ROOT = 8, MNT_POINT = 16, FS_TYPE = 32, MNT_NS_ID = 64, MNT_OPTS = 128, SB_SOURCE = 512, SUPPORTED = 4096,
	ALL = SB_BASIC | MNT_BASIC | PROPAGATE_FROM | MNT_ROOT | MNT_POINT | FS_TYPE | MNT_NS_ID | MNT_OPTS | SB_SOURCE | SUPPORTED,
	STRINGS = MNT_ROOT | MNT_POINT | FS_TYPE | MNT_OPTS | SB_SOURCE,
};

struct linux_mount_request {
	uint32_t size, spare;
	uint64_t mount, parameter, namespace;
};

struct linux_statmount {
	uint32_t size, options;
	uint64_t mask;
	uint32_t device_major, device_minor;
	uint64_t magic;
	uint32_t super_flags, type;
	uint64_t id, parent;
	uint32_t old_id, old_parent;
	uint64_t attributes, propagation, peer_group, master, propagate_from;
	uint32_t root, point;
	uint64_t namespace;
	uint32_t subtype, source, nr_options, option_array, nr_security, security_array;
	uint64_t supported, spare[45];
};
_Static_assert(sizeof(struct linux_statmount) == 512, "its size is fixed; strings follow");

/* A request of a later size may ask nothing more. */
static int copy_request(uint64_t address, struct linux_mount_request *to)
{
	uint8_t more[64];
	uint32_t size;

	*to = (struct linux_mount_request){0};
	if (copy_from_user(&size, address, sizeof(size)))
		return -EFAULT;
	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size < REQUEST_MIN)
		return -EINVAL;
	if (copy_from_user(to, address, min_u64(size, sizeof(*to))))
		return -EFAULT;
	for (uint64_t at = sizeof(*to); at < size; at += sizeof(more)) {
		size_t len = min_u64(size - at, sizeof(more));

		if (copy_from_user(more, address + at, len))
			return -EFAULT;
		for (size_t i = 0; i < len; i++)
			if (more[i])
				return -E2BIG;
	}
	if (to->spare || to->mount <= MOUNT_UNIQUE_OFFSET)
		return -EINVAL;
	return to->namespace && to->namespace != NAMESPACE ? -ENOENT : 0;
}

/* ---- statmount ---- */

struct answer {
	struct linux_statmount fixed;
	size_t len; /* of the strings */
	char strings[STRINGS_MAX];
};

static void put_string(struct answer *answer, uint32_t *offset, uint64_t bit, const char *text)
{
	size_t len = strlen(text) + 1;

	if (answer->len + len > STRINGS_MAX)
		return;
	*offset = (uint32_t)answer->len;
	memcpy(answer->strings + answer->len, text, len);
	answer->len += len;
	answer->fixed.mask |= bit;
}

static void put_super_block(struct linux_statmount *s, struct file_system *fs)
{
	struct linux_statfs statfs = {0};

	if (fs->statfs)
		(void)fs->statfs(fs, &statfs);
	s->device_major = device_major(fs->device);
	s->device_minor = device_minor(fs->device);
	s->magic = (uint64_t)statfs.type;
	s->super_flags = fs->is_read_only ? MS_RDONLY : 0;
	s->mask |= SB_BASIC;
}

static const struct {
	unsigned flag;
	uint64_t attribute; /* of mount_setattr(2) */
} attributes[] = {{MS_RDONLY, 1}, {MS_NOSUID, 2}, {MS_NODEV, 4}, {MS_NOEXEC, 8}, {MS_NOATIME, 0x10}, {MS_STRICTATIME, 0x20}, {MS_NODIRATIME, 0x80}, {MS_NOSYMFOLLOW, 0x200000}};

static void put_mount(struct linux_statmount *s, const struct mount *mount)
{
	unsigned flags = mount_flags(mount);

	s->old_id = (uint32_t)mount_id(mount);
	s->id = mount_unique_id(s->old_id);
	s->old_parent = (uint32_t)mount_parent_id(mount);
	s->parent = mount_unique_id(s->old_parent);
	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++)
		if (flags & attributes[i].flag)
			s->attributes |= attributes[i].attribute;
	s->propagation = MS_PRIVATE;
	s->mask |= MNT_BASIC;
}

/* `text`: TEXT_MAX bytes to work in. */
static void put_strings(struct answer *answer, uint64_t wanted, const struct mount *mount, char *text)
{
	struct linux_statmount *s = &answer->fixed;

	if (wanted & FS_TYPE)
		put_string(answer, &s->type, FS_TYPE, mount_file_system(mount)->type->name);
	if (wanted & MNT_ROOT && mount_root_text(mount, text, TEXT_MAX) >= 0)
		put_string(answer, &s->root, MNT_ROOT, text);
	if (wanted & MNT_POINT && mount_target(mount, text, TEXT_MAX) >= 0)
		put_string(answer, &s->point, MNT_POINT, text);
	if (wanted & MNT_OPTS && mount_file_system(mount)->is_read_only)
		put_string(answer, &s->options, MNT_OPTS, "ro");
	if (wanted & SB_SOURCE)
		put_string(answer, &s->source, SB_SOURCE, mount_source(mount));
}

static void fill(struct answer *answer, uint64_t wanted, const struct mount *mount, char *text)
{
	struct linux_statmount *s = &answer->fixed;

	if (wanted & SB_BASIC)
		put_super_block(s, mount_file_system(mount));
	if (wanted & MNT_BASIC)
		put_mount(s, mount);
	s->mask |= wanted & (PROPAGATE_FROM | MNT_NS_ID | SUPPORTED);
	s->namespace = wanted & MNT_NS_ID ? NAMESPACE : 0;
	s->supported = wanted & SUPPORTED ? ALL : 0;
	put_strings(answer, wanted, mount, text);
}

static int64_t put_answer(struct answer *answer, uint64_t address, uint64_t size)
{
	size_t fixed = min_u64(size, sizeof(answer->fixed));

	if (answer->len && size - fixed < answer->len)
		return -EOVERFLOW;
	answer->fixed.size = (uint32_t)(fixed + answer->len);
	if (copy_to_user(address + sizeof(answer->fixed), answer->strings, answer->len))
		return -EFAULT;
	return copy_to_user(address, &answer->fixed, fixed);
}

SYSCALL_PARTIAL(statmount, "no subtypes, and of a file system's options \"ro\" only; there is one mount namespace");
SYSCALL(statmount, 4, "ppxx")
{
	struct linux_mount_request request;
	struct answer *answer;
	struct path root;
	char *text;
	int64_t ret = a->v[3] ? -EINVAL : copy_request(a->v[0], &request);

	if (!ret && request.parameter & STRINGS && a->v[2] <= sizeof(struct linux_statmount))
		ret = -EOVERFLOW;
	if (!ret)
		ret = mount_find(request.mount - MOUNT_UNIQUE_OFFSET, &root);
	if (ret)
		return ret;
	answer = heap_alloc_zero(sizeof(*answer));
	text = heap_alloc(TEXT_MAX);
	ret = answer && text ? 0 : -ENOMEM;
	if (!ret) {
		fill(answer, request.parameter, root.mount, text);
		ret = put_answer(answer, a->v[1], a->v[2]);
	}
	heap_free(answer);
	heap_free(text);
	path_put(&root);
	return ret;
}

/* ---- listmount ---- */

struct listing {
	const struct mount *above; /* NULL: all */
	uint64_t after;		   /* unique; 0: none */
	bool is_reverse;
	uint64_t *ids; /* in order */
	size_t nr, room;
};

/* Numbers grow from mount to mount, but a mount that changes its place goes to the end of the list: they are sorted. */
static void list_one(void *context, const struct mount *mount)
{
	struct listing *listing = context;
	uint64_t id = mount_unique_id(mount_id(mount));
	size_t at = listing->nr;

	if (listing->above && (mount == listing->above || !mount_is_below(mount, listing->above)))
		return;
	if (listing->after && (listing->is_reverse ? id >= listing->after : id <= listing->after))
		return;
	while (at && (listing->is_reverse ? listing->ids[at - 1] < id : listing->ids[at - 1] > id))
		at--;
	if (at == listing->room)
		return;
	listing->nr = min_u64(listing->nr + 1, listing->room);
	for (size_t i = listing->nr - 1; i > at; i--)
		listing->ids[i] = listing->ids[i - 1];
	listing->ids[at] = id;
}

/* Portion by portion, each behind the last of the one before. */
static int64_t list_all(struct listing *listing, uint64_t address, uint64_t wanted)
{
	uint64_t done = 0;

	do {
		listing->nr = 0;
		listing->room = min_u64(wanted - done, IDS_AT_ONCE);
		mount_walk(list_one, listing);
		if (copy_to_user(address + done * sizeof(uint64_t), listing->ids, listing->nr * sizeof(uint64_t)))
			return -EFAULT;
		done += listing->nr;
		listing->after = listing->nr ? listing->ids[listing->nr - 1] : 0;
	} while (listing->nr == IDS_AT_ONCE && done < wanted);
	return (int64_t)done;
}

enum { LIST_REVERSE = 1, LIST_MAX = 1000000 };

SYSCALL_PARTIAL(listmount, "there is one mount namespace");
SYSCALL(listmount, 4, "ppux")
{
	uint64_t ids[IDS_AT_ONCE];
	struct linux_mount_request request;
	struct listing listing = {.ids = ids, .is_reverse = a->v[3] & LIST_REVERSE};
	struct path root = {0};
	int64_t ret;

	if (a->v[3] & ~(uint64_t)LIST_REVERSE)
		return -EINVAL;
	if (a->v[2] > LIST_MAX)
		return -EOVERFLOW;
	ret = copy_request(a->v[0], &request);
	if (ret)
		return ret;
	listing.after = request.parameter;
	if (listing.after && listing.after <= MOUNT_UNIQUE_OFFSET)
		return -EINVAL;
	ret = request.mount == LIST_ROOT ? 0 : mount_find(request.mount - MOUNT_UNIQUE_OFFSET, &root);
	if (ret)
		return ret;
	listing.above = root.mount;
	ret = a->v[2] ? list_all(&listing, a->v[1], a->v[2]) : 0;
	if (root.mount)
		path_put(&root);
	return ret;
}
