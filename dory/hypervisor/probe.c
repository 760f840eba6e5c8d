/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The measured probe (DESIGN §5). /dev/kvm says nothing about speed: in a nested cloud it may be emulated, a thousand
 * times slower than TCG. So the probe's guest (probe_guest.S) runs under each accelerator against the clock; and once with a disk that is read through
 * io_uring, which is quicker than threads, but not in every hypervisor and kernel.
 */
#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "dory/hypervisor/hypervisor.h"

extern const char probe_guest_start[], probe_guest_end[];

enum {
	TCG_LIMIT_MS = 20000, /* on a busy machine; it takes a tenth of a second */
	KVM_LIMIT_MS = 1000,
	NEVER_MS = -1, /* it failed, or was not done in time */
};

struct probe_result {
	int kvm_ms, tcg_ms;
	char accelerator[8], type[16], disk_engine[16];
};

static void digest_add(uint64_t *digest, const void *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) /* FNV-1a */
		*digest = (*digest ^ ((const unsigned char *)bytes)[i]) * 0x100000001b3u;
}

/* Digest of all that the answer depends on. */
static uint64_t circumstances(const char *program)
{
	uint64_t digest = 0xcbf29ce484222325u;
	struct utsname kernel = {0};
	struct stat st = {0};
	unsigned cpu[4] = {0};
	int kvm = access("/dev/kvm", R_OK | W_OK) == 0;

	if (stat(program, &st) == 0) {
		digest_add(&digest, &st.st_mtim, sizeof(st.st_mtim));
		digest_add(&digest, &st.st_size, sizeof(st.st_size));
	}
	digest_add(&digest, program, strlen(program));
	digest_add(&digest, &kvm, sizeof(kvm));
	uname(&kernel);
	digest_add(&digest, kernel.release, strlen(kernel.release));
	/* Family, model and stepping; the second word also tells which CPU we run on just now, the third whether under
	 * a hypervisor. */
	if (__get_cpuid(1, &cpu[0], &cpu[1], &cpu[2], &cpu[3])) {
		digest_add(&digest, &cpu[0], sizeof(cpu[0]));
		digest_add(&digest, &cpu[2], sizeof(cpu[2]));
	}
	return digest;
}

#define CACHE_FORMAT                                                                                                   \
	"{\"circumstances\": \"%016llx\", \"accelerator\": \"%s\", \"machine\": \"%s\", \"disk\": \"%s\", \"kvm_ms\": %d, \"tcg_ms\": " \
	"%d}\n"

/* Our own file, written whole by file_replace: what does not read back exactly is no answer. */
static bool cache_read(const char *path, uint64_t wanted, struct probe_result *result)
{
	char text[256];
	unsigned long long key;
	ssize_t length;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (length <= 0)
		return false;
	text[length] = '\0';
	return sscanf(text, "{\"circumstances\": \"%llx\", \"accelerator\": \"%7[a-z]\", \"machine\": \"%15[a-z0-9]\", \"disk\": \"%15[a-z_]\"",
		       &key, result->accelerator, result->type, result->disk_engine) == 4 &&
	       key == wanted;
}

