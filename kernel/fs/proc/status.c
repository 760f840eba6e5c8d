/* SPDX-License-Identifier: BSD-3-Clause */
/* /proc/PID/status and statm: a process in words and in pages. */
#include "kernel/fs/proc/moment.h"
#include "kernel/uapi/resource.h"

static const char *state_name(char letter)
{
	switch (letter) {
	case 'Z':
		return "zombie";
	case 'T':
		return "stopped";
	case 't':
		return "tracing stop";
	case 'S':
		return "sleeping";
	case 'D':
		return "disk sleep";
	default:
		return "running";
	}
}

static void show_groups(struct proc_text *to, const struct credentials *cred)
{
	proc_print(to, "Groups:\t");
	for (size_t i = 0; cred && i < cred->nr_groups; i++)
		proc_print(to, "%u ", cred->groups[i]);
	proc_print(to, "\n");
}

static void show_capabilities(struct proc_text *to, const struct credentials *c)
{
	proc_print(to, "CapInh:\t%016llx\nCapPrm:\t%016llx\nCapEff:\t%016llx\nCapBnd:\t%016llx\nCapAmb:\t%016llx\n", (unsigned long long)c->capabilities_inheritable,
	    (unsigned long long)c->capabilities_permitted, (unsigned long long)c->capabilities_effective, (unsigned long long)c->capabilities_bounding,
	    (unsigned long long)c->capabilities_ambient);
}

/* Pages in memory by what they belong to, and bytes of what is mapped. */
struct shares {
	uint64_t anonymous, file, memory_file;
	uint64_t stack, program, libraries;
	uint64_t program_inode;
};

/* The program lies below its libraries: the first file with code is it. */
static void add_code(struct shares *shares, const struct region *region)
{
	uint64_t len = region->end - region->start;

	if (!shares->program_inode)
		shares->program_inode = region->file.inode;
	if (region->file.inode == shares->program_inode)
		shares->program += len;
	else
		shares->libraries += len;
}

static bool add_shares(void *context, const struct region *region, const struct region_usage *usage)
{
	struct shares *shares = context;
	uint64_t cached = usage->resident - usage->anonymous;

	shares->anonymous += usage->anonymous;
	if (region->file.cache && !page_cache_is_memory(region->file.cache))
		shares->file += cached;
	else
		shares->memory_file += cached;
	if (region->flags & REGION_GROWS_DOWN)
		shares->stack += region->end - region->start;
	if (region->file.cache && region->flags & REGION_EXEC)
		add_code(shares, region);
	return true;
}

static void take_shares(const struct proc_subject *subject, struct shares *shares)
{
	struct address_space *space = proc_space_get(subject);

	*shares = (struct shares){0};
	if (!space)
		return;
	address_space_walk(space, add_shares, shares);
	address_space_put(space);
}

static void show_kib(struct proc_text *to, const char *name, uint64_t bytes)
{
	proc_print(to, "%s:\t%8llu kB\n", name, (unsigned long long)bytes / 1024);
}

/* Nothing for a process that has ended. */
static void show_sizes(struct proc_text *to, const struct proc_subject *subject, const struct moment *m)
{
	struct shares shares;

	if (!m->vsize)
		return;
	take_shares(subject, &shares);
	show_kib(to, "VmPeak", m->vsize);
	show_kib(to, "VmSize", m->vsize);
	show_kib(to, "VmLck", m->locked);
	show_kib(to, "VmPin", 0);
	show_kib(to, "VmHWM", m->peak * PAGE_SIZE);
	show_kib(to, "VmRSS", (shares.anonymous + shares.file + shares.memory_file) * PAGE_SIZE);
	show_kib(to, "RssAnon", shares.anonymous * PAGE_SIZE);
	show_kib(to, "RssFile", shares.file * PAGE_SIZE);
	show_kib(to, "RssShmem", shares.memory_file * PAGE_SIZE);
	show_kib(to, "VmData", m->data);
	show_kib(to, "VmStk", shares.stack);
	show_kib(to, "VmExe", shares.program);
	show_kib(to, "VmLib", shares.libraries);
	show_kib(to, "VmSwap", 0);
	show_kib(to, "HugetlbPages", 0);
	proc_print(to, "CoreDumping:\t0\nTHP_enabled:\t1\n");
}

static int show_status(struct proc_text *to, const struct proc_subject *subject)
{
	struct moment m;

	moment_take(subject, &m);
	proc_print(to, "Name:\t%s\nUmask:\t%04o\nState:\t%c (%s)\nTgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t%d\n", m.name, m.umask, m.state, state_name(m.state),
	    subject->process->pid, m.tid, m.ppid, m.tracer);
	if (m.cred)
		proc_print(to, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\n", m.cred->uid, m.cred->euid, m.cred->suid, m.cred->fsuid, m.cred->gid, m.cred->egid,
		    m.cred->sgid, m.cred->fsgid);
	proc_print(to, "FDSize:\t64\n");
	show_groups(to, m.cred);
	proc_print(to, "NStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\n", subject->process->pid, m.tid, m.group, m.session);
	show_sizes(to, subject, &m);
	proc_print(to, "Threads:\t%d\nSigQ:\t%u/%llu\nSigPnd:\t%016llx\nShdPnd:\t%016llx\nSigBlk:\t%016llx\nSigIgn:\t%016llx\nSigCgt:\t%016llx\n", m.nr_tasks,
	    subject->process->nr_queued, (unsigned long long)subject->process->limits[LINUX_RLIMIT_SIGPENDING].soft, (unsigned long long)m.task_pending, (unsigned long long)m.pending,
	    (unsigned long long)m.blocked, (unsigned long long)m.ignored, (unsigned long long)m.caught);
	if (m.cred)
		show_capabilities(to, m.cred);
	uint64_t cpus = m.affinity & ((cpu_count() < 64 ? 1ull << cpu_count() : 0) - 1);
	proc_print(to, "NoNewPrivs:\t%d\nSeccomp:\t%d\nSeccomp_filters:\t%u\nCpus_allowed:\t%llx\nCpus_allowed_list:\t0-%u\nMems_allowed:\t1\nMems_allowed_list:\t0\n", m.no_new_privileges, m.seccomp_mode, m.seccomp_filters, (unsigned long long)cpus, cpu_count() - 1);
	proc_print(to, "voluntary_ctxt_switches:\t%llu\nnonvoluntary_ctxt_switches:\t%llu\n", (unsigned long long)m.voluntary, (unsigned long long)m.involuntary);
	moment_release(&m);
	return 0;
}
PROC_PROCESS_FILE(status) = {.name = "status", .mode = 0444, .is_per_task = true, .show = show_status};

/* proc(5): size, resident, shared, text, 0, data, 0; in pages. */
static int show_statm(struct proc_text *to, const struct proc_subject *subject)
{
	struct shares shares;
	struct moment m;

	moment_take(subject, &m);
	take_shares(subject, &shares);
	proc_print(to, "%llu %llu %llu %llu 0 %llu 0\n", (unsigned long long)m.vsize / PAGE_SIZE,
	    (unsigned long long)(shares.anonymous + shares.file + shares.memory_file), (unsigned long long)(shares.file + shares.memory_file),
	    (unsigned long long)shares.program / PAGE_SIZE, (unsigned long long)m.data / PAGE_SIZE);
	moment_release(&m);
	return 0;
}
PROC_PROCESS_FILE(statm) = {.name = "statm", .mode = 0444, .is_per_task = true, .show = show_statm};
