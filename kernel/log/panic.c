/* SPDX-License-Identifier: BSD-3-Clause */
/* The end of a kernel that found itself broken: reason, backtrace, power off. */
#include "kernel/log/panic.h"
#include "kernel/arch/cpu.h"
#include "kernel/log/log.h"
#include "lib/format.h"

#define FRAMES_MAX 24

static void (*power_off_hook)(void);
static unsigned panics;

void panic_set_power_off(void (*power_off)(void))
{
	power_off_hook = power_off;
}

static void print_address(uint64_t address)
{
	struct symbol symbol;

	if (symbol_find(address, &symbol))
		log_line(LOG_EMERGENCY, "  %016llx %s+0x%llx", (unsigned long long)address, symbol.name, (unsigned long long)symbol.offset);
	else
		log_line(LOG_EMERGENCY, "  %016llx", (unsigned long long)address);
}

static noreturn_fn void panic_end(uint64_t address, uint64_t stack, const char *text)
{
	uint64_t addresses[FRAMES_MAX];
	size_t n;

	if (__atomic_fetch_add(&panics, 1, __ATOMIC_SEQ_CST) < 2) {
		cpu_stop_others();
		log_break_lock();
		log_line(LOG_EMERGENCY, "kernel panic: %s", text);
		print_address(address);
		n = cpu_backtrace(address, stack, addresses, FRAMES_MAX);
		for (size_t i = 0; i < n; i++)
			print_address(addresses[i]);
	}
	if (power_off_hook)
		power_off_hook();
	for (;;)
		__asm__ volatile("cli; hlt");
}

void panic(const char *format, ...)
{
	char text[200];
	va_list args;

	va_start(args, format);
	format_text_va(text, sizeof(text), format, args);
	va_end(args);
	/* Where the caller stands: behind our return address, which lies above the frame pointer's word. */
	panic_end((uint64_t)__builtin_return_address(0), (uint64_t)__builtin_frame_address(0) + 16, text);
}

void panic_at(uint64_t address, uint64_t stack, const char *format, ...)
{
	char text[200];
	va_list args;

	va_start(args, format);
	format_text_va(text, sizeof(text), format, args);
	va_end(args);
	panic_end(address, stack, text);
}
