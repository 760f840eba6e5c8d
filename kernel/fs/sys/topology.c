/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * devices/system/cpu/cpuN and devices/system/node/node0: how CPUs and memory belong together. Each CPU is a core of the one package, without
 * siblings, and all memory is near to all of them. C libraries count the folders; what is in them is made when somebody looks.
 */
#include "kernel/fs/sys/topology.h"
#include "kernel/arch/cpu.h"
#include "kernel/fs/sys/sysfs.h"
#include "kernel/mem/page.h"
#include "kernel/platform/platform.h"
#include "lib/format.h"

enum { TEXT_SIZE = 32, GROUP = 32 /* bits, between commas */ };

struct cpu_folder {
	struct sysfs_folder base;
	char path[TEXT_SIZE];
	unsigned cpu;
};

static struct cpu_folder cpu_folders[CPU_MAX];

/* As Linux prints masks: as many digits as there are CPUs for. */
static void mask_text(char to[TEXT_SIZE], uint64_t mask)
{
	unsigned nr = cpu_count(), digits = (nr % GROUP ? nr % GROUP + 3 : GROUP) / 4;

	if (nr > GROUP)
		format_text(to, TEXT_SIZE, "%0*llx,%08llx\n", (int)digits, (unsigned long long)(mask >> GROUP), (unsigned long long)(uint32_t)mask);
	else
		format_text(to, TEXT_SIZE, "%0*llx\n", (int)digits, (unsigned long long)mask);
}

static uint64_t all_cpus(void)
{
	return UINT64_MAX >> (64 - cpu_count());
}

static void all_text(char to[TEXT_SIZE])
{
	if (cpu_count() == 1)
		format_text(to, TEXT_SIZE, "0\n");
	else
		format_text(to, TEXT_SIZE, "0-%u\n", cpu_count() - 1);
}

static int add_topology(struct inode *folder, unsigned cpu)
{
	char number[TEXT_SIZE], mine[TEXT_SIZE], all[TEXT_SIZE], list[TEXT_SIZE];
	const struct {
		const char *name, *text;
	} files[] = {
	    {"core_id", number}, {"physical_package_id", "0\n"}, {"die_id", "0\n"}, {"thread_siblings", mine}, {"thread_siblings_list", number}, {"core_cpus", mine},
	    {"core_cpus_list", number}, {"core_siblings", all}, {"core_siblings_list", list}, {"package_cpus", all}, {"package_cpus_list", list}, {"die_cpus", all}, {"die_cpus_list", list},
	};
	int ret = 0;

	format_text(number, TEXT_SIZE, "%u\n", cpu);
	mask_text(mine, 1ull << cpu);
	mask_text(all, all_cpus());
	all_text(list);
	for (size_t i = 0; !ret && i < ARRAY_SIZE(files); i++)
		ret = sysfs_add_text(folder, files[i].name, files[i].text);
	return ret;
}

/* The first CPU cannot be switched off, so that it does not say whether it is on. */
static int fill_cpu(const struct sysfs_folder *self, struct inode *folder)
{
	unsigned cpu = container_of((struct sysfs_folder *)(uintptr_t)self, struct cpu_folder, base)->cpu;
	struct inode *topology;
	int ret = cpu ? sysfs_add_text(folder, "online", "1\n") : 0;

	if (!ret)
		ret = sysfs_add_folder(folder, "topology", &topology);
	return ret ? ret : add_topology(topology, cpu);
}

int sysfs_add_cpus(struct inode *root)
{
	int ret = 0;

	for (unsigned i = 0; !ret && i < cpu_count(); i++) {
		struct cpu_folder *folder = &cpu_folders[i];

		format_text(folder->path, sizeof(folder->path), "devices/system/cpu/cpu%u", i);
		folder->base = (struct sysfs_folder){.path = folder->path, .fill = fill_cpu};
		folder->cpu = i;
		ret = sysfs_add_late_folder(root, &folder->base);
	}
	return ret;
}

/* ---- The node ---- */

static long show_meminfo(const struct sysfs_file *file, void *subject, char *to, size_t size)
{
	struct page_counts c;

	page_count(&c);
	return format_text(to, size, "Node 0 MemTotal:       %8llu kB\nNode 0 MemFree:        %8llu kB\nNode 0 MemUsed:        %8llu kB\n", (unsigned long long)(c.total * (PAGE_SIZE / 1024)),
	    (unsigned long long)(c.free * (PAGE_SIZE / 1024)), (unsigned long long)((c.total - c.free) * (PAGE_SIZE / 1024)));
}

static const struct sysfs_file meminfo = {.name = "meminfo", .show = show_meminfo};

static int fill_node(const struct sysfs_folder *self, struct inode *folder)
{
	char text[TEXT_SIZE];
	int ret;

	mask_text(text, all_cpus());
	ret = sysfs_add_text(folder, "cpumap", text);
	all_text(text);
	if (!ret)
		ret = sysfs_add_text(folder, "cpulist", text);
	if (!ret)
		ret = sysfs_add_text(folder, "distance", "10\n");
	return ret ? ret : sysfs_add_file(folder, &meminfo, NULL);
}
SYSFS_FOLDER(node0) = {.path = "devices/system/node/node0", .fill = fill_node};
