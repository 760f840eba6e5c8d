/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Damaged ext4 images: whatever the disk says, the file system neither reads nor writes out of bounds, hangs, nor panics. LLVMFuzzerTestOneInput
 * takes a whole image (build with -fsanitize=fuzzer to search on); the tests here damage images of mke2fs at random, by a seed.
 */
#include <stdarg.h>
#include <string.h>
/* not unistd.h: its constants are the guest ABI's too */
unsigned alarm(unsigned seconds);
#include "kernel/fs/ext4/disk.h"
#include "kernel/fs/ext4/ext4.h"
#include "kernel/hosted/hosted.h"
#include "kernel/uapi/fcntl.h"
#include "tests/unit/test.h"

enum { ENTRIES_MAX = 60, DEPTH_MAX = 3, SECONDS_MAX = 20 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);
struct names {
	struct directory_sink sink;
	unsigned nr;
	char name[ENTRIES_MAX][EXT4_NAME_MAX + 1];
};

static bool keep(struct directory_sink *sink, const char *name, size_t len, uint64_t inode, unsigned type, uint64_t next)
{
	struct names *names = container_of(sink, struct names, sink);

	if (names->nr == ENTRIES_MAX)
		return false;
	memcpy(names->name[names->nr], name, len);
	names->name[names->nr++][len] = '\0';
	return true;
}

static void read_some(struct inode *inode)
{
	uint64_t pages = min_u64((inode->size + PAGE_SIZE - 1) / PAGE_SIZE, 1ull << 40);
	uint64_t places[] = {0, 1, 5, pages / 2, pages - 1};

	for (size_t i = 0; pages && i < ARRAY_SIZE(places); i++) {
		struct page *page;

		if (places[i] < pages && !page_cache_get(&inode->cache, places[i], pages, &page))
			page_put(page);
	}
}

static void change_some(struct inode *inode)
{
	struct inode_attributes attributes = {.valid = ATTRIBUTE_SIZE, .size = inode->size / 2};
	struct page *page;

	if (!inode->ops->prepare_write(inode, 100, 10000) && !page_cache_get(&inode->cache, 1, 3, &page)) {
		memset(page_virt(page), 'x', PAGE_SIZE);
		page_cache_mark_dirty(&inode->cache, page);
		page_put(page);
		inode->size = max_u64(inode->size, 8192);
		inode_touch(inode, TOUCH_MTIME);
	}
	(void)page_cache_flush(&inode->cache, 0, UINT64_MAX);
	(void)inode->ops->allocate(inode, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, 8192);
	(void)inode->ops->allocate(inode, 0, 20000, 9000);
	(void)inode->ops->set_attributes(inode, &attributes);
}

static void visit(struct inode *inode, unsigned depth, bool change);

static void visit_directory(struct inode *directory, unsigned depth, bool change)
{
	struct names *names = calloc(1, sizeof(*names));
	uint64_t position = 0;
	struct inode *inode;

	names->sink.add = keep;
	(void)directory->ops->read_directory(directory, &position, &names->sink);
	for (unsigned i = 0; i < names->nr && depth < DEPTH_MAX; i++) {
		const char *name = names->name[i];
		size_t len = strlen(name);

		if (!strcmp(name, ".") || !strcmp(name, "..") || directory->ops->lookup(directory, name, len, &inode))
			continue;
		if (inode != directory)
			visit(inode, depth + 1, change);
		if (change && i % 3 == 0 && inode != directory)
			(void)(inode_is_directory(inode) ? directory->ops->rmdir(directory, name, len, inode) : directory->ops->unlink(directory, name, len, inode));
		else if (change && i % 3 == 1 && inode != directory)
			(void)directory->ops->rename(directory, name, len, inode, directory, "renamed", 7, NULL, false);
		inode_put(inode);
	}
	if (!directory->ops->lookup(directory, "no such name", 12, &inode))
		inode_put(inode);
	if (change && !directory->ops->create(directory, "new", 3, S_IFDIR | 0755, 0, 0, 0, &inode))
		inode_put(inode);
	free(names);
}

static void visit(struct inode *inode, unsigned depth, bool change)
{
	char list[4096], value[1024], *target;
	long len = inode->ops->list_xattr(inode, list, sizeof(list));

	for (long at = 0; at < len; at += (long)strlen(list + at) + 1)
		(void)inode->ops->get_xattr(inode, list + at, value, sizeof(value));
	if (change)
		(void)inode->ops->set_xattr(inode, "user.fuzz", "value", 5, 0);
	switch (inode->mode & S_IFMT) {
	case S_IFDIR:
		visit_directory(inode, depth, change);
		break;
	case S_IFREG:
		read_some(inode);
		if (change)
			change_some(inode);
		break;
	case S_IFLNK:
		if (!inode->ops->get_link(inode, &target))
			heap_free(target);
		break;
	}
}

