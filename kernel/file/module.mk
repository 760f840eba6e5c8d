# Paths, mounts, inodes, open files, descriptor tables; pipes, epoll, eventfd, timerfd, inotify, locks, terminals.
IN := host-asan x86_64
SRCS := inode.c
SRCS_x86_64 := dentry.c path.c fs_context.c mount.c name.c open.c file.c descriptor.c device.c data.c poll.c pipe.c epoll.c \
	eventfd.c timerfd.c lock.c watch.c random.c terminal.c memory_file.c
DEPS := lib kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/platform kernel/uapi
include build/module.mk
