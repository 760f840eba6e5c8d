/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Signal frames as Linux lays them out on x86-64 (sigreturn(2), ucontext in getcontext(3)): from the stack pointer up
 *
 *   return address (restorer) | struct ucontext | siginfo, 128 bytes | padding to 64 | extended state | magic2
 *
 * below the 128 bytes of red zone that the interrupted function may use (System V ABI, AMD64 §3.2.2).
 */
#include "kernel/arch/user.h"
#include "kernel/arch/page_table.h"
#include "kernel/arch/x86_64/features.h"
#include "kernel/arch/x86_64/layout.h"
#include "kernel/arch/x86_64/vector.h"
#include "kernel/arch/x86_64/x86.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/signal.h"
#include "lib/string.h"

#define RED_ZONE 128

#define UC_FP_XSTATE		1
#define UC_SIGCONTEXT_SS	2
#define UC_STRICT_RESTORE_SS	4
#define FP_XSTATE_MAGIC1	0x46505853
#define FP_XSTATE_MAGIC2	0x46505845

struct sigcontext {
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
	uint16_t cs, gs, fs, ss;
	uint64_t error_code, trap_number, old_mask, cr2, fpstate, reserved[8];
};

struct ucontext {
	uint64_t flags, link;
	struct linux_stack stack;
	struct sigcontext context;
	uint64_t mask;
};

struct rt_frame {
	uint64_t return_address;
	struct ucontext ucontext;
	uint8_t info[128];
};
_Static_assert(sizeof(struct sigcontext) == 256 && sizeof(struct ucontext) == 304 && sizeof(struct rt_frame) == 440, "Linux's layout");

struct software_bytes { /* in vector_area.software: what follows the legacy part */
	uint32_t magic1, extended_size;
	uint64_t features;
	uint32_t state_size, padding[7];
};
_Static_assert(sizeof(struct software_bytes) == 48, "Linux's layout");

static uint64_t fpstate_size(void)
{
	return cpu_features.vector_size + (cpu_features.xsave ? sizeof(uint32_t) : 0);
}

/* The CPU's extended state -> the program's stack. The area keeps its copy. */
static int push_vector(struct vector_area *area, uint64_t to)
{
	struct software_bytes *software = (struct software_bytes *)area->software;
	uint32_t magic2 = FP_XSTATE_MAGIC2, size = cpu_features.vector_size;

	user_vector_save(area);
	memset(software, 0, sizeof(*software));
	if (cpu_features.xsave) {
		*software = (struct software_bytes){.magic1 = FP_XSTATE_MAGIC1, .extended_size = size + sizeof(magic2), .features = cpu_features.xcr0, .state_size = size};
		if (user_copy_out(to + size, &magic2, sizeof(magic2)))
			return -EFAULT;
	}
	return user_copy_out(to, area, size) ? -EFAULT : 0;
}

static void fill_context(struct sigcontext *to, const struct user_context *c, uint64_t mask, uint64_t fpstate)
{
	*to = (struct sigcontext){
	    .r8 = c->r8, .r9 = c->r9, .r10 = c->r10, .r11 = c->r11, .r12 = c->r12, .r13 = c->r13, .r14 = c->r14, .r15 = c->r15,
	    .rdi = c->rdi, .rsi = c->rsi, .rbp = c->rbp, .rbx = c->rbx, .rdx = c->rdx, .rax = c->rax, .rcx = c->rcx, .rsp = c->rsp,
	    .rip = c->rip, .rflags = c->rflags, .cs = (uint16_t)c->cs, .ss = (uint16_t)c->ss,
	    .error_code = c->vector < 32 ? c->error_code : 0, .trap_number = c->vector < 32 ? c->vector : 0,
	    .cr2 = c->vector == VECTOR_PAGE_FAULT ? c->fault_address : 0, .old_mask = mask, .fpstate = fpstate,
	};
}

