# Downloads: parallel, resumable, checked, with a progress bar.
SRCS := fetch.c transfer.c
DEPS := lib dory/base
include build/module.mk
