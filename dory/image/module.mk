# The store of images.
SRCS := contents.c description.c draft.c image.c name.c
DEPS := lib dory/base dory/compose
TESTS := image_test.c
include build/module.mk
