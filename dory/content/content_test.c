/* SPDX-License-Identifier: BSD-3-Clause */
/* Images made by composition, read back; two compared; damaged ones. */
#include "dory/content/content.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "dory/compose/compose.h"
#include "dory/content/configuration.h"
#include "tests/unit/test.h"

static struct dory_error err;
static char root[64];

static void start(void)
{
	strcpy(root, "/tmp/dory-content-XXXXXX");
	CHECK(mkdtemp(root) != NULL);
}

static void end(void)
{
	CHECK_EQ(file_remove_tree(root, &err), 0);
}

static char *in_root(const char *name)
{
	return text_format("%s/%s", root, name);
}

static void compose(const char *name, const struct compose_source *sources, size_t count)
{
	char *path = in_root(name);
	struct compose_request request = {.image_path = path, .sources = sources, .source_count = count, .free_bytes = 1 << 20, .quiet = true};

	CHECK_EQ(compose_image(&request, &err), 0);
	free(path);
}

static struct content *open_image(const char *name)
{
	char *path = in_root(name);
	struct content *content = NULL;

	CHECK_EQ(content_open(path, &content, &err), 0);
	free(path);
	return content;
}

#define BYTES(target_, text_, mode_)                                                                                               \
	{                                                                                                                          \
		.kind = COMPOSE_BYTES, .target = target_, .data = text_, .size = strlen(text_), .mode = mode_                      \
	}

static const struct content_entry *find(const struct content_list *list, const char *path)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->entries[i].path, path) == 0)
			return &list->entries[i];
	}
	return NULL;
}

TEST(listed_in_order)
{
	const struct compose_source sources[] = {BYTES("/b/y", "1", 0644), BYTES("/b.c", "22", 0600), BYTES("/b/x/z", "333", 04755)};
	struct content_list list;
	struct content *content;

	start();
	compose("a", sources, ARRAY_SIZE(sources));
	content = open_image("a");
	CHECK_EQ(content_list(content, "/", UINT32_MAX, &list, &err), 0);
	for (size_t i = 1; i < list.count; i++)
		CHECK(content_path_compare(list.entries[i - 1].path, list.entries[i].path) < 0);
	CHECK_EQ(find(&list, "/b/x/z")->size, 3);
	CHECK_EQ(find(&list, "/b/x/z")->mode, S_IFREG | 04755);
	CHECK_EQ(find(&list, "/b.c")->mode, S_IFREG | 0600);
	CHECK(S_ISDIR(find(&list, "/b")->mode));
	content_list_release(&list);
	CHECK_EQ(content_list(content, "//b/./", 1, &list, &err), 0);
	CHECK_EQ(list.count, 3);
	CHECK_EQ(strcmp(list.entries[0].path, "/b"), 0);
	CHECK_EQ(strcmp(list.entries[1].path, "/b/x"), 0);
	CHECK_EQ(strcmp(list.entries[2].path, "/b/y"), 0);
	content_list_release(&list);
	CHECK_EQ(content_list(content, "/none", 1, &list, &err), -1);
	CHECK_EQ(err.kind, DORY_ERROR_NOT_FOUND);
	content_close(content);
	end();
}

TEST(file_is_read)
{
	const struct compose_source sources[] = {BYTES("/f", "text", 0644)};
	struct content *content;
	char *text = NULL;
	size_t length = 0;

	start();
	compose("a", sources, 1);
	content = open_image("a");
	CHECK_EQ(content_read(content, "/f", 100, &text, &length, &err), 0);
	CHECK_EQ(length, 4);
	CHECK_EQ(strcmp(text, "text"), 0);
	free(text);
	CHECK_EQ(content_read(content, "/f", 3, &text, &length, &err), -1);
	CHECK_EQ(content_read(content, "/etc", 100, &text, &length, &err), -1);
	content_close(content);
	end();
}

TEST(configuration_is_read)
{
	const char *text = "dory-run 1\narg 2 /a\narg 1 ;\nnext 1 ;\narg 2 /b\nenv 3 A=1\ncwd 4 /tmp\n";
	const struct compose_source sources[] = {BYTES("/etc/dory/run", text, 0600)}, bad[] = {BYTES("/etc/dory/run", "what", 0600)};
	struct content_configuration configuration;
	struct content *content;

	start();
	compose("a", sources, 1);
	compose("b", bad, 1);
	content = open_image("a");
	CHECK_EQ(content_read_configuration(content, &configuration, &err), 0);
	CHECK_EQ(configuration.word_count, 4);
	CHECK(!configuration.words[1].is_separator && configuration.words[2].is_separator);
	CHECK_EQ(strcmp(configuration.words[3].text, "/b"), 0);
	CHECK_EQ(strcmp(configuration.environment[0], "A=1"), 0);
	CHECK_EQ(strcmp(configuration.directory, "/tmp"), 0);
	content_configuration_release(&configuration);
	content_close(content);
	content = open_image("b");
	CHECK_EQ(content_read_configuration(content, &configuration, &err), -1);
	content_close(content);
	end();
}

