# Everything that an ordinary server needs.
KERNEL_MODULES := lib kernel/arch/x86_64 kernel/platform kernel/log kernel/mem kernel/sched kernel/vm kernel/block kernel/process kernel/file kernel/syscall kernel/bpf
KERNEL_MODULES += kernel/fs/ext4 kernel/fs/tmpfs kernel/fs/dev kernel/fs/proc kernel/fs/sys
KERNEL_MODULES += kernel/driver/virtio kernel/driver/serial
# What debuggers need.
KERNEL_MODULES += kernel/ptrace kernel/syscall/ptrace kernel/coredump
# System V IPC.
KERNEL_MODULES += kernel/ipc kernel/syscall/ipc kernel/fs/proc_ipc
# POSIX message queues.
KERNEL_MODULES += kernel/fs/mqueue kernel/syscall/mqueue
# How --strace prints calls.
KERNEL_MODULES += kernel/syscall/strace
# io_uring and Linux AIO.
KERNEL_MODULES += kernel/async kernel/io_uring kernel/syscall/io_uring kernel/aio kernel/syscall/aio
# Numbers of /proc/sys that are only kept.
KERNEL_MODULES += kernel/fs/proc_tuning
# fanotify(7).
KERNEL_MODULES += kernel/fanotify kernel/syscall/fanotify
# Unix sockets; the network behind them: protocols, the machine's stack of them, devices.
KERNEL_MODULES += kernel/net/socket
KERNEL_MODULES += kernel/net/core kernel/net/ethernet kernel/net/ip4 kernel/net/igmp kernel/net/ip6 kernel/net/udp kernel/net/tcp kernel/net/cubic
KERNEL_MODULES += kernel/net/system kernel/net/dhcp kernel/net/mdns
# Internet sockets, a folder each protocol, and what /proc tells.
KERNEL_MODULES += kernel/net/inet kernel/net/inet/tcp kernel/net/inet/udp kernel/net/inet/raw
KERNEL_MODULES += kernel/fs/proc_net kernel/fs/proc_net/ip6 kernel/fs/sys_net
KERNEL_MODULES += kernel/driver/virtio_net
KERNEL_MODULES += kernel/net/netlink kernel/net/netlink/ip4 kernel/net/netlink/ip6 kernel/net/netlink/ethernet kernel/net/netlink/inet kernel/net/netlink/unix
KERNEL_MODULES += kernel/net/packet_socket
KERNEL_MODULES += kernel/net/vsock
KERNEL_MODULES += kernel/driver/virtio/vsock
