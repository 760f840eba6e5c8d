/* SPDX-License-Identifier: BSD-3-Clause */
/* The CPU's local APIC (SDM 3A chapter 11): interrupts between CPUs, the timer, end of interrupt. */
#pragma once
#include "lib/attr.h"

void apic_init(void);	     /* maps the registers; boot CPU, once */
void apic_enable(void);	     /* on each CPU */
uint32_t apic_id(void);
void apic_end_of_interrupt(void);
void apic_send(uint32_t apic_id, uint8_t vector);
void apic_send_nmi(uint32_t apic_id);
void apic_send_init(uint32_t apic_id);
void apic_send_startup(uint32_t apic_id, uint64_t phys);

/* The timer counts down from `count` to 0, and interrupts then if it is unmasked. Not used with the TSC deadline. */
void apic_timer_set(uint32_t count);
void apic_timer_unmask(void);
uint32_t apic_timer_count(void);
void apic_timer_deadline(uint64_t cycles); /* 0: none */
