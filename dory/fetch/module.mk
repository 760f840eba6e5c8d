# Downloads: parallel, resumable, checked, with a progress bar.
SRCS := fetch.c transfer.c
DEPS := lib dory/base
TESTS := fetch_test.c
include build/module.mk
