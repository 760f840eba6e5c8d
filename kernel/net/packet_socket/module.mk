# AF_PACKET (packet(7)): frames as they pass through interfaces, for programs such as tcpdump; their filters; frames that programs make.
IN := host-asan x86_64
SMALL := y
SRCS := view.c
SRCS_x86_64 := socket.c send.c option.c ring.c
DEPS := lib kernel/uapi kernel/net/core kernel/bpf
DEPS_x86_64 := kernel/net/system kernel/net/socket kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/file kernel/process kernel/platform
TESTS := view_test.c
include build/module.mk
