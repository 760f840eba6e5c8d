# Everything that an ordinary server needs.
KERNEL_MODULES := lib kernel/arch/x86_64 kernel/platform kernel/log kernel/mem kernel/sched kernel/vm kernel/block kernel/process kernel/file \
  kernel/fs/ext4 kernel/fs/tmpfs kernel/fs/dev kernel/fs/proc kernel/fs/sys kernel/net/socket kernel/net/core kernel/net/ethernet kernel/net/ip4 kernel/net/udp kernel/net/tcp kernel/net/cubic kernel/net/dhcp \
  kernel/net/system \
  kernel/driver/virtio kernel/driver/serial kernel/syscall kernel/ipc kernel/syscall/ipc
