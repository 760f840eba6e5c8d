/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ext4 against the format's own tools: images that mke2fs makes are mounted over a disk in memory, random operations are compared with a
 * model, and e2fsck must find nothing wrong afterwards.
 */
#include <stdarg.h>
#include <string.h>
#include "kernel/fs/ext4/disk.h"
#include "kernel/fs/ext4/ext4.h"
#include "kernel/uapi/fcntl.h"
#include "tests/unit/test.h"

enum { NODES = 120, CONTENT_MAX = 600000, NAME_SIZE = 64 };

/* What a name should lead to; several names may share one. */
struct object {
	uint32_t type;
	unsigned links;
	size_t size;
	char *content;
};

struct node {
	struct object *object; /* NULL: not in use */
	int parent;	       /* -1: the root itself */
	char name[NAME_SIZE];
};

static struct node nodes[NODES];
static struct file_system *fs;

/* ---- Running the real tools ---- */

static int run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int run(const char *format, ...)
{
	char command[512];
	va_list args;
	int status;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void check_disk(void)
{
	disk_sync();
	CHECK_EQ(run("PATH=$PATH:/sbin:/usr/sbin e2fsck -fn %s > %s.log 2>&1 || { cat %s.log; false; }", disk_path, disk_path, disk_path), 0);
}

static void make_disk(const char *options, const char *size)
{
	disk_create();
	CHECK_EQ(run("PATH=$PATH:/sbin:/usr/sbin mke2fs -q -F %s %s %s >/dev/null", options, disk_path, size), 0);
	disk_open();
}

static int try_mount(bool read_only)
{
	return ext4_mount("/dev/vda", "", read_only, &fs);
}

static void mount(bool read_only)
{
	CHECK_EQ(try_mount(read_only), 0);
}

static void unmount(void)
{
	fs->unmount(fs);
}

/* ---- Files as kernel/file uses them ---- */

static int walk(int index, struct inode **found)
{
	struct inode *directory;
	int ret;

	if (nodes[index].parent < 0) {
		inode_get(fs->root);
		*found = fs->root;
		return 0;
	}
	ret = walk(nodes[index].parent, &directory);
	if (ret)
		return ret;
	ret = directory->ops->lookup(directory, nodes[index].name, strlen(nodes[index].name), found);
	inode_put(directory);
	return ret;
}

static struct inode *get(int index)
{
	struct inode *inode;

	CHECK_EQ(walk(index, &inode), 0);
	return inode;
}

static int write_file(struct inode *inode, uint64_t offset, const char *from, size_t len)
{
	int ret = inode->ops->prepare_write(inode, offset, len);

	for (size_t done = 0; done < len && !ret;) {
		uint64_t at = offset + done;
		size_t part = min_u64(PAGE_SIZE - at % PAGE_SIZE, len - done);
		struct page *page;

		if (part == PAGE_SIZE)
			ret = page_cache_get_for_overwrite(&inode->cache, at / PAGE_SIZE, &page);
		else
			ret = page_cache_get(&inode->cache, at / PAGE_SIZE, (max_u64(inode->size, at + 1) + PAGE_SIZE - 1) / PAGE_SIZE, &page);
		if (ret)
			break;
		memcpy((char *)page_virt(page) + at % PAGE_SIZE, from + done, part);
		page_cache_mark_dirty(&inode->cache, page);
		page_put(page);
		done += part;
		inode->size = max_u64(inode->size, at + part);
	}
	inode_touch(inode, TOUCH_MTIME | TOUCH_CTIME);
	return ret;
}

static void read_file(struct inode *inode, uint64_t offset, char *to, size_t len)
{
	for (size_t done = 0; done < len;) {
		uint64_t at = offset + done;
		size_t part = min_u64(PAGE_SIZE - at % PAGE_SIZE, len - done);
		struct page *page;

		CHECK_EQ(page_cache_get(&inode->cache, at / PAGE_SIZE, (inode->size + PAGE_SIZE - 1) / PAGE_SIZE, &page), 0);
		memcpy(to + done, (char *)page_virt(page) + at % PAGE_SIZE, part);
		page_put(page);
		done += part;
	}
}

/* ---- Comparing ---- */

static void compare_file(int index)
{
	struct object *object = nodes[index].object;
	struct inode *inode = get(index);
	static char content[CONTENT_MAX];
	char *target;

	CHECK_EQ(inode->mode & S_IFMT, object->type);
	if (object->type == S_IFREG) {
		CHECK_EQ(inode->links, object->links);
		CHECK_EQ(inode->size, object->size);
		read_file(inode, 0, content, object->size);
		CHECK(!memcmp(content, object->content, object->size));
	} else if (object->type == S_IFLNK) {
		CHECK_EQ(inode->ops->get_link(inode, &target), 0);
		CHECK(!strcmp(target, object->content));
		heap_free(target);
	}
	inode_put(inode);
}

struct counting {
	struct directory_sink sink;
	int parent;
	unsigned nr;
};

static int find_node(int parent, const char *name, size_t len)
{
	for (int i = 1; i < NODES; i++)
		if (nodes[i].object && nodes[i].parent == parent && strlen(nodes[i].name) == len && !memcmp(nodes[i].name, name, len))
			return i;
	return -1;
}

static bool count_entry(struct directory_sink *sink, const char *name, size_t len, uint64_t inode, unsigned type, uint64_t next)
{
	struct counting *counting = container_of(sink, struct counting, sink);

	counting->nr++;
	if (name[0] != '.' && strncmp(name, "lost+found", len) && find_node(counting->parent, name, len) < 0)
		counting->nr += 1000;
	return true;
}

static unsigned count_children(int parent)
{
	unsigned nr = 0;

	for (int i = 1; i < NODES; i++)
		nr += nodes[i].object && nodes[i].parent == parent;
	return nr;
}

static void compare_directory(int index)
{
	struct counting counting = {.sink.add = count_entry, .parent = index};
	struct inode *inode = get(index);
	uint64_t position = 0;

	CHECK_EQ(inode->ops->read_directory(inode, &position, &counting.sink), 0);
	CHECK_EQ(counting.nr, count_children(index) + 2 + (index == 0));
	inode_put(inode);
}

static void compare_all(void)
{
	for (int i = 0; i < NODES; i++) {
		if (!nodes[i].object)
			continue;
		if (nodes[i].object->type == S_IFDIR)
			compare_directory(i);
		else
			compare_file(i);
	}
}

/* ---- The model's operations, each with a random choice of who ---- */

/* A node of the type (0: any) that is in use, not the root unless asked for; -1. */
static int pick(uint32_t type, bool root_too)
{
	int start = (int)test_below(NODES);

	for (int n = 0; n < NODES; n++) {
		int i = (start + n) % NODES;

		if (nodes[i].object && (!type || nodes[i].object->type == type) && (i || root_too))
			return i;
	}
	return -1;
}

static int pick_free(void)
{
	for (int i = 1; i < NODES; i++)
		if (!nodes[i].object)
			return i;
	return -1;
}

static void random_name(char *name)
{
	size_t len = 1 + test_below(test_below(4) ? 12 : NAME_SIZE - 2);

	for (size_t i = 0; i < len; i++)
		name[i] = (char)('a' + test_below(26));
	name[len] = '\0';
}

static struct object *object_new(uint32_t type)
{
	struct object *object = calloc(1, sizeof(*object));

	object->type = type;
	object->links = 1;
	if (type == S_IFREG)
		object->content = calloc(1, CONTENT_MAX);
	return object;
}

static void object_put(struct object *object)
{
	if (--object->links)
		return;
	free(object->content);
	free(object);
}

/* Chooses a name that is not taken; the node is filled but not in use yet. */
static int new_name(void)
{
	int i = pick_free();

	if (i < 0)
		return -1;
	nodes[i].parent = pick(S_IFDIR, true);
	do
		random_name(nodes[i].name);
	while (find_node(nodes[i].parent, nodes[i].name, strlen(nodes[i].name)) >= 0);
	return i;
}

static void op_create(void)
{
	uint32_t types[] = {S_IFREG, S_IFREG, S_IFDIR, S_IFIFO, S_IFCHR}, type = types[test_below(ARRAY_SIZE(types))];
	int i = new_name(), ret;
	struct inode *directory, *made;

	if (i < 0)
		return;
	directory = get(nodes[i].parent);
	ret = directory->ops->create(directory, nodes[i].name, strlen(nodes[i].name), type | 0644, 7, 8, type == S_IFCHR ? device_number(5, 300) : 0, &made);
	if (!ret) {
		CHECK_EQ(made->mode & S_IFMT, type);
		nodes[i].object = object_new(type);
		inode_put(made);
	} else {
		CHECK_EQ(ret, -ENOSPC);
	}
	inode_put(directory);
}

static void op_symlink(void)
{
	int i = new_name(), ret;
	struct inode *directory, *made;
	char *target;
	size_t len = 1 + test_below(test_below(2) ? 40 : 900);

	if (i < 0)
		return;
	target = calloc(1, len + 1);
	memset(target, 'x', len);
	directory = get(nodes[i].parent);
	ret = directory->ops->symlink(directory, nodes[i].name, strlen(nodes[i].name), target, 1, 2, &made);
	if (!ret) {
		nodes[i].object = object_new(S_IFLNK);
		nodes[i].object->content = target;
		inode_put(made);
	} else {
		CHECK_EQ(ret, -ENOSPC);
		free(target);
	}
	inode_put(directory);
}

static void op_link(void)
{
	int from = pick(S_IFREG, false), i = new_name(), ret;
	struct inode *directory, *inode;

	if (i < 0 || from < 0)
		return;
	directory = get(nodes[i].parent);
	inode = get(from);
	ret = directory->ops->link(directory, nodes[i].name, strlen(nodes[i].name), inode);
	if (!ret) {
		nodes[i].object = nodes[from].object;
		nodes[i].object->links++;
	} else {
		CHECK_EQ(ret, -ENOSPC);
	}
	inode_put(inode);
	inode_put(directory);
}

static void op_write(void)
{
	int i = pick(S_IFREG, false), ret;
	struct object *object;
	struct inode *inode;
	static char bytes[100000];
	size_t len = 1 + test_below(test_below(3) ? 6000 : sizeof(bytes) - 1), offset;

	if (i < 0)
		return;
	object = nodes[i].object;
	offset = test_below(3) ? min_u64(object->size, CONTENT_MAX - len) : test_below((unsigned)(CONTENT_MAX - len));
	for (size_t k = 0; k < len; k++)
		bytes[k] = (char)(test_random() >> 40);
	inode = get(i);
	ret = write_file(inode, offset, bytes, len);
	if (!ret) {
		memcpy(object->content + offset, bytes, len);
		object->size = max_u64(object->size, offset + len);
	} else {
		CHECK_EQ(ret, -ENOSPC);
	}
	inode_put(inode);
}

static void op_truncate(void)
{
	int i = pick(S_IFREG, false);
	struct inode_attributes attributes = {.valid = ATTRIBUTE_SIZE, .size = test_below(CONTENT_MAX)};
	struct object *object;
	struct inode *inode;

	if (i < 0)
		return;
	object = nodes[i].object;
	if (test_below(2))
		attributes.size = test_below((unsigned)object->size + 1);
	inode = get(i);
	CHECK_EQ(inode->ops->set_attributes(inode, &attributes), 0);
	if (attributes.size < object->size)
		memset(object->content + attributes.size, 0, object->size - attributes.size);
	object->size = attributes.size;
	inode_put(inode);
}

static void op_allocate(void)
{
	static const int modes[] = {0, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, FALLOC_FL_ZERO_RANGE};
	int i = pick(S_IFREG, false), mode = modes[test_below(ARRAY_SIZE(modes))], ret;
	size_t len = 1 + test_below(60000), offset = test_below((unsigned)(CONTENT_MAX - len));
	struct object *object;
	struct inode *inode;

	if (i < 0)
		return;
	object = nodes[i].object;
	inode = get(i);
	ret = inode->ops->allocate(inode, mode, offset, len);
	if (ret)
		CHECK_EQ(ret, -ENOSPC);
	if (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE) && offset < object->size)
		memset(object->content + offset, 0, min_u64(len, object->size - offset));
	if (!ret && !(mode & FALLOC_FL_KEEP_SIZE))
		object->size = max_u64(object->size, offset + len);
	inode_put(inode);
}

