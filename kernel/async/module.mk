# Operations that go on while the program does something else: what io_uring and Linux AIO are built on.
IN := x86_64
SRCS := group.c readiness.c
DEPS := lib kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/file kernel/process kernel/platform kernel/uapi
include build/module.mk
