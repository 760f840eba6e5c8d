/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mounts by descriptors: a file system is configured step by step in a context (fsopen(2), fsconfig(2)), becomes a mount that stands
 * nowhere (fsmount(2), open_tree(2)), and is put on its place (move_mount(2)).
 */
#include "kernel/mem/heap.h"
#include "kernel/process/credentials.h"
#include "kernel/syscall/arguments.h"
#include "kernel/uapi/mount.h"
#include "lib/format.h"
#include "lib/string.h"

LINKER_SET_DECLARE(file_system, struct file_system_type);

enum phase { PHASE_CREATE, PHASE_MOUNT /* made, and not mounted */, PHASE_RECONFIGURE, PHASE_DONE };
enum { TEXT_MAX = 256, OPTIONS_MAX = 4096 };

struct context {
	struct mutex lock;
	enum phase phase;
	const char *type;
	char *source;	/* heap */
	char *options;	/* heap, OPTIONS_MAX; mount(2)'s form */
	size_t options_len;
	unsigned flags; /* MS_RDONLY */
	struct path root; /* PHASE_MOUNT: of the new mount; PHASE_RECONFIGURE: of the one that is changed */
};

static void context_free(struct context *context)
{
	path_put(&context->root);
	heap_free(context->source);
	heap_free(context->options);
	heap_free(context);
}

static void context_release(struct file *file)
{
	context_free(file->private_data);
}

/* Messages about what went wrong: there are none. */
static long context_read(struct file *file, struct io_vector *io, uint64_t *position)
{
	return -ENODATA;
}

static const struct file_ops context_ops = {.read = context_read, .release = context_release, .anonymous_name = "anon_inode:[fscontext]"};

static int64_t add_file(struct file *file, bool close_on_exec)
{
	int fd = descriptor_add(file, 0, close_on_exec);

	if (fd < 0)
		file_put(file);
	return fd;
}

static int64_t context_open(const char *type, const struct path *root, bool close_on_exec)
{
	struct context *context = heap_alloc_zero(sizeof(*context));
	struct file *file;

	if (!context)
		return -ENOMEM;
	context->options = heap_alloc_zero(OPTIONS_MAX);
	file = context->options ? file_new(&context_ops, O_RDWR, context) : NULL;
	if (!file) {
		heap_free(context->options);
		heap_free(context);
		return -ENOMEM;
	}
	mutex_init(&context->lock);
	context->type = type;
	if (root) {
		path_get(root);
		context->root = *root;
		context->phase = PHASE_RECONFIGURE;
	}
	return add_file(file, close_on_exec);
}

static bool may_mount(void)
{
	return task_is_capable(CAPABILITY_SYS_ADMIN);
}

enum { FSOPEN_CLOEXEC = 1 };

SYSCALL_PARTIAL(fsopen, "no messages are read from it");
SYSCALL(fsopen, 2, "sx")
{
	char name[TEXT_MAX];
	long len;

	if (!may_mount())
		return -EPERM;
	if ((unsigned)a->v[1] & ~(unsigned)FSOPEN_CLOEXEC)
		return -EINVAL;
	len = user_copy_string(name, a->v[0], sizeof(name));
	if (len < 0)
		return len == -ENAMETOOLONG ? -EINVAL : len;
	for (const struct file_system_type *const *p = LINKER_SET_BEGIN(file_system); p < LINKER_SET_END(file_system); p++)
		if (!strcmp((*p)->name, name))
			return context_open((*p)->name, NULL, a->v[1] & FSOPEN_CLOEXEC);
	return -ENODEV;
}

/* ---- Configuring ---- */

enum { SET_FLAG, SET_STRING, SET_BINARY, SET_PATH, SET_PATH_EMPTY, SET_FD, CMD_CREATE, CMD_RECONFIGURE, CMD_CREATE_EXCL };

/* "key" or "key=value" behind what there is. */
static int add_option(struct context *context, const char *key, const char *value)
{
	size_t room = OPTIONS_MAX - context->options_len;
	int n = format_text(context->options + context->options_len, room, "%s%s%s%s", context->options_len ? "," : "", key, value ? "=" : "", value ? value : "");

	if (n < 0 || (size_t)n >= room) {
		context->options[context->options_len] = '\0';
		return -EINVAL;
	}
	context->options_len += (size_t)n;
	return 0;
}

