/* SPDX-License-Identifier: BSD-3-Clause */
/* The layout of the extended state's area: FXSAVE's (SDM 1 §10.5.1), then XSAVE's header (§13.4), standard format. */
#pragma once
#include "lib/attr.h"

#define VECTOR_LEGACY_SIZE 512
#define VECTOR_HEADER_SIZE 64

struct vector_area {
	uint16_t fcw, fsw;
	uint8_t ftw, reserved0;
	uint16_t fop;
	uint64_t fip, fdp;
	uint32_t mxcsr, mxcsr_mask;
	uint8_t registers[432]; /* st0-7, xmm0-15, reserved */
	uint8_t software[48];	/* not touched by the CPU: Linux marks signal frames here */
	uint64_t xstate_bv, xcomp_bv, reserved1[6];
	uint8_t extended[];
} aligned_to(64);
_Static_assert(offsetof(struct vector_area, software) == 464 && offsetof(struct vector_area, xstate_bv) == VECTOR_LEGACY_SIZE, "SDM 1 §13.4");

/* The bits that MXCSR may have. */
uint32_t vector_mxcsr_mask(void);
/* Makes a state that came from a program fit for XRSTOR, which faults on what it does not know. */
void vector_sanitize(struct vector_area *area, bool has_header);
