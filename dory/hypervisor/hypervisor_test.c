/* SPDX-License-Identifier: BSD-3-Clause */
/* Command lines and amounts of memory. */
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "dory/hypervisor/hypervisor.h"
#include "tests/unit/test.h"

static bool has_word(const struct arguments *arguments, const char *word)
{
	for (size_t i = 0; i + 1 < arguments->count; i++) {
		if (strcmp(arguments->words[i], word) == 0)
			return true;
	}
	return false;
}

TEST(memory_amounts)
{
	static const struct {
		const char *text;
		uint64_t bytes; /* 0: refused */
	} cases[] = {{"256M", 256u << 20}, {"2G", 2ull << 30}, {"64", 64u << 20}, {"4096K", 4u << 20},
		{"1GiB", 1u << 30}, {"8MB", 8u << 20}, {"", 0}, {"M", 0}, {"0", 0}, {"-1M", 0}, {"1.5G", 0}, {"12X", 0},
		{"1Mx", 0}, {"99999999999999999999G", 0}, {"20000000T", 0}};
	struct dory_error err;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t bytes = 0;
		int result = machine_memory_check(cases[i].text, &bytes, &err);

		CHECK_EQ(result, cases[i].bytes ? 0 : -1);
		CHECK_EQ(bytes, cases[i].bytes);
	}
}

TEST(qemu_doubles_commas_of_the_disk)
{
	struct machine machine = {.type = "microvm",
		.accelerator = "tcg",
		.kernel = "k",
		.memory = "64M",
		.cpus = 2,
		.disk = "/a,b",
		.overlay_fd = 5,
		.log_fd = -1};
	struct arguments arguments = {0};

	hypervisor_qemu.command("qemu", &machine, &arguments);
	CHECK(has_word(&arguments,
		"if=none,id=disk,driver=qcow2,file.driver=file,file.filename=/dev/fd/5,backing.driver=raw,"
		"backing.file.driver=file,backing.file.filename=/a,,b,discard=unmap,cache=unsafe,aio=threads"));
	CHECK(has_word(&arguments, "virtio-blk-device,drive=disk,cyls=16383,heads=16,secs=63,werror=report,rerror=report"));
	CHECK(has_word(&arguments, "65536k"));
	arguments_release(&arguments);
}

TEST(qemu_takes_the_firmware_beside_the_kernel)
{
	char folder[] = "/tmp/dory-firmware-XXXXXX", kernel[64], firmware[64];
	static const char *const types[] = {"microvm", "q35", "microvm"};

	CHECK(mkdtemp(folder) != NULL);
	snprintf(kernel, sizeof(kernel), "%s/kernel.elf", folder);
	snprintf(firmware, sizeof(firmware), "%s/microvm.bin", folder);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) { /* there, of no use there, not there */
		struct machine machine = {.type = types[i], .accelerator = "tcg", .kernel = kernel, .memory = "64M", .cpus = 1, .log_fd = -1};
		struct arguments arguments = {0};

		if (i < 2)
			close(open(firmware, O_CREAT | O_WRONLY, 0600));
		else
			unlink(firmware);
		hypervisor_qemu.command("qemu", &machine, &arguments);
		CHECK_EQ(has_word(&arguments, firmware), i == 0);
		CHECK_EQ(has_word(&arguments, "-bios"), i == 0);
		arguments_release(&arguments);
	}
	rmdir(folder);
}

TEST(qemu_ports_by_bus)
{
	struct machine_port ports[] = {{.name = NULL, .fd = 7}, {.name = "x", .fd = 8}};
	struct machine machine = {.type = "q35",
		.accelerator = "kvm",
		.kernel = "k",
		.memory = "64M",
		.cpus = 1,
		.log_fd = 9,
		.ports = ports,
		.port_count = 2};
	struct arguments arguments = {0};

	hypervisor_qemu.command("qemu", &machine, &arguments);
	CHECK(has_word(&arguments, "virtio-serial-pci,max_ports=3"));
	CHECK(has_word(&arguments, "virtconsole,chardev=port0,nr=0"));
	CHECK(has_word(&arguments, "virtserialport,chardev=port1,nr=2,name=x"));
	CHECK(has_word(&arguments, "socket,id=log,fd=9"));
	CHECK(has_word(&arguments, "host"));
	arguments_release(&arguments);
}

