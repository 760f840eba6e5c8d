/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls on files and names. */
#include "kernel/syscall/strace_line.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/mount.h"
#include "kernel/uapi/stat.h"

static const struct strace_name open_flags[] = {
    {0, "O_RDONLY"}, {3, "O_RDWR|O_WRONLY"}, {2, "O_RDWR"}, {1, "O_WRONLY"}, {O_CREAT, "O_CREAT"}, {O_EXCL, "O_EXCL"}, {O_NOCTTY, "O_NOCTTY"}, {O_TRUNC, "O_TRUNC"},
    {O_APPEND, "O_APPEND"}, {O_NONBLOCK, "O_NONBLOCK"}, {O_SYNC, "O_SYNC"}, {O_DSYNC, "O_DSYNC"}, {O_ASYNC, "O_ASYNC"}, {O_DIRECT, "O_DIRECT"}, {O_LARGEFILE, "O_LARGEFILE"},
    {O_TMPFILE, "O_TMPFILE"}, {O_DIRECTORY, "O_DIRECTORY"}, {O_NOFOLLOW, "O_NOFOLLOW"}, {O_NOATIME, "O_NOATIME"}, {O_CLOEXEC, "O_CLOEXEC"}, {O_PATH, "O_PATH"}, {0, NULL}};
static const struct strace_name at_flags[] = {{AT_SYMLINK_NOFOLLOW, "AT_SYMLINK_NOFOLLOW"}, {AT_REMOVEDIR, "AT_REMOVEDIR"}, {AT_SYMLINK_FOLLOW, "AT_SYMLINK_FOLLOW"},
    {AT_NO_AUTOMOUNT, "AT_NO_AUTOMOUNT"}, {AT_EMPTY_PATH, "AT_EMPTY_PATH"}, {0, NULL}};
static const struct strace_name access_flags[] = {{AT_SYMLINK_NOFOLLOW, "AT_SYMLINK_NOFOLLOW"}, {AT_EACCESS, "AT_EACCESS"}, {AT_EMPTY_PATH, "AT_EMPTY_PATH"}, {0, NULL}};
static const struct strace_name statx_flags[] = {{AT_SYMLINK_NOFOLLOW, "AT_SYMLINK_NOFOLLOW"}, {AT_NO_AUTOMOUNT, "AT_NO_AUTOMOUNT"}, {AT_EMPTY_PATH, "AT_EMPTY_PATH"},
    {0x2000, "AT_STATX_FORCE_SYNC"}, {0x4000, "AT_STATX_DONT_SYNC"}, {0, NULL}};
static const struct strace_name statx_masks[] = {{0xfff, "STATX_ALL"}, {0x7ff, "STATX_BASIC_STATS"}, {1, "STATX_TYPE"}, {2, "STATX_MODE"}, {4, "STATX_NLINK"}, {8, "STATX_UID"},
    {16, "STATX_GID"}, {32, "STATX_ATIME"}, {64, "STATX_MTIME"}, {128, "STATX_CTIME"}, {256, "STATX_INO"}, {512, "STATX_SIZE"}, {1024, "STATX_BLOCKS"}, {2048, "STATX_BTIME"},
    {4096, "STATX_MNT_ID"}, {0, NULL}};
static const struct strace_name access_modes[] = {{0, "F_OK"}, {7, "R_OK|W_OK|X_OK"}, {4, "R_OK"}, {2, "W_OK"}, {1, "X_OK"}, {0, NULL}};
static const struct strace_name whences[] = {{0, "SEEK_SET"}, {1, "SEEK_CUR"}, {2, "SEEK_END"}, {3, "SEEK_DATA"}, {4, "SEEK_HOLE"}, {0, NULL}};
static const struct strace_name commands[] = {{F_DUPFD, "F_DUPFD"}, {F_GETFD, "F_GETFD"}, {F_SETFD, "F_SETFD"}, {F_GETFL, "F_GETFL"}, {F_SETFL, "F_SETFL"}, {F_GETLK, "F_GETLK"},
    {F_SETLK, "F_SETLK"}, {F_SETLKW, "F_SETLKW"}, {F_SETOWN, "F_SETOWN"}, {F_GETOWN, "F_GETOWN"}, {F_SETSIG, "F_SETSIG"}, {F_GETSIG, "F_GETSIG"}, {F_SETOWN_EX, "F_SETOWN_EX"},
    {F_GETOWN_EX, "F_GETOWN_EX"}, {F_OFD_GETLK, "F_OFD_GETLK"}, {F_OFD_SETLK, "F_OFD_SETLK"}, {F_OFD_SETLKW, "F_OFD_SETLKW"}, {F_SETLEASE, "F_SETLEASE"}, {F_GETLEASE, "F_GETLEASE"},
    {F_NOTIFY, "F_NOTIFY"}, {F_DUPFD_CLOEXEC, "F_DUPFD_CLOEXEC"}, {F_SETPIPE_SZ, "F_SETPIPE_SZ"}, {F_GETPIPE_SZ, "F_GETPIPE_SZ"}, {F_ADD_SEALS, "F_ADD_SEALS"}, {F_GET_SEALS, "F_GET_SEALS"}, {0, NULL}};