static void op_remove(void)
{
	int i = pick(0, false), ret;
	struct inode *directory, *inode;

	if (i < 0)
		return;
	directory = get(nodes[i].parent);
	inode = get(i);
	if (nodes[i].object->type == S_IFDIR)
		ret = directory->ops->rmdir(directory, nodes[i].name, strlen(nodes[i].name), inode);
	else
		ret = directory->ops->unlink(directory, nodes[i].name, strlen(nodes[i].name), inode);
	if (count_children(i)) {
		CHECK_EQ(ret, -ENOTEMPTY);
	} else {
		CHECK_EQ(ret, 0);
		object_put(nodes[i].object);
		nodes[i].object = NULL;
	}
	inode_put(inode);
	inode_put(directory);
}

static bool is_below(int index, int ancestor)
{
	for (; index >= 0; index = nodes[index].parent)
		if (index == ancestor)
			return true;
	return false;
}

static void op_rename(void)
{
	int from = pick(0, false), to_parent = pick(S_IFDIR, true), to = -1, ret;
	struct inode *from_directory, *to_directory, *inode, *replaced = NULL;
	bool exchange = !test_below(4);
	char name[NAME_SIZE];

	if (from < 0 || is_below(to_parent, from))
		return;
	if (test_below(2) || exchange) {
		to = pick(0, false);
		if (to < 0 || to == from || is_below(to, from) || is_below(from, to) || nodes[to].object == nodes[from].object)
			return;
		if (!exchange && ((nodes[to].object->type == S_IFDIR) != (nodes[from].object->type == S_IFDIR)))
			return;
		to_parent = nodes[to].parent;
		memcpy(name, nodes[to].name, sizeof(name));
		replaced = get(to);
	} else {
		random_name(name);
		if (find_node(to_parent, name, strlen(name)) >= 0)
			return;
	}
	from_directory = get(nodes[from].parent);
	to_directory = get(to_parent);
	inode = get(from);
	ret = from_directory->ops->rename(from_directory, nodes[from].name, strlen(nodes[from].name), inode, to_directory, name, strlen(name), replaced, exchange);
	if (ret) {
		CHECK(ret == -ENOSPC || (ret == -ENOTEMPTY && count_children(to)));
	} else if (exchange) {
		struct object *object = nodes[from].object;

		for (int i = 1; i < NODES; i++)
			if (nodes[i].object && (nodes[i].parent == from || nodes[i].parent == to))
				nodes[i].parent = nodes[i].parent == from ? to : from;
		nodes[from].object = nodes[to].object;
		nodes[to].object = object;
	} else {
		if (replaced) {
			object_put(nodes[to].object);
			nodes[to].object = NULL;
		}
		nodes[from].parent = to_parent;
		memcpy(nodes[from].name, name, sizeof(name));
	}
	inode_put(from_directory);
	inode_put(to_directory);
	inode_put(inode);
	inode_put(replaced);
}

