# TCP sockets (tcp(7)).
IN := x86_64
SRCS := socket.c transfer.c option.c sysctl.c
FAST := socket.c transfer.c option.c
SMALL := y
DEPS := lib kernel/uapi kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/file kernel/process kernel/platform \
	kernel/net/socket kernel/net/core kernel/net/system kernel/net/inet kernel/net/tcp kernel/fs/proc
include build/module.mk
