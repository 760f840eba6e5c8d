/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The vDSO (vdso(7)): an ELF image that the kernel shows every program, so that it can read clocks without a system call.
 * In a program's memory, in this order, all read-only, without gaps:
 *
 *   one page      clock_parameters() of platform/platform.h, readable
 *   the image     [vdso_image_start, vdso_image_end), whole pages, readable and executable; AT_SYSINFO_EHDR is its address
 *
 * The image finds the clock's page at a fixed distance before itself. Both are the kernel's own pages: virt_to_phys gives the frames.
 */
#pragma once

extern const char vdso_image_start[], vdso_image_end[];
