/* SPDX-License-Identifier: BSD-3-Clause */
/* Files and children. */
#include "dory/base/file.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dory/base/child.h"
#include "dory/base/text.h"
#include "tests/unit/test.h"

static struct dory_error err;
static char directory[64];

static char *in_directory(const char *name)
{
	return text_format("%s/%s", directory, name);
}

static void start(void)
{
	strcpy(directory, "/tmp/dory-file-XXXXXX");
	CHECK(mkdtemp(directory) != NULL);
}

TEST(what_was_put_in_place_is_read)
{
	char *path, *content;
	size_t length;

	start();
	path = in_directory("f");
	CHECK_EQ(file_read(path, 10, &content, &length, &err), -1);
	CHECK_EQ(err.kind, DORY_ERROR_NOT_FOUND);
	CHECK_EQ(file_replace(path, "one", 3, &err), 0);
	CHECK_EQ(file_replace(path, "three", 5, &err), 0);
	CHECK_EQ(file_read(path, 5, &content, &length, &err), 0);
	CHECK(length == 5 && !strcmp(content, "three"));
	free(content);
	CHECK_EQ(file_read(path, 4, &content, &length, &err), -1);
	CHECK_EQ(err.kind, DORY_ERROR_FORMAT);
	free(path);
	CHECK_EQ(file_remove_tree(directory, &err), 0);
}

/* From /proc, where the kernel cannot copy and says that files are empty, and from a file system of another kind. */
TEST(files_are_copied_whole_from_anywhere)
{
	char *path, *other = text_copy("/dev/shm/dory-file-XXXXXX"), *content, *comm;
	size_t length, comm_length;
	int fd = mkstemp(other);

	start();
	path = in_directory("f");
	CHECK(fd >= 0);
	close(fd);
	CHECK_EQ(file_replace(other, "abc", 3, &err), 0);
	CHECK_EQ(file_copy(other, path, &err), 0);
	CHECK_EQ(file_read(path, 10, &content, &length, &err), 0);
	CHECK(length == 3 && memcmp(content, "abc", 3) == 0);
	free(content);
	CHECK_EQ(file_copy("/proc/self/comm", path, &err), 0);
	CHECK_EQ(file_read("/proc/self/comm", 64, &comm, &comm_length, &err), 0);
	CHECK_EQ(file_read(path, 64, &content, &length, &err), 0);
	CHECK(length > 0 && length == comm_length && memcmp(content, comm, length) == 0);
	free(comm);
	free(content);
	CHECK_EQ(unlink(other), 0);
	CHECK_EQ(file_copy(other, path, &err), -1);
	CHECK_EQ(err.kind, DORY_ERROR_NOT_FOUND);
	CHECK_EQ(access(path, F_OK), 0);
	free(other);
	free(path);
	CHECK_EQ(file_remove_tree(directory, &err), 0);
}

TEST(trees_are_made_and_removed_but_links_not_followed)
{
	char *deep, *link, *kept;

	start();
	deep = in_directory("t/a/b/c");
	link = in_directory("t/a/link");
	kept = in_directory("kept");
	CHECK_EQ(file_make_directories(deep, &err), 0);
	CHECK_EQ(file_make_directories(deep, &err), 0);
	CHECK_EQ(file_make_directories(kept, &err), 0);
	CHECK_EQ(symlink(kept, link), 0);
	free(deep);
	deep = in_directory("t");
	CHECK_EQ(file_remove_tree(deep, &err), 0);
	CHECK(access(deep, F_OK) < 0 && access(kept, F_OK) == 0);
	CHECK_EQ(file_remove_tree(deep, &err), 0);
	free(deep);
	free(link);
	free(kept);
	CHECK_EQ(file_remove_tree(directory, &err), 0);
}

TEST(a_lock_keeps_others_out)
{
	char *path;
	int fd, other;

	start();
	path = in_directory("lock");
	CHECK_EQ(file_lock(path, NULL, &fd, &err), 0);
	other = open(path, O_RDWR);
	CHECK_EQ(flock(other, LOCK_EX | LOCK_NB), -1);
	close(fd);
	CHECK_EQ(flock(other, LOCK_EX | LOCK_NB), 0);
	close(other);
	free(path);
	CHECK_EQ(file_remove_tree(directory, &err), 0);
}

TEST(children_give_output_and_status)
{
	const char *good[] = {"sh", "-c", "echo out; echo err >&2; exit 3", NULL},
		   *killed[] = {"sh", "-c", "kill -9 $$", NULL};
	const char *none[] = {"/there/is/no/such/program", NULL};
	struct child_result result;

	CHECK_EQ(child_run(good, &result, &err), 0);
	CHECK(result.status == 3 && result.length == 4 && !strcmp(result.output, "out\n"));
	child_result_release(&result);
	CHECK_EQ(child_run(killed, &result, &err), 0);
	CHECK_EQ(result.status, 128 + 9);
	child_result_release(&result);
	CHECK_EQ(child_run(none, &result, &err), -1);
	CHECK_EQ(err.kind, DORY_ERROR_NOT_FOUND);
}

TEST_MAIN()
