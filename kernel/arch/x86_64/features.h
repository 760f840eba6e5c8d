/* SPDX-License-Identifier: BSD-3-Clause */
/* What this kind of CPU can do, as far as the kernel uses it. All CPUs are taken to be alike. */
#pragma once
#include "lib/attr.h"

struct cpu_features {
	bool nx, huge_1g, fsgsbase, smep, smap, umip, xsave, xsaveopt, x2apic, tsc_deadline, rdrand, rdtscp;
	bool is_tcg; /* QEMU's emulator: string instructions are slow, the APIC timer runs at 1 GHz */
	bool is_kvm;
	uint64_t xcr0;
	uint32_t hwcap, vector_size;
	char hypervisor[13];
};
extern struct cpu_features cpu_features;

struct cpu;

void features_detect(void);	    /* once; patches the kernel's text, so before it is write-protected */
void features_enable(void);	    /* on each CPU */
void descriptors_init(struct cpu *cpu, uint64_t fault_stack_top); /* GDT, TSS, IDT, %gs */
void syscall_entry_enable(void);