static const struct strace_name seals[] = {{F_SEAL_SEAL, "F_SEAL_SEAL"}, {F_SEAL_SHRINK, "F_SEAL_SHRINK"}, {F_SEAL_GROW, "F_SEAL_GROW"}, {F_SEAL_WRITE, "F_SEAL_WRITE"},
    {F_SEAL_FUTURE_WRITE, "F_SEAL_FUTURE_WRITE"}, {0, NULL}};
static const struct strace_name close_on_exec[] = {{1, "FD_CLOEXEC"}, {0, NULL}};
static const struct strace_name lock_types[] = {{F_RDLCK, "F_RDLCK"}, {F_WRLCK, "F_WRLCK"}, {F_UNLCK, "F_UNLCK"}, {0, NULL}};
static const struct strace_name flocks[] = {{LOCK_SH, "LOCK_SH"}, {LOCK_EX, "LOCK_EX"}, {LOCK_UN, "LOCK_UN"}, {LOCK_NB, "LOCK_NB"}, {0, NULL}};
static const struct strace_name allocations[] = {{FALLOC_FL_KEEP_SIZE, "FALLOC_FL_KEEP_SIZE"}, {FALLOC_FL_PUNCH_HOLE, "FALLOC_FL_PUNCH_HOLE"},
    {FALLOC_FL_COLLAPSE_RANGE, "FALLOC_FL_COLLAPSE_RANGE"}, {FALLOC_FL_ZERO_RANGE, "FALLOC_FL_ZERO_RANGE"}, {0, NULL}};
static const struct strace_name advices[] = {{0, "POSIX_FADV_NORMAL"}, {1, "POSIX_FADV_RANDOM"}, {2, "POSIX_FADV_SEQUENTIAL"}, {3, "POSIX_FADV_WILLNEED"}, {4, "POSIX_FADV_DONTNEED"},
    {5, "POSIX_FADV_NOREUSE"}, {0, NULL}};
static const struct strace_name renames[] = {{RENAME_NOREPLACE, "RENAME_NOREPLACE"}, {RENAME_EXCHANGE, "RENAME_EXCHANGE"}, {RENAME_WHITEOUT, "RENAME_WHITEOUT"}, {0, NULL}};
static const struct strace_name splices[] = {{1, "SPLICE_F_MOVE"}, {2, "SPLICE_F_NONBLOCK"}, {4, "SPLICE_F_MORE"}, {8, "SPLICE_F_GIFT"}, {0, NULL}};
static const struct strace_name transfers[] = {{1, "RWF_HIPRI"}, {2, "RWF_DSYNC"}, {4, "RWF_SYNC"}, {8, "RWF_NOWAIT"}, {16, "RWF_APPEND"}, {0, NULL}};
static const struct strace_name attribute_flags[] = {{1, "XATTR_CREATE"}, {2, "XATTR_REPLACE"}, {0, NULL}};
static const struct strace_name memory_files[] = {{1, "MFD_CLOEXEC"}, {2, "MFD_ALLOW_SEALING"}, {4, "MFD_HUGETLB"}, {8, "MFD_NOEXEC_SEAL"}, {16, "MFD_EXEC"}, {0, NULL}};
static const struct strace_name close_ranges[] = {{CLOSE_RANGE_UNSHARE, "CLOSE_RANGE_UNSHARE"}, {CLOSE_RANGE_CLOEXEC, "CLOSE_RANGE_CLOEXEC"}, {0, NULL}};
static const struct strace_name resolves[] = {{1, "RESOLVE_NO_XDEV"}, {2, "RESOLVE_NO_MAGICLINKS"}, {4, "RESOLVE_NO_SYMLINKS"}, {8, "RESOLVE_BENEATH"}, {16, "RESOLVE_IN_ROOT"},
    {32, "RESOLVE_CACHED"}, {0, NULL}};
