# io_uring's system calls, and the operations that do what other system calls do.
IN := x86_64
SRCS := enter.c register.c read_write.c file.c name.c descriptor.c message.c connection.c splice.c
DEPS := lib abi kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/file kernel/process kernel/net/socket kernel/platform kernel/uapi kernel/async kernel/io_uring kernel/syscall
include build/module.mk
