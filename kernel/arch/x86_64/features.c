/* SPDX-License-Identifier: BSD-3-Clause */
/* Finds out what the CPU can do (CPUID, SDM 2A) and switches it on. */
#include "kernel/arch/x86_64/percpu.h"
#include "kernel/arch/x86_64/features.h"
#include "kernel/arch/x86_64/x86.h"
#include "lib/string.h"

#define CR4_OSFXSR     (1u << 9)
#define CR4_OSXMMEXCPT (1u << 10)
#define CR4_PAE	       (1u << 5)
#define CR4_PGE	       (1u << 7)
#define CR4_UMIP       (1u << 11)
#define CR4_FSGSBASE   (1u << 16)
#define CR4_OSXSAVE    (1u << 18)
#define CR4_SMEP       (1u << 20)
#define CR4_SMAP       (1u << 21)

#define EFER_SCE 1u
#define EFER_LME (1u << 8)
#define EFER_NXE (1u << 11)

#define XCR0_X87    1u
#define XCR0_SSE    2u
#define XCR0_AVX    4u
#define XCR0_AVX512 0xe0u

struct cpu_features cpu_features;

static void detect_hypervisor(struct cpu_features *f)
{
	struct cpuid r = cpuid(0x40000000, 0);

	memcpy(f->hypervisor, &r.b, 4);
	memcpy(f->hypervisor + 4, &r.c, 4);
	memcpy(f->hypervisor + 8, &r.d, 4);
	f->is_tcg = !memcmp(f->hypervisor, "TCGTCGTCGTCG", 12);
	f->is_kvm = !memcmp(f->hypervisor, "KVMKVMKVM\0\0\0", 12);
}

/* The parts of the extended state that both the CPU and the kernel know; AVX-512 is three that only make sense together. */
static void detect_vector(struct cpu_features *f)
{
	struct cpuid r;

	f->vector_size = 512;
	if (!f->xsave)
		return;
	r = cpuid(0xd, 0);
	f->xcr0 = r.a & (XCR0_X87 | XCR0_SSE | XCR0_AVX);
	if ((r.a & XCR0_AVX512) == XCR0_AVX512 && (f->xcr0 & XCR0_AVX))
		f->xcr0 |= XCR0_AVX512;
	f->xsaveopt = cpuid(0xd, 1).a & 1;
}

static void patch_smap_sites(void)
{
	extern const struct {
		uint8_t *site;
		uint64_t byte; /* 0xca: clac, 0xcb: stac */
	} smap_sites_start[], smap_sites_end[];

	for (size_t i = 0; i < (size_t)(smap_sites_end - smap_sites_start); i++) {
		uint8_t *site = smap_sites_start[i].site;

		site[0] = 0x0f;
		site[1] = 0x01;
		site[2] = (uint8_t)smap_sites_start[i].byte;
	}
}

void features_detect(void)
{
	struct cpu_features *f = &cpu_features;
	uint32_t max = cpuid(0, 0).a;
	struct cpuid one = cpuid(1, 0), extended = cpuid(0x80000001, 0);

	f->hwcap = one.d;
	f->xsave = one.c >> 26 & 1;
	f->x2apic = one.c >> 21 & 1;
	f->tsc_deadline = one.c >> 24 & 1;
	f->rdrand = one.c >> 30 & 1;
	f->nx = extended.d >> 20 & 1;
	f->huge_1g = extended.d >> 26 & 1;
	f->rdtscp = extended.d >> 27 & 1;
	if (max >= 7) {
		struct cpuid seven = cpuid(7, 0);

		f->fsgsbase = seven.b & 1;
		f->smep = seven.b >> 7 & 1;
		f->smap = seven.b >> 20 & 1;
		f->umip = seven.c >> 2 & 1;
	}
	if (one.c >> 31)
		detect_hypervisor(f);
	if (max >= 0xd)
		detect_vector(f);
	else
		f->vector_size = 512;
	if (f->smap)
		patch_smap_sites();
}

void features_enable(void)
{
	struct cpu_features *f = &cpu_features;
	uint64_t cr4 = CR4_PAE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT;

	cr4 |= (f->umip ? CR4_UMIP : 0) | (f->fsgsbase ? CR4_FSGSBASE : 0) | (f->smep ? CR4_SMEP : 0);
	cr4 |= (f->smap ? CR4_SMAP : 0) | (f->xsave ? CR4_OSXSAVE : 0);
	write_cr4(cr4);
	wrmsr(MSR_EFER, EFER_SCE | EFER_LME | (f->nx ? EFER_NXE : 0));
	if (f->xcr0) {
		__asm__ volatile("xsetbv" : : "c"(0), "a"((uint32_t)f->xcr0), "d"((uint32_t)(f->xcr0 >> 32)));
		f->vector_size = cpuid(0xd, 0).b;
	}
	syscall_entry_enable();
}
