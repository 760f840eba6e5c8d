# Paths, mounts, inodes, open files, descriptor tables; pipes, epoll, eventfd, timerfd, inotify, locks, terminals.
IN := host-asan x86_64
SMALL := y
FAST := file.c descriptor.c name.c dentry.c path.c pipe.c epoll.c poll.c eventfd.c open.c inode.c data.c
SRCS := inode.c dentry.c path.c fs_context.c mount.c mount_place.c mount_list.c handle.c name.c open.c file.c device.c early_file.c data.c pipe.c splice.c epoll.c lock.c watch.c inotify.c random.c memory_file.c
SRCS_x86_64 := descriptor.c poll.c eventfd.c timerfd.c terminal.c terminal_output.c terminal_receive.c terminal_read.c terminal_job.c terminal_ioctl.c
DEPS := lib kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/platform kernel/uapi
include build/module.mk
