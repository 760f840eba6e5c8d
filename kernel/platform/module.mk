# How a machine comes up: PVH start, memory map, device discovery, interrupts, clocks, power.
IN := host-asan x86_64
SMALL := y
SRCS := boot_option.c
SRCS_x86_64 := start.c loader.c memory_map.c clock.c interrupt.c acpi.c fw_cfg.c device.c pci.c virtio_mmio.c power.c rtc.c
DEPS := lib abi kernel/log kernel/arch kernel/mem kernel/uapi
TESTS := arithmetic_test.c boot_option_test.c
include build/module.mk
