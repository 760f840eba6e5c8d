# virtio 1.2: queues, the MMIO and PCI transports, block, console and entropy devices.
IN := host-asan x86_64
SMALL := y
SRCS := queue.c
SRCS_x86_64 := device.c mmio.c pci.c block.c console.c port.c port_file.c entropy.c
DEPS := lib abi kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/block kernel/file kernel/platform kernel/uapi
DEPS_host-asan := kernel/hosted
TESTS := queue_test.c
include build/module.mk
