/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Hypervisors: one interface, one provider for each program that can run a machine. A machine is described, turned into
 * a command line by the provider, and started as a child that dies with us.
 */
#pragma once
#include <sys/types.h>
#include "dory/base/error.h"

/* A port of the virtio-serial device (abi/control.h), connected to a stream socket. */
struct machine_port {
	const char *name; /* NULL: the console */
	int fd;           /* the hypervisor's end; borrowed */
};

/* A port of this machine that leads to one of the guest's. */
struct machine_forward {
	bool is_udp;
	const char *address; /* dotted; "": all */
	uint16_t host_port, guest_port;
};

enum machine_nic_kind {
	MACHINE_NIC_USER,   /* user-mode networking: the hypervisor translates the guest's connections to its own */
	MACHINE_NIC_TAP,    /* a tap device of this machine */
	MACHINE_NIC_SOCKET, /* a socket, each datagram a frame */
};

struct machine_nic {
	enum machine_nic_kind kind;
	const char *mac; /* "52:54:00:12:34:56" */
	/* USER: all NULL for the hypervisor's own, 10.0.2.0/24 and fec0::/64 */
	const char *subnet, *gateway, *name_server, *guest; /* "192.168.7.0/24", addresses in it; the guest's gets the forwards */
	const char *subnet6, *gateway6;                     /* "fd00::/64" */
	const struct machine_forward *forwards;
	size_t forward_count;
	/* TAP: a descriptor for each queue, opened with headers of virtio (IFF_VNET_HDR) */
	const int *fds;
	const int *vhost_fds; /* as many of /dev/vhost-net; NULL: none */
	size_t queue_count;
	/* SOCKET: connected */
	int socket_fd;
};

/* A further disk. */
struct machine_volume {
	const char *path, *format, *cache, *aio; /* format, cache, aio: QEMU's words */
	bool is_read_only;
};

struct machine {
	const char *type;         /* "microvm", "q35", "pc" */
	const char *accelerator;  /* "kvm", "tcg" */
	const char *kernel;       /* path of a kernel with a PVH entry */
	const char *boot_options; /* the kernel's command line */
	const char *memory;       /* as machine_memory_check accepts it */
	unsigned cpus;
	const char *disk;        /* path of a raw image, NULL: none */
	const char *overlay;     /* path of the file that keeps what the guest writes (overlay_make); NULL: that is dropped when the machine ends */
	int overlay_fd;          /* the layer for it (overlay.h); set by machine_start */
	bool disk_uses_io_uring; /* instead of threads (machine_probe) */
	const struct machine_volume *volumes; /* the guest's disks behind the first */
	size_t volume_count;
	int log_fd;              /* socket for the first serial line; -1: none */
	const char *fw_cfg_name; /* a file handed to the guest (QEMU's fw_cfg), NULL: none */
	int fw_cfg_fd;
	const struct machine_port *ports;
	size_t port_count;
	const struct machine_nic *nics; /* the first is the guest's eth0 */
	size_t nic_count;
};

/* A program's argument vector while it grows; always ends with a NULL. Zeroed is empty. */
struct arguments {
	char **words;
	size_t count;
};
void arguments_add(struct arguments *arguments, const char *format, ...) printf_like(2, 3);
void arguments_release(struct arguments *arguments);

struct hypervisor {
	const char *name;
	const char *const *machine_types; /* NULL-terminated, the preferred first */
	/* The program's absolute path; `configured` (path or name) may be NULL. Returns owned. NOT_FOUND names the
	 * package. */
	int (*find)(const char *configured, char **program, struct dory_error *err);
	void (*command)(const char *program, const struct machine *machine, struct arguments *arguments);
};
extern const struct hypervisor hypervisor_qemu;

/* "64M", "1G", "512" (MiB), ...: bytes, or USAGE. */
int machine_memory_check(const char *text, uint64_t *bytes, struct dory_error *err) must_check;
int machine_type_check(const struct hypervisor *hypervisor, const char *type, struct dory_error *err) must_check;
int machine_accelerator_check(const char *accelerator, struct dory_error *err) must_check;

/* A running hypervisor. */
struct process {
	pid_t pid;
	int pidfd;     /* readable when it has ended */
	int stderr_fd; /* what it complains about; non-blocking */
};

/*
 * Starts arguments[0] in a process group of its own, to be killed by the kernel should we die; stdin and stdout are
 * /dev/null. It inherits the `kept` descriptors, under the same numbers, and no others that are close-on-exec.
 */
int process_start(struct process *process, const struct arguments *arguments, const int *kept, size_t kept_count,
	struct dory_error *err) must_check;
/* The same for a machine: keeps what it refers to. */
int machine_start(const struct hypervisor *hypervisor, const char *program, const struct machine *machine,
	struct process *process, struct dory_error *err) must_check;
/*
 * Lets many clients connect to the machine's forwarded ports at once; for when the hypervisor listens. Where this kernel does not let us, it stays as
 * it is.
 */
void machine_widen_backlogs(const struct machine *machine, const struct process *process);
void process_kill(const struct process *process);
/* Waits until it has ended; returns its wait status and releases what `process` holds. */
int process_wait(struct process *process);

/*
 * Which accelerator and machine type are the fastest here (DESIGN §5): runs a tiny guest under each and looks at the
 * clock; keeps the answer in `cache_path` until the hypervisor, /dev/kvm, the kernel or the CPU changes. Takes about a
 * second the first time. Fills the machine's accelerator and type where they are NULL, with static text; where neither is, nothing is measured.
 * Says in either case whether io_uring is known to work for its disk.
 */
int machine_probe(const struct hypervisor *hypervisor, const char *program, const char *cache_path, struct machine *machine,
	struct dory_error *err) must_check;
