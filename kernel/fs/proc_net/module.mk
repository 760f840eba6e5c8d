# What /proc tells of the network.
IN := x86_64
SMALL := y
SRCS := counters.c sockets.c unix.c tables.c statistics.c sysctl.c
DEPS := lib kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/file kernel/process kernel/platform kernel/uapi kernel/fs/proc \
	kernel/net/core kernel/net/system kernel/net/socket kernel/net/ip4 kernel/net/ethernet kernel/net/inet
include build/module.mk