static void cache_write(const char *path, uint64_t key, const struct probe_result *result)
{
	char *text = text_format(CACHE_FORMAT, (unsigned long long)key, result->accelerator, result->type,
		result->disk_engine, result->kvm_ms, result->tcg_ms);
	char *directory = text_copy_n(path, (size_t)(strrchr(path, '/') - path));
	struct dory_error ignored; /* without a cache the next run measures again */

	if (file_make_directories(directory, &ignored) == 0 && file_replace(path, text, strlen(text), &ignored) < 0)
		unlink(path);
	free(directory);
	free(text);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Milliseconds that the guest took, or NEVER_MS. */
static int measure(
	const struct hypervisor *hypervisor, const char *program, const struct machine *machine, int limit_ms)
{
	struct arguments arguments = {0};
	struct dory_error ignored;
	struct process process;
	int64_t started = now_ms();
	int kernel_fd = machine->fw_cfg_fd, status;

	hypervisor->command(program, machine, &arguments);
	if (process_start(&process, &arguments, &kernel_fd, 1, &ignored) < 0) {
		arguments_release(&arguments);
		return NEVER_MS;
	}
	arguments_release(&arguments);
	if (poll(&(struct pollfd){.fd = process.pidfd, .events = POLLIN}, 1, limit_ms) <= 0)
		process_kill(&process);
	status = process_wait(&process);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? (int)(now_ms() - started) : NEVER_MS;
}

static int guest_open(void)
{
	size_t size = (size_t)(probe_guest_end - probe_guest_start);
	int fd = memfd_create("dory-probe", MFD_CLOEXEC);

	if (fd >= 0 && write(fd, probe_guest_start, size) != (ssize_t)size) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Whether this kernel lets us have one: it may be switched off (kernel.io_uring_disabled), or a container's filter may forbid it. */
static bool may_use_io_uring(void)
{
	struct io_uring_params parameters = {0};
	int fd = (int)syscall(SYS_io_uring_setup, 1, &parameters);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Whether the guest runs with a disk that is read through io_uring; any file will do as the disk. */
static bool runs_with_io_uring(const struct hypervisor *hypervisor, const char *program, const struct machine *measured)
{
	struct machine_volume volume = {.path = measured->kernel, .format = "raw", .cache = "writeback", .aio = "io_uring", .is_read_only = true};
	struct machine machine = *measured;

	machine.volumes = &volume;
	machine.volume_count = 1;
	return may_use_io_uring() && measure(hypervisor, program, &machine, TCG_LIMIT_MS) != NEVER_MS;
}

/* The first machine type on which the guest runs, and the faster accelerator there. */
static int probe(
	const struct hypervisor *hypervisor, const char *program, struct probe_result *result, struct dory_error *err)
{
	int fd = guest_open();
	char kernel[32];

	if (fd < 0)
		return error_set_errno(err, DORY_ERROR_IO, "making the probe's guest");
	snprintf(kernel, sizeof(kernel), "/dev/fd/%d", fd);
	for (const char *const *type = hypervisor->machine_types; *type; type++) {
		struct machine machine = {.type = *type,
			.accelerator = "tcg",
			.kernel = kernel,
			.memory = "8M",
			.cpus = 1,
			.log_fd = -1,
			.fw_cfg_fd = fd};

		result->kvm_ms = NEVER_MS;
		result->tcg_ms = measure(hypervisor, program, &machine, TCG_LIMIT_MS);
		machine.accelerator = "kvm";
		if (access("/dev/kvm", R_OK | W_OK) == 0)
			result->kvm_ms = measure(hypervisor, program, &machine, KVM_LIMIT_MS);
		if (result->tcg_ms == NEVER_MS && result->kvm_ms == NEVER_MS)
			continue;
		text_cut_to(result->type, sizeof(result->type), *type);
		if (result->kvm_ms != NEVER_MS && (result->tcg_ms == NEVER_MS || result->kvm_ms < result->tcg_ms))
			strcpy(result->accelerator, "kvm");
		else
			strcpy(result->accelerator, "tcg");
		machine.accelerator = result->accelerator;
		strcpy(result->disk_engine, runs_with_io_uring(hypervisor, program, &machine) ? "io_uring" : "threads");
		close(fd);
		return 0;
	}
	close(fd);
	error_set(err, DORY_ERROR_HYPERVISOR, "no guest runs under %s, neither with KVM nor with TCG", program);
	return error_hint(
		err, "--accel and --machine choose without measuring; the machine's own error is shown then.");
}

int machine_probe(const struct hypervisor *hypervisor, const char *program, const char *cache_path, struct machine *machine, struct dory_error *err)
{
	static struct probe_result result;
	uint64_t key = circumstances(program);

	if (!cache_read(cache_path, key, &result)) {
		if (machine->accelerator && machine->type)
			return 0;
		if (probe(hypervisor, program, &result, err) < 0)
			return -1;
		cache_write(cache_path, key, &result);
	}
	if (!machine->accelerator)
		machine->accelerator = result.accelerator;
	if (!machine->type)
		machine->type = result.type;
	machine->disk_uses_io_uring = strcmp(result.disk_engine, "io_uring") == 0 && may_use_io_uring();
	return 0;
}
