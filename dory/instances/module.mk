# Instances in the store: their directories, names and locks, what each is to run, how it does, and its log.
SRCS := record.c spec.c state.c place.c store.c log.c log_stream.c log_reader.c
DEPS := lib dory/base dory/network
TESTS := record_test.c store_test.c log_test.c
include build/module.mk
