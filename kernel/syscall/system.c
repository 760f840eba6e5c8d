/* SPDX-License-Identifier: BSD-3-Clause */
/* The system as a whole: names, information, power (uname(2), sysinfo(2), reboot(2)). */
#include "abi/control.h"
#include "kernel/file/random.h"
#include "kernel/log/log.h"
#include "kernel/mem/page.h"
#include "kernel/platform/platform.h"
#include "kernel/process/credentials.h"
#include "kernel/process/system_name.h"
#include "kernel/syscall/syscall.h"
#include "kernel/uapi/time.h"
#include "lib/string.h"

#define NAME_LEN 65 /* struct utsname's fields */

struct linux_utsname {
	char sysname[NAME_LEN], nodename[NAME_LEN], release[NAME_LEN], version[NAME_LEN], machine[NAME_LEN], domainname[NAME_LEN];
};

static void set_field(char field[NAME_LEN], const char *text)
{
	memcpy(field, text, min_u64(strlen(text), NAME_LEN - 1));
}

SYSCALL(uname, 1, "p")
{
	struct linux_utsname name = {{0}};

	set_field(name.sysname, "Linux");
	set_field(name.nodename, system_host_name);
	set_field(name.release, SYSTEM_RELEASE);
	set_field(name.version, SYSTEM_VERSION);
	set_field(name.machine, "x86_64");
	set_field(name.domainname, system_domain_name);
	return copy_to_user(a->v[0], &name, sizeof(name));
}

static int64_t set_name(char field[SYSTEM_NAME_MAX + 1], uint64_t address, uint64_t len)
{
	char name[SYSTEM_NAME_MAX + 1] = "";

	if (credentials_current()->euid)
		return -EPERM;
	if (len > SYSTEM_NAME_MAX)
		return -EINVAL;
	if (copy_from_user(name, address, len))
		return -EFAULT;
	memcpy(field, name, sizeof(name));
	return 0;
}

SYSCALL(sethostname, 2, "bu")
{
	return set_name(system_host_name, a->v[0], a->v[1]);
}

SYSCALL(setdomainname, 2, "bu")
{
	return set_name(system_domain_name, a->v[0], a->v[1]);
}

struct linux_sysinfo {
	int64_t uptime;
	uint64_t loads[3], totalram, freeram, sharedram, bufferram, totalswap, freeswap;
	uint16_t procs, pad;
	uint64_t totalhigh, freehigh;
	uint32_t mem_unit;
};

SYSCALL(sysinfo, 1, "p")
{
	struct linux_sysinfo info = {.uptime = (int64_t)(clock_monotonic_ns() / NS_PER_SECOND), .mem_unit = 1};
	struct page_counts pages;
	unsigned running, processes = 0;

	page_count(&pages);
	info.totalram = pages.total * PAGE_SIZE;
	info.freeram = pages.free * PAGE_SIZE;
	info.sharedram = pages.memory_files * PAGE_SIZE;
	sched_load(&running, info.loads);
	spin_lock(&process_tree_lock);
	for (struct process *p = process_next(1); p; p = process_next(p->pid + 1))
		processes++;
	spin_unlock(&process_tree_lock);
	info.procs = (uint16_t)min_u64(processes, UINT16_MAX);
	return copy_to_user(a->v[0], &info, sizeof(info));
}

SYSCALL(getrandom, 3, "pux")
{
	uint8_t bytes[256];
	uint64_t len = min_u64(a->v[1], INT32_MAX);

	if (a->v[2] & ~7ul)
		return -EINVAL;
	for (uint64_t done = 0; done < len;) {
		size_t part = min_u64(len - done, sizeof(bytes)), left;

		random_fill(bytes, part);
		left = user_copy_out(a->v[0] + done, bytes, part);
		done += part - left;
		if (left)
			return done ? (int64_t)done : -EFAULT;
		if (thread_pause_at(done) || (!(done % PAGE_SIZE) && signal_is_pending())) /* random(4): not within a page */
			return (int64_t)done;
	}
	return (int64_t)len;
}

enum { REBOOT_MAGIC1 = 0xfee1dead, REBOOT_RESTART = 0x01234567, REBOOT_HALT = 0xcdef0123, REBOOT_POWER_OFF = 0x4321fedc, REBOOT_CAD_ON = 0x89abcdef, REBOOT_CAD_OFF = 0 };

SYSCALL_PARTIAL(reboot, "restart, halt and power off; neither kexec nor hibernation");
SYSCALL(reboot, 4, "xxxp")
{
	char unused[2];

	if ((uint32_t)a->v[0] != REBOOT_MAGIC1)
		return -EINVAL;
	if (credentials_current()->euid)
		return -EPERM;
	switch ((uint32_t)a->v[2]) {
	case REBOOT_CAD_ON:
	case REBOOT_CAD_OFF:
		return 0;
	case REBOOT_RESTART:
		mount_unmount_all();
		power_reset();
	case REBOOT_HALT:
	case REBOOT_POWER_OFF:
		mount_unmount_all();
		if (boot_option(BOOT_OPTION_BOOTCHART, unused, sizeof(unused)))
			boot_chart_print();
		power_off();
	default:
		return -EINVAL;
	}
}

/* personality(2): kept and inherited whatever it is; of its flags one counts, which switches address randomisation off (process/exec_build.c). */
SYSCALL_PARTIAL(personality, "any is kept, but of their flags ADDR_NO_RANDOMIZE and STICKY_TIMEOUTS alone do something");
SYSCALL(personality, 1, "x")
{
	struct process *process = process_current();
	uint32_t wanted = (uint32_t)a->v[0], old = process->personality;

	if (wanted != 0xffffffffu)
		process->personality = wanted;
	return old;
}

enum { LOG_READ = 2, LOG_READ_ALL, LOG_READ_CLEAR, LOG_CONSOLE_LEVEL = 8, LOG_SIZE_BUFFER = 10 };

/* syslog(2): an empty ring; the log is the host's. */
SYSCALL_PARTIAL(syslog, "the ring is always empty: the kernel's log goes to the host");
SYSCALL(syslog, 3, "dpd")
{
	int type = (int)a->v[0], len = (int)a->v[2];

	if (type != LOG_READ_ALL && type != LOG_SIZE_BUFFER && !task_is_capable(CAPABILITY_SYSLOG) && !task_is_capable(CAPABILITY_SYS_ADMIN))
		return -EPERM;
	if (type < 0 || type > LOG_SIZE_BUFFER)
		return -EINVAL;
	if (type >= LOG_READ && type <= LOG_READ_CLEAR && (!a->v[1] || len < 0))
		return -EINVAL;
	return type == LOG_CONSOLE_LEVEL && (len < 1 || len > 8) ? -EINVAL : 0;
}