static int set_option(struct context *context, const char *key, const char *value)
{
	if (context->phase != PHASE_CREATE && context->phase != PHASE_RECONFIGURE)
		return -EBUSY;
	if (value && !strcmp(key, "source")) {
		if (context->source)
			return -EINVAL;
		context->source = heap_copy_string(value);
		return context->source ? 0 : -ENOMEM;
	}
	if (!value && !strcmp(key, "ro"))
		context->flags |= MS_RDONLY;
	else if (!value && !strcmp(key, "rw"))
		context->flags &= ~MS_RDONLY;
	else
		return add_option(context, key, value);
	return 0;
}

static int create(struct context *context)
{
	int ret;

	if (context->phase != PHASE_CREATE)
		return -EBUSY;
	ret = mount_new_detached(context->source, context->type, context->flags, context->options, &context->root);
	context->phase = ret ? PHASE_DONE : PHASE_MOUNT;
	return ret;
}

static int reconfigure(struct context *context)
{
	if (context->phase != PHASE_RECONFIGURE)
		return -EBUSY;
	return mount_reconfigure(&context->root, (mount_flags(context->root.mount) & ~MS_RDONLY) | context->flags);
}

/* Which arguments a command takes; the rest must be zero. */
static bool arguments_are_bad(unsigned command, uint64_t key, uint64_t value, int aux)
{
	switch (command) {
	case SET_FLAG:
		return !key || value || aux;
	case SET_STRING:
		return !key || !value || aux;
	case SET_BINARY:
		return !key || !value || aux <= 0 || aux > 1 << 20;
	case SET_PATH:
	case SET_PATH_EMPTY:
		return !key || !value || (aux != AT_FDCWD && aux < 0);
	case SET_FD:
		return !key || value || aux < 0;
	default:
		return key || value || aux;
	}
}

static int64_t configure(struct context *context, const struct syscall_arguments *a)
{
	unsigned command = (unsigned)a->v[1];
	char key[TEXT_MAX], value[TEXT_MAX];
	long len = a->v[2] ? user_copy_string(key, a->v[2], sizeof(key)) : 0;
	int ret;

	if (len < 0)
		return len == -ENAMETOOLONG ? -EINVAL : len;
	len = command == SET_STRING ? user_copy_string(value, a->v[3], sizeof(value)) : 0;
	if (len < 0)
		return len == -ENAMETOOLONG ? -EINVAL : len;
	mutex_lock(&context->lock);
	switch (command) {
	case SET_FLAG:
	case SET_STRING:
		ret = set_option(context, key, command == SET_STRING ? value : NULL);
		break;
	case CMD_CREATE:
	case CMD_CREATE_EXCL:
		ret = may_mount() ? create(context) : -EPERM;
		break;
	case CMD_RECONFIGURE:
		ret = may_mount() ? reconfigure(context) : -EPERM;
		break;
	default:
		ret = -EINVAL; /* no file system here takes such */
	}
	mutex_unlock(&context->lock);
	return ret;
}

SYSCALL_PARTIAL(fsconfig, "options that a file system does not know are not refused; none takes binary data, paths or descriptors");
SYSCALL(fsconfig, 5, "dxspd")
{
	unsigned command = (unsigned)a->v[1];
	struct file *file;
	int64_t ret;

	if ((int)a->v[0] < 0)
		return -EINVAL;
	if (command > CMD_CREATE_EXCL)
		return -EOPNOTSUPP;
	if (arguments_are_bad(command, a->v[2], a->v[3], (int)a->v[4]))
		return -EINVAL;
	file = descriptor_get((int)a->v[0]);
	if (!file)
		return -EBADF;
	ret = file->ops == &context_ops ? configure(file->private_data, a) : -EINVAL;
	file_put(file);
	return ret;
}

/* ---- Mounts without a place ---- */

enum { ATTR_RDONLY = 1, ATTR_NOSUID = 2, ATTR_NODEV = 4, ATTR_NOEXEC = 8, ATTR_ATIME = 0x70, ATTR_NOATIME = 0x10, ATTR_STRICTATIME = 0x20, ATTR_NODIRATIME = 0x80, ATTR_NOSYMFOLLOW = 0x200000 };
enum { ATTR_ALL = ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV | ATTR_NOEXEC | ATTR_ATIME | ATTR_NODIRATIME | ATTR_NOSYMFOLLOW };

