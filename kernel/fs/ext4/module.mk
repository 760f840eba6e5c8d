# ext4, read-write, in the standard format, without using the journal.
IN := host-asan x86_64
SMALL := y
SRCS := super.c mounted.c checksum.c buffer.c group.c allocate.c inode.c inode_format.c extent.c extent_insert.c extent_remove.c indirect.c reserve.c seek.c data.c change.c directory.c index.c names.c hash.c name.c link.c xattr.c xattr_change.c
SRCS_host-asan := disk.c
DEPS := lib kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/block kernel/file kernel/platform kernel/uapi
DEPS_host-asan := kernel/hosted
TESTS := ext4_test.c
include build/module.mk
