# What netlink tells of Unix sockets (sock_diag(7)).
IN := x86_64
SMALL := y
SRCS := diag.c
DEPS := lib kernel/uapi kernel/arch kernel/mem kernel/sched kernel/vm kernel/file kernel/net/socket kernel/net/core kernel/net/netlink
include build/module.mk