static const struct strace_name mounts[] = {{MS_RDONLY, "MS_RDONLY"}, {MS_NOSUID, "MS_NOSUID"}, {MS_NODEV, "MS_NODEV"}, {MS_NOEXEC, "MS_NOEXEC"}, {MS_SYNCHRONOUS, "MS_SYNCHRONOUS"},
    {MS_REMOUNT, "MS_REMOUNT"}, {MS_NOATIME, "MS_NOATIME"}, {MS_NODIRATIME, "MS_NODIRATIME"}, {MS_BIND, "MS_BIND"}, {MS_MOVE, "MS_MOVE"}, {MS_REC, "MS_REC"}, {MS_SILENT, "MS_SILENT"},
    {MS_PRIVATE, "MS_PRIVATE"}, {MS_SLAVE, "MS_SLAVE"}, {MS_SHARED, "MS_SHARED"}, {MS_RELATIME, "MS_RELATIME"}, {0, NULL}};
static const struct strace_name umount_flags[] = {{1, "MNT_FORCE"}, {2, "MNT_DETACH"}, {4, "MNT_EXPIRE"}, {8, "UMOUNT_NOFOLLOW"}, {0, NULL}};
static const struct strace_name types[] = {{S_IFREG, "S_IFREG"}, {S_IFDIR, "S_IFDIR"}, {S_IFLNK, "S_IFLNK"}, {S_IFCHR, "S_IFCHR"}, {S_IFBLK, "S_IFBLK"}, {S_IFIFO, "S_IFIFO"},
    {S_IFSOCK, "S_IFSOCK"}, {0, NULL}};

static void add_mode(struct strace_line *line, uint32_t mode)
{
	if (mode & S_IFMT)
		strace_add_name(line, mode & S_IFMT, types);
	strace_add(line, mode & S_IFMT ? "|%#o" : "%#o", mode & 07777);
}

static void show_node_mode(struct strace_line *line, const struct strace_value *v)
{
	add_mode(line, (uint32_t)v->value);
}

/* Of devices alone. */
static void show_device(struct strace_line *line, const struct strace_value *v)
{
	uint32_t type = (uint32_t)v->a->v[v->index - 1] & S_IFMT;

	if (type == S_IFCHR || type == S_IFBLK)
		strace_add(line, "makedev(%#x, %#x)", device_major(v->value), device_minor(v->value));
	else
		strace_omit(line);
}

static void show_stat(struct strace_line *line, const struct strace_value *v)
{
	struct linux_stat stat;

	if (!strace_fetch(line, v, &stat, sizeof(stat)))
		return;
	strace_add(line, "{st_mode=");
	add_mode(line, stat.mode);
	if ((stat.mode & S_IFMT) == S_IFCHR || (stat.mode & S_IFMT) == S_IFBLK)
		strace_add(line, ", st_rdev=makedev(%#x, %#x), ...}", device_major(stat.rdev), device_minor(stat.rdev));
	else
		strace_add(line, ", st_size=%lld, ...}", (long long)stat.size);
}

static void show_statx(struct strace_line *line, const struct strace_value *v)
{
	struct linux_statx x;

	if (!strace_fetch(line, v, &x, sizeof(x)))
		return;
	strace_add(line, "{stx_mask=");
	strace_add_flags(line, x.mask, statx_masks, "0");
	strace_add(line, ", stx_attributes=%#llx, stx_mode=", (unsigned long long)x.attributes);
	add_mode(line, x.mode);
	strace_add(line, ", stx_size=%llu, ...}", (unsigned long long)x.size);
}

static void show_statfs(struct strace_line *line, const struct strace_value *v)
{
	struct linux_statfs s;

	if (strace_fetch(line, v, &s, sizeof(s)))
		strace_add(line, "{f_type=%#llx, f_bsize=%lld, f_blocks=%llu, f_bfree=%llu, f_bavail=%llu, f_files=%llu, f_ffree=%llu, f_namelen=%lld, ...}", (long long)s.type, (long long)s.bsize,
		    (unsigned long long)s.blocks, (unsigned long long)s.bfree, (unsigned long long)s.bavail, (unsigned long long)s.files, (unsigned long long)s.ffree, (long long)s.namelen);
}