static void op_sync(void)
{
	CHECK_EQ(page_cache_flush_all(), 0);
	CHECK_EQ(fs->sync(fs), 0);
}

static void op_remount(void)
{
	unmount();
	mount(false);
}

static void random_operation(void)
{
	static void (*const operations[])(void) = {op_create, op_create, op_create, op_write, op_write, op_write, op_truncate, op_allocate, op_remove, op_remove, op_rename, op_link, op_symlink};

	if (!test_below(40))
		op_sync();
	else if (!test_below(80))
		op_remount();
	else
		operations[test_below(ARRAY_SIZE(operations))]();
}

static void forget_model(void)
{
	for (int i = 0; i < NODES; i++)
		if (nodes[i].object)
			object_put(nodes[i].object);
	memset(nodes, 0, sizeof(nodes));
	nodes[0] = (struct node){.object = object_new(S_IFDIR), .parent = -1};
}

static void run_model(const char *options, const char *size, unsigned rounds)
{
	make_disk(options, size);
	forget_model();
	mount(false);
	for (unsigned i = 0; i < rounds; i++) {
		random_operation();
		if (i % 200 == 199)
			compare_all();
	}
	op_remount();
	compare_all();
	unmount();
	check_disk();
	disk_close();
}

TEST(model_4k)
{
	run_model("-t ext4 -b 4096 -O ^has_journal", "64M", 2500);
}

