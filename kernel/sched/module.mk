# Threads, run queues, wait queues, sleeping locks, timers.
IN := host-asan x86_64
SRCS := run_queue.c timer_queue.c
SRCS_x86_64 := schedule.c thread.c account.c wait.c mutex.c timer.c clock_watch.c
DEPS := lib kernel/log kernel/arch kernel/mem kernel/platform kernel/uapi
DEPS_host-asan := kernel/hosted
TESTS := run_queue_test.c timer_queue_test.c
include build/module.mk
