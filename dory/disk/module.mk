# Disk images in the formats of other hypervisors: written from, and one of them read into, a raw one.
SRCS := format.c qcow2.c qcow2_read.c transfer.c vdi.c vhd.c vhdx.c vmdk.c
DEPS := lib dory/base
TESTS := disk_test.c
include build/module.mk
