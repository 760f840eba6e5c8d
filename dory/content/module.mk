# What is in an image: names, attributes and contents, read through libext2fs; compared, and packed as a tar archive.
SRCS := compare.c configuration.c content.c file.c tar.c
DEPS := lib abi dory/base
TESTS := content_test.c
TEST_DEPS := dory/compose
include build/module.mk
