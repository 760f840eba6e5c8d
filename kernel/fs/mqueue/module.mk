# POSIX message queues (mq_overview(7)): a file system whose files are queues. Their system calls are kernel/syscall/mqueue.
IN := x86_64
SMALL := y
SRCS := mqueue.c queue.c notify.c limit.c
DEPS := lib kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/file kernel/process kernel/fs/tmpfs kernel/fs/proc kernel/platform kernel/uapi
include build/module.mk
