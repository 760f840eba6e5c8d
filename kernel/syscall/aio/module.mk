# Linux AIO's system calls.
IN := x86_64
SRCS := aio.c submit.c
DEPS := lib abi kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/file kernel/process kernel/platform kernel/uapi kernel/async kernel/aio kernel/syscall
include build/module.mk
