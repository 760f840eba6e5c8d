/* SPDX-License-Identifier: BSD-3-Clause */
/* What is told of mounts: statx(2)'s numbers, statmount(2), listmount(2), /proc/self/mountinfo. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "show.h"

enum { STATMOUNT = 457, LISTMOUNT };
enum { ID_UNIQUE = 0x4000 };
#define LIST_ROOT UINT64_MAX

struct request {
	uint32_t size, spare;
	uint64_t mount, parameter;
};

static union {
	struct {
		uint32_t size, options;
		uint64_t mask;
		uint32_t major, minor;
		uint64_t magic;
		uint32_t super_flags, type;
		uint64_t id, parent;
		uint32_t old_id, old_parent;
		uint64_t attributes, propagation, peer_group, master, from;
		uint32_t root, point;
		uint64_t namespace;
		uint32_t subtype, source;
	};
	char bytes[8192];
} answer;

static const char *string(uint32_t offset)
{
	return answer.bytes + 512 + offset;
}

static uint64_t id_of(const char *path, unsigned mask)
{
	struct statx s;

	if (syscall(SYS_statx, AT_FDCWD, path, 0, mask, &s))
		return 0;
	return s.stx_mask & mask ? s.stx_mnt_id : 0;
}

static long ask(uint64_t mount, uint64_t mask, size_t size, unsigned flags)
{
	struct request request = {.size = sizeof(request), .mount = mount, .parameter = mask};

	memset(&answer, 0, sizeof(answer));
	return syscall(STATMOUNT, &request, &answer, size, flags);
}

/* Paths begin where the test is. */
static const char *below(const char *path)
{
	static char here[4096];
	size_t len = strlen(getcwd(here, sizeof(here)));

	return strncmp(path, here, len) ? path : path + len;
}

static void tell(const char *path)
{
	struct stat s;

	printf("-- %s\n", path);
	if (ask(id_of(path, ID_UNIQUE), 1 | 2 | 8 | 16 | 32 | 512, sizeof(answer), 0)) {
		printf("%s\n", strerrorname_np(errno));
		return;
	}
	stat(path, &s);
	printf("mask %#llx, magic %#llx, flags %#x, device %s, id %s, old id %s\n", (unsigned long long)answer.mask, (unsigned long long)answer.magic, answer.super_flags & 1,
	    makedev(answer.major, answer.minor) == s.st_dev ? "same" : "another", answer.id == id_of(path, ID_UNIQUE) ? "same" : "another",
	    answer.old_id == id_of(path, 0x1000) ? "same" : "another");
	printf("attributes %#llx, propagation %#llx, peers %llu\n", (unsigned long long)answer.attributes, (unsigned long long)answer.propagation, (unsigned long long)answer.peer_group);
	printf("type %s, root %s, point %s, source %s\n", string(answer.type), string(answer.root), below(string(answer.point)), string(answer.source));
	printf("parent: %s\n", answer.parent == id_of(".", ID_UNIQUE) ? "where we are" : answer.parent == id_of("here", ID_UNIQUE) ? "here" : "another");
}

static void test_errors(void)
{
	struct request request = {.size = sizeof(request), .mount = 17};
	uint64_t here = id_of("here", ID_UNIQUE);

	printf("-- errors\n");
	SHOW(ask(0, 1, sizeof(answer), 0));
	SHOW(ask(1ull << 31, 1, sizeof(answer), 0));
	SHOW(ask(UINT64_MAX - 1, 1, sizeof(answer), 0));
	SHOW(ask(here, 1, sizeof(answer), 1));
	SHOW(ask(here, 16, 512, 0));
	SHOW(ask(here, 16, 514, 0));
	SHOW(ask(here, 1, 16, 0));
	printf("of 16 bytes: %u, mask %#llx\n", answer.size, (unsigned long long)answer.mask);
	SHOW(syscall(STATMOUNT, NULL, &answer, sizeof(answer), 0));
	request.size = 8;
	SHOW(syscall(STATMOUNT, &request, &answer, sizeof(answer), 0));
	request.size = 8192;
	SHOW(syscall(STATMOUNT, &request, &answer, sizeof(answer), 0));
	request = (struct request){.size = sizeof(request), .mount = here, .parameter = 1};
	SHOW(syscall(STATMOUNT, &request, NULL, sizeof(answer), 0));
	SHOW(syscall(LISTMOUNT, &request, &answer, 10, 4));
	SHOW(syscall(LISTMOUNT, &request, &answer, 10, 0)); /* its parameter is no number of a mount */
}

