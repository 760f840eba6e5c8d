# The machine's network stack: lock, clock and memory around kernel/net/core; interfaces of devices and their addresses ("ip=").
IN := host-asan x86_64
SMALL := y
SRCS := ip_option.c
SRCS_x86_64 := system.c device.c name_server.c
DEPS := lib kernel/uapi kernel/net/core
DEPS_x86_64 := abi kernel/arch kernel/log kernel/mem kernel/sched kernel/platform kernel/file/random.h kernel/net/ethernet
TESTS := ip_option_test.c
include build/module.mk
