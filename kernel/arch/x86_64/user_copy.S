/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Access to user memory. Each instruction that may fault has a row in the exception table with the place to continue if the fault cannot be
 * served. Addresses were checked by user.c. Words rather than string instructions: QEMU's emulator runs the latter a byte at a time.
 */
.macro SMAP_SITE byte
771:	.byte 0x0f, 0x1f, 0x00
	.pushsection .smap_sites, "a"
	.balign 8
	.quad 771b, \byte
	.popsection
.endm
#define STAC SMAP_SITE 0xcb
#define CLAC SMAP_SITE 0xca

/* Faults from `first` up to, not including, `last` continue at `target`. */
.macro FAULTS first, last, target
	.pushsection .exception_table, "a"
	.balign 8
	.quad \first, \last, \target
	.popsection
.endm

	.text
/*
 * size_t user_copy_raw(void *to, const void *from, size_t len): bytes not copied. rdi, rsi and rdx (what is left) always agree at the
 * start of each step, so that after a fault the byte loop goes on from there and finds the exact byte.
 */
	.globl user_copy_raw
	.balign 256 /* within a page: see within_page of lib/attr.h */
user_copy_raw:
	STAC
.Lcopy_begin:
	cmpq $64, %rdx
	jb 2f
1:	movq (%rsi), %rax
	movq 8(%rsi), %rcx
	movq 16(%rsi), %r8
	movq 24(%rsi), %r9
	movq %rax, (%rdi)
	movq %rcx, 8(%rdi)
	movq %r8, 16(%rdi)
	movq %r9, 24(%rdi)
	movq 32(%rsi), %rax
	movq 40(%rsi), %rcx
	movq 48(%rsi), %r8
	movq 56(%rsi), %r9
	movq %rax, 32(%rdi)
	movq %rcx, 40(%rdi)
	movq %r8, 48(%rdi)
	movq %r9, 56(%rdi)
	addq $64, %rsi
	addq $64, %rdi
	subq $64, %rdx
	cmpq $64, %rdx
	jae 1b
2:	cmpl $8, %edx
	jb 4f
3:	movq (%rsi), %rax
	movq %rax, (%rdi)
	addq $8, %rsi
	addq $8, %rdi
	subl $8, %edx
	cmpl $8, %edx
	jae 3b
.Lcopy_end:
4:	testq %rdx, %rdx
	jz 6f
.Lcopy_byte_begin:
5:	movb (%rsi), %al
	movb %al, (%rdi)
.Lcopy_byte_end:
	incq %rsi
	incq %rdi
	decq %rdx
	jnz 5b
6:	movq %rdx, %rax
	CLAC
	retq
	FAULTS .Lcopy_begin, .Lcopy_end, 4b
	FAULTS .Lcopy_byte_begin, .Lcopy_byte_end, 6b

/* size_t user_clear_raw(void *to, size_t len): bytes not cleared. */
	.globl user_clear_raw
	.balign 16
user_clear_raw:
	STAC
	xorl %eax, %eax
.Lclear_begin:
	cmpq $32, %rsi
	jb 2f
1:	movq %rax, (%rdi)
	movq %rax, 8(%rdi)
	movq %rax, 16(%rdi)
	movq %rax, 24(%rdi)
	addq $32, %rdi
	subq $32, %rsi
	cmpq $32, %rsi
	jae 1b
.Lclear_end:
2:	testq %rsi, %rsi
	jz 4f
.Lclear_byte_begin:
3:	movb %al, (%rdi)
.Lclear_byte_end:
	incq %rdi
	decq %rsi
	jnz 3b
4:	movq %rsi, %rax
	CLAC
	retq
	FAULTS .Lclear_begin, .Lclear_end, 2b
	FAULTS .Lclear_byte_begin, .Lclear_byte_end, 4b

/* long user_string_raw(char *to, const char *from, size_t max): length without NUL; max if there is no NUL within it; -1: fault. */
	.globl user_string_raw
	.balign 16
user_string_raw:
	STAC
	xorl %eax, %eax
1:	cmpq %rdx, %rax
	jae 2f
.Lstring_begin:
	movb (%rsi, %rax), %cl
.Lstring_end:
	movb %cl, (%rdi, %rax)
	testb %cl, %cl
	jz 2f
	incq %rax
	jmp 1b
2:	CLAC
	retq
3:	movq $-1, %rax
	jmp 2b
	FAULTS .Lstring_begin, .Lstring_end, 3b

/* int user_load_raw(uint32_t *value, const uint32_t *address): 0, or -1: fault. */
	.globl user_load_raw
	.balign 16
user_load_raw:
	STAC
.Lload_begin:
	movl (%rsi), %ecx
.Lload_end:
	xorl %eax, %eax
1:	CLAC
	movl %ecx, (%rdi)
	retq
2:	movl $-1, %eax
	xorl %ecx, %ecx
	jmp 1b
	FAULTS .Lload_begin, .Lload_end, 2b

/* int user_exchange_raw(uint32_t *address, uint32_t expected, uint32_t desired, uint32_t *found): 0, or -1: fault. */
	.globl user_exchange_raw
	.balign 16
user_exchange_raw:
	movq %rcx, %r8
	movl %esi, %eax
	STAC
.Lexchange_begin:
	lock cmpxchgl %edx, (%rdi)
.Lexchange_end:
	xorl %ecx, %ecx
1:	CLAC
	movl %eax, (%r8)
	movl %ecx, %eax
	retq
2:	movl $-1, %ecx
	jmp 1b
	FAULTS .Lexchange_begin, .Lexchange_end, 2b
