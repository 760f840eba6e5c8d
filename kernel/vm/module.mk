# Address spaces and the page cache: what sleeps to have memory filled. Above sched, below file.
IN := host-asan x86_64
SRCS := region.c
SRCS_x86_64 := address_space.c fault.c page_cache.c user_memory.c
DEPS := lib kernel/log kernel/arch kernel/mem kernel/sched kernel/platform kernel/uapi
DEPS_host-asan := kernel/hosted
TESTS := region_test.c
include build/module.mk