static struct arguments command_with_nics(const char *type, const struct machine_nic *nics, size_t count)
{
	struct machine machine = {.type = type,
		.accelerator = "tcg",
		.kernel = "k",
		.memory = "64M",
		.cpus = 1,
		.log_fd = -1,
		.nics = nics,
		.nic_count = count};
	struct arguments arguments = {0};

	hypervisor_qemu.command("qemu", &machine, &arguments);
	return arguments;
}

TEST(qemu_forwards_ports)
{
	struct machine_forward forwards[] = {{.address = "", .host_port = 8080, .guest_port = 80},
		{.is_udp = true, .address = "127.0.0.1", .host_port = 5353, .guest_port = 53}};
	struct machine_nic nics[] = {
		{.kind = MACHINE_NIC_USER, .mac = "52:54:00:00:00:01", .forwards = forwards, .forward_count = 2},
		{.kind = MACHINE_NIC_USER, .mac = "52:54:00:00:00:02", .subnet = "10.9.0.0/16", .gateway = "10.9.0.1",
			.name_server = "10.9.0.3", .guest = "10.9.0.9", .forwards = forwards, .forward_count = 1}};
	struct arguments arguments = command_with_nics("microvm", nics, 2);

	CHECK(has_word(&arguments, "user,id=net0,ipv4=on,ipv6=on,hostfwd=tcp::8080-:80,hostfwd=udp:127.0.0.1:5353-:53"));
	CHECK(has_word(&arguments, "virtio-net-device,netdev=net0,mac=52:54:00:00:00:01"));
	CHECK(has_word(&arguments, "virtio-mmio.ioeventfd=off"));
	CHECK(has_word(&arguments, "user,id=net1,ipv4=on,ipv6=on,net=10.9.0.0/16,host=10.9.0.1,dns=10.9.0.3,dhcpstart=10.9.0.9,"
				   "hostfwd=tcp::8080-10.9.0.9:80"));
	arguments_release(&arguments);
}

TEST(qemu_tap_by_queues)
{
	int fds[] = {11, 12}, vhost_fds[] = {13, 14};
	struct machine_nic one = {.kind = MACHINE_NIC_TAP, .mac = "m", .fds = fds, .queue_count = 1};
	struct machine_nic two = {
		.kind = MACHINE_NIC_TAP, .mac = "m", .fds = fds, .vhost_fds = vhost_fds, .queue_count = 2};
	struct arguments arguments = command_with_nics("q35", &one, 1);

	CHECK(has_word(&arguments, "tap,id=net0,fd=11"));
	CHECK(has_word(&arguments, "virtio-net-pci,netdev=net0,mac=m,romfile=,ioeventfd=off"));
	arguments_release(&arguments);
	arguments = command_with_nics("q35", &two, 1);
	CHECK(has_word(&arguments, "tap,id=net0,fds=11:12,vhost=on,vhostfds=13:14"));
	CHECK(has_word(&arguments, "virtio-net-pci,netdev=net0,mac=m,mq=on,romfile=,vectors=6"));
	arguments_release(&arguments);
	arguments = command_with_nics("microvm", &two, 1);
	CHECK(has_word(&arguments, "virtio-net-device,netdev=net0,mac=m,mq=on"));
	arguments_release(&arguments);
}

TEST(qemu_sockets)
{
	struct machine_nic nic = {.kind = MACHINE_NIC_SOCKET, .mac = "m", .socket_fd = 9};
	struct arguments arguments = command_with_nics("microvm", &nic, 1);

	CHECK(has_word(&arguments, "dgram,id=net0,local.type=fd,local.str=9"));
	arguments_release(&arguments);
}

TEST(missing_program_names_the_package)
{
	struct dory_error err;
	char *program = NULL;

	CHECK_EQ(hypervisor_qemu.find("/nonexistent/qemu", &program, &err), -1);
	CHECK_EQ(err.kind, DORY_ERROR_NOT_FOUND);
	CHECK(strstr(err.hint, "qemu-system-x86"));
}

