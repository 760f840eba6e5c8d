# The Linux ABI and nothing but translation: one file a family as in man section 2.
IN := x86_64
SMALL := y
FAST := dispatch.c arguments.c memory.c time.c socket.c process.c signal.c futex.c open.c read_write.c descriptor.c poll.c epoll.c event.c pipe.c
SRCS := dispatch.c absent.c refused.c strace.c strace_value.c strace_signal.c strace_error.c memory.c time.c clock_adjust.c interval_timer.c posix_timer.c system.c socket.c \
	process.c prctl.c process_access.c signal.c seccomp.c futex.c futex2.c memory_policy.c file_system.c credentials.c schedule.c limits.c \
	arguments.c open.c read_write.c splice.c directory.c stat.c link.c attribute.c xattr.c descriptor.c poll.c epoll.c event.c pipe.c mount.c mount_file.c mount_list.c handle.c terminal_session.c
DEPS := lib abi kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/file kernel/process kernel/net/socket kernel/bpf kernel/platform kernel/uapi
include build/module.mk
