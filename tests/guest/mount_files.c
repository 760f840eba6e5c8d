/* Mounts by descriptors: fsopen(2), fsconfig(2), fsmount(2), open_tree(2), move_mount(2), fspick(2), mount_setattr(2). */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "show.h"

enum { OPEN_TREE = 428, MOVE_MOUNT, OPEN, CONFIG, MOUNT, PICK, SETATTR = 442 };
enum { SET_FLAG, SET_STRING, SET_BINARY, SET_PATH, CREATE = 6, RECONFIGURE };
#define CLONE	   1
#define FROM_EMPTY 4

struct attributes {
	unsigned long set, clear, propagation, user;
};

static void tell(const char *where)
{
	struct statfs s;

	if (statfs(where, &s))
		printf("%s: %s\n", where, strerrorname_np(errno));
	else
		printf("%s: type %#lx, flags %#lx\n", where, (unsigned long)s.f_type, (unsigned long)s.f_flags & 0x40f);
}

static void make(const char *name)
{
	close(open(name, O_WRONLY | O_CREAT, 0600));
}

static void test_new(void)
{
	int context, mounted;
	char text[10];

	SHOW_OK(context = (int)syscall(OPEN, "tmpfs", 1));
	SHOW(syscall(MOUNT, context, 0, 0));
	SHOW(syscall(CONFIG, context, SET_STRING, "source", "thing", 0));
	SHOW(syscall(CONFIG, context, SET_STRING, "size", "100k", 0));
	SHOW(syscall(CONFIG, context, SET_STRING, "mode", "0711", 0));
	SHOW(read(context, text, sizeof(text)));
	SHOW(syscall(CONFIG, context, CREATE, NULL, NULL, 0));
	SHOW(syscall(CONFIG, context, CREATE, NULL, NULL, 0));
	SHOW(syscall(CONFIG, context, SET_STRING, "size", "100k", 0));
	SHOW_OK(mounted = (int)syscall(MOUNT, context, 1, 2 | 8));
	SHOW(fcntl(mounted, F_GETFD));
	SHOW(syscall(MOUNT, context, 0, 0));
	close(context);
	SHOW(mkdirat(mounted, "inside", 0755));
	tell("here");
	SHOW(syscall(MOVE_MOUNT, mounted, "", AT_FDCWD, "here", 0));
	SHOW(syscall(MOVE_MOUNT, mounted, "", AT_FDCWD, "file", FROM_EMPTY));
	SHOW(syscall(MOVE_MOUNT, mounted, "", AT_FDCWD, "here", FROM_EMPTY));
	tell("here");
	SHOW(access("here/inside", F_OK));
	SHOW(syscall(MOVE_MOUNT, AT_FDCWD, "here", AT_FDCWD, "there", 0));
	SHOW(access("here/inside", F_OK));
	SHOW(access("there/inside", F_OK));
	SHOW(syscall(MOVE_MOUNT, AT_FDCWD, "there", AT_FDCWD, "there/inside", 0));
	SHOW(syscall(MOVE_MOUNT, AT_FDCWD, "there/inside", AT_FDCWD, "here", 0));
	SHOW(umount("there"));
	close(mounted);
	SHOW(umount("there"));
	tell("there");
}

static void test_never_placed(void)
{
	int context = (int)syscall(OPEN, "tmpfs", 0), mounted, fd;

	syscall(CONFIG, context, CREATE, NULL, NULL, 0);
	mounted = (int)syscall(MOUNT, context, 0, 0);
	close(context);
	fd = openat(mounted, "x", O_RDWR | O_CREAT, 0600);
	SHOW(write(fd, "abc", 3));
	close(mounted);
	SHOW(lseek(fd, 0, SEEK_END));
	close(fd);
}

static void test_trees(void)
{
	int tree, place;

	mkdir("folder", 0755);
	make("folder/in");
	SHOW_OK(tree = (int)syscall(OPEN_TREE, AT_FDCWD, "folder", CLONE | O_CLOEXEC));
	SHOW(faccessat(tree, "in", F_OK, 0));
	SHOW(syscall(MOVE_MOUNT, tree, "", AT_FDCWD, "here", FROM_EMPTY));
	SHOW(access("here/in", F_OK));
	close(tree);
	SHOW(umount("here"));
	SHOW_OK(place = (int)syscall(OPEN_TREE, AT_FDCWD, "folder", 0));
	SHOW(syscall(MOVE_MOUNT, place, "", AT_FDCWD, "here", FROM_EMPTY));
	SHOW(faccessat(place, "in", F_OK, 0));
	close(place);
	SHOW(syscall(OPEN_TREE, AT_FDCWD, "folder", AT_RECURSIVE));
	SHOW(syscall(OPEN_TREE, AT_FDCWD, "folder", 0x4000000));
	SHOW(syscall(OPEN_TREE, AT_FDCWD, "nothing", CLONE));
	SHOW(syscall(OPEN_TREE, -1, "folder", CLONE));
	SHOW(syscall(OPEN_TREE, AT_FDCWD, 8, CLONE));
	SHOW_OK(tree = (int)syscall(OPEN_TREE, AT_FDCWD, "file", CLONE));
	SHOW(syscall(MOVE_MOUNT, tree, "", AT_FDCWD, "folder/in", FROM_EMPTY));
	SHOW(umount2("folder/in", MNT_DETACH));
	close(tree);
}