TEST(a_machine_starts_over_an_overlay)
{
	struct machine machine = {.type = "microvm",
		.accelerator = "tcg",
		.memory = "8M",
		.cpus = 1,
		.log_fd = -1,
		.disk = "build/VERSION"};
	struct dory_error err = {0};
	struct process process;
	char *program = NULL, complaint[256];
	ssize_t length;

	machine.kernel = "build/VERSION"; /* no kernel: QEMU opens the disk first, then refuses it */
	CHECK_EQ(hypervisor_qemu.find(NULL, &program, &err), 0);
	CHECK_EQ(machine_start(&hypervisor_qemu, program, &machine, &process, &err), 0);
	while ((length = read(process.stderr_fd, complaint, sizeof(complaint) - 1)) < 0)
		usleep(1000);
	complaint[length] = '\0';
	CHECK(process_wait(&process) != 0);
	CHECK(!strstr(complaint, "drive"));
	CHECK(strstr(complaint, "kernel"));
	free(program);
}

TEST(a_program_that_cannot_be_executed)
{
	struct arguments arguments = {0};
	struct process process;
	struct dory_error err;

	arguments_add(&arguments, "/dev/null");
	CHECK_EQ(process_start(&process, &arguments, NULL, 0, &err), -1);
	CHECK(strstr(err.message, "/dev/null"));
	arguments_release(&arguments);
}

TEST(the_probe_keeps_its_answer)
{
	struct machine machine = {0}, chosen = {.accelerator = "kvm", .type = "q35"};
	char path[] = "/tmp/dory-probe-XXXXXX", *program = NULL, *cache;
	struct dory_error err;

	CHECK(mkdtemp(path));
	CHECK(asprintf(&cache, "%s/cache/probe.json", path) > 0);
	CHECK_EQ(hypervisor_qemu.find(NULL, &program, &err), 0);
	CHECK_EQ(machine_probe(&hypervisor_qemu, program, cache, &chosen, &err), 0); /* all is chosen: nothing is measured */
	CHECK(access(cache, R_OK) < 0 && !chosen.disk_uses_io_uring);
	CHECK_EQ(machine_probe(&hypervisor_qemu, program, cache, &machine, &err), 0);
	CHECK(strcmp(machine.accelerator, "tcg") == 0 || strcmp(machine.accelerator, "kvm") == 0);
	CHECK_EQ(strcmp(machine.type, "microvm"), 0);
	CHECK_EQ(access(cache, R_OK), 0);
	CHECK_EQ(machine_probe(&hypervisor_qemu, program, cache, &chosen, &err), 0); /* what was asked for stays */
	CHECK(strcmp(chosen.accelerator, "kvm") == 0 && strcmp(chosen.type, "q35") == 0);
	CHECK_EQ(chosen.disk_uses_io_uring, machine.disk_uses_io_uring);
	CHECK_EQ(unlink(cache), 0);
	*strrchr(cache, '/') = '\0';
	rmdir(cache);
	rmdir(path);
	free(cache);
	free(program);
}
/* How many connections a listening socket's queue takes (Linux tells it there: tcp_diag of listeners). */
static unsigned backlog_of(int fd)
{
	struct tcp_info info = {0};
	socklen_t length = sizeof(info);

	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 ? info.tcpi_sacked : 0;
}

/* A child stands for the hypervisor: it listens as QEMU does, and tells at its end how long its queue has become. */
TEST(queues_of_forwarded_ports_become_long)
{
	struct machine_forward forward = {.address = "", .guest_port = 1};
	struct machine_nic nic = {.forwards = &forward, .forward_count = 1};
	struct machine machine = {.nics = &nic, .nic_count = 1};
	struct process process;
	int ready[2], go[2], status;

	CHECK(pipe(ready) == 0 && pipe(go) == 0);
	process.pid = fork();
	if (process.pid == 0) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		char c;

		if (listen(fd, 1) < 0 || backlog_of(fd) != 1 || write(ready[1], "x", 1) != 1 || read(go[0], &c, 1) != 1)
			_exit(1);
		_exit(backlog_of(fd) >= 128 ? 0 : 2);
	}
	process.pidfd = (int)syscall(SYS_pidfd_open, process.pid, 0);
	CHECK_EQ(read(ready[0], &(char){0}, 1), 1);
	machine_widen_backlogs(&machine, &process);
	CHECK_EQ(write(go[1], "x", 1), 1);
	CHECK_EQ(waitpid(process.pid, &status, 0), process.pid);
	CHECK_EQ(status, 0);
	close(process.pidfd);
}

TEST_MAIN()
