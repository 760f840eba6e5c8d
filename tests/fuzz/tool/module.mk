# The same for what the tool reads; apart, since the kernel's libraries have functions of the same names.
IN := host-asan
DEPS := lib dory/base dory/manifest dory/runtime dory/package dory/compose dory/instance dory/config dory/hub
TESTS := manifest_fuzz.c archive_fuzz.c index_fuzz.c
include build/module.mk
