# Paths, mounts, inodes, open files, descriptor tables; pipes, epoll, eventfd, timerfd, terminals.
IN := host-asan x86_64
SRCS_x86_64 := inode.c dentry.c path.c mount.c file.c descriptor.c poll.c pipe.c epoll.c eventfd.c timerfd.c terminal.c data.c lock.c
DEPS := lib kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/platform kernel/uapi
include build/module.mk
