# One program, no /proc.
KERNEL_MODULES := lib kernel/arch/x86_64 kernel/platform kernel/log kernel/mem kernel/sched kernel/vm kernel/block kernel/process kernel/file kernel/fs/ext4 kernel/fs/tmpfs kernel/fs/dev kernel/net/socket kernel/bpf kernel/driver/virtio kernel/driver/serial kernel/syscall
