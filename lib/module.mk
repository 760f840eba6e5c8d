# Pure C for both sides: no system calls, no globals, no clock.
IN := host host-asan x86_64 guest
SMALL := y
FAST := string.c rbtree.c
SRCS := rbtree.c elf.c format.c run_config.c
DEPS := abi
SRCS_x86_64 := string.c
SRCS_guest := string.c
TESTS := rbtree_test.c elf_test.c format_test.c string_test.c
include build/module.mk
