# What /proc tells of the network.
IN := x86_64
SRCS := counters.c
DEPS := lib kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/file kernel/process kernel/platform kernel/uapi kernel/fs/proc kernel/net/core kernel/net/system
include build/module.mk
