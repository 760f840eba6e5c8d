# POSIX message queues (mq_overview(7)), as kernel/syscall is for the rest: a module of its own, so that a profile can leave it out.
IN := x86_64
SMALL := y
SRCS := mqueue.c
DEPS := lib abi kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/file kernel/process kernel/platform kernel/uapi kernel/fs/mqueue kernel/net/socket kernel/syscall
include build/module.mk
