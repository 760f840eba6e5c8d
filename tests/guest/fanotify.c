/* SPDX-License-Identifier: BSD-3-Clause */
/* fanotify(7): which events come for marks on files, folders, mounts and file systems, in which form, and what permissions do. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>
#include "show.h"

enum { QUEUE_MAX = 16384, INIT_REPORT_TARGET = FAN_REPORT_DFID_NAME_TARGET, FID_SIZE = 12 };

static int group;

static void show_mask(uint64_t mask)
{
	static const struct {
		uint64_t bit;
		const char *name;
	} names[] = {
	    {FAN_ACCESS, "access"}, {FAN_MODIFY, "modify"}, {FAN_ATTRIB, "attrib"}, {FAN_CLOSE_WRITE, "close-write"}, {FAN_CLOSE_NOWRITE, "close"},
	    {FAN_OPEN, "open"}, {FAN_MOVED_FROM, "from"}, {FAN_MOVED_TO, "to"}, {FAN_CREATE, "create"}, {FAN_DELETE, "delete"},
	    {FAN_DELETE_SELF, "delete-self"}, {FAN_MOVE_SELF, "move-self"}, {FAN_OPEN_EXEC, "exec"}, {FAN_Q_OVERFLOW, "overflow"},
	    {FAN_OPEN_PERM, "may-open"}, {FAN_ACCESS_PERM, "may-access"}, {FAN_OPEN_EXEC_PERM, "may-exec"}, {FAN_RENAME, "rename"}, {FAN_ONDIR, "folder"},
	};

	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (mask & names[i].bit)
			printf("%s%s", mask & (names[i].bit - 1) ? "+" : "", names[i].name);
}

static void show_file(int fd)
{
	char link[64], name[4096];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, name, sizeof(name) - 1);
	name[len < 0 ? 0 : len] = '\0';
	printf(" %s %s", strrchr(name, '/') ? strrchr(name, '/') + 1 : name, fcntl(fd, F_GETFL) & O_RDWR ? "rw" : "ro");
	close(fd);
}

/* Which of the files that the test knows it is. */
static const char *const known[] = {".", "w", "w/sub", "w/file", "w/other", "w/moved", "w/sub/in", "w/created", "w/linked", "w/link", "w/again", "w/sub/renamed", "w/victim", "w/victim2", "m", "m/file", "m/folder", "m/folder/file", NULL};

static void show_handle(const struct fanotify_event_info_fid *info)
{
	const struct file_handle *told = (const void *)info->handle;
	struct {
		struct file_handle head;
		char bytes[128];
	} own;
	struct statfs fs;
	int mount_id;

	for (unsigned i = 0; known[i]; i++) {
		own.head.handle_bytes = sizeof(own.bytes);
		if (name_to_handle_at(AT_FDCWD, known[i], &own.head, &mount_id, 0) || own.head.handle_bytes != told->handle_bytes || own.head.handle_type != told->handle_type ||
		    memcmp(own.head.f_handle, told->f_handle, told->handle_bytes))
			continue;
		statfs(known[i], &fs);
		printf("%s%s", known[i], memcmp(&fs.f_fsid, &info->fsid, sizeof(fs.f_fsid)) ? " of a WRONG file system" : "");
		return;
	}
	printf("gone");
}

static void show_records(const struct fanotify_event_metadata *event)
{
	const char *at = (const char *)event + event->metadata_len, *end = (const char *)event + event->event_len;

	while (at < end) {
		const struct fanotify_event_info_header *head = (const void *)at;

		printf(" [%d ", head->info_type);
		if (head->info_type == FAN_EVENT_INFO_TYPE_PIDFD) {
			int fd = ((const struct fanotify_event_info_pidfd *)at)->pidfd;

			printf("%s", fd >= 0 ? "pidfd" : fd == FAN_NOPIDFD ? "gone" : "error");
			if (fd >= 0)
				close(fd);
		} else {
			const struct fanotify_event_info_fid *info = (const void *)at;
			const struct file_handle *handle = (const void *)info->handle;

			show_handle(info);
			if (head->info_type != FAN_EVENT_INFO_TYPE_FID && head->info_type != FAN_EVENT_INFO_TYPE_DFID)
				printf(" '%s'", (const char *)handle->f_handle + handle->handle_bytes);
		}
		printf("]");
		at += head->len;
	}
}

