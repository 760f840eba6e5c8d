/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whole compositions: directories that change at random against what is read back from the image, packages good and
 * bad, full disks, kills at any moment.
 */
#include "dory/compose/compose.h"
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "dory/base/file.h"
#include "tests/unit/test.h"
#include "deb_for_test.h"
#include "image_for_test.h"

static struct dory_error err;
static char work[] = "/tmp/dory-compose-XXXXXX";

static const char *in_work(const char *name)
{
	static char paths[4][256];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", work, name);
	return path;
}

static void put_file(const char *name, const void *bytes, size_t size)
{
	FILE *file = fopen(in_work(name), "w");

	if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0)
		abort();
}

static void start_work(void)
{
	if (strstr(work, "XXXXXX") && !mkdtemp(work))
		abort();
	if (file_remove_tree(work, &err) < 0 || file_make_directories(in_work("tree"), &err) < 0)
		abort();
}

static void end_work(void)
{
	if (file_remove_tree(work, &err) < 0)
		abort();
}

static int compose_tree(const char *image)
{
	struct compose_source source = {.kind = COMPOSE_DIRECTORY, .path = in_work("tree")};
	struct compose_request request = {.image_path = in_work(image),
		.sources = &source,
		.source_count = 1,
		.free_bytes = 4 << 20,
		.quiet = true};

	return compose_image(&request, &err);
}

/* Longer than file times are coarse, so that stamps are believed. */
static void let_time_pass(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 30000000}, NULL);
}

static struct listing *listing_now;

static int list_one(const char *path, const struct stat *st, int type, struct FTW *position)
{
	char target[4096] = "", *bytes;
	const char *name = path + strlen(in_work("tree"));
	uint64_t sum = 0;
	size_t length;

	if (!*name)
		return 0;
	if (S_ISLNK(st->st_mode) && readlink(path, target, sizeof(target) - 1) < 0)
		return -1;
	if (S_ISREG(st->st_mode)) {
		if (file_read(path, 1 << 26, &bytes, &length, &err) < 0)
			return -1;
		sum = listing_sum(1, bytes, length);
		free(bytes);
	}
	listing_add(listing_now,
		listing_line(name, st->st_mode, 0, 0, S_ISDIR(st->st_mode) ? 0 : (uint64_t)st->st_size, target, sum));
	return 0;
}