TEST(model_1k)
{
	run_model("-t ext4 -b 1024 -O ^has_journal", "32M", 2500);
}

TEST(model_full_disk)
{
	run_model("-t ext4 -b 1024 -O ^has_journal -m 0", "1500K", 2500);
}

TEST(model_with_clean_journal)
{
	run_model("-t ext4 -b 4096", "64M", 1200);
}

TEST(model_plain_features)
{
	run_model("-t ext4 -b 2048 -O ^has_journal,^metadata_csum,^64bit,^flex_bg,uninit_bg -I 128", "40M", 1500);
}

TEST(model_meta_groups)
{
	run_model("-t ext4 -b 1024 -O ^has_journal,meta_bg,^resize_inode", "80M", 1500);
}

/* ---- Particular cases ---- */

static struct inode *create(const char *name, uint32_t mode)
{
	struct inode *made;

	CHECK_EQ(fs->root->ops->create(fs->root, name, strlen(name), mode, 0, 0, 0, &made), 0);
	return made;
}

TEST(fragments_make_a_deep_tree)
{
	struct inode *inode;
	char byte = 'x', back;

	make_disk("-t ext4 -b 1024 -O ^has_journal", "64M");
	mount(false);
	inode = create("holes", S_IFREG | 0644);
	for (uint64_t i = 0; i < 3000; i++) {
		CHECK_EQ(write_file(inode, (i * 7919 % 3000) * 8192, &byte, 1), 0);
		if (i % 64 == 0)
			CHECK_EQ(page_cache_flush(&inode->cache, 0, UINT64_MAX), 0);
	}
	inode_put(inode);
	unmount();
	check_disk();
	mount(false);
	CHECK_EQ(fs->root->ops->lookup(fs->root, "holes", 5, &inode), 0);
	for (uint64_t i = 0; i < 3000; i++) {
		read_file(inode, i * 8192, &back, 1);
		CHECK_EQ(back, 'x');
		if (i + 1 < 3000) {
			read_file(inode, i * 8192 + 4096, &back, 1);
			CHECK_EQ(back, 0);
		}
	}
	CHECK_EQ(inode->ops->allocate(inode, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 8192 * 100, 8192 * 2800), 0);
	inode_put(inode);
	unmount();
	check_disk();
	disk_close();
}

