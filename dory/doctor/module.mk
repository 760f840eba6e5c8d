# Does this machine have what Dory needs? What is wrong, and what to do.
SRCS := accelerator.c archive.c doctor.c networks.c qemu.c room.c
DEPS := lib dory/base dory/config dory/hypervisor dory/network
include build/module.mk