static long list(uint64_t mount, uint64_t after, uint64_t *ids, size_t nr, unsigned flags)
{
	struct request request = {.size = sizeof(request), .mount = mount, .parameter = after};

	return syscall(LISTMOUNT, &request, ids, nr, flags);
}

static void test_list(void)
{
	uint64_t ids[512], first, second, here = id_of("here", ID_UNIQUE);
	int found = 0;
	long nr;

	printf("-- listed\n");
	SHOW(list(here, 0, ids, 512, 0));
	first = ids[0];
	second = ids[1];
	SHOW(first == id_of("here/first", ID_UNIQUE));
	SHOW(second == id_of("here/first/second", ID_UNIQUE));
	SHOW(list(here, 0, ids, 1, 0));
	SHOW(ids[0] == first);
	SHOW(list(here, first, ids, 512, 0));
	SHOW(ids[0] == second);
	SHOW(list(here, second, ids, 512, 0));
	SHOW(list(here, 0, ids, 512, 1));
	SHOW(ids[0] == second && ids[1] == first);
	SHOW(list(first, 0, ids, 512, 0));
	SHOW(list(second, 0, ids, 512, 0));
	SHOW(list(here, 0, ids, 0, 0));
	nr = list(LIST_ROOT, 0, ids, 512, 0);
	for (long i = 0; i < nr; i++)
		found += ids[i] == here || ids[i] == first || ids[i] == second;
	SHOW(found);
}

static void test_mountinfo(void)
{
	char line[8192], root[4096], point[4096], options[4096], *rest;
	FILE *file = fopen("/proc/self/mountinfo", "r");
	unsigned id, parent;

	printf("-- mountinfo\n");
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%u %u %*s %4095s %4095s %4095s", &id, &parent, root, point, options) != 5 || below(point) == point)
			continue;
		rest = strstr(line, " - ");
		printf("root %s, point %s, options %s, parent %s\n", root, below(point), options, parent == id_of("here", 0x1000) ? "here" : parent == id_of(".", 0x1000) ? "where we are" : "another");
		if (strncmp(rest, " - tmpfs", 8))
			printf("rest %s\n", rest);
	}
	fclose(file);
}

/* All that is mounted in it goes with it; what is open there stays in use. */
static void test_detach(void)
{
	uint64_t here = id_of("here", ID_UNIQUE), second = id_of("here/first/second", ID_UNIQUE);
	int fd = open("here/first/made", O_RDWR | O_CREAT, 0600);

	printf("-- detached\n");
	SHOW(umount("here"));
	SHOW(umount2("here", MNT_DETACH));
	SHOW(access("here/first", F_OK));
	SHOW(ask(here, 1, sizeof(answer), 0));
	SHOW(ask(second, 1, sizeof(answer), 0));
	SHOW(write(fd, "text", 4));
	SHOW(close(fd));
	test_mountinfo();
}

int main(void)
{
	unshare(CLONE_NEWNS);
	mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
	umask(022);
	mkdir("list.d", 0755);
	if (chdir("list.d"))
		return 1;
	mkdir("here", 0755);
	mkdir("there", 0755);
	mkdir("with blank", 0755);
	SHOW(mount("thing", "here", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOATIME, NULL));
	mkdir("here/first", 0755);
	SHOW(mount("one", "here/first", "tmpfs", MS_RDONLY | MS_NOEXEC, NULL));
	SHOW(mount("here", "here/first", NULL, MS_BIND, NULL));
	SHOW(umount("here/first"));
	SHOW(umount("here/first"));
	SHOW(mount("one", "here/first", "tmpfs", MS_NOEXEC, NULL));
	mkdir("here/first/second", 0755);
	SHOW(mount("two", "here/first/second", "tmpfs", MS_RDONLY, NULL));
	mkdir("here/sub", 0755);
	SHOW(mount("here/sub", "there", NULL, MS_BIND, NULL));
	SHOW(mount("three", "with blank", "tmpfs", 0, NULL));
	tell("here");
	tell("here/first");
	tell("here/first/second");
	tell("there");
	tell("with blank");
	test_errors();
	test_list();
	test_mountinfo();
	test_detach();
	SHOW(umount("with blank"));
	SHOW(umount("there"));
	return 0;
}
