# Linux AIO: contexts, and what is done in them; its system calls are syscall/aio.
IN := x86_64
SRCS := context.c request.c
DEPS := lib kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/file kernel/process kernel/platform kernel/uapi kernel/async kernel/fs/proc
include build/module.mk
