# AF_VSOCK (vsock(7), virtio 1.2 §5.10): the protocol as a library free of devices; sockets over it, with a loopback. The device is kernel/driver/virtio's.
IN := host-asan x86_64
SMALL := y
SRCS := header.c table.c connection.c input.c transfer.c
SRCS_x86_64 := system.c socket.c message.c option.c
DEPS := lib kernel/uapi
DEPS_x86_64 := kernel/net/socket kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/file kernel/process kernel/platform
TESTS := vsock_test.c
include build/module.mk
