# What /sys tells of network interfaces.
IN := x86_64
SMALL := y
SRCS := interface.c
DEPS := lib kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/file kernel/platform kernel/uapi kernel/fs/sys kernel/net/core kernel/net/system
include build/module.mk
