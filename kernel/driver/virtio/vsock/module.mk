# virtio socket devices (virtio 1.2 §5.10): packets of kernel/net/vsock to and from the host.
IN := host-asan x86_64
SMALL := y
SRCS := transfer.c
SRCS_x86_64 := vsock.c
DEPS := lib kernel/uapi kernel/net/vsock kernel/driver/virtio
DEPS_x86_64 := kernel/log kernel/arch kernel/mem kernel/platform
TESTS := transfer_test.c
include build/module.mk
