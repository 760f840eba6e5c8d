/* SPDX-License-Identifier: BSD-3-Clause */
/* Switching the machine off and resetting it, by what ACPI says (ACPI 6.5 §4.8.3); a triple fault where it says nothing. */
#include "kernel/arch/cpu.h"
#include "kernel/arch/page_table.h"
#include "kernel/arch/x86_64/x86.h"
#include "kernel/platform/acpi.h"
#include "kernel/platform/platform.h"

#define PM1_SLEEP_ENABLE (1u << 13)

/* An empty table of gates makes the next trap a double fault, and that a triple one: the CPU shuts down, which resets the machine. */
static noreturn_fn void triple_fault(void)
{
	static const struct {
		uint16_t limit;
		uint64_t base;
	} packed_struct none;

	for (;;)
		__asm__ volatile("lidt %0; int3" : : "m"(none));
}

/* The machine takes a moment to obey; this one may not be told twice. */
static void linger(void)
{
	for (unsigned i = 0; i < 2000000; i++)
		__builtin_ia32_pause();
}

static void memory_write_8(uint64_t phys, uint8_t value)
{
	volatile uint8_t *reg = map_device(phys, 1);

	if (reg)
		*reg = value;
}

noreturn_fn void power_off(void)
{
	struct acpi_power power;

	cpu_stop_others();
	acpi_power(&power);
	if (power.sleep_control)
		memory_write_8(power.sleep_control, power.sleep_control_value);
	if (power.pm1a_control)
		port_write_16(power.pm1a_control, (uint16_t)(power.sleep_type << 10 | PM1_SLEEP_ENABLE));
	if (power.pm1b_control)
		port_write_16(power.pm1b_control, (uint16_t)(power.sleep_type << 10 | PM1_SLEEP_ENABLE));
	if (power.sleep_control || power.pm1a_control)
		linger();
	triple_fault();
}

noreturn_fn void power_reset(void)
{
	struct acpi_power power;

	cpu_stop_others();
	acpi_power(&power);
	if (power.reset_register && power.reset_in_memory)
		memory_write_8(power.reset_register, power.reset_value);
	else if (power.reset_register)
		port_write_8((uint16_t)power.reset_register, power.reset_value);
	if (power.reset_register)
		linger();
	triple_fault();
}