static void show_event(const struct fanotify_event_metadata *event)
{
	printf("  ");
	show_mask(event->mask);
	if (event->fd >= 0)
		show_file(event->fd);
	show_records(event);
	printf("%s\n", !event->pid ? " by nobody" : event->pid == getpid() ? "" : " by another");
}

static void events(const char *after)
{
	char buf[8192] __attribute__((aligned(8)));
	ssize_t n;

	printf("%s:\n", after);
	while ((n = read(group, buf, sizeof(buf))) > 0)
		for (struct fanotify_event_metadata *e = (void *)buf; FAN_EVENT_OK(e, n); e = FAN_EVENT_NEXT(e, n))
			show_event(e);
	fflush(stdout);
}

static void make(const char *name)
{
	close(open(name, O_CREAT | O_WRONLY | O_TRUNC, 0755));
}

static void touch_all(const char *name)
{
	char byte;
	int fd = open(name, O_RDWR);

	if (read(fd, &byte, 1) < 0 || write(fd, "x", 1) < 0)
		printf("cannot touch %s\n", name);
	close(fd);
}

static void list(const char *name)
{
	char buf[4096];
	int fd = open(name, O_RDONLY | O_DIRECTORY);

	while (syscall(217 /* getdents64 */, fd, buf, sizeof(buf)) > 0)
		;
	close(fd);
}

static void begin(unsigned flags, unsigned event_flags)
{
	group = fanotify_init(flags | FAN_NONBLOCK | FAN_CLOEXEC, event_flags);
	if (group < 0)
		printf("fanotify_init(%x): %s\n", flags, strerrorname_np(errno));
}

#define MARK(flags, mask, name) SHOW(fanotify_mark(group, flags, mask, AT_FDCWD, name))

