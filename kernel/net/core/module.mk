# What all protocols share: packets, interfaces, the stack itself, timers, checksums, counters. Free of devices and of time.
IN := host host-asan x86_64
SRCS := packet.c stack.c timer.c checksum.c hash.c interface.c path.c reassemble.c group.c library.c address_text.c
DEPS := lib kernel/uapi
TESTS := core_test.c
include build/module.mk