/* The mode counts only where a file may be made. */
static void show_open_mode(struct strace_line *line, const struct strace_value *v)
{
	uint64_t flags = v->a->v[v->index - 1];

	if (flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)))
		strace_show_mode(line, v);
	else
		strace_omit(line);
}

static void show_cwd(struct strace_line *line, const struct strace_value *v)
{
	(v->result >= 0 ? strace_show_path : strace_show_address)(line, v);
}

static void show_how(struct strace_line *line, const struct strace_value *v)
{
	struct linux_open_how how;

	if (!strace_fetch(line, v, &how, sizeof(how)))
		return;
	strace_add(line, "{flags=");
	strace_add_flags(line, how.flags, open_flags, "0");
	strace_add(line, ", mode=0%llo, resolve=", (unsigned long long)how.mode);
	strace_add_flags(line, how.resolve, resolves, "0");
	strace_add(line, "}");
}

static void show_lock(struct strace_line *line, const struct strace_value *v)
{
	struct linux_flock lock;

	if (!strace_fetch(line, v, &lock, sizeof(lock)))
		return;
	strace_add(line, "{l_type=");
	strace_add_name(line, (uint64_t)lock.type, lock_types);
	strace_add(line, ", l_whence=");
	strace_add_name(line, (uint64_t)lock.whence, whences);
	strace_add(line, ", l_start=%lld, l_len=%lld}", (long long)lock.start, (long long)lock.len);
}

/* What fcntl(2)'s third argument is depends on the second. */
static void show_control(struct strace_line *line, const struct strace_value *v)
{
	switch ((int)v->a->v[1]) {
	case F_SETFD:
		strace_add_flags(line, v->value, close_on_exec, "0");
		break;
	case F_SETFL:
		strace_add_flags(line, v->value, open_flags, "0");
		break;
	case F_ADD_SEALS:
		strace_add_flags(line, v->value, seals, "0");
		break;
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		show_lock(line, v);
		break;
	case F_GETFD:
	case F_GETFL:
	case F_GETOWN:
	case F_GETSIG:
	case F_GETLEASE:
	case F_GETPIPE_SZ:
	case F_GET_SEALS:
		strace_omit(line);
		break;
	case F_SETOWN_EX:
	case F_GETOWN_EX:
		strace_show_address(line, v);
		break;
	default:
		strace_show_long(line, v);
	}
}

/* What the bits of a result are. */
static void explain_control(struct strace_line *line, const struct syscall_arguments *a, int64_t result)
{
	const struct strace_name *names = (int)a->v[1] == F_GETFL ? open_flags : (int)a->v[1] == F_GETFD ? close_on_exec : (int)a->v[1] == F_GET_SEALS ? seals : NULL;

	if (!names || (!result && names != open_flags))
		return;
	while (line->text[line->len - 1] != ' ')
		line->len--;
	strace_add(line, names == seals ? "%#llx (seals " : "%#llx (flags ", (unsigned long long)result);
	strace_add_flags(line, (uint64_t)result, names, "0");
	strace_add(line, ")");
}

static void show_entries(struct strace_line *line, const struct strace_value *v)
{
	strace_show_address(line, v);
	if (v->result >= 0)
		strace_add(line, " /* %lld bytes */", (long long)v->result);
}

#define LONG_AT {.show = strace_show_long_at}

