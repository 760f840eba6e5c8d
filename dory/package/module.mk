# Packages: archives, the store, sources, projects.
SRCS := archive_output.c archive_read.c archive_unpack.c archive_write.c directory_source.c index_file.c list.c meets.c press.c project.c \
        store.c version.c
DEPS := lib dory/base dory/manifest dory/runtime dory/compose dory/instance/command_line.h
TESTS := package_test.c press_test.c
TEST_DEPS := dory/instance
include build/module.mk
