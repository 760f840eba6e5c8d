# Programs on a disk, with /proc and --strace: without networks, System V IPC, message queues, io_uring, AIO, debuggers.
include build/profiles/minimal.mk
KERNEL_MODULES += kernel/fs/proc kernel/syscall/strace