static void append_difference(void *context, const struct content_difference *d)
{
	text_append_format(context, "%s %x\n", (d->after ? d->after : d->before)->path, d->changes & ~(unsigned)CONTENT_TIME);
}

TEST(differences)
{
	const struct compose_source a[] = {BYTES("/same", "s", 0644), BYTES("/gone", "g", 0644), BYTES("/mode", "m", 0644),
		BYTES("/content", "1", 0644), BYTES("/kind", "k", 0644)};
	const struct compose_source b[] = {BYTES("/same", "s", 0644), BYTES("/new", "n", 0644), BYTES("/mode", "m", 0755),
		BYTES("/content", "2", 0644), BYTES("/kind/k", "k", 0644)};
	struct content *before, *after;
	struct text_buffer text = {0};

	start();
	compose("a", a, ARRAY_SIZE(a));
	compose("b", b, ARRAY_SIZE(b));
	before = open_image("a");
	after = open_image("b");
	CHECK_EQ(content_compare(before, after, append_difference, &text, &err), 0);
	CHECK_EQ(strcmp(text.text, "/content 20\n/gone 2\n/kind c\n/kind/k 1\n/mode 8\n/new 1\n"), 0);
	free(text.text);
	content_close(before);
	content_close(after);
	end();
}

TEST(no_file_system)
{
	struct content *content;
	char *path;

	start();
	path = in_root("zeros");
	CHECK_EQ(file_replace(path, path, strlen(path), &err), 0);
	CHECK_EQ(content_open(path, &content, &err), -1);
	CHECK_EQ(err.kind, DORY_ERROR_FORMAT);
	free(path);
	path = in_root("none");
	CHECK_EQ(content_open(path, &content, &err), -1);
	CHECK_EQ(err.kind, DORY_ERROR_NOT_FOUND);
	free(path);
	end();
}

static int ignore_piece(void *context, const void *bytes, size_t length, struct dory_error *error)
{
	return 0;
}

/* Reads all that can be read. */
static void read_everything(const char *path)
{
	struct content_list list;
	struct content *content;

	if (content_open(path, &content, &err) < 0)
		return;
	if (content_list(content, "/", UINT32_MAX, &list, &err) == 0) {
		for (size_t i = 0; i < list.count; i++) {
			if (S_ISREG(list.entries[i].mode) && list.entries[i].size < 1 << 20 &&
				content_each_piece(content, &list.entries[i], ignore_piece, NULL, &err) < 0)
				CHECK(err.message[0] != 0);
		}
		content_list_release(&list);
	}
	content_close(content);
}

/* Blocks of structures with bytes changed at random: whatever comes out, nothing breaks or hangs. */
TEST(damaged)
{
	enum { ROUNDS = 300, FIRST_BLOCKS = 600 * 4096 };
	const struct compose_source sources[] = {BYTES("/d/e/f/g", "1", 0644), BYTES("/d/h", "22", 0600), BYTES("/i", "333", 0755)};
	char *path;
	int fd;

	start();
	compose("a", sources, ARRAY_SIZE(sources));
	path = in_root("a");
	fd = open(path, O_RDWR | O_CLOEXEC);
	for (unsigned round = 0; round < ROUNDS; round++) {
		uint8_t former[8], byte;
		off_t at[8];

		for (unsigned i = 0; i < ARRAY_SIZE(at); i++) {
			do
				at[i] = (off_t)(test_random() % FIRST_BLOCKS);
			while (pread(fd, &former[i], 1, at[i]) != 1 || (former[i] == 0 && test_random() % 64));
			byte = (uint8_t)test_random();
			CHECK_EQ(pwrite(fd, &byte, 1, at[i]), 1);
		}
		read_everything(path);
		for (unsigned i = ARRAY_SIZE(at); i-- > 0;)
			CHECK_EQ(pwrite(fd, &former[i], 1, at[i]), 1);
	}
	read_everything(path);
	close(fd);
	free(path);
	end();
}

TEST_MAIN()