TEST(large_file_is_sparse)
{
	struct inode *inode;
	char text[] = "far out", back[sizeof(text)];

	make_disk("-t ext4 -b 4096 -O ^has_journal", "16M");
	mount(false);
	inode = create("big", S_IFREG | 0644);
	CHECK_EQ(write_file(inode, 6ull << 30, text, sizeof(text)), 0);
	CHECK_EQ(write_file(inode, 1ull << 42, text, sizeof(text)), 0);
	inode_put(inode);
	unmount();
	check_disk();
	mount(true);
	CHECK_EQ(fs->root->ops->lookup(fs->root, "big", 3, &inode), 0);
	read_file(inode, 6ull << 30, back, sizeof(back));
	CHECK(!memcmp(text, back, sizeof(text)));
	read_file(inode, 1ull << 42, back, sizeof(back));
	CHECK(!memcmp(text, back, sizeof(text)));
	inode_put(inode);
	unmount();
	disk_close();
}

TEST(unlinked_while_open)
{
	struct inode *inode, *other;
	char bytes[9000] = "text", back[4];

	make_disk("-t ext4 -b 4096 -O ^has_journal", "16M");
	mount(false);
	inode = create("gone", S_IFREG | 0644);
	other = create("stays open", S_IFREG | 0644);
	CHECK_EQ(write_file(inode, 0, bytes, sizeof(bytes)), 0);
	CHECK_EQ(write_file(other, 0, bytes, sizeof(bytes)), 0);
	CHECK_EQ(fs->root->ops->unlink(fs->root, "gone", 4, inode), 0);
	CHECK_EQ(fs->root->ops->unlink(fs->root, "stays open", 10, other), 0);
	CHECK_EQ(fs->sync(fs), 0);
	read_file(inode, 0, back, 4);
	CHECK(!memcmp(back, "text", 4));
	inode_put(inode);
	CHECK_EQ(fs->remount(fs, true), 0); /* as at power-off: one file is still open */
	fs->is_read_only = true;
	check_disk();
	inode_put(other);
	unmount();
	disk_close();
}

