# The socket layer and its families: what stands between the socket system calls and a protocol.
IN := x86_64
SMALL := y
FAST := socket.c unix.c unix_packet.c control_message.c
SRCS := socket.c socket_files.c unix.c unix_flight.c unix_name.c unix_packet.c unix_list.c control_message.c
DEPS := lib kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/file kernel/process kernel/platform kernel/uapi
include build/module.mk