static void arguments(void)
{
	int fd, null = open("/dev/null", O_RDONLY);

	printf("== arguments\n");
	SHOW(fanotify_init(0x80000000u, 0));
	SHOW(fanotify_init(FAN_CLASS_CONTENT | FAN_CLASS_PRE_CONTENT, 0));
	SHOW(fanotify_init(0, O_CREAT));
	SHOW(fanotify_init(0, O_ACCMODE));
	SHOW(fanotify_init(FAN_REPORT_NAME, 0));
	SHOW(fanotify_init(FAN_REPORT_TARGET_FID, 0));
	SHOW(fanotify_init(FAN_REPORT_TARGET_FID | FAN_REPORT_DFID_NAME, 0));
	SHOW(fanotify_init(FAN_REPORT_FID | FAN_CLASS_CONTENT, 0));
	SHOW(fanotify_init(FAN_REPORT_PIDFD | FAN_REPORT_TID, 0));
	SHOW_OK(fd = fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC, O_RDWR | O_LARGEFILE));
	SHOW(fcntl(fd, F_GETFD));
	SHOW(fcntl(fd, F_GETFL));
	SHOW(fanotify_mark(fd, 0, FAN_OPEN, AT_FDCWD, "w"));
	SHOW(fanotify_mark(fd, FAN_MARK_ADD | FAN_MARK_REMOVE, FAN_OPEN, AT_FDCWD, "w"));
	SHOW(fanotify_mark(fd, FAN_MARK_ADD, 0, AT_FDCWD, "w"));
	SHOW(fanotify_mark(fd, FAN_MARK_ADD, FAN_ONDIR, AT_FDCWD, "w"));
	SHOW(fanotify_mark(fd, FAN_MARK_ADD, 1ull << 40, AT_FDCWD, "w"));
	SHOW(fanotify_mark(fd, FAN_MARK_ADD, FAN_Q_OVERFLOW, AT_FDCWD, "w"));
	SHOW(fanotify_mark(fd, FAN_MARK_ADD, FAN_CREATE, AT_FDCWD, "w"));
	SHOW(fanotify_mark(fd, FAN_MARK_ADD, FAN_DELETE_SELF, AT_FDCWD, "w"));
	SHOW(fanotify_mark(fd, FAN_MARK_ADD, FAN_RENAME, AT_FDCWD, "w"));
	SHOW(fanotify_mark(fd, FAN_MARK_ADD, FAN_OPEN_PERM, AT_FDCWD, "w"));
	SHOW(fanotify_mark(fd, FAN_MARK_ADD | FAN_MARK_MOUNT | FAN_MARK_FILESYSTEM, FAN_OPEN, AT_FDCWD, "w"));
	SHOW(fanotify_mark(fd, FAN_MARK_ADD | FAN_MARK_ONLYDIR, FAN_OPEN, AT_FDCWD, "w/file"));
	SHOW(fanotify_mark(fd, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, "w/missing"));
	SHOW(fanotify_mark(fd, FAN_MARK_ADD, FAN_OPEN, 77, "w"));
	SHOW(fanotify_mark(fd, FAN_MARK_ADD, FAN_OPEN, 77, NULL));
	SHOW(fanotify_mark(fd, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, NULL));
	SHOW(fanotify_mark(fd, FAN_MARK_ADD | FAN_MARK_IGNORED_MASK | 0x400 /* FAN_MARK_IGNORE */, FAN_OPEN, AT_FDCWD, "w"));
	SHOW(fanotify_mark(fd, FAN_MARK_ADD | 0x400, FAN_OPEN, AT_FDCWD, "w"));
	SHOW(fanotify_mark(fd, FAN_MARK_ADD | 0x400 | FAN_MARK_MOUNT, FAN_OPEN, AT_FDCWD, "w"));
	SHOW(fanotify_mark(fd, FAN_MARK_FLUSH, FAN_OPEN, AT_FDCWD, "w"));
	SHOW(fanotify_mark(fd, FAN_MARK_FLUSH | FAN_MARK_ONLYDIR, 0, AT_FDCWD, "w"));
	SHOW(fanotify_mark(fd, FAN_MARK_FLUSH, 0, AT_FDCWD, NULL));
	SHOW(fanotify_mark(fd, FAN_MARK_REMOVE, FAN_OPEN, AT_FDCWD, "w"));
	SHOW(fanotify_mark(fd, FAN_MARK_ADD | FAN_MARK_MOUNT | 0x200 /* FAN_MARK_EVICTABLE */, FAN_OPEN, AT_FDCWD, "w"));
	SHOW(fanotify_mark(fd, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, "w"));
	SHOW(fanotify_mark(fd, FAN_MARK_ADD | 0x200, FAN_OPEN, AT_FDCWD, "w"));
	SHOW(fanotify_mark(fd, FAN_MARK_REMOVE, FAN_CLOSE, AT_FDCWD, "w"));
	SHOW(fanotify_mark(fd, FAN_MARK_REMOVE, FAN_OPEN, AT_FDCWD, "w"));
	SHOW(fanotify_mark(fd, FAN_MARK_REMOVE, FAN_OPEN, AT_FDCWD, "w"));
	SHOW(fanotify_mark(null, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, "w"));
	SHOW(fanotify_mark(-1, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, "w"));
	SHOW(write(fd, "abcdefgh", 8));
	SHOW(lseek(fd, 0, SEEK_CUR));
	close(fd);
	close(null);
}

static void by_descriptor(void)
{
	int bytes = -1, status;
	char small[10];

	printf("== events with descriptors\n");
	begin(FAN_CLASS_NOTIF, O_RDWR);
	MARK(FAN_MARK_ADD, FAN_ALL_EVENTS, "w/file");
	touch_all("w/file");
	touch_all("w/other");
	events("one file, all of it merged");
	if (!fork()) {
		touch_all("w/file");
		_exit(0);
	}
	wait(&status);
	close(open("w/file", O_RDONLY));
	SHOW(poll(&(struct pollfd){.fd = group, .events = POLLIN | POLLOUT}, 1, 0));
	SHOW(ioctl(group, FIONREAD, &bytes));
	printf("FIONREAD: %d\n", bytes);
	SHOW(read(group, small, sizeof(small)));
	events("a child, then this process");
	SHOW(read(group, small, sizeof(small)));
	MARK(FAN_MARK_REMOVE, FAN_ACCESS | FAN_OPEN, "w/file");
	touch_all("w/file");
	events("less of it");
	SHOW(truncate("w/file", 0));
	close(open("w/file", O_WRONLY | O_TRUNC));
	events("cut");
	MARK(FAN_MARK_FLUSH, 0, "w/file");
	touch_all("w/file");
	events("nothing of it");
	close(group);
	printf("== a folder\n");
	begin(FAN_CLASS_NOTIF, O_RDONLY);
	MARK(FAN_MARK_ADD, FAN_OPEN | FAN_CLOSE, "w");
	touch_all("w/file");
	list("w");
	events("neither children nor folders");
	MARK(FAN_MARK_ADD, FAN_EVENT_ON_CHILD, "w");
	MARK(FAN_MARK_ADD, FAN_OPEN | FAN_EVENT_ON_CHILD, "w");
	touch_all("w/file");
	list("w");
	list("w/sub");
	touch_all("w/sub/in");
	events("children");
	MARK(FAN_MARK_ADD, FAN_OPEN | FAN_ACCESS | FAN_ONDIR, "w");
	list("w");
	list("w/sub");
	events("folders too");
	close(group);
	begin(FAN_CLASS_NOTIF, O_RDONLY);
	MARK(FAN_MARK_ADD, FAN_OPEN_EXEC | FAN_OPEN | FAN_EVENT_ON_CHILD, "w");
	if (!fork()) {
		execl("w/program", "program", NULL);
		_exit(1);
	}
	wait(&status);
	events("a program");
	close(group);
}

