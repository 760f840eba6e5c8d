# Processes and tasks (their threads): fork, exec, wait, signals, credentials, limits, futexes; the loop around user_run.
IN := host-asan x86_64
SMALL := y
FAST := task.c fork.c exit.c wait_child.c tree.c futex.c signal.c signal_queue.c signal_wait.c
SRCS_x86_64 := task.c tree.c fork.c exec.c exec_strings.c exec_image.c exec_build.c exit.c wait_child.c signal.c signal_queue.c signal_wait.c \
	signalfd.c file_signal.c directory_signal.c pidfd.c helper.c futex.c limits.c credentials.c access.c cpu_timer.c group.c trace.c core.c start.c init.c first_program.c oom.c system_name.c futex_pi.c futex_requeue_pi.c robust_list.c seccomp.c rseq.c
DEPS_x86_64 := kernel/bpf
DEPS := lib abi kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/file kernel/platform kernel/uapi
include build/module.mk
