# virtio network devices (virtio 1.2 §5.1). Frames, headers and buffers build for the host; they know of no hardware.
IN := host-asan x86_64
SRCS := header.c receive.c transmit.c
SRCS_x86_64 := pair.c control.c card.c
DEPS := lib kernel/uapi kernel/arch kernel/net/core kernel/driver/virtio
DEPS_x86_64 := kernel/log kernel/mem kernel/sched kernel/platform kernel/file kernel/net/system
DEPS_host-asan := kernel/hosted
TESTS := frames_test.c
include build/module.mk