static bool is_made_here(const char *line)
{
	static const char *const names[] = {"/lost+found ", "/dev ", "/proc ", "/sys ", "/run ", "/tmp ",
		"/etc ", "/etc/hosts ", "/etc/resolv.conf "};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strncmp(line, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

/* Does the image hold exactly what the directory holds? */
static bool image_equals_tree(const char *image)
{
	struct listing expected = {0}, found = {0};
	bool is_equal;
	size_t j = 0;

	listing_now = &expected;
	is_equal = nftw(in_work("tree"), list_one, 16, FTW_PHYS) == 0 && image_list_content(in_work(image), &found);
	listing_sort(&expected);
	for (size_t i = 0; i < found.count && is_equal; i++) {
		if (is_made_here(found.lines[i]))
			continue;
		is_equal = j < expected.count && strcmp(found.lines[i], expected.lines[j]) == 0;
		if (!is_equal)
			printf("# in the image: %s\n# in the tree:  %s\n", found.lines[i],
				j < expected.count ? expected.lines[j] : "nothing");
		j++;
	}
	if (is_equal && j != expected.count)
		printf("# not in the image: %s\n", expected.lines[j]);
	is_equal = is_equal && j == expected.count;
	listing_release(&expected);
	listing_release(&found);
	return is_equal;
}

static ino_t inode_of(const char *name)
{
	struct stat st;

	return stat(in_work(name), &st) < 0 ? 0 : st.st_ino;
}

/* A random name in one of a few directories. */
static const char *random_name(void)
{
	static const char *const directories[] = {"tree", "tree/a", "tree/a/b", "tree/c"};
	static char name[64];

	snprintf(name, sizeof(name), "%s/n%u", directories[test_random() % 4], (unsigned)(test_random() % 12));
	return in_work(name);
}

static void write_random_file(const char *path)
{
	static char bytes[200000];
	size_t size = test_random() % 4 ? test_random() % 9000 : test_random() % sizeof(bytes);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0644);

	for (size_t i = 0; i < size; i += 64)
		bytes[i] = (char)test_random();
	if (fd >= 0 && write(fd, bytes, size) < 0)
		abort();
	if (fd >= 0)
		close(fd);
}

static void change_tree(void)
{
	const char *path = random_name();
	char target[200];

	switch (test_random() % 8) {
	case 0:
	case 1:
	case 2:
		write_random_file(path);
		break;
	case 3:
		remove(path);
		break;
	case 4:
		memset(target, 't', sizeof(target));
		target[test_random() % (sizeof(target) - 1) + 1] = '\0';
		target[199] = '\0';
		remove(path);
		if (symlink(target, path) < 0)
			return;
		break;
	case 5:
		chmod(path, (mode_t)(0400 | (test_random() & 0377)) | (test_random() % 4 == 0 ? 04000 : 0));
		break;
	case 6:
		remove(path);
		mkdir(path, 0755);
		break;
	default:
		rename(path, random_name());
	}
}

static void make_first_tree(void)
{
	mkdir(in_work("tree/a"), 0755);
	mkdir(in_work("tree/a/b"), 0755);
	mkdir(in_work("tree/c"), 0700);
	for (int i = 0; i < 40; i++)
		change_tree();
}

TEST(updates_equal_the_tree_whatever_changes)
{
	unsigned in_place = 0;

	start_work();
	make_first_tree();
	for (int round = 0; round < 60; round++) {
		ino_t before = inode_of("disk.raw");

		if (round % 2)
			let_time_pass();
		CHECK_EQ(compose_tree("disk.raw"), 0);
		in_place += inode_of("disk.raw") == before;
		CHECK(image_equals_tree("disk.raw"));
		if (round % 6 == 0)
			CHECK(image_is_sound(in_work("disk.raw")));
		for (unsigned i = 0; i < (unsigned)round % 5; i++)
			change_tree();
	}
	CHECK(in_place > 40);
	CHECK(image_is_sound(in_work("disk.raw")));
	end_work();
}

TEST(same_sources_give_same_bytes)
{
	const char *argv[] = {"cmp", NULL, NULL, NULL};
	struct child_result result;
	char one[256], two[256];

	start_work();
	make_first_tree();
	CHECK_EQ(compose_tree("one"), 0);
	CHECK_EQ(compose_tree("two"), 0);
	snprintf(one, sizeof(one), "%s", in_work("one"));
	snprintf(two, sizeof(two), "%s", in_work("two"));
	argv[1] = one;
	argv[2] = two;
	CHECK_EQ(child_run(argv, &result, &err), 0);
	CHECK_EQ(result.status, 0);
	child_result_release(&result);
	end_work();
}

TEST(nothing_changed_means_nothing_written)
{
	struct stat before, after;

	start_work();
	make_first_tree();
	let_time_pass();
	CHECK_EQ(compose_tree("disk.raw"), 0);
	CHECK_EQ(stat(in_work("disk.raw"), &before), 0);
	let_time_pass();
	CHECK_EQ(compose_tree("disk.raw"), 0);
	CHECK_EQ(stat(in_work("disk.raw"), &after), 0);
	CHECK(before.st_ino == after.st_ino && before.st_mtim.tv_sec == after.st_mtim.tv_sec &&
		before.st_mtim.tv_nsec == after.st_mtim.tv_nsec);
	end_work();
}

TEST(an_image_in_use_is_left_alone)
{
	ino_t before;
	int fd;

	start_work();
	put_file("tree/f", "old", 3);
	CHECK_EQ(compose_tree("disk.raw"), 0);
	before = inode_of("disk.raw");
	fd = compose_image_open(in_work("disk.raw"), &err);
	CHECK(fd >= 0);
	let_time_pass();
	put_file("tree/f", "new", 3);
	CHECK_EQ(compose_tree("disk.raw"), 0);
	CHECK(inode_of("disk.raw") != before);
	CHECK(image_equals_tree("disk.raw"));
	close(fd);
	before = inode_of("disk.raw");
	put_file("tree/f", "newer", 5);
	CHECK_EQ(compose_tree("disk.raw"), 0);
	CHECK_EQ(inode_of("disk.raw"), before);
	CHECK(image_equals_tree("disk.raw"));
	end_work();
}

TEST(an_image_changed_by_others_is_made_anew)
{
	int fd;

	start_work();
	put_file("tree/f", "one", 3);
	CHECK_EQ(compose_tree("disk.raw"), 0);
	let_time_pass();
	fd = open(in_work("disk.raw"), O_WRONLY);
	CHECK(fd >= 0 && pwrite(fd, "garbage", 7, 4096) == 7);
	close(fd);
	CHECK_EQ(compose_tree("disk.raw"), 0);
	CHECK(image_is_sound(in_work("disk.raw")) && image_equals_tree("disk.raw"));
	end_work();
}

TEST(a_damaged_journal_costs_no_more_than_a_new_image)
{
	start_work();
	put_file("tree/f", "one", 3);
	CHECK_EQ(compose_tree("disk.raw"), 0);
	put_file("disk.raw.journal", "dory-redo-1\n\0\0\0\0xxxxxxxx", 24);
	CHECK_EQ(compose_image_open(in_work("disk.raw"), &err), -1);
	CHECK_EQ(err.kind, DORY_ERROR_FORMAT);
	CHECK_EQ(compose_tree("disk.raw"), 0);
	CHECK(access(in_work("disk.raw.journal"), F_OK) < 0);
	CHECK(image_is_sound(in_work("disk.raw")) && image_equals_tree("disk.raw"));
	end_work();
}

TEST(odd_trees)
{
	static char big[3 << 20];
	char name[300];

	start_work();
	CHECK_EQ(compose_tree("empty"), 0);
	CHECK(image_is_sound(in_work("empty")));
	mkdir(in_work("tree/many"), 0755);
	for (int i = 0; i < 1500; i++) {
		snprintf(name, sizeof(name), "tree/many/%0*d", 1 + i % 200, i);
		put_file(name, name, (size_t)i % 7);
	}
	memset(big, 'b', sizeof(big));
	put_file("tree/big", big, sizeof(big));
	put_file("tree/block", big, 4096);
	put_file("tree/block+1", big, 4097);
	CHECK_EQ(mkfifo(in_work("tree/pipe"), 0600), 0);
	CHECK_EQ(compose_tree("disk.raw"), 0);
	unlink(in_work("tree/pipe"));
	CHECK(image_is_sound(in_work("disk.raw")) && image_equals_tree("disk.raw"));
	end_work();
}

static int compose_deb(const char *deb, const char *cache)
{
	struct compose_source source = {.kind = COMPOSE_DEB, .path = in_work(deb), .package = "p", .version = "1"};
	struct compose_request request = {.image_path = in_work("disk.raw"),
		.cache_path = cache ? in_work(cache) : NULL,
		.sources = &source,
		.source_count = 1,
		.debian_fixups = true,
		.free_bytes = 1 << 20,
		.quiet = true};

	return compose_image(&request, &err);
}

TEST(names_of_hosts_can_be_found)
{
	struct listing listing = {0};

	start_work();
	put_file("tree/file", "x", 1);
	CHECK_EQ(compose_tree("disk.raw"), 0);
	CHECK(image_list_content(in_work("disk.raw"), &listing));
	CHECK(listing_has(&listing, "/etc/resolv.conf 120777 0:0 13 /proc/net/pnp "));
	CHECK(listing_has(&listing, "/etc/hosts 100644 0:0 61 "));
	listing_release(&listing);
	CHECK_EQ(mkdir(in_work("tree/etc"), 0755), 0);
	put_file("tree/etc/resolv.conf", "mine", 4);
	put_file("tree/etc/hosts", "", 0);
	CHECK_EQ(compose_tree("disk.raw"), 0);
	CHECK(image_list_content(in_work("disk.raw"), &listing));
	CHECK(listing_has(&listing, "/etc/resolv.conf 100644 0:0 4 "));
	CHECK(listing_has(&listing, "/etc/hosts 100644 0:0 0 "));
	listing_release(&listing);
	end_work();
}

TEST(packages_and_what_scripts_would_have_made)
{
	static const struct test_entry entries[] = {{"./", AE_IFDIR, 0755}, {"./bin/", AE_IFDIR, 0755},
		{"./bin/p", AE_IFREG, 04755, "program"}, {"./usr/bin/q", 0, 0, NULL, "./bin/p"},
		{"./usr/share/doc/p/README", AE_IFREG, 0644, "doc"},
		{"./usr/share/locale/de/LC_MESSAGES/p.mo", AE_IFREG, 0644, "mo"},
		{"./var/lib/p/", AE_IFDIR, 0700, NULL, NULL, 7, 8},
		{"./usr/lib/tmpfiles.d/p.conf", AE_IFREG, 0644, "d /run/p 0750 puser puser\n"}};
	static const char script[] = "U=puser\nadduser --system --group --home /var/lib/puser $U\n"
				     "update-alternatives --install /usr/bin/alt alt /usr/bin/p 10 \\\n  --slave "
				     "/usr/bin/alt2 alt2 /usr/bin/q\n"
				     "mkdir -p /etc/p.d\ncp /usr/bin/p /etc/p.d\nln -s /usr/bin/p /etc/p.d/link\nucf "
				     "--three-way /usr/bin/p /etc/p 2>/dev/null\n"
				     "chown $U /etc/p || true\n";
	struct listing listing = {0};

	start_work();
	make_test_deb(in_work("p.deb"), "p", script, entries, ARRAY_SIZE(entries));
	for (int round = 0; round < 2; round++) {
		unlink(in_work("disk.raw"));
		CHECK_EQ(compose_deb("p.deb", round ? "cache" : NULL), 0);
		CHECK(image_is_sound(in_work("disk.raw")));
	}
	CHECK(image_list_content(in_work("disk.raw"), &listing));
	CHECK(listing_has(&listing, "/bin 120777 0:0 7 usr/bin "));
	CHECK(listing_has(&listing, "/usr/bin/p 104755 0:0 7 "));
	CHECK(listing_has(&listing, "/usr/bin/q 104755 0:0 7 "));
	CHECK(listing_has(&listing, "/usr/bin/alt 120777 0:0 21 /etc/alternatives/alt "));
	CHECK(listing_has(&listing, "/etc/alternatives/alt2 120777 0:0 10 /usr/bin/q "));
	CHECK(listing_has(&listing, "/etc/p.d/p 104755 0:0 7 ") &&
		listing_has(&listing, "/etc/p.d/link 120777 0:0 10 /usr/bin/p "));
	CHECK(listing_has(&listing, "/etc/p 104755 100:100 7 "));
	CHECK(listing_has(&listing, "/var/lib/p 40700 7:8 "));
	CHECK(listing_has(&listing, "/var/lib/puser 40755 100:100 "));
	CHECK(listing_has(&listing, "/run/p 40750 100:100 "));
	CHECK(listing_has(&listing, "/etc/resolv.conf 120777 0:0 13 /proc/net/pnp ") && listing_has(&listing, "/etc/nsswitch.conf "));
	CHECK(listing_has(&listing, "/etc/passwd ") && listing_has(&listing, "/var/lib/dpkg/status "));
	CHECK(!listing_has(&listing, "/usr/share/doc/p") && !listing_has(&listing, "/usr/share/locale/de"));
	listing_release(&listing);
	end_work();
}

static void check_refused(const struct test_entry *entries, size_t count)
{
	make_test_deb(in_work("bad.deb"), "bad", NULL, entries, count);
	CHECK_EQ(compose_deb("bad.deb", NULL), -1);
	CHECK_EQ(err.kind, DORY_ERROR_FORMAT);
	CHECK(strstr(err.message, "bad.deb"));
	CHECK(access(in_work("disk.raw"), F_OK) < 0);
}

TEST(hostile_packages_are_refused)
{
	static const struct test_entry up[] = {{"../../etc/passwd", AE_IFREG, 0644, "x"}};
	static const struct test_entry middle[] = {{"./a/../../b", AE_IFREG, 0644, "x"}};
	static const struct test_entry device[] = {{"./dev/sda", AE_IFCHR, 0600}};
	static const struct test_entry outside[] = {{"./x", 0, 0, NULL, "../../etc/passwd"}};
	static const struct test_entry below_file[] = {{"./f", AE_IFREG, 0644, "x"}, {"./f/g", AE_IFREG, 0644, "x"}};
	static const struct test_entry through[] = {
		{"./l", AE_IFLNK, 0777, NULL, "/tmp"}, {"./l/dory-was-here", AE_IFREG, 0644, "x"}};

	start_work();
	check_refused(up, 1);
	check_refused(middle, 1);
	check_refused(device, 1);
	check_refused(outside, 1);
	check_refused(below_file, 2);
	check_refused(through, 2); /* the image has no /tmp yet */
	CHECK(access("/tmp/dory-was-here", F_OK) < 0);
	end_work();
}

TEST(damaged_packages_are_errors_that_name_the_file)
{
	static const struct test_entry entries[] = {
		{"./a", AE_IFREG, 0644, "some text some text some text"}, {"./b", AE_IFLNK, 0777, NULL, "a"}};
	char *whole, *copy;
	size_t length;

	start_work();
	make_test_deb(in_work("good.deb"), "p", "true", entries, 2);
	CHECK_EQ(file_read(in_work("good.deb"), 1 << 20, &whole, &length, &err), 0);
	copy = malloc(length);
	for (size_t round = 0; round < 300; round++) {
		size_t cut = round < 150 ? length * round / 150 : length;

		memcpy(copy, whole, length);
		for (int i = 0; i < 3 && cut == length; i++)
			copy[test_random() % length] = (char)test_random();
		put_file("bad.deb", copy, cut);
		unlink(in_work("disk.raw"));
		if (compose_deb("bad.deb", round % 2 ? "cache" : NULL) == 0)
			continue; /* damage where nobody looks */
		CHECK(err.kind == DORY_ERROR_FORMAT || err.kind == DORY_ERROR_CONFLICT);
		CHECK(strstr(err.message, "bad.deb"));
		CHECK(access(in_work("disk.raw"), F_OK) < 0);
	}
	free(copy);
	free(whole);
	end_work();
}

TEST(a_damaged_cache_is_made_again)
{
	static const struct test_entry entries[] = {{"./a", AE_IFREG, 0644, "text"}};
	char command[600];

	start_work();
	make_test_deb(in_work("p.deb"), "p", NULL, entries, 1);
	CHECK_EQ(compose_deb("p.deb", "cache"), 0);
	snprintf(command, sizeof(command),
		"for f in %s/cache/*; do printf x | dd of=$f bs=1 seek=4100 conv=notrunc status=none; done", work);
	CHECK_EQ(system(command), 0);
	unlink(in_work("disk.raw"));
	CHECK_EQ(compose_deb("p.deb", "cache"), 0);
	CHECK(image_is_sound(in_work("disk.raw")));
	end_work();
}

TEST(a_damaged_manifest_is_not_believed)
{
	char *manifest;
	size_t length;

	start_work();
	make_first_tree();
	for (int round = 0; round < 30; round++) {
		CHECK_EQ(compose_tree("disk.raw"), 0);
		CHECK_EQ(file_read(in_work("disk.raw.manifest"), 1 << 20, &manifest, &length, &err), 0);
		manifest[test_random() % length] ^= (char)(1 + test_random() % 255);
		put_file("disk.raw.manifest", manifest, round % 5 ? length : test_random() % length);
		free(manifest);
		change_tree();
		CHECK_EQ(compose_tree("disk.raw"), 0);
		CHECK(image_equals_tree("disk.raw"));
	}
	CHECK(image_is_sound(in_work("disk.raw")));
	end_work();
}

/* Runs a composition in a child that may write files of at most `limit` bytes. Returns its result. */
static int compose_limited(rlim_t limit)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct rlimit r = {limit, limit};

		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &r);
		_exit(compose_tree("disk.raw") < 0);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(writes_that_fail_leave_the_old_image)
{
	char keep[300];

	start_work();
	make_first_tree();
	CHECK_EQ(compose_tree("disk.raw"), 0);
	snprintf(keep, sizeof(keep), "rm -rf %s/before && cp -a %s/tree %s/before", work, work, work);
	for (int round = 0; round < 12; round++) {
		char swap[900];

		CHECK_EQ(system(keep), 0);
		change_tree();
		write_random_file(in_work("tree/always"));
		if (compose_limited((rlim_t)(round < 6 ? round * 1000 : round * 100000)) == 0)
			continue;
		CHECK(access(in_work("disk.raw.new"), F_OK) < 0 && access(in_work("disk.raw.journal.new"), F_OK) < 0);
		CHECK(image_is_sound(in_work("disk.raw")));
		snprintf(swap, sizeof(swap), "cd %s && mv tree after && mv before tree", work);
		CHECK_EQ(system(swap), 0);
		CHECK(image_equals_tree("disk.raw"));
		snprintf(swap, sizeof(swap), "cd %s && mv tree before && mv after tree", work);
		CHECK_EQ(system(swap), 0);
		CHECK_EQ(compose_tree("disk.raw"), 0);
		CHECK(image_equals_tree("disk.raw"));
	}
	end_work();
}

