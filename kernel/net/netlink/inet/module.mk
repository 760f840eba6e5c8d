# What netlink tells of sockets of AF_INET and AF_INET6 (sock_diag(7)).
IN := x86_64
SMALL := y
SRCS := diag.c
DEPS := lib kernel/uapi kernel/arch kernel/mem kernel/sched kernel/vm kernel/file kernel/net/socket kernel/net/core kernel/net/inet kernel/net/netlink
include build/module.mk
