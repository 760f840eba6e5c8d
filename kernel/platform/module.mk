# How a machine comes up: PVH start, memory map, device discovery, interrupts, clocks, power.
IN := host-asan x86_64
SRCS_x86_64 := start.c memory_map.c clock.c interrupt.c acpi.c fw_cfg.c device.c pci.c virtio_mmio.c power.c boot_option.c rtc.c
DEPS := lib abi kernel/log kernel/arch kernel/mem kernel/uapi
include build/module.mk
