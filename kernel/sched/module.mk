# Threads, run queues, wait queues, sleeping locks, timers.
IN := host-asan x86_64
SRCS := run_queue.c timer.c
SRCS_x86_64 := thread.c wait.c mutex.c
DEPS := lib kernel/log kernel/arch kernel/mem kernel/platform kernel/uapi
DEPS_host-asan := kernel/hosted
TESTS := run_queue_test.c timer_test.c
include build/module.mk
