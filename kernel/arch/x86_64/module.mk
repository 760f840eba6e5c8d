# x86-64: entry, traps, page tables, context switch, TLB flushes, interrupt controllers of the CPU, vDSO code.
IN := x86_64
SMALL := y
FAST := trap.c cpu.c apic.c page_table.c tlb.c user.c vector.c signal_frame.c switch.c
SRCS := start.S place.c entry.S features.c gdt.c trap.c cpu.c smp.c trampoline.S apic.c kernel_map.c page_table.c tlb.c user.c user_copy.S vector.c \
	signal_frame.c debug.c switch.c stack_swap.S backtrace.c vdso_image.S
DEPS := lib kernel/log kernel/arch kernel/mem kernel/platform kernel/uapi
include build/module.mk