static void ignoring(void)
{
	printf("== what is ignored\n");
	begin(FAN_CLASS_NOTIF, O_RDONLY);
	MARK(FAN_MARK_ADD, FAN_OPEN | FAN_CLOSE | FAN_EVENT_ON_CHILD, "w");
	MARK(FAN_MARK_ADD | FAN_MARK_IGNORED_MASK, FAN_OPEN, "w/file");
	MARK(FAN_MARK_ADD | FAN_MARK_IGNORED_MASK | FAN_MARK_IGNORED_SURV_MODIFY, FAN_OPEN, "w/other");
	close(open("w/file", O_RDONLY));
	close(open("w/other", O_RDONLY));
	events("both opened");
	touch_all("w/file");
	touch_all("w/other");
	events("both changed");
	close(open("w/file", O_RDONLY));
	close(open("w/other", O_RDONLY));
	events("both opened again");
	MARK(FAN_MARK_REMOVE | FAN_MARK_IGNORED_MASK, FAN_OPEN, "w/other");
	close(open("w/other", O_RDONLY));
	events("not ignored any more");
	MARK(FAN_MARK_ADD | 0x400 | FAN_MARK_IGNORED_SURV_MODIFY, FAN_CLOSE | FAN_EVENT_ON_CHILD, "w");
	MARK(FAN_MARK_ADD | FAN_MARK_IGNORED_MASK | FAN_MARK_IGNORED_SURV_MODIFY, FAN_CLOSE, "w");
	close(open("w/file", O_RDONLY));
	list("w/sub");
	events("closings ignored, in the new way");
	close(group);
}

static void mounts(void)
{
	printf("== mounts and file systems\n");
	mkdir("m", 0755);
	mkdir("bind", 0755);
	SHOW(mount("none", "m", "tmpfs", 0, NULL));
	SHOW(mount("m", "bind", NULL, MS_BIND, NULL));
	make("m/file");
	mkdir("m/folder", 0755);
	make("m/folder/file");
	begin(FAN_CLASS_NOTIF, O_RDONLY);
	MARK(FAN_MARK_ADD | FAN_MARK_MOUNT, FAN_OPEN | FAN_CLOSE, "m/folder");
	touch_all("m/file");
	touch_all("m/folder/file");
	list("m/folder");
	touch_all("bind/file");
	events("a mount");
	MARK(FAN_MARK_ADD | FAN_MARK_MOUNT, FAN_ONDIR, "m");
	MARK(FAN_MARK_ADD | FAN_MARK_MOUNT, FAN_ONDIR | FAN_OPEN, "m");
	list("m/folder");
	events("its folders");
	MARK(FAN_MARK_ADD | FAN_MARK_IGNORED_MASK, FAN_OPEN | FAN_CLOSE, "m/file");
	touch_all("m/file");
	events("but for a file");
	MARK(FAN_MARK_FLUSH, 0, "m");
	MARK(FAN_MARK_FLUSH | FAN_MARK_MOUNT, 0, "m");
	touch_all("m/folder/file");
	events("nothing of it");
	MARK(FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_MODIFY, "bind");
	touch_all("m/file");
	touch_all("bind/folder/file");
	touch_all("w/file");
	events("a file system");
	SHOW(umount("bind"));
	SHOW(umount2("m", MNT_DETACH));
	MARK(FAN_MARK_REMOVE | FAN_MARK_FILESYSTEM, FAN_MODIFY, "m");
	close(group);
	begin(FAN_CLASS_NOTIF, O_RDONLY);
	SHOW(mount("none", "m", "tmpfs", 0, NULL));
	make("m/file");
	MARK(FAN_MARK_ADD, FAN_OPEN, "m/file");
	MARK(FAN_MARK_ADD | FAN_MARK_MOUNT, FAN_OPEN, "m");
	MARK(FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_OPEN, "m");
	SHOW(umount("m"));
	events("unmounted");
	close(group);
}

