# io_uring(7): rings, and the operations that are its own; those that system calls share are syscall/io_uring.
IN := x86_64
SRCS := ring.c memory.c submit.c request.c completion.c wait.c poller.c table.c buffer.c restriction.c nop.c poll.c timeout.c cancel.c message.c update.c
DEPS := lib kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/file kernel/process kernel/platform kernel/uapi kernel/async
include build/module.mk
