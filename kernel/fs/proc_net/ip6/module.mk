# What /proc tells of IPv6.
IN := x86_64
SMALL := y
SRCS := tables.c
DEPS := lib kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/file kernel/process kernel/platform kernel/uapi kernel/fs/proc \
	kernel/net/core kernel/net/system kernel/net/ip6
include build/module.mk
