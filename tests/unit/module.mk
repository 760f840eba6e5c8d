# What unit tests share: test.h
IN := host-asan
include build/module.mk
