# Raw sockets (raw(7)) and those of ICMP echo (icmp(7)).
IN := x86_64
SRCS := socket.c input.c output.c
DEPS := lib kernel/uapi kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/file kernel/process kernel/platform \
	kernel/net/socket kernel/net/core kernel/net/system kernel/net/inet
include build/module.mk
