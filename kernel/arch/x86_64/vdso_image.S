/* SPDX-License-Identifier: BSD-3-Clause */
/* The vDSO's image (vdso/, linked by build/kernel.mk), on pages of its own, since programs see them whole. */
	.section .rodata.vdso_image, "a"
	.balign 4096
	.globl vdso_image_start, vdso_image_end
vdso_image_start:
	.incbin "out/x86_64/vdso.so"
	.balign 4096
vdso_image_end:
