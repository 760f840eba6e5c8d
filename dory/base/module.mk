# What every part of libdory uses: errors, files, children, progress.
SRCS := child.c colour.c descriptor.c digest.c duration.c error.c file.c json.c near_names.c path.c progress.c text.c text_list.c
TESTS := duration_test.c file_test.c path_test.c progress_test.c text_test.c
DEPS := lib
include build/module.mk