int user_signal_push(struct user_context *context, void *vector_area, uint64_t stack, const struct signal_frame *signal)
{
	uint64_t fpstate = align_down(stack - RED_ZONE - fpstate_size(), 64);
	uint64_t at = align_down(fpstate - sizeof(struct rt_frame), 16) - 8;
	struct rt_frame frame = {
	    .return_address = signal->restorer,
	    .ucontext = {
		.flags = UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS | (cpu_features.xsave ? UC_FP_XSTATE : 0),
		.stack = {.base = signal->altstack_base, .size = signal->altstack_size, .flags = signal->altstack_flags},
		.mask = signal->mask,
	    },
	};

	if (stack > USER_END || stack < PAGE_SIZE + fpstate_size())
		return -EFAULT;
	fill_context(&frame.ucontext.context, context, signal->mask, fpstate);
	memcpy(frame.info, signal->info, sizeof(frame.info));
	if (push_vector(vector_area, fpstate) || user_copy_out(at, &frame, sizeof(frame)))
		return -EFAULT;

	/* The handler begins with fresh extended state and as the ABI wants a function to be called. */
	user_vector_init(vector_area);
	user_vector_restore(vector_area);
	context->rsp = at;
	context->rip = signal->handler;
	context->rdi = (uint64_t)signal->signal;
	context->rsi = at + offsetof(struct rt_frame, info);
	context->rdx = at + offsetof(struct rt_frame, ucontext);
	context->rax = 0;
	context->rflags &= ~(uint64_t)(RFLAGS_DF | RFLAGS_RF | RFLAGS_TF);
	context->cs = SELECTOR_USER_CODE;
	context->ss = SELECTOR_USER_DATA;
	return 0;
}

/* Whether the whole extended state of this kernel's making follows, and not just FXSAVE's part. */
static bool has_extended_state(const struct vector_area *area, uint64_t from)
{
	const struct software_bytes *software = (const struct software_bytes *)area->software;
	uint32_t magic2;

	if (!cpu_features.xsave || software->magic1 != FP_XSTATE_MAGIC1 || software->state_size != cpu_features.vector_size)
		return false;
	return !user_copy_in(&magic2, from + software->state_size, sizeof(magic2)) && magic2 == FP_XSTATE_MAGIC2;
}

/*
 * The program's copy -> registers. Through memory of its own: a fault in the copy may put the thread to sleep, which saves its registers
 * to the area.
 */
static int pop_vector(void *vector_area, uint64_t from)
{
	struct vector_area *area = from ? heap_alloc(cpu_features.vector_size) : vector_area;
	bool is_extended = false;
	int ret = 0;

	if (!area)
		return -ENOMEM;
	user_vector_init(area);
	if (from) {
		ret = user_copy_in(area, from, VECTOR_LEGACY_SIZE) ? -EFAULT : 0;
		is_extended = !ret && has_extended_state(area, from);
		if (is_extended)
			ret = user_copy_in(&area->xstate_bv, from + VECTOR_LEGACY_SIZE, cpu_features.vector_size - VECTOR_LEGACY_SIZE) ? -EFAULT : 0;
		vector_sanitize(area, is_extended);
	}
	if (!ret)
		user_vector_restore(area);
	if (area != vector_area)
		heap_free(area);
	return ret;
}

static void take_context(struct user_context *c, const struct sigcontext *from)
{
	c->r8 = from->r8;
	c->r9 = from->r9;
	c->r10 = from->r10;
	c->r11 = from->r11;
	c->r12 = from->r12;
	c->r13 = from->r13;
	c->r14 = from->r14;
	c->r15 = from->r15;
	c->rdi = from->rdi;
	c->rsi = from->rsi;
	c->rbp = from->rbp;
	c->rbx = from->rbx;
	c->rdx = from->rdx;
	c->rax = from->rax;
	c->rcx = from->rcx;
	c->rsp = from->rsp;
	c->rip = from->rip;
	c->rflags = (from->rflags & RFLAGS_USER) | RFLAGS_IF | 2;
	c->cs = SELECTOR_USER_CODE;
	c->ss = SELECTOR_USER_DATA;
	c->vector = 0; /* whatever it was in the middle of, it is no system call any more */
}

int user_signal_pop(struct user_context *context, void *vector_area, uint64_t *mask)
{
	struct ucontext ucontext;

	/* The handler's return took the return address off: the ucontext is at the stack pointer. */
	if (user_copy_in(&ucontext, context->rsp, sizeof(ucontext)))
		return -EFAULT;
	if (pop_vector(vector_area, ucontext.context.fpstate))
		return -EFAULT;
	take_context(context, &ucontext.context);
	*mask = ucontext.mask;
	return 0;
}