TEST(directory_with_index)
{
	struct inode *directory, *inode;
	char name[32];
	int nr = 3000;

	make_disk("-t ext4 -b 1024 -O ^has_journal -N 8000", "32M");
	mount(false);
	directory = create("many", S_IFDIR | 0755);
	for (int i = 0; i < nr; i++) {
		snprintf(name, sizeof(name), "file number %d", i);
		CHECK_EQ(directory->ops->create(directory, name, strlen(name), S_IFREG | 0600, 0, 0, 0, &inode), 0);
		inode_put(inode);
	}
	inode_put(directory);
	unmount();
	check_disk();
	CHECK(run("PATH=$PATH:/sbin:/usr/sbin e2fsck -fyD %s >/dev/null 2>&1", disk_path) <= 1);
	disk_open();
	mount(false);
	CHECK_EQ(fs->root->ops->lookup(fs->root, "many", 4, &directory), 0);
	CHECK(ext4_directory_has_index(ext4_of(directory)));
	for (int i = 0; i < nr; i++) {
		snprintf(name, sizeof(name), "file number %d", i);
		CHECK_EQ(directory->ops->lookup(directory, name, strlen(name), &inode), 0);
		inode_put(inode);
	}
	CHECK_EQ(directory->ops->lookup(directory, "no such", 7, &inode), -ENOENT);
	for (int i = 0; i < nr; i += 2) {
		snprintf(name, sizeof(name), "file number %d", i);
		CHECK_EQ(directory->ops->lookup(directory, name, strlen(name), &inode), 0);
		CHECK_EQ(directory->ops->unlink(directory, name, strlen(name), inode), 0);
		inode_put(inode);
	}
	inode_put(directory);
	unmount();
	check_disk();
	disk_close();
}

/* Names come and go in a directory large enough for a table of them; a model keeps which exist. */
TEST(large_directory)
{
	enum { NAMES = 4000 };
	static bool exists[NAMES];
	struct inode *directory, *inode;
	char name[64];

	memset(exists, 0, sizeof(exists));
	make_disk("-t ext4 -b 1024 -O ^has_journal -N 8000", "32M");
	mount(false);
	directory = create("many", S_IFDIR | 0755);
	for (unsigned i = 0; i < 30000; i++) {
		unsigned which = test_below(NAMES);
		size_t len = (size_t)snprintf(name, sizeof(name), "%u%.*s", which, (int)(which % 40), "----------------------------------------");
		int ret = directory->ops->lookup(directory, name, len, &inode);

		CHECK_EQ(ret, exists[which] ? 0 : -ENOENT);
		if (ret) {
			CHECK_EQ(directory->ops->create(directory, name, len, S_IFREG | 0600, 0, 0, 0, &inode), 0);
		} else if (test_below(3)) {
			CHECK_EQ(directory->ops->unlink(directory, name, len, inode), 0);
			inode_put(inode);
			exists[which] = false;
			continue;
		}
		exists[which] = true;
		inode_put(inode);
		if (i % 10000 == 9999) {
			inode_put(directory);
			op_remount();
			CHECK_EQ(fs->root->ops->lookup(fs->root, "many", 4, &directory), 0);
		}
	}
	inode_put(directory);
	unmount();
	check_disk();
	disk_close();
}