/* The image is the old or the new one after a kill, and whole. */
static void check_after_kill(void)
{
	struct listing listing = {0};
	bool is_old, is_new;
	int fd = compose_image_open(in_work("disk.raw"), &err);

	CHECK(fd >= 0);
	close(fd);
	CHECK(image_is_sound(in_work("disk.raw")));
	CHECK(image_list_content(in_work("disk.raw"), &listing));
	is_old = listing_has(&listing, "/generation-old ");
	is_new = listing_has(&listing, "/generation-new ");
	CHECK(is_old != is_new);
	CHECK(listing_has(&listing, is_old ? "/a/old " : "/a/new "));
	listing_release(&listing);
}

TEST(a_kill_at_any_moment_leaves_a_whole_image)
{
	start_work();
	make_first_tree();
	put_file("tree/generation-old", "o", 1);
	put_file("tree/a/old", "o", 1);
	CHECK_EQ(compose_tree("disk.raw"), 0);
	for (int round = 0; round < 40; round++) {
		bool to_new = round % 2 == 0;
		pid_t pid;

		rename(in_work(to_new ? "tree/generation-old" : "tree/generation-new"),
			in_work(to_new ? "tree/generation-new" : "tree/generation-old"));
		rename(in_work(to_new ? "tree/a/old" : "tree/a/new"), in_work(to_new ? "tree/a/new" : "tree/a/old"));
		write_random_file(in_work("tree/other"));
		if (round % 4 == 3)
			unlink(in_work("disk.raw.manifest")); /* the next one composes from the start */
		pid = fork();
		if (pid == 0)
			_exit(compose_tree("disk.raw") < 0);
		usleep((useconds_t)(test_random() % 12000));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		check_after_kill();
		CHECK_EQ(compose_tree("disk.raw"), 0);
		CHECK(image_equals_tree("disk.raw"));
	}
	CHECK(access(in_work("disk.raw.new"), F_OK) < 0 && access(in_work("disk.raw.journal"), F_OK) < 0);
	end_work();
}

TEST(compositions_of_one_image_take_turns)
{
	pid_t pids[4];

	start_work();
	make_first_tree();
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(compose_tree("disk.raw") < 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		int status;

		waitpid(pids[i], &status, 0);
		CHECK_EQ(status, 0);
	}
	CHECK(image_is_sound(in_work("disk.raw")) && image_equals_tree("disk.raw"));
	end_work();
}

TEST_MAIN()
