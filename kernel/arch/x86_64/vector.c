/* SPDX-License-Identifier: BSD-3-Clause */
/* Extended state: x87, SSE, AVX and AVX-512 registers, by XSAVE where the CPU has it (SDM 1 chapter 13), else FXSAVE. */
#include "kernel/arch/user.h"
#include "kernel/arch/x86_64/features.h"
#include "kernel/arch/x86_64/vector.h"
#include "lib/string.h"

#define MXCSR_DEFAULT	   0x1f80
#define MXCSR_MASK_DEFAULT 0xffbf /* where FXSAVE stores none (SDM 1 §11.6.6) */
#define FCW_DEFAULT	   0x37f

static uint32_t mxcsr_mask;

size_t user_vector_size(void)
{
	return cpu_features.vector_size;
}

void user_vector_init(void *to)
{
	struct vector_area *area = to;

	memset(area, 0, cpu_features.vector_size);
	area->fcw = FCW_DEFAULT;
	area->mxcsr = MXCSR_DEFAULT;
}

void user_vector_save(void *area)
{
	uint32_t low = (uint32_t)cpu_features.xcr0, high = (uint32_t)(cpu_features.xcr0 >> 32);

	if (cpu_features.xsaveopt)
		__asm__ volatile("xsaveopt64 (%0)" : : "r"(area), "a"(low), "d"(high) : "memory");
	else if (cpu_features.xsave)
		__asm__ volatile("xsave64 (%0)" : : "r"(area), "a"(low), "d"(high) : "memory");
	else
		__asm__ volatile("fxsave64 (%0)" : : "r"(area) : "memory");
}

void user_vector_restore(const void *area)
{
	uint32_t low = (uint32_t)cpu_features.xcr0, high = (uint32_t)(cpu_features.xcr0 >> 32);

	if (cpu_features.xsave)
		__asm__ volatile("xrstor64 (%0)" : : "r"(area), "a"(low), "d"(high) : "memory");
	else
		__asm__ volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
}

uint32_t vector_mxcsr_mask(void)
{
	if (!mxcsr_mask) {
		static struct vector_area probe; /* of FXSAVE's part alone */

		__asm__ volatile("fxsave64 (%0)" : : "r"(&probe) : "memory");
		mxcsr_mask = probe.mxcsr_mask ? probe.mxcsr_mask : MXCSR_MASK_DEFAULT;
	}
	return mxcsr_mask;
}

void vector_sanitize(struct vector_area *area, bool has_header)
{
	area->mxcsr &= vector_mxcsr_mask();
	if (!cpu_features.xsave)
		return;
	area->xstate_bv = has_header ? area->xstate_bv & cpu_features.xcr0 : 3 /* x87, SSE */;
	area->xcomp_bv = 0;
	memset(area->reserved1, 0, sizeof(area->reserved1));
}