static void exercise(bool change)
{
	struct file_system *fs;
	struct linux_statfs statfs;

	if (ext4_mount("/dev/vda", "", !change, &fs))
		return;
	(void)fs->statfs(fs, &statfs);
	visit(fs->root, 0, change);
	if (change)
		(void)fs->sync(fs);
	fs->unmount(fs);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *copy = malloc(len ? len : 1);

	memcpy(copy, bytes, len);
	disk_use(copy, len);
	log_set_level(LOG_EMERGENCY);
	exercise(false);
	exercise(true);
	free(copy);
	return 0;
}

/* ---- Random damage ---- */

static char *pristine;
static size_t size;

static void make_image(const char *options)
{
	char command[2048];

	disk_create();
	snprintf(command, sizeof(command),
		"PATH=$PATH:/sbin:/usr/sbin; d=%s.d; mkdir -p $d/sub/deep $d/many && cd $d && echo hello > file && ln -s file link && ln -s $(printf 'x%%.0s' $(seq 300)) long &&"
		"head -c 300000 /dev/zero | tr '\\0' a > big && for i in $(seq 400); do : > many/entry-$i; done && mkfifo fifo && ln file sub/hard &&"
		"mke2fs -q -F %s -d $d %s 4M >/dev/null && rm -r $d && { e2fsck -fyD %s >/dev/null 2>&1; test $? -le 1; } &&"
		"printf 'ea_set file user.one value\\nea_set big user.two %%0900d\\n' 7 | debugfs -w -f - %s >/dev/null 2>&1",
		disk_path, options, disk_path, disk_path, disk_path);
	CHECK_EQ(system(command), 0);
	disk_open();
	size = disk_device.size;
	pristine = malloc(size);
	memcpy(pristine, disk_memory, size);
	disk_close();
}

/* Bytes that mean something: those of blocks that are not zeros, the first ones more often. */
static size_t pick_byte(void)
{
	for (unsigned tries = 0; tries < 1000; tries++) {
		size_t at = test_below(3) ? test_below(size / 8) : test_below(size);

		if (pristine[at])
			return at - at % 4 + test_below(4);
	}
	return 1024 + test_below(256);
}

static void damage(char *image)
{
	static const uint32_t words[] = {0, 1, 0x7fffffff, 0xffffffff, 0x8000, 0xffff, 0x10000};
	unsigned count = 1 + test_below(6);

	while (count--) {
		size_t at = pick_byte();
		uint32_t word = words[test_below(ARRAY_SIZE(words))];

		switch (test_below(3)) {
		case 0:
			image[at] ^= (char)(1 << test_below(8));
			break;
		case 1:
			image[at] = (char)test_random();
			break;
		default:
			memcpy(image + at - at % 4, &word, sizeof(word));
		}
	}
}

static void run_damaged(const char *options, unsigned rounds)
{
	char *image;

	make_image(options);
	image = malloc(size);
	for (unsigned i = 0; i < rounds; i++) {
		memcpy(image, pristine, size);
		damage(image);
		alarm(SECONDS_MAX); /* a hang ends the test */
		LLVMFuzzerTestOneInput((const uint8_t *)image, size);
	}
	alarm(0);
	free(image);
	free(pristine);
}

TEST(damaged_without_checksums)
{
	run_damaged("-t ext4 -b 1024 -O ^has_journal,^metadata_csum", 300);
}

TEST(damaged_4k_without_checksums)
{
	run_damaged("-t ext4 -b 4096 -O ^has_journal,^metadata_csum,^64bit", 150);
}

TEST(damaged_with_checksums)
{
	run_damaged("-t ext4 -b 1024 -O ^has_journal", 150);
}

TEST(damaged_block_maps)
{
	run_damaged("-t ext2 -b 1024", 150);
}

TEST(truncated)
{
	make_image("-t ext4 -b 1024 -O ^has_journal");
	for (size_t len = 0; len < size; len += 100 + test_below(300000))
		LLVMFuzzerTestOneInput((const uint8_t *)pristine, len);
	free(pristine);
}

TEST(device_errors)
{
	make_image("-t ext4 -b 1024 -O ^has_journal");
	for (unsigned k = 1; k < 200; k += 3) {
		disk_fail_after = k;
		LLVMFuzzerTestOneInput((const uint8_t *)pristine, size);
	}
	disk_fail_after = 0;
	free(pristine);
}

TEST_MAIN()
