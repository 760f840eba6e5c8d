# Downloads: parallel, resumable, checked, with a progress bar; and files put where others fetch them.
SRCS := curl_library.c fetch.c transfer.c upload.c
DEPS := lib dory/base
TESTS := fetch_test.c
include build/module.mk
