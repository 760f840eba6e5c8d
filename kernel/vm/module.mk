# Address spaces and the page cache: what sleeps to have memory filled. Above sched, below file.
IN := host-asan x86_64
SMALL := y
FAST := region.c page_cache.c cache_tree.c user_memory.c fault.c fault_file.c fault_anonymous.c address_space.c zap.c mapping.c copy.c access.c protect.c remap.c
SRCS := region.c address_space.c protect.c locked.c policy.c copy.c remap.c seal.c advise.c access.c fault.c fault_anonymous.c fault_file.c zap.c mapping.c \
	cache_tree.c page_cache.c writeback.c reclaim.c shared_memory.c
SRCS_x86_64 := user_memory.c
DEPS := lib kernel/log kernel/arch kernel/mem kernel/sched kernel/platform kernel/uapi
DEPS_host-asan := kernel/hosted
TESTS := address_space_test.c page_cache_test.c
include build/module.mk
