# What every part of libdory uses: errors, files, children, progress.
SRCS := child.c digest.c error.c file.c progress.c text.c
DEPS := lib
include build/module.mk