/* Attributes as flags of mount(2); those of access times are a number, not bits. */
static unsigned flags_of(uint64_t attributes)
{
	static const struct {
		unsigned attribute, flag;
	} pairs[] = {{ATTR_RDONLY, MS_RDONLY}, {ATTR_NOSUID, MS_NOSUID}, {ATTR_NODEV, MS_NODEV}, {ATTR_NOEXEC, MS_NOEXEC}, {ATTR_NODIRATIME, MS_NODIRATIME}, {ATTR_NOSYMFOLLOW, MS_NOSYMFOLLOW}};
	unsigned flags = (attributes & ATTR_ATIME) == ATTR_NOATIME ? MS_NOATIME : (attributes & ATTR_ATIME) == ATTR_STRICTATIME ? MS_STRICTATIME : 0;

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		flags |= attributes & pairs[i].attribute ? pairs[i].flag : 0;
	return flags;
}

static bool atime_is_bad(uint64_t attributes)
{
	uint64_t atime = attributes & ATTR_ATIME;

	return atime && atime != ATTR_NOATIME && atime != ATTR_STRICTATIME;
}

static int64_t open_place(const struct path *place, bool close_on_exec)
{
	struct file *file;
	int ret = file_open_path(place, O_PATH, &file);

	return ret ? ret : add_file(file, close_on_exec);
}

static int64_t mount_context(struct context *context, uint64_t attributes, bool close_on_exec)
{
	int64_t ret = -EINVAL;

	mutex_lock(&context->lock);
	if (context->phase == PHASE_DONE)
		ret = -EBUSY;
	else if (context->phase == PHASE_MOUNT)
		ret = mount_change_flags(&context->root, 0, flags_of(attributes));
	if (!ret)
		ret = open_place(&context->root, close_on_exec);
	if (ret >= 0) {
		path_put(&context->root);
		context->phase = PHASE_DONE;
	}
	mutex_unlock(&context->lock);
	return ret;
}

enum { FSMOUNT_CLOEXEC = 1 };

SYSCALL(fsmount, 3, "dxx")
{
	struct file *file;
	int64_t ret;

	if (!may_mount())
		return -EPERM;
	if ((unsigned)a->v[1] & ~(unsigned)FSMOUNT_CLOEXEC || (unsigned)a->v[2] & ~(unsigned)ATTR_ALL || atime_is_bad(a->v[2]))
		return -EINVAL;
	file = descriptor_get((int)a->v[0]);
	if (!file)
		return -EBADF;
	ret = file->ops == &context_ops ? mount_context(file->private_data, a->v[2], a->v[1] & FSMOUNT_CLOEXEC) : -EINVAL;
	file_put(file);
	return ret;
}

/* Where a dirfd and a path lead. */
static int walk(int dirfd, uint64_t name, bool may_be_empty, bool follow, struct path *found)
{
	struct place_argument place;
	int ret = place_get(&place, dirfd, name, may_be_empty);

	if (ret)
		return ret;
	ret = path_walk(place.start, place.name, (follow ? WALK_FOLLOW : 0) | (may_be_empty ? WALK_EMPTY : 0), found);
	place_put(&place);
	return ret;
}

enum { FSPICK_CLOEXEC = 1, FSPICK_SYMLINK_NOFOLLOW = 2, FSPICK_NO_AUTOMOUNT = 4, FSPICK_EMPTY_PATH = 8 };

SYSCALL_PARTIAL(fspick, "only \"ro\" and \"rw\" change anything");
SYSCALL(fspick, 3, "Dsx")
{
	unsigned flags = (unsigned)a->v[2];
	struct path root;
	int64_t ret;

	if (!may_mount())
		return -EPERM;
	if (flags & ~(unsigned)(FSPICK_CLOEXEC | FSPICK_SYMLINK_NOFOLLOW | FSPICK_NO_AUTOMOUNT | FSPICK_EMPTY_PATH))
		return -EINVAL;
	ret = walk((int)a->v[0], a->v[1], flags & FSPICK_EMPTY_PATH, !(flags & FSPICK_SYMLINK_NOFOLLOW), &root);
	if (ret)
		return ret;
	ret = mount_change_flags(&root, 0, 0);
	if (!ret)
		ret = context_open(mount_file_system(root.mount)->type->name, &root, flags & FSPICK_CLOEXEC);
	path_put(&root);
	return ret;
}

enum { OPEN_TREE_CLONE = 1, AT_RECURSIVE = 0x8000 };

