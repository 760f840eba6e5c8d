/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names and files against this machine's kernel: the same random calls go to our path walk over tmpfs and to a temporary folder here;
 * results, errors and what can be seen afterwards must agree. Both sides work nine folders deep, so that no "..", however it comes about,
 * leads out of the test.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "kernel/file/file.h"
#include "kernel/file/lock.h"
#include "kernel/fs/tmpfs/tmpfs.h"
#include "kernel/hosted/hosted.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/syscall_number.h"
#include "tests/unit/test.h"

/* The host's own calls, by number: its headers and ours define the same names. */
long syscall(long number, ...);
int *__errno_location(void);
char *mkdtemp(char *template);

enum { DEPTH = 9, STEPS = 30000, TEXT = 200 };
#define NOT_FOLLOWED 0400000 /* O_NOFOLLOW */

static int here(long ret)
{
	return ret < 0 ? -*__errno_location() : (int)ret;
}

/* ---- What kernel/vm and kernel/sched have for the machine only: vectors of kernel memory, one thread. ---- */

void io_vector_init_kernel(struct io_vector *io, void *base, uint64_t len)
{
	io->one = (struct io_segment){.base = (uint64_t)(uintptr_t)base, .len = len};
	io->segments = &io->one;
	io->count = 1;
	io->index = io->offset = 0;
	io->left = len;
	io->is_kernel = true;
}

size_t io_vector_put(struct io_vector *io, const void *from, size_t len)
{
	len = min_u64(len, io->left);
	memcpy((char *)(uintptr_t)io->one.base + io->offset, from, len);
	io->offset += len;
	io->left -= len;
	return len;
}

size_t io_vector_get(struct io_vector *io, void *to, size_t len)
{
	len = min_u64(len, io->left);
	memcpy(to, (char *)(uintptr_t)io->one.base + io->offset, len);
	io->offset += len;
	io->left -= len;
	return len;
}

int copy_to_user(uint64_t to, const void *from, size_t len)
{
	return -EFAULT;
}

void wait_begin_exclusive(struct waiter *waiter, struct wait_queue *queue)
{
	wait_begin(waiter, queue);
}

void wait_begin_callback(struct waiter *waiter, struct wait_queue *queue, void (*callback)(struct waiter *, unsigned))
{
	wait_begin(waiter, queue);
}

void wait_begin_exclusive_callback(struct waiter *waiter, struct wait_queue *queue, void (*callback)(struct waiter *, unsigned))
{
	wait_begin(waiter, queue);
}

/* ---- Both worlds. ---- */

static char folder[] = "/tmp/names-XXXXXX";

static void clean_up(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (chdir("/") || system(command))
		fprintf(stderr, "%s is left\n", folder);
}

static void start(void)
{
	static bool is_started;
	struct file_system *fs;
	char name[8];

	if (is_started)
		return;
	is_started = true;
	hosted_memory(64ul << 20);
	page_add_range(0, 64ul << 20);
	page_init();
	hosted_start();
	fs_context_current()->umask = 022;
	syscall(SYS_umask, 022);
	CHECK_EQ(tmpfs_new("mode=755", false, &fs), 0);
	CHECK_EQ(mount_root(fs), 0);
	CHECK(mkdtemp(folder) && !chdir(folder));
	atexit(clean_up);
	for (int i = 0; i < DEPTH; i++) {
		struct path path;

		snprintf(name, sizeof(name), "deep%d", i);
		CHECK_EQ(here(syscall(SYS_mkdir, name, 0755)), 0);
		CHECK_EQ(path_mkdir(NULL, name, 0755), 0);
		CHECK_EQ(chdir(name), 0);
		CHECK_EQ(path_walk(NULL, name, WALK_FOLLOW, &path), 0);
		fs_context_set_cwd(fs_context_current(), &path);
		path_put(&path);
	}
}

static const char *random_name(char to[TEXT])
{
	static const char *const parts[] = {"a", "b", "c", "d", "e", ".", "..", "a-name-that-is-too-long-to-be-kept-inside-a-dentry"};
	unsigned count = 1 + test_random() % 3;

	to[0] = '\0';
	for (unsigned i = 0; i < count; i++) {
		if (i)
			strcat(to, test_random() % 20 ? "/" : "//");
		strcat(to, parts[test_random() % (test_random() % 3 ? 5 : ARRAY_SIZE(parts))]);
	}
	if (test_random() % 25 == 0)
		strcat(to, "/");
	return to;
}

