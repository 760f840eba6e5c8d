# tmpfs: files that live in the page cache. Also what devtmpfs and memfd_create(2) are made of.
IN := host-asan x86_64
SMALL := y
FAST := tmpfs.c directory.c
SRCS := tmpfs.c directory.c extended.c mount.c
DEPS := lib kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/file kernel/platform kernel/uapi
DEPS_host-asan := kernel/hosted
TESTS := names_test.c
include build/module.mk