static void change_names(void)
{
	mkdir("w/sub/new", 0755);
	make("w/created");
	SHOW(link("w/created", "w/linked"));
	SHOW(symlink("created", "w/link"));
	events("made");
	SHOW(rename("w/created", "w/sub/renamed"));
	events("to another folder");
	SHOW(rename("w/linked", "w/again"));
	events("in its folder");
	SHOW(rename("w/sub", "w/moved"));
	events("a folder");
	SHOW(chmod("w/file", 0600));
	SHOW(chmod("w/moved", 0700));
	events("attributes");
	SHOW(unlink("w/again"));
	SHOW(unlink("w/link"));
	SHOW(unlink("w/moved/renamed"));
	SHOW(rmdir("w/moved/new"));
	SHOW(rename("w/moved", "w/sub"));
	events("removed");
	make("w/victim");
	events("another");
	MARK(FAN_MARK_ADD, FAN_DELETE_SELF | FAN_ATTRIB | FAN_MOVE_SELF, "w/victim");
	SHOW(rename("w/victim", "w/victim2"));
	events("moved");
	SHOW(unlink("w/victim2"));
	events("removed itself");
}

static void by_handle(unsigned flags, const char *title)
{
	uint64_t names = FAN_CREATE | FAN_DELETE | FAN_MOVE | FAN_DELETE_SELF | FAN_MOVE_SELF | FAN_ATTRIB | FAN_EVENT_ON_CHILD | FAN_ONDIR;

	printf("== events with handles: %s\n", title);
	begin(FAN_CLASS_NOTIF | flags, O_RDONLY);
	MARK(FAN_MARK_ADD, names | (flags & FAN_REPORT_NAME ? FAN_RENAME : 0), "w");
	MARK(FAN_MARK_ADD, names, "w/sub");
	change_names();
	MARK(FAN_MARK_FLUSH, 0, "w");
	MARK(FAN_MARK_ADD, FAN_OPEN | FAN_CLOSE | FAN_EVENT_ON_CHILD | FAN_ONDIR, "w");
	touch_all("w/file");
	list("w");
	list("w/sub");
	touch_all("w/file");
	events("opened");
	MARK(FAN_MARK_ADD | FAN_MARK_MOUNT, FAN_CREATE, "w");
	close(group);
}

/* ---- Permissions ---- */

/* Answers what the child asks for, until the group has nothing more and the child has ended. */
static int answer(int child, unsigned (*decide)(uint64_t mask))
{
	char buf[4096] __attribute__((aligned(8)));
	int status;
	ssize_t n;

	while (!waitpid(child, &status, WNOHANG)) {
		poll(&(struct pollfd){.fd = group, .events = POLLIN}, 1, 10);
		n = read(group, buf, sizeof(buf));
		for (struct fanotify_event_metadata *e = (void *)buf; n > 0 && FAN_EVENT_OK(e, n); e = FAN_EVENT_NEXT(e, n)) {
			struct fanotify_response response = {.fd = e->fd, .response = decide(e->mask)};

			printf("  asked: ");
			show_mask(e->mask);
			printf("\n");
			if (e->mask & (FAN_OPEN_PERM | FAN_ACCESS_PERM | FAN_OPEN_EXEC_PERM)) {
				response.response = 77;
				SHOW(write(group, &response, sizeof(response)));
				response.response = decide(e->mask);
				SHOW(write(group, &response, sizeof(response)));
				SHOW(write(group, &response, sizeof(response)));
			}
			printf("  about");
			show_file(e->fd);
			printf("\n");
		}
	}
	return status;
}

static unsigned allow(uint64_t mask)
{
	return FAN_ALLOW;
}