static int open_both(const char *name, int flags, int *host)
{
	static const char text[] = "some text";
	struct file *file;
	int ours = path_open(NULL, name, flags, 0640, 0, &file), fd;

	fd = *host = here(syscall(SYS_open, name, flags, 0640));
	if (ours)
		return ours;
	if (fd < 0) {
		file_put(file);
		return 0;
	}
	*host = 0;
	if ((flags & O_ACCMODE) != O_RDONLY) {
		size_t len = test_random() % sizeof(text);

		CHECK_EQ(file_write_kernel(file, text, len), (long)len);
		CHECK_EQ(syscall(SYS_write, fd, text, len), (long)len);
	}
	file_put(file);
	close(fd);
	return 0;
}

static int truncate_ours(const char *name, uint64_t size)
{
	struct inode_attributes attributes = {.valid = ATTRIBUTE_SIZE, .size = size};
	struct path path;
	int ret = path_walk(NULL, name, WALK_FOLLOW, &path);

	if (ret)
		return ret;
	ret = inode_is_directory(path_inode(&path)) ? -EISDIR : inode_change(&path, &attributes);
	path_put(&path);
	return ret;
}

static int step(int *host, const char **what, char a[TEXT], char b[TEXT])
{
	static const char *const targets[] = {"a", "b/c", ".", "absent", "d", "e/a"};
	static const int open_flags[] = {O_RDONLY, O_RDWR, O_RDWR | O_CREAT, O_WRONLY | O_CREAT | O_EXCL, O_WRONLY | O_TRUNC, O_RDONLY | O_DIRECTORY, O_RDONLY | NOT_FOLLOWED,
	    O_WRONLY | O_CREAT | O_APPEND};
	unsigned choice = (unsigned)(test_random() % 13);
	uint64_t size;

	random_name(a);
	random_name(b);
	switch (choice) {
	case 0:
	case 1:
		*what = "mkdir";
		*host = here(syscall(SYS_mkdir, a, 0755));
		return path_mkdir(NULL, a, 0755);
	case 2:
		*what = "rmdir";
		*host = here(syscall(SYS_rmdir, a));
		return path_rmdir(NULL, a);
	case 3:
		*what = "unlink";
		*host = here(syscall(SYS_unlink, a));
		return path_unlink(NULL, a);
	case 4:
	case 5:
		*what = "rename";
		*host = here(syscall(SYS_rename, a, b));
		return path_rename(NULL, a, NULL, b, 0);
	case 6:
		*what = "rename, not replacing";
		*host = here(syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, RENAME_NOREPLACE));
		return path_rename(NULL, a, NULL, b, RENAME_NOREPLACE);
	case 7:
		*what = "exchange";
		*host = here(syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE));
		return path_rename(NULL, a, NULL, b, RENAME_EXCHANGE);
	case 8:
		*what = "link";
		*host = here(syscall(SYS_link, a, b));
		return path_link(NULL, a, NULL, b, 0);
	case 9:
		*what = "symlink";
		strcpy(b, targets[test_random() % ARRAY_SIZE(targets)]);
		*host = here(syscall(SYS_symlink, b, a));
		return path_symlink(b, NULL, a);
	case 10:
		*what = "truncate";
		size = test_random() % 9000;
		*host = here(syscall(SYS_truncate, a, size));
		return truncate_ours(a, size);
	default:
		*what = "open";
		return open_both(a, open_flags[test_random() % ARRAY_SIZE(open_flags)], host);
	}
}

/* Whether a name means the same on both sides. */
static void compare(const char *name, unsigned walk_flags)
{
	struct linux_stat host, ours;
	struct path path;
	int ret = path_walk(NULL, name, walk_flags, &path);

	CHECK_EQ(ret, here(syscall(walk_flags & WALK_FOLLOW ? SYS_stat : SYS_lstat, name, &host)));
	if (ret)
		return;
	inode_stat(path_inode(&path), &ours);
	path_put(&path);
	CHECK_EQ(ours.mode & S_IFMT, host.mode & S_IFMT);
	if ((ours.mode & S_IFMT) == S_IFDIR)
		return;
	CHECK_EQ(ours.size, host.size);
	CHECK_EQ(ours.nlink, host.nlink);
}