static void test_attributes(void)
{
	struct attributes a = {.set = 1 | 8}, none = {0};
	int picked;

	mount("none", "here", "tmpfs", 0, NULL);
	SHOW(syscall(SETATTR, AT_FDCWD, "here", 0, &a, sizeof(a)));
	tell("here");
	SHOW(mkdir("here/x", 0755));
	a = (struct attributes){.clear = 1 | 0x70, .set = 4 | 0x10};
	SHOW(syscall(SETATTR, AT_FDCWD, "here", 0, &a, sizeof(a)));
	tell("here");
	SHOW(mkdir("here/x", 0755));
	SHOW(syscall(SETATTR, AT_FDCWD, "here/x", 0, &a, sizeof(a)));
	SHOW(syscall(SETATTR, AT_FDCWD, "here", 0, &none, sizeof(none)));
	SHOW(syscall(SETATTR, AT_FDCWD, "here", 0, &a, sizeof(a) - 1));
	SHOW(syscall(SETATTR, AT_FDCWD, "here", 0, &a, 5000));
	SHOW(syscall(SETATTR, AT_FDCWD, "here", 0, 8, sizeof(a)));
	SHOW(syscall(SETATTR, AT_FDCWD, "here", 1, &a, sizeof(a)));
	a = (struct attributes){.set = 0x10};
	SHOW(syscall(SETATTR, AT_FDCWD, "here", 0, &a, sizeof(a)));
	a = (struct attributes){.set = 1ul << 40};
	SHOW(syscall(SETATTR, AT_FDCWD, "here", 0, &a, sizeof(a)));
	a = (struct attributes){.propagation = MS_PRIVATE | MS_SHARED};
	SHOW(syscall(SETATTR, AT_FDCWD, "here", 0, &a, sizeof(a)));
	a.propagation = MS_PRIVATE;
	SHOW(syscall(SETATTR, AT_FDCWD, "here", 0, &a, sizeof(a)));
	SHOW_OK(picked = (int)syscall(PICK, AT_FDCWD, "here", 1));
	SHOW(syscall(CONFIG, picked, SET_FLAG, "ro", NULL, 0));
	SHOW(syscall(CONFIG, picked, CREATE, NULL, NULL, 0));
	SHOW(syscall(CONFIG, picked, RECONFIGURE, NULL, NULL, 0));
	SHOW(mkdir("here/y", 0755));
	close(picked);
	SHOW(syscall(PICK, AT_FDCWD, "here/x", 0));
	SHOW(syscall(PICK, AT_FDCWD, "here", 64));
	SHOW(umount("here"));
}

static void test_arguments(void)
{
	int context = (int)syscall(OPEN, "tmpfs", 0);

	SHOW(syscall(OPEN, "nonsense", 0));
	SHOW(syscall(OPEN, "tmpfs", 2));
	SHOW(syscall(OPEN, 8, 0));
	SHOW(syscall(CONFIG, context, SET_FLAG, NULL, NULL, 0));
	SHOW(syscall(CONFIG, context, SET_FLAG, "ro", "x", 0));
	SHOW(syscall(CONFIG, context, SET_STRING, "size", NULL, 0));
	SHOW(syscall(CONFIG, context, SET_STRING, "size", 8, 0));
	SHOW(syscall(CONFIG, context, SET_STRING, 8, "x", 0));
	SHOW(syscall(CONFIG, context, 99, NULL, NULL, 0));
	SHOW(syscall(CONFIG, context, CREATE, "x", NULL, 0));
	SHOW(syscall(CONFIG, -1, CREATE, NULL, NULL, 0));
	SHOW(syscall(CONFIG, 99, CREATE, NULL, NULL, 0));
	SHOW(syscall(CONFIG, 0, CREATE, NULL, NULL, 0));
	SHOW(syscall(CONFIG, context, RECONFIGURE, NULL, NULL, 0));
	SHOW(syscall(MOUNT, context, 2, 0));
	SHOW(syscall(MOUNT, context, 0, 0x30));
	SHOW(syscall(MOUNT, 0, 0, 0));
	SHOW(syscall(MOUNT, -1, 0, 0));
	SHOW(syscall(MOVE_MOUNT, AT_FDCWD, "here", AT_FDCWD, "there", 0x1000));
	SHOW(syscall(MOVE_MOUNT, AT_FDCWD, "here", AT_FDCWD, "nothing", 0));
	SHOW(syscall(MOVE_MOUNT, AT_FDCWD, "nothing", AT_FDCWD, "there", 0));
	close(context);
	if (setuid(4711))
		return;
	SHOW(syscall(OPEN, "tmpfs", 0));
	SHOW(syscall(OPEN_TREE, AT_FDCWD, "folder", CLONE));
	SHOW(syscall(MOVE_MOUNT, AT_FDCWD, "here", AT_FDCWD, "there", 0));
}

int main(void)
{
	if (!unshare(CLONE_NEWNS))
		mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
	mkdir("here", 0755);
	mkdir("there", 0755);
	make("file");
	test_new();
	test_never_placed();
	test_trees();
	test_attributes();
	test_arguments();
	return 0;
}