TEST(reading_changes_nothing)
{
	struct inode *inode;
	char back[5], *before;

	disk_create();
	CHECK_EQ(run("mkdir -p %s.d/sub && echo hello > %s.d/sub/file && PATH=$PATH:/sbin mke2fs -q -F -t ext3 -d %s.d %s 8M && rm -r %s.d", disk_path, disk_path, disk_path, disk_path, disk_path), 0);
	disk_open();
	before = malloc(disk_device.size);
	memcpy(before, disk_memory, disk_device.size);
	CHECK_EQ(try_mount(false), -EROFS); /* block maps are not written */
	mount(true);
	CHECK_EQ(fs->root->ops->lookup(fs->root, "sub", 3, &inode), 0);
	inode_put(fs->root);
	fs->root = inode;
	CHECK_EQ(fs->root->ops->lookup(fs->root, "file", 4, &inode), 0);
	read_file(inode, 0, back, sizeof(back));
	CHECK(!memcmp(back, "hello", 5));
	inode_touch(inode, TOUCH_ATIME);
	inode_put(inode);
	unmount();
	CHECK(!memcmp(before, disk_memory, disk_device.size));
	free(before);
	disk_close();
}

static void check_attribute(struct inode *inode, const char *name, const char *value, size_t len)
{
	char back[1000];

	CHECK_EQ(inode->ops->get_xattr(inode, name, back, sizeof(back)), (long)len);
	CHECK(!memcmp(back, value, len));
}

static void many_attributes(const char *options)
{
	struct inode *inode;
	char name[300] = "user.", value[900], list[2000];

	make_disk(options, "16M");
	mount(false);
	inode = create("file", S_IFREG | 0644);
	memset(value, 'v', sizeof(value));
	for (unsigned i = 0; i < 300; i++) {
		unsigned which = test_below(6);
		size_t len = test_below(4) ? test_below(30) : test_below(sizeof(value) / 6);
		int ret;

		snprintf(name, sizeof(name), "%s.attribute-%u", which % 2 ? "user" : "security", which);
		value[0] = (char)i;
		if (test_below(4)) {
			CHECK_EQ(inode->ops->set_xattr(inode, name, value, len, 0), 0);
			check_attribute(inode, name, value, len);
		} else {
			ret = inode->ops->remove_xattr(inode, name);
			CHECK(!ret || ret == -ENODATA);
			CHECK_EQ(inode->ops->get_xattr(inode, name, list, sizeof(list)), -ENODATA);
		}
	}
	CHECK_EQ(inode->ops->set_xattr(inode, "user.one", "value", 5, 0), 0);
	CHECK_EQ(inode->ops->set_xattr(inode, "user.one", "value", 5, 1), -EEXIST);
	CHECK_EQ(inode->ops->set_xattr(inode, "user.none", "value", 5, 2), -ENODATA);
	CHECK_EQ(inode->ops->set_xattr(inode, "user.huge", disk_memory, 5000, 0), -ENOSPC);
	inode_put(inode);
	unmount();
	check_disk();
	mount(false);
	CHECK_EQ(fs->root->ops->lookup(fs->root, "file", 4, &inode), 0);
	check_attribute(inode, "user.one", "value", 5);
	CHECK(inode->ops->list_xattr(inode, list, sizeof(list)) > 9);
	CHECK_EQ(fs->root->ops->unlink(fs->root, "file", 4, inode), 0);
	inode_put(inode);
	unmount();
	check_disk();
	disk_close();
}

TEST(attributes)
{
	many_attributes("-t ext4 -b 4096 -O ^has_journal");
	many_attributes("-t ext4 -b 1024 -O ^has_journal,^metadata_csum -I 128");
}

TEST(hash_of_names)
{
	static const struct ext4 none;
	bool ok;

	/* debugfs -R "dx_hash -h half_md4 hello" and the like */
	CHECK_EQ(ext4_name_hash(&none, EXT4_HASH_HALF_MD4, "hello", 5, &ok), 0x1746da32);
	CHECK_EQ(ext4_name_hash(&none, EXT4_HASH_TEA, "hello", 5, &ok), 0x6f5bb1a8);
	CHECK_EQ(ext4_name_hash(&none, EXT4_HASH_LEGACY, "hello", 5, &ok), 0x32252546);
}

TEST_MAIN()
