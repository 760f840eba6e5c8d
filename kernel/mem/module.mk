# Physical pages and the kernel heap. Neither sleeps.
IN := host-asan x86_64
SRCS := page.c heap.c
DEPS := lib kernel/log kernel/arch kernel/uapi
DEPS_host-asan := kernel/hosted
TESTS := page_test.c heap_test.c
include build/module.mk
