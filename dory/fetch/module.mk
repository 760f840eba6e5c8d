# Downloads: parallel, resumable, checked, with a progress bar.
SRCS := curl_library.c fetch.c transfer.c
DEPS := lib dory/base
TESTS := fetch_test.c
include build/module.mk