SYSCALL_PARTIAL(open_tree, "AT_RECURSIVE takes the topmost mount only");
SYSCALL(open_tree, 3, "Dsx")
{
	unsigned flags = (unsigned)a->v[2];
	struct path place, root;
	int64_t ret;

	if (flags & ~(unsigned)(OPEN_TREE_CLONE | O_CLOEXEC | AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW))
		return -EINVAL;
	if ((flags & (AT_RECURSIVE | OPEN_TREE_CLONE)) == AT_RECURSIVE)
		return -EINVAL;
	if ((flags & OPEN_TREE_CLONE) && !may_mount())
		return -EPERM;
	ret = walk((int)a->v[0], a->v[1], flags & AT_EMPTY_PATH, !(flags & AT_SYMLINK_NOFOLLOW), &place);
	if (ret)
		return ret;
	if (flags & OPEN_TREE_CLONE) {
		ret = mount_clone_detached(&place, &root);
		path_put(&place);
		if (ret)
			return ret;
		place = root;
	}
	ret = open_place(&place, flags & O_CLOEXEC);
	path_put(&place);
	return ret;
}

enum { FROM_SYMLINKS = 1, FROM_AUTOMOUNTS = 2, FROM_EMPTY = 4, TO_SYMLINKS = 0x10, TO_AUTOMOUNTS = 0x20, TO_EMPTY = 0x40, SET_GROUP = 0x100, BENEATH = 0x200 };

SYSCALL_PARTIAL(move_mount, "without MOVE_MOUNT_SET_GROUP and MOVE_MOUNT_BENEATH");
SYSCALL(move_mount, 5, "DsDsx")
{
	unsigned flags = (unsigned)a->v[4];
	struct path from, to;
	int ret;

	if (!may_mount())
		return -EPERM;
	if (flags & ~(unsigned)(FROM_SYMLINKS | FROM_AUTOMOUNTS | FROM_EMPTY | TO_SYMLINKS | TO_AUTOMOUNTS | TO_EMPTY))
		return -EINVAL;
	ret = walk((int)a->v[2], a->v[3], flags & TO_EMPTY, flags & TO_SYMLINKS, &to);
	if (ret)
		return ret;
	ret = walk((int)a->v[0], a->v[1], flags & FROM_EMPTY, flags & FROM_SYMLINKS, &from);
	if (!ret) {
		ret = mount_place(&from, &to);
		path_put(&from);
	}
	path_put(&to);
	return ret;
}

/* ---- mount_setattr(2) ---- */

struct linux_mount_attr {
	uint64_t set, clear, propagation, user_namespace;
};

static int check_attributes(const struct linux_mount_attr *attr)
{
	const uint64_t kinds = MS_UNBINDABLE | MS_PRIVATE | MS_SLAVE | MS_SHARED;

	if ((attr->set | attr->clear) & ~(uint64_t)ATTR_ALL)
		return -EINVAL;
	if (attr->propagation & ~kinds || (attr->propagation & (attr->propagation - 1)))
		return -EINVAL;
	/* Times of access are changed as a whole. */
	if (attr->clear & ATTR_ATIME)
		return (attr->clear & ATTR_ATIME) != ATTR_ATIME || atime_is_bad(attr->set) ? -EINVAL : 0;
	return attr->set & ATTR_ATIME ? -EINVAL : 0;
}

SYSCALL_PARTIAL(mount_setattr, "of one mount, AT_RECURSIVE or not; nothing propagates; no mapped ids");
SYSCALL(mount_setattr, 5, "Dsxpu")
{
	struct linux_mount_attr attr = {0};
	unsigned flags = (unsigned)a->v[2];
	struct path root;
	int ret;

	if (flags & ~(unsigned)(AT_EMPTY_PATH | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT))
		return -EINVAL;
	if (a->v[4] > PAGE_SIZE)
		return -E2BIG;
	if (a->v[4] < sizeof(attr))
		return -EINVAL;
	if (!may_mount())
		return -EPERM;
	if (copy_from_user(&attr, a->v[3], sizeof(attr)))
		return -EFAULT;
	if (!(attr.set | attr.clear | attr.propagation))
		return 0;
	ret = check_attributes(&attr);
	if (!ret)
		ret = walk((int)a->v[0], a->v[1], flags & AT_EMPTY_PATH, !(flags & AT_SYMLINK_NOFOLLOW), &root);
	if (ret)
		return ret;
	ret = mount_change_flags(&root, flags_of(attr.clear & ~(uint64_t)ATTR_ATIME) | (attr.clear & ATTR_ATIME ? MS_NOATIME | MS_STRICTATIME | MS_RELATIME : 0), flags_of(attr.set));
	path_put(&root);
	return ret;
}
