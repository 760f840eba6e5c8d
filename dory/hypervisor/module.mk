# Hypervisors: how a machine is described, which program runs it, and which accelerator is the faster here.
SRCS := qemu.c qemu_nic.c machine.c process.c backlog.c overlay.c probe.c probe_guest.S
DEPS := lib dory/base
TESTS := hypervisor_test.c
include build/module.mk
