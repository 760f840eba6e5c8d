# Netlink (netlink(7), rtnetlink(7)): requests, dumps, notices; links. The versions of IP add their parts from the folders below.
IN := host-asan x86_64
SMALL := y
SRCS := parse.c write.c request.c notice.c link.c address.c route.c
SRCS_x86_64 := socket.c bind.c
DEPS := lib kernel/uapi kernel/net/core
DEPS_x86_64 := kernel/net/system kernel/net/socket kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/file kernel/process kernel/platform
include build/module.mk