static void compare_content(const char *name)
{
	static char ours[16384], host[16384];
	struct file *file;
	long len;
	int fd = here(syscall(SYS_open, name, O_RDONLY, 0)), ret = path_open(NULL, name, O_RDONLY, 0, 0, &file);

	CHECK_EQ(ret, fd < 0 ? fd : 0);
	if (ret)
		return;
	if (file->ops == &data_file_ops) {
		len = syscall(SYS_read, fd, host, sizeof(host));
		CHECK_EQ(file_read_kernel(file, ours, sizeof(ours), 0), len);
		CHECK(!memcmp(ours, host, (size_t)len));
	}
	file_put(file);
	close(fd);
}

TEST(names_as_linux_has_them)
{
	char a[TEXT], b[TEXT];

	start();
	for (int i = 0; i < STEPS; i++) {
		const char *what = "";
		int host = 0, ours = step(&host, &what, a, b);

		if (ours != host)
			printf("# step %d: %s(%s, %s)\n", i, what, a, b);
		CHECK_EQ(ours, host);
		compare(random_name(a), test_random() % 2 ? WALK_FOLLOW : 0);
		if (i % 8 == 0)
			compare_content(random_name(a));
	}
}

/* ---- Text of places. ---- */

TEST(text_of_places)
{
	char text[200], host[200];
	struct path path;
	long len;

	start();
	CHECK_EQ(path_mkdir(NULL, "text-of-place", 0755), 0);
	CHECK_EQ(path_walk(NULL, "text-of-place/../text-of-place/.", 0, &path), 0);
	len = path_to_text(&path, text, sizeof(text));
	CHECK(getcwd(host, sizeof(host)));
	CHECK_EQ(len, (long)strlen(text));
	CHECK_EQ(len, (long)(strlen(host) - strlen(folder) + strlen("/text-of-place")));
	CHECK(!strncmp(text, host + strlen(folder), strlen(host) - strlen(folder)));
	CHECK_EQ(path_rmdir(NULL, "text-of-place"), 0);
	CHECK(path_to_text(&path, text, sizeof(text)) > 0 && strstr(text, "/text-of-place (deleted)"));
	CHECK_EQ(path_to_text(&path, text, 10), -ENAMETOOLONG);
	path_put(&path);
}

/* ---- Locks of ranges against a byte-wise model. ---- */

enum { OWNERS = 3, BYTES = 40 };

static bool model_may(const uint8_t held[OWNERS][BYTES], int owner, int type, unsigned start, unsigned end)
{
	for (int other = 0; other < OWNERS; other++)
		for (unsigned i = start; other != owner && i <= end; i++)
			if (held[other][i] == 2 || (held[other][i] == 1 && type == F_WRLCK))
				return false;
	return true;
}

TEST(locks_of_ranges)
{
	uint8_t held[OWNERS][BYTES] = {{0}};
	struct file *file;

	start();
	CHECK_EQ(path_open(NULL, "locked-file", O_CREAT | O_RDWR, 0600, 0, &file), 0);
	for (int i = 0; i < 20000; i++) {
		int owner = (int)(test_random() % OWNERS), type = (int)(test_random() % 3);
		unsigned from = test_random() % BYTES, to = from + test_random() % (BYTES - from);
		struct lock_request request = {.kind = LOCK_OF_PROCESS, .type = type, .start = from, .end = to, .owner = held[owner]};
		bool may = type == F_UNLCK || model_may((const uint8_t(*)[BYTES])held, owner, type, from, to);
		struct lock_request test = request;

		lock_test(file, &test);
		CHECK_EQ(test.type == F_UNLCK, may);
		CHECK_EQ(lock_set(file, &request), may ? 0 : -EAGAIN);
		for (unsigned at = from; may && at <= to; at++)
			held[owner][at] = type == F_UNLCK ? 0 : type == F_RDLCK ? 1 : 2;
		if (i % 500 == 0) {
			lock_release_owner(file, held[owner]);
			memset(held[owner], 0, BYTES);
		}
	}
	for (int owner = 0; owner < OWNERS; owner++)
		lock_release_owner(file, held[owner]);
	CHECK(!file->inode->lock_list);
	file_put(file);
	CHECK_EQ(path_unlink(NULL, "locked-file"), 0);
}

TEST_MAIN()
