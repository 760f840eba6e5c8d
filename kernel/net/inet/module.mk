# AF_INET and AF_INET6 (ip(7), ipv6(7)): what all their protocols share. Each protocol is a folder below, which a profile may leave out.
IN := x86_64
SRCS := inet.c address.c datagram.c option.c group.c ioctl.c
DEPS := lib kernel/uapi kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/file kernel/process kernel/platform \
	kernel/net/socket kernel/net/core kernel/net/system kernel/net/ip4
include build/module.mk