static unsigned deny(uint64_t mask)
{
	return FAN_DENY;
}

static unsigned deny_access(uint64_t mask)
{
	return mask & FAN_ACCESS_PERM ? FAN_DENY : FAN_ALLOW;
}

static int child_reads(const char *name)
{
	int child = fork();

	if (!child) {
		char byte;
		int fd, opened;

		close(group); /* else it would wait for itself */
		fd = open(name, O_RDONLY);
		opened = errno;
		if (fd < 0)
			_exit(opened);
		_exit(read(fd, &byte, 1) < 0 ? 100 + errno : 0);
	}
	return child;
}

static int child_executes(const char *name)
{
	int child = fork();

	if (!child) {
		close(group);
		execl(name, name, NULL);
		_exit(errno);
	}
	return child;
}

static void permissions(void)
{
	int child, status;

	printf("== permissions\n");
	begin(FAN_CLASS_CONTENT, O_RDONLY);
	MARK(FAN_MARK_ADD, FAN_OPEN_PERM | FAN_ACCESS_PERM, "w/file");
	printf("allowed: %x\n", answer(child_reads("w/file"), allow));
	printf("denied: %x\n", answer(child_reads("w/file"), deny));
	printf("not to be read: %x\n", answer(child_reads("w/file"), deny_access));
	MARK(FAN_MARK_ADD, FAN_OPEN_EXEC_PERM, "w/program");
	printf("executed: %x\n", answer(child_executes("w/program"), allow));
	printf("not executed: %x\n", answer(child_executes("w/program"), deny));
	child = child_reads("w/file");
	poll(&(struct pollfd){.fd = group, .events = POLLIN}, 1, -1);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	printf("killed while it waits: %x\n", status);
	events("its question");
	child = child_reads("w/file");
	poll(&(struct pollfd){.fd = group, .events = POLLIN}, 1, -1);
	close(group);
	waitpid(child, &status, 0);
	printf("nobody to answer: %x\n", status);
}

static void overflow(void)
{
	char buf[65536] __attribute__((aligned(8))), name[32];
	unsigned nr_events = 0, nr_overflows = 0;
	ssize_t n;

	printf("== a queue that overflows\n");
	mkdir("m", 0755);
	SHOW(mount("none", "m", "tmpfs", 0, NULL));
	begin(FAN_CLASS_NOTIF | FAN_REPORT_DFID_NAME, O_RDONLY);
	MARK(FAN_MARK_ADD, FAN_CREATE, "m");
	for (int i = 0; i < QUEUE_MAX + 10; i++) {
		snprintf(name, sizeof(name), "m/%d", i);
		mknod(name, S_IFREG | 0600, 0);
	}
	while ((n = read(group, buf, sizeof(buf))) > 0)
		for (struct fanotify_event_metadata *e = (void *)buf; FAN_EVENT_OK(e, n); e = FAN_EVENT_NEXT(e, n)) {
			if (e->mask & FAN_Q_OVERFLOW)
				printf("overflow: mask %llx, fd %d, len %u\n", (unsigned long long)e->mask, e->fd, e->event_len);
			nr_overflows += (e->mask & FAN_Q_OVERFLOW) != 0;
			nr_events++;
		}
	printf("%u events, %u of them overflows\n", nr_events, nr_overflows);
	close(group);
	SHOW(umount("m"));
}

static void setup(void)
{
	FILE *program;

	mkdir("w", 0755);
	mkdir("w/sub", 0755);
	make("w/file");
	make("w/other");
	make("w/sub/in");
	program = fopen("w/program", "w");
	fprintf(program, "no program\n");
	fclose(program);
	chmod("w/program", 0755);
}

int main(void)
{
	setup();
	arguments();
	by_descriptor();
	ignoring();
	mounts();
	by_handle(FAN_REPORT_FID, "of the object");
	by_handle(FAN_REPORT_DIR_FID, "of the folder");
	by_handle(FAN_REPORT_DIR_FID | FAN_REPORT_FID, "of both");
	by_handle(FAN_REPORT_DFID_NAME, "of the folder, and names");
	by_handle(FAN_REPORT_DFID_NAME | FAN_REPORT_FID | FAN_REPORT_PIDFD, "of both, names, processes");
	by_handle(INIT_REPORT_TARGET, "all");
	permissions();
	overflow();
	return 0;
}
