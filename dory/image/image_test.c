/* SPDX-License-Identifier: BSD-3-Clause */
/* The store: names, drafts, what killed processes leave. */
#include "dory/image/image.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "tests/unit/test.h"

static struct dory_error err;
static char root[64];

static void start(void)
{
	strcpy(root, "/tmp/dory-image-XXXXXX");
	CHECK(mkdtemp(root) != NULL);
}

static void end(void)
{
	CHECK_EQ(file_remove_tree(root, &err), 0);
}

/* Something with an ext4 superblock's UUID at its place. */
static void write_disk(const char *path, char uuid)
{
	char bytes[2048];

	memset(bytes, uuid, sizeof(bytes));
	CHECK_EQ(file_replace(path, bytes, sizeof(bytes), &err), 0);
}

static void make_image(const char *name, const char *fingerprint)
{
	struct image description = {.name = text_copy(name),
		.created = text_copy("2026-01-02T03:04:05Z"),
		.origin = text_copy("test"),
		.fingerprint = text_copy(fingerprint),
		.default_command = text_copy("/bin/true")};
	struct image_draft *draft;

	CHECK_EQ(image_draft_open(root, name, &draft, &err), 0);
	write_disk(image_draft_disk(draft), *name);
	CHECK_EQ(image_draft_commit(draft, &description, &err), 0);
	image_release(&description);
}

TEST(names_are_checked)
{
	static const char *const good[] = {"a", "web", "tools/web:2", "deb:redis-server", "_x", "A.b+c@d-e", "0"};
	static const char *const bad[] = {"", ".", "..", "../x", "/x", "x/", "a//b", "a/b/c", ".hidden", "a/.b", "-x",
		"a/-b", "a b", "a%b", "a\nb", "\303\244"};
	char name[140];

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		CHECK_EQ(image_name_check(good[i], &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_EQ(image_name_check(bad[i], &err), -1);
		CHECK_EQ(err.kind, DORY_ERROR_USAGE);
	}
	memset(name, 'n', sizeof(name));
	name[128] = '\0';
	CHECK_EQ(image_name_check(name, &err), 0);
	name[128] = 'n';
	name[129] = '\0';
	CHECK_EQ(image_name_check(name, &err), -1);
}

TEST(what_was_committed_is_found_and_listed)
{
	struct image image, *list;
	size_t count;

	start();
	CHECK_EQ(image_list(root, &list, &count, &err), 0);
	CHECK_EQ(count, 0);
	make_image("web", "abc");
	make_image("tools/db:1", "");
	CHECK_EQ(image_find(root, "web", &image, &err), 0);
	CHECK(!strcmp(image.name, "web") && !strcmp(image.fingerprint, "abc") &&
		!strcmp(image.default_command, "/bin/true"));
	CHECK_EQ(image.size, 2048);
	CHECK_EQ(access(image.disk_path, R_OK), 0);
	image_release(&image);
	CHECK_EQ(image_list(root, &list, &count, &err), 0);
	CHECK_EQ(count, 2);
	CHECK(!strcmp(list[0].name, "tools/db:1") && !strcmp(list[1].name, "web"));
	for (size_t i = 0; i < count; i++)
		image_release(&list[i]);
	free(list);
	end();
}

TEST(a_missing_image_comes_with_near_names)
{
	struct image image;

	start();
	make_image("redis", "");
	CHECK_EQ(image_find(root, "rediss", &image, &err), -1);
	CHECK_EQ(err.kind, DORY_ERROR_NOT_FOUND);
	CHECK(strstr(err.hint, "redis"));
	CHECK_EQ(image_remove(root, "rdis", &err), -1);
	CHECK_EQ(err.kind, DORY_ERROR_NOT_FOUND);
	end();
}

TEST(a_removed_image_is_gone)
{
	struct image image;

	start();
	make_image("a", "");
	make_image("a/b", "");
	CHECK_EQ(image_remove(root, "a", &err), 0);
	CHECK_EQ(image_find(root, "a", &image, &err), -1);
	CHECK_EQ(image_find(root, "a/b", &image, &err), 0);
	image_release(&image);
	make_image("a", "");
	end();
}

TEST(a_discarded_draft_leaves_nothing)
{
	struct image_draft *draft;
	struct image image;

	start();
	CHECK_EQ(image_draft_open(root, "x", &draft, &err), 0);
	write_disk(image_draft_disk(draft), 'x');
	image_draft_discard(draft);
	CHECK_EQ(image_find(root, "x", &image, &err), -1);
	make_image("x", "1");
	CHECK_EQ(image_draft_open(root, "x", &draft, &err), 0);
	image_draft_discard(draft);
	CHECK_EQ(image_find(root, "x", &image, &err), 0);
	image_release(&image);
	image_draft_discard(NULL);
	end();
}

TEST(debris_of_a_killed_draft_is_not_seen_and_cleaned)
{
	struct image_draft *draft;
	struct image *list;
	size_t count;
	pid_t pid;

	start();
	pid = fork();
	if (pid == 0) {
		if (image_draft_open(root, "x", &draft, &err) == 0)
			write_disk(image_draft_disk(draft), 'x');
		raise(SIGKILL);
	}
	waitpid(pid, NULL, 0);
	CHECK_EQ(image_list(root, &list, &count, &err), 0);
	CHECK_EQ(count, 0);
	CHECK_EQ(image_draft_open(root, "x", &draft, &err), 0);
	CHECK(access(image_draft_disk(draft), F_OK) < 0);
	image_draft_discard(draft);
	end();
}

TEST(a_disk_without_its_description_has_no_fingerprint)
{
	struct image_draft *draft;
	struct image image;

	start();
	make_image("x", "abc");
	CHECK_EQ(image_draft_open(root, "x", &draft, &err), 0);
	write_disk(image_draft_disk(draft), 'y'); /* and then killed */
	image_draft_discard(draft);
	CHECK_EQ(image_find(root, "x", &image, &err), 0);
	CHECK(!strcmp(image.fingerprint, ""));
	image_release(&image);
	end();
}

TEST(two_drafts_of_one_image_take_turns)
{
	struct image_draft *draft;
	struct image image;
	int ready[2];
	char byte;
	pid_t pid;

	start();
	CHECK_EQ(pipe(ready), 0);
	pid = fork();
	if (pid == 0) { /* holds the draft for a while, then makes the image */
		struct image_draft *first;

		if (image_draft_open(root, "x", &first, &err) < 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		usleep(50000);
		image_draft_discard(first);
		make_image("x", "by the first");
		_exit(0);
	}
	CHECK_EQ(read(ready[0], &byte, 1), 1);
	CHECK_EQ(image_draft_open(root, "x", &draft, &err), 0); /* says that it waits */
	image_draft_discard(draft);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
	CHECK_EQ(image_find(root, "x", &image, &err), 0);
	image_release(&image);
	close(ready[0]);
	close(ready[1]);
	end();
}

TEST(damaged_descriptions_are_errors)
{
	struct image image;
	char *path;

	start();
	make_image("x", "");
	path = text_format("%s/images/x/image.json", root);
	CHECK_EQ(file_replace(path, "{\"name\": ", 9, &err), 0);
	CHECK_EQ(image_find(root, "x", &image, &err), -1);
	CHECK_EQ(err.kind, DORY_ERROR_FORMAT);
	CHECK_EQ(image_remove(root, "x", &err), 0);
	free(path);
	end();
}

TEST_MAIN()