STRACE(read, INT, FILLED(strace_show_filled), UNSIGNED);
STRACE(write, INT, BUFFER, UNSIGNED);
STRACE(pread64, INT, FILLED(strace_show_filled), UNSIGNED, LONG);
STRACE(pwrite64, INT, BUFFER, UNSIGNED, LONG);
STRACE(readv, INT, FILLED(strace_show_filled_vector), INT);
STRACE(writev, INT, VECTOR, INT);
STRACE(preadv, INT, FILLED(strace_show_filled_vector), INT, LONG);
STRACE(pwritev, INT, VECTOR, INT, LONG);
STRACE(preadv2, INT, FILLED(strace_show_filled_vector), INT, LONG, LONG, FLAGS(transfers));
STRACE(pwritev2, INT, VECTOR, INT, LONG, LONG, FLAGS(transfers));
STRACE(lseek, INT, LONG, NAME(whences));
STRACE(sendfile, INT, INT, LONG_AT, UNSIGNED);
STRACE(copy_file_range, INT, LONG_AT, INT, LONG_AT, UNSIGNED, HEX);
STRACE(splice, INT, LONG_AT, INT, LONG_AT, UNSIGNED, FLAGS(splices));
STRACE(tee, INT, INT, UNSIGNED, FLAGS(splices));
STRACE(vmsplice, INT, VECTOR, UNSIGNED, FLAGS(splices));
STRACE(open, PATH, FLAGS(open_flags), {.show = show_open_mode});
STRACE(openat, DIRFD, PATH, FLAGS(open_flags), {.show = show_open_mode});
STRACE(openat2, DIRFD, PATH, {.show = show_how}, UNSIGNED);
STRACE(creat, PATH, MODE);
STRACE(close_range, UNSIGNED, UNSIGNED, FLAGS(close_ranges));
STRACE(dup3, INT, INT, FLAGS(open_flags + 1));
STRACE(pipe, FILLED(strace_show_two_ints_at));
STRACE(pipe2, FILLED(strace_show_two_ints_at), FLAGS(open_flags + 1));
STRACE(memfd_create, PATH, FLAGS(memory_files));
STRACE(stat, PATH, FILLED(show_stat));
STRACE(lstat, PATH, FILLED(show_stat));
STRACE(fstat, INT, FILLED(show_stat));
STRACE(newfstatat, DIRFD, PATH, FILLED(show_stat), FLAGS(at_flags));
STRACE(statx, DIRFD, PATH, FLAGS(statx_flags), FLAGS(statx_masks), FILLED(show_statx));
STRACE(statfs, PATH, FILLED(show_statfs));
STRACE(fstatfs, INT, FILLED(show_statfs));
STRACE(access, PATH, FLAGS(access_modes));
STRACE(faccessat, DIRFD, PATH, FLAGS(access_modes));
STRACE(faccessat2, DIRFD, PATH, FLAGS(access_modes), FLAGS(access_flags));
STRACE(fchmodat2, DIRFD, PATH, MODE, FLAGS(at_flags));
STRACE(fchownat, DIRFD, PATH, INT, INT, FLAGS(at_flags));
STRACE(utimensat, DIRFD, PATH, {.show = strace_show_two_timespecs}, FLAGS(at_flags));
STRACE(fallocate, INT, FLAGS(allocations), LONG, LONG);
STRACE(fadvise64, INT, LONG, LONG, NAME(advices));
STRACE(renameat2, DIRFD, PATH, DIRFD, PATH, FLAGS(renames));
STRACE(linkat, DIRFD, PATH, DIRFD, PATH, FLAGS(at_flags));
STRACE(unlinkat, DIRFD, PATH, FLAGS(at_flags));
STRACE(mknod, PATH, {.show = show_node_mode}, {.show = show_device});
STRACE(mknodat, DIRFD, PATH, {.show = show_node_mode}, {.show = show_device});
STRACE(readlink, PATH, FILLED(strace_show_filled), UNSIGNED);
STRACE(readlinkat, DIRFD, PATH, FILLED(strace_show_filled), UNSIGNED);
STRACE(getcwd, FILLED(show_cwd), UNSIGNED);
STRACE(getdents, INT, FILLED(show_entries), UNSIGNED);
STRACE(getdents64, INT, FILLED(show_entries), UNSIGNED);
STRACE_EXPLAINED(fcntl, explain_control, INT, NAME(commands), {.show = show_control});
STRACE(flock, INT, FLAGS(flocks));
STRACE(setxattr, PATH, PATH, BUFFER, UNSIGNED, FLAGS(attribute_flags));
STRACE(lsetxattr, PATH, PATH, BUFFER, UNSIGNED, FLAGS(attribute_flags));
STRACE(fsetxattr, INT, PATH, BUFFER, UNSIGNED, FLAGS(attribute_flags));
STRACE(getxattr, PATH, PATH, FILLED(strace_show_filled), UNSIGNED);
STRACE(lgetxattr, PATH, PATH, FILLED(strace_show_filled), UNSIGNED);
STRACE(fgetxattr, INT, PATH, FILLED(strace_show_filled), UNSIGNED);
STRACE(listxattr, PATH, FILLED(strace_show_filled), UNSIGNED);
STRACE(llistxattr, PATH, FILLED(strace_show_filled), UNSIGNED);
STRACE(flistxattr, INT, FILLED(strace_show_filled), UNSIGNED);
STRACE(mount, PATH, PATH, PATH, FLAGS(mounts), PATH);
STRACE(umount2, PATH, FLAGS(umount_flags));
