# What every part of libdory uses: errors, files, children, progress.
SRCS := child.c digest.c duration.c error.c file.c near_names.c progress.c text.c text_list.c
TESTS := file_test.c
DEPS := lib
include build/module.mk
