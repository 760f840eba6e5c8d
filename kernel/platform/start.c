/* SPDX-License-Identifier: BSD-3-Clause */
/* How the machine comes up: from the first instruction in C to the first thread. Nothing here waits. */
#include "kernel/platform/platform.h"
#include "abi/control.h"
#include "kernel/arch/x86_64/apic.h"
#include "kernel/arch/x86_64/percpu.h"
#include "kernel/arch/x86_64/features.h"
#include "kernel/log/log.h"
#include "kernel/mem/page.h"
#include "kernel/platform/acpi.h"
#include "kernel/platform/boot_option.h"
#include "kernel/platform/clock.h"
#include "kernel/platform/interrupt.h"
#include "kernel/platform/memory_map.h"
#include "lib/format.h"

LINKER_SET_DECLARE(initcall, struct initcall);

extern char boot_fault_stack_top[];
noreturn_fn void kernel_main(uint64_t start_info);

static void (*finish)(void);

void start_set_finish(void (*function)(void))
{
	finish = function;
}

static out_of_line void run_initcalls(enum init_level level)
{
	for (const struct initcall *const *p = LINKER_SET_BEGIN(initcall); p < LINKER_SET_END(initcall); p++)
		if ((*p)->level == level)
			(*p)->run();
}

static void log_start(void)
{
	char text[16];
	const char *end;
	uint64_t level;

	if (boot_option(BOOT_OPTION_LOG, text, sizeof(text)) && format_parse_u64(text, &end, &level) && level <= LOG_DEBUG)
		log_set_level((enum log_level)level);
	log_set_cycles_to_ns(clock_cycles_to_ns);
}

static void cpu_start(void)
{
	features_detect();
	features_enable();
	descriptors_init(&boot_cpu, (uint64_t)boot_fault_stack_top);
}

static void devices_start(uint64_t rsdp)
{
	acpi_init(rsdp);
	apic_init();
	apic_enable();
	boot_cpu.apic_id = apic_id();
	interrupt_init();
	clock_init();
}

noreturn_fn void kernel_main(uint64_t start_info)
{
	struct loader_table loader;

	boot_mark("kernel entered");
	panic_set_power_off(power_off);
	cpu_start();
	run_initcalls(INIT_LOG);
	loader_read(start_info, &loader);
	memory_map_init(&loader);
	boot_option_init(loader.command_line);
	log_start();
	page_init();
	boot_mark("memory");
	devices_start(loader.rsdp);
	boot_mark("interrupts, clock");
	device_discover(); /* before other CPUs run: it moves what is where in memory (pci.c) */
	boot_mark("devices found");
	run_initcalls(INIT_SCHEDULER);
	run_initcalls(INIT_CORE);
	boot_mark("scheduler, tables");
	run_initcalls(INIT_DRIVER);
	boot_mark("drivers");
	run_initcalls(INIT_FILE);
	boot_mark("file systems");
	run_initcalls(INIT_PROCESS);
	if (finish)
		finish();
	panic("nothing is left to run");
}
